"""The network as a search runs it on a processor: the function that `Transformer` computes, arranged for speed.

- The three projections of self-attention are one matrix product.
- The keys and values of earlier positions stand in memory that is allocated ahead, not put together anew in each
  step; of the rows that a beam search moves, only those that change place are copied.
- The encoder computes nothing for padding.
- Matrix products with weights can be in int8: each column of weights has a scale of its own, and each row of
  activations.

In int8, what stands beside a sentence in its batch changes no bit of the answer: products of whole numbers are exact,
and everything else is computed row by row, or over numbers of keys for which the libraries below keep their order of
additions (found by trial, and tested; with a single head there is none). In float32 and bf16 they may add up in another
order for another number of rows, which tells in the last digits of a score.

`Transformer.decode_step` is the plain version, which this one is tested against.
"""

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from translator.attention import MultiHeadAttention
from translator.model import DecoderLayer, EncoderLayer, FeedForward, Residual, Transformer
from translator.script import scripted

_CACHE_GROWTH = 32
"""Positions by which a cache that is full gets longer."""
_FILLED_UP = 16
"""Keys and values of a source are filled up to a multiple of so many: a matrix product adds up the last few of a
number that is no such multiple in another order, and a sentence beside a longer one would be rounded differently."""
_SMALL_PRODUCT = 400
"""Below so many multiplications PyTorch computes a batch of matrix products by other code, which rounds differently: a
source is filled up to as many keys as keep every product above that."""
_PIECES_AT_ONCE = 8000
"""The logits of so many pieces are computed before they are written where those of a whole step stand: new memory of
that size is used again and again, while for tens of megabytes the system would be asked in every step."""


class Float32Linear(nn.Module):
    """As the weights are."""

    def __init__(self, weight_OI: Tensor, bias_O: Tensor | None = None) -> None:
        super().__init__()
        self.weight_OI, self.bias_O = weight_OI.detach(), _detached(bias_O)

    def forward(self, x: Tensor) -> Tensor:
        """(…, I) → (…, O)."""
        return F.linear(x, self.weight_OI, self.bias_O)

    @torch.jit.export
    def write(self, x_NI: Tensor, out_NV: Tensor, start: int) -> int:
        """Put what `forward` returns into the columns from `start` on; returns how many these are."""
        y_NO = self.forward(x_NI)
        out_NV[:, start : start + y_NO.shape[1]] = y_NO
        return y_NO.shape[1]


class BFloat16Linear(nn.Module):
    """Weights and activations rounded to bf16, products summed in float32."""

    def __init__(self, weight_OI: Tensor, bias_O: Tensor | None = None) -> None:
        super().__init__()
        self.weight_OI = weight_OI.detach().bfloat16()
        self.bias_O = None if bias_O is None else bias_O.detach().bfloat16()

    def forward(self, x: Tensor) -> Tensor:
        """(…, I) → (…, O)."""
        return F.linear(x.to(torch.bfloat16), self.weight_OI, self.bias_O).float()

    @torch.jit.export
    def write(self, x_NI: Tensor, out_NV: Tensor, start: int) -> int:
        """As `Float32Linear.write`."""
        y_NO = F.linear(x_NI.to(torch.bfloat16), self.weight_OI, self.bias_O)
        out_NV[:, start : start + y_NO.shape[1]] = y_NO
        return y_NO.shape[1]


class Int8Linear(nn.Module):
    """Weights and activations rounded to 8 bits, products summed in 32.

    A weight is a multiple of the 127th part of the largest one for its output; an activation, of the 127th part
    of the largest one of its row, or of the 255th where none is negative. (Without the VNNI instructions, products of
    8 bits overflow: then activations have 7.)
    """

    def __init__(self, weight_OI: Tensor, bias_O: Tensor | None = None) -> None:
        super().__init__()
        weight_OI = weight_OI.detach()
        scale_O = (weight_OI.abs().amax(dim=1) / 127).clamp(min=1e-12)
        zero_O = torch.zeros(len(scale_O), dtype=torch.long)
        with _fbgemm(), warnings.catch_warnings():
            # PyTorch will drop its quantised tensors; FBGEMM packs nothing else.
            warnings.filterwarnings("ignore", "torch.quantize_per", UserWarning)
            quantised_OI = torch.quantize_per_channel(weight_OI, scale_O.double(), zero_O, 0, torch.qint8)
            self.packed = torch.ops.quantized.linear_prepack(quantised_OI, None)
        self.bias_O = _detached(bias_O)
        self.steps = 127 if torch.cpu._is_vnni_supported() else 63
        self.zero = self.steps + 1

    def expect_nothing_negative(self) -> None:
        """All values of an activation are for positive numbers: twice as fine."""
        self.steps, self.zero = 2 * self.steps + 1, 0

    def forward(self, x: Tensor) -> Tensor:
        """(…, I) → (…, O)."""
        y, largest = self._multiply(x)
        bias_O = self.bias_O
        return y.mul_(largest) if bias_O is None else torch.addcmul(bias_O, y, largest)

    @torch.jit.export
    def write(self, x_NI: Tensor, out_NV: Tensor, start: int) -> int:
        """As `Float32Linear.write`, without a bias; what is scaled is not written twice."""
        y_NO, largest_N1 = self._multiply(x_NI)
        outputs = y_NO.shape[1]
        torch.mul(y_NO, largest_N1, out=out_NV[:, start : start + outputs])
        return outputs

    def _multiply(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Products of rows whose largest activation is 1, and what it was in each row."""
        largest = x.abs().amax(-1, True).clamp_(1e-12)
        y: Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(
            x / largest, 1 / self.steps, self.zero, self.packed
        )
        return y, largest


def _detached(bias_O: Tensor | None) -> Tensor | None:
    return None if bias_O is None else bias_O.detach()


@contextmanager
def _fbgemm() -> Iterator[None]:
    """Pack weights for FBGEMM: for few rows, twice as fast as oneDNN."""
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = "fbgemm"
    try:
        yield
    finally:
        torch.backends.quantized.engine = before


def can_use_int8() -> bool:
    """Whether this processor has kernels for `Int8Linear`."""
    return "fbgemm" in torch.backends.quantized.supported_engines


def has_fast_int8() -> bool:
    """Whether int8 is the fastest here and loses nothing that a reader would see: with VNNI, of 8 bits."""
    return can_use_int8() and torch.cpu._is_vnni_supported()


MakeLinear = Callable[[Tensor, Tensor | None], nn.Module]
Precision = Literal["fp32", "bf16", "int8"]
LINEAR: dict[Precision, MakeLinear] = {"fp32": Float32Linear, "bf16": BFloat16Linear, "int8": Int8Linear}
"""How matrix products with weights are computed."""


class _Sublayer(nn.Module):
    """Residual connection and norm around what a layer computes (`Residual`)."""

    def __init__(self, residual: Residual) -> None:
        super().__init__()
        self.norm = residual.norm
        self.is_pre_norm = residual.is_pre_norm

    def forward(self, x: Tensor) -> Tensor:
        """What the layer gets."""
        return self.norm(x) if self.is_pre_norm else x

    @torch.jit.export
    def after(self, x: Tensor, y: Tensor) -> Tensor:
        """What leaves, of what came in and what the layer made of it; overwrites `y`."""
        return y.add_(x) if self.is_pre_norm else self.norm(y.add_(x))


def _scaled_query(attention: MultiHeadAttention) -> Tensor:
    """W^Q / √d_k: then the scores need no factor."""
    weight_DD: Tensor = attention.query.weight
    return weight_DD / math.sqrt(len(weight_DD) // attention.heads)


def _query_key_value(attention: MultiHeadAttention, make: MakeLinear) -> nn.Module:
    return make(torch.cat([_scaled_query(attention), attention.key_value.weight]), None)


class _FeedForward(nn.Module):
    def __init__(self, feed_forward: FeedForward, make: MakeLinear) -> None:
        super().__init__()
        self.inner = make(feed_forward.inner.weight, feed_forward.inner.bias)
        self.outer = make(feed_forward.outer.weight, feed_forward.outer.bias)
        self.is_relu = feed_forward.activation is F.relu
        if self.is_relu and isinstance(self.outer, Int8Linear):
            self.outer.expect_nothing_negative()

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.inner(x)
        y: Tensor = self.outer(hidden.relu_() if self.is_relu else F.gelu(hidden))
        return y


@scripted
class _Places:
    """Where P tokens that are no padding stand in a batch of B sentences with S places each."""

    def __init__(self, keep_BS: Tensor) -> None:
        self.sentences, self.length = keep_BS.shape[0], keep_BS.shape[1]
        self.place_P = keep_BS.flatten().nonzero().squeeze(1)
        self.lengths: list[int] = keep_BS.sum(1).tolist()

    def pack(self, x_BSD: Tensor) -> Tensor:
        """The tokens alone, (P, D)."""
        return x_BSD.flatten(0, 1).index_select(0, self.place_P)

    def spread(self, x_PD: Tensor) -> Tensor:
        """Back in their places, (B, S, D), among zeros."""
        x_QD = x_PD.new_zeros(self.sentences * self.length, x_PD.shape[1])
        x_BSD: Tensor = x_QD.index_copy_(0, self.place_P, x_PD).view(self.sentences, self.length, -1)
        return x_BSD


class _EncoderLayer(nn.Module):
    def __init__(self, layer: EncoderLayer, make: MakeLinear) -> None:
        super().__init__()
        self.heads = layer.self_attention.heads
        self.query_key_value = _query_key_value(layer.self_attention, make)
        self.output = make(layer.self_attention.output.weight, None)
        self.around_attention = _Sublayer(layer.self_attention_residual)
        self.feed_forward = _FeedForward(layer.feed_forward, make)
        self.around_feed_forward = _Sublayer(layer.feed_forward_residual)

    def forward(self, x_PD: Tensor, places: _Places) -> Tensor:
        """(P, D) → (P, D); sentence by sentence where they attend, so that no other one can change a rounding."""
        projected_P3HK = self.query_key_value(self.around_attention(x_PD)).unflatten(-1, (3, self.heads, -1))
        attended: list[Tensor] = []
        for sentence_L3HK in projected_P3HK.split(places.lengths):
            heads_31HLK = sentence_L3HK.permute(1, 2, 0, 3).unsqueeze(1)
            attended_1HLK = F.scaled_dot_product_attention(
                heads_31HLK[0], heads_31HLK[1], heads_31HLK[2], scale=1.0
            )
            attended.append(attended_1HLK[0].transpose(0, 1).flatten(1))
        x_PD = self.around_attention.after(x_PD, self.output(torch.cat(attended)))
        fed_PD = self.feed_forward(self.around_feed_forward(x_PD))
        y_PD: Tensor = self.around_feed_forward.after(x_PD, fed_PD)
        return y_PD


class _Encoder(nn.Module):
    def __init__(self, model: Transformer, make: MakeLinear) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_EncoderLayer(layer, make) for layer in model.encoder)
        self.norm = model.encoder_norm

    def forward(self, x_BSD: Tensor, places: _Places) -> Tensor:
        """The memory, (B, S, D), with zeros where there is padding."""
        x_PD = places.pack(x_BSD)
        for layer in self.layers:
            x_PD = layer(x_PD, places)
        memory_BSD: Tensor = places.spread(self.norm(x_PD))
        return memory_BSD


def _attend(query_XLK: Tensor, key_XMK: Tensor, value_XMK: Tensor, padding_B11M: Tensor | None) -> Tensor:
    """Attention of a few queries, X = sentences or rows times heads; PyTorch's kernel takes twice as long for them.

    Keys times queries, not queries times keys: the matrix product would put the second one, the large one, in another
    order first.
    """
    scores_XLM = torch.bmm(key_XMK, query_XLK.transpose(1, 2)).transpose(1, 2).contiguous()
    if padding_B11M is not None:
        sentences, queries, keys = padding_B11M.shape[0], scores_XLM.shape[1], scores_XLM.shape[2]
        scores_XLM.view(sentences, -1, queries, keys).masked_fill_(padding_B11M, -math.inf)
    return torch.bmm(scores_XLM.softmax(-1), value_XMK)


class _DecoderLayer(nn.Module):
    def __init__(self, layer: DecoderLayer, make: MakeLinear) -> None:
        super().__init__()
        self.heads = layer.self_attention.heads
        self.query_key_value = _query_key_value(layer.self_attention, make)
        self.self_output = make(layer.self_attention.output.weight, None)
        self.around_self_attention = _Sublayer(layer.self_attention_residual)
        self.cross_query = make(_scaled_query(layer.cross_attention), None)
        self.cross_output = make(layer.cross_attention.output.weight, None)
        self.around_cross_attention = _Sublayer(layer.cross_attention_residual)
        self.feed_forward = _FeedForward(layer.feed_forward, make)
        self.around_feed_forward = _Sublayer(layer.feed_forward_residual)

    def forward(
        self,
        x_ND: Tensor,
        key_NHTK: Tensor,
        value_NHTK: Tensor,
        memory_2BHSK: Tensor,
        padding_B11S: Tensor | None,
        length: int,
    ) -> Tensor:
        """One new position of each row, the `length`-th; its key and value are put into their places."""
        rows, heads = x_ND.shape[0], self.heads
        projected_N3HK = self.query_key_value(self.around_self_attention(x_ND)).view(rows, 3, heads, -1)
        key_NHTK[:, :, length] = projected_N3HK[:, 1]
        value_NHTK[:, :, length] = projected_N3HK[:, 2]
        attended_X1K = _attend(
            projected_N3HK[:, 0].reshape(rows * heads, 1, -1),
            key_NHTK.flatten(0, 1)[:, : length + 1],
            value_NHTK.flatten(0, 1)[:, : length + 1],
            None,
        )
        attended_ND = self.self_output(attended_X1K.view(x_ND.shape))
        x_ND = self.around_self_attention.after(x_ND, attended_ND)

        # The rows of a sentence ask as several queries: the memory is not copied for each of them.
        sentences = memory_2BHSK.shape[1]
        asked_ND = self.cross_query(self.around_cross_attention(x_ND))
        query_BHWK = asked_ND.view(sentences, rows // sentences, heads, -1).transpose(1, 2)
        memory_2XSK = memory_2BHSK.flatten(1, 2)
        attended_XWK = _attend(query_BHWK.flatten(0, 1), memory_2XSK[0], memory_2XSK[1], padding_B11S)
        attended_ND = attended_XWK.view(query_BHWK.shape).transpose(1, 2).reshape(x_ND.shape)
        x_ND = self.around_cross_attention.after(x_ND, self.cross_output(attended_ND))

        fed_ND = self.feed_forward(self.around_feed_forward(x_ND))
        y_ND: Tensor = self.around_feed_forward.after(x_ND, fed_ND)
        return y_ND


class _Decoder(nn.Module):
    def __init__(self, model: Transformer, make: MakeLinear) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_DecoderLayer(layer, make) for layer in model.decoder)
        self.norm = model.decoder_norm
        weights = model.embedding.weight.split(_PIECES_AT_ONCE)
        self.logits: Any = nn.ModuleList(make(weight, None) for weight in weights)  # Any: they can `write`

    def forward(
        self,
        x_ND: Tensor,
        keys_NHTK: list[Tensor],
        values_NHTK: list[Tensor],
        memories_2BHSK: list[Tensor],
        padding_B11S: Tensor | None,
        length: int,
        logits_NV: Tensor,
    ) -> None:
        """Fill in the logits; each list has a tensor for each layer."""
        for number, layer in enumerate(self.layers):
            x_ND = layer(
                x_ND, keys_NHTK[number], values_NHTK[number], memories_2BHSK[number], padding_B11S, length
            )
        x_ND = self.norm(x_ND)
        start = 0
        for logits in self.logits:
            start += logits.write(x_ND, logits_NV, start)


@dataclass
class InferenceState:
    """What decoding carries from one step to the next, for N = sentences · beam rows; a tensor for each layer."""

    keys_NHTK: list[Tensor]
    values_NHTK: list[Tensor]
    memories_2BHSK: list[Tensor]
    """Keys and values of the source."""
    padding_B11S: Tensor | None
    """Where the source has none."""
    logits_NV: Tensor
    """Where the logits of a step are put; more rows than there are when sentences are done."""
    length: int = 0

    def select(self, rows_N: Tensor) -> None:
        """Row i goes on from the former row rows_N[i]."""
        moved_R = (rows_N != torch.arange(len(rows_N), device=rows_N.device)).nonzero().flatten()
        if not len(moved_R):
            return
        from_R, past = rows_N[moved_R], slice(0, self.length)
        for cache_NHTK in (*self.keys_NHTK, *self.values_NHTK):
            cache_NHTK[moved_R, :, past] = cache_NHTK[from_R, :, past]

    def keep_sentences(self, sentences_B: Tensor, rows_N: Tensor) -> None:
        """Drop all but the given sentences, whose rows are `rows_N`."""
        self.keys_NHTK = [key_NHTK[rows_N] for key_NHTK in self.keys_NHTK]
        self.values_NHTK = [value_NHTK[rows_N] for value_NHTK in self.values_NHTK]
        self.memories_2BHSK = [memory_2BHSK[:, sentences_B] for memory_2BHSK in self.memories_2BHSK]
        if self.padding_B11S is not None:
            self.padding_B11S = self.padding_B11S[sentences_B]

    def make_room(self, rows: int) -> None:
        """Before a step of so many rows: longer caches where they are full, and logits for every row."""
        if len(self.logits_NV) < rows:
            self.logits_NV = self.logits_NV.new_empty((rows, self.logits_NV.shape[1]))
        if self.keys_NHTK[0].shape[2] == self.length:
            self.keys_NHTK = [self._longer(key_NHTK, rows) for key_NHTK in self.keys_NHTK]
            self.values_NHTK = [self._longer(value_NHTK, rows) for value_NHTK in self.values_NHTK]

    def _longer(self, cache_NHTK: Tensor, rows: int) -> Tensor:
        _, heads, length, width = cache_NHTK.shape
        longer_NHTK = cache_NHTK.new_empty((rows, heads, length + _CACHE_GROWTH, width))
        if length:
            longer_NHTK[:, :, :length] = cache_NHTK
        return longer_NHTK


class InferenceModel:
    """A StepwiseModel with the weights of a Transformer, of which `make` makes matrix products.

    Its layers are run by TorchScript: of a step that consists of many small operations, Python itself would take two
    thirds of the time.
    """

    @torch.no_grad()
    def __init__(self, model: Transformer, make: MakeLinear = Float32Linear) -> None:
        self._embedding = model.embedding
        self._encoder = scripted(_Encoder(model, make).eval())
        self._decoder = scripted(_Decoder(model, make).eval())
        self._memory_maps = [make(layer.cross_attention.key_value.weight, None) for layer in model.decoder]
        self._heads, self._vocab_size = model.config.heads, model.config.vocab_size
        head_width = model.config.d_model // model.config.heads
        self._memory_step = _FILLED_UP * math.ceil(_SMALL_PRODUCT / (_FILLED_UP * head_width))

    def encode(self, source_BS: Tensor, source_keep_BS: Tensor) -> Tensor:
        """The memory: (B, S, D)."""
        memory_BSD: Tensor = self._encoder(self._embedding(source_BS), _Places(source_keep_BS))
        return memory_BSD

    def start(self, memory_BSD: Tensor, source_keep_BS: Tensor) -> InferenceState:
        """The state before the first step."""
        more = -source_keep_BS.shape[1] % self._memory_step
        keep_BS = F.pad(source_keep_BS, (0, more))
        places = _Places(keep_BS)
        memory_PD = places.pack(F.pad(memory_BSD, (0, 0, 0, more)))
        memories_2BHSK = [
            places.spread(key_value(memory_PD))
            .unflatten(-1, (2, self._heads, -1))
            .permute(2, 0, 3, 1, 4)
            .contiguous()
            for key_value in self._memory_maps
        ]
        empty_NHTK = [memory_2BHSK[0, :0, :, :0] for memory_2BHSK in memories_2BHSK]
        padding_B11S = None if bool(keep_BS.all()) else ~keep_BS[:, None, None, :]
        no_logits_NV = memory_BSD.new_empty((0, self._vocab_size))
        return InferenceState(empty_NHTK, empty_NHTK, memories_2BHSK, padding_B11S, no_logits_NV)

    def decode_step(self, tokens_N: Tensor, state: InferenceState) -> tuple[Tensor, InferenceState]:
        """Logits of the next tokens, (N, V), until the next step, and the state that includes them."""
        state.make_room(len(tokens_N))
        x_ND = self._embedding(tokens_N.unsqueeze(1), first_position=state.length).squeeze(1)
        logits_NV = state.logits_NV[: len(tokens_N)]
        self._decoder(
            x_ND, state.keys_NHTK, state.values_NHTK, state.memories_2BHSK, state.padding_B11S, state.length,
            logits_NV,
        )  # fmt: skip
        state.length += 1
        return logits_NV, state
