"""The training loop: step, accumulate, validate, save, resume."""

import contextlib
import dataclasses
import json
import logging
import math
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from translator.batching import Batch, TokenBudgetBatches
from translator.checkpoint import (
    Checkpoint,
    average_weights,
    checkpoint_paths,
    load_checkpoint,
    load_latest_checkpoint,
    remove_old_checkpoints,
    save_checkpoint,
)
from translator.config import Config
from translator.device import has_fast_bf16
from translator.errors import CheckpointError, ConfigError, TranslatorError
from translator.loss import label_smoothed_cross_entropy
from translator.model import Transformer
from translator.optim import build_adam, learning_rate
from translator.run_log import Record, RunLog, Window
from translator.shards import PreparedData
from translator.tokenizer import PAD_ID

MAX_BAD_STEPS = 10
"""Updates in a row that may be skipped for a loss or gradient that is not finite."""
_MAY_CHANGE_ON_RESUME = frozenset({
    "max_steps", "max_minutes", "validate_every_steps", "save_every_steps", "log_every_steps", "keep_checkpoints",
    "average_checkpoints", "threads", "compile", "peak_learning_rate", "clip_norm",
})  # fmt: skip

logger = logging.getLogger(__name__)


@dataclass
class Progress:
    """How far a run is: what a checkpoint's `state` remembers beside the configuration."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    """Index of the next batch in the epoch."""
    seconds: float = 0.0
    source_tokens: int = 0
    target_tokens: int = 0


class StopSignal:
    """Turns the first SIGINT or SIGTERM into a wish that the loop asks for; a second one acts at once."""

    def __init__(self) -> None:
        self.is_set = False

    def __enter__(self) -> "StopSignal":
        self._before: dict[int, Any] = {
            number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.is_set = True
        signal.signal(number, self._before[number])
        logger.warning("%s: saving a checkpoint, then leaving", signal.Signals(number).name)


class Trainer:
    """Trains a model on prepared data and keeps its checkpoints in `out/checkpoints`.

    `validate` gets the model in evaluation mode and returns named figures for the log. `report` is called with
    every record that also goes, a JSON object a line, to `out/log.jsonl`. `began_with` is the card of the trained
    model whose weights `model` has; checkpoints remember it.
    """

    def __init__(
        self,
        model: Transformer,
        data: PreparedData,
        config: Config,
        out: Path,
        *,
        validate: Callable[[Transformer], dict[str, float]] | None = None,
        report: Callable[[Record], None] | None = None,
        began_with: Record | None = None,
    ) -> None:
        self.model = model
        self.config = config
        self.out = out
        self.progress = Progress()
        self.began_with = began_with
        self._data_sha256 = data.sha256
        self._validate = validate
        self._log = RunLog(out / "log.jsonl", report)
        self._device = next(model.parameters()).device
        training = config.training
        self._batches = TokenBudgetBatches(
            data,
            batch_tokens=training.batch_tokens,
            max_tokens_per_side=training.max_tokens_per_side,
            seed=training.seed,
        )
        self._is_bf16 = training.precision == "bf16" or (
            training.precision == "auto" and has_fast_bf16(self._device)
        )
        self._optimizer = build_adam(model, training)
        if training.threads:
            torch.set_num_threads(training.threads)
        should_compile = training.compile == "on" or (
            training.compile == "auto" and self._device.type == "cuda"
        )
        self._forward: Callable[..., Tensor] = torch.compile(model, dynamic=True) if should_compile else model
        self._bad_steps = 0
        self._window = Window()

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.out / "checkpoints"

    def resume(self) -> None:
        """Go on from the newest undamaged checkpoint; raises CheckpointError where there is none."""
        checkpoint = load_latest_checkpoint(self.checkpoints)
        if checkpoint is None:
            raise CheckpointError(
                f"no checkpoint in {self.checkpoints}; leave --resume out to start a new run"
            )
        self._check_same_run(checkpoint.state)
        self.model.load_state_dict(checkpoint.model)
        self._load_training_tensors(checkpoint.training)
        self.progress = Progress(**checkpoint.state["progress"])
        self.began_with = checkpoint.state.get("began_with", self.began_with)
        self._log.forget_after(self.progress.step)
        logger.info("resumed at step %d", self.progress.step)

    def start_afresh(self) -> None:
        """Claim an unused folder for a new run; raises ConfigError where it cannot be used."""
        for used in (*checkpoint_paths(self.checkpoints)[-1:], self.out / "model"):
            if used.exists():
                raise ConfigError(
                    f"{used} is there from an earlier run; add --resume to go on with it, or choose another folder"
                )
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            (self.out / "config.json").write_text(
                json.dumps(self.config.to_dict(), indent=2) + "\n", encoding="utf-8"
            )
        except OSError as error:
            raise ConfigError(
                f"cannot write to {self.out}: {error.strerror}; choose another folder"
            ) from error

    def train(self) -> bool:
        """Train until max_steps or max_minutes; False when a signal ended it early (a checkpoint is saved)."""
        self.model.train()
        self._window = Window()
        with StopSignal() as stop, self._attention_for_training():
            batches = self._endless_batches()
            while self._share_done() < 1 and not stop.is_set:
                started = time.monotonic()
                self._update([next(batches) for _ in range(self.config.training.accumulate_batches)])
                elapsed = time.monotonic() - started
                self.progress.seconds += elapsed
                self._window.seconds += elapsed
                self._after_update()
            self._finish()
        return not stop.is_set

    def averaged_weights(self) -> dict[str, Tensor]:
        """The mean of the last `average_checkpoints` checkpoints."""
        last = checkpoint_paths(self.checkpoints)[-self.config.training.average_checkpoints :]
        return average_weights(load_checkpoint(path).model for path in last)

    def _endless_batches(self) -> Iterator[Batch]:
        while True:
            for batch in self._batches.batches(self.progress.epoch, start=self.progress.batch):
                self.progress.batch += 1
                yield batch
            self.progress.epoch += 1
            self.progress.batch = 0

    def _update(self, batches: list[Batch]) -> None:
        """One optimiser step on the mean loss per target token of all the batches together."""
        training = self.config.training
        target_tokens = sum(batch.target_tokens for batch in batches)
        loss_sum = torch.zeros((), device=self._device)
        plain_sum = torch.zeros((), device=self._device)
        for batch in batches:
            loss, plain = self._loss(batch.to(self._device))
            (loss / target_tokens).backward()
            loss_sum += loss.detach()
            plain_sum += plain
        clip_norm = training.clip_norm or math.inf
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), clip_norm)
        share_done = self._share_done()
        self.progress.step += 1
        if self._is_finite(loss_sum + norm):
            rate = learning_rate(training, self.config.model.d_model, self.progress.step, share_done)
            for group in self._optimizer.param_groups:
                group["lr"] = rate
            self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self.progress.target_tokens += target_tokens
        self.progress.source_tokens += sum(batch.source_tokens for batch in batches)
        self._window.add(loss_sum, plain_sum, target_tokens)

    def _loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._is_bf16):
            output_BTD = self._forward(batch.source_BS, batch.source_keep_BS, batch.target_input_BT)
            return label_smoothed_cross_entropy(
                output_BTD.flatten(0, 1),
                self.model.embedding.weight,
                batch.target_output_BT.flatten(),
                self.config.training.label_smoothing,
                PAD_ID,
            )

    def _is_finite(self, value: Tensor) -> bool:
        if bool(torch.isfinite(value)):
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

    def _after_update(self) -> None:
        training, step = self.config.training, self.progress.step
        if step % training.log_every_steps == 0:
            self._log_training()
        if step % training.save_every_steps == 0:
            self._save()
        if step % training.validate_every_steps == 0:
            self._log_validation()

    def _finish(self) -> None:
        """Log, save and validate what the last full intervals have left."""
        training, step = self.config.training, self.progress.step
        if self._window.sums:
            self._log_training()
        if step % training.save_every_steps != 0:
            self._save()
        if step % training.validate_every_steps != 0 and self._share_done() >= 1:
            self._log_validation()

    def _log_training(self) -> None:
        share = self._share_done()
        record = {
            "step": self.progress.step,
            "epoch": self.progress.epoch,
            **self._window.figures(),
            "learning_rate": self._optimizer.param_groups[0]["lr"],
            "seconds": round(self.progress.seconds, 1),
            "seconds_left": round(max(0.0, self.progress.seconds * (1 - share) / share), 1),
        }
        self._window = Window()
        self._log.write(record)

    def _log_validation(self) -> None:
        if self._validate is None:
            return
        started = time.monotonic()
        self.model.eval()
        with torch.inference_mode():
            figures = self._validate(self.model)
        self.model.train()
        self.progress.seconds += time.monotonic() - started
        self._log.write({"step": self.progress.step, **figures})

    def _save(self) -> None:
        started = time.monotonic()
        state = {
            "progress": dataclasses.asdict(self.progress),
            "config": self.config.to_dict(),
            "data_sha256": self._data_sha256,
            "began_with": self.began_with,
        }
        checkpoint = Checkpoint(self.model.state_dict(), self._training_tensors(), state)
        save_checkpoint(self.checkpoints, self.progress.step, checkpoint)
        remove_old_checkpoints(self.checkpoints, self.config.training.keep_checkpoints)
        self.progress.seconds += time.monotonic() - started

    def _training_tensors(self) -> dict[str, Tensor]:
        tensors = {"random.cpu": torch.get_rng_state()}
        if self._device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self._device)
        for name, parameter in self.model.named_parameters():
            for key, value in self._optimizer.state[parameter].items():
                tensors[f"adam.{key}.{name}"] = value
        return tensors

    def _load_training_tensors(self, tensors: dict[str, Tensor]) -> None:
        torch.set_rng_state(tensors["random.cpu"])
        if self._device.type == "cuda" and "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"], self._device)
        for name, parameter in self.model.named_parameters():
            self._optimizer.state[parameter] = {
                key: tensors[f"adam.{key}.{name}"].to(self._device)
                for key in ("step", "exp_avg", "exp_avg_sq")
                if f"adam.{key}.{name}" in tensors
            }

    def _check_same_run(self, state: Record) -> None:
        """A run can only go on with the data and the settings that it began with."""
        if state["data_sha256"] != self._data_sha256:
            raise CheckpointError(
                f"the checkpoints in {self.checkpoints} were trained on other prepared data or another vocabulary; "
                "give the folder they began with, or start a new run in another folder"
            )
        for part, values in self.config.to_dict().items():
            for key, value in values.items():
                saved = state["config"][part].get(key)
                if saved != value and key not in _MAY_CHANGE_ON_RESUME:
                    raise CheckpointError(
                        f"{part}.{key} is {value!r}, but the checkpoints in {self.checkpoints} were trained with "
                        f"{saved!r}; leave it as it was, or start a new run in another folder"
                    )
                if saved != value:
                    logger.info("%s.%s was %r and goes on as %r", part, key, saved, value)

    def _share_done(self) -> float:
        """How much of the training is behind, by steps or by the clock, whichever is further."""
        training = self.config.training
        by_steps = self.progress.step / training.max_steps if training.max_steps else 0.0
        by_time = self.progress.seconds / (60 * training.max_minutes) if training.max_minutes else 0.0
        return max(by_steps, by_time)

    def _attention_for_training(self) -> contextlib.AbstractContextManager[None]:
        # On sentences of some 30 tokens two plain matrix products beat the CPU's flash kernel (a fifth of a step).
        if self._device.type == "cpu":
            return sdpa_kernel(SDPBackend.MATH)
        return contextlib.nullcontext()
