"""Sentences of a corpus pass through the slots: longest first, each slot refilled when its sentence has ended."""

import itertools
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from translator.continuous.beams import Limits, SlotBeams
from translator.continuous.decoder import SlotDecoder
from translator.model import Transformer
from translator.search import ScoredTokens, SearchOptions, SpecialTokens

_BUCKET = 32
"""Sources and translations of slots are multiples of so many tokens long, so that there are few shapes."""
_STEPS_BETWEEN_CHECKS = 8
_MOST_ROWS = 1024
_MOST_ROW_POSITIONS = 65_536
"""Rows times their positions: with the caches of the base model (12 KB a position in bf16), 0.8 GB."""
_KEPT_ROW_POSITIONS = 2 * _MOST_ROW_POSITIONS
"""Of the slots that are kept for further sentences of their shape; those of single sentences are small."""


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

    def __init__(self, model: Transformer, special: SpecialTokens, shape: _Shape) -> None:
        self._device, self._pad_to = model.embedding.weight.device, shape.source_length
        sizes = shape.slots, shape.beam_size
        self._decoder = SlotDecoder(model, *sizes, shape.source_length, shape.target_length)
        self.beams = SlotBeams(*sizes, shape.target_length, special, self._device)
        self.number = shape.slots
        self._rows_move = shape.beam_size > 1
        self._graph = self._record() if self._device.type == "cuda" else None

    def fill(self, slots: Sequence[int], sources: Sequence[list[int]], limits: list[Limits]) -> None:
        """Begin to translate these sources, given with their end token."""
        slots_B = torch.tensor(slots, device=self._device)
        lengths_B = torch.tensor([len(source) for source in sources])
        source_BS = torch.stack([F.pad(torch.tensor(ids), (0, self._pad_to - len(ids))) for ids in sources])
        keep_BS = torch.arange(self._pad_to) < lengths_B.unsqueeze(1)
        self._decoder.fill(slots_B, source_BS.to(self._device), keep_BS.to(self._device))
        self.beams.fill(slots_B, limits)

    def advance(self) -> None:
        """One step of every slot; those that are done do not change."""
        if self._graph is None:
            self._step()
        else:
            self._graph.replay()

    def _step(self) -> None:
        logits_NV = self._decoder.step(self.beams.last_tokens(), self.beams.positions())
        rows_N = self.beams.advance(logits_NV)
        if self._rows_move:
            self._decoder.select(rows_N)

    def _record(self) -> torch.cuda.CUDAGraph:
        """The step as a graph, after a few steps of empty slots in which libraries choose and load their kernels."""
        stream = torch.cuda.Stream(self._device)
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream):
            for _ in range(3):
                self._step()
        torch.cuda.current_stream(self._device).wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._step()
        return graph


class ContinuousSearch:
    """Beam search over any number of sentences, with the answers of `translator.search.search`.

    For the options that have no rules about which tokens may follow (`can_search`).
    """

    def __init__(self, model: Transformer, special: SpecialTokens) -> None:
        self._model, self._special = model, special
        self._slots: OrderedDict[_Shape, _Slots] = OrderedDict()

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
        progress: Callable[[int], None] | None = None,
    ) -> list[list[ScoredTokens]]:
        """For each source, given with its end token, the n best hypotheses; `progress` is told how many are done."""
        results: list[list[ScoredTokens]] = [[] for _ in sources]
        done = 0
        by_length = sorted(range(len(sources)), key=lambda index: -len(sources[index]))
        for source_length, group in itertools.groupby(by_length, lambda index: _bucket(len(sources[index]))):
            waiting = list(group)
            target_length = _bucket(max(limits[index].most for index in waiting))
            slots = self._slots_of(_shape(len(waiting), options.beam_size, source_length, target_length))
            slots.beams.set_options(options)
            for found in _pass_through(slots, waiting, sources, limits, options):
                for index, hypotheses in found.items():
                    results[index] = hypotheses
                done += len(found)
                if progress is not None:
                    progress(done)
        return results

    def _slots_of(self, shape: _Shape) -> _Slots:
        """The slots of this shape; those that were not used for longest make room for new ones."""
        if shape not in self._slots:
            room = _KEPT_ROW_POSITIONS - shape.row_positions
            while self._slots and sum(kept.row_positions for kept in self._slots) > room:
                self._slots.popitem(last=False)
            self._slots[shape] = _Slots(self._model, self._special, shape)
        self._slots.move_to_end(shape)
        return self._slots[shape]


def _pass_through(
    slots: _Slots,
    waiting: list[int],
    sources: Sequence[list[int]],
    limits: Sequence[Limits],
    options: SearchOptions,
) -> Iterator[dict[int, list[ScoredTokens]]]:
    """Translate the sources with these indices; yields the results of those that are done, by index."""
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
            best = slots.beams.best(ended, options)
            yield {in_slot.pop(slot): hypotheses for slot, hypotheses in zip(ended, best, strict=True)}


def _bucket(tokens: int) -> int:
    return _BUCKET * math.ceil(tokens / _BUCKET)


def _shape(sentences: int, beam_size: int, source_length: int, target_length: int) -> _Shape:
    """A power of two of slots, as many as there is work for and room."""
    rows = min(_MOST_ROWS, _MOST_ROW_POSITIONS // target_length)
    room = max(1, rows // beam_size)
    slots = 1 << min((sentences - 1).bit_length(), room.bit_length() - 1)
    return _Shape(slots, beam_size, source_length, target_length)
