"""Read the tokenizer of a model folder."""

from collections.abc import Callable, Mapping

from translator.data.tokenizer import marian, moses_bpe
from translator.data.tokenizer.own import TOKENIZER_MODEL, SentencePieceTokenizer
from translator.data.tokenizer.protocol import Tokenizer, TokenizerKind

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


def read_tokenizer(kind: TokenizerKind, files: Mapping[str, bytes]) -> Tokenizer:
    """Create a tokenizer from the contents of its files.

    Raises DataError if one is damaged, and ConfigError if the package sacremoses is needed and not installed.
    """
    return _READERS[kind]({name: files[name] for name in TOKENIZER_FILES[kind]})
