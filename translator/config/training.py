"""The settings of a training."""

import math
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from translator.config.declarations import MAY_CHANGE, BelowOne, Count, Positive, Share, require
from translator.errors import ConfigError
from translator.field_checks import check_fields

Objective = Literal["translation", "span-denoising", "causal-lm"]


@dataclass(frozen=True)
class AugmentationConfig:
    """Shares of the training pairs (0 to 1) to rewrite the way people type but corpora do not.

    A pair gets at most one of the three casings. Addresses, placeholders and tags stay as they are.
    """

    upper_case: Share = 0.0
    """Source and target in upper case; "ß" becomes "SS"."""
    title_case: Share = 0.0
    """Source In Title Case, Like A Headline; target unchanged."""
    lower_case: Share = 0.0
    """Source in lower case; target unchanged, so the model learns German capitals from the meaning."""
    no_final_punctuation: Share = 0.0
    """Source and target without a final . ! or ?"""
    typos: Share = 0.0
    """Source with one or two misspelt words; target unchanged."""

    def __post_init__(self) -> None:
        check_fields(self, ConfigError, "augmentation.")
        casings = math.fsum((self.upper_case, self.title_case, self.lower_case))
        require(
            casings <= 1,
            f"augmentation.upper_case, title_case and lower_case add up to {casings}; "
            "lower them to a sum of at most 1: a pair gets only one of them",
        )


@dataclass(frozen=True)
class TrainingConfig:
    """How a model is trained: section 5 of the paper, plus a schedule for a fixed time budget."""

    batch_tokens: Positive | Literal["auto"] = 4096
    """Largest padded size of a batch in tokens, on each side; auto splits the preset's batch to fit into memory."""
    gradient_accumulation_steps: Annotated[int, Field(ge=1, le=1000)] = 1
    """Number of batches whose gradients are summed before each update; they are all prepared together."""
    max_tokens_per_side: Positive = 256
    """Pairs that are longer on either side are left out of training."""
    label_smoothing: BelowOne = 0.1
    """Share of the target probability that is spread over the whole vocabulary (section 5.4)."""
    schedule: Literal["inverse-sqrt", "linear"] = "inverse-sqrt"
    """After the warm-up, the learning rate falls with 1/√step (the paper), or linearly to zero at the end."""
    warmup_steps: Positive = 4000
    """Number of updates in which the learning rate rises to its peak."""
    peak_learning_rate: Annotated[Annotated[float, Field(gt=0)] | None, MAY_CHANGE] = None
    """Learning rate at the end of the warm-up; None is the paper's d_model^-0.5 · warmup_steps^-0.5."""
    adam_beta1: BelowOne = 0.9
    """Decay of Adam's mean of the gradients."""
    adam_beta2: BelowOne = 0.98
    """Decay of Adam's mean of the squared gradients."""
    adam_epsilon: Annotated[float, Field(gt=0)] = 1e-9
    """Added to the denominator of Adam's update."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """Decoupled weight decay (AdamW), on matrices only."""
    clip_norm: Annotated[float, Field(ge=0), MAY_CHANGE] = 1.0
    """Clip the gradient to this norm; 0 disables clipping."""
    max_steps: Annotated[Positive | None, MAY_CHANGE] = None
    """Number of updates after which the training ends."""
    max_minutes: Annotated[Annotated[float, Field(gt=0)] | None, MAY_CHANGE] = None
    """Time limit in minutes, including validation and saving, summed over all resumed parts of the run."""
    validate_every_steps: Annotated[Positive, MAY_CHANGE] = 1000
    """Updates between two validations on the development sets."""
    save_every_steps: Annotated[Positive, MAY_CHANGE] = 1000
    """Updates between two regular checkpoints."""
    save_every_minutes: Annotated[float, Field(gt=0), MAY_CHANGE] = 30.0
    """Save an extra checkpoint if the last one is older than this; only the newest two extra ones are kept."""
    log_every_steps: Annotated[Positive, MAY_CHANGE] = 50
    """Updates between two lines of the log."""
    keep_checkpoints: Annotated[Positive, MAY_CHANGE] = 5
    """Number to keep: the newest and regular ones before it. Unless it is 1, the second newest is kept, too."""
    average_checkpoints: Annotated[Positive, MAY_CHANGE] = 1
    """Average this many of the last checkpoints into the final model (the paper: 5 for base, 20 for big)."""
    ema_decay: BelowOne = 0.0
    """Validate and keep a moving average of the weights with this decay, for example 0.999; 0 disables it."""
    patience: Annotated[Positive | None, MAY_CHANGE] = None
    """Stop after this many validations in a row without a better mean, and keep the best weights; None never stops."""
    best_by: Literal["loss", "BLEU"] = "loss"
    """The metric on the development sets that decides which weights are best."""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """Precision of matrix products; auto is bf16 if the hardware is fast with it, else fp32."""
    compile: Annotated[Literal["auto", "on", "off"], MAY_CHANGE] = "auto"
    """Whether to use torch.compile; auto uses it on a GPU only."""
    threads: Annotated[int, Field(ge=0, le=1024), MAY_CHANGE] = 0
    """Number of CPU threads; 0 leaves the choice to PyTorch, within the container's CPU quota."""
    prefetch: Annotated[Count, MAY_CHANGE] = 2
    """Prepare the batches of this many updates in a background thread; 0 prepares them between updates."""
    seed: Annotated[int, Field(ge=0, lt=1 << 63)] = 1
    """Random seed of the weights, of dropout, and of the order of the data."""
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    both_directions_epochs: Count = 0
    """In the first N epochs, every second batch is German to English: good for small corpora (Ding et al. 2021)."""
    objective: Objective = "translation"
    """Learn from pairs; or pre-train on text in one language: fill in masked spans, or predict the next token."""

    def __post_init__(self) -> None:
        check_fields(self, ConfigError)
        require(
            self.batch_tokens == "auto" or self.max_tokens_per_side <= self.batch_tokens,
            f"max_tokens_per_side {self.max_tokens_per_side} is over batch_tokens {self.batch_tokens}: "
            "the longest sentence must fit into a batch; lower max_tokens_per_side or raise batch_tokens",
        )
        require(
            self.average_checkpoints <= self.keep_checkpoints,
            f"average_checkpoints {self.average_checkpoints} is over keep_checkpoints {self.keep_checkpoints}: "
            "only kept checkpoints can be averaged; raise keep_checkpoints",
        )
        require(
            self.average_checkpoints == 1 or (not self.ema_decay and not self.patience),
            f"average_checkpoints is {self.average_checkpoints}, but ema_decay keeps the moving average, and patience "
            "the best weights; set average_checkpoints to 1, or leave out ema_decay and patience",
        )
        self._check_objective()
        require(
            self.max_steps is not None or self.max_minutes is not None,
            "neither max_steps nor max_minutes is set: training would never end; give one of them",
        )

    def _check_objective(self) -> None:
        """Refuse settings that need pairs if the objective has none."""
        if self.objective == "translation":
            return
        for name, only in (("augmentation", AugmentationConfig()), ("both_directions_epochs", 0)):
            require(
                getattr(self, name) == only,
                f"{name} changes pairs, but with objective {self.objective} there are none; leave {name} out",
            )
        require(
            self.best_by == "loss",
            f"best_by is {self.best_by}, but with objective {self.objective} nothing is translated; set it to loss",
        )
