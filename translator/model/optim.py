"""Adam with the paper's settings, and the learning-rate schedules as a pure function (section 5.3)."""

import math

import torch
from torch import nn

from translator.config import TrainingConfig

LONGEST_WARMUP = 0.2
"""With the linear schedule, the warm-up ends after this share of the training at the latest."""


def learning_rate(config: TrainingConfig, d_model: int, step: int, progress: float) -> float:
    """Return the learning rate of update `step` (from 1); `progress` is the share of the training done (0–1).

    Both schedules warm up linearly over `warmup_steps`. "inverse-sqrt" then falls with 1/√step; with the default peak
    it is the paper's d_model^-0.5 · min(step^-0.5, step · warmup_steps^-1.5) (equation 3). "linear" is capped by a
    line that falls from the peak at the start of the training to zero at its end, measured in steps or in minutes.
    Its warm-up is cut short if the training has few steps, such as a fine-tuning of a few minutes.
    """
    peak = config.peak_learning_rate or (d_model * config.warmup_steps) ** -0.5
    warm = step / config.warmup_steps
    if config.schedule == "linear":
        return peak * min(1.0, max(warm, progress / LONGEST_WARMUP), max(0.0, 1.0 - progress))
    return peak * min(1.0, warm, math.sqrt(config.warmup_steps / step))


def build_adam(model: nn.Module, config: TrainingConfig) -> torch.optim.AdamW:
    """Build Adam over all parameters; weight decay is decoupled and skips vectors (biases and LayerNorm)."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        groups, lr=0.0, betas=(config.adam_beta1, config.adam_beta2), eps=config.adam_epsilon, fused=True
    )
