"""Read the tokenizer of a model folder."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from translator.data.tokenizer import marian, moses_bpe
from translator.data.tokenizer.own import TOKENIZER_MODEL, SentencePieceTokenizer
from translator.data.tokenizer.protocol import Tokenizer, TokenizerKind
from translator.errors import DataError

TOKENIZER_FILES: Mapping[TokenizerKind, tuple[str, ...]] = {
    "sentencepiece": (TOKENIZER_MODEL,),
    "marian": (marian.SOURCE, marian.TARGET, marian.VOCABULARY),
    "moses-bpe": (moses_bpe.SOURCE, moses_bpe.TARGET, moses_bpe.MERGES),
}
"""The files of each kind of tokenizer. Those of published weights have the names that they have on the hub."""
_READERS: Mapping[TokenizerKind, Callable[[Mapping[str, bytes]], Tokenizer]] = {
    "sentencepiece": lambda files: SentencePieceTokenizer.from_bytes(files[TOKENIZER_MODEL]),
    "marian": marian.MarianTokenizer,
    "moses-bpe": moses_bpe.MosesBpeTokenizer,
}


def load_tokenizer(path: Path) -> Tokenizer:
    """Read the tokenizer of a model folder, or a file `tokenizer.model`.

    Raises DataError if a file is missing or damaged, and ConfigError as `read_tokenizer` does.
    """
    if not path.is_dir():
        return SentencePieceTokenizer.load(path)
    try:
        kind = json.loads((path / "config.json").read_bytes()).get("tokenizer", "sentencepiece")
        files = {name: (path / name).read_bytes() for name in TOKENIZER_FILES[kind]}
    except OSError as error:
        raise DataError(
            f"cannot read {error.filename}: {error.strerror or error}; give a model folder or a tokenizer.model"
        ) from error
    except (ValueError, AttributeError, KeyError) as error:
        raise DataError(
            f"{path / 'config.json'} is damaged or of another version ({error}); give the folder of another model"
        ) from error
    try:
        return read_tokenizer(kind, files)
    except DataError as error:
        raise DataError(f"the tokenizer in {path} cannot be read: {error}") from error


def read_tokenizer(kind: TokenizerKind, files: Mapping[str, bytes]) -> Tokenizer:
    """Create a tokenizer from the contents of its files.

    Raises DataError if one is damaged, and ConfigError if the package sacremoses is needed and not installed.
    """
    return _READERS[kind]({name: files[name] for name in TOKENIZER_FILES[kind]})
