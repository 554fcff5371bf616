"""Adam as the paper sets it, and the learning-rate schedules as pure functions (section 5.3)."""

import math

import torch
from torch import nn

from translator.config import TrainingConfig

LONGEST_WARMUP = 0.2
"""Share of a training with the linear schedule after which the warm-up ends, however few steps that were."""


def learning_rate(config: TrainingConfig, d_model: int, step: int, progress: float) -> float:
    """The rate of update number `step` (from 1), when the share `progress` (0–1) of the training is behind.

    Both schedules rise linearly, as if to reach the peak after `warmup_steps`. "inverse-sqrt" does, and then falls with
    1/√step; with the default peak it is the paper's d_model^-0.5 · min(step^-0.5, step · warmup_steps^-1.5)
    (equation 3). "linear" stays below a line that falls from the peak at the beginning to zero at the end of the
    training, be that counted in steps or in minutes; its warm-up is cut short in a training of few steps, such as a
    fine-tuning of minutes.
    """
    peak = config.peak_learning_rate or (d_model * config.warmup_steps) ** -0.5
    warm = step / config.warmup_steps
    if config.schedule == "linear":
        return peak * min(1.0, max(warm, progress / LONGEST_WARMUP), max(0.0, 1.0 - progress))
    return peak * min(1.0, warm, math.sqrt(config.warmup_steps / step))


def build_adam(model: nn.Module, config: TrainingConfig) -> torch.optim.AdamW:
    """Adam over all parameters; weight decay, if any, is decoupled and spares vectors (biases and LayerNorm)."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        groups, lr=0.0, betas=(config.adam_beta1, config.adam_beta2), eps=config.adam_epsilon, fused=True
    )
