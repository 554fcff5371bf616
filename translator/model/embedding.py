"""From tokens to vectors: embeddings and positions (Vaswani et al. 2017, sections 3.4 and 3.5)."""

import math
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from translator.config import ModelConfig, Sinusoids
from translator.errors import InputTooLong
from translator.model.dropout import Dropout


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
