"""A file that is there only when it is whole, and until then is written piece by piece where work can go on.

Beside `NAME` stand meanwhile `NAME.part`, the lines that are done, and `NAME.part.json`, what they were made from.
"""

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from translator.errors import ConfigError


class UnfinishedFile:
    """Lines written to `path`; `made_from` says in JSON what determines them.

    Without `resume` it begins anew; with it, it goes on after the last whole line. Raises ConfigError where the file
    is finished already, where there is something unfinished that was not to be resumed or was made from something
    else, and where the folder cannot be written.
    """

    def __init__(self, path: Path, made_from: dict[str, Any], resume: bool) -> None:
        self._path, self._part = path, path.with_name(path.name + ".part")
        self._record = path.with_name(path.name + ".part.json")
        if path.exists():
            raise ConfigError(f"{path} is there and finished; choose another name, or remove it")
        try:
            if self._part.exists():
                self._check(made_from, resume)
            else:
                self._record.write_text(json.dumps(made_from, indent=2) + "\n", encoding="utf-8")
            self._file: BinaryIO = self._part.open("ab+")
        except OSError as error:
            raise ConfigError(f"cannot write {path}: {error.strerror}; choose another folder") from error
        self.lines = self._drop_broken_line()
        """How many whole lines there were."""

    def _check(self, made_from: dict[str, Any], resume: bool) -> None:
        if not resume:
            raise ConfigError(
                f"{self._part} is there from an earlier run; go on with it by --resume, or remove it"
            )
        try:
            before = json.loads(self._record.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"{self._record} is missing or damaged, so nobody knows what {self._part.name} was made from; "
                "remove both and begin anew"
            ) from error
        for name in {**before, **made_from}:
            if before.get(name) != made_from.get(name):
                raise ConfigError(
                    f"{self._part} was begun with {name} {before.get(name)} and would go on with "
                    f"{made_from.get(name)}; use what it was begun with, or remove it"
                )

    def _drop_broken_line(self) -> int:
        """Cut off what follows the last line end; returns the number of line ends."""
        self._file.seek(0)
        lines = end = position = 0
        while chunk := self._file.read(1 << 20):
            lines += chunk.count(b"\n")
            if b"\n" in chunk:
                end = position + chunk.rindex(b"\n") + 1
            position += len(chunk)
        self._file.truncate(end)
        return lines

    def write(self, content: bytes) -> None:
        """Add whole lines."""
        self._file.write(content)
        self._file.flush()

    def finish(self) -> None:
        """Everything is written: the file gets its name."""
        os.fsync(self._file.fileno())
        self._part.rename(self._path)
        self._record.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
