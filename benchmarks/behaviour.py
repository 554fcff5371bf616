"""Test what readers take for granted: right names and numbers, kept negation, no untranslated words.

    python benchmarks/behaviour.py --model None FOLDER --show-failures

Each of the twelve suites in `behaviour_suites` has 40 to 60 English sentences written for this project. Regular
expressions decide whether a German translation is right, whatever its wording. The table shows the share of right
translations.
"""

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

import tyro
from behaviour_suites import SUITES
from behaviour_suites.case import Case, Suite, faults
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from translator.errors import ConfigError, TranslatorError
from translator.search import SearchOptions
from translator.translate import Translator

SuiteName = Literal[
    "names",
    "numbers",
    "times",
    "negation",
    "questions",
    "imperative",
    "politeness",
    "words",
    "letters",
    "idioms",
    "compounds",
    "sentences",
]


@dataclass(frozen=True)
class Options:
    """What to measure."""

    model: tuple[Path | None, ...] = (None,)
    """Model folders to compare. None is the model in the package."""
    suite: tuple[SuiteName, ...] = get_args(SuiteName)
    """Suites to translate. The default is all of them."""
    show_failures: bool = False
    """Print every wrong translation and what is wrong with it."""


@dataclass(frozen=True)
class Answer:
    """A model's translation of a case."""

    case: Case
    german: str
    faults: tuple[str, ...]
    """What is wrong with it; empty if it is right."""


@dataclass(frozen=True)
class Results:
    """The answers of one model."""

    model: str
    suites: dict[str, list[Answer]]

    def shares(self) -> list[float]:
        """Return the share of right answers in each suite, 0 to 1."""
        return [_right(answers) / len(answers) for answers in self.suites.values()]


def judge(model: str, suites: Sequence[Suite], translations: Sequence[str]) -> Results:
    """Judge a model's translations of all cases, given in order."""
    rest = iter(translations)
    answered = {
        suite.name: [
            Answer(one, german, tuple(faults(one, german)))
            for one, german in zip(suite.cases, islice(rest, len(suite.cases)), strict=True)
        ]
        for suite in suites
    }
    return Results(model, answered)


def measure(options: Options) -> list[Results]:
    """Translate the suites with each model. Raises TranslatorError if a model cannot be loaded."""
    if not options.model or not options.suite:
        missing = (
            "--model needs at least one folder" if not options.model else "--suite needs at least one name"
        )
        raise ConfigError(f"{missing}; omit the option to use the default")
    suites = [SUITES[name] for name in dict.fromkeys(options.suite)]
    sources = [one.source for suite in suites for one in suite.cases]
    # Load all models first, so that a wrong folder is reported at once and not after minutes of translating.
    translators = [Translator.load(model) for model in options.model]
    names = [str(model or "model in the package") for model in options.model]
    with Progress(console=Console(stderr=True), transient=True) as progress:
        return [
            judge(name, suites, _translate(translator, sources, name, progress))
            for name, translator in zip(names, translators, strict=True)
        ]


def _translate(translator: Translator, sources: Sequence[str], name: str, progress: Progress) -> list[str]:
    task = progress.add_task(escape(name), total=None)

    def report(done: int, total: int) -> None:
        progress.update(task, completed=done, total=total)

    return [one.text for one in translator.translate(sources, SearchOptions(), report)]


def show(results: Sequence[Results], console: Console) -> None:
    """Print a row for each suite and for the mean of the suites, and a column for each model."""
    table = Table("suite", title=f"Right translations, beam size {SearchOptions().beam_size}")
    for one in results:
        table.add_column(escape(one.model), justify="right", overflow="fold")
    for name in results[0].suites:
        table.add_row(name, *(_figures(one.suites[name]) for one in results))
    table.add_section()
    table.add_row("mean", *(f"{statistics.mean(one.shares()):.1%}" for one in results))
    console.print(table)


def show_failures(results: Results, console: Console) -> None:
    """Print every wrong answer: the English, the German, what is wrong with it, and a right translation."""
    for name, answers in results.suites.items():
        console.print(f"\n[bold]{escape(results.model)}: {name}[/bold]")
        for one in answers:
            if one.faults:
                lines = (
                    one.case.source,
                    one.german,
                    f"  {'; '.join(one.faults)}",
                    f"  right: {one.case.german}",
                )
                console.print("\n".join(f"  {escape(line)}" for line in lines), highlight=False)


def _figures(answers: Sequence[Answer]) -> str:
    right = _right(answers)
    return f"{right / len(answers):.1%} ({right} of {len(answers)})"


def _right(answers: Sequence[Answer]) -> int:
    return sum(not one.faults for one in answers)


def main() -> int:
    """Measure and print. Returns 0 on success and 1 after reporting an error."""
    options = tyro.cli(Options, description=__doc__)
    try:
        results = measure(options)
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    console = Console(width=None if sys.stdout.isatty() else 140, emoji=False)
    show(results, console)
    if options.show_failures:
        for one in results:
            show_failures(one, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
