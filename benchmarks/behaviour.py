"""Whether translations do what a reader takes for granted: names kept, numbers right, negation kept, no word left.

    python benchmarks/behaviour.py --model None FOLDER --show-failures

Each of the twelve suites in `behaviour_suites` has some forty English sentences of our own, and regular expressions
that tell a right German one from a wrong one, whoever wrote it. The table has the share of right answers.
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
    """Model folders to compare; None is the model that comes with the package."""
    suite: tuple[SuiteName, ...] = get_args(SuiteName)
    """Suites to translate, by default all of them."""
    show_failures: bool = False
    """Print every wrong answer, and why it is wrong."""


@dataclass(frozen=True)
class Answer:
    """What a model made of a case."""

    case: Case
    german: str
    faults: tuple[str, ...]
    """Nothing if it is right."""


@dataclass(frozen=True)
class Results:
    """The answers of one model."""

    model: str
    suites: dict[str, list[Answer]]

    def shares(self) -> list[float]:
        """The share of right answers in each suite."""
        return [_right(answers) / len(answers) for answers in self.suites.values()]


def judge(model: str, suites: Sequence[Suite], translations: Sequence[str]) -> Results:
    """The answers of a model from its translations of all cases, in order."""
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
    """Translate the suites with each model; raises TranslatorError on one that cannot be loaded."""
    if not options.model or not options.suite:
        missing = (
            "--model needs at least one folder" if not options.model else "--suite needs at least one name"
        )
        raise ConfigError(f"{missing}; leave it out for the default")
    suites = [SUITES[name] for name in dict.fromkeys(options.suite)]
    sources = [one.source for suite in suites for one in suite.cases]
    # All of them first: a wrong folder should not be found after minutes.
    translators = [Translator.load(model) for model in options.model]
    names = [str(model or "the package's model") for model in options.model]
    with Progress(console=Console(stderr=True), transient=True) as progress:
        return [
            judge(name, suites, _translate(translator, sources, name, progress))
            for name, translator in zip(names, translators, strict=True)
        ]


def _translate(translator: Translator, sources: Sequence[str], name: str, progress: Progress) -> list[str]:
    task = progress.add_task(escape(name), total=None)

    def tell(done: int, total: int) -> None:
        progress.update(task, completed=done, total=total)

    return [one.text for one in translator.translate(sources, SearchOptions(), tell)]


def show(results: Sequence[Results], console: Console) -> None:
    """A row for each suite and for their mean, a column for each model."""
    table = Table("suite", title=f"Right answers, beam {SearchOptions().beam_size}")
    for one in results:
        table.add_column(escape(one.model), justify="right", overflow="fold")
    for name in results[0].suites:
        table.add_row(name, *(_figures(one.suites[name]) for one in results))
    table.add_section()
    table.add_row("mean", *(f"{statistics.mean(one.shares()):.1%}" for one in results))
    console.print(table)


def show_failures(results: Results, console: Console) -> None:
    """Every wrong answer of a model: the English, its German, why that is wrong, and a right one."""
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
    """Exit code: 0 when measured, 1 on an error."""
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
