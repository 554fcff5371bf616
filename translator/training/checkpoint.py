"""Training checkpoints and finished models, as verified folders (see `files.verified_folder`). Nothing is pickled."""

import contextlib
import logging
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from translator.config import ModelConfig
from translator.data.tokenizer import Tokenizer
from translator.errors import CheckpointError, DamagedError
from translator.files.model_folder import FORMAT_VERSION, LEXICON, read_model
from translator.files.verified_folder import (
    parse_json,
    read_verified_folder,
    remove_folder,
    temporary_path,
    tidy,
    to_json,
    write_verified_folder,
)
from translator.model.architectures import build_network
from translator.model.interface import TranslationModel
from translator.text.lexicon import Lexicon

_CHECKPOINT_PREFIX = "step-"
_BEST_PREFIX = "best-"
DAMAGED_PREFIX = "damaged-"
"""Prefix of the name of a checkpoint that was put aside because it is damaged."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """Everything a training run needs to resume as if it had never stopped."""

    model: dict[str, Tensor]
    training: dict[str, Tensor]
    """Optimiser moments and the states of the random number generators."""
    state: dict[str, Any]
    """Everything that fits into JSON: step, position in the data, configuration and hashes."""


@dataclass(frozen=True)
class ModelFolder:
    """A finished model: the network, its tokenizer, and the card with its origin and scores."""

    model: TranslationModel
    tokenizer: Tokenizer
    card: dict[str, Any]
    lexicon: Lexicon | None = None


def checkpoint_path(folder: Path, step: int) -> Path:
    """Return the path of the checkpoint of a step."""
    return folder / f"{_CHECKPOINT_PREFIX}{step:08d}"


def best_checkpoint_path(folder: Path, step: int) -> Path:
    """Return the path of the best checkpoint, if the best validation was at this step."""
    return folder / f"{_BEST_PREFIX}{step:08d}"


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; raises CheckpointError if the disk refuses."""
    write_verified_folder(
        path,
        {
            "model.safetensors": save_tensors(_contiguous(checkpoint.model)),
            "training.safetensors": save_tensors(_contiguous(checkpoint.training)),
            "state.json": to_json(checkpoint.state),
        },
    )


def load_checkpoint(path: Path) -> Checkpoint:
    """Read and verify a checkpoint; raises DamagedError if it is damaged, CheckpointError if it cannot be read."""
    files = read_verified_folder(path, ("model.safetensors", "training.safetensors", "state.json"))
    return Checkpoint(
        model=_parse_tensors(path, files["model.safetensors"]),
        training=_parse_tensors(path, files["training.safetensors"]),
        state=parse_json(path / "state.json", files["state.json"]),
    )


def checkpoint_paths(folder: Path) -> list[Path]:
    """List the checkpoints in `folder`, oldest first."""
    return sorted(folder.glob(f"{_CHECKPOINT_PREFIX}*"))


def load_latest_checkpoint(folder: Path) -> Checkpoint | None:
    """Load the newest undamaged checkpoint; returns None if there is no checkpoint at all.

    Logs damaged checkpoints, puts them aside, and falls back to the one before. Raises CheckpointError if all are
    damaged, or if one cannot be read now. Also cleans up after a process that was killed while writing.
    """
    for hidden in list(folder.glob(".*.*")):
        tidy(folder / hidden.name[1:].rpartition(".")[0])
    for path in reversed(checkpoint_paths(folder)):
        try:
            return load_checkpoint(path)
        except DamagedError as error:
            aside = _put_aside(path)
            logger.warning("%s; put aside as %s, trying the checkpoint before it", error, aside.name)
    if damaged := len(list(folder.glob(f"{DAMAGED_PREFIX}{_CHECKPOINT_PREFIX}*"))):
        which = "the only checkpoint" if damaged == 1 else f"each of the {damaged} checkpoints"
        raise CheckpointError(f"{which} in {folder} is damaged; start again in a new folder")
    return None


def regular_checkpoint_paths(folder: Path, every: int) -> list[Path]:
    """List the checkpoints of every `every` steps, oldest first, without those saved on a signal or by time."""
    steps = {path: int(path.name.removeprefix(_CHECKPOINT_PREFIX)) for path in checkpoint_paths(folder)}
    return [path for path, step in steps.items() if step and step % every == 0]


def remove_old_checkpoints(folder: Path, keep: int, every: int, best_step: int | None) -> None:
    """Delete all but the newest checkpoint, the `keep` - 1 regular ones before it, and the best one, of `best_step`.

    If `keep` is more than 1, the second newest is kept as well, regular or not: if the newest gets damaged, the run
    can resume from it.
    """
    *older, newest = checkpoint_paths(folder)
    regular = [path for path in regular_checkpoint_paths(folder, every) if path != newest]
    kept = {newest}
    if keep > 1:
        kept.update(older[-1:] + regular[1 - keep :])
    if best_step is not None:
        kept.add(best_checkpoint_path(folder, best_step))
    for path in (*older, *folder.glob(f"{_BEST_PREFIX}*")):
        if path not in kept:
            remove_folder(path, temporary_path(path))


def average_weights(states: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Average each tensor over several checkpoints, in float32 (Vaswani et al. 2017, section 6.1)."""
    total: dict[str, Tensor] = {}
    count = 0
    for state in states:
        count += 1
        for name, tensor in state.items():
            total[name] = total[name] + tensor.float() if name in total else tensor.float()
    if not count:
        raise CheckpointError("no checkpoints to average; give one or more")
    return {name: tensor / count for name, tensor in total.items()}


def save_model(
    path: Path,
    config: ModelConfig,
    weights: Mapping[str, Tensor],
    tokenizer: Tokenizer,
    card: Mapping[str, Any],
    lexicon: Lexicon | None = None,
) -> None:
    """Write a model folder, with weights in bf16: half the size, no measurable loss of quality.

    `config.json` lists the ids of each class of reserved pieces, for people to read; the tokenizer decides.
    """
    description = {
        "format_version": FORMAT_VERSION,
        "model": asdict(config),
        "tokenizer": tokenizer.kind,
        "tokenizer_sha256": tokenizer.sha256,
        "reserved_pieces": {kind: f"{ids[0]}-{ids[-1]}" for kind, ids in tokenizer.reserved.items()},
    }
    half = {name: tensor.to(torch.bfloat16) for name, tensor in weights.items()}
    write_verified_folder(
        path,
        {
            "config.json": to_json(description),
            "model.safetensors": save_tensors(_contiguous(half)),
            **tokenizer.files,
            "card.json": to_json(card),
            **({LEXICON: lexicon.content} if lexicon is not None else {}),
        },
    )


def load_model(path: Path) -> ModelFolder:
    """Read and verify a model folder, with weights in float32 on the CPU; raises CheckpointError if that fails."""
    files = read_model(path)
    model = build_network(files.config)
    model.load_state_dict({name: torch.from_numpy(weight) for name, weight in files.weights.items()})
    return ModelFolder(model.eval(), files.tokenizer, files.card, files.lexicon)


def _put_aside(path: Path) -> Path:
    """Rename a damaged folder, replacing an earlier one that was put aside under the same name."""
    aside = path.with_name(f"{DAMAGED_PREFIX}{path.name}")
    with contextlib.suppress(FileNotFoundError):  # another process of the run was faster
        if path.exists():
            shutil.rmtree(aside, ignore_errors=True)
        path.rename(aside)
    return aside


def _contiguous(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def _parse_tensors(path: Path, content: bytes) -> dict[str, Tensor]:
    try:
        return load_tensors(content)
    except SafetensorError as error:
        raise DamagedError(f"{path} holds weights that are not safetensors: {error}") from error
