"""Folders of files on disk: whole and verified, or not there at all.

A folder is written under a temporary name, flushed to the disk, and renamed. Its manifest holds the SHA-256 of
every file, because safetensors does not notice a flipped bit.

Beside a folder `NAME`, a process that was killed can leave two things: `.NAME.writing-PID`, which is rubbish, and
`.NAME.replaced`, the older folder, always whole, which is put back where the newer one is not in its place yet.
"""

import contextlib
import glob
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from translator.errors import CheckpointError, DamagedError

MANIFEST = "manifest.json"


def write_verified_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write files and their manifest as one folder that appears whole, in place of an older one of its kind.

    Raises CheckpointError when the disk refuses, or when another folder stands there.
    """
    path = path.resolve()  # of a link, its target is replaced
    manifest = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    if path.exists() and not (path / MANIFEST).exists():
        raise CheckpointError(
            f"{path} exists and is no checkpoint or model; remove it, or choose another folder"
        )
    temporary = temporary_path(path)
    tidy(path)
    try:
        temporary.mkdir(parents=True)
        for name, content in {**files, MANIFEST: to_json(manifest)}.items():
            _write_durably(temporary / name, content)
        _flush_folder(temporary)
        _put_in_place(temporary, path)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise CheckpointError(
            f"cannot write {path}: {error.strerror or error}; free space or choose another folder"
        ) from error
    tidy(path)


def read_verified_folder(path: Path, names: Sequence[str], optional: Sequence[str] = ()) -> dict[str, bytes]:
    """The contents of the named files, and of those of the `optional` ones that the manifest has, each checked."""
    if not path.exists() and _replaced(path).exists():
        path = _replaced(path)  # its replacement is being put in place, or was stopped in between
    manifest = parse_json(path / MANIFEST, read_file(path / MANIFEST))
    files = {}
    for name in (*names, *(one for one in optional if one in manifest)):
        files[name] = read_file(path / name)
        if hashlib.sha256(files[name]).hexdigest() != manifest.get(name):
            raise DamagedError(
                f"{path / name} is damaged: its SHA-256 is not the manifest's; restore or remove {path}"
            )
    return files


def temporary_path(path: Path) -> Path:
    """Where a folder is written before it is whole."""
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


def tidy(path: Path) -> None:
    """Undo a replacement that was cut short, and remove what else stands beside a folder from earlier writing."""
    _put_back(path)
    rubbish = temporary_path(path)
    shutil.rmtree(rubbish, ignore_errors=True)
    for litter in (_replaced(path), *path.parent.glob(f".{glob.escape(path.name)}.writing-*")):
        with contextlib.suppress(OSError):  # it is not there, or another process of the run was faster
            remove_folder(litter, rubbish)


def remove_folder(path: Path, rubbish: Path) -> None:
    """Delete a folder under the name `rubbish`: under its own it is always whole, also for a process that uses it."""
    path.rename(rubbish)
    shutil.rmtree(rubbish)


def read_file(path: Path) -> bytes:
    """The content of a file; raises DamagedError where it is missing, CheckpointError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        is_missing = isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError)
        raise (DamagedError if is_missing else CheckpointError)(
            f"cannot read {path}: {error.strerror or error}; a checkpoint or model is a folder with a {MANIFEST}"
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


def to_json(value: Mapping[str, Any]) -> bytes:
    """JSON that a person can read."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def parse_json(path: Path, content: bytes) -> dict[str, Any]:
    """The object that a file holds; raises DamagedError where it holds none."""
    try:
        value = json.loads(content)
    except ValueError as error:
        raise DamagedError(f"{path} is damaged: {error}") from error
    if not isinstance(value, dict):
        raise DamagedError(f"{path} is damaged: it holds no JSON object")
    return value
