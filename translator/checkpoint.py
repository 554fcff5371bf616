"""Folders of tensors on disk: training checkpoints and finished models, whole and verified or not there at all.

A folder is written under a temporary name, flushed to the disk, and renamed. Its manifest holds the SHA-256 of
every file, because safetensors does not notice a flipped bit. Nothing is ever pickled.

Beside a folder `NAME`, a process that was killed can leave two things: `.NAME.writing-PID`, which is rubbish, and
`.NAME.replaced`, the older folder, always whole, which is put back where the newer one is not in its place yet.
"""

import contextlib
import glob
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from translator.config import ModelConfig, model_config_from_dict
from translator.errors import CheckpointError, ConfigError, DamagedError
from translator.model import Transformer
from translator.tokenizer import Tokenizer

FORMAT_VERSION = 1
_MANIFEST = "manifest.json"
_CHECKPOINT_PREFIX = "step-"
_BEST_PREFIX = "best-"
DAMAGED_PREFIX = "damaged-"
"""Of the name of a checkpoint that was put aside."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a training run needs to go on as if it had never stopped."""

    model: dict[str, Tensor]
    training: dict[str, Tensor]
    """Optimiser moments and the states of the random number generators."""
    state: dict[str, Any]
    """Step, position in the data, configuration and hashes: what JSON can hold."""


@dataclass(frozen=True)
class ModelFolder:
    """A finished model: the network, its tokenizer, and the card that says where it comes from and what it scores."""

    model: Transformer
    tokenizer: Tokenizer
    card: dict[str, Any]


def checkpoint_path(folder: Path, step: int) -> Path:
    """Where the checkpoint of a step stands."""
    return folder / f"{_CHECKPOINT_PREFIX}{step:08d}"


def best_checkpoint_path(folder: Path, step: int) -> Path:
    """Where the weights of the best validation stand, which was that of a step."""
    return folder / f"{_BEST_PREFIX}{step:08d}"


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; raises CheckpointError when the disk refuses."""
    write_verified_folder(
        path,
        {
            "model.safetensors": save_tensors(_contiguous(checkpoint.model)),
            "training.safetensors": save_tensors(_contiguous(checkpoint.training)),
            "state.json": _to_json(checkpoint.state),
        },
    )


def load_checkpoint(path: Path) -> Checkpoint:
    """Read and verify a checkpoint; raises DamagedError where it is, CheckpointError where it cannot be read."""
    files = read_verified_folder(path, ("model.safetensors", "training.safetensors", "state.json"))
    return Checkpoint(
        model=_parse_tensors(path, files["model.safetensors"]),
        training=_parse_tensors(path, files["training.safetensors"]),
        state=_parse_json(path / "state.json", files["state.json"]),
    )


def checkpoint_paths(folder: Path) -> list[Path]:
    """The checkpoints below `folder`, oldest first."""
    return sorted(folder.glob(f"{_CHECKPOINT_PREFIX}*"))


def load_latest_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest undamaged checkpoint, or None where there is none at all.

    A damaged one is put aside and reported in the log, and the one before it taken; CheckpointError when all
    are damaged, or when one cannot be read now. What a process that was killed while it wrote has left behind is put
    back or removed.
    """
    for hidden in list(folder.glob(".*.*")):
        _tidy(folder / hidden.name[1:].rpartition(".")[0])
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
    """Those of every `every` steps, oldest first; the others were made because of a signal or by the clock."""
    steps = {path: int(path.name.removeprefix(_CHECKPOINT_PREFIX)) for path in checkpoint_paths(folder)}
    return [path for path, step in steps.items() if step and step % every == 0]


def remove_old_checkpoints(folder: Path, keep: int, every: int, best_step: int | None) -> None:
    """Delete all but the newest checkpoint, the `keep` - 1 regular ones before it, and the best one of `best_step`.

    Where more than one is kept, so is the last one before the newest, regular or not: if the newest gets damaged, the
    run goes on from there.
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
            _remove(path, _temporary(path))


def average_weights(states: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each tensor over several checkpoints (Vaswani et al. 2017, section 6.1), in float32."""
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
) -> None:
    """Write a model folder with its weights in bf16: half the size, and no measurable loss of quality."""
    description = {
        "format_version": FORMAT_VERSION,
        "model": asdict(config),
        "tokenizer_sha256": tokenizer.sha256,
    }
    half = {name: tensor.to(torch.bfloat16) for name, tensor in weights.items()}
    write_verified_folder(
        path,
        {
            "config.json": _to_json(description),
            "model.safetensors": save_tensors(_contiguous(half)),
            "tokenizer.model": tokenizer.model_bytes,
            "card.json": _to_json(card),
        },
    )


def load_model(path: Path) -> ModelFolder:
    """Read and verify a model folder, weights in float32 on the CPU; raises CheckpointError naming what is wrong."""
    if (path / "model" / _MANIFEST).exists():
        raise CheckpointError(f"{path} is the folder of a training run; its model is {path / 'model'}")
    if (path / "checkpoints").is_dir():
        raise CheckpointError(
            f"{path} is a training run that has no model yet; finish it with train.py … --resume"
        )
    files = read_verified_folder(path, ("config.json", "model.safetensors", "tokenizer.model", "card.json"))
    description = _parse_json(path / "config.json", files["config.json"])
    if description.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format version {description.get('format_version')!r}, this program reads {FORMAT_VERSION}; "
            "use the version of the program that wrote it"
        )
    tokenizer = Tokenizer.from_bytes(files["tokenizer.model"])
    if tokenizer.sha256 != description.get("tokenizer_sha256"):
        raise CheckpointError(
            f"the tokenizer in {path} is not the one the model was trained with; restore the folder"
        )
    try:
        model = Transformer(model_config_from_dict(description["model"]))
    except (ConfigError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path / 'config.json'} describes no model: {error}") from error
    weights = _parse_tensors(path, files["model.safetensors"])
    try:
        model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    except RuntimeError as error:
        raise CheckpointError(f"the weights in {path} do not fit its config.json: {error}") from error
    return ModelFolder(model.eval(), tokenizer, _parse_json(path / "card.json", files["card.json"]))


def model_sha256(path: Path) -> str:
    """What tells a model, its card aside, from every other one; raises CheckpointError where there is none."""
    manifest = _parse_json(path / _MANIFEST, _read(path / _MANIFEST))
    manifest.pop("card.json", None)
    return hashlib.sha256(_to_json(manifest)).hexdigest()


def write_card(path: Path, card: Mapping[str, Any]) -> None:
    """Replace the card of a model folder."""
    names = ("config.json", "model.safetensors", "tokenizer.model")
    write_verified_folder(path, {**read_verified_folder(path, names), "card.json": _to_json(card)})


def write_verified_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write files and their manifest as one folder that appears whole, in place of an older one of its kind.

    Raises CheckpointError when the disk refuses, or when another folder stands there.
    """
    path = path.resolve()  # of a link, its target is replaced
    manifest = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    if path.exists() and not (path / _MANIFEST).exists():
        raise CheckpointError(
            f"{path} exists and is no checkpoint or model; remove it, or choose another folder"
        )
    temporary = _temporary(path)
    _tidy(path)
    try:
        temporary.mkdir(parents=True)
        for name, content in {**files, _MANIFEST: _to_json(manifest)}.items():
            _write_durably(temporary / name, content)
        _flush_folder(temporary)
        _put_in_place(temporary, path)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise CheckpointError(
            f"cannot write {path}: {error.strerror or error}; free space or choose another folder"
        ) from error
    _tidy(path)


def read_verified_folder(path: Path, names: Sequence[str]) -> dict[str, bytes]:
    """The contents of the named files, each checked against the manifest."""
    if not path.exists() and _replaced(path).exists():
        path = _replaced(path)  # its replacement is being put in place, or was stopped in between
    manifest = _parse_json(path / _MANIFEST, _read(path / _MANIFEST))
    files = {}
    for name in names:
        files[name] = _read(path / name)
        if hashlib.sha256(files[name]).hexdigest() != manifest.get(name):
            raise DamagedError(
                f"{path / name} is damaged: its SHA-256 is not the manifest's; restore or remove {path}"
            )
    return files


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.writing-{os.getpid()}")


def _replaced(path: Path) -> Path:
    return path.with_name(f".{path.name}.replaced")


def _put_in_place(temporary: Path, path: Path) -> None:
    """Rename a written folder; an older one stays as `_replaced`, or at its place when the disk refuses."""
    if path.exists():
        path.rename(_replaced(path))
    try:
        temporary.rename(path)
        _flush_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):  # it may have got there, and only the flush failed
            path.rename(temporary)
        _put_back(path)
        raise


def _put_back(path: Path) -> None:
    """Undo a replacement that stopped between its two renames."""
    if not path.exists():
        with contextlib.suppress(OSError):  # nothing was replaced, or another process of the run was faster
            _replaced(path).rename(path)


def _tidy(path: Path) -> None:
    """Undo a replacement that was cut short, and remove what else stands beside a folder from earlier writing."""
    _put_back(path)
    rubbish = _temporary(path)
    shutil.rmtree(rubbish, ignore_errors=True)
    for litter in (_replaced(path), *path.parent.glob(f".{glob.escape(path.name)}.writing-*")):
        with contextlib.suppress(OSError):  # it is not there, or another process of the run was faster
            _remove(litter, rubbish)


def _remove(path: Path, rubbish: Path) -> None:
    """Delete a folder under the name `rubbish`: under its own it is always whole, also for a process that uses it."""
    path.rename(rubbish)
    shutil.rmtree(rubbish)


def _put_aside(path: Path) -> Path:
    """Take a damaged folder out of the way; an older one of its name goes."""
    aside = path.with_name(f"{DAMAGED_PREFIX}{path.name}")
    with contextlib.suppress(FileNotFoundError):  # another process of the run was faster
        if path.exists():
            shutil.rmtree(aside, ignore_errors=True)
        path.rename(aside)
    return aside


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        is_missing = isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError)
        raise (DamagedError if is_missing else CheckpointError)(
            f"cannot read {path}: {error.strerror or error}; a checkpoint or model is a folder with a {_MANIFEST}"
        ) from error


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _contiguous(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def _to_json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _parse_json(path: Path, content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise DamagedError(f"{path} is damaged: {error}") from error
    if not isinstance(value, dict):
        raise DamagedError(f"{path} is damaged: it holds no JSON object")
    return value


def _parse_tensors(path: Path, content: bytes) -> dict[str, Tensor]:
    try:
        return load_tensors(content)
    except SafetensorError as error:
        raise DamagedError(f"{path} holds weights that are not safetensors: {error}") from error
