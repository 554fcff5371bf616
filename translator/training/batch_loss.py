"""The loss of a batch under teacher forcing (Vaswani et al. 2017, section 5)."""

from collections.abc import Callable

import torch
from torch import Tensor

from translator.config import TrainingConfig
from translator.data.batching import Batch
from translator.machine.device import has_fast_bf16
from translator.model.loss import label_smoothed_cross_entropy
from translator.model.transformer import Transformer


def batch_loss(
    forward: Callable[..., Tensor], model: Transformer, batch: Batch, training: TrainingConfig
) -> tuple[Tensor, Tensor]:
    """Return the smoothed loss and the NLL, summed over the target tokens, in nats.

    `forward` is `model.forward` or a wrapper of it. Matrix products run in bf16 if `training` asks for it.
    """
    device = model.output_VD.device
    with torch.autocast(device.type, torch.bfloat16, enabled=training_precision(training, device) == "bf16"):
        output_BTD = forward(batch.source_BS, batch.source_keep_BS, batch.target_input_BT)
        return label_smoothed_cross_entropy(
            output_BTD.flatten(0, 1),
            model.output_VD,
            batch.target_output_BT.flatten(),
            training.label_smoothing,
            batch.pad_id,
            model.logits_bias_V,
        )


def training_precision(training: TrainingConfig, device: torch.device) -> str:
    """Resolve "auto" for this device: "bf16" or "fp32"."""
    if training.precision == "auto":
        return "bf16" if has_fast_bf16(device) else "fp32"
    return training.precision
