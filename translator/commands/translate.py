"""`translator translate`."""

import itertools
import os
import shlex
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from tyro.conf import Positional, arg

from translator.commands import STDERR, search_options
from translator.errors import ConfigError, DataError

WINDOW_LINES = 1000
"""Lines of a file that are translated together; the output is written after each window."""
CHUNK_BYTES = 1 << 16
"""What is read at most at a time where text arrives bit by bit: from a pipe or a terminal."""


def translate(
    files: Annotated[Positional[tuple[str, ...]], arg(metavar="[FILE]")] = ("-",),
    /,
    *,
    model: Path | None = None,
    beam: int = 4,
    length_penalty: float = 1.0,
    device: str = "auto",
) -> None:
    """Translate a file or standard input, line by line, to standard output; the line structure stays.

    What comes through a pipe or is typed at a terminal is translated as it arrives.

    Args:
        files: File of UTF-8 text, or - for standard input.
        model: Model folder; by default the model that comes with the package.
        beam: Width of the beam; 1 is greedy and fastest.
        length_penalty: Larger favours longer translations; 0 compares plain probabilities.
        device: auto (a GPU if there is one), cpu, cuda or cuda:N.
    """
    from translator.translate import Translator

    options = search_options(beam, length_penalty)
    file = _only_file(files)
    with _open_lines(file) as lines, _line_progress(file) as (progress, task):
        translator = Translator.load(model, device)
        number = 0
        for window in _windows(lines):
            texts = [_decode(line, number + place, file) for place, line in enumerate(window, start=1)]
            for translation in translator.translate(texts, options):
                sys.stdout.buffer.write(translation.text.encode())
            sys.stdout.buffer.flush()
            number += len(window)
            progress.advance(task, len(window))


def _only_file(files: Sequence[str]) -> str:
    """The file that was named; several are refused, for their translations would come out as one text."""
    if len(files) > 1:
        named = shlex.join(files)
        raise ConfigError(
            f"{named} are {len(files)} files; translate them one at a time, "
            f"or as one text with: cat {named} | translator translate"
        )
    return files[0]


@contextmanager
def _open_lines(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        lines = Path(file).open("rb")  # noqa: SIM115 (what fails while it is open is no mistake in its name)
    except OSError as error:
        raise DataError(
            f"cannot read {file}: {error.strerror}; give a text file, or - for standard input"
        ) from error
    with lines:
        yield lines


def _windows(lines: BinaryIO) -> Iterator[list[bytes]]:
    """Yield lines to translate together: many of a file, which is fastest, and else those that have arrived."""
    if not stat.S_ISREG(os.fstat(lines.fileno()).st_mode):
        yield from _arriving_lines(lines.fileno())
        return
    while window := list(itertools.islice(lines, WINDOW_LINES)):
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


@contextmanager
def _line_progress(file: str) -> Iterator[tuple[Progress, TaskID]]:
    """A bar on standard error, if that is a terminal, with the time left where the number of lines is known."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("lines"), TimeRemainingColumn(),
    )  # fmt: skip
    is_shown = STDERR.is_terminal and file != "-"
    with Progress(*columns, console=STDERR, disable=not is_shown) as progress:
        yield progress, progress.add_task("translating", total=_count_lines(file) if is_shown else None)


def _count_lines(file: str) -> int | None:
    """The number of lines of a regular file; None for a pipe, which can be read only once."""
    if not Path(file).is_file():
        return None
    with Path(file).open("rb") as lines:
        return sum(1 for _ in lines)
