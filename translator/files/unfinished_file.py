"""An output file that appears only when it is complete; an interrupted run can resume it.

Until then, `NAME.part` has the finished lines and `NAME.part.json` the settings and inputs they were made from.
"""

import fcntl
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from translator.errors import ConfigError
from translator.files.durable import flush_folder


class UnfinishedFile:
    """Write lines to `path`; `made_from` describes in JSON everything that determines them.

    With `resume`, it continues after the last complete line; without, it starts from the beginning.
    Raises ConfigError if the file already exists, if another process is writing it, if there is an unfinished file
    that you did not ask to resume or that was made from something else, or if the folder cannot be written.
    """

    def __init__(self, path: Path, made_from: dict[str, Any], resume: bool) -> None:
        self._path, self._part = path, path.with_name(path.name + ".part")
        self._record = path.with_name(path.name + ".part.json")
        if path.exists():
            raise ConfigError(f"{path} already exists; choose another name for the output")
        try:
            self._file: BinaryIO = self._part.open("ab+")
        except OSError as error:
            raise ConfigError(f"cannot write {path}: {error.strerror}; choose another folder") from error
        try:
            self._lock()
            self.lines, end = self._complete_lines()
            """The number of lines already written by an earlier run."""
            is_foreign = self._part.stat().st_size > 0 and not self._record.exists()
            if self.lines or is_foreign:
                self._check(made_from, resume)
            else:
                self._record.write_text(json.dumps(made_from, indent=2) + "\n", encoding="utf-8")
            self._file.truncate(end)  # an incomplete last line is written again
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
                f"{self._part} exists from an earlier run; continue it with --resume, or remove it"
            )
        try:
            before = json.loads(self._record.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            before = None
        if not isinstance(before, dict):
            raise ConfigError(
                f"{self._record} is missing or damaged, so it is unknown what {self._part.name} was made from; "
                f"remove {self._part} and start again"
            )
        refuse_other(before, made_from, str(self._part), "the file")

    def _complete_lines(self) -> tuple[int, int]:
        """Return the number of complete lines, and the end of the last one in bytes."""
        self._file.seek(0)
        lines = end = position = 0
        while chunk := self._file.read(1 << 20):
            lines += chunk.count(b"\n")
            if b"\n" in chunk:
                end = position + chunk.rindex(b"\n") + 1
            position += len(chunk)
        return lines, end

    def write(self, content: bytes) -> None:
        """Append complete lines."""
        self._file.write(content)
        self._file.flush()

    def finish(self) -> None:
        """Give the complete file its final name."""
        os.fsync(self._file.fileno())
        if self._path.exists():
            raise ConfigError(
                f"{self._path} has been created by something else in the meantime; the translation is in {self._part}"
            )
        self._part.rename(self._path)
        flush_folder(self._path.parent)
        self._record.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def refuse_other(before: dict[str, Any], made_from: dict[str, Any], output: str, removable: str) -> None:
    """Raise ConfigError if unfinished output was made from something else; the message says what can be removed."""
    for name in {**before, **made_from}:
        if before.get(name) != made_from.get(name):
            raise ConfigError(
                f"{output} was started with another {name}, {_shown(before.get(name))} and not "
                f"{_shown(made_from.get(name))}; use the original {name}, or remove {removable}"
            )


def _shown(value: Any) -> str:
    """Format a value; long ones, such as checksums, are shortened."""
    text = json.dumps(value)
    return text if len(text) <= 20 else f"{text[:12]}…{text[-1]}"
