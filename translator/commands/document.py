"""Translate a document of another format than plain text, for `translator translate`."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from translator.commands import STDERR
from translator.commands.window_job import Faults, WindowJob, faults_of
from translator.documents import document_format, translated_name
from translator.documents.unit_xml import BETWEEN_UNITS, UNIT_MARKUP, parts_of, units_of, xml_of
from translator.errors import ConfigError, DataError, InputError
from translator.files.durable import replace_file
from translator.machine.parallel import work_in_order
from translator.translate import Translator

_WINDOW_CHARACTERS = 20_000
"""Units are translated together up to this size."""


class _Translated(NamedTuple):
    """The translations of some units."""

    units: list[str]
    faults: list[Faults]


@dataclass(frozen=True)
class _UnitJob:
    """How to translate units, in this process or in another."""

    job: WindowJob

    def start(self) -> Callable[[Sequence[str]], _Translated]:
        """Load the model; returns the function that translates units."""
        return partial(self._translate, self.job.load())

    def _translate(self, translator: Translator, units: Sequence[str]) -> _Translated:
        xml = xml_of(units)
        [found] = translator.translate([xml], self.job.options, style=self.job.style, markup=UNIT_MARKUP)
        faults = [
            one._replace(line=xml.count(BETWEEN_UNITS, 0, sentence.start))
            for sentence in found.sentences
            for one in faults_of([xml], [replace(found, sentences=(sentence,))])
        ]
        return _Translated(units_of(found.text), faults)


def translate_document(
    job: WindowJob,
    file: str,
    out: Path | None,
    processes: Callable[[int], int],
    list_faults: Callable[[Sequence[Faults], int], None] = lambda faults, first: None,
) -> int:
    """Translate a file, and write the translation to `out` or beside it; returns the number of sentences with faults.

    `processes` returns the number of processes for a number of windows. `list_faults` is called with the faults of some
    texts and the number of the first of these, from 1.
    Raises DataError if the file cannot be read, and ConfigError if the output exists or cannot be written.
    """
    path = Path(file)
    out = out or path.with_name(translated_name(path.name))
    if out.exists():
        raise ConfigError(f"{out} already exists; choose another name with --out")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}; give the name of a file") from error
    try:
        document = document_format(path.name).read(content)
    except InputError as error:
        raise type(error)(f"{file}: {error}") from None
    translations, faults = list[str](), 0
    windows = list(parts_of(document.units, _WINDOW_CHARACTERS))
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with (
        closing(work_in_order(_UnitJob(job).start, windows, processes(len(windows)))) as translated,
        Progress(*columns, console=STDERR, disable=not STDERR.is_terminal) as progress,
    ):
        task = progress.add_task("translating", total=sum(map(len, document.units)))
        for some, window in zip(translated, windows, strict=True):
            list_faults(some.faults, len(translations) + 1)
            faults += len(some.faults)
            translations += some.units
            progress.advance(task, sum(map(len, window)))
    try:
        replace_file(out, document.write(translations))
    except OSError as error:
        raise ConfigError(f"cannot write {out}: {error.strerror}; choose another name with --out") from error
    count = len(translations)
    STDERR.print(f"{out}: {count} text{'s' * (count != 1)} translated", soft_wrap=True)
    return faults
