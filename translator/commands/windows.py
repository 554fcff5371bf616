"""The lines of a file or of a pipe, a window of them at a time."""

import hashlib
import itertools
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from translator.errors import DataError
from translator.evaluate import read_lines

WINDOW_LINES = 1000
"""Lines of a file that are translated together, at most; the output is written after each window."""
WINDOW_BYTES = 1 << 20
"""A window ends with the line with which it reaches so many."""
CHUNK_BYTES = 1 << 16
"""What is read at most at a time where text arrives bit by bit: from a pipe or a terminal."""


@dataclass(frozen=True)
class Window:
    """Lines to translate together."""

    texts: list[str]
    """With their line ends."""
    beginnings: list[str] | None
    """What the translation of each begins with."""


class Beginnings:
    """What the translations of the lines of `file` begin with, from a file with as many lines."""

    def __init__(self, path: Path, file: str, lines: int | None) -> None:
        self._path, self._lines = path, read_lines(path)
        self.sha256 = hashlib.sha256("\n".join(self._lines).encode()).hexdigest()
        if lines is not None and lines != len(self._lines):
            raise DataError(
                f"lines of {path}: {len(self._lines)}, of {file}: {lines}; "
                "give a beginning, or an empty line, for each"
            )

    def of(self, first: int, count: int) -> list[str]:
        """Those of `count` lines, after the `first` ones."""
        chosen = self._lines[first : first + count]
        if len(chosen) < count:
            raise DataError(
                f"{self._path} has fewer lines than the text; give a beginning, or an empty line, for each"
            )
        return chosen


@contextmanager
def open_lines(file: str, standard_input: BinaryIO) -> Iterator[BinaryIO]:
    """The file of that name, or standard input for "-"; raises DataError where it cannot be read."""
    if file == "-":
        yield standard_input
        return
    try:
        lines = Path(file).open("rb")  # noqa: SIM115 (what fails while it is open is no mistake in its name)
    except OSError as error:
        raise DataError(
            f"cannot read {file}: {error.strerror}; give a text file, or - for standard input"
        ) from error
    with lines:
        yield lines


def windows(lines: BinaryIO, file: str, beginnings: Beginnings | None, skip: int) -> Iterator[Window]:
    """Windows of all lines but the first `skip`; raises DataError on a line that is not UTF-8."""
    number = sum(1 for _ in itertools.islice(lines, skip))
    for window in _windows(lines):
        texts = [_decode(line, number + place, file) for place, line in enumerate(window, start=1)]
        yield Window(texts, beginnings.of(number, len(texts)) if beginnings else None)
        number += len(window)


def is_regular(file: str) -> bool:
    """Whether it names a file, which can be read again."""
    return file != "-" and Path(file).is_file()


def count_lines(file: str) -> int | None:
    """The number of lines of a regular file; None for standard input and pipes, which can be read only once."""
    if not is_regular(file):
        return None
    with Path(file).open("rb") as lines:
        return sum(1 for _ in lines)


def _windows(lines: BinaryIO) -> Iterator[list[bytes]]:
    """Many lines of a file, which is fastest, and else those that have arrived."""
    if not stat.S_ISREG(os.fstat(lines.fileno()).st_mode):
        yield from _arriving_lines(lines.fileno())
        return
    window: list[bytes] = []
    size = 0
    for line in lines:
        window.append(line)
        size += len(line)
        if len(window) >= WINDOW_LINES or size >= WINDOW_BYTES:
            yield window
            window, size = [], 0
    if window:
        yield window


def _arriving_lines(descriptor: int) -> Iterator[list[bytes]]:
    begun: list[bytes] = []  # of a line whose end has not arrived
    while chunk := os.read(descriptor, CHUNK_BYTES):
        complete, newline, rest = chunk.rpartition(b"\n")
        if newline:
            yield [line + newline for line in b"".join([*begun, complete]).split(newline)]
            begun.clear()
        begun.append(rest)
    if last := b"".join(begun):
        yield [last]


def _decode(line: bytes, number: int, file: str) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        where = "standard input" if file == "-" else file
        raise DataError(
            f"line {number} of {where} is not UTF-8 ({error.reason} at byte {error.start}); convert the file first"
        ) from error
