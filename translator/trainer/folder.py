"""The folder of a training run, which one process at a time may write."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from translator.config import Config
from translator.errors import ConfigError


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make the folder if need be, and keep other trainings out of it; raises ConfigError where that is not possible.

    A process that is killed lets go of it. On file systems that lock no folders, as some of networks, it does nothing
    more.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigError(
                    f"another process is training in {folder}; wait for it, stop it, or choose another folder"
                ) from None
        yield
    finally:
        os.close(descriptor)


def write_config(folder: Path, config: Config) -> None:
    """Write config.json, or what was there stays; raises ConfigError where the folder cannot be written."""
    path, unfinished = folder / "config.json", folder / ".config.json.writing"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(config.to_dict(), indent=2) + "\n", encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _cannot_write(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(f"cannot write to {folder}: {error.strerror}; choose another folder")
