"""The native engine: int8 on a CPU, without PyTorch.

Weights and activations are quantised to 8 bits, with one scale per output of a matrix and per row of activations. Tied
embeddings are read from the quantised matrix of the logits, so each weight is in memory once. Sums of products are
exact, and everything else is float32 in a fixed order. So a sentence has the same translation on every processor, alone
or in any batch.
"""

import ctypes
import math
from collections.abc import Iterable, Mapping, Sequence
from ctypes import byref, c_void_p
from typing import Any

import numpy as np
import numpy.typing as npt

from translator.config import ModelConfig, Sinusoids
from translator.engines.native import library as native
from translator.engines.protocol import (
    Ahead,
    Candidates,
    Floats,
    Ints,
    Mask,
    Rows,
    Run,
    refuse_other_architectures,
)

_ATTENTION = ("query", "key_value", "output")
_FEED_FORWARD = ("inner.weight", "inner.bias", "outer.weight", "outer.bias")
_NORM = ("weight", "bias")
_MOST_POSITIONS = 4096
"""Minimum size of the position table of a model whose positions are not learned."""
_LOG_10000 = 9.210340371976184


def weights_of(tensors: Mapping[str, npt.NDArray[Any]], config: ModelConfig) -> list[Floats]:
    """The weights of a model and its position table, in the order in which the library reads them."""
    linear = ("weight", "bias") if config.attention_bias else ("weight",)
    names = [
        *(
            name
            for layer in range(config.encoder_layers)
            for name in _layer(f"encoder.{layer}", ("self_attention",), linear)
        ),
        *(
            name
            for layer in range(config.decoder_layers)
            for name in _layer(f"decoder.{layer}", ("self_attention", "cross_attention"), linear)
        ),
    ]
    if config.norm == "pre":
        names += [f"{stack}_norm.{one}" for stack in ("encoder", "decoder") for one in _NORM]
    names.append("own_output_VD" if config.embeddings == "separate" else "embedding.weight")
    if config.logits_bias:
        names.append("logits_bias_V")
    if config.embeddings == "separate":
        names.append("embedding.weight")
    if config.embeddings != "shared":
        names.append("own_source_embedding.weight")
    found = [np.ascontiguousarray(tensors[name], dtype=np.float32) for name in names]
    return [position_table(tensors, config), *found]


def _layer(prefix: str, attentions: Sequence[str], linear: Sequence[str]) -> Iterable[str]:
    for attention in attentions:
        yield from (f"{prefix}.{attention}.{part}.{one}" for part in _ATTENTION for one in linear)
        yield from (f"{prefix}.{attention}_residual.norm.{one}" for one in _NORM)
    yield from (f"{prefix}.feed_forward.{one}" for one in _FEED_FORWARD)
    yield from (f"{prefix}.feed_forward_residual.norm.{one}" for one in _NORM)


def position_table(tensors: Mapping[str, npt.NDArray[Any]], config: ModelConfig) -> Floats:
    """(P, D) the position encodings: learned, or sines and cosines (section 3.5)."""
    if config.positions == "learned":
        return np.ascontiguousarray(tensors["embedding.position_PD"], dtype=np.float32)
    return sinusoids(
        max(config.max_positions, _MOST_POSITIONS), config.d_model, config.sinusoids, config.first_position
    )


def sinusoids(positions: int, width: int, kind: Sinusoids = "paper", first_position: int = 0) -> Floats:
    """(P, D) sin(p · θ) and cos(p · θ), arranged as in `translator.model.transformer.sinusoid_table`.

    Uses only operations that IEEE 754 rounds identically on every processor; library sines are not such operations.
    """
    last = width - 2 if kind == "fairseq" else width
    frequencies = [_exponential(-_LOG_10000 * even / last) for even in range(0, width, 2)]
    sin_PE = np.zeros((1, len(frequencies)))
    cos_PE = np.ones_like(sin_PE)
    step_sin_E = np.array([_sine(frequency) for frequency in frequencies])
    step_cos_E = np.array([1 - 2 * _sine(frequency / 2) ** 2 for frequency in frequencies])
    while len(sin_PE) < first_position + positions:  # n positions become 2n: rotate by the angle of n
        more_sin_PE = sin_PE * step_cos_E + cos_PE * step_sin_E
        more_cos_PE = cos_PE * step_cos_E - sin_PE * step_sin_E
        sin_PE, cos_PE = np.concatenate([sin_PE, more_sin_PE]), np.concatenate([cos_PE, more_cos_PE])
        step_sin_E, step_cos_E = (
            2 * step_sin_E * step_cos_E,
            step_cos_E * step_cos_E - step_sin_E * step_sin_E,
        )
    sin_PE, cos_PE = (x_PE[first_position : first_position + positions] for x_PE in (sin_PE, cos_PE))
    if kind != "paper":
        return np.concatenate([sin_PE, cos_PE], axis=1, dtype=np.float32, casting="same_kind")
    table_PD = np.empty((positions, width), dtype=np.float32)
    table_PD[:, 0::2], table_PD[:, 1::2] = sin_PE, cos_PE
    return table_PD


def _exponential(x: float) -> float:
    """e^x: the Taylor series of x / 1024, squared ten times."""
    part, term, total = x / 1024, 1.0, 1.0
    for number in range(1, 12):
        term *= part / number
        total += term
    for _ in range(10):
        total *= total
    return total


def _sine(x: float) -> float:
    """sin(x) by its Taylor series, for x up to 1."""
    term, total = x, x
    for number in range(2, 24, 2):
        term *= -x * x / (number * (number + 1))
        total += term
    return total


class NativeEngine:
    """A model in the library's memory; raises NativeError if the library is missing or rejects the model."""

    def __init__(
        self, tensors: Mapping[str, npt.NDArray[Any]], config: ModelConfig, forbidden: Iterable[int] = ()
    ) -> None:
        """`forbidden` tokens have probability zero. Raises ConfigError if the chosen kernel is not available, or if the
        architecture is not the Transformer."""
        refuse_other_architectures(config, "the int8 engine")
        self._library = native.open_library()
        self.kernel = native.choose_kernel(self._library)
        """The name of the kernel in use."""
        weights = weights_of(tensors, config)
        self.vocabulary, self.positions = config.vocab_size, len(weights[0])
        pointers = (c_void_p * len(weights))(*(weight.ctypes.data for weight in weights))
        is_forbidden_V = np.zeros(config.vocab_size, dtype=np.uint8)
        is_forbidden_V[list(forbidden)] = 1
        shape = native.Config(
            config.vocab_size, config.d_model, config.heads, config.d_ff, config.decoder_d_ff or config.d_ff,
            config.encoder_layers, config.decoder_layers, self.positions, config.norm == "pre",
            native.ACTIVATIONS.index(config.activation), config.attention_bias, config.logits_bias,
            config.embeddings == "separate", config.embeddings != "shared", math.sqrt(config.d_model),
        )  # fmt: skip
        self._model = c_void_p()
        native.check(
            self._library.nt_model_new(
                byref(shape), self.kernel.encode(), pointers, is_forbidden_V.ctypes.data, byref(self._model)
            )
        )

    def __del__(self) -> None:
        if getattr(self, "_model", None):
            self._library.nt_model_free(self._model)

    def session(self) -> "NativeSession":
        """A new session without rows."""
        return NativeSession(self, self._library, self._model)


class _Buffer:
    """A reusable array that caches its address, because asking NumPy for one is slow; it moves only when it grows."""

    def __init__(self, dtype: type[np.generic]) -> None:
        self._dtype = dtype
        self._make(64)

    def _make(self, size: int) -> None:
        self._array = np.zeros(size, dtype=self._dtype)
        self.address = self._array.ctypes.data

    def view(self, *shape: int) -> npt.NDArray[Any]:
        """An array of this shape; its address is `address`."""
        size = 1
        for length in shape:
            size *= length
        if size > len(self._array):
            self._make(2 * size)
        return self._array[:size].reshape(shape)

    def put(self, values: npt.NDArray[Any]) -> int:
        """Copy values in; returns their address."""
        self.view(len(values))[:] = values
        return self.address


class NativeSession:
    """Rows in the library's memory."""

    def __init__(self, engine: NativeEngine, library: ctypes.CDLL, model: c_void_p) -> None:
        self._engine, self._library = engine, library  # the model must live as long as the session
        self._step_pointer = ctypes.pointer(native.Step())
        self._step = self._step_pointer.contents
        (
            self._row,
            self._parent,
            self._token,
            self._mask,
            self._candidate,
            self._next_token,
            self._next_parent,
        ) = (_Buffer(np.int32) for _ in range(7))
        self._log_probability, self._full = _Buffer(np.float32), _Buffer(np.float32)
        self._score, self._next_score = _Buffer(np.float64), _Buffer(np.float64)
        self._masks: Mask | None = None
        self._ordinary: Mask | None = None
        self._masks_address = self._ordinary_address = 0
        self._longest_source = 0
        self._session = c_void_p()
        native.check(library.nt_session_new(model, byref(self._session)))

    def __del__(self) -> None:
        if getattr(self, "_session", None):
            self._library.nt_session_free(self._session)

    def admit(self, sources: Sequence[Sequence[int]], width: int) -> Ints:
        """See `Session.admit`."""
        lengths_B = np.array(list(map(len, sources)), dtype=np.int32)
        tokens = np.fromiter(
            (token for source in sources for token in source), np.int32, int(lengths_B.sum())
        )
        self._longest_source = max(self._longest_source, *lengths_B.tolist(), 0)
        first_B = np.empty(len(sources), dtype=np.int32)
        native.check(
            self._library.nt_admit(
                self._session,
                len(sources),
                lengths_B.ctypes.data,
                tokens.ctypes.data,
                width,
                first_B.ctypes.data,
            )
        )
        return first_B

    def step(self, rows: Rows, masks_MX: Mask, best: int) -> Candidates:
        """See `Session.step`."""
        self._put(rows, masks_MX, best)
        native.check(self._library.nt_step(self._session, self._step_pointer))
        return self._candidates(rows, best)

    def run(self, rows: Rows, masks_MX: Mask, best: int, ahead: Ahead) -> Run:
        """See `Session.run`."""
        self._put(rows, masks_MX, best)
        if ahead.is_ordinary_X is not self._ordinary:
            self._ordinary, self._ordinary_address = ahead.is_ordinary_X, ahead.is_ordinary_X.ctypes.data
        step, buffers = self._step, (self._next_token, self._next_parent, self._next_score)
        step.ordinary, step.most_steps, step.beam = self._ordinary_address, ahead.most_steps, ahead.width
        step.score = self._score.put(ahead.score_N)
        for buffer in buffers:
            buffer.view(ahead.most_steps, len(rows.row_N))
        step.next_token, step.next_parent, step.next_score = (buffer.address for buffer in buffers)
        steps = native.check(self._library.nt_step(self._session, self._step_pointer)) - 1
        token_TN, parent_TN, score_TN = (buffer.view(steps, len(rows.row_N)) for buffer in buffers)
        return Run(token_TN, parent_TN, score_TN, self._candidates(rows, best))

    def _candidates(self, rows: Rows, best: int) -> Candidates:
        shape = len(rows.row_N), best
        return Candidates(self._candidate.view(*shape), self._log_probability.view(*shape))

    def distribution(self, rows: Rows) -> Floats:
        """See `Session.distribution`."""
        self._put(rows, None, 1)
        full_NV = self._full.view(len(rows.row_N), self._engine.vocabulary)
        self._step.full = self._full.address
        native.check(self._library.nt_step(self._session, self._step_pointer))
        return full_NV

    def attention(self, rows: Rows, layer: int, head: int) -> Floats:
        """See `Session.attention`."""
        self._put(rows, None, 1)
        weight_NS = np.zeros((len(rows.row_N), self._longest_source), dtype=np.float32)
        step = self._step
        step.attention_layer, step.attention_head, step.attention_stride = layer, head, self._longest_source
        step.attention = weight_NS.ctypes.data
        native.check(self._library.nt_step(self._session, self._step_pointer))
        return weight_NS

    def release(self, first_row_B: Ints) -> None:
        """See `Session.release`."""
        first_B = np.ascontiguousarray(first_row_B, dtype=np.int32)
        native.check(self._library.nt_release(self._session, len(first_B), first_B.ctypes.data))

    def _put(self, rows: Rows, masks_MX: Mask | None, best: int) -> None:
        step, number = self._step, len(rows.row_N)
        step.rows, step.best, step.most_steps = number, best, 1
        step.row, step.parent = self._row.put(rows.row_N), self._parent.put(rows.parent_N)
        step.token = self._token.put(rows.token_N)
        if masks_MX is not self._masks:
            self._masks = masks_MX
            self._masks_address = 0 if masks_MX is None else masks_MX.ctypes.data
        step.masks = self._masks_address
        step.mask = self._mask.put(rows.mask_N) if masks_MX is not None else None
        self._candidate.view(number, best)
        self._log_probability.view(number, best)
        step.candidate, step.log_probability = self._candidate.address, self._log_probability.address
        step.full = step.attention = None
