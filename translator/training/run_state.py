"""The state of a training run: how far it has got, whether to stop, and what it keeps on disk to resume from."""

import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from translator.config import Config
from translator.errors import CheckpointError, ConfigError
from translator.machine.device import return_freed_memory
from translator.model.interface import TranslationModel
from translator.training.batch_loss import training_precision
from translator.training.checkpoint import (
    DAMAGED_PREFIX,
    Checkpoint,
    best_checkpoint_path,
    checkpoint_path,
    checkpoint_paths,
    load_checkpoint,
    load_latest_checkpoint,
    regular_checkpoint_paths,
    remove_old_checkpoints,
    save_checkpoint,
)
from translator.training.folder import refuse_foreign_files, write_config
from translator.training.moving_average import MovingAverage
from translator.training.processes import Processes
from translator.training.progress import FORMAT_VERSION, Progress, check_same_run, warn_of_other_environment
from translator.training.run_log import Record, RunLog, Window
from translator.training.stop_signal import Interrupted, StopSignal
from translator.training.tensors import load_training_tensors, training_tensors

logger = logging.getLogger(__name__)


class RunState:
    """The progress of a run, the signal that stops it, its log, and its checkpoints in `out/checkpoints`.

    Of several `processes`, only the first writes. `report` is called with every record that is written to
    `out/log.jsonl`.
    """

    def __init__(
        self,
        model: TranslationModel,
        optimizer: torch.optim.Optimizer,
        average: MovingAverage | None,
        config: Config,
        out: Path,
        *,
        data_sha256: str,
        processes: Processes,
        report: Callable[[Record], None] | None,
        initial_card: Record | None,
    ) -> None:
        self.progress = Progress()
        self.window = Window()
        """Losses and time since the last training record of the log."""
        self.log = RunLog(out / "log.jsonl", report)
        self.stop = StopSignal()
        self.is_stopped = False
        """Whether any process had received a signal at the last `count_time`."""
        self.saved_step: int | None = None
        self.initial_card = initial_card
        """The card of the trained model that the initial weights come from."""
        self.checkpoints = out / "checkpoints"
        self._model, self._optimizer, self._average = model, optimizer, average
        self._config = config
        self._out = out
        self._data_sha256 = data_sha256
        self._processes = processes
        self._saved_seconds = 0.0
        self._counted_until = time.monotonic()

    def start_afresh(self) -> None:
        """Claim an unused folder for a new run; raises ConfigError if the folder is in use or cannot be written to."""
        damaged = sorted(self.checkpoints.glob(f"{DAMAGED_PREFIX}*"))
        for used in (*checkpoint_paths(self.checkpoints)[-1:], *damaged[-1:], self._out / "model"):
            if used.exists():
                raise ConfigError(
                    f"{used} is there from an earlier run; add --resume to continue that run, or choose another folder"
                )
        if self._processes.is_first:
            refuse_foreign_files(self._out)
            write_config(self._out, self._config)
            # The log may have records of a run that was killed before it saved.
            self.log.forget_after(step=0, validated_step=0)

    def resume(self) -> None:
        """Continue from the newest undamaged checkpoint; raises CheckpointError if there is none."""
        with self._processes.first_process_first():
            checkpoint = load_latest_checkpoint(self.checkpoints)
        if checkpoint is None:
            raise CheckpointError(
                f"no checkpoint in {self.checkpoints}; leave --resume out to start a new run"
            )
        state = checkpoint.state
        check_same_run(state, self._config, self._data_sha256, self._processes.count, self.checkpoints)
        self._model.load_state_dict(checkpoint.model)
        self.window = Window(**state.get("window", {}))
        load_training_tensors(checkpoint.training, *self._parts())
        self.progress = Progress(**state["progress"])
        self.saved_step, self._saved_seconds = self.progress.step, self.progress.seconds
        self.initial_card = state["began_with"]
        if self._processes.is_first:
            warn_of_other_environment(state.get("environment", {}), self._environment())
            write_config(self._out, self._config)
            is_logged = not self.window.sums
            self.log.forget_after(self.progress.step, self.progress.validated_step, is_logged)
            logger.info("resumed at step %d", self.progress.step)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Within this context, time counts and signals stop the run."""
        self.is_stopped, self._counted_until = False, time.monotonic()
        with self.stop:
            yield

    def count_time(self) -> float:
        """Add the first process's time since the last call to the progress, and return it, in seconds.

        Also updates `is_stopped`. All processes must call this together.
        """
        now = time.monotonic()
        own_seconds = now - self._counted_until if self._processes.is_first else 0.0
        self._counted_until = now
        seconds, signals = self._processes.sum([own_seconds, self.stop.is_set])
        self.progress.seconds += seconds
        self.is_stopped = signals > 0
        return seconds

    def interruptible(self) -> contextlib.AbstractContextManager[None]:
        """Within this context, a signal raises Interrupted at once.

        Of several processes, none can leave the others in the middle of a batch: `raise_if_stopped` is for them.
        """
        return self.stop.interrupting() if self._processes.count == 1 else contextlib.nullcontext()

    def raise_if_stopped(self) -> None:
        """Raise Interrupted in all processes if any has received a signal; all must call this together."""
        (signals,) = self._processes.sum([self.stop.is_set])
        if signals:
            raise Interrupted

    @property
    def share_done(self) -> float:
        """The share of the training that is done, by steps or by time, whichever is greater."""
        training = self._config.training
        by_steps = self.progress.step / training.max_steps if training.max_steps else 0.0
        by_time = self.progress.seconds / (60 * training.max_minutes) if training.max_minutes else 0.0
        return max(by_steps, by_time)

    @property
    def is_done(self) -> bool:
        """Whether max_steps, max_minutes or patience is reached."""
        patience = self._config.training.patience
        return self.share_done >= 1 or bool(patience and self.progress.validations_since_best >= patience)

    @property
    def is_validated(self) -> bool:
        """Whether the last step has been validated."""
        return self.progress.validated_step == self.progress.step

    @property
    def is_save_due(self) -> bool:
        """Whether it is time for a regular checkpoint, or for an extra one."""
        training = self._config.training
        unsaved_seconds = self.progress.seconds - self._saved_seconds
        is_regular = self.progress.step % training.save_every_steps == 0
        return is_regular or unsaved_seconds >= 60 * training.save_every_minutes

    def save(self) -> None:
        """Write a checkpoint and delete those that are no longer needed; all processes must call this together."""
        self.count_time()
        tensors = training_tensors(*self._parts())
        if self._processes.is_first:
            path = checkpoint_path(self.checkpoints, self.progress.step)
            save_checkpoint(path, Checkpoint(self._model.state_dict(), tensors, self._state()))
            training = self._config.training
            remove_old_checkpoints(
                self.checkpoints,
                training.keep_checkpoints,
                training.save_every_steps,
                self.progress.best_step,
            )
        return_freed_memory()
        self.saved_step, self._saved_seconds = self.progress.step, self.progress.seconds

    def record_validation(self, figures: Record | None, weights: dict[str, Tensor]) -> None:
        """Log the figures of these weights, and keep the weights if they are the best so far.

        All processes must call this together; only the first one's `figures` count. None: a signal aborted the
        validation.
        """
        progress = self.progress
        if figures is not None:
            progress.validated_step = progress.step
            self.log.write({"step": progress.step, **figures})
            if progress.note_validation(figures, self._config.training.best_by):
                # The previous best is deleted only once a checkpoint records that this one is better.
                best = Checkpoint(weights, {}, self._state())
                save_checkpoint(best_checkpoint_path(self.checkpoints, progress.step), best)
        found = (progress.validations_since_best, progress.validated_step)
        shared = self._processes.sum(found if self._processes.is_first else (0, 0))
        progress.validations_since_best, progress.validated_step = map(round, shared)

    def best_weights(self) -> dict[str, Tensor] | None:
        """Return the weights of the best validation, or None if there was none or its checkpoint is damaged."""
        progress = self.progress
        if progress.best_step is None:
            return None
        best = best_checkpoint_path(self.checkpoints, progress.best_step)
        for weights in _undamaged([best]):
            logger.info(
                "the model has the weights of step %d, the best by %s of the development sets: %.4g",
                progress.best_step, self._config.training.best_by, progress.best_figure,
            )  # fmt: skip
            return weights
        return None

    def last_weights(self, count: int) -> list[dict[str, Tensor]]:
        """Return the weights of the last `count` - 1 regular checkpoints, but of no damaged ones, then those of now."""
        regular = regular_checkpoint_paths(self.checkpoints, self._config.training.save_every_steps)
        now = checkpoint_path(self.checkpoints, self.progress.step)
        others = [path for path in regular if path != now]
        before = others[max(0, len(others) - count + 1) :]
        return [*_undamaged(before), {name: t.cpu() for name, t in self._model.state_dict().items()}]

    def _state(self) -> Record:
        return {
            "progress": dataclasses.asdict(self.progress),
            "window": {"target_tokens": self.window.target_tokens, "seconds": self.window.seconds},
            "config": self._config.to_dict(),
            "environment": self._environment(),
            "format_version": FORMAT_VERSION,
            "data_sha256": self._data_sha256,
            "processes": self._processes.count,
            "began_with": self.initial_card,
        }

    def _environment(self) -> Record:
        """What the last bits of the results depend on, besides the configuration."""
        device = next(self._model.parameters()).device
        return {
            "the device": device.type,
            "the precision": training_precision(self._config.training, device),
            "the number of threads": torch.get_num_threads(),
            "PyTorch": torch.__version__,
        }

    def _parts(
        self,
    ) -> tuple[TranslationModel, torch.optim.Optimizer, MovingAverage | None, Window, Processes]:
        return self._model, self._optimizer, self._average, self.window, self._processes


def _undamaged(paths: Iterable[Path]) -> Iterator[dict[str, Tensor]]:
    """Yield the weights of each checkpoint; logs damaged ones and leaves them out."""
    for path in paths:
        try:
            yield load_checkpoint(path).model
        except CheckpointError as error:
            logger.warning("%s; the model is made without it", error)
