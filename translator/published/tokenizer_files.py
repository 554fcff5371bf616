"""The files of a published tokenizer, and whether they fit the weights."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from translator.data.tokenizer import TOKENIZER_FILES, Tokenizer, TokenizerKind, read_tokenizer
from translator.errors import CheckpointError, DamagedError
from translator.published.architecture import Family
from translator.published.marian_npz import PAD
from translator.published.tensors import check_is_no_pointer

TOKENIZERS: Mapping[Family, TokenizerKind] = {"marian": "marian", "fsmt": "moses-bpe"}
"""The tokenizer of each family."""
_LANGUAGE_CODE = re.compile(">>.+<<")
"""A piece with which a source asks for its target language."""
_YamlLoader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # the loader in C reads 58,000 pieces in a second


def read_tokenizer_files(
    folder: Path,
    kind: TokenizerKind,
    pieces: int,
    pad_id: int,
    end_id: int,
    settings: Mapping[str, Any],
) -> dict[str, bytes]:
    """Read the tokenizer's files, by their names on the hub, and check that they are a tokenizer that fits the weights.

    `pieces` is the number of rows of the embedding; the weights were trained with these ids of `<pad>` and `</s>`.
    `settings` is the content of `tokenizer_config.json`.
    Raises DataError if a file is damaged, and CheckpointError if one is missing or does not fit, or if the tokenizer
    reads lower case only or several target languages.
    """
    if (folder / "target_vocab.json").exists():
        raise CheckpointError(
            f"{folder} has a target_vocab.json; only models with one vocabulary can be imported"
        )
    if settings.get("do_lower_case"):
        raise CheckpointError(
            f"{folder} has do_lower_case true; only models that read capitals can be imported"
        )
    files = {name: _read(folder, name) for name in TOKENIZER_FILES[kind]}
    tokenizer = read_tokenizer(kind, files)
    _check(folder, tokenizer, pieces, pad_id, end_id)
    return files


def _check(folder: Path, tokenizer: Tokenizer, pieces: int, pad_id: int, end_id: int) -> None:
    pieces_of_target = map(tokenizer.target.piece, range(tokenizer.vocab_size))
    if code := next(filter(_LANGUAGE_CODE.fullmatch, pieces_of_target), None):
        raise CheckpointError(
            f"the vocabulary in {folder} has the piece {code}: the model translates into several languages; only "
            "models for German alone can be imported"
        )
    if tokenizer.vocab_size != pieces:
        raise CheckpointError(
            f"the vocabulary in {folder} has {tokenizer.vocab_size:,} pieces, but the embedding has {pieces:,} rows; "
            "download the vocabulary and the weights of the same model"
        )
    if (tokenizer.pad_id, tokenizer.end_id) != (pad_id, end_id):
        raise CheckpointError(
            f"<pad> and </s> have the ids {tokenizer.pad_id} and {tokenizer.end_id} in the vocabulary in {folder}, but "
            f"{pad_id} and {end_id} in the weights; download the vocabulary and the weights of the same model"
        )


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    if name == "vocab.json" and not path.exists() and (listed := sorted(folder.glob("*vocab.yml"))):
        return _from_yaml(listed)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"cannot read {path}: {error.strerror or error}; the tokenizer needs it, download it as well"
        ) from error
    check_is_no_pointer(path)
    return content


def _from_yaml(listed: Sequence[Path]) -> bytes:
    """Marian's vocabulary as MarianMT's, which has one more piece for padding."""
    if len(listed) > 1:
        names = ", ".join(path.name for path in listed)
        raise CheckpointError(
            f"there are several vocabularies, {names}; only models with one can be imported"
        )
    try:
        # As strings: some pieces are numbers, or words such as "no" and "null", which mean something else in YAML.
        entries = yaml.load(listed[0].read_text(encoding="utf-8"), _YamlLoader)
        vocabulary = {str(piece): int(number) for piece, number in entries.items()}
    except (OSError, yaml.YAMLError, AttributeError, ValueError) as error:
        raise DamagedError(f"{listed[0]} is no vocabulary of Marian: {error}; download it again") from error
    vocabulary.setdefault(PAD, len(vocabulary))
    return json.dumps(vocabulary, ensure_ascii=False).encode()
