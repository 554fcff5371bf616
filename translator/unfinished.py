"""A file that is there only when it is whole, and until then is written piece by piece where work can go on.

Beside `NAME` stand meanwhile `NAME.part`, the lines that are done, and `NAME.part.json`, what they were made from.
"""

import fcntl
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from translator.errors import ConfigError


class UnfinishedFile:
    """Lines written to `path`; `made_from` says in JSON what determines them.

    Without `resume` it begins anew; with it, it goes on after the last whole line. Raises ConfigError where the file
    is there already, where another process is writing it, where there is something unfinished that was not to be
    resumed or was made from something else, and where the folder cannot be written.
    """

    def __init__(self, path: Path, made_from: dict[str, Any], resume: bool) -> None:
        self._path, self._part = path, path.with_name(path.name + ".part")
        self._record = path.with_name(path.name + ".part.json")
        if path.exists():
            raise ConfigError(f"{path} is there already; choose another name for the output")
        try:
            self._file: BinaryIO = self._part.open("ab+")
        except OSError as error:
            raise ConfigError(f"cannot write {path}: {error.strerror}; choose another folder") from error
        try:
            self._lock()
            self.lines, end = self._whole_lines()
            """How many there were."""
            is_foreign = self._part.stat().st_size > 0 and not self._record.exists()
            if self.lines or is_foreign:
                self._check(made_from, resume)
            else:
                self._record.write_text(json.dumps(made_from, indent=2) + "\n", encoding="utf-8")
            self._file.truncate(end)  # what follows the last line end is done again
        except BaseException:
            self._file.close()
            raise

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"{self._part} is being written by another process; wait for it, or choose another name"
            ) from None

    def _check(self, made_from: dict[str, Any], resume: bool) -> None:
        if not resume:
            raise ConfigError(
                f"{self._part} is there from an earlier run; go on with it by --resume, or remove it"
            )
        try:
            before = json.loads(self._record.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            before = None
        if not isinstance(before, dict):
            raise ConfigError(
                f"{self._record} is missing or damaged, so nobody knows what {self._part.name} was made from; "
                f"remove {self._part} and begin anew"
            )
        for name in {**before, **made_from}:
            if before.get(name) != made_from.get(name):
                raise ConfigError(
                    f"{self._part} was begun with another {name}, {_shown(before.get(name))} and not "
                    f"{_shown(made_from.get(name))}; go on with what it was begun with, or remove it"
                )

    def _whole_lines(self) -> tuple[int, int]:
        """How many lines are whole, and where the last of them ends."""
        self._file.seek(0)
        lines = end = position = 0
        while chunk := self._file.read(1 << 20):
            lines += chunk.count(b"\n")
            if b"\n" in chunk:
                end = position + chunk.rindex(b"\n") + 1
            position += len(chunk)
        return lines, end

    def write(self, content: bytes) -> None:
        """Add whole lines."""
        self._file.write(content)
        self._file.flush()

    def finish(self) -> None:
        """Everything is written: the file gets its name."""
        os.fsync(self._file.fileno())
        if self._path.exists():
            raise ConfigError(f"{self._path} has appeared meanwhile; the translation is in {self._part}")
        self._part.rename(self._path)
        self._flush_folder()
        self._record.unlink()

    def _flush_folder(self) -> None:
        """So that the name, too, outlasts a machine that stops."""
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _shown(value: Any) -> str:
    """A value in words; of a checksum, its beginning."""
    text = json.dumps(value)
    return text if len(text) <= 20 else f"{text[:12]}…"
