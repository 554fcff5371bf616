"""The training loop: step, accumulate, validate, save, resume."""

import contextlib
import dataclasses
import logging
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from translator.batching import Batch, TokenBudgetBatches
from translator.checkpoint import (
    DAMAGED_PREFIX,
    Checkpoint,
    average_weights,
    best_checkpoint_path,
    checkpoint_path,
    checkpoint_paths,
    load_checkpoint,
    load_latest_checkpoint,
    regular_checkpoint_paths,
    remove_old_checkpoints,
    save_checkpoint,
)
from translator.config import Config, TrainingConfig, load_config
from translator.device import return_freed_memory
from translator.errors import CheckpointError, ConfigError, TranslatorError
from translator.model import Transformer
from translator.optim import build_adam, learning_rate
from translator.run_log import Record, RunLog, Window, format_record
from translator.shards import PreparedData
from translator.trainer.batch_loss import batch_loss, settled_precision
from translator.trainer.folder import write_config
from translator.trainer.moving_average import MovingAverage
from translator.trainer.processes import Processes
from translator.trainer.progress import FORMAT_VERSION, Progress, check_same_run, warn_of_other_environment
from translator.trainer.stop_signal import Interrupted, StopSignal
from translator.trainer.stream import Update, read_ahead, updates
from translator.trainer.tensors import load_training_tensors, training_tensors

MAX_BAD_STEPS = 10
"""Stop after this many updates in a row whose loss or gradient is not finite."""

logger = logging.getLogger(__name__)


def _let_signals_in(_layer: nn.Module, _inputs: object, output: Tensor) -> None:
    """Run a little Python in every layer of the backward pass, which may take 15 seconds on a CPU.

    Python handles signals only while it executes Python code.
    """
    if output.requires_grad:
        output.register_hook(lambda _gradient: None)


def _batches(data: PreparedData, training: TrainingConfig) -> TokenBudgetBatches:
    assert training.batch_tokens != "auto"  # resolve_batch_size ran before
    return TokenBudgetBatches(
        data,
        batch_tokens=training.batch_tokens,
        max_tokens_per_side=training.max_tokens_per_side,
        seed=training.seed,
        augmentation=training.augmentation,
        both_directions_epochs=training.both_directions_epochs,
    )


class Trainer:
    """Trains a model on prepared data and keeps its checkpoints in `out/checkpoints`.

    `validate` gets the model in evaluation mode and returns named figures for the log. `report` is called with every
    record that is written to `out/log.jsonl`, one JSON object per line. `initial_card` is the card of the trained
    model that the initial weights come from; checkpoints store it. Of several `processes`, only the first validates,
    reports and writes. Raises ConfigError if patience is set but there is no `validate`.
    """

    def __init__(
        self,
        model: Transformer,
        data: PreparedData,
        config: Config,
        out: Path,
        *,
        validate: Callable[[Transformer], Record] | None = None,
        report: Callable[[Record], None] | None = None,
        initial_card: Record | None = None,
        processes: Processes | None = None,
    ) -> None:
        training = config.training
        if training.patience and validate is None:
            raise ConfigError(
                f"patience is {training.patience}, but there is no development set to validate on; "
                "prepare the data with --dev"
            )
        self.model = model
        self.config = config
        self.out = out
        self.progress = Progress()
        self.initial_card = initial_card
        self._processes = processes or Processes()
        self._data_sha256 = data.sha256
        self._validate = validate
        self._log = RunLog(out / "log.jsonl", report)
        self._device = next(model.parameters()).device
        self._batches = _batches(data, training)
        self._optimizer = build_adam(model, training)
        self._average = MovingAverage(model, training.ema_decay) if training.ema_decay else None
        if self._processes.count > 1:
            torch.manual_seed(training.seed + self._processes.rank)  # dropout differs between the processes
        self._wrapped = self._processes.wrap_ddp(model)
        self._forward = self._compiled(self._wrapped)
        if self._forward is self._wrapped and self._device.type == "cpu":
            for layer in (*model.encoder, *model.decoder):
                layer.register_forward_hook(_let_signals_in)
        self._bad_steps = 0
        self._saved_step: int | None = None
        self._saved_seconds = 0.0
        self._window = Window()
        self._counted_until = time.monotonic()

    def _compiled(self, model: nn.Module) -> Callable[..., Tensor]:
        choice = self.config.training.compile
        if choice == "on" or (choice == "auto" and self._device.type == "cuda"):
            return torch.compile(model, dynamic=True)
        return model

    @property
    def processes(self) -> int:
        """The number of processes that train the model together."""
        return self._processes.count

    @property
    def checkpoints(self) -> Path:
        """The folder that holds the checkpoints."""
        return self.out / "checkpoints"

    def resume(self) -> None:
        """Continue from the newest undamaged checkpoint; raises CheckpointError if there is none."""
        with self._processes.first_one_first():
            checkpoint = load_latest_checkpoint(self.checkpoints)
        if checkpoint is None:
            raise CheckpointError(
                f"no checkpoint in {self.checkpoints}; leave --resume out to start a new run"
            )
        check_same_run(
            checkpoint.state, self.config, self._data_sha256, self._processes.count, self.checkpoints
        )
        self.model.load_state_dict(checkpoint.model)
        self._window = Window(**checkpoint.state.get("window", {}))
        load_training_tensors(checkpoint.training, *self._parts())
        self.progress = Progress(**checkpoint.state["progress"])
        self._saved_step, self._saved_seconds = self.progress.step, self.progress.seconds
        self.initial_card = checkpoint.state["began_with"]
        if self._processes.is_first:
            warn_of_other_environment(checkpoint.state.get("environment", {}), self._environment())
            write_config(self.out, self.config)
            is_logged = not self._window.sums
            self._log.forget_after(self.progress.step, self.progress.validated_step, is_logged)
            logger.info("resumed at step %d", self.progress.step)

    def start_afresh(self) -> None:
        """Claim an unused folder for a new run; raises ConfigError if the folder is in use or cannot be written to."""
        damaged = sorted(self.checkpoints.glob(f"{DAMAGED_PREFIX}*"))
        for used in (*checkpoint_paths(self.checkpoints)[-1:], *damaged[-1:], self.out / "model"):
            if used.exists():
                raise ConfigError(
                    f"{used} is there from an earlier run; add --resume to continue that run, or choose another folder"
                )
        if self._processes.is_first:
            self._check_is_ours()
            write_config(self.out, self.config)
            # The log may have records of a run that was killed before it saved.
            self._log.forget_after(step=0, validated_step=0)

    def _check_is_ours(self) -> None:
        """Accept what a run that was killed before it saved leaves behind; refuse to overwrite other files."""
        saved = self.out / "config.json"
        if saved.exists():
            try:
                load_config(str(saved))
            except ConfigError as error:
                raise ConfigError(f"{error}; training would overwrite it: choose another folder") from error
        elif (log := self.out / "log.jsonl").exists():
            raise ConfigError(
                f"{log} is not the log of a training run, but training would append to it; choose another folder"
            )

    def train(self) -> bool:
        """Train until max_steps, max_minutes or patience is reached.

        Returns False if a signal stopped it early, after saving a checkpoint.
        """
        training = self.config.training
        if self._is_done() and self._processes.is_first:
            logger.warning(
                "at step %d nothing is left to train; raise max_steps, max_minutes or patience to continue",
                self.progress.step,
            )
        self.model.train()
        self._counted_until = time.monotonic()
        stream = updates(
            self._batches,
            self.progress.epoch,
            self.progress.batch,
            training.accumulate_batches,
            self._processes,
        )
        with (
            StopSignal() as stop,
            contextlib.closing(read_ahead(stream, training.read_ahead_updates)) as ahead,
        ):
            is_stopped = False
            self._catch_up_on_validation(stop)
            while not self._is_done() and not is_stopped:
                started = time.monotonic()
                self._update(next(ahead), stop)
                self._window.seconds += time.monotonic() - started
                is_stopped = self._count_time(stop)
                if not is_stopped:
                    self._after_update(stop)
                    is_stopped = self._count_time(stop)
            return self._finish(stop, is_stopped)

    def final_weights(self) -> dict[str, Tensor]:
        """Return the weights of the finished model.

        With patience, these are the weights of the best validation; with a moving average, the average; otherwise the
        mean of the last `average_checkpoints` checkpoints. Damaged checkpoints are logged and left out. The log also
        names the best step, or gives the development figures of the mean.
        """
        training = self.config.training
        if training.patience and self.progress.best_step is not None:
            best = best_checkpoint_path(self.checkpoints, self.progress.best_step)
            for weights in self._undamaged([best]):
                logger.info(
                    "the model has the weights of step %d, the best by %s of the development sets: %.4g",
                    self.progress.best_step, training.best_by, self.progress.best_figure,
                )  # fmt: skip
                return weights
        if self._average:
            return self._average.model.state_dict()
        regular = regular_checkpoint_paths(self.checkpoints, training.save_every_steps)
        others = [path for path in regular if path != self._path]
        before = others[max(0, len(others) - training.average_checkpoints + 1) :]
        now = {name: tensor.cpu() for name, tensor in self.model.state_dict().items()}
        states = [*self._undamaged(before), now]
        mean = average_weights(states)
        if training.average_checkpoints > 1:
            logger.info(
                "the model is the mean of the last %d checkpoints%s", len(states), self._dev_figures(mean)
            )
        return mean

    def _dev_figures(self, weights: dict[str, Tensor]) -> str:
        """Format the figures of the development sets with these weights, for the log."""
        if self._validate is None:
            return ""
        model = Transformer(self.config.model).to(self._device)
        model.load_state_dict(weights)
        figures = self._run_validation(model.eval(), self._validate)
        numbers = {name: value for name, value in figures.items() if not isinstance(value, str)}
        return ": " + format_record(numbers)

    def _undamaged(self, paths: list[Path]) -> Iterator[dict[str, Tensor]]:
        for path in paths:
            try:
                yield load_checkpoint(path).model
            except CheckpointError as error:
                logger.warning("%s; the model is made without it", error)

    def _update(self, update: Update, stop: StopSignal | None = None) -> None:
        """Make one optimiser step on the mean loss per target token over all batches of all processes.

        A step may take half a minute on a CPU, longer if the model is compiled first. A signal therefore aborts it,
        as if it had never started (except for the random state of a GPU). With several processes, none can leave
        the others in the middle of a batch, so all finish theirs first.
        """
        training = self.config.training
        target_tokens, source_tokens = self._processes.sum([
            sum(batch.target_tokens for batch in update.batches),
            sum(batch.source_tokens for batch in update.batches),
        ])  # fmt: skip
        random_state = torch.get_rng_state()
        try:
            is_alone = self._processes.count == 1
            with stop.interrupting() if stop and is_alone else contextlib.nullcontext():
                loss_sum, nll_sum = self._accumulate_gradients(update.batches, target_tokens, stop)
        except Interrupted:
            torch.set_rng_state(random_state)
            self._optimizer.zero_grad(set_to_none=True)
            return
        clip_norm = training.clip_norm or math.inf
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), clip_norm)
        share_done = self._share_done()
        self.progress.step += 1
        if self._is_finite(loss_sum + norm):
            rate = learning_rate(training, self.config.model.d_model, self.progress.step, share_done)
            for group in self._optimizer.param_groups:
                group["lr"] = rate
            self._optimizer.step()
            if self._average:
                self._average.update(self.model, self.progress.step)
            self._window.add(loss_sum, nll_sum, round(target_tokens))
        self._optimizer.zero_grad(set_to_none=True)
        self.progress.target_tokens += round(target_tokens)
        self.progress.source_tokens += round(source_tokens)
        self.progress.epoch, self.progress.batch = update.next_epoch, update.next_batch

    def _accumulate_gradients(
        self, batches: list[Batch], target_tokens: float, stop: StopSignal | None
    ) -> tuple[Tensor, Tensor]:
        """Return the smoothed loss and the NLL, summed over this process's batches.

        The gradients are those of the mean over all processes. Once any process has received a signal, raises
        Interrupted in all of them before the next batch.
        """
        loss_sum = torch.zeros((), device=self._device)
        nll_sum = torch.zeros((), device=self._device)
        for number, batch in enumerate(batches, start=1):
            if number > 1 and self._is_signalled(stop):
                raise Interrupted
            is_last = number == len(batches)
            with contextlib.nullcontext() if is_last else self._processes.no_sync(self._wrapped):
                loss, nll = batch_loss(
                    self._forward, self.model.embedding.weight, batch.to(self._device), self.config.training
                )
                # DDP averages the gradients over the processes; times their number, that is the sum.
                (loss * self._processes.count / target_tokens).backward()
            loss_sum += loss.detach()
            nll_sum += nll
        return loss_sum, nll_sum

    def _is_finite(self, value: Tensor) -> bool:
        (bad_processes,) = self._processes.sum([float(not torch.isfinite(value))])
        if not bad_processes:
            self._bad_steps = 0
            return True
        self._bad_steps += 1
        logger.warning("step %d skipped: its loss or gradient is not finite", self.progress.step)
        if self._bad_steps >= MAX_BAD_STEPS:
            restart = "resume from the last checkpoint" if self._saved_step else "start again"
            raise TranslatorError(
                f"the loss was not finite in {MAX_BAD_STEPS} steps in a row, the last {self.progress.step}; "
                f"{restart} with a lower peak_learning_rate or a smaller clip_norm"
            )
        return False

    def _is_signalled(self, stop: StopSignal | None) -> bool:
        (signalled,) = self._processes.sum([bool(stop and stop.is_set)])
        return signalled > 0

    def _count_time(self, stop: StopSignal | None = None) -> bool:
        """Add the first process's time to the progress of all; returns True if any process has received a signal."""
        now = time.monotonic()
        own_seconds = now - self._counted_until if self._processes.is_first else 0.0
        self._counted_until = now
        seconds, stopped = self._processes.sum([own_seconds, bool(stop and stop.is_set)])
        self.progress.seconds += seconds
        return stopped > 0

    def _after_update(self, stop: StopSignal) -> None:
        """Log, validate and save if they are due.

        After a skipped update, neither validate nor save: a diverging run can then resume from an earlier checkpoint.
        """
        training, step = self.config.training, self.progress.step
        if self._is_log_due():
            self._log_training()
        if self._bad_steps:
            return
        if step % training.validate_every_steps == 0:
            self._log_validation(stop)
        unsaved_seconds = self.progress.seconds - self._saved_seconds
        if step % training.save_every_steps == 0 or unsaved_seconds >= 60 * training.save_every_minutes:
            self._save()

    def _finish(self, stop: StopSignal, is_stopped: bool) -> bool:
        """Save; if the training is complete, also log and validate the steps since the last full interval.

        Returns False if a signal arrived before all of this was done.
        """
        if self._window.sums and (not is_stopped or self._is_log_due()):
            self._log_training()
            self._saved_step = None  # save again, or a resumed run would log these updates twice
        if self._saved_step != self.progress.step:
            self._save()
        if self._validate is None or is_stopped or self.progress.validated_step == self.progress.step:
            return not is_stopped
        self._log_validation(stop)
        if self.progress.validated_step != self.progress.step:
            return False
        self._save()
        return True

    def _catch_up_on_validation(self, stop: StopSignal) -> None:
        """After a resume, make up for a validation that a signal aborted, so that patience counts the same."""
        step = self.progress.step
        is_due = step > 0 and step % self.config.training.validate_every_steps == 0
        if is_due and self.progress.validated_step != step:
            self._log_validation(stop)

    def _is_log_due(self) -> bool:
        step = self.progress.step
        is_first = step == 1  # so that slow runs show early that they work
        return is_first or step % self.config.training.log_every_steps == 0

    def _log_training(self) -> None:
        if not self._window.sums:  # every update of the window was skipped, which was logged then
            return
        share = self._share_done()
        record = {
            "step": self.progress.step,
            "epoch": self.progress.epoch,
            **self._window.figures(self._processes.sum),
            "learning_rate": self._optimizer.param_groups[0]["lr"],
            "seconds": round(self.progress.seconds, 1),
            "seconds_left": round(max(0.0, self.progress.seconds * (1 - share) / share), 1),
        }
        self._window = Window()
        if self._processes.is_first:
            self._log.write(record)

    def _log_validation(self, stop: StopSignal) -> None:
        """Validate in the first process and keep the weights if they are the best so far; a signal aborts it."""
        if self._validate is None:
            return
        if self._processes.is_first:
            model = self._average.model if self._average else self.model
            figures: Record | None = None
            try:
                with contextlib.suppress(Interrupted), stop.interrupting():
                    figures = self._run_validation(model, self._validate)
            except Exception:
                if self._processes.count == 1:  # of several, all would have to take part in saving
                    self._save()
                raise
            if figures is not None:
                self.progress.validated_step = self.progress.step
                self._log.write({"step": self.progress.step, **figures})
                self._keep_if_best(model, figures)
        found = self.progress.validations_since_best, self.progress.validated_step
        own = found if self._processes.is_first else (0, 0)
        since_best, validated_step = map(round, self._processes.sum(own))
        self.progress.validations_since_best, self.progress.validated_step = since_best, validated_step

    def _keep_if_best(self, model: Transformer, figures: Record) -> None:
        if self.progress.note_validation(figures, self.config.training.best_by):
            # The previous best is deleted only once a checkpoint records that this one is better.
            best = Checkpoint(model.state_dict(), {}, self._state())
            save_checkpoint(best_checkpoint_path(self.checkpoints, self.progress.step), best)

    def _run_validation(self, model: Transformer, validate: Callable[[Transformer], Record]) -> Record:
        model.eval()
        try:
            with torch.inference_mode():
                return validate(model)
        finally:
            self.model.train()

    @property
    def _path(self) -> Path:
        return checkpoint_path(self.checkpoints, self.progress.step)

    def _save(self) -> None:
        self._count_time()
        tensors = training_tensors(*self._parts())
        if self._processes.is_first:
            save_checkpoint(self._path, Checkpoint(self.model.state_dict(), tensors, self._state()))
            training = self.config.training
            remove_old_checkpoints(
                self.checkpoints,
                training.keep_checkpoints,
                training.save_every_steps,
                self.progress.best_step,
            )
        return_freed_memory()
        self._saved_step, self._saved_seconds = self.progress.step, self.progress.seconds

    def _state(self) -> Record:
        return {
            "progress": dataclasses.asdict(self.progress),
            "window": {"target_tokens": self._window.target_tokens, "seconds": self._window.seconds},
            "config": self.config.to_dict(),
            "environment": self._environment(),
            "format_version": FORMAT_VERSION,
            "data_sha256": self._data_sha256,
            "processes": self._processes.count,
            "began_with": self.initial_card,
        }

    def _environment(self) -> Record:
        """What the last bits of the results depend on, besides the configuration."""
        return {
            "the device": self._device.type,
            "the precision": settled_precision(self.config.training, self._device),
            "the number of threads": torch.get_num_threads(),
            "PyTorch": torch.__version__,
        }

    def _parts(self) -> tuple[Transformer, torch.optim.Optimizer, MovingAverage | None, Window, Processes]:
        return self.model, self._optimizer, self._average, self._window, self._processes

    def _is_done(self) -> bool:
        patience = self.config.training.patience
        return self._share_done() >= 1 or bool(patience and self.progress.validations_since_best >= patience)

    def _share_done(self) -> float:
        """The share of the training that is done, by steps or by time, whichever is greater."""
        training = self.config.training
        by_steps = self.progress.step / training.max_steps if training.max_steps else 0.0
        by_time = self.progress.seconds / (60 * training.max_minutes) if training.max_minutes else 0.0
        return max(by_steps, by_time)
