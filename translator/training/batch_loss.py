"""The loss of a batch under teacher forcing (Vaswani et al. 2017, section 5)."""

from collections.abc import Callable

import torch
from torch import Tensor

from translator.config import TrainingConfig
from translator.data.batching import Batch
from translator.machine.device import has_fast_bf16
from translator.model.interface import TranslationModel
from translator.model.loss import label_smoothed_cross_entropy


def batch_loss(
    forward: Callable[..., Tensor], model: TranslationModel, batch: Batch, training: TrainingConfig
) -> tuple[Tensor, Tensor]:
    """Return the smoothed loss and the NLL, summed over the target tokens, in nats.

    If the model also learns to predict the source, the loss includes that of the source tokens; the NLL never does.
    `forward` is `model.forward` or a wrapper of it. Matrix products run in bf16 if `training` asks for it.
    """
    device = model.device
    with torch.autocast(device.type, torch.bfloat16, enabled=training_precision(training, device) == "bf16"):
        output_BLD = forward(batch.source_BS, batch.source_keep_BS, batch.target_input_BT)

        def cross_entropy(output_BLD: Tensor, labels_BL: Tensor) -> tuple[Tensor, Tensor]:
            return label_smoothed_cross_entropy(
                output_BLD.flatten(0, 1),
                model.output_VD,
                labels_BL.flatten(),
                training.label_smoothing,
                batch.pad_id,
                model.logits_bias_V,
            )

        on_target = batch.target_output_BT.shape[1]
        loss, nll = cross_entropy(output_BLD[:, -on_target:], batch.target_output_BT)
        labels_BS = model.source_labels(batch.source_BS, batch.source_keep_BS, batch.pad_id)
        if labels_BS is not None:
            loss = loss + cross_entropy(output_BLD[:, :-on_target], labels_BS)[0]
        return loss, nll


def training_precision(training: TrainingConfig, device: torch.device) -> str:
    """Resolve "auto" for this device: "bf16" or "fp32"."""
    if training.precision == "auto":
        return "bf16" if has_fast_bf16(device) else "fp32"
    return training.precision
