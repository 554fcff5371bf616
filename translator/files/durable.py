"""Write files so that a crash leaves either the old content or the new one, never half of it."""

import os
from collections.abc import Iterable
from pathlib import Path

Content = bytes | Iterable[bytes | memoryview]
"""The content of a file, whole or in parts, which need not be in memory at the same time."""


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, flush it, and rename it into place; raises OSError."""
    temporary = path.with_name(f".{path.name}.writing-{os.getpid()}")
    try:
        write_flushed(temporary, content)
        temporary.replace(path)
        flush_folder(path.parent)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def write_flushed(path: Path, content: Content) -> None:
    """Write a file, and return when it is on the disk; raises OSError."""
    with path.open("wb") as file:
        file.writelines([content] if isinstance(content, bytes) else content)
        file.flush()
        os.fsync(file.fileno())


def flush_folder(path: Path) -> None:
    """Flush the names of a folder, so that a rename in it survives a crash of the machine; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
