"""Sentences of a corpus pass through the slots: longest first, each slot refilled when its sentence has ended."""

import math
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from translator.continuous.beams import Limits, SlotBeams
from translator.continuous.decoder import SlotDecoder
from translator.model import Transformer
from translator.search import ScoredTokens, SearchOptions, SpecialTokens
from translator.tokenizer import PAD_ID
from translator.watch import Watch

_BUCKET = 32
"""Sources and translations of slots are multiples of so many tokens long, so that there are few shapes."""
_STEPS_BETWEEN_CHECKS = 8
_MOST_ROWS = 1024
_MOST_ROW_POSITIONS = 65_536
"""Rows times their positions: with the caches of the base model (12 KB a position in bf16), 0.8 GB."""
_FEW_ROW_POSITIONS = 8_192
"""Sentences that need no more pass through slots of one shape, whatever their lengths: a step of few rows takes as long
as a step of one."""
_KEPT_ROW_POSITIONS = 6 * _MOST_ROW_POSITIONS
"""Of the slots that are kept for further sentences of their shape."""


@dataclass(frozen=True)
class _Shape:
    slots: int
    beam_size: int
    source_length: int
    target_length: int

    @property
    def row_positions(self) -> int:
        return self.slots * self.beam_size * self.target_length


class _Slots:
    """The slots of one shape, and their step, which a GPU replays as a graph."""

    def __init__(self, model: Transformer, special: SpecialTokens, shape: _Shape, memory_pool: Any) -> None:
        self._device, self._source_length = model.embedding.weight.device, shape.source_length
        sizes = shape.slots, shape.beam_size
        self._decoder = SlotDecoder(model, *sizes, shape.source_length, shape.target_length)
        self.beams = SlotBeams(*sizes, shape.target_length, special, self._device)
        self.number = shape.slots
        self._graph = self._record(memory_pool) if self._device.type == "cuda" else None

    def fill(self, slots: Sequence[int], sources: Sequence[list[int]], limits: list[Limits]) -> None:
        """Begin to translate these sources, given with their end token."""
        slots_B = torch.tensor(slots, device=self._device)
        padded = [[*source, *[PAD_ID] * (self._source_length - len(source))] for source in sources]
        source_BS = torch.tensor(padded, device=self._device)
        self._decoder.fill(slots_B, source_BS, source_BS != PAD_ID)
        self.beams.fill(slots_B, limits)

    def advance(self) -> None:
        """One step of every slot; those that are done do not change."""
        if self._graph is None:
            self._step()
        else:
            self._graph.replay()

    def _step(self) -> None:
        logits_NV = self._decoder.step(self.beams.last_tokens(), self.beams.positions())
        row_RW = self.beams.advance(logits_NV)
        if row_RW is not None:
            self._decoder.select(row_RW)

    def _record(self, memory_pool: Any) -> torch.cuda.CUDAGraph:
        """The step as a graph, after a few steps of empty slots in which libraries choose and load their kernels."""
        with torch.cuda.device(self._device):
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                for _ in range(3):
                    self._step()
            torch.cuda.current_stream().wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            # Other threads, of a server, may ask the device for something meanwhile.
            with torch.cuda.graph(graph, memory_pool, stream, capture_error_mode="thread_local"):
                self._step()
        return graph


class ContinuousSearch:
    """Beam search over any number of sentences, with the answers of `translator.search.search`.

    For the options that have no rules about which tokens may follow (`can_search`).
    """

    def __init__(self, model: Transformer, special: SpecialTokens) -> None:
        self._model, self._special = model, special
        self._slots: OrderedDict[_Shape, _Slots] = OrderedDict()
        self._lock = threading.Lock()
        # What a step needs in passing may stand where that of another shape's step stood.
        is_on_gpu = model.embedding.weight.device.type == "cuda"
        self._memory_pool = torch.cuda.graph_pool_handle() if is_on_gpu else None
        config = model.config
        self._most_positions = config.max_positions if config.positions == "learned" else None

    @staticmethod
    def can_search(options: SearchOptions) -> bool:
        """Whether these options need nothing that only `translator.search.search` has."""
        rules = options.banned or options.no_repeat_ngram or options.coverage_penalty or options.sampling
        return not rules

    @torch.inference_mode()
    def search(
        self,
        sources: Sequence[list[int]],
        limits: Sequence[Limits],
        options: SearchOptions,
        watch: Watch[list[ScoredTokens]] | None = None,
        with_spares: bool = False,
    ) -> list[list[ScoredTokens]]:
        """For each source, given with its end token, the n best hypotheses; none of those that `watch` did not want.

        `with_spares` adds all other finished hypotheses, best first.
        """
        results: list[list[ScoredTokens]] = [[] for _ in sources]
        with self._lock:  # the slots are shared by all that ask
            for shape, indices in self._groups(sources, limits, options):
                slots = self._slots_of(shape)
                slots.beams.set_options(options)
                for index, hypotheses in _pass_through(
                    slots, indices, sources, limits, options, watch, with_spares
                ):
                    results[index] = hypotheses
                    if watch:
                        watch.finished(index, hypotheses)
        return results

    def _groups(
        self, sources: Sequence[list[int]], limits: Sequence[Limits], options: SearchOptions
    ) -> Iterator[tuple[_Shape, list[int]]]:
        """Sentences, by their indices, that pass through slots of the same shape; the longest first."""
        rest = sorted(range(len(sources)), key=lambda index: -len(sources[index]))
        while rest:
            source_length = self._bucket(len(sources[rest[0]]))
            # As long as the longest source of that shape needs, so that there are few shapes.
            usual = options.max_target_tokens(source_length - 1)
            target_length = self._bucket(max(usual, *(limits[index].most for index in rest)))
            are_few = len(rest) * options.beam_size * target_length <= _FEW_ROW_POSITIONS
            shortest = 1 if are_few else source_length - _BUCKET + 1
            group = [index for index in rest if len(sources[index]) >= shortest]
            rest = rest[len(group) :]
            yield _shape(len(group), options.beam_size, source_length, target_length), group

    def _bucket(self, tokens: int) -> int:
        """The length of a slot that has room for so many."""
        length = _BUCKET * math.ceil(tokens / _BUCKET)
        return length if self._most_positions is None else min(length, self._most_positions)

    def _slots_of(self, shape: _Shape) -> _Slots:
        """The slots of this shape; those that were not used for longest make room for new ones."""
        if shape not in self._slots:
            room = _KEPT_ROW_POSITIONS - shape.row_positions
            while self._slots and sum(kept.row_positions for kept in self._slots) > room:
                self._slots.popitem(last=False)
            self._slots[shape] = _Slots(self._model, self._special, shape, self._memory_pool)
        self._slots.move_to_end(shape)
        return self._slots[shape]


def _pass_through(
    slots: _Slots,
    waiting: list[int],
    sources: Sequence[list[int]],
    limits: Sequence[Limits],
    options: SearchOptions,
    watch: Watch[list[ScoredTokens]] | None,
    with_spares: bool,
) -> Iterator[tuple[int, list[ScoredTokens]]]:
    """Translate the sources with these indices; yields the result of each one that is done, with its index."""
    in_slot: dict[int, int] = {}
    queue = deque(waiting)
    while queue or in_slot:
        free = [slot for slot in range(slots.number) if slot not in in_slot][: len(queue)]
        if free:
            newcomers = {slot: queue.popleft() for slot in free}
            indices = list(newcomers.values())
            slots.fill(free, [sources[index] for index in indices], [limits[index] for index in indices])
            in_slot |= newcomers
        for _ in range(_STEPS_BETWEEN_CHECKS):
            slots.advance()
        is_done_R = slots.beams.is_done()
        ended = [slot for slot in in_slot if is_done_R[slot]]
        if ended:
            best = slots.beams.best(ended, options, with_spares)
            yield from ((in_slot.pop(slot), found) for slot, found in zip(ended, best, strict=True))
        if watch:
            queue = deque(filter(watch.is_wanted, queue))
            in_slot = {slot: index for slot, index in in_slot.items() if watch.is_wanted(index)}


def _shape(sentences: int, beam_size: int, source_length: int, target_length: int) -> _Shape:
    """A power of four of slots for few sentences, and else as many as there is room for."""
    room = max(1, min(_MOST_ROWS, _MOST_ROW_POSITIONS // target_length) // beam_size)
    slots = 1
    while slots < min(sentences, room):
        slots *= 4
    return _Shape(min(slots, room), beam_size, source_length, target_length)
