"""What a model and its training look like: frozen dataclasses, the four presets, and their validation."""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self, get_args, get_origin, get_type_hints

from translator.errors import ConfigError

MAX_THREADS = 1024
"""More are a mistake, and the system cannot start them."""
MAX_ACCUMULATED_BATCHES = 1000
"""More are a mistake, and fill the memory: those of an update are made ready together."""


@dataclass(frozen=True)
class ModelConfig:
    """The architecture (Vaswani et al. 2017, section 3), all that is needed to build the network."""

    vocab_size: int = 0
    """Pieces of the tokenizer; 0 until the tokenizer is known."""
    d_model: int = 512
    heads: int = 8
    d_ff: int = 2048
    encoder_layers: int = 6
    decoder_layers: int = 6
    dropout: float = 0.1
    """On embeddings and on the output of every sub-layer (section 5.4)."""
    attention_dropout: float = 0.0
    norm: Literal["post", "pre"] = "post"
    """Where LayerNorm stands: after each residual sum (the paper) or before each sub-layer."""
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
            f"d_model {self.d_model} is not divisible by heads {self.heads}: every head gets d_model / heads "
            f"dimensions; choose for example heads {_nearest_divisor(self.d_model, self.heads)}",
        )
        _require(
            self.d_model % 2 == 0,
            f"d_model is {self.d_model}; sine and cosine come in pairs: give an even number",
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
    """Shares of the training pairs, 0 to 1, that are shown in a form in which people write but corpora do not.

    At most one of the three casings hits a pair; addresses, placeholders and tags stay as they are.
    """

    upper_case: float = 0.0
    """Source and target in capitals; "ß" becomes "SS"."""
    title_case: float = 0.0
    """Source With Capitals Like A Headline, target as it is."""
    lower_case: float = 0.0
    """Source in small letters, target as it is: the meaning decides which German words have a capital."""
    no_final_punctuation: float = 0.0
    """Source and target without the . ! ? at their ends."""
    typos: float = 0.0
    """Source with one or two misspelt words."""

    def __post_init__(self) -> None:
        for name, rate in dataclasses.asdict(self).items():
            _require(0 <= rate <= 1, f"augmentation.{name} is {rate}; give 0 to 1")
        casings = math.fsum((self.upper_case, self.title_case, self.lower_case))
        _require(
            casings <= 1,
            f"upper_case, title_case and lower_case of the augmentation add up to {casings}; "
            "lower them to at most 1 together: a pair gets one of them",
        )


@dataclass(frozen=True)
class TrainingConfig:
    """How a model is trained (section 5 of the paper, and a schedule for a fixed time)."""

    batch_tokens: int | Literal["auto"] = 4096
    """Largest padded size of a batch, in tokens, on the source and on the target side; auto splits the preset's
    into as few batches, accumulated, as the memory makes necessary."""
    accumulate_batches: int = 1
    """Batches whose gradients are added up before one update."""
    max_tokens_per_side: int = 256
    """Longer pairs are left out of training."""
    label_smoothing: float = 0.1
    schedule: Literal["inverse-sqrt", "linear"] = "inverse-sqrt"
    """After the warm-up: fall with the inverse square root of the step (the paper), or fall linearly to zero
    at the end of max_steps or max_minutes."""
    warmup_steps: int = 4000
    peak_learning_rate: float | None = None
    """Reached at the end of the warm-up; None is the paper's d_model^-0.5 · warmup_steps^-0.5."""
    adam_beta1: float = 0.9
    adam_beta2: float = 0.98
    adam_epsilon: float = 1e-9
    weight_decay: float = 0.0
    """Decoupled (AdamW), on matrices only."""
    clip_norm: float = 1.0
    """Largest norm of the gradient; 0 switches clipping off."""
    max_steps: int | None = None
    max_minutes: float | None = None
    """Minutes spent in training, validation and saving, over all resumed parts."""
    validate_every_steps: int = 1000
    save_every_steps: int = 1000
    save_every_minutes: float = 30.0
    """Where so many steps take longer, checkpoints in between; of these only the newest two stay."""
    log_every_steps: int = 50
    keep_checkpoints: int = 5
    """The newest, the regular ones before it, and where those are not the last two, one more in between."""
    average_checkpoints: int = 1
    """How many of the last checkpoints are averaged into the final model (the paper: 5 for base, 20 for big)."""
    ema_decay: float = 0.0
    """Decay of a moving average of the weights, 0.999 for example, which is validated and kept in place of the
    last weights; 0 is none."""
    patience: int | None = None
    """Validations in a row without a better mean of the development sets after which training ends, and the best
    weights are kept; None never ends it."""
    best_by: Literal["loss", "BLEU"] = "loss"
    """The figure of the development sets that tells which weights are the best."""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """auto: bf16 matrix products where the processor has them, else fp32."""
    compile: Literal["auto", "on", "off"] = "auto"
    """torch.compile; auto: on a GPU only."""
    threads: int = 0
    """CPU threads; 0 leaves PyTorch's choice, within the quota of a container."""
    read_ahead_updates: int = 2
    """Updates whose batches a thread makes ready while the model computes; 0 makes them in between."""
    seed: int = 1
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    softmax_pieces: int = 0
    """In training, so many pieces stand for the whole vocabulary in the softmax: all among the batch's targets, and
    others drawn at random (Jean et al. 2015). For small models, of whose time the softmax takes the largest part: with
    2000 of 10,000 an update of `tiny` takes 0.7 of its time on a CPU. The last part of a training is better without.
    0 is the softmax over all."""
    both_directions_epochs: int = 0
    """In so many epochs, the first ones, every second batch is German to English (Ding et al. 2021, who take a third of
    the training): a small corpus then teaches more. The finished model translates from English only."""
    r_drop: float = 0.0
    """Weight of R-Drop (Wu et al. 2021, who take 5): each batch passes twice, with different dropout, and the two
    predictions are drawn towards each other. Helps small corpora, and doubles the time of an update; 0 is off."""

    def __post_init__(self) -> None:
        self._check_each()
        self._check_together()

    def _check_each(self) -> None:
        for name in (
            "accumulate_batches", "max_tokens_per_side", "warmup_steps", "validate_every_steps",
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
        for name, most in (("threads", MAX_THREADS), ("accumulate_batches", MAX_ACCUMULATED_BATCHES)):
            _require(getattr(self, name) <= most, f"{name} is {getattr(self, name)}; give at most {most}")
        for name in ("label_smoothing", "adam_beta1", "adam_beta2", "ema_decay"):
            _require(
                0 <= getattr(self, name) < 1,
                f"{name} is {getattr(self, name)}; give 0 up to, not including, 1",
            )
        for name in (
            "weight_decay", "clip_norm", "threads", "read_ahead_updates", "r_drop", "both_directions_epochs",
            "softmax_pieces",
        ):  # fmt: skip
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
            "the longest sentence must fit into a batch",
        )
        _require(
            self.average_checkpoints <= self.keep_checkpoints,
            f"average_checkpoints {self.average_checkpoints} is over keep_checkpoints {self.keep_checkpoints}: "
            "only kept checkpoints can be averaged",
        )
        _require(
            self.average_checkpoints == 1 or (not self.ema_decay and not self.patience),
            f"average_checkpoints is {self.average_checkpoints}, but ema_decay keeps the moving average, and patience "
            "the best weights; set average_checkpoints to 1, or leave the others out",
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
        _require(
            not self.training.r_drop or self.model.dropout > 0 or self.model.attention_dropout > 0,
            f"r_drop is {self.training.r_drop}, but without dropout both passes are the same; "
            "set dropout, 0.3 for example, or r_drop to 0",
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries, fit for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild from `to_dict`; unknown keys raise ConfigError."""
        _require(isinstance(values, Mapping), f"the configuration is {values!r}; it must be a JSON object")
        for key in values:
            known = key in ("model", "training")
            _require(known, f"unknown key {key!r} in the configuration; known keys: model, training")
        return cls(
            model=model_config_from_dict(values.get("model", {})),
            training=training_config_from_dict(values.get("training", {})),
        )


def model_config_from_dict(values: Mapping[str, Any]) -> ModelConfig:
    """Build a ModelConfig; ConfigError on unknown keys and values of a wrong type."""
    check_fields("model configuration", values, ModelConfig)
    return ModelConfig(**values)


def training_config_from_dict(values: Mapping[str, Any]) -> TrainingConfig:
    """Build a TrainingConfig; ConfigError on unknown keys and values of a wrong type."""
    check_fields("training configuration", values, TrainingConfig)
    augmentation = values.get("augmentation", {})  # older configurations have none
    check_fields("augmentation of the training configuration", augmentation, AugmentationConfig)
    return TrainingConfig(**{**values, "augmentation": AugmentationConfig(**augmentation)})


def check_fields(what: str, values: Mapping[str, Any], known: type) -> None:
    """Raise ConfigError when `values`, read from JSON, do not fit the fields of the dataclass `known`."""
    _require(isinstance(values, Mapping), f"the {what} is {values!r}; it must be a JSON object")
    types = get_type_hints(known)
    for key, value in values.items():
        _require(key in types, f"unknown key {key!r} in the {what}; known keys: {', '.join(types)}")
        allowed = _json_types(types[key])
        _require(type(value) in allowed, f"{key} is {value!r} in the {what}; its type must be {types[key]}")


def _json_types(annotation: Any) -> tuple[type, ...]:
    """The types that JSON may give for a field: a whole number for a float, a string for a choice."""
    if dataclasses.is_dataclass(annotation):
        return (dict,)
    if get_origin(annotation) is Literal:
        return (str,)
    parts = [str if get_origin(part) is Literal else part for part in get_args(annotation) or (annotation,)]
    return (*parts, int) if float in parts else tuple(parts)


def load_config(preset_or_path: str) -> Config:
    """A preset by its name, or the config.json that a training run left in its folder; raises ConfigError."""
    if preset_or_path in PRESETS:
        return PRESETS[preset_or_path]()
    try:
        return Config.from_dict(json.loads(Path(preset_or_path).read_text(encoding="utf-8")))
    except ConfigError as error:
        raise ConfigError(f"{preset_or_path} is no config.json of a training run: {error}") from error
    except (OSError, ValueError) as error:
        presets = ", ".join(PRESETS)
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(
            f"{preset_or_path} is neither a preset ({presets}) nor a saved config.json: {reason}"
        ) from error


def fit_to_vocabulary(config: ModelConfig, vocab_size: int) -> ModelConfig:
    """The same architecture for a tokenizer of `vocab_size` pieces; ConfigError when it was set to another size."""
    _require(
        config.vocab_size in (0, vocab_size),
        f"vocab_size is {config.vocab_size}, but the tokenizer of the prepared data has {vocab_size} pieces; "
        "set it to 0, which takes the tokenizer's",
    )
    return replace(config, vocab_size=vocab_size)


def tiny() -> Config:
    """A model for demonstrations, tests and very small corpora (the size used for Multi30k)."""
    return Config(
        ModelConfig(d_model=128, heads=4, d_ff=256, encoder_layers=4, decoder_layers=4, norm="pre"),
        TrainingConfig(schedule="linear", warmup_steps=400, peak_learning_rate=3e-3, max_steps=8_000),
    )


def small() -> Config:
    """What two CPU cores train in two hours: a deep encoder, which is cheap, and a shallow decoder, which is fast."""
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


def _nearest_divisor(number: int, wish: int) -> int:
    return min((d for d in range(1, number + 1) if number % d == 0), key=lambda d: abs(d - wish))
