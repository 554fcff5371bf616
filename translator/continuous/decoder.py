"""The decoder in tensors whose shapes never change: R sentences in slots, W rows each, N = R · W."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from translator.attention import KeyValue
from translator.model import LayerCache, Transformer


@dataclass
class _Past(KeyValue):
    """Keys and values with room for the longest translation; each row is at a position of its own."""

    position_N: Tensor

    def append(self, newer: KeyValue) -> "_Past":
        row_N = torch.arange(len(self.position_N), device=self.position_N.device)
        self.key_NHMK[row_N, :, self.position_N] = newer.key_NHMK.squeeze(2)
        self.value_NHMK[row_N, :, self.position_N] = newer.value_NHMK.squeeze(2)
        return self

    def reorder(self, rows_N: Tensor) -> None:
        """Row i goes on from the former row rows_N[i]."""
        moved = self.select(rows_N)
        self.key_NHMK.copy_(moved.key_NHMK)
        self.value_NHMK.copy_(moved.value_NHMK)


class SlotDecoder:
    """Caches for every slot, and a step of all of them."""

    def __init__(
        self, model: Transformer, slots: int, beam_size: int, source_length: int, target_length: int
    ) -> None:
        weight, heads = model.embedding.weight, model.config.heads

        def zeros(rows: int, length: int) -> Tensor:
            return weight.new_zeros((rows, heads, length, model.config.d_model // heads))

        rows = slots * beam_size
        self._model = model
        self._nowhere_N = torch.zeros(rows, dtype=torch.long, device=weight.device)
        self._past = [
            _Past(zeros(rows, target_length), zeros(rows, target_length), self._nowhere_N)
            for _ in model.decoder
        ]
        self._memory = [
            KeyValue(zeros(slots, source_length), zeros(slots, source_length)) for _ in model.decoder
        ]
        self._place_S = torch.arange(source_length, device=weight.device)
        self._place_T = torch.arange(target_length, device=weight.device)
        # An empty slot may look at one key: a softmax over none is no number.
        self._source_keep_RS = (self._place_S == 0).repeat(slots, 1)
        self._position_TD = model.embedding.table(target_length)

    def fill(self, slots_B: Tensor, source_BS: Tensor, source_keep_BS: Tensor) -> None:
        """Put new sentences into these slots, padded to the length of a slot."""
        memory_BSD = self._model.encode(source_BS, source_keep_BS)
        self._source_keep_RS[slots_B] = source_keep_BS
        for layer, memory in zip(self._model.decoder, self._memory, strict=True):
            projected = layer.cross_attention.project_memory(memory_BSD)
            memory.key_NHMK[slots_B] = projected.key_NHMK
            memory.value_NHMK[slots_B] = projected.value_NHMK

    def step(self, tokens_N: Tensor, position_N: Tensor) -> Tensor:
        """Logits, (N, V), after the tokens that stand at these positions."""
        embedding = self._model.embedding
        x_ND = F.embedding(tokens_N, embedding.weight) * embedding.scale + self._position_TD[position_N]
        x_N1D = x_ND.unsqueeze(1)
        past_keep_N11T = (self._place_T <= position_N.unsqueeze(1))[:, None, None, :]
        source_keep_R11S = self._source_keep_RS[:, None, None, :]
        for layer, past, memory in zip(self._model.decoder, self._past, self._memory, strict=True):
            past.position_N = position_N
            x_N1D = layer.step(x_N1D, LayerCache(past, memory, past_keep_N11T), source_keep_R11S)
        return self._model.logits(self._model.decoder_norm(x_N1D).squeeze(1))

    def select(self, rows_N: Tensor) -> None:
        """Row i goes on from the former row rows_N[i]."""
        for past in self._past:
            past.reorder(rows_N)
