"""The training loop: step, accumulate, validate, save, resume."""

import contextlib
import dataclasses
import json
import logging
import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from translator.batching import Batch, TokenBudgetBatches
from translator.checkpoint import (
    Checkpoint,
    average_weights,
    checkpoint_path,
    checkpoint_paths,
    load_checkpoint,
    load_latest_checkpoint,
    remove_old_checkpoints,
    save_checkpoint,
)
from translator.config import Config
from translator.device import return_freed_memory, set_up_processor
from translator.errors import CheckpointError, ConfigError, TranslatorError
from translator.model import Transformer
from translator.optim import build_adam, learning_rate
from translator.run_log import Record, RunLog, Window
from translator.shards import PreparedData
from translator.trainer.batch_loss import batch_loss
from translator.trainer.moving_average import MovingAverage
from translator.trainer.processes import Processes
from translator.trainer.progress import FORMAT_VERSION, Progress, check_same_run
from translator.trainer.stop_signal import Interrupted, StopSignal
from translator.trainer.stream import Update, read_ahead, updates

BEST = "best"
"""Name of the checkpoint with the weights of the best validation."""
MAX_BAD_STEPS = 10
"""Updates in a row that may be skipped for a loss or gradient that is not finite."""

logger = logging.getLogger(__name__)


class Trainer:
    """Trains a model on prepared data and keeps its checkpoints in `out/checkpoints`.

    `validate` gets the model in evaluation mode and returns named figures for the log. `report` is called with
    every record that also goes, a JSON object a line, to `out/log.jsonl`. `began_with` is the card of the trained
    model whose weights `model` has; checkpoints remember it. Of several `processes`, only the first validates,
    reports and writes.
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
        began_with: Record | None = None,
        processes: Processes | None = None,
    ) -> None:
        training = config.training
        if training.patience and validate is None:
            raise ConfigError(
                f"patience is {training.patience}, but there is no development set to watch; "
                "prepare the data with --dev"
            )
        assert training.batch_tokens != "auto"  # settle_batch_size comes first
        self.model = model
        self.config = config
        self.out = out
        self.progress = Progress()
        self.began_with = began_with
        self._processes = processes or Processes()
        self._data_sha256 = data.sha256
        self._validate = validate
        self._log = RunLog(out / "log.jsonl", report)
        self._device = next(model.parameters()).device
        self._batches = TokenBudgetBatches(
            data,
            batch_tokens=training.batch_tokens,
            max_tokens_per_side=training.max_tokens_per_side,
            seed=training.seed,
            augmentation=training.augmentation,
            bpe_dropout=training.bpe_dropout,
        )
        self._optimizer = build_adam(model, training)
        self._average = MovingAverage(model, training.ema_decay) if training.ema_decay else None
        self._set_up_processor()
        self._shared = self._processes.share(model)
        self._forward = self._compiled(self._shared)
        self._bad_steps = 0
        self._saved_step = 0
        self._window = Window()

    def _set_up_processor(self) -> None:
        training = self.config.training
        set_up_processor(training.threads)
        if self._processes.count > 1:
            torch.manual_seed(training.seed + self._processes.rank)  # dropout differs between the processes

    def _compiled(self, model: nn.Module) -> Callable[..., Tensor]:
        choice = self.config.training.compile
        if choice == "on" or (choice == "auto" and self._device.type == "cuda"):
            return torch.compile(model, dynamic=True)
        return model

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.out / "checkpoints"

    def resume(self) -> None:
        """Go on from the newest undamaged checkpoint; raises CheckpointError where there is none."""
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
        self._load_training_tensors(checkpoint.training)
        self.progress = Progress(**checkpoint.state["progress"])
        self._saved_step = self.progress.step
        self.began_with = checkpoint.state["began_with"]
        if self._processes.is_first:
            self._log.forget_after(self.progress.step, self.progress.validated_step)
            logger.info("resumed at step %d", self.progress.step)

    def start_afresh(self) -> None:
        """Claim an unused folder for a new run; raises ConfigError where it cannot be used."""
        for used in (*checkpoint_paths(self.checkpoints)[-1:], self.out / "model"):
            if used.exists():
                raise ConfigError(
                    f"{used} is there from an earlier run; add --resume to go on with it, or choose another folder"
                )
        if not self._processes.is_first:
            return
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            (self.out / "config.json").write_text(
                json.dumps(self.config.to_dict(), indent=2) + "\n", encoding="utf-8"
            )
            self._log.forget_after(step=0, validated_step=0)  # of a start that was killed before it saved
        except OSError as error:
            raise ConfigError(
                f"cannot write to {self.out}: {error.strerror}; choose another folder"
            ) from error

    def train(self) -> bool:
        """Train until max_steps, max_minutes or the end of patience.

        False when a signal ended it early (a checkpoint is saved).
        """
        training = self.config.training
        self.model.train()
        self._window = Window()
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
                self._update(next(ahead))
                self._window.seconds += time.monotonic() - started
                is_stopped = self._agree(stop, started)
                if not is_stopped:
                    started = time.monotonic()
                    self._after_update(stop)
                    is_stopped = self._agree(stop, started)
            self._finish(stop, is_stopped)
        return not is_stopped

    def final_weights(self) -> dict[str, Tensor]:
        """The weights to keep.

        With patience, those of the best validation; with a moving average, that; else the mean of the last
        `average_checkpoints` checkpoints.
        """
        training = self.config.training
        if training.patience and self.progress.best_step is not None:
            return load_checkpoint(self.checkpoints / BEST).model
        if self._average:
            return self._average.model.state_dict()
        last = checkpoint_paths(self.checkpoints)[-training.average_checkpoints :]
        return average_weights(load_checkpoint(path).model for path in last)

    def _update(self, update: Update) -> None:
        """One optimiser step on the mean loss per target token of all batches of all processes."""
        training = self.config.training
        target_tokens, source_tokens = self._processes.sum([
            sum(batch.target_tokens for batch in update.batches),
            sum(batch.source_tokens for batch in update.batches),
        ])  # fmt: skip
        loss_sum, plain_sum = self._accumulate_gradients(update.batches, target_tokens)
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
        self._optimizer.zero_grad(set_to_none=True)
        self.progress.target_tokens += round(target_tokens)
        self.progress.source_tokens += round(source_tokens)
        self.progress.epoch, self.progress.batch = update.next_epoch, update.next_batch
        self._window.add(loss_sum, plain_sum, round(target_tokens))

    def _accumulate_gradients(self, batches: list[Batch], target_tokens: float) -> tuple[Tensor, Tensor]:
        """Smoothed and plain loss, summed over this process's batches; the gradients are of the mean over all."""
        loss_sum = torch.zeros((), device=self._device)
        plain_sum = torch.zeros((), device=self._device)
        for number, batch in enumerate(batches, start=1):
            is_last = number == len(batches)
            with contextlib.nullcontext() if is_last else self._processes.keep_gradients(self._shared):
                loss, plain = batch_loss(
                    self._forward, self.model.embedding.weight, batch.to(self._device), self.config.training
                )
                # The processes' gradients will be averaged: times their number, that is the sum.
                (loss * self._processes.count / target_tokens).backward()
            loss_sum += loss.detach()
            plain_sum += plain
        return loss_sum, plain_sum

    def _is_finite(self, value: Tensor) -> bool:
        (bad_processes,) = self._processes.sum([float(not torch.isfinite(value))])
        if not bad_processes:
            self._bad_steps = 0
            return True
        self._bad_steps += 1
        logger.warning("step %d skipped: its loss or gradient is not finite", self.progress.step)
        if self._bad_steps >= MAX_BAD_STEPS:
            raise TranslatorError(
                f"the loss was not finite in {MAX_BAD_STEPS} steps in a row, the last {self.progress.step}; "
                "resume from the last checkpoint with a lower peak_learning_rate or a smaller clip_norm"
            )
        return False

    def _agree(self, stop: StopSignal, started: float) -> bool:
        """Count the time of the first process for all of them; True when any of them got a signal."""
        own_seconds = time.monotonic() - started if self._processes.is_first else 0.0
        seconds, stopped = self._processes.sum([own_seconds, stop.is_set])
        self.progress.seconds += seconds
        return stopped > 0

    def _after_update(self, stop: StopSignal) -> None:
        """Log, save and validate where it is time for it."""
        training, step = self.config.training, self.progress.step
        if step % training.log_every_steps == 0:
            self._log_training()
        if step % training.validate_every_steps == 0:
            self._log_validation(stop)
        if step % training.save_every_steps == 0:
            self._save()

    def _finish(self, stop: StopSignal, is_stopped: bool) -> None:
        """Log, save and validate what the last full intervals have left."""
        if self._window.sums:
            self._log_training()
        if self._saved_step != self.progress.step:
            self._save()
        if self.progress.validated_step != self.progress.step and not is_stopped:
            self._log_validation(stop)
            self._save()

    def _catch_up_on_validation(self, stop: StopSignal) -> None:
        """After a resume: validate where a signal broke it off, so that patience counts as if there had been none."""
        step = self.progress.step
        is_due = step > 0 and step % self.config.training.validate_every_steps == 0
        if is_due and self.progress.validated_step != step:
            self._log_validation(stop)

    def _log_training(self) -> None:
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
        """Validate in the first process, and keep the weights if they are the best so far; a signal breaks it off."""
        if self._validate is None:
            return
        if self._processes.is_first:
            model = self._average.model if self._average else self.model
            figures: Record = {}
            with contextlib.suppress(Interrupted), stop.interrupting():
                figures = self._figures_of(model, self._validate)
            if figures:
                self.progress.validated_step = self.progress.step
                self._log.write({"step": self.progress.step, **figures})
                self._keep_if_best(model, figures)
        agreed = self.progress.validations_since_best, self.progress.validated_step
        own = agreed if self._processes.is_first else (0, 0)
        since_best, validated_step = map(round, self._processes.sum(own))
        self.progress.validations_since_best, self.progress.validated_step = since_best, validated_step

    def _keep_if_best(self, model: Transformer, figures: Record) -> None:
        if self.progress.note_validation(figures, self.config.training.best_by):
            best = Checkpoint(model.state_dict(), {}, self._state())
            save_checkpoint(self.checkpoints / BEST, best)

    def _figures_of(self, model: Transformer, validate: Callable[[Transformer], Record]) -> Record:
        model.eval()
        try:
            with torch.inference_mode():
                return validate(model)
        finally:
            self.model.train()

    def _save(self) -> None:
        training = self._training_tensors()
        if self._processes.is_first:
            path = checkpoint_path(self.checkpoints, self.progress.step)
            save_checkpoint(path, Checkpoint(self.model.state_dict(), training, self._state()))
            remove_old_checkpoints(self.checkpoints, self.config.training.keep_checkpoints)
        return_freed_memory()
        self._saved_step = self.progress.step

    def _state(self) -> Record:
        return {
            "progress": dataclasses.asdict(self.progress),
            "config": self.config.to_dict(),
            "format_version": FORMAT_VERSION,
            "data_sha256": self._data_sha256,
            "processes": self._processes.count,
            "began_with": self.began_with,
        }

    def _training_tensors(self) -> dict[str, Tensor]:
        """Optimiser moments, moving average, and every process's random state."""
        tensors = {
            f"random.cpu.{rank}": state
            for rank, state in enumerate(self._processes.gather(torch.get_rng_state()))
        }
        if self._device.type == "cuda":
            states = self._processes.gather(torch.cuda.get_rng_state(self._device))
            tensors |= {f"random.cuda.{rank}": state for rank, state in enumerate(states)}
        for name, parameter in self.model.named_parameters():
            for key, value in self._optimizer.state[parameter].items():
                tensors[f"adam.{key}.{name}"] = value
        if self._average:
            for name, value in self._average.model.state_dict().items():
                tensors[f"average.{name}"] = value
        return tensors

    def _load_training_tensors(self, tensors: dict[str, Tensor]) -> None:
        rank = self._processes.rank
        torch.set_rng_state(tensors[f"random.cpu.{rank}"])
        if self._device.type == "cuda" and f"random.cuda.{rank}" in tensors:
            torch.cuda.set_rng_state(tensors[f"random.cuda.{rank}"], self._device)
        for name, parameter in self.model.named_parameters():
            self._optimizer.state[parameter] = {
                key: tensors[f"adam.{key}.{name}"].to(self._device)
                for key in ("step", "exp_avg", "exp_avg_sq")
                if f"adam.{key}.{name}" in tensors
            }
        if self._average:
            weights = {name: tensors[f"average.{name}"] for name in self._average.model.state_dict()}
            self._average.model.load_state_dict(weights)

    def _is_done(self) -> bool:
        patience = self.config.training.patience
        return self._share_done() >= 1 or bool(patience and self.progress.validations_since_best >= patience)

    def _share_done(self) -> float:
        """How much of the training is behind, by steps or by the clock, whichever is further."""
        training = self.config.training
        by_steps = self.progress.step / training.max_steps if training.max_steps else 0.0
        by_time = self.progress.seconds / (60 * training.max_minutes) if training.max_minutes else 0.0
        return max(by_steps, by_time)
