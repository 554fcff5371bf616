"""The training loop. To learn how a model is trained, read `Trainer.train`, then `Trainer.step`."""

import contextlib
import logging
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from translator.config import Config, TrainingConfig
from translator.data.batching import TokenBudgetBatches
from translator.data.shards import PreparedData
from translator.errors import ConfigError, TranslatorError
from translator.model.architectures import build_network
from translator.model.interface import TranslationModel
from translator.model.optim import build_adam, learning_rate
from translator.training.batch_loss import batch_loss
from translator.training.checkpoint import average_weights
from translator.training.moving_average import MovingAverage
from translator.training.processes import Processes
from translator.training.run_log import Record, Window, format_record
from translator.training.run_state import RunState
from translator.training.stop_signal import Interrupted
from translator.training.stream import Update, prefetch, updates

MAX_BAD_STEPS = 10
"""Stop after this many steps in a row whose loss or gradient is not finite."""

logger = logging.getLogger(__name__)


class Trainer:
    """Trains a model on prepared data. `run` is the state of the run: resume it or start it afresh, then `train`.

    `validate` gets the model in evaluation mode and returns named figures for the log. `report` is called with every
    record that is written to `out/log.jsonl`, one JSON object per line. `initial_card` is the card of the trained
    model that the initial weights come from; checkpoints store it. Of several `processes`, only the first validates,
    reports and writes. Raises ConfigError if patience is set but there is no `validate`.
    """

    def __init__(
        self,
        model: TranslationModel,
        data: PreparedData,
        config: Config,
        out: Path,
        *,
        validate: Callable[[TranslationModel], Record] | None = None,
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
        self._processes = processes or Processes()
        self._validate = validate
        self._device = next(model.parameters()).device
        self._batches = _batches(data, training)
        self._optimizer = build_adam(model, training)
        self._average = MovingAverage(model, training.ema_decay) if training.ema_decay else None
        if self._processes.count > 1:
            torch.manual_seed(training.seed + self._processes.rank)  # dropout differs between the processes
        self._wrapped = self._processes.wrap_ddp(model)
        self._forward = self._compiled(self._wrapped)
        if self._forward is self._wrapped and self._device.type == "cpu":
            for layer in model.layers:
                layer.register_forward_hook(_let_signals_in)
        self._bad_steps = 0
        self.run = RunState(
            model, self._optimizer, self._average, config, out, data_sha256=data.sha256,
            processes=self._processes, report=report, initial_card=initial_card,
        )  # fmt: skip

    def _compiled(self, model: nn.Module) -> Callable[..., Tensor]:
        choice = self.config.training.compile
        if choice == "on" or (choice == "auto" and self._device.type == "cuda"):
            return torch.compile(model, dynamic=True)
        return model

    @property
    def processes(self) -> int:
        """The number of processes that train the model together."""
        return self._processes.count

    def train(self) -> bool:
        """Train until max_steps, max_minutes or patience is reached.

        Returns False if a signal stopped it early, after saving a checkpoint.
        """
        run, training = self.run, self.config.training
        if run.is_done and self._processes.is_first:
            logger.warning(
                "at step %d nothing is left to train; raise max_steps, max_minutes or patience to continue",
                run.progress.step,
            )
        self.model.train()
        stream = updates(
            self._batches,
            run.progress.epoch,
            run.progress.batch,
            training.gradient_accumulation_steps,
            self._processes,
        )
        with run.running(), contextlib.closing(prefetch(stream, training.prefetch)) as ready:
            self._catch_up_on_validation()
            run.count_time()
            while not run.is_done and not run.is_stopped:
                random_state = torch.get_rng_state()
                try:
                    self.step(ready)
                except Interrupted:  # as if the step had never started (except for the random state of a GPU)
                    torch.set_rng_state(random_state)
                    self._optimizer.zero_grad(set_to_none=True)
                run.window.seconds += run.count_time()
                if not run.is_stopped:
                    self._after_step()
                    run.count_time()
            return self._finish()

    def step(self, ready: Iterator[Update]) -> None:
        """Make one optimiser step on the next update: fetch, forward, backward, clip, step.

        The loss is the mean per target token over all batches of all processes. Raises Interrupted if a signal arrives
        before the backward pass is over, which may take half a minute on a CPU.
        """
        run, progress, training = self.run, self.run.progress, self.config.training
        update = next(ready)
        tokens = self._processes.sum([update.target_tokens, update.source_tokens])
        target_tokens, source_tokens = map(round, tokens)
        loss_sum, nll_sum = torch.zeros(2, device=self._device)
        with run.interruptible():
            for batch in update.batches:
                run.raise_if_stopped()
                with self._processes.accumulate(self._wrapped, is_last=batch is update.batches[-1]):
                    on_device = batch.to(self._device)
                    loss, nll = batch_loss(self._forward, self.model, on_device, training)
                    # DDP averages the gradients over the processes; times their number, that is the sum.
                    (loss * self._processes.count / target_tokens).backward()
                loss_sum, nll_sum = loss_sum + loss.detach(), nll_sum + nll
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), training.clip_norm or math.inf)
        rate = learning_rate(training, self.config.model.d_model, progress.step + 1, run.share_done)
        progress.step += 1
        if self._is_finite(loss_sum + norm):
            for group in self._optimizer.param_groups:
                group["lr"] = rate
            self._optimizer.step()
            if self._average:
                self._average.update(self.model, progress.step)
            run.window.add(loss_sum, nll_sum, target_tokens)
        self._optimizer.zero_grad(set_to_none=True)
        progress.advance(update, source_tokens, target_tokens)

    def final_weights(self) -> dict[str, Tensor]:
        """Return the weights of the finished model.

        With patience, these are the weights of the best validation; with a moving average, the average; otherwise the
        mean of the last `average_checkpoints` checkpoints. Damaged checkpoints are logged and left out. The log also
        names the best step, or gives the development figures of the mean.
        """
        training = self.config.training
        if training.patience and (best := self.run.best_weights()) is not None:
            return best
        if self._average:
            return self._average.model.state_dict()
        last = self.run.last_weights(training.average_checkpoints)
        mean = average_weights(last)
        if training.average_checkpoints > 1:
            logger.info(
                "the model is the mean of the last %d checkpoints%s", len(last), self._dev_figures(mean)
            )
        return mean

    def _dev_figures(self, weights: dict[str, Tensor]) -> str:
        """Format the figures of the development sets with these weights, for the log."""
        if self._validate is None:
            return ""
        model = build_network(self.config.model).to(self._device)
        model.load_state_dict(weights)
        figures = self._run_validation(model.eval(), self._validate)
        numbers = {name: value for name, value in figures.items() if not isinstance(value, str)}
        return ": " + format_record(numbers)

    def _is_finite(self, value: Tensor) -> bool:
        (bad_processes,) = self._processes.sum([float(not torch.isfinite(value))])
        if not bad_processes:
            self._bad_steps = 0
            return True
        step = self.run.progress.step
        self._bad_steps += 1
        logger.warning("step %d skipped: its loss or gradient is not finite", step)
        if self._bad_steps >= MAX_BAD_STEPS:
            restart = "resume from the last checkpoint" if self.run.saved_step else "start again"
            raise TranslatorError(
                f"the loss was not finite in {MAX_BAD_STEPS} steps in a row, the last {step}; "
                f"{restart} with a lower peak_learning_rate or a smaller clip_norm"
            )
        return False

    def _after_step(self) -> None:
        """Log, validate and save if they are due.

        After a skipped step, neither validate nor save: a diverging run can then resume from an earlier checkpoint.
        """
        if self._is_log_due():
            self._log_training()
        if self._bad_steps:
            return
        if self._is_validation_due():
            self._log_validation()
        if self.run.is_save_due:
            self.run.save()

    def _finish(self) -> bool:
        """Save; if the training is complete, also log and validate the steps since the last full interval.

        Returns False if a signal arrived before all of this was done.
        """
        run, is_stopped = self.run, self.run.is_stopped
        is_logged = bool(run.window.sums) and (not is_stopped or self._is_log_due())
        if is_logged:
            self._log_training()
        if is_logged or run.saved_step != run.progress.step:  # else a resumed run would log these steps twice
            run.save()
        if self._validate is None or is_stopped or run.is_validated:
            return not is_stopped
        self._log_validation()
        if run.is_validated:
            run.save()
        return run.is_validated

    def _catch_up_on_validation(self) -> None:
        """After a resume, make up for a validation that a signal aborted, so that patience counts the same."""
        if self.run.progress.step and self._is_validation_due() and not self.run.is_validated:
            self._log_validation()

    def _is_validation_due(self) -> bool:
        return self.run.progress.step % self.config.training.validate_every_steps == 0

    def _is_log_due(self) -> bool:
        step = self.run.progress.step
        is_first = step == 1  # so that slow runs show early that they work
        return is_first or step % self.config.training.log_every_steps == 0

    def _log_training(self) -> None:
        run = self.run
        if not run.window.sums:  # every step of the window was skipped, which was logged then
            return
        seconds, share = run.progress.seconds, run.share_done
        record = {
            "step": run.progress.step,
            "epoch": run.progress.epoch,
            **run.window.figures(self._processes.sum),
            "learning_rate": self._optimizer.param_groups[0]["lr"],
            "seconds": round(seconds, 1),
            "seconds_left": round(max(0.0, seconds * (1 - share) / share), 1),
        }
        run.window = Window()
        if self._processes.is_first:
            run.log.write(record)

    def _log_validation(self) -> None:
        """Validate in the first process and keep the weights if they are the best so far; a signal aborts it."""
        if self._validate is None:
            return
        model = self._average.model if self._average else self.model
        figures: Record | None = None
        if self._processes.is_first:
            try:
                with contextlib.suppress(Interrupted), self.run.stop.interrupting():
                    figures = self._run_validation(model, self._validate)
            except Exception:
                if self._processes.count == 1:  # of several, all would have to take part in saving
                    self.run.save()
                raise
        self.run.record_validation(figures, model.state_dict())

    def _run_validation(
        self, model: TranslationModel, validate: Callable[[TranslationModel], Record]
    ) -> Record:
        model.eval()
        try:
            with torch.inference_mode():
                return validate(model)
        finally:
            self.model.train()


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


def _let_signals_in(_layer: nn.Module, _inputs: object, output: Tensor) -> None:
    """Run a little Python in every layer of the backward pass, which may take 15 seconds on a CPU.

    Python handles signals only while it executes Python code.
    """
    if output.requires_grad:
        output.register_hook(lambda _gradient: None)
