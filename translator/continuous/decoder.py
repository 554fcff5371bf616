"""The decoder in tensors whose shapes never change: R sentences in slots, W rows each, N = R · W.

A beam search gives rows new histories in every step. Here no key or value is moved for that: all that the W rows of a
slot ever wrote, X = T · W keys and values, stay where they were written, and a mask says which of them are the history
of which row.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from translator.attention import KeyValue, MultiHeadAttention
from translator.model import DecoderLayer, Transformer


class SlotDecoder:
    """Caches for every slot, and a step of all of them."""

    def __init__(
        self, model: Transformer, slots: int, beam_size: int, source_length: int, target_length: int
    ) -> None:
        weight, heads = model.embedding.weight, model.config.heads

        def zeros(length: int) -> Tensor:
            return weight.new_zeros((slots, heads, length, model.config.d_model // heads))

        self._model, self._width = model, beam_size
        keys = beam_size * target_length
        self._slot_R1 = torch.arange(slots, device=weight.device).unsqueeze(1)
        self._rank_W = torch.arange(beam_size, device=weight.device)
        self._memory = [KeyValue(zeros(source_length), zeros(source_length)) for _ in model.decoder]
        self._past = [KeyValue(zeros(keys), zeros(keys)) for _ in model.decoder]
        # Masks are what is added to scores, 0 or −∞: PyTorch would make that of a boolean one in every layer.
        self._past_mask_RWX = weight.new_full((slots, beam_size, keys), -torch.inf)
        # An empty slot may look at one key: a softmax over none is no number.
        self._source_mask_RS = weight.new_full((slots, source_length), -torch.inf)
        self._source_mask_RS[:, 0] = 0
        self._position_TD = model.embedding.table(target_length)

    def fill(self, slots_B: Tensor, source_BS: Tensor, source_keep_BS: Tensor) -> None:
        """Put new sentences into these slots, padded to the length of a slot."""
        memory_BSD = self._model.encode(source_BS, source_keep_BS)
        self._source_mask_RS[slots_B] = torch.zeros_like(source_keep_BS, dtype=memory_BSD.dtype).masked_fill_(
            ~source_keep_BS, -torch.inf
        )
        self._past_mask_RWX[slots_B] = -torch.inf
        for layer, memory in zip(self._model.decoder, self._memory, strict=True):
            projected = layer.cross_attention.project_memory(memory_BSD)
            memory.key_NHMK[slots_B] = projected.key_NHMK
            memory.value_NHMK[slots_B] = projected.value_NHMK

    def step(self, token_RW: Tensor, position_R: Tensor) -> Tensor:
        """Logits, (N, V), after the tokens that stand at these positions."""
        embedding = self._model.embedding
        position_R1D = self._position_TD[position_R].unsqueeze(1)
        x_RWD = F.embedding(token_RW, embedding.weight) * embedding.scale + position_R1D
        place_RW = position_R.unsqueeze(1) * self._width + self._rank_W
        self._past_mask_RWX.scatter_(2, place_RW.unsqueeze(2), 0.0)  # every row sees itself
        for layer, past, memory in zip(self._model.decoder, self._past, self._memory, strict=True):
            x_RWD = self._layer_step(layer, x_RWD, past, place_RW, memory)
        return self._model.logits(self._model.decoder_norm(x_RWD).flatten(0, 1))

    def _layer_step(
        self, layer: DecoderLayer, x_RWD: Tensor, past: KeyValue, place_RW: Tensor, memory: KeyValue
    ) -> Tensor:
        """`DecoderLayer.step` for slots; keys and values are written into their places."""
        past_mask_R1WX, source_mask_R11S = (
            self._past_mask_RWX.unsqueeze(1),
            self._source_mask_RS[:, None, None],
        )

        def attend_to_past(y_RWD: Tensor) -> Tensor:
            newest = layer.self_attention.project_memory(y_RWD)
            # Indices around a slice: what is indexed has the shape (R, W, H, K).
            past.key_NHMK[self._slot_R1, :, place_RW] = newest.key_NHMK.transpose(1, 2)
            past.value_NHMK[self._slot_R1, :, place_RW] = newest.value_NHMK.transpose(1, 2)
            return _attend(layer.self_attention, y_RWD, past, past_mask_R1WX)

        x_RWD = layer.self_attention_residual(x_RWD, attend_to_past)
        x_RWD = layer.cross_attention_residual(
            x_RWD, lambda y_RWD: _attend(layer.cross_attention, y_RWD, memory, source_mask_R11S)
        )
        out_RWD: Tensor = layer.feed_forward_residual(x_RWD, layer.feed_forward)
        return out_RWD

    def select(self, row_RW: Tensor) -> None:
        """Row w of a slot goes on from its former row row_RW[w]."""
        index_RWX = row_RW.unsqueeze(2).expand_as(self._past_mask_RWX)
        self._past_mask_RWX.copy_(self._past_mask_RWX.gather(1, index_RWX))


def _attend(attention: MultiHeadAttention, query_RWD: Tensor, memory: KeyValue, added_mask: Tensor) -> Tensor:
    """`MultiHeadAttention.forward` with a mask that is added to the scores."""
    query_RHWK = attention.split_heads(attention.query(query_RWD))
    return attention.merge_heads(
        F.scaled_dot_product_attention(query_RHWK, memory.key_NHMK, memory.value_NHMK, attn_mask=added_mask)
    )
