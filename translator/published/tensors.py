"""Read the tensors of a file of weights one at a time."""

import pickle
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from translator.errors import CheckpointError, DamagedError

_LFS_POINTER = b"version https://git-lfs"
_NOT_A_TENSOR = re.compile(r"GLOBAL (\S+)")
"""What PyTorch says of the classes and functions that it refuses to load."""
_DTYPES = {"F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32}


@dataclass(frozen=True)
class Form:
    """What a tensor is, before it is read."""

    shape: tuple[int, ...]
    dtype: torch.dtype


class TensorFile(Protocol):
    """Tensors by name, which are read on demand."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def forms(self) -> Mapping[str, Form]:
        """The shape and type of each tensor."""

    def read(self, name: str) -> Tensor:
        """Read a tensor; raises DamagedError if the file is damaged."""


class Safetensors:
    """A `.safetensors` file."""

    def __init__(self, path: Path) -> None:
        """Raises DamagedError if the file is damaged or incomplete, and CheckpointError on unknown types of numbers."""
        self.path = path
        check_is_no_pointer(path)
        try:
            opened: Any = safe_open(path, framework="pt")
            self._file = opened
            slices = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118 (not a mapping)
            found = {name: (tuple(one.get_shape()), one.get_dtype()) for name, one in slices.items()}
        except (SafetensorError, OSError) as error:
            raise damaged(path, error) from error
        for name, (_, kind) in found.items():
            _check_kind(path, name, kind, kind in _DTYPES)
        self.forms = {name: Form(shape, _DTYPES[kind]) for name, (shape, kind) in found.items()}

    def read(self, name: str) -> Tensor:
        """See `TensorFile.read`."""
        tensor: Tensor = self._file.get_tensor(name)
        return tensor


class Pickled:
    """A `.bin` file as `torch.save` writes it; nothing but tensors is unpickled."""

    def __init__(self, path: Path) -> None:
        """Raises DamagedError if the file is damaged or incomplete, and CheckpointError if it has more than tensors."""
        self.path = path
        check_is_no_pointer(path)
        self._tensors = _unpickle(path)
        for name, tensor in self._tensors.items():
            _check_kind(path, name, str(tensor.dtype), tensor.dtype in _DTYPES.values())
        self.forms = {name: Form(tuple(one.shape), one.dtype) for name, one in self._tensors.items()}

    def read(self, name: str) -> Tensor:
        """See `TensorFile.read`."""
        return self._tensors[name]


def _unpickle(path: Path) -> dict[str, Tensor]:
    try:
        # Files older than PyTorch 1.6 are not archives: they cannot be mapped into memory and have no checksums.
        is_archive = _is_archive(path)
        if is_archive:
            _check_sums(path)
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=is_archive)
    except pickle.UnpicklingError as error:
        # The rest of PyTorch's message says how to run the program in the file.
        if refused := _NOT_A_TENSOR.search(str(error)):
            raise CheckpointError(
                f"{path} holds more than tensors: {refused[1]}, perhaps a program. It is not read; get the weights "
                "from their publisher, as .safetensors if there are any"
            ) from error
        raise DamagedError(
            f"{path} is damaged or incomplete, or not a file of PyTorch; download it again"
        ) from error
    except (RuntimeError, OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise damaged(path, error) from error
    if not isinstance(found, dict) or not all(isinstance(one, Tensor) for one in found.values()):
        raise CheckpointError(f"{path} is no state dictionary of tensors; give the weights of a single model")
    return found


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _check_sums(path: Path) -> None:
    """Raise BadZipFile if a part of an archive has a wrong CRC-32, which PyTorch does not check."""
    with zipfile.ZipFile(path) as archive:
        if wrong := archive.testzip():
            raise zipfile.BadZipFile(f"Bad CRC-32 for file {wrong!r}")


def _check_kind(path: Path, name: str, kind: str, is_known: bool) -> None:
    if not is_known:
        raise CheckpointError(
            f"{name} in {path} has numbers of type {kind}; give weights in float16, bfloat16 or float32"
        )


def check_is_no_pointer(path: Path) -> None:
    """Raise DamagedError if a file is what Git leaves in place of a large one."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_LFS_POINTER))
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from error
    if start == _LFS_POINTER:
        raise DamagedError(f"{path} is a pointer of Git LFS and not the file itself; run `git lfs pull`")


def damaged(path: Path, error: Exception) -> DamagedError:
    """The error for a file that cannot be parsed."""
    return DamagedError(f"{path} is damaged or incomplete: {first_sentence(error)}; download it again")


def first_sentence(error: Exception) -> str:
    """The first sentence of a message, without a full stop; the type of the error if it has no message."""
    return re.split(r"\.?(?:\s*\n|\. |$)", str(error), maxsplit=1)[0] or type(error).__name__
