"""The configuration of a model and its training: frozen dataclasses and four presets.

Each setting is declared once: type, bounds, default and help. The command line and all checks follow from that.
"""

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, get_type_hints

from pydantic import Field

from translator.errors import ConfigError
from translator.field_checks import check_fields

Settings = TypeVar("Settings")
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]
Sinusoids = Literal["paper", "marian", "fairseq"]
MAY_CHANGE = "may change when a run is resumed"
"""Marks the settings that you may change when you resume a run."""


@dataclass(frozen=True)
class ModelConfig:
    """The architecture: everything needed to build the network (Vaswani et al. 2017, section 3)."""

    vocab_size: Count = 0
    """Number of pieces in the tokenizer; 0 until the tokenizer is known."""
    d_model: Positive = 512
    """Width of the embeddings and of all layers; even, and divisible by heads."""
    heads: Positive = 8
    """Attention heads of each layer."""
    d_ff: Positive = 2048
    """Inner width of the feed-forward networks."""
    encoder_layers: Positive = 6
    """Number of encoder layers."""
    decoder_layers: Positive = 6
    """Number of decoder layers."""
    dropout: BelowOne = 0.1
    """Applied to the embeddings and to the output of every sub-layer (section 5.4)."""
    attention_dropout: BelowOne = 0.0
    """Applied to the attention weights."""
    norm: Literal["post", "pre"] = "post"
    """Where LayerNorm is applied: after each residual sum (post, as in the paper) or before each sub-layer (pre)."""
    positions: Literal["sinusoidal", "learned"] = "sinusoidal"
    """How positions are encoded (section 3.5)."""
    activation: Literal["relu", "gelu", "swish"] = "relu"
    """Non-linearity of the feed-forward networks; swish is x · sigmoid(x), also called SiLU."""
    max_positions: Positive = 1024
    """Longest sequence in tokens; a hard limit for learned positions, a table size for sinusoidal ones."""
    decoder_d_ff: Count = 0
    """Inner width of the decoder's feed-forward networks; 0 is d_ff (the paper)."""
    attention_bias: bool = False
    """Add a bias to the four projections of each attention; the paper's have none."""
    sinusoids: Sinusoids = "paper"
    """Sine and cosine by turns (the paper), all sines first (Marian), or that with fairseq's wavelengths."""
    first_position: Count = 0
    """Number of the first position of a sequence; fairseq counts from 2."""
    embeddings: Literal["shared", "output-tied", "separate"] = "shared"
    """One matrix for source, target and output (the paper), one for the source, one for the others, or three."""
    logits_bias: bool = False
    """Add a bias to the logits; the paper's have none."""

    def __post_init__(self) -> None:
        check_fields(self, ConfigError)
        self._check_positions()
        _require(
            self.d_model % self.heads == 0,
            f"d_model {self.d_model} is not divisible by heads {self.heads}: each head gets d_model / heads "
            f"dimensions; choose for example heads {_nearest_divisor(self.d_model, self.heads)}",
        )
        _require(
            self.d_model % 2 == 0,
            f"d_model is {self.d_model}; sine and cosine positions come in pairs: give an even number",
        )

    def _check_positions(self) -> None:
        """Refuse settings of positions that no model has together."""
        if self.positions == "learned":
            for name, only in (("sinusoids", "paper"), ("first_position", 0), ("embeddings", "shared")):
                _require(
                    getattr(self, name) == only,
                    f"{name} is {getattr(self, name)!r}, but positions are learned; "
                    f"give {only!r}, or set positions to sinusoidal",
                )
        _require(
            self.sinusoids != "fairseq" or self.d_model >= 4,
            f"d_model is {self.d_model}; fairseq's wavelengths need at least 4",
        )


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
        _require(
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

    def __post_init__(self) -> None:
        check_fields(self, ConfigError)
        _require(
            self.batch_tokens == "auto" or self.max_tokens_per_side <= self.batch_tokens,
            f"max_tokens_per_side {self.max_tokens_per_side} is over batch_tokens {self.batch_tokens}: "
            "the longest sentence must fit into a batch; lower max_tokens_per_side or raise batch_tokens",
        )
        _require(
            self.average_checkpoints <= self.keep_checkpoints,
            f"average_checkpoints {self.average_checkpoints} is over keep_checkpoints {self.keep_checkpoints}: "
            "only kept checkpoints can be averaged; raise keep_checkpoints",
        )
        _require(
            self.average_checkpoints == 1 or (not self.ema_decay and not self.patience),
            f"average_checkpoints is {self.average_checkpoints}, but ema_decay keeps the moving average, and patience "
            "the best weights; set average_checkpoints to 1, or leave out ema_decay and patience",
        )
        _require(
            self.max_steps is not None or self.max_minutes is not None,
            "neither max_steps nor max_minutes is set: training would never end; give one of them",
        )


@dataclass(frozen=True)
class Config:
    """A model and its training."""

    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        longest, positions = self.training.max_tokens_per_side, self.model.max_positions
        _require(
            self.model.positions == "sinusoidal" or longest <= positions,
            f"max_tokens_per_side {longest} is over the {positions} learned positions; "
            f"lower it, or raise max_positions",
        )

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain dictionaries, ready for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild from the output of `to_dict`; raises ConfigError on unknown keys and invalid values."""
        return settings_from_dict(cls, values, "configuration")


def settings_from_dict(kind: type[Settings], values: Mapping[str, Any], where: str) -> Settings:
    """Build a dataclass of settings, read from JSON; raises ConfigError on unknown keys and invalid values.

    Settings that are missing, as in files of older versions, get their defaults. `where` names the dataclass in errors.
    """
    _require(isinstance(values, Mapping), f"{where} is {values!r}; it must be a JSON object")
    hints = get_type_hints(kind)
    for key in values:
        _require(key in hints, f"unknown key {key!r} in {where}; known keys: {', '.join(hints)}")
    return kind(**{
        key: settings_from_dict(hints[key], value, f"{where}.{key}") if dataclasses.is_dataclass(hints[key]) else value
        for key, value in values.items()
    })  # fmt: skip


def may_change(kind: type) -> set[str]:
    """Return the names of the settings that may change when a run is resumed."""
    hints = get_type_hints(kind, include_extras=True)
    return {name for name, hint in hints.items() if MAY_CHANGE in getattr(hint, "__metadata__", ())}


def changed_settings(settings: Any, saved: Any, prefix: str = "") -> Iterator[tuple[str, Any, Any, bool]]:
    """Yield each setting that differs: its dotted name, its value, the saved value, and whether it may change.

    Both are instances of the same dataclass. Settings of nested dataclasses are compared one by one.
    """
    free = may_change(type(settings))
    for one in dataclasses.fields(settings):
        name, value, before = f"{prefix}{one.name}", getattr(settings, one.name), getattr(saved, one.name)
        if dataclasses.is_dataclass(value):
            yield from changed_settings(value, before, f"{name}.")
        elif value != before:
            yield name, value, before, one.name in free


def load_config(preset_or_path: str) -> Config:
    """Load a preset by name, or the config.json of a training run; raises ConfigError if it is neither."""
    if preset_or_path in PRESETS:
        return PRESETS[preset_or_path]()
    try:
        return Config.from_dict(json.loads(Path(preset_or_path).read_text(encoding="utf-8")))
    except ConfigError as error:
        raise ConfigError(f"{preset_or_path} is not the config.json of a training run: {error}") from error
    except (OSError, ValueError) as error:
        presets = ", ".join(PRESETS)
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(
            f"{preset_or_path} is neither a preset ({presets}) nor a saved config.json: {reason}"
        ) from error


def fit_to_vocabulary(config: ModelConfig, vocab_size: int) -> ModelConfig:
    """Set the vocabulary size to the tokenizer's; raises ConfigError if it was set to a different size."""
    _require(
        config.vocab_size in (0, vocab_size),
        f"vocab_size is {config.vocab_size}, but the tokenizer of the prepared data has {vocab_size} pieces; "
        "set it to 0 to use the tokenizer's size",
    )
    return replace(config, vocab_size=vocab_size)


def tiny() -> Config:
    """A model for demos, tests and very small corpora (the size used for Multi30k)."""
    return Config(
        ModelConfig(d_model=128, heads=4, d_ff=256, encoder_layers=4, decoder_layers=4, norm="pre"),
        TrainingConfig(schedule="linear", warmup_steps=400, peak_learning_rate=3e-3, max_steps=8_000),
    )


def small() -> Config:
    """A model that two CPU cores train in two hours: a deep encoder (cheap) and a shallow decoder (fast)."""
    return Config(
        ModelConfig(
            d_model=256, heads=4, d_ff=1024, encoder_layers=6, decoder_layers=2, dropout=0.0, norm="pre",
        ),
        TrainingConfig(
            batch_tokens=3072, max_tokens_per_side=160, schedule="linear", warmup_steps=500,
            peak_learning_rate=2e-3, max_minutes=120,
        ),
    )  # fmt: skip


def base() -> Config:
    """The paper's base model and training: 100,000 steps of 25,000 tokens (sections 5.2–5.4, table 3)."""
    return Config(
        ModelConfig(),
        TrainingConfig(batch_tokens=25_000, max_steps=100_000, average_checkpoints=5),
    )


def big() -> Config:
    """The paper's big model and training: 300,000 steps (section 5.2, table 3)."""
    return Config(
        ModelConfig(d_model=1024, heads=16, d_ff=4096, dropout=0.3),
        TrainingConfig(batch_tokens=25_000, max_steps=300_000, keep_checkpoints=20, average_checkpoints=20),
    )


PRESETS = {preset.__name__: preset for preset in (tiny, small, base, big)}


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ConfigError(message)


def _nearest_divisor(number: int, wanted: int) -> int:
    return min((d for d in range(1, number + 1) if number % d == 0), key=lambda d: abs(d - wanted))
