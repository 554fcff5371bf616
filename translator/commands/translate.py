"""`translator translate`."""

import hashlib
import math
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, BinaryIO

from tyro.conf import OmitArgPrefixes, Positional, arg

from translator.commands import STDERR, SearchArguments
from translator.commands.line_progress import line_progress
from translator.commands.on_ray import RayArguments, translate_on_ray
from translator.commands.translation_arguments import (
    EngineArguments,
    OutputArguments,
    TextArguments,
    check_arguments,
    refuse_by_line,
)
from translator.documents import FORMATS, HINTS, document_format
from translator.errors import ConfigError

if TYPE_CHECKING:
    from translator.commands.window_job import Faults, WindowJob
    from translator.commands.windows import Prefixes, Window

FAULTS_LEFT = 4
"""Exit status of --check if a translation has lost or made up something."""
_PLAIN_TEXT = ("", ".txt", ".text", ".en")
"""Endings of files that are read as plain text without a word."""


def translate(
    files: Annotated[Positional[tuple[str, ...]], arg(metavar="[FILE]")] = ("-",),
    /,
    *,
    text: OmitArgPrefixes[TextArguments] = TextArguments(),  # noqa: B008 (frozen, so safe to share; so are the others)
    output: OmitArgPrefixes[OutputArguments] = OutputArguments(),  # noqa: B008
    engine: OmitArgPrefixes[EngineArguments] = EngineArguments(),  # noqa: B008
    search: OmitArgPrefixes[SearchArguments] = SearchArguments(),  # noqa: B008
    ray: OmitArgPrefixes[RayArguments] = RayArguments(),  # noqa: B008
) -> None:
    """Translate a text line by line, keeping its line structure, or a document; or corpora, on a Ray cluster.

    Text from a pipe or a terminal is translated as it arrives. A document (.docx, .pptx, .xlsx, .md, .html, .srt, .po,
    .json, …) is recognised by the ending of its name: `letter.docx` becomes `letter.de.docx`.

    Args:
        files: A text, a document, or - for standard input. Text has to be UTF-8, or UTF-16 with a byte order mark. A
            file with an unknown ending is read as plain text.
        text: How to read the English and write the German.
        output: Where the translation goes, and what comes with it.
        engine: What computes the translation.
        search: How to search.
        ray: How to translate or score corpora on a cluster.
    """
    options = search.options(output.n_best)
    check_arguments(text, output, engine)
    if ray.is_asked_for(text, output):
        translate_on_ray(ray, files, text, output, engine, options)
        return
    file = _only_file(files)
    is_document = _is_document(file, text)
    _check_out(file, output, is_document)
    if output.resume and output.out is not None and output.out.is_file():
        STDERR.print(f"{output.out} is finished; remove it to translate again", soft_wrap=True)
        return
    from translator.commands.window_job import WindowJob

    job = WindowJob.of(text, output, engine, options)
    run = _translate_document if is_document else _translate_lines
    if run(job, file, text, output, partial(_resolve_processes, engine)):
        sys.exit(FAULTS_LEFT)


def _is_document(file: str, text: TextArguments) -> bool:
    """Whether to translate a file as a document; plain text is none.

    Raises ConfigError for a --format or --lines that does not suit the file.
    """
    ending = PurePath(file).suffix.lower()
    if ending in _PLAIN_TEXT:
        return False
    known = FORMATS.get(ending)
    if text.format != "text":
        if ending in HINTS or (known and known.is_archive):
            raise ConfigError(
                f"--format {text.format} is for text with tags, but {file} is none; leave it out"
            )
        return False
    if known and text.lines != "keep":
        raise ConfigError(f"--lines is for plain text, but {file} is a document ({known.name}); leave it out")
    if known or ending in HINTS:
        return True
    STDERR.print(f"{file}: unknown ending, read as plain text", soft_wrap=True, highlight=False)
    return False


def _check_out(file: str, output: OutputArguments, is_document: bool) -> None:
    """Raise ConfigError if the output has no folder, or a name that promises another format than it will have."""
    if output.out is None:
        return
    if not output.out.absolute().parent.is_dir():
        raise ConfigError(
            f"--out is {output.out}, but there is no folder {output.out.parent}; create it first"
        )
    ending = output.out.suffix.lower()
    wanted = FORMATS.get(ending)
    if is_document:
        own = document_format(file)
        if wanted != own:
            raise ConfigError(
                f"--out is {output.out}, but a translation has the format of its document, {own.name}; "
                f"give a name that ends in {PurePath(file).suffix}"
            )
    elif ending in HINTS or (wanted and wanted.is_archive):
        raise ConfigError(
            f"--out is {output.out}, but the translation of {file} is text; give a name in .txt"
        )


def _translate_document(
    job: "WindowJob",
    file: str,
    text: TextArguments,
    output: OutputArguments,
    processes: Callable[[int], int],
) -> int:
    """Translate a document; returns the number of sentences with faults, 0 without --check."""
    from translator.commands.document import translate_document

    refuse_by_line(f"{file} is a document", text, output, align=output.align, as_json=output.json_output)
    if not output.check:
        translate_document(job, file, output.out, processes)
        return 0
    return translate_document(job, file, output.out, processes, _list_faults)


def _translate_lines(
    job: "WindowJob",
    file: str,
    text: TextArguments,
    output: OutputArguments,
    processes: Callable[[int], int],
) -> int:
    """Translate window by window, in as many processes as there is work for, and write the output.

    With --check, lists the faults; returns the number of sentences that have any.
    """
    from translator.commands.windows import WINDOW_LINES, Prefixes, count_lines, open_lines
    from translator.machine.parallel import work_in_order

    faults = 0
    with open_lines(file, sys.stdin.buffer) as lines:
        total = count_lines(file)
        prefixes = Prefixes(text.prefix, file, total) if text.prefix is not None else None
        with _output(output, job, file, prefixes) as (write, done):
            process_count = processes(math.ceil((total or 1) / WINDOW_LINES))  # a pipe is one window
            todo = _windows(lines, file, text, prefixes, done)
            first_line = done + 1
            with (
                closing(work_in_order(job.start, todo, process_count)) as translated,
                line_progress(total, done, is_shown=file != "-") as advance,
            ):
                for written in translated:
                    write(written.content)
                    if output.check:
                        _list_faults(written.faults, first_line)
                        faults += len(written.faults)
                    first_line += written.lines
                    advance(written.lines)
    return faults


def _windows(
    lines: BinaryIO, file: str, text: TextArguments, prefixes: "Prefixes | None", done: int
) -> "Iterator[Window]":
    """Yield what is translated together: a page as a whole, else lines or the paragraphs that they form."""
    from translator.commands.windows import paragraphs, whole_text, windows

    if text.format != "text" or text.lines == "single":
        return whole_text(lines, file)
    return paragraphs(lines, file) if text.lines == "join" else windows(lines, file, prefixes, done)


def _list_faults(faults: Sequence["Faults"], first_line: int) -> None:
    """Print one line per sentence with faults, separated by tabs: line number, faults, sentence, translation."""
    for one in faults:
        columns = (f"line {first_line + one.line}", one.what, one.source, one.translation)
        print("\t".join(" ".join(part.split()) for part in columns), file=sys.stderr)


def _only_file(files: Sequence[str]) -> str:
    """Return the only file; raises ConfigError for several, whose translations would come out as one text."""
    if len(files) > 1:
        named = shlex.join(files)
        raise ConfigError(
            f"{named} are {len(files)} files; translate them one at a time, "
            f"or as one text with: cat {named} | translator translate"
        )
    return files[0]


def _resolve_processes(engine: EngineArguments, windows: int) -> int:
    """Return the number of processes: at most one per window."""
    from translator.machine.processor import usable_cores
    from translator.translate import resolve_precision

    best = usable_cores() if resolve_precision("auto", engine.device)[1] == "cpu" else 1
    return max(1, min(engine.processes or best, windows))


@contextmanager
def _output(
    output: OutputArguments, job: "WindowJob", file: str, prefixes: "Prefixes | None"
) -> Iterator[tuple[Callable[[bytes], None], int]]:
    """Yield the function that writes the output, and the number of lines written already."""
    if output.out is None:
        yield _print, 0
        return
    from translator.commands.windows import is_regular
    from translator.files.unfinished_file import UnfinishedFile

    if not is_regular(file):
        raise ConfigError(
            f"--out is {output.out}, but it needs a text file, which can be read again, not {file}"
        )
    made_from = {
        "text": _sha256(Path(file)), "prefix file": prefixes and prefixes.sha256, **job.describe()
    }  # fmt: skip
    with UnfinishedFile(output.out, made_from, output.resume) as unfinished:
        yield unfinished.write, unfinished.lines
        unfinished.finish()


def _print(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
