"""The lines of a file or a pipe, one window at a time."""

import hashlib
import io
import itertools
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from translator.errors import DataError, InputError
from translator.evaluation.evaluate import read_lines
from translator.text.encoding import LONGEST_MARK, EncodedText, announced_encoding

WINDOW_LINES = 1000
"""Maximum lines of a file to translate together; the output is written after each window."""
WINDOW_BYTES = 1 << 20
"""A window also ends after the line that brings it to this size."""
CHUNK_BYTES = 1 << 16
"""Maximum bytes per read from a pipe or a terminal, where text arrives bit by bit."""


@dataclass(frozen=True)
class Window:
    """Texts to translate together."""

    texts: list[str]
    """Lines, paragraphs or a whole file, including their line ends."""
    prefixes: list[str] | None = None
    """The text that the translation of each must start with."""


class Prefixes:
    """The prefixes of the translations of `file`, from a file with the same number of lines.

    Raises DataError if the numbers of lines differ; `lines` is that of `file`, None if it is not known yet.
    """

    def __init__(self, path: Path, file: str, lines: int | None) -> None:
        self._path, self._lines = path, read_lines(path)
        self.sha256 = hashlib.sha256("\n".join(self._lines).encode()).hexdigest()
        if lines is not None and lines != len(self._lines):
            raise DataError(
                f"lines of {path}: {len(self._lines)}, of {file}: {lines}; "
                "give a prefix, or an empty line, for each"
            )

    def of(self, first: int, count: int) -> list[str]:
        """Return the prefixes of `count` lines, from line `first` (from 0) on."""
        chosen = self._lines[first : first + count]
        if len(chosen) < count:
            raise DataError(
                f"{self._path} has fewer lines than the text; give a prefix, or an empty line, for each"
            )
        return chosen


@contextmanager
def open_lines(file: str, standard_input: BinaryIO) -> Iterator[BinaryIO]:
    """Open a file, or standard input for "-"; raises DataError if it cannot be read."""
    if file == "-":
        yield standard_input
        return
    try:
        lines = Path(file).open("rb")  # noqa: SIM115 (a `with` would also catch errors of the caller)
    except OSError as error:
        raise DataError(
            f"cannot read {file}: {error.strerror}; give a text file, or - for standard input"
        ) from error
    with lines:
        yield lines


def windows(lines: BinaryIO, file: str, prefixes: Prefixes | None, skip: int) -> Iterator[Window]:
    """Yield windows of all lines after the first `skip`; raises DataError on a line that is not UTF-8."""
    lines = _in_utf8(lines, file)
    number = sum(1 for _ in itertools.islice(lines, skip))
    for window in _windows(lines):
        texts = [_decode(line, number + place, file) for place, line in enumerate(window, start=1)]
        yield Window(texts, prefixes.of(number, len(texts)) if prefixes else None)
        number += len(window)


def paragraphs(lines: BinaryIO, file: str) -> Iterator[Window]:
    """Yield windows of whole paragraphs, which blank lines end; raises DataError on a line that is not UTF-8."""
    begun: list[str] = []
    for window in windows(lines, file, None, 0):
        *whole, last = _paragraphs([*begun, *window.texts])
        if whole:
            yield Window(["".join(paragraph) for paragraph in whole])
        begun = last
    if begun:
        yield Window(["".join(begun)])


def _paragraphs(lines: list[str]) -> list[list[str]]:
    """Divide lines into paragraphs, each with the blank lines after it."""
    starts = [
        place
        for place, (before, line) in enumerate(itertools.pairwise(lines), start=1)
        if line.strip() and not before.strip()
    ]
    return [lines[start:end] for start, end in itertools.pairwise([0, *starts, len(lines)])]


def whole_text(content: BinaryIO, file: str) -> Iterator[Window]:
    """Yield all lines as one text; raises DataError on a line that is not UTF-8."""
    yield Window(["".join(line for window in windows(content, file, None, 0) for line in window.texts)])


def is_regular(file: str) -> bool:
    """Whether this is a regular file, which can be read twice."""
    return file != "-" and Path(file).is_file()


def count_lines(file: str) -> int | None:
    """Count the lines of a regular file; None for standard input and pipes, which can be read only once."""
    if not is_regular(file):
        return None
    with Path(file).open("rb") as lines:
        return sum(1 for _ in _in_utf8(lines, file))


def lines_of(text: str) -> int:
    """Count the lines of a text; the last one may lack its line end."""
    return text.count("\n") + (not text.endswith("\n"))


def _in_utf8(lines: BinaryIO, file: str) -> BinaryIO:
    """Return the bytes of a text in UTF-8: it is converted if it has the byte order mark of another encoding."""
    assert isinstance(lines, io.BufferedReader)
    if announced_encoding(lines.peek(LONGEST_MARK)[:LONGEST_MARK]).encoding == "utf-8":
        return lines
    try:
        return io.BytesIO(EncodedText.of(lines.read()).text.encode())
    except InputError as error:
        raise DataError(f"{_shown(file)}: {error}") from None


def _windows(lines: BinaryIO) -> Iterator[list[bytes]]:
    """Yield many lines at a time from a file, which is fastest; from a pipe, the lines that have arrived."""
    if isinstance(lines, io.BufferedReader) and not stat.S_ISREG(os.fstat(lines.fileno()).st_mode):
        yield from _arriving_lines(lines)
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


def _arriving_lines(lines: io.BufferedReader) -> Iterator[list[bytes]]:
    partial: list[bytes] = []  # of a line whose end has not arrived yet
    while chunk := lines.read1(CHUNK_BYTES):
        complete, newline, rest = chunk.rpartition(b"\n")
        if newline:
            yield [line + newline for line in b"".join([*partial, complete]).split(newline)]
            partial.clear()
        partial.append(rest)
    if last := b"".join(partial):
        yield [last]


def _decode(line: bytes, number: int, file: str) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise DataError(
            f"line {number} of {_shown(file)} is not UTF-8 ({error.reason} at byte {error.start}); "
            "convert the file first"
        ) from error


def _shown(file: str) -> str:
    return "standard input" if file == "-" else file
