"""Multi-head scaled dot-product attention (Vaswani et al. 2017, section 3.2) and the caches that decoding needs."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from translator.model.cache import Cache
from translator.model.dropout import Dropout
from translator.model.interface import AttentionRecord


@dataclass
class KeyValue(Cache):
    """Projected keys and values of one attention layer, split into heads: each (rows, H, M, K)."""

    position_axis = 2
    key_NHMK: Tensor
    value_NHMK: Tensor


def attention_weights(
    query_BHLK: Tensor, memory: KeyValue, keep_mask: Tensor | None, is_causal: bool
) -> Tensor:
    """softmax(Q Kᵀ / √d_k), the weights of equation 1 (section 3.2.1): (B, H, L, M).

    Masked scores become −∞ before the softmax, which is computed in float32. Masks work as in
    `MultiHeadAttention.forward`. Every query must have at least one position that it may attend to.
    """
    scores_BHLM = (query_BHLK / math.sqrt(query_BHLK.shape[-1])) @ memory.key_NHMK.transpose(-2, -1)
    if is_causal:
        keep_mask = scores_BHLM.new_ones(scores_BHLM.shape[-2:], dtype=torch.bool).tril()
    if keep_mask is not None:
        scores_BHLM = scores_BHLM.masked_fill(~keep_mask, -math.inf)
    return scores_BHLM.softmax(dim=-1, dtype=torch.float32).to(scores_BHLM.dtype)


def scaled_dot_product_attention(
    query_BHLK: Tensor, memory: KeyValue, keep_mask: Tensor | None, is_causal: bool, dropout: Dropout
) -> Tensor:
    """softmax(Q Kᵀ / √d_k) V, equation 1 (section 3.2.1): (B, H, L, K)."""
    weights_BHLM = attention_weights(query_BHLK, memory, keep_mask, is_causal)
    attended_BHLK: Tensor = dropout(weights_BHLM) @ memory.value_NHMK
    return attended_BHLK


class MultiHeadAttention(nn.Module):
    """Each head attends in its own projection, d_model / heads wide (section 3.2.2).

    As in the paper's formula, the four projections have no bias unless you ask for one. One matrix projects keys and
    values: its upper half is W^K of all heads, its lower half W^V.
    """

    def __init__(self, d_model: int, heads: int, dropout: float = 0.0, bias: bool = False) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = Dropout(dropout)
        self.query = nn.Linear(d_model, d_model, bias)
        self.key_value = nn.Linear(d_model, 2 * d_model, bias)
        self.output = nn.Linear(d_model, d_model, bias)

    def project_memory(self, memory_BMD: Tensor) -> KeyValue:
        """Project the keys and values for `forward`; compute them once and reuse them for every query."""
        key_BMD, value_BMD = self.key_value(memory_BMD).chunk(2, dim=-1)
        return KeyValue(self.split_heads(key_BMD), self.split_heads(value_BMD))

    def forward(
        self,
        query_BLD: Tensor,
        memory: KeyValue,
        keep_mask: Tensor | None = None,
        is_causal: bool = False,
        record: AttentionRecord | None = None,
    ) -> Tensor:
        """Attend from each query position to the memory: (B, L, D).

        `keep_mask` is boolean, True = may attend, and broadcasts to (B, H, L, M). With `is_causal`, position i sees
        only positions up to i (section 3.2.3); it cannot be combined with a mask.
        """
        query_BHLK = self.split_heads(self.query(query_BLD))
        if record is not None and self in record:
            record[self] = attention_weights(query_BHLK, memory, keep_mask, is_causal)
        if self.training and query_BHLK.device.type == "cpu":
            # On sentences of about 30 tokens, a step takes a fifth longer with PyTorch's CPU kernel than with matmuls.
            attended_BHLK = scaled_dot_product_attention(
                query_BHLK, memory, keep_mask, is_causal, self.dropout
            )
        else:
            attended_BHLK = F.scaled_dot_product_attention(
                query_BHLK,
                memory.key_NHMK,
                memory.value_NHMK,
                attn_mask=keep_mask,
                dropout_p=self.dropout.rate if self.training else 0.0,
                is_causal=is_causal,
            )
        return self.merge_heads(attended_BHLK)

    def merge_heads(self, attended_BHLK: Tensor) -> Tensor:
        """Concat(head_1, …, head_h) W^O: (B, H, L, K) → (B, L, D)."""
        merged_BLD: Tensor = self.output(attended_BHLK.transpose(1, 2).flatten(2))
        return merged_BLD

    def split_heads(self, x_BLD: Tensor) -> Tensor:
        """(B, L, D) → (B, H, L, K)."""
        return x_BLD.view(*x_BLD.shape[:2], self.heads, -1).transpose(1, 2)
