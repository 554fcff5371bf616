"""Label-smoothed cross-entropy (Vaswani et al. 2017, section 5.4) on the shared embedding.

With N target positions and V pieces the logits are the largest tensor of the whole training step. They are
never held at once: a chunk of rows is projected, turned into its share of the loss *and of the gradient*, and
dropped. Nothing is recomputed in the backward pass, which only hands the gradients on.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

CHUNK_LOGITS = {"cpu": 1 << 22, "cuda": 1 << 28}
"""Logits held at once: on a CPU few enough for its cache, on a GPU enough to fill it (at four bytes, 1 GiB)."""


def label_smoothed_cross_entropy(
    output_ND: Tensor, embedding_VD: Tensor, target_N: Tensor, smoothing: float, padding_id: int
) -> tuple[Tensor, Tensor]:
    """Sums over the non-padding targets of the smoothed loss and of the plain one, in nats.

    The smoothed target distribution is (1 − ε) on the right piece plus ε / V on every piece. The first sum is
    differentiable, the second (whose mean is the log of the perplexity) is not. Logits are computed in
    bf16 inside an autocast region, and summed in float32 always.
    """
    device_type = output_ND.device.type
    dtype = (
        torch.get_autocast_dtype(device_type) if torch.is_autocast_enabled(device_type) else output_ND.dtype
    )
    arguments = (output_ND, embedding_VD, target_N, smoothing, padding_id, dtype)
    loss, plain_loss = _FusedLoss.apply(*arguments)  # type: ignore[no-untyped-call]  # apply is untyped in PyTorch
    return loss, plain_loss


class _FusedLoss(torch.autograd.Function):
    """Projection, log-softmax, loss and gradients, chunk by chunk."""

    @staticmethod
    def forward(
        ctx: Any,
        output_ND: Tensor,
        embedding_VD: Tensor,
        target_N: Tensor,
        smoothing: float,
        padding_id: int,
        dtype: torch.dtype,
    ) -> tuple[Tensor, Tensor]:
        with torch.autocast(output_ND.device.type, enabled=False):
            wanted_N = (target_N != padding_id).nonzero().squeeze(1)
            rows_PD = output_ND.detach().index_select(0, wanted_N).to(dtype)
            target_P = target_N.index_select(0, wanted_N)
            weight_VD = embedding_VD.detach().to(dtype)
            grad_rows_PD = torch.empty_like(rows_PD)
            grad_weight_VD = torch.zeros_like(embedding_VD, dtype=torch.float32)
            sums = torch.zeros(2, dtype=torch.float32, device=output_ND.device)
            chunk = max(1, CHUNK_LOGITS[output_ND.device.type] // weight_VD.shape[0])
            for start in range(0, len(target_P), chunk):
                rows_CD = rows_PD[start : start + chunk]
                sums_C, grad_CV = _loss_and_gradient(
                    rows_CD, weight_VD, target_P[start : start + chunk], smoothing
                )
                sums += sums_C
                grad_rows_PD[start : start + chunk] = grad_CV @ weight_VD
                grad_weight_VD += grad_CV.t() @ rows_CD
            grad_output_ND = torch.zeros_like(output_ND).index_copy_(
                0, wanted_N, grad_rows_PD.to(output_ND.dtype)
            )
        ctx.save_for_backward(grad_output_ND, grad_weight_VD)
        ctx.mark_non_differentiable(plain := sums[1].clone())
        return sums[0].clone(), plain

    @staticmethod
    def backward(ctx: Any, grad_loss: Tensor, _grad_plain: Tensor) -> tuple[Tensor | None, ...]:
        grad_output_ND, grad_weight_VD = ctx.saved_tensors
        return grad_output_ND * grad_loss, grad_weight_VD * grad_loss, None, None, None, None


def _loss_and_gradient(
    rows_CD: Tensor, weight_VD: Tensor, target_C: Tensor, smoothing: float
) -> tuple[Tensor, Tensor]:
    """(2,) smoothed and plain loss sums of a chunk, and the gradient by its logits, (C, V) in the rows' dtype.

    With p = softmax(logits) and q the smoothed target, the loss is −Σ q·log p and its gradient p − q.
    """
    log_p_CV = F.linear(rows_CD, weight_VD).log_softmax(dim=1, dtype=torch.float32)
    target_C1 = target_C.unsqueeze(1)
    plain = -log_p_CV.gather(1, target_C1).sum()
    uniform = -log_p_CV.sum() / log_p_CV.shape[1]
    sums = torch.stack([(1 - smoothing) * plain + smoothing * uniform, plain])
    gradient_CV = log_p_CV.exp_().sub_(smoothing / log_p_CV.shape[1])
    gradient_CV.scatter_add_(1, target_C1, gradient_CV.new_full((1, 1), smoothing - 1).expand_as(target_C1))
    return sums, gradient_CV.to(rows_CD.dtype)
