"""`translator translate`."""

import itertools
import json
import os
import shlex
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from tyro.conf import OmitArgPrefixes, Positional, UseAppendAction, arg

from translator.commands import STDERR, SearchArguments
from translator.errors import ConfigError, DataError

if TYPE_CHECKING:
    from translator.analysis.alignment import Link
    from translator.translate import Translation, Translator

WINDOW_LINES = 1000
"""Lines of a file that are translated together; the output is written after each window."""
CHUNK_BYTES = 1 << 16
"""What is read at most at a time where text arrives bit by bit: from a pipe or a terminal."""


def translate(
    files: Annotated[Positional[tuple[str, ...]], arg(metavar="[FILE]")] = ("-",),
    /,
    *,
    search: OmitArgPrefixes[SearchArguments] = SearchArguments(),  # noqa: B008 (frozen, so safe to share)
    model: UseAppendAction[tuple[Path, ...]] = (),
    n_best: int = 1,
    prefix: Path | None = None,
    json_output: Annotated[bool, arg(name="json")] = False,
    align: bool = False,
    device: str = "auto",
    precision: Literal["auto", "fp32", "bf16", "int8"] = "auto",
) -> None:
    """Translate a file or standard input, line by line, to standard output; the line structure stays.

    What comes through a pipe or is typed at a terminal is translated as it arrives.

    Args:
        files: File of UTF-8 text, or - for standard input.
        search: How to search.
        model: Model folder; by default the model that comes with the package. Given more than once, the models
            decide together.
        n_best: Translations of each sentence; more than one need --json.
        prefix: File with the German that the translation of each line begins with, or an empty line.
        json_output: Print a JSON object for each line: its sentences, with scores and what else was asked for.
        align: Say in the JSON which words became which, as character offsets.
        device: auto (a GPU if there is one), cpu, cuda or cuda:N.
        precision: Of matrix products; int8 is the fastest on a processor. auto is fp32 there, bf16 on a GPU.
    """
    from translator.translate import Translator

    options = search.options(n_best)
    _check_output(n_best, json_output, align)
    file = _only_file(files)
    with _open_lines(file) as lines, _line_progress(file) as (progress, task):
        translator = Translator.load(
            model[0] if model else None, device, ensemble_with=model[1:], precision=precision
        )
        beginnings = _Beginnings(prefix, file) if prefix is not None else None
        number = 0
        for window in _windows(lines):
            texts = [_decode(line, number + place, file) for place, line in enumerate(window, start=1)]
            forced = beginnings.take(len(window)) if beginnings else None
            translations = translator.translate(texts, options, prefixes=forced)
            written = _as_json(translator, translations, align) if json_output else _as_text(translations)
            sys.stdout.buffer.write(written.encode())
            sys.stdout.buffer.flush()
            number += len(window)
            progress.advance(task, len(window))


def _check_output(n_best: int, is_json: bool, align: bool) -> None:
    if n_best > 1 and not is_json:
        raise ConfigError(f"--n-best is {n_best}, and plain text has one translation a line; add --json")
    if align and not is_json:
        raise ConfigError("--align has its links in JSON; add --json")


class _Beginnings:
    """What the translations of the lines begin with, from a file with as many lines as the text."""

    def __init__(self, path: Path, file: str) -> None:
        from translator.evaluate import read_lines

        self._path, self._lines, self._taken = path, read_lines(path), 0
        lines = _count_lines(file) if file != "-" else None
        if lines is not None and lines != len(self._lines):
            raise DataError(
                f"{path} has {len(self._lines)} lines and {file} has {lines}; "
                "give a beginning, or an empty line, for each"
            )

    def take(self, count: int) -> list[str]:
        """Those of the next lines."""
        chosen = self._lines[self._taken : self._taken + count]
        if len(chosen) < count:
            raise DataError(
                f"{self._path} has fewer lines than the text; give a beginning, or an empty line, for each"
            )
        self._taken += count
        return chosen


def _as_text(translations: "Sequence[Translation]") -> str:
    return "".join(one.text for one in translations)


def _as_json(translator: "Translator", translations: "Sequence[Translation]", align: bool) -> str:
    """A line for each text: its sentences with their translations and scores, and perhaps their alignment."""
    records = []
    for translation in translations:
        sentences = [
            {
                "source": one.source,
                "start": one.start,
                "end": one.end,
                "translations": [
                    {"text": version.text, "score": round(version.score, 4)} for version in one.hypotheses
                ],
            }
            for one in translation.sentences
        ]
        if align:
            for record, links in zip(sentences, _links(translator, translation), strict=True):
                record["alignment"] = links
        records.append({"text": translation.text.rstrip("\r\n"), "sentences": sentences})
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _links(translator: "Translator", translation: "Translation") -> list[list[dict[str, Any]]]:
    """The links of each sentence; none of what is copied, for the model has not seen it."""
    from translator.analysis.alignment import align
    from translator.translate import has_words

    translated = [one for one in translation.sentences if has_words(one.source)]
    found = iter(align(translator, [(one.source, one.text) for one in translated]))
    return [
        [_link(link) for link in next(found)] if has_words(one.source) else []
        for one in translation.sentences
    ]


def _link(link: "Link") -> dict[str, Any]:
    return {"source": link.source, "target": link.target, "weight": round(link.weight, 3)}


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
