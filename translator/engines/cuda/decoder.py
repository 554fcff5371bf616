"""The decoder over static buffers: the computation that graphs capture, its inputs and its results."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from translator.engines.cuda.caches import Caches, bucket, length_bucket
from translator.engines.cuda.candidates import best_tokens
from translator.engines.cuda.lane import Graph, Lane
from translator.engines.protocol import Ints, Mask, mask_width
from translator.model.attention import KeyValue
from translator.model.interface import AttentionRecord
from translator.model.layers import DecoderLayer
from translator.model.transformer import Transformer

MOST_GRAPHS = 64
"""Graphs kept per decoder, the most recently used ones."""
_ENCODED_AT_ONCE = 1 << 14
"""Source tokens encoded at once, including padding."""
_SOURCE_STEP = 8
"""Sources are padded to a multiple of this, which makes attention on a GPU faster."""
_FIRST_MASKS = 16
ALL = 0
"""Instead of a number of candidates: return the log-probabilities of all tokens."""


class Network:
    """A model, and its weights in the form that a step reads; immutable, and shared by all decoders."""

    @torch.inference_mode()
    def __init__(self, model: Transformer, forbidden: Iterable[int]) -> None:
        self.model = model.eval()
        weight_VD = model.output_VD
        self.vocabulary, self.width = weight_VD.shape[0], mask_width(weight_VD.shape[0])
        self.device = weight_VD.device
        attentions = [layer.self_attention for layer in model.decoder]
        self.query_key_value = [torch.cat([one.query.weight, one.key_value.weight]) for one in attentions]
        """The joint projection of each layer, (3D, D): one product instead of two."""
        self.query_key_value_bias = [
            None if one.query.bias is None else torch.cat([one.query.bias, one.key_value.bias])
            for one in attentions
        ]
        self.output_XD = F.pad(weight_VD, (0, 0, 0, self.width - self.vocabulary))
        bias_X = torch.zeros(self.width)
        if model.logits_bias_V is not None:
            bias_X[: self.vocabulary] = model.logits_bias_V
        bias_X[self.vocabulary :] = -torch.inf
        bias_X[torch.tensor(list(forbidden), dtype=torch.long)] = -torch.inf
        self.bias_X = bias_X.to(self.device)
        """The bias of the logits; −∞ for tokens with probability zero."""
        self._tables = [model.embedding.position_PD]
        """All position tables so far; lanes may still read the shorter ones."""

    def logits(self, x_ND: Tensor) -> Tensor:
        """(N, X) float32, with −∞ for tokens with probability zero."""
        if x_ND.is_cuda and x_ND.dtype != torch.float32:
            # In bf16, logits between 8 and 16 would be multiples of 1/16, with frequent ties.
            logits_NX = torch.mm(x_ND, self.output_XD.t(), out_dtype=torch.float32)
        else:
            logits_NX = F.linear(x_ND, self.output_XD).float()
        return logits_NX + self.bias_X

    def table(self, positions: int) -> Tensor:
        """(P, D) embeddings of the first `positions` positions; raises InputTooLong if fewer were learned."""
        table_PD = self.model.embedding.table(positions)
        if table_PD is not self._tables[-1]:
            self._tables.append(table_PD)
        return table_PD[:positions]

    def padded_table(self, positions: int) -> Tensor:
        """Like `table`, padded with zeros after the last learned position."""
        is_learned = self.model.embedding.is_learned
        known = min(positions, len(self._tables[0])) if is_learned else positions
        return F.pad(self.table(known), (0, 0, 0, positions - known))


class Shape(NamedTuple):
    """The sizes that a graph is captured for, all rounded up."""

    sentences: int
    source: int
    target: int
    width: int

    @property
    def rows(self) -> int:
        """N, including rows that are not stepped."""
        return self.sentences * self.width

    @property
    def numbers(self) -> int:
        """The number of int32 inputs of a step. With a width of 1, the table is trivial and left out."""
        return 3 * self.rows + self.sentences + (self.rows * self.target // 4 if self.width > 1 else 0)


class _Shared(NamedTuple):
    """Inputs that all layers of a step share: where rows write, and what they attend to."""

    slot_BW: Tensor
    past_mask_B1WM: Tensor
    """Added to scores; M = T · W slots."""
    source_mask_B11S: Tensor
    record: AttentionRecord | None


class Put(NamedTuple):
    """The inputs of a step."""

    token_N: Ints
    place_N: Ints
    mask_N: Ints


class Decoder:
    """Caches, input and result buffers, and the graphs that use them; used by one session at a time."""

    @torch.inference_mode()
    def __init__(self, network: Network, width: int) -> None:
        self._network = network
        self.lane = Lane(network.device)
        self._host: dict[str, Tensor] = {}
        with self.lane.current():
            weight = network.model.embedding.weight
            heads = network.model.config.heads
            self.caches = Caches(len(network.model.decoder), heads, weight, width)
            self._blocked_MX = torch.zeros(
                (_FIRST_MASKS, network.width), dtype=torch.bool, device=network.device
            )
            self._make_buffers()
        self._masks_MX: Mask | None = None
        self._is_known_M = np.zeros(0, dtype=bool)
        """Which of the masks are on the device."""

    def _make_buffers(self) -> None:
        """Allocate the buffers whose size depends on the caches, and drop the graphs that use old addresses."""
        self.lane.finish()  # a step launched ahead may still be running
        self.graphs: OrderedDict[tuple[Shape, int], tuple[Graph, Tensor]] = OrderedDict()
        room, device = self.caches.room, self._network.device
        shape = Shape(room.sentences, room.source, room.target, room.width)
        self._numbers = torch.zeros(shape.numbers, dtype=torch.int32, device=device)
        self._position_TD = self._network.padded_table(room.target)
        self._arange_T = torch.arange(max(room.source, room.target), dtype=torch.int32, device=device)
        self._arange_W = torch.arange(room.width, dtype=torch.int32, device=device)

    def _host_numbers(self, name: str, size: int) -> Tensor:
        """A pinned host buffer; reused by name, so earlier transfers through it must be complete."""
        if name not in self._host or len(self._host[name]) < size:
            self._host[name] = self.lane.host_buffer(max(256, bucket(size)))
        return self._host[name][:size]

    def make_room(self, sentences: int = 0, width: int = 0, source: int = 0, target: int = 0) -> None:
        """Grow the caches to at least this capacity."""
        if self.caches.make_room(sentences, width, source, target):
            self._make_buffers()

    # ---- sources ----

    def admit(self, sources: Sequence[Sequence[int]], width: int) -> npt.NDArray[np.int64]:
        """Encode sources; returns their places (B,)."""
        lengths = list(map(len, sources))
        taken = int(self.caches.is_taken_B.sum())
        self.make_room(taken + len(sources), width, _padded(max(lengths)))
        place_B = self.caches.take(lengths)
        try:
            self._encode_in_parts(place_B, sources)
        except torch.OutOfMemoryError:
            self.caches.free(place_B)
            raise
        return place_B

    def _encode_in_parts(self, place_B: npt.NDArray[np.int64], sources: Sequence[Sequence[int]]) -> None:
        first = 0
        while first < len(sources):
            some, longest = 1, len(sources[first])
            while first + some < len(sources):
                longest = max(longest, len(sources[first + some]))
                if (some + 1) * longest > _ENCODED_AT_ONCE:
                    break
                some += 1
            self._encode(place_B[first : first + some], sources[first : first + some])
            first += some

    def _encode(self, place_B: npt.NDArray[np.int64], sources: Sequence[Sequence[int]]) -> None:
        number, model = len(sources), self._network.model
        length = _padded(max(map(len, sources)))
        if model.embedding.is_learned:
            length = min(length, len(model.embedding.position_PD))
        self._network.table(length)
        self.lane.finish()  # a transfer may still be reading the buffer
        host = self._host_numbers("sources", number * (2 + length))
        about_B, token_BS = host[: 2 * number].view(2, number), host[2 * number :].view(number, length)
        about_B[0], about_B[1] = torch.from_numpy(place_B), torch.tensor(list(map(len, sources)))
        token_BS.zero_()
        for row, source in enumerate(sources):
            token_BS[row, : len(source)] = torch.tensor(source)
        numbers = torch.empty_like(host, device=self._network.device)
        self.lane.send(host, numbers)
        index_B, length_B = numbers[:number].long(), numbers[number : 2 * number]
        keep_BS = self._arange_T[:length] < length_B.unsqueeze(1)
        memory_BSD = model.encode(numbers[2 * number :].view(number, length), keep_BS)
        for layer, memory_2BHSK in zip(model.decoder, self.caches.memory_E2BHSK, strict=True):
            new = layer.cross_attention.project_memory(memory_BSD)
            for memory_BHSK, new_BHSK in zip(memory_2BHSK, (new.key_NHMK, new.value_NHMK), strict=True):
                memory_BHSK[:, :, :length].index_copy_(0, index_B, new_BHSK)

    # ---- steps ----

    def shape(self, sentences: int, source: int, target: int) -> Shape:
        """The shape of a step of `sentences` places with these maximum lengths; grows the caches to fit."""
        self.make_room(target=target)
        return Shape(
            bucket(sentences),
            length_bucket(source),
            length_bucket(target),
            self.caches.room.width,
        )

    def put_masks(self, masks_MX: Mask, mask_N: Ints) -> None:
        """Send the masks that rows use to the device, unless they are already there."""
        if masks_MX is not self._masks_MX:
            self._masks_MX, self._is_known_M = masks_MX, np.zeros(len(masks_MX), dtype=bool)
        is_known_N = self._is_known_M[mask_N]
        if is_known_N.all():
            return
        new_M = np.unique(mask_N[~is_known_N])
        last = int(new_M[-1]) + 1
        if last > len(self._blocked_MX):
            more = bucket(last) - len(self._blocked_MX)
            self._blocked_MX = F.pad(self._blocked_MX, (0, 0, 0, more))
            self._make_buffers()
        self.lane.finish()
        host = self._host_numbers("masks", len(new_M) * (1 + masks_MX.shape[1] // 4))
        host[: len(new_M)] = torch.from_numpy(new_M)
        host[len(new_M) :].view(torch.uint8).numpy().reshape(len(new_M), -1)[:] = ~masks_MX[new_M]
        numbers = torch.empty_like(host, device=self._network.device)
        self.lane.send(host, numbers)
        blocked_MX = numbers[len(new_M) :].view(torch.bool).view(len(new_M), -1)
        self._blocked_MX.index_copy_(0, numbers[: len(new_M)].long(), blocked_MX)
        self._is_known_M[new_M] = True

    def put(self, shape: Shape, row_N: npt.NDArray[np.integer], put: Put) -> None:
        """Send the inputs of the next step. A row's index in `row_N` is place · W + its number in the sentence."""
        host, caches = self._host_numbers("put", shape.numbers), self.caches
        numbers, sentences = host.numpy(), slice(shape.sentences)
        by_row_3N = numbers[: 3 * shape.rows].reshape(3, shape.rows)
        by_row_3N[::2] = 0
        by_row_3N[1].reshape(-1, shape.width)[:] = caches.next_B[sentences, None]
        by_row_3N[0, row_N], by_row_3N[1, row_N], by_row_3N[2, row_N] = put
        rest = 3 * shape.rows + shape.sentences
        np.maximum(caches.source_length_B[sentences], 1, out=numbers[3 * shape.rows : rest])
        if shape.width > 1:
            table_BWT = numbers[rest:].view(np.uint8).reshape(shape.sentences, shape.width, shape.target)
            table_BWT[:] = caches.ancestor_BWT[sentences, :, : shape.target]
        self.lane.send(host, self._numbers[: shape.numbers])

    def launch(self, shape: Shape, best: int) -> Tensor:
        """Compute a step with the `best` candidates of each row, or ALL; returns its results on the device.

        The results are 2 · N · C int32 values: tokens, then the bits of their log-probabilities. With ALL, they are the
        bits of N · V log-probabilities.
        """
        key = shape, best
        if key not in self.graphs:
            size = 2 * shape.rows * best if best else shape.rows * self._network.vocabulary
            results = torch.zeros(size, dtype=torch.int32, device=self._network.device)
            self.graphs[key] = Graph(self.lane), results
            self.lane.finish()  # before a graph is dropped
            while len(self.graphs) > MOST_GRAPHS:
                self.graphs.popitem(last=False)
        self.graphs.move_to_end(key)
        graph, results = self.graphs[key]
        graph(lambda: self._step(shape, best, results))
        return results

    def fetch(self, results: Tensor, number: int = 0) -> tuple[npt.NDArray[np.int32], Callable[[], None]]:
        """Start a copy to the host; returns its buffer and a function that waits for it.

        `number` distinguishes copies that are in flight at the same time.
        """
        host = self._host_numbers(f"fetch {number}", len(results))
        return host.numpy(), self.lane.fetch(results, host)

    def attention(self, shape: Shape, layer: int, head: int) -> Tensor:
        """The weights of one cross-attention head in a step, (N, S); computed without a graph."""
        asked = self._network.model.decoder[layer].cross_attention
        record: AttentionRecord = {asked: None}
        self._log_probabilities(shape, record)
        weight_BHWS = record[asked]
        assert weight_BHWS is not None
        return weight_BHWS[:, head].flatten(0, 1).float()

    # ---- captured code: see the rules in lane.py ----

    def _inputs(self, shape: Shape) -> tuple[Tensor, Tensor]:
        """Tokens, positions and mask indices, (3, B, W), and source lengths, (B,)."""
        by_row = self._numbers[: 3 * shape.rows].view(3, shape.sentences, shape.width)
        return by_row, self._numbers[3 * shape.rows : 3 * shape.rows + shape.sentences]

    def _step(self, shape: Shape, best: int, results: Tensor) -> None:
        (token_BW, place_BW, mask_BW), _ = self._inputs(shape)
        log_probability_NX = self._log_probabilities(shape)
        if best == ALL:
            found_NV = results.view(torch.float32).view(shape.rows, -1)
            found_NV.copy_(log_probability_NX[:, : self._network.vocabulary])
            return
        blocked_NX = self._blocked_MX.index_select(0, mask_BW.flatten())
        value_NC, token_NC = best_tokens(log_probability_NX.masked_fill_(blocked_NX, -torch.inf), best)
        token_out, value_out = results.view(2, shape.rows, best)
        token_out.copy_(token_NC)
        value_out.view(torch.float32).copy_(value_NC)
        if best == 1:  # the next replay may continue from here
            token_BW.copy_(token_NC.view_as(token_BW).clamp(min=0))
            place_BW.add_(1)

    def _log_probabilities(self, shape: Shape, record: AttentionRecord | None = None) -> Tensor:
        """Feed the tokens of `_inputs`; returns the log-probabilities of the next ones, (N, X) float32."""
        network, sentences = self._network, shape.sentences
        embedding = network.model.embedding
        (token_BW, place_BW, _), source_length_B = self._inputs(shape)
        x_BWD = F.embedding(token_BW, embedding.weight) * embedding.scale
        x_BWD = x_BWD + F.embedding(place_BW, self._position_TD)
        beyond_BS = self._arange_T[: shape.source] >= source_length_B.unsqueeze(1)
        beyond_B11S = beyond_BS[:, None, None, :]
        shared = _Shared(
            (place_BW * shape.width + self._arange_W).long(),
            self._past_mask(shape, place_BW, x_BWD.dtype),
            ~beyond_B11S if record else _additive_mask(beyond_B11S, x_BWD.dtype),
            record,
        )
        for number, layer in enumerate(network.model.decoder):
            past_2BHMK = self.caches.past_E2BHTWK[number, :, :sentences].flatten(3, 4)
            memory = KeyValue(*self.caches.memory_E2BHSK[number, :, :sentences, :, : shape.source])
            joint = network.query_key_value[number], network.query_key_value_bias[number]
            x_BWD = _layer(layer, joint, x_BWD, past_2BHMK, memory, shared)
        return network.logits(network.model.decoder_norm(x_BWD).flatten(0, 1)).log_softmax(1)

    def _past_mask(self, shape: Shape, place_BW: Tensor, dtype: torch.dtype) -> Tensor:
        """The additive mask of self-attention, (B, 1, W, T · W): each row sees its history and itself."""
        later_BWT = self._arange_T[: shape.target] > place_BW.unsqueeze(2)
        if shape.width == 1:
            return _additive_mask(later_BWT.unsqueeze(1), dtype)
        table = self._numbers[3 * shape.rows + shape.sentences : shape.numbers].view(torch.uint8)
        ancestor_BWT1 = table.view(shape.sentences, shape.width, shape.target, 1)
        hidden_BWTW = (ancestor_BWT1 != self._arange_W) | later_BWT.unsqueeze(3)
        return _additive_mask(hidden_BWTW.flatten(2).unsqueeze(1), dtype)


def _layer(
    layer: DecoderLayer,
    query_key_value: tuple[Tensor, Tensor | None],
    x_BWD: Tensor,
    past_2BHMK: Tensor,
    memory: KeyValue,
    shared: _Shared,
) -> Tensor:
    """Like `DecoderLayer.step`, for all rows of each sentence at once: (B, W, D)."""
    shown = shared.past_mask_B1WM.shape[3]

    def attend_to_past(y_BWD: Tensor) -> Tensor:
        attention = layer.self_attention
        new_3BHWK = (
            F.linear(y_BWD, *query_key_value).unflatten(2, (3, attention.heads, -1)).permute(2, 0, 3, 1, 4)
        )
        new_2BHWK = new_3BHWK[1:]
        past_2BHMK.scatter_(3, shared.slot_BW[None, :, None, :, None].expand(new_2BHWK.shape), new_2BHWK)
        key_BHMK, value_BHMK = past_2BHMK[:, :, :, :shown]
        return attention.merge_heads(
            F.scaled_dot_product_attention(
                new_3BHWK[0], key_BHMK, value_BHMK, attn_mask=shared.past_mask_B1WM
            )
        )

    x_BWD = layer.self_attention_residual(x_BWD, attend_to_past)
    x_BWD = layer.cross_attention_residual(
        x_BWD,
        lambda y_BWD: layer.cross_attention(y_BWD, memory, shared.source_mask_B11S, record=shared.record),
    )
    out_BWD: Tensor = layer.feed_forward_residual(x_BWD, layer.feed_forward)
    return out_BWD


def _padded(length: int) -> int:
    """The padded length of a source."""
    return -(-length // _SOURCE_STEP) * _SOURCE_STEP


def _additive_mask(hidden: Tensor, dtype: torch.dtype) -> Tensor:
    """An additive mask: −∞ where hidden, else 0."""
    return torch.zeros_like(hidden, dtype=dtype).masked_fill_(hidden, -torch.inf)
