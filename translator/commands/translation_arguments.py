"""The options of `translator translate`, in groups."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import UseAppendAction, arg

from translator.commands import (
    DeviceFlag,
    FormalityFlag,
    FormatFlag,
    LinesFlag,
    NumbersFlag,
    OptionalPath,
    PrecisionFlag,
    SourceLanguageFlag,
    TranslateAttributesFlag,
)
from translator.errors import ConfigError

if TYPE_CHECKING:
    from translator.translate import Style


@dataclass(frozen=True)
class TextArguments:
    """How to read the English and write the German."""

    format: FormatFlag = "text"
    translate_attributes: TranslateAttributesFlag = False
    lines: LinesFlag = "keep"
    source_language: SourceLanguageFlag = "auto"
    formality: FormalityFlag = "formal"
    numbers: NumbersFlag = "german"
    glossary: Annotated[
        OptionalPath,
        arg(
            help="Terms and the German to use for them: a line for each, with a tab between the two (or a comma, in a "
            ".csv file). Write all forms with | between them (Haus|Hauses|Häuser|Häusern) to allow no others."
        ),
    ] = None
    prefix: Annotated[
        OptionalPath,
        arg(
            help="File with one line per input line: the German text that its translation must start with, or an empty "
            "line. The model may extend the last word."
        ),
    ] = None

    def style(self) -> "Style":
        """Return how to write the German; raises InputError if the glossary cannot be read."""
        from translator.text.glossary_files import load_glossary
        from translator.translate import Style

        glossary = None if self.glossary is None else load_glossary(self.glossary)
        return Style(self.numbers, self.formality, self.source_language, self.lines, glossary=glossary)


@dataclass(frozen=True)
class OutputArguments:
    """Where the translation goes, and what comes with it."""

    place: Annotated[
        str | None,
        arg(
            name="out",
            metavar="PATH",
            help_behavior_hint="",
            help="File to write, which appears under its name once it is complete; by default standard output, or for "
            "a document a file beside it. Text comes out in UTF-8, a document in its own format. With --engine ray, a "
            "folder or an address such as s3://….",
        ),
    ] = None
    resume: Annotated[
        bool, arg(help="Continue the --out file of the same command after an interruption.")
    ] = False
    check: Annotated[
        bool,
        arg(
            help="Exit with status 4 if a translation has lost or made up a number, a link, a placeholder or the like, "
            "or lacks a term of the glossary, and list each such sentence with its line number on standard error. In a "
            "document, that is the number of the text. The output is complete all the same."
        ),
    ] = False
    json_output: Annotated[
        bool,
        arg(
            name="json",
            help="Print one JSON object per line, or per text that --format or --lines makes of several: its sentences "
            "with their scores, how each translation was found, what became of numbers, links and the like, and the "
            "output of --align and --tokens.",
        ),
    ] = False
    n_best: Annotated[
        int,
        arg(
            help="Number of translations per sentence; more than one needs --json. Duplicates are merged, so there may "
            "be fewer."
        ),
    ] = 1
    align: Annotated[bool, arg(help="Add word alignments to the JSON, as character offsets.")] = False
    tokens: Annotated[
        bool,
        arg(help="Add the pieces of each translation to the JSON, with the log-probability of each."),
    ] = False

    @property
    def out(self) -> Path | None:
        """The file to write."""
        return None if self.place is None else Path(self.place)


@dataclass(frozen=True)
class EngineArguments:
    """What computes the translation."""

    model: Annotated[
        UseAppendAction[tuple[Path, ...]],
        arg(
            help="Model folder; by default the model shipped with the package. Several models decide together, as an "
            "ensemble."
        ),
    ] = ()
    processes: Annotated[
        int,
        arg(
            help="Number of processes for a file; 0 is one per core on a CPU, and one on a GPU. With --engine ray, "
            "number of workers; 0 is one for each GPU or core of the cluster."
        ),
    ] = 0
    device: DeviceFlag = "auto"
    precision: PrecisionFlag = "auto"


def check_arguments(text: TextArguments, output: OutputArguments, engine: EngineArguments) -> None:
    """Raise ConfigError if options contradict each other or are out of range."""
    if not output.json_output:
        if output.n_best > 1:
            raise ConfigError(
                f"--n-best is {output.n_best}, but plain text has one translation per line; add --json"
            )
        for flag, given in (("--align", output.align), ("--tokens", output.tokens)):
            if given:
                raise ConfigError(f"{flag} needs JSON output; add --json")
    if output.resume and output.out is None:
        raise ConfigError("--resume continues the file of --out; add --out FILE")
    if output.resume and output.check:
        raise ConfigError(
            "--check needs every line, but --resume translates only the rest; leave out one of them"
        )
    if engine.processes < 0:
        raise ConfigError(f"--processes is {engine.processes}; give 1 or more, or 0 for one per core")
    if text.format != "text":
        refuse_by_line(f"--format {text.format} is for documents", text, output, align=output.align)
    elif text.lines != "keep":
        refuse_by_line(f"--lines {text.lines} makes one line of several", text, output)


def refuse_by_line(
    reason: str, text: TextArguments, output: OutputArguments, *, align: bool = False, as_json: bool = False
) -> None:
    """Raise ConfigError if there is an option that works line by line, and `reason` says why that is impossible."""
    for flag, given in (
        ("--json", as_json), ("--align", align), ("--prefix", text.prefix is not None), ("--resume", output.resume)
    ):  # fmt: skip
        if given:
            raise ConfigError(f"{flag} works line by line, but {reason}; leave {flag} out")
