"""Label-smoothed cross-entropy (Vaswani et al. 2017, section 5.4) on the matrix of the output: the shared embedding.

In a few lines, with `output_ND` from the decoder, the loss is

    log_p_NV = torch.log_softmax(output_ND @ embedding_VD.T, dim=-1)
    nll_N = -log_p_NV.gather(1, target_N.unsqueeze(1)).squeeze(1)
    loss_N = (1 - smoothing) * nll_N - smoothing * log_p_NV.mean(dim=1)

summed over the targets that are not padding; `tests/translator/test_loss.py` compares the two. The code below computes
the same with less memory: with N target positions and V pieces, the logits are the largest tensor of a training step.
At most CHUNK_LOGITS of them are held at once, and at most FLOAT32_LOGITS in float32 with their softmax. Each chunk of
rows is projected, turned into its share of the loss *and of the gradient*, and overwritten by the next. The backward
pass recomputes nothing: it only scales the saved gradients.
"""

from typing import Any

import torch
from torch import Tensor

CHUNK_LOGITS = {"cpu": 1 << 25, "cuda": 1 << 28}
"""Logits held at once: enough rows that summing the gradient of the whole embedding costs little in comparison."""
FLOAT32_LOGITS = {"cpu": 1 << 18, "cuda": 1 << 26}
"""Logits turned into gradients at once, in float32: on a CPU, few enough to fit in its cache."""


def label_smoothed_cross_entropy(
    output_ND: Tensor,
    embedding_VD: Tensor,
    target_N: Tensor,
    smoothing: float,
    padding_id: int,
    bias_V: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the smoothed loss and the negative log-likelihood, each summed over the non-padding targets, in nats.

    The smoothed target distribution is (1 − ε) on the right piece plus ε / V on every piece. The first sum is
    differentiable, the second (whose mean is the log of the perplexity) is not. Logits are computed in bf16 inside an
    autocast region, and always summed in float32.
    """
    device_type = output_ND.device.type
    dtype = (
        torch.get_autocast_dtype(device_type) if torch.is_autocast_enabled(device_type) else output_ND.dtype
    )
    is_training = torch.is_grad_enabled() and (output_ND.requires_grad or embedding_VD.requires_grad)
    arguments = output_ND, embedding_VD, bias_V, target_N, smoothing, padding_id, dtype, is_training
    loss, nll = _FusedLoss.apply(*arguments)  # type: ignore[no-untyped-call]  # apply is untyped in PyTorch
    return loss, nll


class _FusedLoss(torch.autograd.Function):
    """Projection, log-softmax, loss and gradients, chunk by chunk."""

    @staticmethod
    def forward(
        ctx: Any,
        output_ND: Tensor,
        embedding_VD: Tensor,
        bias_V: Tensor | None,
        target_N: Tensor,
        smoothing: float,
        padding_id: int,
        dtype: torch.dtype,
        is_training: bool,
    ) -> tuple[Tensor, Tensor]:
        with torch.autocast(output_ND.device.type, enabled=False):
            wanted_N = (target_N != padding_id).nonzero().squeeze(1)
            rows_PD = output_ND.detach().index_select(0, wanted_N).to(dtype)
            target_P = target_N.index_select(0, wanted_N)
            weight_VD = embedding_VD.detach().to(dtype)
            grad_rows_PD = torch.empty_like(rows_PD)
            grad_weight_VD = torch.zeros_like(weight_VD, dtype=torch.float32)
            grad_bias_V = None if bias_V is None else torch.zeros_like(bias_V, dtype=torch.float32)
            sums = torch.zeros(2, dtype=torch.float32, device=output_ND.device)
            chunk = max(1, CHUNK_LOGITS[output_ND.device.type] // len(weight_VD))
            logits_CV = rows_PD.new_empty(min(chunk, len(target_P)), len(weight_VD))
            for start in range(0, len(target_P), chunk):
                rows_CD = rows_PD[start : start + chunk]
                grad_CV = torch.mm(rows_CD, weight_VD.t(), out=logits_CV[: len(rows_CD)])
                if bias_V is not None:
                    grad_CV += bias_V.detach()
                sums += _replace_by_gradient(grad_CV, target_P[start : start + chunk], smoothing)
                if is_training:
                    grad_rows_PD[start : start + chunk] = grad_CV @ weight_VD
                    grad_weight_VD += grad_CV.t() @ rows_CD
                    if grad_bias_V is not None:
                        grad_bias_V += grad_CV.sum(0, dtype=torch.float32)
            grad_output_ND = torch.zeros_like(output_ND).index_copy_(
                0, wanted_N, grad_rows_PD.to(output_ND.dtype)
            )
        ctx.save_for_backward(grad_output_ND, grad_weight_VD, grad_bias_V)
        ctx.mark_non_differentiable(nll := sums[1].clone())
        return sums[0].clone(), nll

    @staticmethod
    def backward(ctx: Any, grad_loss: Tensor, _grad_nll: Tensor) -> tuple[Tensor | None, ...]:
        grads = (None if grad is None else grad * grad_loss for grad in ctx.saved_tensors)
        return *grads, *[None] * 5


def _replace_by_gradient(logits_CV: Tensor, target_C: Tensor, smoothing: float) -> Tensor:
    """Overwrite the logits with the gradient of the loss; returns (2,) the loss to minimise and the NLL, summed.

    With p = softmax(logits) and r the smoothed target, the cross-entropy is −Σ r·log p and its gradient p − r.
    """
    sums = torch.zeros(2, dtype=torch.float32, device=logits_CV.device)
    vocab_size = logits_CV.shape[1]
    rows = max(1, FLOAT32_LOGITS[logits_CV.device.type] // vocab_size)
    for part_RV, target_R in zip(logits_CV.split(rows), target_C.split(rows), strict=True):
        target_R1 = target_R.unsqueeze(1)
        logits_RV = part_RV.float()
        p_RV = logits_RV.softmax(dim=1)
        # log Σ exp(logits), from the most likely piece, whose p is never 0; log_softmax would take every exp twice.
        normaliser_R1 = logits_RV.amax(dim=1, keepdim=True) - p_RV.amax(dim=1, keepdim=True).log()
        nll = (normaliser_R1 - logits_RV.gather(1, target_R1)).sum()
        uniform = (normaliser_R1 - logits_RV.mean(dim=1, keepdim=True)).sum()
        sums += torch.stack([(1 - smoothing) * nll + smoothing * uniform, nll])
        gradient_RV = p_RV.sub_(smoothing / vocab_size)
        gradient_RV.scatter_add_(
            1, target_R1, gradient_RV.new_full((1, 1), smoothing - 1).expand_as(target_R1)
        )
        part_RV.copy_(gradient_RV)
    return sums
