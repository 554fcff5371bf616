"""The layers of the Transformer (Vaswani et al. 2017, sections 3.1 and 3.3)."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from translator.config import ModelConfig
from translator.model.attention import KeyValue, MultiHeadAttention
from translator.model.dropout import Dropout
from translator.model.interface import AttentionRecord

_ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {"relu": F.relu, "gelu": F.gelu, "swish": F.silu}


class FeedForward(nn.Module):
    """Two linear maps with a non-linearity in between, applied to each position separately (section 3.3)."""

    def __init__(self, config: ModelConfig, d_ff: int) -> None:
        super().__init__()
        self.inner = nn.Linear(config.d_model, d_ff)
        self.outer = nn.Linear(d_ff, config.d_model)
        self.activation = _ACTIVATIONS[config.activation]

    def forward(self, x_BLD: Tensor) -> Tensor:
        """(B, L, D) → (B, L, D)."""
        y_BLD: Tensor = self.outer(self.activation(self.inner(x_BLD)))
        return y_BLD


class Residual(nn.Module):
    """A sub-layer's residual connection and LayerNorm (section 3.1).

    Post-norm is the paper's LayerNorm(x + Sublayer(x)). Pre-norm is x + Sublayer(LayerNorm(x)), which trains
    without a careful warm-up (Xiong et al. 2020).
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.d_model)
        self.dropout = Dropout(config.dropout)
        self.is_pre_norm = config.norm == "pre"

    def forward(self, x_BLD: Tensor, sublayer: Callable[[Tensor], Tensor]) -> Tensor:
        """(B, L, D) → (B, L, D)."""
        if self.is_pre_norm:
            out_BLD: Tensor = x_BLD + self.dropout(sublayer(self.norm(x_BLD)))
            return out_BLD
        normed: Tensor = self.norm(x_BLD + self.dropout(sublayer(x_BLD)))
        return normed


def _attention(config: ModelConfig) -> MultiHeadAttention:
    return MultiHeadAttention(config.d_model, config.heads, config.attention_dropout, config.attention_bias)


class EncoderLayer(nn.Module):
    """Self-attention, then the feed-forward network (section 3.1)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.self_attention = _attention(config)
        self.self_attention_residual = Residual(config)
        self.feed_forward = FeedForward(config, config.d_ff)
        self.feed_forward_residual = Residual(config)

    def forward(self, x_BSD: Tensor, keep_mask_B11S: Tensor, record: AttentionRecord | None = None) -> Tensor:
        """(B, S, D) → (B, S, D)."""
        attention = self.self_attention
        x_BSD = self.self_attention_residual(
            x_BSD,
            lambda y_BSD: attention(y_BSD, attention.project_memory(y_BSD), keep_mask_B11S, record=record),
        )
        out_BSD: Tensor = self.feed_forward_residual(x_BSD, self.feed_forward)
        return out_BSD


class DecoderLayer(nn.Module):
    """Masked self-attention, attention over the encoder's output, then the feed-forward network (section 3.1)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.self_attention = _attention(config)
        self.self_attention_residual = Residual(config)
        self.cross_attention = _attention(config)
        self.cross_attention_residual = Residual(config)
        self.feed_forward = FeedForward(config, config.decoder_d_ff or config.d_ff)
        self.feed_forward_residual = Residual(config)

    def forward(
        self, x_BTD: Tensor, memory: KeyValue, keep_mask_B11S: Tensor, record: AttentionRecord | None = None
    ) -> Tensor:
        """All target positions at once, with later positions masked: (B, T, D) → (B, T, D)."""
        attention = self.self_attention
        x_BTD = self.self_attention_residual(
            x_BTD,
            lambda y_BTD: attention(y_BTD, attention.project_memory(y_BTD), is_causal=True, record=record),
        )
        x_BTD = self.cross_attention_residual(
            x_BTD, lambda y_BTD: self.cross_attention(y_BTD, memory, keep_mask_B11S, record=record)
        )
        out_BTD: Tensor = self.feed_forward_residual(x_BTD, self.feed_forward)
        return out_BTD

    def step(
        self,
        x_N1D: Tensor,
        place_N: Tensor,
        past: KeyValue,
        memory: KeyValue,
        keep_mask_N11S: Tensor,
        record: AttentionRecord | None = None,
    ) -> Tensor:
        """Run one new position of each row, (N, 1, D), and write its key and value to `past` at `place_N`."""
        rows_N = torch.arange(len(place_N), device=place_N.device)
        place_T = torch.arange(past.key_NHMK.shape[2], device=place_N.device)
        keep_mask_N11T = (place_T <= place_N.unsqueeze(1))[:, None, None, :]

        def attend_to_past(y_N1D: Tensor) -> Tensor:
            newest = self.self_attention.project_memory(y_N1D)
            past.key_NHMK[rows_N, :, place_N] = newest.key_NHMK.squeeze(2)
            past.value_NHMK[rows_N, :, place_N] = newest.value_NHMK.squeeze(2)
            attended_N1D: Tensor = self.self_attention(y_N1D, past, keep_mask_N11T)
            return attended_N1D

        x_N1D = self.self_attention_residual(x_N1D, attend_to_past)
        x_N1D = self.cross_attention_residual(
            x_N1D, lambda y_N1D: self.cross_attention(y_N1D, memory, keep_mask_N11S, record=record)
        )
        out_N1D: Tensor = self.feed_forward_residual(x_N1D, self.feed_forward)
        return out_N1D
