"""The configuration of a model and its training: validated, frozen dataclasses and four presets."""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self, get_args, get_origin, get_type_hints

from translator.errors import ConfigError

MAX_THREADS = 1024
"""More than this is a mistake: the system could not start them."""
MAX_ACCUMULATION_STEPS = 1000
"""More than this is a mistake and fills the memory: all batches of an update are prepared together."""


@dataclass(frozen=True)
class ModelConfig:
    """The architecture: everything needed to build the network (Vaswani et al. 2017, section 3)."""

    vocab_size: int = 0
    """Number of pieces in the tokenizer; 0 until the tokenizer is known."""
    d_model: int = 512
    heads: int = 8
    d_ff: int = 2048
    encoder_layers: int = 6
    decoder_layers: int = 6
    dropout: float = 0.1
    """Applied to the embeddings and to the output of every sub-layer (section 5.4)."""
    attention_dropout: float = 0.0
    norm: Literal["post", "pre"] = "post"
    """Where LayerNorm is applied: after each residual sum (post, as in the paper) or before each sub-layer (pre)."""
    positions: Literal["sinusoidal", "learned"] = "sinusoidal"
    activation: Literal["relu", "gelu"] = "relu"
    max_positions: int = 1024
    """Longest sequence in tokens; a hard limit for learned positions, a table size for sinusoidal ones."""

    def __post_init__(self) -> None:
        for name in ("d_model", "heads", "d_ff", "encoder_layers", "decoder_layers", "max_positions"):
            _require(getattr(self, name) >= 1, f"{name} is {getattr(self, name)}; give 1 or more")
        _require(self.vocab_size >= 0, f"vocab_size is {self.vocab_size}; give 0 (not known yet) or more")
        _require(
            self.d_model % self.heads == 0,
            f"d_model {self.d_model} is not divisible by heads {self.heads}: each head gets d_model / heads "
            f"dimensions; choose for example heads {_nearest_divisor(self.d_model, self.heads)}",
        )
        _require(
            self.d_model % 2 == 0,
            f"d_model is {self.d_model}; sine and cosine positions come in pairs: give an even number",
        )
        for name in ("dropout", "attention_dropout"):
            _require(
                0 <= getattr(self, name) < 1,
                f"{name} is {getattr(self, name)}; give 0 up to, not including, 1",
            )
        _require_choice("norm", self.norm, ("post", "pre"))
        _require_choice("positions", self.positions, ("sinusoidal", "learned"))
        _require_choice("activation", self.activation, ("relu", "gelu"))


@dataclass(frozen=True)
class AugmentationConfig:
    """Shares of the training pairs (0 to 1) to rewrite the way people type but corpora do not.

    A pair gets at most one of the three casings. Addresses, placeholders and tags stay as they are.
    """

    upper_case: float = 0.0
    """Source and target in upper case; "ß" becomes "SS"."""
    title_case: float = 0.0
    """Source In Title Case, Like A Headline; target unchanged."""
    lower_case: float = 0.0
    """Source in lower case; target unchanged, so the model learns German capitals from the meaning."""
    no_final_punctuation: float = 0.0
    """Source and target without a final . ! or ?"""
    typos: float = 0.0
    """Source with one or two misspelt words; target unchanged."""

    def __post_init__(self) -> None:
        for name, rate in dataclasses.asdict(self).items():
            _require(0 <= rate <= 1, f"augmentation.{name} is {rate}; give 0 to 1")
        casings = math.fsum((self.upper_case, self.title_case, self.lower_case))
        _require(
            casings <= 1,
            f"augmentation.upper_case, title_case and lower_case add up to {casings}; "
            "lower them to a sum of at most 1: a pair gets only one of them",
        )


@dataclass(frozen=True)
class TrainingConfig:
    """How a model is trained: section 5 of the paper, plus a schedule for a fixed time budget."""

    batch_tokens: int | Literal["auto"] = 4096
    """Largest padded size of a batch, in tokens, on the source side and on the target side. auto splits the preset's
    batch into as few accumulated batches as fit in memory."""
    gradient_accumulation_steps: int = 1
    """Number of batches whose gradients are summed before each update."""
    max_tokens_per_side: int = 256
    """Pairs that are longer on either side are left out of training."""
    label_smoothing: float = 0.1
    schedule: Literal["inverse-sqrt", "linear"] = "inverse-sqrt"
    """Learning rate after the warm-up: falls with the inverse square root of the step (the paper), or falls linearly
    and reaches zero at max_steps or max_minutes."""
    warmup_steps: int = 4000
    peak_learning_rate: float | None = None
    """Learning rate at the end of the warm-up; None is the paper's d_model^-0.5 · warmup_steps^-0.5."""
    adam_beta1: float = 0.9
    adam_beta2: float = 0.98
    adam_epsilon: float = 1e-9
    weight_decay: float = 0.0
    """Decoupled weight decay (AdamW), on matrices only."""
    clip_norm: float = 1.0
    """Clip the gradient to this norm; 0 disables clipping."""
    max_steps: int | None = None
    max_minutes: float | None = None
    """Time limit in minutes, including validation and saving, summed over all resumed parts of the run."""
    validate_every_steps: int = 1000
    save_every_steps: int = 1000
    save_every_minutes: float = 30.0
    """Save an extra checkpoint if the last one is older than this; only the newest two extra ones are kept."""
    log_every_steps: int = 50
    keep_checkpoints: int = 5
    """How many to keep: the newest and the regular ones before it. Unless this is 1, the second newest is always kept
    as well."""
    average_checkpoints: int = 1
    """Average this many of the last checkpoints into the final model (the paper: 5 for base, 20 for big)."""
    ema_decay: float = 0.0
    """Decay of an exponential moving average of the weights, for example 0.999. The average is validated and kept
    instead of the last weights; 0 disables it."""
    patience: int | None = None
    """Stop after this many validations in a row without a better mean over the development sets, and keep the best
    weights; None never stops early."""
    best_by: Literal["loss", "BLEU"] = "loss"
    """The metric on the development sets that decides which weights are best."""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """Precision of matrix products; auto is bf16 if the hardware is fast with it, else fp32."""
    compile: Literal["auto", "on", "off"] = "auto"
    """Whether to use torch.compile; auto uses it on a GPU only."""
    threads: int = 0
    """Number of CPU threads; 0 leaves the choice to PyTorch, within the container's CPU quota."""
    prefetch: int = 2
    """Prepare the batches of this many updates in a background thread; 0 prepares them between updates."""
    seed: int = 1
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    both_directions_epochs: int = 0
    """For the first N epochs, every second batch is German to English, which gets more out of a small corpus (Ding et
    al. 2021, who do so for a third of the training). The finished model still translates from English only."""

    def __post_init__(self) -> None:
        self._check_each()
        self._check_together()

    def _check_each(self) -> None:
        for name in (
            "gradient_accumulation_steps", "max_tokens_per_side", "warmup_steps", "validate_every_steps",
            "save_every_steps", "log_every_steps", "keep_checkpoints", "average_checkpoints",
        ):  # fmt: skip
            _require(getattr(self, name) >= 1, f"{name} is {getattr(self, name)}; give 1 or more")
        for name, value in vars(self).items():
            _require(
                not isinstance(value, float) or math.isfinite(value),
                f"{name} is {value}; give a finite number",
            )
        _require(self.adam_epsilon > 0, f"adam_epsilon is {self.adam_epsilon}; give more than 0")
        _require(0 <= self.seed < 1 << 63, f"seed is {self.seed}; give 0 up to, not including, 2^63")
        for name, most in (("threads", MAX_THREADS), ("gradient_accumulation_steps", MAX_ACCUMULATION_STEPS)):
            _require(getattr(self, name) <= most, f"{name} is {getattr(self, name)}; give at most {most}")
        for name in ("label_smoothing", "adam_beta1", "adam_beta2", "ema_decay"):
            _require(
                0 <= getattr(self, name) < 1,
                f"{name} is {getattr(self, name)}; give 0 up to, not including, 1",
            )
        for name in ("weight_decay", "clip_norm", "threads", "prefetch", "both_directions_epochs"):
            _require(getattr(self, name) >= 0, f"{name} is {getattr(self, name)}; give 0 or more")
        for name in ("peak_learning_rate", "max_steps", "max_minutes", "patience"):
            value = getattr(self, name)
            _require(value is None or value > 0, f"{name} is {value}; give more than 0, or leave it out")
        _require(
            self.save_every_minutes > 0, f"save_every_minutes is {self.save_every_minutes}; give more than 0"
        )
        _require(
            self.batch_tokens == "auto"
            or (not isinstance(self.batch_tokens, str) and self.batch_tokens >= 1),
            f"batch_tokens is {self.batch_tokens}; give 1 or more, or auto",
        )
        _require_choice("best_by", self.best_by, ("loss", "BLEU"))
        _require_choice("schedule", self.schedule, ("inverse-sqrt", "linear"))
        _require_choice("precision", self.precision, ("auto", "bf16", "fp32"))
        _require_choice("compile", self.compile, ("auto", "on", "off"))

    def _check_together(self) -> None:
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
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(max_steps=100_000))

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
        """Rebuild from the output of `to_dict`; raises ConfigError on unknown keys."""
        _require(isinstance(values, Mapping), f"the configuration is {values!r}; it must be a JSON object")
        for key in values:
            known = key in ("model", "training")
            _require(known, f"unknown key {key!r} in the configuration; known keys: model, training")
        return cls(
            model=model_config_from_dict(values.get("model", {})),
            training=training_config_from_dict(values.get("training", {})),
        )


def model_config_from_dict(values: Mapping[str, Any]) -> ModelConfig:
    """Build a ModelConfig; raises ConfigError on unknown keys and values of the wrong type."""
    check_fields("model configuration", values, ModelConfig)
    return ModelConfig(**values)


def training_config_from_dict(values: Mapping[str, Any]) -> TrainingConfig:
    """Build a TrainingConfig; raises ConfigError on unknown keys and values of the wrong type."""
    check_fields("training configuration", values, TrainingConfig)
    augmentation = values.get("augmentation", {})  # missing in older configurations
    check_fields("augmentation of the training configuration", augmentation, AugmentationConfig)
    return TrainingConfig(**{**values, "augmentation": AugmentationConfig(**augmentation)})


def check_fields(what: str, values: Mapping[str, Any], known: type) -> None:
    """Raise ConfigError if `values`, read from JSON, do not match the fields of the dataclass `known`."""
    _require(isinstance(values, Mapping), f"the {what} is {values!r}; it must be a JSON object")
    types = get_type_hints(known)
    for key, value in values.items():
        _require(key in types, f"unknown key {key!r} in the {what}; known keys: {', '.join(types)}")
        allowed = _json_types(types[key])
        _require(type(value) in allowed, f"{key} is {value!r} in the {what}; its type must be {types[key]}")


def _json_types(annotation: Any) -> tuple[type, ...]:
    """The JSON types a field accepts: an integer counts as a float, a choice is a string."""
    if dataclasses.is_dataclass(annotation):
        return (dict,)
    if get_origin(annotation) is Literal:
        return (str,)
    parts = [str if get_origin(part) is Literal else part for part in get_args(annotation) or (annotation,)]
    return (*parts, int) if float in parts else tuple(parts)


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


def _require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    _require(value in choices, f"{name} is {value!r}; choose one of {', '.join(choices)}")


def _nearest_divisor(number: int, wanted: int) -> int:
    return min((d for d in range(1, number + 1) if number % d == 0), key=lambda d: abs(d - wanted))
