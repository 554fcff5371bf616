"""The encoder-decoder Transformer (Vaswani et al. 2017, section 3)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from translator.attention import AttentionRecord, KeyValue, MultiHeadAttention
from translator.config import ModelConfig
from translator.dropout import Dropout
from translator.errors import ConfigError, InputTooLong


def sinusoid_table(positions: int, d_model: int) -> Tensor:
    """The position encoding of section 3.5, (positions, d_model), float32.

    PE(pos, 2i) = sin(pos / 10000^(2i/d_model)), PE(pos, 2i+1) = cos of the same angle.
    """
    position_P1 = torch.arange(positions, dtype=torch.float64).unsqueeze(1)
    even_dimension_K = torch.arange(0, d_model, 2, dtype=torch.float64)
    angle_PK = position_P1 / 10_000 ** (even_dimension_K / d_model)
    return torch.stack([angle_PK.sin(), angle_PK.cos()], dim=-1).flatten(1).float()


class PositionalEmbedding(nn.Module):
    """Token embedding times √d_model plus position (sections 3.4 and 3.5).

    The same matrix embeds source and target and, transposed, turns the decoder's output into logits.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(config.vocab_size, config.d_model))
        self.scale = math.sqrt(config.d_model)
        self.dropout = Dropout(config.dropout)
        self.is_learned = config.positions == "learned"
        table_PD = sinusoid_table(config.max_positions, config.d_model)
        self.position_PD: Tensor
        if self.is_learned:
            self.register_parameter("position_PD", nn.Parameter(torch.empty_like(table_PD)))
        else:
            self.register_buffer("position_PD", table_PD, persistent=False)

    def forward(self, tokens_BL: Tensor, first_position: int = 0) -> Tensor:
        """Embed tokens that stand at `first_position` and after: (B, L, D)."""
        end = first_position + tokens_BL.shape[1]
        position_LD = self.table(end)[first_position:end]
        embedded: Tensor = self.dropout(F.embedding(tokens_BL, self.weight) * self.scale + position_LD)
        return embedded

    def table(self, length: int) -> Tensor:
        """At least the first `length` positions, (P, D); raises InputTooLong where fewer were learned."""
        position_PD = (
            self.position_PD
        )  # once: another thread may put a table there that is shorter than this one
        if length > position_PD.shape[0]:
            if self.is_learned:
                raise InputTooLong(
                    f"a sequence of {length} tokens is over the {position_PD.shape[0]} learned positions; "
                    "split the text, or train with a larger max_positions"
                )
            position_PD = sinusoid_table(2 * length, self.weight.shape[1]).to(position_PD)
            self.position_PD = position_PD
        return position_PD


class FeedForward(nn.Module):
    """Two linear maps with a non-linearity between them, applied to each position alone (section 3.3)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.inner = nn.Linear(config.d_model, config.d_ff)
        self.outer = nn.Linear(config.d_ff, config.d_model)
        self.activation = F.relu if config.activation == "relu" else F.gelu

    def forward(self, x_BLD: Tensor) -> Tensor:
        """(B, L, D) → (B, L, D)."""
        y_BLD: Tensor = self.outer(self.activation(self.inner(x_BLD)))
        return y_BLD


class Residual(nn.Module):
    """A sub-layer's residual connection and LayerNorm (section 3.1).

    Post-norm is the paper's LayerNorm(x + Sublayer(x)); pre-norm is x + Sublayer(LayerNorm(x)), which trains
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


class EncoderLayer(nn.Module):
    """Self-attention, then the feed-forward network."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(config.d_model, config.heads, config.attention_dropout)
        self.self_attention_residual = Residual(config)
        self.feed_forward = FeedForward(config)
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


@dataclass
class LayerCache:
    """What one decoder layer remembers: its own past positions per row, and the projected source per sentence."""

    past: KeyValue | None
    memory: KeyValue


class DecoderLayer(nn.Module):
    """Masked self-attention, attention over the encoder's output, then the feed-forward network."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(config.d_model, config.heads, config.attention_dropout)
        self.self_attention_residual = Residual(config)
        self.cross_attention = MultiHeadAttention(config.d_model, config.heads, config.attention_dropout)
        self.cross_attention_residual = Residual(config)
        self.feed_forward = FeedForward(config)
        self.feed_forward_residual = Residual(config)

    def forward(
        self, x_BTD: Tensor, memory: KeyValue, keep_mask_B11S: Tensor, record: AttentionRecord | None = None
    ) -> Tensor:
        """All target positions at once, each blind to those after it: (B, T, D)."""
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

    def step(self, x_N1D: Tensor, cache: LayerCache, keep_mask_B11S: Tensor) -> Tensor:
        """One new position of each row: (N, 1, D). Extends `cache.past`.

        The rows of one sentence (its beam) stand together, so cross-attention treats them as several queries
        to the same memory instead of copying the memory for each row.
        """
        sentences = keep_mask_B11S.shape[0]

        def attend_to_past(y_N1D: Tensor) -> Tensor:
            newest = self.self_attention.project_memory(y_N1D)
            cache.past = newest if cache.past is None else cache.past.append(newest)
            attended_N1D: Tensor = self.self_attention(y_N1D, cache.past)
            return attended_N1D

        def attend_to_source(y_N1D: Tensor) -> Tensor:
            y_BWD = y_N1D.reshape(sentences, -1, y_N1D.shape[-1])
            attended_BWD: Tensor = self.cross_attention(y_BWD, cache.memory, keep_mask_B11S)
            return attended_BWD.reshape(y_N1D.shape)

        x_N1D = self.self_attention_residual(x_N1D, attend_to_past)
        x_N1D = self.cross_attention_residual(x_N1D, attend_to_source)
        out_N1D: Tensor = self.feed_forward_residual(x_N1D, self.feed_forward)
        return out_N1D


@dataclass
class DecoderState:
    """Everything that decoding carries from one step to the next, for N = sentences · beam rows."""

    layers: list[LayerCache]
    source_keep_BS: Tensor
    length: int = 0

    def select(self, rows_N: Tensor) -> None:
        """Put the rows in a new order, within each sentence: row i goes on from the former row rows_N[i]."""
        for layer in self.layers:
            if layer.past is not None:
                layer.past = layer.past.select(rows_N)

    def keep_sentences(self, sentences_B: Tensor, rows_N: Tensor) -> None:
        """Drop all but the given sentences, whose rows are `rows_N`."""
        self.select(rows_N)
        for layer in self.layers:
            layer.memory = layer.memory.select(sentences_B)
        self.source_keep_BS = self.source_keep_BS.index_select(0, sentences_B)


class Transformer(nn.Module):
    """The whole network; `forward` is teacher forcing, `encode` and `decode_step` are what a search uses."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        if config.vocab_size < 1:
            raise ConfigError(f"vocab_size is {config.vocab_size}; set it to the tokenizer's vocabulary size")
        self.config = config
        self.embedding = PositionalEmbedding(config)
        encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.encoder = cast(Sequence[EncoderLayer], encoder)  # ModuleList does not tell what it holds
        self.decoder = cast(Sequence[DecoderLayer], decoder)
        # Pre-norm layers leave their sum unnormalised, so each stack needs one LayerNorm at its end.
        is_pre_norm = config.norm == "pre"
        self.encoder_norm = nn.LayerNorm(config.d_model) if is_pre_norm else nn.Identity()
        self.decoder_norm = nn.LayerNorm(config.d_model) if is_pre_norm else nn.Identity()
        self._initialise()

    def encode(
        self, source_BS: Tensor, source_keep_BS: Tensor, record: AttentionRecord | None = None
    ) -> Tensor:
        """The encoder's output, the `memory` that the decoder attends to: (B, S, D)."""
        x_BSD = self.embedding(source_BS)
        keep_mask_B11S = source_keep_BS[:, None, None, :]
        for layer in self.encoder:
            x_BSD = layer(x_BSD, keep_mask_B11S, record)
        memory_BSD: Tensor = self.encoder_norm(x_BSD)
        return memory_BSD

    def decode(
        self,
        target_BT: Tensor,
        memory_BSD: Tensor,
        source_keep_BS: Tensor,
        record: AttentionRecord | None = None,
    ) -> Tensor:
        """The decoder's output for a target given in full, shifted right by the caller: (B, T, D)."""
        x_BTD = self.embedding(target_BT)
        keep_mask_B11S = source_keep_BS[:, None, None, :]
        for layer in self.decoder:
            memory = layer.cross_attention.project_memory(memory_BSD)
            x_BTD = layer(x_BTD, memory, keep_mask_B11S, record)
        out_BTD: Tensor = self.decoder_norm(x_BTD)
        return out_BTD

    def forward(
        self,
        source_BS: Tensor,
        source_keep_BS: Tensor,
        target_BT: Tensor,
        record: AttentionRecord | None = None,
    ) -> Tensor:
        """The decoder's output under teacher forcing, (B, T, D); `logits` and the loss take it from there."""
        memory_BSD = self.encode(source_BS, source_keep_BS, record)
        return self.decode(target_BT, memory_BSD, source_keep_BS, record)

    def logits(self, output_D: Tensor) -> Tensor:
        """Scores over the vocabulary, (…, D) → (…, V), by the shared embedding (section 3.4)."""
        return F.linear(output_D, self.embedding.weight)

    def start(self, memory_BSD: Tensor, source_keep_BS: Tensor) -> DecoderState:
        """The state before the first `decode_step`; cross-attention keys and values are projected here, once."""
        layers = [
            LayerCache(None, layer.cross_attention.project_memory(memory_BSD)) for layer in self.decoder
        ]
        return DecoderState(layers, source_keep_BS)

    def decode_step(self, tokens_N: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """Logits of the next token after `tokens_N`, (N, V), and the state that includes them."""
        x_N1D = self.embedding(tokens_N.unsqueeze(1), first_position=state.length)
        keep_mask_B11S = state.source_keep_BS[:, None, None, :]
        for layer, cache in zip(self.decoder, state.layers, strict=True):
            x_N1D = layer.step(x_N1D, cache, keep_mask_B11S)
        state.length += 1
        return self.logits(self.decoder_norm(x_N1D).squeeze(1)), state

    def _initialise(self) -> None:
        """Glorot-uniform attention, its three projections counted as one matrix, and embeddings of unit size once they
        are scaled by √d_model; the feed-forward network draws from ±1/√inputs.

        With larger matrices, post-norm layers drown what comes in, and do not begin to learn at a usual rate.
        """
        for module in self.modules():
            if isinstance(module, MultiHeadAttention):
                for matrix in (module.query.weight, *module.key_value.weight.detach().chunk(2)):
                    nn.init.xavier_uniform_(matrix, gain=math.sqrt(1 / 2))
                nn.init.xavier_uniform_(module.output.weight)
            elif isinstance(module, FeedForward):
                for linear in (module.inner, module.outer):
                    nn.init.uniform_(
                        linear.weight, -1 / math.sqrt(linear.in_features), 1 / math.sqrt(linear.in_features)
                    )
                    nn.init.zeros_(linear.bias)
            elif isinstance(module, PositionalEmbedding):
                nn.init.normal_(module.weight, std=self.config.d_model**-0.5)
                if module.is_learned:
                    nn.init.normal_(module.position_PD, std=0.02)
