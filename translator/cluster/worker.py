"""What runs in an actor: the results for some rows. A row that fails does not stop the others."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from translator.cluster.formats import Added, Columns, Format, Rows, Texts
from translator.errors import DataError, TranslatorError

ROWS_AT_ONCE = 1000
"""Rows that are computed together."""

Compute = Callable[[Sequence[Texts]], Sequence[Added]]


class Work(Protocol):
    """What to compute for each row."""

    def start(self) -> Compute:
        """Load the model; returns the function that computes the results for some rows."""

    def describe(self) -> dict[str, Any]:
        """Return everything but the rows that determines the results, ready for JSON."""


class Failure(NamedTuple):
    """A row without a result."""

    place: int
    """From 0, among the rows that were computed together."""
    reason: str


class Output(NamedTuple):
    """The results for some rows."""

    content: bytes
    failures: list[Failure]


@dataclass
class Worker:
    """Computes pieces of shards."""

    work: Work
    format: Format
    columns: Columns
    compute: Compute | None = None

    def start(self) -> dict[str, Any]:
        """Load the model; returns what determines the results. Raises what loading raises."""
        # Ray sets it to the number of cores that an actor has, unless it is set already.
        os.environ["OMP_NUM_THREADS"] = "1"
        self.compute = self.work.start()
        return self.work.describe()

    def process(self, rows: Rows) -> Output:
        """Return the results for some rows; raises what computing raises if it fails for all of them."""
        assert self.compute
        texts = self.format.texts(rows, self.columns)
        readable = [one for one in texts if not isinstance(one, DataError)]
        computed: list[Added | Exception] = []
        for start in range(0, len(readable), ROWS_AT_ONCE):
            computed += _attempt(self.compute, readable[start : start + ROWS_AT_ONCE])
        _refuse_general_failure(computed)
        results = iter(computed)
        found = [one if isinstance(one, DataError) else next(results) for one in texts]
        failures = [
            Failure(place, _reason(one)) for place, one in enumerate(found) if isinstance(one, Exception)
        ]
        return Output(
            self.format.write(rows, [None if isinstance(one, Exception) else one for one in found]), failures
        )


def _attempt(compute: Compute, rows: Sequence[Texts]) -> list[Added | Exception]:
    """Compute all rows together; if that fails, each half on its own, to find the rows that fail."""
    try:
        return list(compute(rows))
    except Exception as error:
        if len(rows) == 1:
            return [error]
        middle = len(rows) // 2
        return _attempt(compute, rows[:middle]) + _attempt(compute, rows[middle:])


def _refuse_general_failure(computed: Sequence[Added | Exception]) -> None:
    """Raise the first error if all rows failed, and not for what is in them: then the worker is to blame."""
    errors = [one for one in computed if isinstance(one, Exception)]
    if len(errors) == len(computed) > 1 and not all(isinstance(one, TranslatorError) for one in errors):
        raise errors[0]


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, TranslatorError) else f"{type(error).__name__}: {error}"
