"""The folder of a training run, which only one training may write to at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from translator.config import Config, load_config
from translator.errors import ConfigError
from translator.files.durable import replace_file
from translator.files.verified_folder import to_json


@contextlib.contextmanager
def lock_run_dir(folder: Path) -> Iterator[None]:
    """Create the folder if needed and lock it against other trainings.

    Raises ConfigError if it cannot be created or another training holds the lock. A killed process releases the lock.
    On file systems without folder locks, such as some network file systems, nothing is locked.
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


def refuse_foreign_files(folder: Path) -> None:
    """Raise ConfigError if training would overwrite files that no run wrote.

    What a run leaves behind that was killed before it saved may be overwritten.
    """
    saved = folder / "config.json"
    if saved.exists():
        try:
            load_config(str(saved))
        except ConfigError as error:
            raise ConfigError(f"{error}; training would overwrite it: choose another folder") from error
    elif (log := folder / "log.jsonl").exists():
        raise ConfigError(
            f"{log} is not the log of a training run, but training would append to it; choose another folder"
        )


def write_config(folder: Path, config: Config) -> None:
    """Write config.json atomically; raises ConfigError if the folder cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / "config.json", to_json(config.to_dict()))
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _cannot_write(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(f"cannot write to {folder}: {error.strerror}; choose another folder")
