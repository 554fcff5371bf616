"""A progress bar for lines: how many are done, lines per second, the time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from translator.commands import STDERR


class _Speed(ProgressColumn):
    """Lines per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f} lines/s" if task.speed else "")


@contextmanager
def line_progress(total: int | None, done: int, is_shown: bool = True) -> Iterator[Callable[[float], None]]:
    """Show a progress bar on standard error if that is a terminal; with the time left if `total` is known.

    Yields the function that adds to the number of lines that are done.
    """
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("lines"), _Speed(),
        TimeRemainingColumn(),
    )  # fmt: skip
    is_disabled = not (is_shown and STDERR.is_terminal)
    with Progress(*columns, console=STDERR, disable=is_disabled, speed_estimate_period=300) as progress:
        task = progress.add_task("translating", total=total, completed=done)
        yield partial(progress.advance, task)
