"""A model and its training together, and how settings are read and compared."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar, get_type_hints

from translator.config.declarations import MAY_CHANGE, require
from translator.config.model import ModelConfig
from translator.config.training import TrainingConfig

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class Config:
    """A model and its training."""

    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        longest, positions = self.training.max_tokens_per_side, self.model.max_positions
        if self.model.architecture == "decoder_only":
            positions //= 2  # source and target are one sequence
        require(
            self.model.positions == "sinusoidal" or longest <= positions,
            f"max_tokens_per_side {longest} is over the {positions} learned positions of a side; "
            f"lower it, or raise max_positions",
        )
        self._check_objective()

    def _check_objective(self) -> None:
        """Refuse an objective that does not fit the architecture."""
        architecture, objective = self.model.architecture, self.training.objective
        is_decoder_only = architecture == "decoder_only"
        require(
            objective != "span-denoising" or not is_decoder_only,
            "objective span-denoising needs an encoder to read the text with its gaps, and the architecture "
            f"{architecture} has none; set objective to causal-lm, or choose another preset",
        )
        require(
            objective != "causal-lm" or is_decoder_only,
            f"objective causal-lm would leave the encoder of the architecture {architecture} untrained; set objective "
            "to span-denoising, or choose a decoder-only preset",
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
    require(isinstance(values, Mapping), f"{where} is {values!r}; it must be a JSON object")
    hints = get_type_hints(kind)
    for key in values:
        require(key in hints, f"unknown key {key!r} in {where}; known keys: {', '.join(hints)}")
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


def fit_to_vocabulary(config: ModelConfig, vocab_size: int) -> ModelConfig:
    """Set the vocabulary size to the tokenizer's; raises ConfigError if it was set to a different size."""
    require(
        config.vocab_size in (0, vocab_size),
        f"vocab_size is {config.vocab_size}, but the tokenizer of the prepared data has {vocab_size} pieces; "
        "set it to 0 to use the tokenizer's size",
    )
    return replace(config, vocab_size=vocab_size)
