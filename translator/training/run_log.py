"""The log of a training run: JSON lines on disk, and the same records in readable form."""

import datetime
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from translator.errors import CheckpointError
from translator.files.durable import replace_file

Record = dict[str, Any]


class RunLog:
    """Appends records to a file, one JSON object per line, and passes each to `report`."""

    def __init__(self, path: Path, report: Callable[[Record], None] | None) -> None:
        self._path = path
        self._report = report

    def write(self, record: Record) -> None:
        """Append a record; raises CheckpointError if the disk refuses."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        except OSError as error:
            raise CheckpointError(
                f"cannot write {self._path}: {error.strerror}; free space or choose another folder"
            ) from error
        if self._report is not None:
            self._report(record)

    def forget_after(self, step: int, validated_step: int, is_logged: bool = True) -> None:
        """Drop the records that a run resumed from `step` will write again.

        These are all records of later steps; for `step` itself, the validation record if the checkpoint does not know
        of it, and the training record unless it `is_logged`.
        """
        if self._path.exists():
            kept = [
                line
                for line in self._path.read_text(encoding="utf-8").splitlines(keepends=True)
                if _stays(line, step, validated_step, is_logged)
            ]
            replace_file(self._path, "".join(kept).encode())  # a process killed here loses no line


@dataclass
class Window:
    """Loss and speed over consecutive updates; the sums stay on the device until they are read."""

    target_tokens: int = 0
    seconds: float = 0.0
    sums: list[Tensor] = field(default_factory=list)

    def add(self, loss_sum: Tensor, nll_sum: Tensor, target_tokens: int) -> None:
        """Add one update: its smoothed loss and its NLL, each summed over its target tokens."""
        self.sums.append(torch.stack([loss_sum, nll_sum]))
        self.target_tokens += target_tokens

    def sums_U2(self) -> Tensor:
        """Return the loss sums of each update, on the CPU, (U, 2)."""
        return torch.stack(self.sums).cpu()

    def figures(self, sum_over_processes: Callable[[list[float]], list[float]]) -> Record:
        """Return mean loss (nats per token), perplexity without smoothing, and speed, over all processes."""
        sums = sum_over_processes(torch.stack(self.sums).sum(dim=0).tolist())
        loss, nll = (total / self.target_tokens for total in sums)
        return {
            "loss": round(loss, 4),
            "perplexity": round(math.exp(min(nll, 50)), 3),
            "target_tokens_per_second": round(self.target_tokens / max(self.seconds, 1e-9)),
        }


def format_record(record: Record) -> str:
    """Format a record for reading: the numbers on one line, then each text on its own."""
    line = "  ".join(
        f"{name} {_readable(name, value)}" for name, value in record.items() if not isinstance(value, str)
    )
    return "\n    ".join([line, *(value for value in record.values() if isinstance(value, str))])


def _readable(name: str, value: Any) -> str:
    if name.startswith("seconds"):
        return str(datetime.timedelta(seconds=round(value)))
    if name == "learning_rate":
        return f"{value:.2e}"
    return str(value)


def _stays(line: str, step: int, validated_step: int, is_logged: bool) -> bool:
    """Whether a run resumed from `step` keeps a line of the log; drops a line that a crash cut short."""
    try:
        record = json.loads(line)
        return bool(
            record["step"] < step
            or (record["step"] == step and (is_logged if "loss" in record else step == validated_step))
        )
    except (ValueError, KeyError, TypeError):
        return False
