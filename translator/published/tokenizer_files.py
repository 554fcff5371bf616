"""The files of a published tokenizer, and whether they fit the weights."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from translator.errors import CheckpointError, DamagedError
from translator.published.architecture import Family
from translator.published.marian_npz import PAD

TOKENIZERS: Mapping[Family, str] = {"marian": "marian", "fsmt": "moses-bpe"}
"""The name of each family's tokenizer in the `config.json` of a model folder."""
_FILES: Mapping[Family, Sequence[str]] = {
    "marian": ("source.spm", "target.spm", "vocab.json"),
    "fsmt": ("vocab-src.json", "vocab-tgt.json", "merges.txt"),
}
_YamlLoader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # the loader in C reads 58,000 pieces in a second


def read_tokenizer_files(
    folder: Path, family: Family, pieces: int, special: Mapping[str, int]
) -> dict[str, bytes]:
    """Read the tokenizer's files, by their names on the hub.

    `pieces` is the number of rows of the embedding, and `special` the ids that the weights have for special pieces.
    Raises CheckpointError if a file is missing, or if a vocabulary does not fit.
    """
    if (folder / "target_vocab.json").exists():
        raise CheckpointError(
            f"{folder} has a target_vocab.json; only models with one vocabulary can be imported"
        )
    files = {name: _read(folder, name) for name in _FILES[family]}
    for name in _FILES[family]:
        if name.endswith(".json"):
            _check_vocabulary(folder / name, files[name], pieces, special)
    return files


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    if name == "vocab.json" and not path.exists() and (listed := sorted(folder.glob("*vocab.yml"))):
        return _from_yaml(listed)
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"cannot read {path}: {error.strerror or error}; the tokenizer needs it, download it as well"
        ) from error


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


def _check_vocabulary(path: Path, content: bytes, pieces: int, special: Mapping[str, int]) -> None:
    try:
        vocabulary: Any = json.loads(content)
        ids = sorted(vocabulary.values())
    except (ValueError, AttributeError, TypeError) as error:
        raise DamagedError(f"{path} is no vocabulary: {error}; download it again") from error
    if ids != list(range(pieces)):
        raise CheckpointError(
            f"{path} has {len(ids):,} pieces, but the embedding has {pieces:,} rows, and each piece needs its own; "
            "download the vocabulary and the weights of the same model"
        )
    for piece, number in special.items():
        if vocabulary.get(piece) != number:
            raise CheckpointError(
                f"{piece} has the id {vocabulary.get(piece)} in {path}, but {number} in the weights; "
                "download the vocabulary and the weights of the same model"
            )
