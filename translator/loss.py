"""Label-smoothed cross-entropy (Vaswani et al. 2017, section 5.4) on the shared embedding, R-Drop, a sampled softmax.

In a few lines, with `output_ND` from the decoder, it is

    log_p_NV = torch.log_softmax(output_ND @ embedding_VD.T, dim=-1)
    plain_N = -log_p_NV.gather(1, target_N.unsqueeze(1)).squeeze(1)
    loss_N = (1 - smoothing) * plain_N - smoothing * log_p_NV.mean(dim=1)

summed over the targets that are no padding; `tests/translator/test_loss.py` compares. What follows computes that with
less memory: with N target positions and V pieces the logits are the largest tensor of the whole training step. At most
CHUNK_LOGITS of them are held at once, and FLOAT32_LOGITS with their softmax in float32: a chunk of rows is projected,
turned into its share of the loss *and of the gradient*, and overwritten by the next. Nothing is recomputed in the
backward pass, which only hands the gradients on.
"""

from typing import Any

import torch
from torch import Tensor

CHUNK_LOGITS = {"cpu": 1 << 25, "cuda": 1 << 28}
"""Logits held at once: rows enough that adding up the gradient of the whole embedding is a small part."""
FLOAT32_LOGITS = {"cpu": 1 << 18, "cuda": 1 << 26}
"""Logits turned into gradients at once, in float32: on a CPU few enough for its cache."""


def label_smoothed_cross_entropy(
    output_ND: Tensor,
    embedding_VD: Tensor,
    target_N: Tensor,
    smoothing: float,
    padding_id: int,
    agreement: float = 0.0,
    softmax_pieces: int = 0,
) -> tuple[Tensor, Tensor]:
    """Sums over the non-padding targets of the smoothed loss and of the plain one, in nats.

    The smoothed target distribution is (1 − ε) on the right piece plus ε / V on every piece. The first sum is
    differentiable, the second (whose mean is the log of the perplexity) is not. Logits are computed in
    bf16 inside an autocast region, and summed in float32 always.

    With an `agreement` α above 0, rows 2i and 2i + 1 are two passes, with different dropout, over one position,
    and for each such pair α / 2 · (KL(p‖q) + KL(q‖p)) of their distributions is added to the first sum
    (R-Drop, Wu et al. 2021, equations 2 and 3).

    With `softmax_pieces` above 0, only so many pieces stand for the whole vocabulary: all that occur among the
    targets, and others drawn by PyTorch's generator, each of which counts as often as there are pieces for one
    drawn (a sampled softmax: Jean et al. 2015). The sums and the gradients are then estimates.
    """
    device_type = output_ND.device.type
    dtype = (
        torch.get_autocast_dtype(device_type) if torch.is_autocast_enabled(device_type) else output_ND.dtype
    )
    is_training = torch.is_grad_enabled() and (output_ND.requires_grad or embedding_VD.requires_grad)
    arguments = (
        output_ND, embedding_VD, target_N, smoothing, padding_id, agreement, softmax_pieces, dtype, is_training,
    )  # fmt: skip
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
        agreement: float,
        softmax_pieces: int,
        dtype: torch.dtype,
        is_training: bool,
    ) -> tuple[Tensor, Tensor]:
        with torch.autocast(output_ND.device.type, enabled=False):
            wanted_N = (target_N != padding_id).nonzero().squeeze(1)
            rows_PD = output_ND.detach().index_select(0, wanted_N).to(dtype)
            target_P = target_N.index_select(0, wanted_N)
            weight_VD = embedding_VD.detach()
            counts_V = None
            if 0 < softmax_pieces < len(weight_VD):
                pieces_V, counts_V, target_P = _draw_pieces(target_P, len(weight_VD), softmax_pieces)
                weight_VD = weight_VD.index_select(0, pieces_V)
            weight_VD = weight_VD.to(dtype)
            grad_rows_PD = torch.empty_like(rows_PD)
            grad_weight_VD = torch.zeros_like(weight_VD, dtype=torch.float32)
            sums = torch.zeros(2, dtype=torch.float32, device=output_ND.device)
            chunk = _even(CHUNK_LOGITS[output_ND.device.type] // len(weight_VD))
            logits_CV = rows_PD.new_empty(min(chunk, len(target_P)), len(weight_VD))
            for start in range(0, len(target_P), chunk):
                rows_CD = rows_PD[start : start + chunk]
                grad_CV = torch.mm(rows_CD, weight_VD.t(), out=logits_CV[: len(rows_CD)])
                target_C = target_P[start : start + chunk]
                sums += _replace_by_gradient(grad_CV, target_C, counts_V, smoothing, agreement)
                if is_training:
                    grad_rows_PD[start : start + chunk] = grad_CV @ weight_VD
                    grad_weight_VD += grad_CV.t() @ rows_CD
            if counts_V is not None:
                grad_weight_VD = torch.zeros_like(embedding_VD, dtype=torch.float32).index_copy_(
                    0, pieces_V, grad_weight_VD
                )
            grad_output_ND = torch.zeros_like(output_ND).index_copy_(
                0, wanted_N, grad_rows_PD.to(output_ND.dtype)
            )
        ctx.save_for_backward(grad_output_ND, grad_weight_VD)
        ctx.mark_non_differentiable(plain := sums[1].clone())
        return sums[0].clone(), plain

    @staticmethod
    def backward(ctx: Any, grad_loss: Tensor, _grad_plain: Tensor) -> tuple[Tensor | None, ...]:
        grad_output_ND, grad_weight_VD = ctx.saved_tensors
        return grad_output_ND * grad_loss, grad_weight_VD * grad_loss, *[None] * 7


def _even(rows: int) -> int:
    """At least the two rows of a pair."""
    return max(2, rows - rows % 2)


def _draw_pieces(target_P: Tensor, vocab_size: int, how_many: int) -> tuple[Tensor, Tensor, Tensor]:
    """The pieces over which to take a softmax, how many pieces each stands for, and the targets' places among them."""
    own_K, place_P = target_P.unique(return_inverse=True)
    is_other_V = torch.ones(vocab_size, dtype=torch.bool, device=target_P.device).index_fill_(0, own_K, False)
    others = is_other_V.nonzero().squeeze(1)
    drawn = others[torch.randperm(len(others), device=others.device)[: max(0, how_many - len(own_K))]]
    counts = torch.ones(len(own_K) + len(drawn), device=target_P.device)
    counts[len(own_K) :] = len(others) / max(1, len(drawn))
    return torch.cat([own_K, drawn]), counts, place_P


def _replace_by_gradient(
    logits_CV: Tensor, target_C: Tensor, counts_V: Tensor | None, smoothing: float, agreement: float
) -> Tensor:
    """Write the loss's gradient by the logits over them; returns (2,) the loss to minimise and the plain one, summed.

    With p = softmax(logits) and r the smoothed target, the cross-entropy is −Σ r·log p and its gradient p − r.
    A piece that stands for several, as `counts_V` tells, has so many terms of the same logit in every sum: it enters
    the softmax with the log of their number added.
    """
    sums = torch.zeros(2, dtype=torch.float32, device=logits_CV.device)
    vocab_size = logits_CV.shape[1]
    share = 1 / vocab_size if counts_V is None else counts_V / counts_V.sum()
    rows = _even(FLOAT32_LOGITS[logits_CV.device.type] // vocab_size)
    for part_RV, target_R in zip(logits_CV.split(rows), target_C.split(rows), strict=True):
        target_R1 = target_R.unsqueeze(1)
        logits_RV = part_RV.float()
        if counts_V is None:
            mean_R1 = logits_RV.mean(dim=1, keepdim=True)
        else:
            mean_R1 = (logits_RV * share).sum(dim=1, keepdim=True)
            logits_RV = logits_RV + counts_V.log()
        p_RV = logits_RV.softmax(dim=1)
        # log Σ exp(logits), by the likeliest piece, whose p is never 0; a log-softmax takes each exponential twice.
        normaliser_R1 = logits_RV.amax(dim=1, keepdim=True) - p_RV.amax(dim=1, keepdim=True).log()
        plain = (normaliser_R1 - logits_RV.gather(1, target_R1)).sum()
        uniform = (normaliser_R1 - mean_R1).sum()
        sums += torch.stack([(1 - smoothing) * plain + smoothing * uniform, plain])
        if agreement:
            divergence, divergence_gradient_RV = _divergence(logits_RV - normaliser_R1)
            sums[0] += agreement * divergence
        gradient_RV = p_RV.sub_(smoothing * share)
        gradient_RV.scatter_add_(
            1, target_R1, gradient_RV.new_full((1, 1), smoothing - 1).expand_as(target_R1)
        )
        if agreement:
            gradient_RV.add_(divergence_gradient_RV, alpha=agreement)
        part_RV.copy_(gradient_RV)
    return sums


def _divergence(log_p_RV: Tensor) -> tuple[Tensor, Tensor]:
    """½ (KL(p‖q) + KL(q‖p)) summed over the pairs of rows (p, q), and its gradient by the logits of all rows.

    KL(p‖q) = Σ p·(log p − log q); by the logits of p its gradient is p·(log p − log q − KL(p‖q)), by those of q
    it is q − p.
    """
    log_p_I2V = log_p_RV.view(-1, 2, log_p_RV.shape[1])
    p_I2V = log_p_I2V.exp()
    difference_I2V = log_p_I2V - log_p_I2V.flip(1)
    kl_I21 = (p_I2V * difference_I2V).sum(dim=2, keepdim=True)
    gradient_I2V = p_I2V * (difference_I2V - kl_I21) + p_I2V - p_I2V.flip(1)
    return kl_I21.sum() / 2, gradient_I2V.view_as(log_p_RV) / 2
