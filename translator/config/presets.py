"""Named configurations, and the config.json of an earlier run."""

import json
from dataclasses import replace
from pathlib import Path

from translator.config.model import ModelConfig
from translator.config.run import Config
from translator.config.training import TrainingConfig
from translator.errors import ConfigError


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


def tiny_rnn() -> Config:
    """The baseline before the Transformer, with about as many parameters as tiny."""
    return replace(tiny(), model=_rnn(d_model=152))


def small_rnn() -> Config:
    """The baseline before the Transformer, with about as many parameters as small."""
    return replace(small(), model=_rnn(d_model=336, dropout=0.0))


def _rnn(d_model: int, dropout: float = 0.1) -> ModelConfig:
    return ModelConfig(
        architecture="rnn", d_model=d_model, heads=1, encoder_layers=2, decoder_layers=2, dropout=dropout
    )


def tiny_decoder_only() -> Config:
    """A small GPT for translation, with about as many parameters as tiny."""
    return replace(tiny(), model=_decoder_only(d_model=128, decoder_layers=7, max_positions=512))


def small_decoder_only() -> Config:
    """A small GPT for translation, with about as many parameters as small."""
    return replace(
        small(), model=_decoder_only(d_model=256, decoder_layers=9, max_positions=320, dropout=0.0)
    )


def _decoder_only(d_model: int, decoder_layers: int, max_positions: int, dropout: float = 0.1) -> ModelConfig:
    return ModelConfig(
        architecture="decoder_only", d_model=d_model, heads=4, d_ff=4 * d_model, encoder_layers=0,
        decoder_layers=decoder_layers, dropout=dropout, norm="pre", positions="learned", activation="gelu",
        max_positions=max_positions,
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


PRESETS = {
    preset.__name__.replace("_", "-"): preset
    for preset in (tiny, small, base, big, tiny_rnn, small_rnn, tiny_decoder_only, small_decoder_only)
}
