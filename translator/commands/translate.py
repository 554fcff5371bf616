"""`translator translate`."""

import hashlib
import math
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import OmitArgPrefixes, Positional, UseAppendAction, arg

from translator.commands import (
    STDERR,
    DeviceFlag,
    FormalityFlag,
    FormatFlag,
    NumbersFlag,
    OptionalPath,
    PrecisionFlag,
    SearchArguments,
    SourceLanguageFlag,
    TranslateAttributesFlag,
)
from translator.commands.line_progress import line_progress
from translator.errors import ConfigError

if TYPE_CHECKING:
    from translator.commands.window_job import Faults, WindowJob
    from translator.commands.windows import Prefixes

FAULTS_LEFT = 4
"""Exit status of --check if a translation has lost or made up something."""


def translate(
    files: Annotated[Positional[tuple[str, ...]], arg(metavar="[FILE]")] = ("-",),
    /,
    *,
    search: OmitArgPrefixes[SearchArguments] = SearchArguments(),  # noqa: B008 (frozen, so safe to share)
    model: UseAppendAction[tuple[Path, ...]] = (),
    out: OptionalPath = None,
    resume: bool = False,
    processes: int = 0,
    n_best: int = 1,
    prefix: OptionalPath = None,
    numbers: NumbersFlag = "german",
    formality: FormalityFlag = "formal",
    source_language: SourceLanguageFlag = "auto",
    format: FormatFlag = "text",
    translate_attributes: TranslateAttributesFlag = False,
    glossary: OptionalPath = None,
    check: bool = False,
    json_output: Annotated[bool, arg(name="json")] = False,
    align: bool = False,
    tokens: bool = False,
    device: DeviceFlag = "auto",
    precision: PrecisionFlag = "auto",
) -> None:
    """Translate a file or standard input line by line, keeping the line structure; with --format, a whole document.

    Text from a pipe or a terminal is translated as it arrives. A document (.docx, .pptx, .xlsx, .md, .html, .srt, .po,
    .json, …) is translated as such, by the ending of its name: `letter.docx` becomes `letter.de.docx`.

    Args:
        files: File of UTF-8 text, a document, or - for standard input.
        search: How to search.
        model: Model folder; by default the model shipped with the package. Several models decide together, as an
            ensemble.
        out: File to write, which appears under its name once it is complete; by default standard output, or for a
            document a file beside it.
        resume: Continue the --out file of the same command after an interruption.
        processes: Number of processes for a file; 0 is one per core on a CPU, and one on a GPU.
        n_best: Number of translations per sentence; more than one needs --json. Duplicates are merged.
        prefix: File with one line per input line: the German text that its translation must start with, or an empty
            line. The model may extend the last word.
        glossary: Terms and the German to use for them: a line for each, with a tab between the two (or a comma, in a
            .csv file). Write all forms with | between them (Haus|Hauses|Häuser|Häusern) to allow no others.
        check: Exit with status 4 if a translation has lost or made up a number, a link, a placeholder or the like, or
            lacks a term of the glossary, and list each case with its line number on standard error. In a document,
            that is the number of the text. The output is complete all the same.
        json_output: Print one JSON object per line: its sentences with their scores, how each translation was found,
            what became of numbers, links and the like, and the output of --align and --tokens.
        align: Add word alignments to the JSON, as character offsets.
        tokens: Add the pieces of each translation to the JSON, with the log-probability of each.
    """
    from translator.commands.window_job import WindowJob
    from translator.text.glossary_files import load_glossary
    from translator.translate import Style

    options = search.options(n_best)
    _check_output(n_best, json_output, align, tokens)
    _check_work(out, resume, processes, check)
    _check_format(format, align, prefix, resume)
    file = _only_file(files)
    if resume and out is not None and out.is_file():
        STDERR.print(f"{out} is finished; remove it to translate again", soft_wrap=True)
        return
    style = Style(
        numbers, formality, source_language, glossary=None if glossary is None else load_glossary(glossary)
    )
    job = WindowJob(
        model,
        device,
        precision,
        options,
        json_output,
        align,
        tokens,
        style,
        format,
        translate_attributes,
    )
    if format == "text" and _is_document(file):
        faults = _translate_document(job, file, prefix, out, resume, processes, check)
    else:
        faults = _translate_lines(job, file, prefix, out, resume, processes, check)
    if faults:
        sys.exit(FAULTS_LEFT)


def _is_document(file: str) -> bool:
    """Whether a file is a document of a known format, or of one that is refused with a hint; plain text is not."""
    from translator.documents import FORMATS, HINTS

    ending = Path(file).suffix.lower()
    return ending != ".txt" and (ending in FORMATS or ending in HINTS)


def _translate_document(
    job: "WindowJob",
    file: str,
    prefix: Path | None,
    out: Path | None,
    resume: bool,
    processes: int,
    check: bool,
) -> int:
    """Translate a document; returns the number of sentences with faults, 0 without `check`."""
    from translator.commands.document import translate_document

    for flag, given in (
        ("--json", job.as_json), ("--align", job.with_alignment), ("--prefix", prefix is not None), ("--resume", resume)
    ):  # fmt: skip
        if given:
            raise ConfigError(f"{flag} works line by line, but {file} is a document; leave the option out")
    process_count = partial(_resolve_processes, processes, job.device)
    if not check:
        translate_document(job, file, out, process_count)
        return 0
    return translate_document(job, file, out, process_count, _list_faults)


def _translate_lines(
    job: "WindowJob",
    file: str,
    prefix: Path | None,
    out: Path | None,
    resume: bool,
    processes: int,
    check: bool,
) -> int:
    """Translate window by window, in as many processes as there is work for, and write the output.

    With `check`, lists the faults; returns the number of sentences that have any.
    """
    from translator.commands.windows import (
        WINDOW_LINES,
        Prefixes,
        count_lines,
        open_lines,
        whole_text,
        windows,
    )
    from translator.machine.parallel import work_in_order

    faults = 0
    with open_lines(file, sys.stdin.buffer) as lines:
        total = count_lines(file) if job.format == "text" else 1
        prefixes = Prefixes(prefix, file, total) if prefix is not None else None
        with _output(out, job, file, prefixes, resume) as (write, done):
            todo = windows(lines, file, prefixes, done) if job.format == "text" else whole_text(lines, file)
            process_count = _resolve_processes(
                processes,
                job.device,
                math.ceil((total or 1) / WINDOW_LINES),  # a pipe is one window
            )
            first_line = done + 1
            with (
                closing(work_in_order(job.start, todo, process_count)) as translated,
                line_progress(total, done, is_shown=file != "-") as advance,
            ):
                for written in translated:
                    write(written.content)
                    if check:
                        _list_faults(written.faults, first_line)
                        faults += len(written.faults)
                    first_line += written.lines
                    advance(written.lines)
    return faults


def _list_faults(faults: Sequence["Faults"], first_line: int) -> None:
    """Print one line per sentence with faults, separated by tabs: line number, faults, sentence, translation."""
    for one in faults:
        columns = (f"line {first_line + one.line}", one.what, one.source, one.translation)
        print("\t".join(" ".join(part.split()) for part in columns), file=sys.stderr)


def _check_output(n_best: int, is_json: bool, align: bool, tokens: bool) -> None:
    if is_json:
        return
    if n_best > 1:
        raise ConfigError(f"--n-best is {n_best}, but plain text has one translation per line; add --json")
    if align:
        raise ConfigError("--align needs JSON output; add --json")
    if tokens:
        raise ConfigError("--tokens needs JSON output; add --json")


def _check_format(format: str, align: bool, prefix: Path | None, resume: bool) -> None:
    if format == "text":
        return
    for flag, given in (("--align", align), ("--prefix", prefix is not None), ("--resume", resume)):
        if given:
            raise ConfigError(
                f"{flag} works line by line, but --format {format} is for documents; leave out one of them"
            )


def _check_work(out: Path | None, resume: bool, processes: int, check: bool) -> None:
    if resume and out is None:
        raise ConfigError("--resume continues the file of --out; add --out FILE")
    if resume and check:
        raise ConfigError(
            "--check needs every line, but --resume translates only the rest; leave out one of them"
        )
    if processes < 0:
        raise ConfigError(f"--processes is {processes}; give 1 or more, or 0 for one per core")


def _only_file(files: Sequence[str]) -> str:
    """Return the only file; raises ConfigError for several, whose translations would come out as one text."""
    if len(files) > 1:
        named = shlex.join(files)
        raise ConfigError(
            f"{named} are {len(files)} files; translate them one at a time, "
            f"or as one text with: cat {named} | translator translate"
        )
    return files[0]


def _resolve_processes(wanted: int, device: str, windows: int) -> int:
    """Return the number of processes: at most one per window."""
    from translator.machine.processor import usable_cores
    from translator.translate import resolve_precision

    best = usable_cores() if resolve_precision("auto", device)[1] == "cpu" else 1
    return max(1, min(wanted or best, windows))


@contextmanager
def _output(
    out: Path | None, job: "WindowJob", file: str, prefixes: "Prefixes | None", resume: bool
) -> Iterator[tuple[Callable[[bytes], None], int]]:
    """Yield the function that writes the output, and the number of lines written already."""
    if out is None:
        yield _print, 0
        return
    from translator.commands.windows import is_regular
    from translator.files.unfinished_file import UnfinishedFile

    if not is_regular(file):
        raise ConfigError(f"--out is {out}, but it needs a text file, which can be read again, not {file}")
    made_from = {
        "text": _sha256(Path(file)), "prefix file": prefixes and prefixes.sha256, **job.describe()
    }  # fmt: skip
    with UnfinishedFile(out, made_from, resume) as unfinished:
        yield unfinished.write, unfinished.lines
        unfinished.finish()


def _print(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
