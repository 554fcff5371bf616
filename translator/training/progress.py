"""The progress of a training run, and whether a checkpoint belongs to it."""

import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from translator.config import Config, changed_settings
from translator.errors import CheckpointError
from translator.training.stream import Update

FORMAT_VERSION = 2
"""Version of the format of a checkpoint's `state` and training tensors."""

logger = logging.getLogger(__name__)


@dataclass
class Progress:
    """How far a run has got; saved in the `state` of a checkpoint, next to the configuration."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    """Index of the next batch in the epoch."""
    seconds: float = 0.0
    source_tokens: int = 0
    target_tokens: int = 0
    best_figure: float | None = None
    """The best mean of the development sets so far."""
    best_step: int | None = None
    """The step at which it was measured; its checkpoint is kept."""
    validations_since_best: int = 0
    validated_step: int = 0
    """The step of the last validation that ran to completion."""

    def advance(self, update: Update, source_tokens: int, target_tokens: int) -> None:
        """Move past an update; the tokens are those of all processes."""
        self.source_tokens += source_tokens
        self.target_tokens += target_tokens
        self.epoch, self.batch = update.next_epoch, update.next_batch

    def note_validation(self, figures: dict[str, Any], best_by: str) -> bool:
        """Compare the mean over the development sets with the best so far; returns True if it is better.

        Lower is better for loss, higher for BLEU.
        """
        found = [value for name, value in figures.items() if name.endswith(f" {best_by}")]
        if not found:
            return False
        mean = sum(found) / len(found)
        sign = 1 if best_by == "BLEU" else -1
        if math.isfinite(mean) and (self.best_figure is None or sign * mean > sign * self.best_figure):
            self.best_figure, self.best_step, self.validations_since_best = mean, self.step, 0
            return True
        self.validations_since_best += 1
        return False


def check_same_run(
    state: dict[str, Any], config: Config, data_sha256: str, processes: int, folder: Path
) -> None:
    """Raise CheckpointError unless the checkpoint fits: a run resumes with the data and settings it started with."""
    if state.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(
            f"the checkpoints in {folder} have format version {state.get('format_version')!r}, but this program reads "
            f"version {FORMAT_VERSION}; resume with the version of the program that wrote them, or start a new run"
        )
    if state["data_sha256"] != data_sha256:
        raise CheckpointError(
            f"the checkpoints in {folder} were trained on other data or another vocabulary; "
            "give the --data (and --monolingual) they were trained on, or start a new run in another folder"
        )
    if state["processes"] != processes:
        raise CheckpointError(
            f"the checkpoints in {folder} were trained by {state['processes']} processes, but now there "
            f"are {processes}; use the same number, or start a new run in another folder"
        )
    # Settings that did not exist yet when the checkpoint was written get their defaults.
    saved_config = Config.from_dict(state["config"])
    for name, value, saved, is_free in changed_settings(config, saved_config):
        if not is_free:
            raise CheckpointError(
                f"{name} is {value!r}, but the checkpoints in {folder} were trained with "
                f"{saved!r}; leave it as it was, or start a new run in another folder"
            )
        logger.info("%s was %r and is %r from now on", name, saved, value)


def warn_of_other_environment(before: dict[str, Any], now: dict[str, Any]) -> None:
    """Warn about each change of the environment that keeps a resumed run from being bit-for-bit reproducible."""
    for name, value in now.items():
        if before.get(name, value) != value:
            logger.warning(
                "%s was %s and is %s now: the run continues, but not exactly as it would have",
                name, before[name], value,
            )  # fmt: skip
