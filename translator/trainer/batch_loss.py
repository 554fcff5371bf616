"""The loss of a batch under teacher forcing (Vaswani et al. 2017, section 5), optionally with R-Drop."""

from collections.abc import Callable

import torch
from torch import Tensor

from translator.batching import Batch
from translator.config import TrainingConfig
from translator.device import has_fast_bf16
from translator.loss import label_smoothed_cross_entropy
from translator.tokenizer import PAD_ID


def batch_loss(
    forward: Callable[..., Tensor], embedding_VD: Tensor, batch: Batch, training: TrainingConfig
) -> tuple[Tensor, Tensor]:
    """Return the smoothed loss (plus R-Drop's term, if on) and the NLL, summed over the target tokens, in nats.

    `forward` is `Transformer.forward` or a wrapper of it. Matrix products run in bf16 if `training` asks for it.
    """
    device = embedding_VD.device
    passes = 2 if training.r_drop else 1
    source_BS, source_keep_BS, target_input_BT, target_output_BT = (
        side.repeat_interleave(passes, dim=0) if passes > 1 else side
        for side in (batch.source_BS, batch.source_keep_BS, batch.target_input_BT, batch.target_output_BT)
    )
    with torch.autocast(device.type, torch.bfloat16, enabled=settled_precision(training, device) == "bf16"):
        output_BTD = forward(source_BS, source_keep_BS, target_input_BT)
        loss, nll = label_smoothed_cross_entropy(
            _passes_together(output_BTD, passes),
            embedding_VD,
            _passes_together(target_output_BT, passes),
            training.label_smoothing,
            PAD_ID,
            training.r_drop,
            training.softmax_pieces,
        )
    return loss / passes, nll / passes


def settled_precision(training: TrainingConfig, device: torch.device) -> str:
    """Resolve "auto" for this device: "bf16" or "fp32"."""
    if training.precision == "auto":
        return "bf16" if has_fast_bf16(device) else "fp32"
    return training.precision


def _passes_together(x_BT: Tensor, passes: int) -> Tensor:
    """Flatten sentences and positions so that the passes over one position (separate rows of `x_BT`) are adjacent."""
    return torch.unflatten(x_BT, 0, (-1, passes)).transpose(1, 2).flatten(0, 2)
