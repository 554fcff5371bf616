"""A decoder-only Transformer (Radford et al. 2018): one stack that predicts the next token of `source <sep> target`.

The end token of the source and the begin token of the target together are the separator. The layers have the parts of
the encoder–decoder, with LayerNorm before each sub-layer (Radford et al. 2019, section 2.3), GELU and learned positions
(Radford et al. 2018, section 4.1). There is no cross-attention: a target token attends to the source as it attends to
the target tokens before it. Deviations: as in the encoder–decoder here, embeddings are scaled by √d_model, attention
has no biases, and random weights have its distribution.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from translator.config import ModelConfig
from translator.model.attention import KeyValue, MultiHeadAttention
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
from translator.model.layers import FeedForward, Residual


class Block(nn.Module):
    """Masked self-attention, then the feed-forward network (Radford et al. 2018, equation 2)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(
            config.d_model, config.heads, config.attention_dropout, config.attention_bias
        )
        self.self_attention_residual = Residual(config)
        self.feed_forward = FeedForward(config, config.d_ff)
        self.feed_forward_residual = Residual(config)

    def forward(
        self,
        x_BLD: Tensor,
        keep_mask_B1LM: Tensor,
        remember: Callable[[KeyValue], KeyValue] = lambda newest: newest,
        record: AttentionRecord | None = None,
    ) -> Tensor:
        """(B, L, D) → (B, L, D).

        `remember` gets the keys and values of the L positions, and returns those to attend to: by default the same.
        """

        def attend(y_BLD: Tensor) -> Tensor:
            memory = remember(self.self_attention.project_memory(y_BLD))
            attended_BLD: Tensor = self.self_attention(y_BLD, memory, keep_mask_B1LM, record=record)
            return attended_BLD

        x_BLD = self.self_attention_residual(x_BLD, attend)
        out_BLD: Tensor = self.feed_forward_residual(x_BLD, self.feed_forward)
        return out_BLD


class DecoderOnly(TranslationModel):
    """Reads the source and writes the target with the same layers.

    With prefix attention, the source tokens attend to each other in both directions (the prefix LM of Raffel et al.
    2020, section 3.2.1).
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.embedding = PositionalEmbedding(config)
        blocks = nn.ModuleList(Block(config) for _ in range(config.decoder_layers))
        self.decoder = cast(Sequence[Block], blocks)  # ModuleList is not generic
        self.norm = nn.LayerNorm(config.d_model)
        initialise(self)

    def forward(
        self,
        source_BS: Tensor,
        source_keep_BS: Tensor,
        target_BT: Tensor,
        record: AttentionRecord | None = None,
    ) -> Tensor:
        """The output for source and target, (B, S + T, D); see `TranslationModel.forward`.

        Padding between the two has no position, and nothing attends to it.
        """
        tokens_BL = torch.cat([source_BS, target_BT], dim=1)
        keep_BL = torch.cat([source_keep_BS, torch.ones_like(target_BT, dtype=torch.bool)], dim=1)
        x_BLD = self._embed(tokens_BL, keep_BL)
        keep_mask_B1LL = self._keep_mask(keep_BL, source_BS.shape[1])
        for block in self.decoder:
            x_BLD = block(x_BLD, keep_mask_B1LL, record=record)
        out_BLD: Tensor = self.norm(x_BLD)
        return out_BLD

    def source_labels(self, source_BS: Tensor, source_keep_BS: Tensor, pad_id: int) -> Tensor | None:
        """Each source token's label is the next one, if the model learns to predict the source: (B, S)."""
        if not self.config.decoder_only.source_loss:
            return None
        next_BS = source_BS.masked_fill(~source_keep_BS, pad_id).roll(-1, dims=1)
        next_BS[:, -1] = pad_id
        return next_BS

    def start(self, source_BS: Tensor, source_keep_BS: Tensor) -> Start:
        """See `TranslationModel.start`: the keys and values of the source for each layer, and none of the target."""
        memory: list[KeyValue] = []

        def remember(newest: KeyValue) -> KeyValue:
            memory.append(newest)
            return newest

        x_BSD = self._embed(source_BS, source_keep_BS)
        keep_mask_B1SS = self._keep_mask(source_keep_BS, source_BS.shape[1])
        for block in self.decoder:
            x_BSD = block(x_BSD, keep_mask_B1SS, remember)
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
        """See `TranslationModel.decode_step`; positions continue those of the source."""
        rows_N = torch.arange(len(place_N), device=place_N.device)
        x_N1D = self.embedding.at(tokens_N.unsqueeze(1), (source_keep_NS.sum(1) + place_N).unsqueeze(1))
        for block, before, source in zip(self.decoder, past, memory, strict=True):
            assert isinstance(before, KeyValue)
            assert isinstance(source, KeyValue)

            def remember(newest: KeyValue, before: KeyValue = before, source: KeyValue = source) -> KeyValue:
                before.key_NHMK[rows_N, :, place_N] = newest.key_NHMK.squeeze(2)
                before.value_NHMK[rows_N, :, place_N] = newest.value_NHMK.squeeze(2)
                pairs = zip(source.tensors, before.tensors, strict=True)
                return KeyValue(*(torch.cat(pair, dim=2) for pair in pairs))

            place_T = torch.arange(before.key_NHMK.shape[2], device=place_N.device)
            keep_NM = torch.cat([source_keep_NS, place_T <= place_N.unsqueeze(1)], dim=1)
            x_N1D = block(x_N1D, keep_NM[:, None, None, :], remember, record)
        return self.logits(self.norm(x_N1D).squeeze(1))

    def _embed(self, tokens_BL: Tensor, keep_BL: Tensor) -> Tensor:
        """Embed tokens at the positions that remain if padding is left out: (B, L, D)."""
        place_BL = (keep_BL.cumsum(1) - 1).clamp(min=0)
        embedded: Tensor = self.embedding.dropout(self.embedding.at(tokens_BL, place_BL))
        return embedded

    def _keep_mask(self, keep_BL: Tensor, source_length: int) -> Tensor:
        """What each position may attend to, (B, 1, L, L): earlier tokens, and with prefix attention the source."""
        length = keep_BL.shape[1]
        keep_LL = torch.ones(length, length, dtype=torch.bool, device=keep_BL.device).tril()
        if self.config.decoder_only.prefix_attention:
            keep_LL[:, :source_length] = True
        return (keep_LL & keep_BL.unsqueeze(1)).unsqueeze(1)

    @property
    def output_VD(self) -> Tensor:
        """The shared embedding (Radford et al. 2018, equation 2)."""
        return self.embedding.weight

    @property
    def most_tokens(self) -> int | None:
        """Half of the positions: see `TranslationModel.most_tokens`."""
        return self.config.max_positions // 2

    @property
    def layers(self) -> Iterable[nn.Module]:
        """See `TranslationModel.layers`."""
        return self.decoder

    @property
    def attention_layers(self) -> list[AttentionLayer]:
        """See `TranslationModel.attention_layers`."""
        return [
            AttentionLayer(f"Layer {number}: self-attention", block.self_attention, "both", "both")
            for number, block in enumerate(self.decoder, start=1)
        ]

    @property
    def alignment_modules(self) -> list[nn.Module]:
        """See `TranslationModel.alignment_modules`."""
        return [block.self_attention for block in self.decoder]

    def products_per_token(self) -> tuple[int, int]:
        """See `TranslationModel.products_per_token`."""
        blocks, output = matrix_sizes(*self.decoder), self.output_VD.numel()
        return blocks + output * self.config.decoder_only.source_loss, blocks + output
