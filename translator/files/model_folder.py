"""Read the folder of a finished model, without PyTorch."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, deserialize

from translator.config import ModelConfig, settings_from_dict
from translator.data.tokenizer import TOKENIZER_FILES, Tokenizer, TokenizerKind, read_tokenizer
from translator.errors import CheckpointError, ConfigError, DamagedError, DataError
from translator.files.verified_folder import (
    MANIFEST,
    parse_json,
    read_file,
    read_verified_folder,
    to_json,
    write_verified_folder,
)
from translator.files.weight_shapes import weight_shapes
from translator.text.lexicon import Lexicon

FORMAT_VERSION = 1
LEXICON = "lexicon.tsv"
Weights = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class ModelFiles:
    """A finished model: its architecture, weights, tokenizer, and the card that describes it."""

    config: ModelConfig
    weights: Weights
    tokenizer: Tokenizer
    card: dict[str, Any]
    lexicon: Lexicon | None = None
    """The hints that the model reads next to rare words."""


def read_model(path: Path) -> ModelFiles:
    """Read and verify a model folder; raises CheckpointError if it is missing, damaged or inconsistent."""
    if (path / "model" / MANIFEST).exists():
        raise CheckpointError(f"{path} is the folder of a training run; its model is {path / 'model'}")
    if (path / "checkpoints").is_dir():
        raise CheckpointError(
            f"{path} is a training run that has no model yet; finish it with train.py … --resume"
        )
    files = _read_files(path)
    description = parse_json(path / "config.json", files["config.json"])
    if description.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format version {description.get('format_version')!r}, but this program reads version "
            f"{FORMAT_VERSION}; use the version of the program that wrote it"
        )
    tokenizer = _parse_tokenizer(path, description, files)
    try:
        config = settings_from_dict(ModelConfig, description["model"], "model")
    except (ConfigError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path / 'config.json'} describes no model: {error}") from error
    if tokenizer.vocab_size != config.vocab_size:
        raise CheckpointError(
            f"the tokenizer in {path} has {tokenizer.vocab_size:,} pieces, but by its config.json the model has "
            f"{config.vocab_size:,}; restore the folder, or import the model again"
        )
    weights = _parse_weights(path, files["model.safetensors"])
    shapes = {name: weight.shape for name, weight in weights.items()}
    if shapes != weight_shapes(config):
        wrong = sorted(shapes.items() ^ weight_shapes(config).items())[0]
        raise CheckpointError(
            f"the weights in {path} do not fit its config.json: {wrong[0]} has the shape {wrong[1]}"
        )
    card = parse_json(path / "card.json", files["card.json"])
    return ModelFiles(config, weights, tokenizer, card, _parse_lexicon(path, files.get(LEXICON)))


def _read_files(path: Path) -> dict[str, bytes]:
    description = parse_json(path / "config.json", read_verified_folder(path, ["config.json"])["config.json"])
    names = (
        "config.json",
        "model.safetensors",
        *TOKENIZER_FILES[_tokenizer_kind(path, description)],
        "card.json",
    )
    return read_verified_folder(path, names, optional=[LEXICON])


def _tokenizer_kind(path: Path, description: Mapping[str, Any]) -> TokenizerKind:
    kind: TokenizerKind = description.get("tokenizer", "sentencepiece")
    if kind not in TOKENIZER_FILES:
        raise CheckpointError(
            f"{path / 'config.json'} has tokenizer {kind!r}, but this program knows {', '.join(TOKENIZER_FILES)}; use "
            "the version of the program that wrote it"
        )
    return kind


def _parse_tokenizer(path: Path, description: Mapping[str, Any], files: Mapping[str, bytes]) -> Tokenizer:
    kind = _tokenizer_kind(path, description)
    try:
        tokenizer = read_tokenizer(kind, files)
    except DataError as error:
        raise CheckpointError(f"the tokenizer in {path} cannot be read: {error}") from error
    # Imported models have no hash, because their tokenizers are not trained here.
    if kind == "sentencepiece" and tokenizer.sha256 != description.get("tokenizer_sha256"):
        raise CheckpointError(
            f"the tokenizer in {path} is not the one the model was trained with; restore the folder"
        )
    return tokenizer


def _parse_lexicon(path: Path, content: bytes | None) -> Lexicon | None:
    try:
        return Lexicon(content) if content is not None else None
    except DataError as error:
        raise DamagedError(f"{path / LEXICON} is damaged: {error}") from error


def _parse_weights(path: Path, content: bytes) -> Weights:
    try:
        # safetensors declares no types for this function.
        tensors: list[tuple[str, Any]] = deserialize(content)  # type: ignore[no-untyped-call]
        return {name: _to_float32(tensor) for name, tensor in tensors}
    except (SafetensorError, KeyError) as error:
        raise DamagedError(f"{path} holds weights that are not safetensors: {error}") from error


def _to_float32(tensor: Mapping[str, Any]) -> npt.NDArray[np.float32]:
    """Convert a tensor to float32. NumPy has no bf16, which is the upper half of a float32."""
    kind, data, shape = tensor["dtype"], bytes(tensor["data"]), tensor["shape"]
    if kind == "BF16":
        bits = np.frombuffer(data, dtype=np.uint16).astype(np.uint32) << 16
        return bits.view(np.float32).reshape(shape)
    types = {"F16": np.float16, "F32": np.float32, "F64": np.float64}
    return np.frombuffer(data, dtype=types[kind]).astype(np.float32).reshape(shape)


def model_sha256(path: Path) -> str:
    """The SHA-256 of a model folder without its card, in hexadecimal; raises CheckpointError if there is no model."""
    manifest = parse_json(path / MANIFEST, read_file(path / MANIFEST))
    manifest.pop("card.json", None)
    return hashlib.sha256(to_json(manifest)).hexdigest()


def write_card(path: Path, card: Mapping[str, Any]) -> None:
    """Replace the card of a model folder."""
    write_verified_folder(path, {**_read_files(path), "card.json": to_json(card)})
