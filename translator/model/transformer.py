"""The encoder-decoder Transformer (Vaswani et al. 2017, section 3)."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from translator.config import ModelConfig, Sinusoids
from translator.errors import InputTooLong
from translator.model.attention import KeyValue, MultiHeadAttention
from translator.model.cache import Cache
from translator.model.dropout import Dropout
from translator.model.interface import (
    AttentionLayer,
    AttentionRecord,
    Start,
    TranslationModel,
    matrix_sizes,
)


def sinusoid_table(
    positions: int, d_model: int, kind: Sinusoids = "paper", first_position: int = 0
) -> Tensor:
    """The position encoding of section 3.5, (positions, d_model), float32, from `first_position` on.

    PE(pos, 2i) = sin(pos / 10000^(2i/d_model)), PE(pos, 2i+1) = cos of the same angle. Marian has all sines in the
    first half and all cosines in the second. So has fairseq, whose exponents reach 1: i / (d_model/2 − 1).
    """
    position_P1 = torch.arange(first_position, first_position + positions, dtype=torch.float64).unsqueeze(1)
    number_K = torch.arange(d_model // 2, dtype=torch.float64)
    exponent_K = number_K / (d_model // 2 - 1) if kind == "fairseq" else 2 * number_K / d_model
    angle_PK = position_P1 / 10_000**exponent_K
    if kind == "paper":
        return torch.stack([angle_PK.sin(), angle_PK.cos()], dim=-1).flatten(1).float()
    return torch.cat([angle_PK.sin(), angle_PK.cos()], dim=-1).float()


class PositionalEmbedding(nn.Module):
    """Token embeddings scaled by √d_model, plus position encodings (sections 3.4 and 3.5).

    If all embeddings are shared, the same matrix embeds source and target and, transposed, turns the decoder's output
    into logits.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(config.vocab_size, config.d_model))
        self.scale = math.sqrt(config.d_model)
        self.dropout = Dropout(config.dropout)
        self.is_learned = config.positions == "learned"
        self._sinusoids = partial(
            sinusoid_table,
            d_model=config.d_model,
            kind=config.sinusoids,
            first_position=config.first_position,
        )
        table_PD = self._sinusoids(config.max_positions)
        self.position_PD: Tensor
        if self.is_learned:
            self.register_parameter("position_PD", nn.Parameter(torch.empty_like(table_PD)))
        else:
            self.register_buffer("position_PD", table_PD, persistent=False)

    def forward(self, tokens_BL: Tensor) -> Tensor:
        """Embed tokens at positions 0 to L − 1: (B, L, D)."""
        length = tokens_BL.shape[1]
        position_LD = self.table(length)[:length]
        embedded: Tensor = self.dropout(F.embedding(tokens_BL, self.weight) * self.scale + position_LD)
        return embedded

    def at(self, tokens_NL: Tensor, place_NL: Tensor) -> Tensor:
        """Embed tokens at the positions `place_NL`: (N, L, D)."""
        position_PD = self.table(int(place_NL.max()) + 1)
        return F.embedding(tokens_NL, self.weight) * self.scale + F.embedding(place_NL, position_PD)

    def table(self, length: int) -> Tensor:
        """Encodings of at least the first `length` positions, (P, D); raises InputTooLong if fewer were learned."""
        # Read the attribute once: another thread may replace it with a table that is too short for this call.
        position_PD = self.position_PD
        if length > position_PD.shape[0]:
            if self.is_learned:
                raise InputTooLong(
                    f"a sequence of {length} tokens exceeds the {position_PD.shape[0]} learned positions; "
                    "split the text, or train with a larger max_positions"
                )
            position_PD = self._sinusoids(2 * length).to(position_PD)
            self.position_PD = position_PD
        return position_PD


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
    """Self-attention, then the feed-forward network."""

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
    """Masked self-attention, attention over the encoder's output, then the feed-forward network."""

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
        """All target positions at once, with later positions masked: (B, T, D)."""
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


class Transformer(TranslationModel):
    """The whole network. Training calls `forward` (teacher forcing); a search calls `start` and `decode_step`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.embedding = PositionalEmbedding(config)
        """Embeds the target; the source, too, unless it has its own."""
        self.own_source_embedding = PositionalEmbedding(config) if config.embeddings != "shared" else None
        if config.embeddings == "separate":
            self.own_output_VD = nn.Parameter(torch.empty(config.vocab_size, config.d_model))
        if config.logits_bias:
            self.logits_bias_V = nn.Parameter(torch.zeros(config.vocab_size))
        encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.encoder = cast(Sequence[EncoderLayer], encoder)  # ModuleList is not generic
        self.decoder = cast(Sequence[DecoderLayer], decoder)
        # Pre-norm layers leave the residual sum unnormalised, so each stack ends with a LayerNorm.
        is_pre_norm = config.norm == "pre"
        self.encoder_norm = nn.LayerNorm(config.d_model) if is_pre_norm else nn.Identity()
        self.decoder_norm = nn.LayerNorm(config.d_model) if is_pre_norm else nn.Identity()
        initialise(self)

    def encode(
        self, source_BS: Tensor, source_keep_BS: Tensor, record: AttentionRecord | None = None
    ) -> Tensor:
        """The encoder's output, the `memory` that the decoder attends to: (B, S, D)."""
        x_BSD = (self.own_source_embedding or self.embedding)(source_BS)
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
        """The decoder's output for a complete target, which the caller has shifted right: (B, T, D)."""
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
        """The decoder's output under teacher forcing, (B, T, D): the input of `logits` and the loss."""
        memory_BSD = self.encode(source_BS, source_keep_BS, record)
        return self.decode(target_BT, memory_BSD, source_keep_BS, record)

    @property
    def output_VD(self) -> Tensor:
        """The matrix that projects to the vocabulary: the shared embedding (section 3.4), unless it is separate."""
        return self.embedding.weight if self.own_output_VD is None else self.own_output_VD

    @property
    def most_tokens(self) -> int | None:
        """See `TranslationModel.most_tokens`."""
        return self.config.max_positions if self.embedding.is_learned else None

    @property
    def layers(self) -> Iterable[nn.Module]:
        """See `TranslationModel.layers`."""
        return *self.encoder, *self.decoder

    @property
    def attention_layers(self) -> list[AttentionLayer]:
        """See `TranslationModel.attention_layers`."""
        found = [
            AttentionLayer(
                f"Encoder, layer {number}: self-attention", layer.self_attention, "source", "source"
            )
            for number, layer in enumerate(self.encoder, start=1)
        ]
        for number, layer in enumerate(self.decoder, start=1):
            name = f"Decoder, layer {number}"
            found.append(AttentionLayer(f"{name}: self-attention", layer.self_attention, "target", "target"))
            found.append(
                AttentionLayer(f"{name}: cross-attention", layer.cross_attention, "target", "source")
            )
        return found

    @property
    def alignment_modules(self) -> list[nn.Module]:
        """See `TranslationModel.alignment_modules`."""
        return [layer.cross_attention for layer in self.decoder]

    def products_per_token(self) -> tuple[int, int]:
        """See `TranslationModel.products_per_token`."""
        from_source = matrix_sizes(*(layer.cross_attention.key_value for layer in self.decoder))
        source, target = matrix_sizes(*self.encoder), matrix_sizes(*self.decoder) + self.output_VD.numel()
        return source + from_source, target - from_source

    def start(self, source_BS: Tensor, source_keep_BS: Tensor) -> Start:
        """See `TranslationModel.start`: the keys and values of the source for each layer, and none of the target."""
        memory_BSD = self.encode(source_BS, source_keep_BS)
        memory = [layer.cross_attention.project_memory(memory_BSD) for layer in self.decoder]
        return Start([*memory], [one.without_positions() for one in memory])

    def decode_step(
        self,
        tokens_N: Tensor,
        place_N: Tensor,
        past: Sequence[Cache],
        memory: Sequence[Cache],
        source_keep_NS: Tensor,
        record: AttentionRecord | None = None,
    ) -> Tensor:
        """See `TranslationModel.decode_step`.

        For each layer, `past` holds the keys and values of earlier positions, (N, H, T, K); those of the new position
        are written to it. `memory` holds the keys and values of the source, (N, H, S, K).
        """
        x_N1D = self.embedding.at(tokens_N.unsqueeze(1), place_N.unsqueeze(1))
        keep_mask_N11S = source_keep_NS[:, None, None, :]
        for layer, layer_past, layer_memory in zip(self.decoder, past, memory, strict=True):
            assert isinstance(layer_past, KeyValue)
            assert isinstance(layer_memory, KeyValue)
            x_N1D = layer.step(x_N1D, place_N, layer_past, layer_memory, keep_mask_N11S, record)
        return self.logits(self.decoder_norm(x_N1D).squeeze(1))


@torch.no_grad()
def initialise(model: TranslationModel) -> None:
    """Initialise the weights of all attention, feed-forward networks and embeddings.

    Attention is Glorot-uniform, with its three input projections counted as one matrix. Embeddings have unit
    variance once scaled by √d_model. Feed-forward weights are uniform in ±1/√inputs. With larger matrices, the
    sub-layers of a post-norm model drown out their input, and it does not start to learn at the usual rates.
    """
    for module in model.modules():
        if isinstance(module, MultiHeadAttention):
            for matrix in (module.query.weight, *module.key_value.weight.detach().chunk(2)):
                nn.init.xavier_uniform_(matrix, gain=math.sqrt(1 / 2))
            nn.init.xavier_uniform_(module.output.weight)
            for linear in (module.query, module.key_value, module.output):
                if linear.bias is not None:
                    nn.init.zeros_(linear.bias)
        elif isinstance(module, FeedForward):
            for linear in (module.inner, module.outer):
                nn.init.uniform_(
                    linear.weight, -1 / math.sqrt(linear.in_features), 1 / math.sqrt(linear.in_features)
                )
                nn.init.zeros_(linear.bias)
        elif isinstance(module, PositionalEmbedding):
            nn.init.normal_(module.weight, std=model.config.d_model**-0.5)
            if module.is_learned:
                nn.init.normal_(module.position_PD, std=0.02)
    if model.own_output_VD is not None:
        nn.init.normal_(model.own_output_VD, std=model.config.d_model**-0.5)
