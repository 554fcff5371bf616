"""`translator translate --engine ray`: a corpus on a Ray cluster."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import arg

from translator.commands import STDERR
from translator.commands.line_progress import line_progress
from translator.errors import ConfigError

if TYPE_CHECKING:
    from translator.cluster.formats import Columns, Format
    from translator.cluster.inputs import InputFile
    from translator.cluster.job import CorpusJob
    from translator.cluster.outputs import OutputFolder
    from translator.commands.translation_arguments import EngineArguments, OutputArguments, TextArguments
    from translator.options import SearchOptions


@dataclass(frozen=True)
class RayArguments:
    """How to translate or score corpora on a cluster."""

    engine: Annotated[
        Literal["local", "ray"],
        arg(
            help="ray translates files of any number and size on a Ray cluster: text, .tsv, .jsonl and .parquet, also "
            "in .gz, .xz or .zst; names, folders, patterns and addresses such as s3://…. --out is a folder. Columns "
            "are kept. The same command goes on after an interruption."
        ),
    ] = "local"
    address: Annotated[
        str,
        arg(
            metavar="HOST:PORT",
            help_behavior_hint="",
            help="Ray cluster, or auto for the one that this machine belongs to. By default it is that of RAY_ADDRESS, "
            "or one that is started on this machine.",
        ),
    ] = ""
    source_column: Annotated[
        str,
        arg(
            metavar="NAME",
            help_behavior_hint="",
            help="Column with the English, in a .tsv file a number from 1. By default it is 1, or the first of en, "
            "source and text.",
        ),
    ] = ""
    score: Annotated[
        bool, arg(help="Score the translations that the files have, as translator score does. Needs Ray.")
    ] = False
    target_column: Annotated[
        str,
        arg(
            metavar="NAME",
            help_behavior_hint="",
            help="Column with the German to score. By default it is 2, or the first of de and target.",
        ),
    ] = ""

    def is_asked_for(self, text: "TextArguments", output: "OutputArguments") -> bool:
        """Return whether to use Ray; raises ConfigError if an option does not fit."""
        if self.engine == "local":
            for flag, given in (
                ("--address", self.address), ("--source-column", self.source_column), ("--score", self.score),
                ("--target-column", self.target_column),
            ):  # fmt: skip
                if given:
                    raise ConfigError(f"{flag} is for --engine ray; add that, or leave {flag} out")
            return False
        if self.target_column and not self.score:
            raise ConfigError("--target-column is for --score; add that, or leave it out")
        for flag, given in (
            ("--prefix", text.prefix is not None), ("--check", output.check), ("--resume", output.resume)
        ):  # fmt: skip
            if given:
                raise ConfigError(f"{flag} does not work with --engine ray; leave one of them out")
        return True


def translate_on_ray(
    ray: RayArguments,
    places: Sequence[str],
    text: "TextArguments",
    output: "OutputArguments",
    engine: "EngineArguments",
    options: "SearchOptions",
) -> None:
    """Translate or score all rows of the files at `places`, and write the results to the folder --out.

    Raises ConfigError, DataError and CheckpointError if that is impossible; a row that fails is only counted.
    """
    from translator.cluster.job import CorpusJob, connected, total
    from translator.cluster.outputs import OutputFolder
    from translator.commands.row_jobs import ScoreRows, TranslateRows
    from translator.commands.window_job import WindowJob

    if output.place is None:
        raise ConfigError("--engine ray writes a folder; add --out FOLDER")
    job = WindowJob.of(text, output, engine, options)
    format, columns, files = _read(ray, places, text)
    with connected(ray.address):
        on_gpu = job.device != "cpu" and (job.device != "auto" or total("GPU") > 0)
        job = replace(
            job,
            models=tuple(model.absolute() for model in job.models),
            device=job.device if on_gpu else "cpu",
        )
        work = (ScoreRows if ray.score else TranslateRows)(job)
        _run(
            CorpusJob(work, format, columns, files, engine.processes, on_gpu),
            OutputFolder(output.place, format.ending),
        )


def _read(
    ray: RayArguments, places: Sequence[str], text: "TextArguments"
) -> "tuple[Format, Columns, list[InputFile]]":
    """Find the files and read them once."""
    from translator.cluster.formats import check_columns, ending_of, format_of
    from translator.cluster.inputs import find_files, scan
    from translator.documents import FORMATS, HINTS

    names = find_files(places)
    for name in names:
        if ending_of(name) in {*FORMATS, *HINTS} - {".txt", ".tsv"}:
            raise ConfigError(f"{name} is a document; translate it without --engine ray")
    format = format_of(names)
    for flag, value, usual in (("--format", text.format, "text"), ("--lines", text.lines, "keep")):
        if value != usual and not format.has_columns:
            raise ConfigError(f"{flag} {value} is for columns, but {names[0]} has lines; leave {flag} out")
    columns = (ray.source_column, ray.target_column)[: 2 if ray.score else 1]
    check_columns(format, columns)
    with STDERR.status("reading") as status:
        return format, columns, scan(names, format, columns, lambda name: status.update(f"reading {name}"))


def _run(job: "CorpusJob", output: "OutputFolder") -> None:
    with closing(job.run(output)) as steps:
        with STDERR.status("starting workers"):
            last = next(steps, None)
        if last is None:
            STDERR.print(f"{output.place} is finished; remove it to start again", soft_wrap=True)
            return
        with line_progress(job.rows, last.rows) as advance:
            for step in steps:
                advance(step.rows - last.rows)
                last = step
    failed = f", and {last.failed} failed: see {output.place}/quarantine" if last.failed else ""
    STDERR.print(
        f"{output.place}: {last.rows - last.failed} of {job.rows} lines are done{failed}", soft_wrap=True
    )
