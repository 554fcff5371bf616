"""Engine and sessions: map the rows of a search to the places of a decoder."""

import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch

from translator.engines.cuda.decoder import ALL, Decoder, Network, Put, Shape
from translator.engines.protocol import (
    Ahead,
    Candidates,
    Floats,
    Ints,
    Mask,
    Rows,
    Run,
    one_step,
    refuse_other_architectures,
)
from translator.model.interface import TranslationModel
from translator.model.transformer import Transformer

_KEPT_DECODERS = 4
"""Idle decoders to keep; each has caches and graphs."""
_ROWS_AHEAD = 4
"""With at most this many rows, a greedy step is launched before the result of the last one is read. A translation has
about 25 tokens, so with 4 rows every sixth of these steps is wasted; with 25 rows, every second one would be."""
_NOWHERE = -1


class CudaEngine:
    """A Transformer, on the device and in the precision of its weights, which must not change afterwards."""

    def __init__(self, model: TranslationModel, forbidden: Iterable[int] = ()) -> None:
        """`forbidden` tokens have probability zero. Raises ConfigError if the model is no Transformer."""
        refuse_other_architectures(model.config, "the CUDA engine")
        assert isinstance(model, Transformer)
        self.network = Network(model, forbidden)
        self.vocabulary = model.config.vocab_size
        self.positions = model.config.max_positions if model.config.positions == "learned" else None
        self._idle: list[Decoder] = []

    def session(self) -> "CudaSession":
        """A new session without rows."""
        return CudaSession(self)

    def borrow(self, width: int) -> Decoder:
        """Take a decoder for sentences of `width` rows; an idle one with its graphs, if there is one."""
        for decoder in self._idle[::-1]:
            if decoder.caches.room.width == width:
                try:
                    self._idle.remove(decoder)
                except ValueError:  # another thread has taken it
                    continue
                return decoder
        return Decoder(self.network, width)

    def give_back(self, decoder: Decoder) -> None:
        """Return a decoder for reuse. Takes no lock, because a finalizer may call this at any point."""
        decoder.caches.reset()
        self._idle.append(decoder)
        del self._idle[:-_KEPT_DECODERS]


class CudaSession:
    """The rows of a search. A session borrows a decoder as long as it has sentences."""

    def __init__(self, engine: CudaEngine) -> None:
        self._engine = engine
        self._longest_source = 0
        self._forget()

    def _forget(self) -> None:
        """Reset to a session without rows."""
        self._decoder: Decoder | None = None
        self._place_R: Ints = np.zeros(0, dtype=np.int32)
        """The place of each row's sentence; _NOWHERE after its release."""
        self._number_R: Ints = np.zeros(0, dtype=np.int32)
        """The number of each row within its sentence."""
        self._length_R: Ints = np.zeros(0, dtype=np.int32)
        """The number of tokens in each row."""
        self._free: dict[int, list[int]] = {}
        """First rows of released sentences, by their number of rows; new sentences reuse them."""
        self._has_changed = True
        """Whether sentences have come or gone since the last step."""
        self._extent = 0
        """The number of places up to the last sentence, as of the last step."""

    def admit(self, sources: Sequence[Sequence[int]], width: int) -> Ints:
        """See `Session.admit`. Raises InputTooLong beyond the learned positions, and MemoryError if memory runs out."""
        self._check_sources(sources, width)
        if not sources:
            return np.zeros(0, dtype=np.int32)
        with _memory_errors(), torch.inference_mode():
            if self._decoder is None:
                self._decoder = self._engine.borrow(width)
                self._return = weakref.finalize(self, self._engine.give_back, self._decoder)
                self._return.atexit = False
            with self._decoder.lane.current():
                place_B = self._decoder.admit(sources, width)
        self._longest_source = max(self._longest_source, *map(len, sources))
        self._has_changed = True
        return np.array([self._add_rows(int(place), width) for place in place_B], dtype=np.int32)

    def _check_sources(self, sources: Sequence[Sequence[int]], width: int) -> None:
        """Check before anything reaches the GPU: after an out-of-range lookup, a GPU context is unusable."""
        if not 1 <= width <= 255:
            raise IndexError(f"a sentence cannot have {width} rows; give 1 to 255")
        for source in sources:
            if not len(source):
                raise IndexError("a source has no tokens; it needs at least its end token")
            _check_tokens(np.asarray(source), self._engine.vocabulary)
        if sources:
            self._engine.network.table(max(map(len, sources)))

    def _add_rows(self, place: int, width: int) -> int:
        """Allocate the rows of a new sentence; returns the first."""
        if self._free.get(width):
            first = self._free[width].pop()
        else:
            first = len(self._place_R)
            more = np.zeros(width, dtype=np.int32)
            self._place_R, self._length_R = (np.append(x, more) for x in (self._place_R, self._length_R))
            self._number_R = np.append(self._number_R, np.arange(width, dtype=np.int32))
        self._place_R[first : first + width] = place
        self._length_R[first : first + width] = 0
        return first

    def step(self, rows: Rows, masks_MX: Mask, best: int) -> Candidates:
        """See `Session.step`."""
        best = min(best, self._engine.vocabulary)
        with self._ready(rows, 1, masks_MX) as (decoder, shape, cell_N):
            numbers, wait = decoder.fetch(decoder.launch(shape, best))
            wait()
            self._advance(rows, 1)
        token_NC, value_NC = numbers.reshape(2, shape.rows, best)
        return Candidates(token_NC[cell_N], value_NC.view(np.float32)[cell_N])

    def run(self, rows: Rows, masks_MX: Mask, best: int, ahead: Ahead) -> Run:
        """See `Session.run`; makes a single step for beams of more than one row."""
        if ahead.width > 1:
            return one_step(self.step(rows, masks_MX, best))
        token_TN, each_TN = self._run_greedily(rows, masks_MX, ahead.is_ordinary_X, ahead.most_steps)
        score_TN = ahead.score_N + np.cumsum(each_TN[:-1], axis=0, dtype=np.float64)
        found = Candidates(token_TN[-1][:, None], each_TN[-1][:, None])
        return Run(token_TN[:-1], np.zeros_like(token_TN[:-1]), score_TN, found)

    def _run_greedily(
        self, rows: Rows, masks_MX: Mask, is_ordinary_X: Mask, most_steps: int
    ) -> tuple[Ints, Floats]:
        """Continue with the best token of each row; returns the tokens and log-probabilities of all steps, (T, N)."""
        if self._engine.positions is not None:
            farthest = int(self._length_R[rows.parent_N].max(initial=0))
            most_steps = max(1, min(most_steps, self._engine.positions - farthest))
        ahead = 1 if len(rows.row_N) <= _ROWS_AHEAD else 0
        launched: list[tuple[Ints, Callable[[], None]]] = []
        found: list[Ints] = []
        with self._ready(rows, most_steps, masks_MX) as (decoder, shape, cell_N):
            while len(found) < most_steps:
                while len(launched) < min(len(found) + 1 + ahead, most_steps):
                    launched.append(decoder.fetch(decoder.launch(shape, 1), len(launched)))
                numbers, wait = launched[len(found)]
                wait()
                found.append(numbers.reshape(2, -1)[:, cell_N])
                token_N = found[-1][0]
                if token_N.min() < 0 or not is_ordinary_X[token_N].all():
                    break
            self._advance(rows, len(found))
        found_T2N = np.stack(found)
        return found_T2N[:, 0], found_T2N[:, 1].view(np.float32)

    def distribution(self, rows: Rows) -> Floats:
        """See `Session.distribution`."""
        with self._ready(rows, 1) as (decoder, shape, cell_N):
            numbers, wait = decoder.fetch(decoder.launch(shape, ALL))
            wait()
            self._advance(rows, 1)
        found_NV: Floats = numbers.view(np.float32).reshape(shape.rows, -1)[cell_N]
        return found_NV

    def attention(self, rows: Rows, layer: int, head: int) -> Floats:
        """See `Session.attention`; computed without a graph."""
        with self._ready(rows, 1) as (decoder, shape, cell_N):
            weight_NS = decoder.attention(shape, layer, head).cpu().numpy()[cell_N]
            self._advance(rows, 1)
        found_NS = np.zeros((len(cell_N), self._longest_source), dtype=np.float32)
        length = min(self._longest_source, weight_NS.shape[1])
        found_NS[:, :length] = weight_NS[:, :length]
        return found_NS

    def release(self, first_row_B: Ints) -> None:
        """See `Session.release`."""
        decoder = self._decoder
        for first in map(int, first_row_B):
            is_row = decoder and 0 <= first < len(self._place_R) and self._place_R[first] >= 0
            if not is_row or self._number_R[first]:
                raise IndexError(f"no sentence has the first row {first}")
            assert decoder
            same_R = np.flatnonzero(self._place_R == self._place_R[first])
            decoder.caches.free(self._place_R[first : first + 1])
            self._place_R[same_R] = _NOWHERE
            self._free.setdefault(len(same_R), []).append(first)
        self._has_changed = True
        if decoder and not decoder.caches.is_taken_B.any():
            self._return()
            self._forget()

    @contextmanager
    def _ready(
        self, rows: Rows, steps: int, masks_MX: Mask | None = None
    ) -> Iterator[tuple[Decoder, Shape, Ints]]:
        """Prepare the next `steps` steps; yields the decoder with its inputs, the shape, and the rows' indices in it.

        Raises InputTooLong beyond the learned positions, and MemoryError if memory runs out.
        """
        decoder = self._check_rows(rows)
        start_N = self._length_R[rows.parent_N]
        self._engine.network.table(int(start_N.max()) + 1)
        with _memory_errors(), torch.inference_mode(), decoder.lane.current():
            if self._has_changed:
                self._compact(decoder)
            caches = decoder.caches
            farthest = int(caches.next_B.max())
            shape = decoder.shape(self._extent, int(caches.source_length_B.max()), farthest + steps)
            self._inherit_histories(decoder, rows, start_N)
            cell_N: Ints = self._place_R[rows.row_N] * shape.width + self._number_R[rows.row_N]
            mask_N = rows.mask_N if masks_MX is not None else np.zeros_like(rows.mask_N)
            if masks_MX is not None:
                decoder.put_masks(masks_MX, mask_N)
            decoder.put(shape, cell_N, Put(rows.token_N, start_N, mask_N))
            yield decoder, shape, cell_N

    def _check_rows(self, rows: Rows) -> Decoder:
        number = len(self._place_R)
        for row_N in (rows.row_N, rows.parent_N):
            if self._decoder is None or not len(row_N) or row_N.min() < 0 or row_N.max() >= number:
                raise IndexError("a row does not exist; admit its sentence first")
        place_N = self._place_R[rows.row_N]
        if place_N.min() < 0 or (self._place_R[rows.parent_N] != place_N).any():
            raise IndexError("a row does not exist, or its parent belongs to another sentence")
        _check_tokens(rows.token_N, self._engine.vocabulary)
        assert self._decoder
        return self._decoder

    def _compact(self, decoder: Decoder) -> None:
        """Move sentences up after some have come or gone."""
        now_B = decoder.caches.compact()
        if now_B is not None:
            is_there_R = self._place_R >= 0
            self._place_R[is_there_R] = now_B[self._place_R[is_there_R]]
        self._extent = decoder.caches.extent()
        self._has_changed = False

    def _inherit_histories(self, decoder: Decoder, rows: Rows, start_N: Ints) -> None:
        """Give rows the histories of their parents, through the table, or by a copy if their slots may be in use."""
        caches = decoder.caches
        if caches.room.width == 1 and (start_N == caches.next_B[self._place_R[rows.row_N]]).all():
            return
        place_N, number_N = self._place_R[rows.row_N], self._number_R[rows.row_N]
        parent_N = self._number_R[rows.parent_N]
        goes_back_N = start_N < caches.next_B[place_N]
        if goes_back_N.any():
            back_B = np.unique(place_N[goes_back_N]).astype(np.int64)
            parent_BW = np.tile(np.arange(caches.room.width), (caches.room.sentences, 1))
            parent_BW[place_N, number_N] = parent_N
            caches.copy_histories(back_B, parent_BW[back_B])
            parent_N = np.where(np.isin(place_N, back_B), number_N, parent_N)
        moved = np.flatnonzero(parent_N != number_N)
        if len(moved):
            place_N, number_N, parent_N, start_N = (x[moved] for x in (place_N, number_N, parent_N, start_N))
            is_past_NT = np.arange(caches.room.target) < start_N[:, None]
            caches.ancestor_BWT[place_N, number_N] = np.where(
                is_past_NT, caches.ancestor_BWT[place_N, parent_N], number_N[:, None]
            )

    def _advance(self, rows: Rows, steps: int) -> None:
        """Update the lengths after steps."""
        assert self._decoder
        length_N = self._length_R[rows.parent_N] + steps
        self._length_R[rows.row_N] = length_N
        np.maximum.at(self._decoder.caches.next_B, self._place_R[rows.row_N], length_N)


def _check_tokens(token_N: Ints, vocabulary: int) -> None:
    if token_N.min() < 0 or token_N.max() >= vocabulary:
        raise IndexError(f"a token is outside the vocabulary of {vocabulary}")


@contextmanager
def _memory_errors() -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise MemoryError(
            "there is not enough memory on the GPU; translate fewer sentences at a time"
        ) from error
