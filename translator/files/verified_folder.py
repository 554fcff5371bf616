"""Folders on disk that are complete and verified, or do not exist at all.

A folder is written under a temporary name, flushed to disk, and renamed. Its manifest holds the SHA-256 of every
file, because safetensors does not notice a flipped bit.

Next to a folder `NAME`, a killed process can leave two others: `.NAME.writing-PID`, which is garbage, and
`.NAME.replaced`, the older folder. The older folder is always complete, and is put back if the new one is not in
place yet.
"""

import contextlib
import glob
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from translator.errors import CheckpointError, DamagedError
from translator.files.durable import Content, flush_folder, write_flushed

MANIFEST = "manifest.json"


def write_verified_folder(path: Path, files: Mapping[str, Content]) -> None:
    """Write files and their manifest as one folder, atomically, replacing an older one of the same kind.

    Raises CheckpointError if the disk refuses, or if `path` exists but has no manifest. An exception that ends the
    content of a file leaves nothing behind either.
    """
    path = path.resolve()  # replace the target of a link, not the link
    if path.exists() and not (path / MANIFEST).exists():
        raise CheckpointError(
            f"{path} exists and is no checkpoint or model; remove it, or choose another folder"
        )
    temporary = temporary_path(path)
    tidy(path)
    try:
        temporary.mkdir(parents=True)
        digests = {name: hashlib.sha256() for name in files}
        for name, content in files.items():
            write_flushed(temporary / name, _digested(content, digests[name]))
        manifest = {name: digest.hexdigest() for name, digest in digests.items()}
        write_flushed(temporary / MANIFEST, to_json(manifest))
        flush_folder(temporary)
        _put_in_place(temporary, path)
    except (Exception, KeyboardInterrupt) as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if not isinstance(error, OSError):
            raise
        raise CheckpointError(
            f"cannot write {path}: {error.strerror or error}; free space or choose another folder"
        ) from error
    tidy(path)


def _digested(content: Content, digest: "hashlib._Hash") -> Content:
    """Return the content of a file, which is added to its digest as it is read."""
    if isinstance(content, bytes):
        digest.update(content)
        return content

    def parts() -> Iterator[bytes | memoryview]:
        for part in content:
            digest.update(part)
            yield part

    return parts()


def read_verified_folder(path: Path, names: Sequence[str], optional: Sequence[str] = ()) -> dict[str, bytes]:
    """Read and verify the named files, and those of the `optional` ones that the manifest lists."""
    if not path.exists() and _replaced(path).exists():
        path = _replaced(path)  # a replacement is under way, or was cut short
    manifest = parse_json(path / MANIFEST, read_file(path / MANIFEST))
    files = {}
    for name in (*names, *(one for one in optional if one in manifest)):
        files[name] = read_file(path / name)
        if hashlib.sha256(files[name]).hexdigest() != manifest.get(name):
            raise DamagedError(
                f"{path / name} is damaged: its SHA-256 does not match the manifest; restore or remove {path}"
            )
    return files


def temporary_path(path: Path) -> Path:
    """Return the path that a folder is written to until it is complete."""
    return path.with_name(f".{path.name}.writing-{os.getpid()}")


def _replaced(path: Path) -> Path:
    return path.with_name(f".{path.name}.replaced")


def _put_in_place(temporary: Path, path: Path) -> None:
    """Rename a written folder into place; an older one moves to `_replaced`, or stays if the disk refuses."""
    if path.exists():
        path.rename(_replaced(path))
    try:
        temporary.rename(path)
        flush_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):  # perhaps the rename succeeded, and only the flush failed
            path.rename(temporary)
        _put_back(path)
        raise


def _put_back(path: Path) -> None:
    """Undo a replacement that was cut short between its two renames."""
    if not path.exists():
        with contextlib.suppress(OSError):  # nothing was replaced, or another process of the run was faster
            _replaced(path).rename(path)


def tidy(path: Path) -> None:
    """Undo a replacement that was cut short, and remove anything else that earlier writes left next to a folder."""
    _put_back(path)
    rubbish = temporary_path(path)
    shutil.rmtree(rubbish, ignore_errors=True)
    for litter in (_replaced(path), *path.parent.glob(f".{glob.escape(path.name)}.writing-*")):
        with contextlib.suppress(OSError):  # it does not exist, or another process of the run was faster
            remove_folder(litter, rubbish)


def remove_folder(path: Path, rubbish: Path) -> None:
    """Rename a folder to `rubbish`, then delete it, so that nobody sees it half deleted under its own name."""
    path.rename(rubbish)
    shutil.rmtree(rubbish)


def read_file(path: Path) -> bytes:
    """Read a file; raises DamagedError if it is missing, CheckpointError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        is_missing = isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError)
        raise (DamagedError if is_missing else CheckpointError)(
            f"cannot read {path}: {error.strerror or error}; a checkpoint or model is a folder with a {MANIFEST}"
        ) from error


def to_json(value: Mapping[str, Any]) -> bytes:
    """Encode as indented JSON."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def parse_json(path: Path, content: bytes) -> dict[str, Any]:
    """Parse the content of a file as a JSON object; raises DamagedError if it is not one."""
    try:
        value = json.loads(content)
    except ValueError as error:
        raise DamagedError(f"{path} is damaged: {error}") from error
    if not isinstance(value, dict):
        raise DamagedError(f"{path} is damaged: it is not a JSON object")
    return value
