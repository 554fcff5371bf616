"""The configuration of a model and its training: frozen dataclasses and presets.

Each setting is declared once: type, bounds, default and help. The command line and all checks follow from that.
"""

from translator.config.declarations import MAY_CHANGE
from translator.config.model import Architecture, DecoderOnlyConfig, ModelConfig, RnnConfig, Sinusoids
from translator.config.presets import PRESETS, base, big, load_config, small, tiny
from translator.config.run import (
    Config,
    changed_settings,
    fit_to_vocabulary,
    may_change,
    settings_from_dict,
)
from translator.config.training import AugmentationConfig, Objective, TrainingConfig

__all__ = [
    "MAY_CHANGE",
    "PRESETS",
    "Architecture",
    "AugmentationConfig",
    "Config",
    "DecoderOnlyConfig",
    "ModelConfig",
    "Objective",
    "RnnConfig",
    "Sinusoids",
    "TrainingConfig",
    "base",
    "big",
    "changed_settings",
    "fit_to_vocabulary",
    "load_config",
    "may_change",
    "settings_from_dict",
    "small",
    "tiny",
]
