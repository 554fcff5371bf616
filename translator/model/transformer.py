"""The encoder-decoder Transformer (Vaswani et al. 2017, section 3)."""

from collections.abc import Iterable, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from translator.config import ModelConfig
from translator.model.attention import KeyValue
from translator.model.cache import Cache
from translator.model.embedding import PositionalEmbedding
from translator.model.initialisation import initialise
from translator.model.interface import (
    AttentionLayer,
    AttentionRecord,
    Start,
    TranslationModel,
    matrix_sizes,
)
from translator.model.layers import DecoderLayer, EncoderLayer


class Transformer(TranslationModel):
    """The whole network. Training calls `forward` (teacher forcing); a search calls `start` and `decode_step`.

    The logits of a search are those of training: a step computes one position, and keeps the keys and values of the
    positions before it.
    """

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
