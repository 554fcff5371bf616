"""A recurrent encoder–decoder with attention: what the Transformer replaced.

A bidirectional encoder and additive attention as in Bahdanau et al. 2015 (sections 3.1 and 3.2). As in Luong et al.
2015, attention comes after the recurrent layers of the decoder (section 3, figure 2), and its output is part of the
next step's input (input feeding, section 3.3). An annotation is A = 2D wide: both directions of the encoder.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from translator.config import ModelConfig
from translator.model.cache import Cache
from translator.model.dropout import Dropout
from translator.model.interface import (
    AttentionLayer,
    AttentionRecord,
    Start,
    TranslationModel,
    matrix_sizes,
)


@dataclass
class Annotations(Cache):
    """The encoder's output for each source position, and its projection U h of the attention."""

    position_axis = 1
    annotation_BSA: Tensor
    key_BSD: Tensor


@dataclass
class LayerState(Cache):
    """The state of a recurrent layer. A GRU has no memory cell: its cell is empty, (N, 0)."""

    hidden_ND: Tensor
    cell_ND: Tensor


@dataclass
class Fed(Cache):
    """The attentional output of the last step, which is an input of the next."""

    output_ND: Tensor


class AdditiveAttention(nn.Module):
    """The softmax of e_ij = v · tanh(W s_i + U h_j) weights the annotations h_j.

    Bahdanau et al. 2015, section 3.1 and appendix A.1.2.

    Deviation: s_i is the decoder's state at this step, as in Luong et al. 2015; Bahdanau et al. take s_(i−1).
    """

    def __init__(self, d_model: int, annotation: int) -> None:
        super().__init__()
        self.query = nn.Linear(d_model, d_model, bias=False)
        self.key = nn.Linear(annotation, d_model, bias=False)
        self.energy_D = nn.Parameter(torch.empty(d_model).uniform_(-1, 1) * d_model**-0.5)

    def weights(self, state_ND: Tensor, memory: Annotations, keep_NS: Tensor) -> Tensor:
        """The weight of each source position, (N, S); those of padding are 0."""
        hidden_NSD = torch.tanh(self.query(state_ND).unsqueeze(1) + memory.key_BSD)
        score_NS = (hidden_NSD @ self.energy_D).masked_fill(~keep_NS, -torch.inf)
        return score_NS.softmax(dim=1, dtype=torch.float32).to(score_NS.dtype)

    def forward(self, weights_NS: Tensor, memory: Annotations) -> Tensor:
        """The context, the weighted sum of the annotations: (N, A)."""
        context_NA: Tensor = (weights_NS.unsqueeze(1) @ memory.annotation_BSA).squeeze(1)
        return context_NA


class RecurrentNetwork(TranslationModel):
    """Encoder, decoder and attention; one embedding for source, target and output, as in the Transformer here.

    A sentence is read and written one token after another: each state needs the one before.
    """

    has_equal_layers = False

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        width, self.is_lstm = config.d_model, config.rnn.cell == "lstm"
        self.embedding = nn.Embedding(config.vocab_size, width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        self.dropout = Dropout(config.dropout)
        # The encoder's layers run over whole sequences; cells are for one step.
        layer = nn.LSTM if self.is_lstm else nn.GRU
        encoder = nn.ModuleList(
            layer(2 * width if number else width, width, batch_first=True, bidirectional=True)
            for number in range(config.encoder_layers)
        )
        self.encoder = cast(Sequence[nn.RNNBase], encoder)  # ModuleList is not generic
        cell = nn.LSTMCell if self.is_lstm else nn.GRUCell
        decoder = nn.ModuleList(
            cell(width if number else 2 * width, width) for number in range(config.decoder_layers)
        )
        self.decoder = cast(Sequence[nn.RNNCellBase], decoder)
        self.bridge = nn.Linear(width, config.decoder_layers * width)
        self.attention = AdditiveAttention(width, 2 * width)
        self.combine = nn.Linear(3 * width, width, bias=False)

    def encode(self, source_BS: Tensor, source_keep_BS: Tensor) -> Tensor:
        """The annotations h_j = [→h_j ; ←h_j], (B, S, A); the backward direction starts at the last token."""
        x_BSA: Tensor = self.dropout(self._embed(source_BS))
        lengths_B = source_keep_BS.sum(1).cpu()
        for layer in self.encoder:
            packed = pack_padded_sequence(x_BSA, lengths_B, batch_first=True, enforce_sorted=False)
            output, _ = layer(packed)
            annotation_BSA, _ = pad_packed_sequence(output, batch_first=True, total_length=source_BS.shape[1])
            x_BSA = self.dropout(annotation_BSA)
        return x_BSA

    def start(self, source_BS: Tensor, source_keep_BS: Tensor) -> Start:
        """See `TranslationModel.start`. The first state is tanh(W_s ←h_1) (Bahdanau et al. 2015, appendix A.2.2).

        Deviation: with a bias, and a state for each layer of the decoder. The cell of an LSTM starts with zeros.
        """
        annotation_BSA = self.encode(source_BS, source_keep_BS)
        width = self.config.d_model
        states_BD = torch.tanh(self.bridge(annotation_BSA[:, 0, width:])).chunk(len(self.decoder), dim=1)
        past: list[Cache] = []
        for hidden_BD in states_BD:
            cell_BD = torch.zeros_like(hidden_BD) if self.is_lstm else hidden_BD[:, :0]
            past.append(LayerState(hidden_BD, cell_BD))
        past.append(Fed(torch.zeros_like(states_BD[0])))
        return Start([Annotations(annotation_BSA, self.attention.key(annotation_BSA))], past)

    # A compiler would unroll the loop over the target, and compile it again for each length.
    @torch.compiler.disable  # type: ignore[untyped-decorator]  # untyped in PyTorch
    def forward(
        self,
        source_BS: Tensor,
        source_keep_BS: Tensor,
        target_BT: Tensor,
        record: AttentionRecord | None = None,
    ) -> Tensor:
        """See `TranslationModel.forward`: one step after another, (B, T, D)."""
        (memory,), past = self.start(source_BS, source_keep_BS)
        assert isinstance(memory, Annotations)
        outputs, weights = [], []
        for token_BD in self.dropout(self._embed(target_BT)).unbind(1):
            output_BD, past, weights_BS = self._step(token_BD, past, memory, source_keep_BS)
            outputs.append(output_BD)
            weights.append(weights_BS)
        if record is not None and self.attention in record:
            record[self.attention] = torch.stack(weights, dim=1).unsqueeze(1)
        return torch.stack(outputs, dim=1)

    def decode_step(
        self,
        tokens_N: Tensor,
        place_N: Tensor,
        past: Sequence[Cache],
        memory: Sequence[Cache],
        source_keep_NS: Tensor,
        record: AttentionRecord | None = None,
    ) -> Tensor:
        """See `TranslationModel.decode_step`; the state needs no position."""
        (annotations,) = memory
        assert isinstance(annotations, Annotations)
        output_ND, after, weights_NS = self._step(self._embed(tokens_N), past, annotations, source_keep_NS)
        if record is not None and self.attention in record:
            record[self.attention] = weights_NS[:, None, None, :]
        for kept, new in zip(past, after, strict=True):
            for old, tensor in zip(kept.tensors, new.tensors, strict=True):
                old.copy_(tensor)
        return self.logits(output_ND)

    def _embed(self, tokens: Tensor) -> Tensor:
        """(…) → (…, D), with unit variance: the weights, which the output shares, are smaller by √d_model."""
        embedded: Tensor = self.embedding(tokens) * self.config.d_model**0.5
        return embedded

    def _step(
        self, token_ND: Tensor, past: Sequence[Cache], memory: Annotations, keep_NS: Tensor
    ) -> tuple[Tensor, list[Cache], Tensor]:
        """Write one token: the output ~h = tanh(W_c [c ; h]) (Luong et al. 2015, equation 5), (N, D).

        Also returns the new past, and the weights of the source positions, (N, S).
        """
        *states, fed = past
        assert isinstance(fed, Fed)
        x_ND = torch.cat([token_ND, fed.output_ND], dim=1)
        after: list[Cache] = []
        for number, (cell, state) in enumerate(zip(self.decoder, states, strict=True)):
            assert isinstance(state, LayerState)
            if self.is_lstm:
                new = LayerState(*cell(x_ND, (state.hidden_ND, state.cell_ND)))
            else:
                new = LayerState(cell(x_ND, state.hidden_ND), state.cell_ND)
            after.append(new)
            x_ND = self.dropout(new.hidden_ND) if number + 1 < len(self.decoder) else new.hidden_ND
        weights_NS = self.attention.weights(x_ND, memory, keep_NS)
        context_NA = self.attention(weights_NS, memory)
        output_ND = torch.tanh(self.combine(torch.cat([context_NA, x_ND], dim=1)))
        return self.dropout(output_ND), [*after, Fed(output_ND)], weights_NS

    @property
    def output_VD(self) -> Tensor:
        """The shared embedding."""
        return self.embedding.weight

    @property
    def most_tokens(self) -> int | None:
        """See `TranslationModel.most_tokens`."""
        return None

    @property
    def layers(self) -> Iterable[nn.Module]:
        """The attention: it runs once in each step."""
        return (self.attention,)

    @property
    def attention_layers(self) -> list[AttentionLayer]:
        """See `TranslationModel.attention_layers`."""
        return [AttentionLayer("Decoder: attention", self.attention, "target", "source")]

    @property
    def alignment_modules(self) -> list[nn.Module]:
        """See `TranslationModel.alignment_modules`."""
        return [self.attention]

    def products_per_token(self) -> tuple[int, int]:
        """See `TranslationModel.products_per_token`; the first state is left out."""
        target = matrix_sizes(*self.decoder, self.attention.query, self.combine) + self.output_VD.numel()
        return matrix_sizes(*self.encoder, self.attention.key), target
