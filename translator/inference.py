"""The network as a search runs it on a processor: the function that `Transformer` computes, arranged for speed.

- The three projections of self-attention are one matrix product.
- The keys and values of earlier positions stand in memory that is allocated ahead, not put together anew in each
  step; of the rows that a beam search moves, only those that change place are copied.
- Matrix products with weights can be in int8: each column of weights has a scale of its own, and each row of
  activations, so that what stands beside a sentence in its batch changes nothing.

`Transformer.decode_step` is the plain version, which this one is tested against.
"""

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from translator.attention import MultiHeadAttention
from translator.model import DecoderLayer, EncoderLayer, FeedForward, Residual, Transformer

_CACHE_GROWTH = 32
"""Positions by which a cache that is full gets longer."""


class Linear(Protocol):
    """A matrix product with weights that do not change any more."""

    def __call__(self, x: Tensor) -> Tensor:
        """(…, I) → (…, O)."""


class Float32Linear:
    """As the weights are."""

    def __init__(self, weight_OI: Tensor, bias_O: Tensor | None = None) -> None:
        self._weight_OI, self._bias_O = weight_OI, bias_O

    def __call__(self, x: Tensor) -> Tensor:
        """(…, I) → (…, O)."""
        return F.linear(x, self._weight_OI, self._bias_O)


class BFloat16Linear:
    """Weights and activations rounded to bf16, products summed in float32."""

    def __init__(self, weight_OI: Tensor, bias_O: Tensor | None = None) -> None:
        self._weight_OI = weight_OI.bfloat16()
        self._bias_O = None if bias_O is None else bias_O.bfloat16()

    def __call__(self, x: Tensor) -> Tensor:
        """(…, I) → (…, O)."""
        return F.linear(x.bfloat16(), self._weight_OI, self._bias_O).float()


class Int8Linear:
    """Weights and activations rounded to 8 bits, products summed in 32.

    A weight is a multiple of the 127th part of the largest one for its output; an activation, of the 127th part
    of the largest one of its row. (Without the VNNI instructions, products of 8 bits overflow: then activations
    have 7.)
    """

    def __init__(self, weight_OI: Tensor, bias_O: Tensor | None = None) -> None:
        scale_O = (weight_OI.abs().amax(dim=1) / 127).clamp(min=1e-12)
        zero_O = torch.zeros(len(scale_O), dtype=torch.long)
        with _fbgemm(), warnings.catch_warnings():
            # PyTorch will drop its quantised tensors; FBGEMM packs nothing else.
            warnings.filterwarnings("ignore", "torch.quantize_per", UserWarning)
            quantised_OI = torch.quantize_per_channel(weight_OI, scale_O.double(), zero_O, 0, torch.qint8)
            self._packed = torch.ops.quantized.linear_prepack(quantised_OI, None)
        self._bias_O = bias_O
        self._steps = 127 if torch.cpu._is_vnni_supported() else 63

    def __call__(self, x: Tensor) -> Tensor:
        """(…, I) → (…, O)."""
        largest = x.abs().amax(dim=-1, keepdim=True).clamp_(min=1e-12)
        y: Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(
            x / largest, 1 / self._steps, self._steps + 1, self._packed
        )
        return y.mul_(largest) if self._bias_O is None else torch.addcmul(self._bias_O, y, largest)


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


MakeLinear = Callable[[Tensor, Tensor | None], Linear]
Precision = Literal["fp32", "bf16", "int8"]
LINEAR: dict[Precision, MakeLinear] = {"fp32": Float32Linear, "bf16": BFloat16Linear, "int8": Int8Linear}
"""How matrix products with weights are computed."""


class _Norm:
    def __init__(self, norm: nn.Module) -> None:
        self._norm = norm if isinstance(norm, nn.LayerNorm) else None

    def __call__(self, x: Tensor) -> Tensor:
        norm = self._norm
        if norm is None:
            return x
        return F.layer_norm(x, norm.normalized_shape, norm.weight, norm.bias, norm.eps)


class _Sublayer:
    """Residual connection and norm around what a layer computes (`Residual`)."""

    def __init__(self, residual: Residual) -> None:
        self._norm = _Norm(residual.norm)
        self._is_pre_norm = residual.is_pre_norm

    def before(self, x: Tensor) -> Tensor:
        return self._norm(x) if self._is_pre_norm else x

    def after(self, x: Tensor, y: Tensor) -> Tensor:
        """`y` is overwritten."""
        return y.add_(x) if self._is_pre_norm else self._norm(y.add_(x))


def _scaled_query(attention: MultiHeadAttention) -> Tensor:
    """W^Q / √d_k: then the scores need no factor."""
    weight_DD: Tensor = attention.query.weight
    return weight_DD / math.sqrt(len(weight_DD) // attention.heads)


class _SelfAttention:
    def __init__(self, attention: MultiHeadAttention, make: MakeLinear) -> None:
        self.heads = attention.heads
        self.query_key_value = make(torch.cat([_scaled_query(attention), attention.key_value.weight]), None)
        self.output = make(attention.output.weight, None)

    def project(self, x_BLD: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys, values: each (B, H, L, K)."""
        projected_BL3HK = self.query_key_value(x_BLD).view(*x_BLD.shape[:2], 3, self.heads, -1)
        query, key, value = projected_BL3HK.permute(2, 0, 3, 1, 4)
        return query, key, value


class _CrossAttention:
    def __init__(self, attention: MultiHeadAttention, make: MakeLinear) -> None:
        self.heads = attention.heads
        self.query = make(_scaled_query(attention), None)
        self.key_value = make(attention.key_value.weight, None)
        self.output = make(attention.output.weight, None)

    def project_memory(self, memory_BSD: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values: each (B, H, S, K)."""
        projected_BS2HK = self.key_value(memory_BSD).view(*memory_BSD.shape[:2], 2, self.heads, -1)
        key, value = projected_BS2HK.permute(2, 0, 3, 1, 4).contiguous()
        return key, value


class _FeedForward:
    def __init__(self, feed_forward: FeedForward, make: MakeLinear) -> None:
        self._inner = make(feed_forward.inner.weight, feed_forward.inner.bias)
        self._outer = make(feed_forward.outer.weight, feed_forward.outer.bias)
        self._activation = torch.relu_ if feed_forward.activation is F.relu else F.gelu

    def __call__(self, x: Tensor) -> Tensor:
        return self._outer(self._activation(self._inner(x)))


class _EncoderLayer:
    def __init__(self, layer: EncoderLayer, make: MakeLinear) -> None:
        self._attention = _SelfAttention(layer.self_attention, make)
        self._around_attention = _Sublayer(layer.self_attention_residual)
        self._feed_forward = _FeedForward(layer.feed_forward, make)
        self._around_feed_forward = _Sublayer(layer.feed_forward_residual)

    def __call__(self, x_BSD: Tensor, keep_mask: Tensor | None) -> Tensor:
        query, key, value = self._attention.project(self._around_attention.before(x_BSD))
        attended_BHSK = F.scaled_dot_product_attention(query, key, value, keep_mask, scale=1.0)
        attended_BSD = self._attention.output(attended_BHSK.transpose(1, 2).flatten(2))
        x_BSD = self._around_attention.after(x_BSD, attended_BSD)
        fed_BSD = self._feed_forward(self._around_feed_forward.before(x_BSD))
        return self._around_feed_forward.after(x_BSD, fed_BSD)


def _attend(query_XLK: Tensor, key_XMK: Tensor, value_XMK: Tensor, keep_mask: Tensor | None) -> Tensor:
    """Attention of a few queries, X = sentences or rows times heads; PyTorch's kernel takes twice as long for them."""
    scores_XLM = torch.bmm(query_XLK, key_XMK.transpose(1, 2))
    if keep_mask is not None:
        scores_BHLM = scores_XLM.view(keep_mask.shape[0], -1, *scores_XLM.shape[1:])
        scores_BHLM.masked_fill_(~keep_mask, -torch.inf)
    return torch.bmm(scores_XLM.softmax(dim=-1), value_XMK)


@dataclass
class _LayerCache:
    key_NHTK: Tensor
    value_NHTK: Tensor
    memory_key_BHSK: Tensor
    memory_value_BHSK: Tensor


class _DecoderLayer:
    def __init__(self, layer: DecoderLayer, make: MakeLinear) -> None:
        self.self_attention = _SelfAttention(layer.self_attention, make)
        self._around_self_attention = _Sublayer(layer.self_attention_residual)
        self.cross_attention = _CrossAttention(layer.cross_attention, make)
        self._around_cross_attention = _Sublayer(layer.cross_attention_residual)
        self._feed_forward = _FeedForward(layer.feed_forward, make)
        self._around_feed_forward = _Sublayer(layer.feed_forward_residual)

    def step(self, x_ND: Tensor, cache: _LayerCache, keep_mask: Tensor | None, length: int) -> Tensor:
        """One new position of each row, the `length`-th."""
        rows, heads = x_ND.shape[0], self.self_attention.heads
        projected_ND = self.self_attention.query_key_value(self._around_self_attention.before(x_ND))
        query_NHK, key_NHK, value_NHK = projected_ND.view(rows, 3, heads, -1).unbind(1)
        cache.key_NHTK[:, :, length] = key_NHK
        cache.value_NHTK[:, :, length] = value_NHK
        past = slice(0, length + 1)
        attended_X1K = _attend(
            query_NHK.reshape(rows * heads, 1, -1),
            cache.key_NHTK.flatten(0, 1)[:, past],
            cache.value_NHTK.flatten(0, 1)[:, past],
            None,
        )
        attended_ND = self.self_attention.output(attended_X1K.view(x_ND.shape))
        x_ND = self._around_self_attention.after(x_ND, attended_ND)

        asked_ND = self.cross_attention.query(self._around_cross_attention.before(x_ND))
        # The rows of a sentence ask as several queries: the memory is not copied for each of them.
        sentences = cache.memory_key_BHSK.shape[0]
        query_BHWK = asked_ND.view(sentences, -1, heads, x_ND.shape[1] // heads).transpose(1, 2)
        attended_XWK = _attend(
            query_BHWK.reshape(sentences * heads, -1, query_BHWK.shape[3]),
            cache.memory_key_BHSK.flatten(0, 1),
            cache.memory_value_BHSK.flatten(0, 1),
            keep_mask,
        )
        attended_ND = attended_XWK.view(query_BHWK.shape).transpose(1, 2).reshape(x_ND.shape)
        x_ND = self._around_cross_attention.after(x_ND, self.cross_attention.output(attended_ND))

        fed_ND = self._feed_forward(self._around_feed_forward.before(x_ND))
        return self._around_feed_forward.after(x_ND, fed_ND)


@dataclass
class InferenceState:
    """What decoding carries from one step to the next, for N = sentences · beam rows."""

    layers: list[_LayerCache]
    keep_mask: Tensor | None
    length: int = 0

    def select(self, rows_N: Tensor) -> None:
        """Row i goes on from the former row rows_N[i]."""
        moved_R = (rows_N != torch.arange(len(rows_N), device=rows_N.device)).nonzero().flatten()
        if not len(moved_R):
            return
        from_R, past = rows_N[moved_R], slice(0, self.length)
        for layer in self.layers:
            for cache_NHTK in (layer.key_NHTK, layer.value_NHTK):
                cache_NHTK[moved_R, :, past] = cache_NHTK[from_R, :, past]

    def keep_sentences(self, sentences_B: Tensor, rows_N: Tensor) -> None:
        """Drop all but the given sentences, whose rows are `rows_N`."""
        for layer in self.layers:
            layer.key_NHTK, layer.value_NHTK = layer.key_NHTK[rows_N], layer.value_NHTK[rows_N]
            layer.memory_key_BHSK = layer.memory_key_BHSK[sentences_B]
            layer.memory_value_BHSK = layer.memory_value_BHSK[sentences_B]
        if self.keep_mask is not None:
            self.keep_mask = self.keep_mask[sentences_B]

    def make_room(self, rows: int) -> None:
        """Before a step of so many rows: longer caches where they are full."""
        for layer in self.layers:
            if self.length == layer.key_NHTK.shape[2]:
                _, heads, _, width = layer.memory_key_BHSK.shape
                shape = (rows, heads, self.length + _CACHE_GROWTH, width)
                for name in ("key_NHTK", "value_NHTK"):
                    longer_NHTK = layer.memory_key_BHSK.new_empty(shape)
                    if self.length:
                        longer_NHTK[:, :, : self.length] = getattr(layer, name)
                    setattr(layer, name, longer_NHTK)


class InferenceModel:
    """A StepwiseModel with the weights of a Transformer; weights in which `make` makes linear maps of them."""

    @torch.no_grad()
    def __init__(self, model: Transformer, make: MakeLinear = Float32Linear) -> None:
        self._embedding = model.embedding
        self._encoder = [_EncoderLayer(layer, make) for layer in model.encoder]
        self._decoder = [_DecoderLayer(layer, make) for layer in model.decoder]
        self._encoder_norm, self._decoder_norm = _Norm(model.encoder_norm), _Norm(model.decoder_norm)
        self._logits = make(model.embedding.weight, None)

    def encode(self, source_BS: Tensor, source_keep_BS: Tensor) -> Tensor:
        """The memory: (B, S, D)."""
        x_BSD = self._embedding(source_BS)
        keep_mask = _mask(source_keep_BS)
        for layer in self._encoder:
            x_BSD = layer(x_BSD, keep_mask)
        return self._encoder_norm(x_BSD)

    def start(self, memory_BSD: Tensor, source_keep_BS: Tensor) -> InferenceState:
        """The state before the first step."""
        layers = []
        for layer in self._decoder:
            key_BHSK, value_BHSK = layer.cross_attention.project_memory(memory_BSD)
            empty_NHTK = key_BHSK[:0, :, :0]
            layers.append(_LayerCache(empty_NHTK, empty_NHTK, key_BHSK, value_BHSK))
        return InferenceState(layers, _mask(source_keep_BS))

    def decode_step(self, tokens_N: Tensor, state: InferenceState) -> tuple[Tensor, InferenceState]:
        """Logits of the next tokens, (N, V), and the state that includes them."""
        state.make_room(len(tokens_N))
        x_ND = self._embedding(tokens_N.unsqueeze(1), first_position=state.length).squeeze(1)
        for layer, cache in zip(self._decoder, state.layers, strict=True):
            x_ND = layer.step(x_ND, cache, state.keep_mask, state.length)
        state.length += 1
        return self._logits(self._decoder_norm(x_ND)), state


def _mask(source_keep_BS: Tensor) -> Tensor | None:
    """The mask for attention to the source, (B, 1, 1, S); None where nothing is padding."""
    return None if bool(source_keep_BS.all()) else source_keep_BS[:, None, None, :]
