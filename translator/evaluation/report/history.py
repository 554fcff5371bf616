"""The log of a training run, as curves."""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from translator.errors import DataError

Record = dict[str, Any]
Choice = Callable[[Iterable[float]], float]
"""Picks the best of several values: min or max."""


@dataclass(frozen=True)
class Curve:
    """The values of a figure and the steps at which they were measured; values that are not finite are nan."""

    steps: list[int]
    values: list[float]

    def best(self, choose: Choice) -> tuple[int, float] | None:
        """Return the first step with the best value, and that value; None if no value is finite."""
        finite = [value for value in self.values if math.isfinite(value)]
        if not finite:
            return None
        best = choose(finite)
        return self.steps[self.values.index(best)], best


@dataclass(frozen=True)
class History:
    """The training records and the validation records of a run, each in the order of their steps."""

    training: list[Record]
    validation: list[Record]
    unreadable_lines: int

    @property
    def last_step(self) -> int:
        """The newest step in the log."""
        return max(int(record["step"]) for record in (*self.training[-1:], *self.validation[-1:]))

    @property
    def dev_names(self) -> list[str]:
        """The names of the development sets, in the order in which they first appear in the log."""
        keys = (key for record in self.validation for key in record if key.endswith((" loss", " BLEU")))
        return list(dict.fromkeys(key.rpartition(" ")[0] for key in keys))

    def training_curve(self, figure: str) -> Curve:
        """Return the curve of a training figure, such as "learning_rate"."""
        return _curve(self.training, figure)

    def training_nll(self) -> Curve:
        """Return the training loss without label smoothing (nats per token); unlike "loss", comparable to dev loss."""
        perplexity = self.training_curve("perplexity")
        return Curve(perplexity.steps, [math.log(p) if p > 0 else math.nan for p in perplexity.values])

    def dev_curve(self, name: str, figure: str) -> Curve:
        """Return the curve of the "loss" or "BLEU" of a development set."""
        return _curve(self.validation, f"{name} {figure}")


def read_history(run: Path) -> History:
    """Read the log of a training run, finished or not; raises DataError if there is no log or it is empty.

    Unreadable lines, such as one that a crash cut short, are counted and skipped. If a step occurs again, the run was
    resumed before it: the earlier records of that step and of later ones are dropped.
    """
    path = run / "log.jsonl"
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise DataError(
            f"cannot read {path}: {error.strerror}; give the folder of a training run, train.py's --out"
        ) from error
    records = [_parse_record(line) for line in lines]
    history = History([], [], unreadable_lines=records.count(None))
    for record in filter(None, records):
        is_training = "loss" in record
        # The training record and the validation record of a step come in either order.
        _drop_from(record["step"] if is_training else record["step"] + 1, history.training)
        _drop_from(record["step"] + 1 if is_training else record["step"], history.validation)
        (history.training if is_training else history.validation).append(record)
    if not history.training and not history.validation:
        raise DataError(f"{path} holds no record yet; wait until the run has logged its first step")
    return history


def _parse_record(line: str) -> Record | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and type(record.get("step")) is int else None


def _drop_from(step: int, records: list[Record]) -> None:
    while records and records[-1]["step"] >= step:
        records.pop()


def _curve(records: list[Record], key: str) -> Curve:
    found = [record for record in records if type(record.get(key)) in (int, float)]
    values = [float(record[key]) if math.isfinite(record[key]) else math.nan for record in found]
    return Curve([record["step"] for record in found], values)
