"""Keys and values of the sentences in progress, at fixed addresses for graphs."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from translator.engines.protocol import Ints

_LEAST_LENGTH = 32
"""Positions that shorter sources and translations are padded to; a multiple of 4."""
_FIRST_ROWS = 64
_FIRST_LENGTH = 64
"""Initial room, so that the caches rarely grow: each time, all graphs are lost."""


def bucket(size: int) -> int:
    """The next power of two."""
    return 1 << max(0, size - 1).bit_length()


def length_bucket(length: int) -> int:
    """The next power of two for a number of positions, at least `_LEAST_LENGTH`."""
    return max(_LEAST_LENGTH, bucket(length))


class Room(NamedTuple):
    """The capacity of the caches."""

    sentences: int
    width: int
    """Rows per sentence."""
    source: int
    target: int
    """In positions, as is `source`."""


class Caches:
    """B places for sentences, with W rows each and room for S positions of the source and T of the translation.

    The NumPy arrays describe each place for the host; they are 0 and False for free places.
    """

    def __init__(self, layers: int, heads: int, weight: Tensor, width: int) -> None:
        """`weight` gives the width of the model, and the device and precision of the caches."""
        head_width = weight.shape[1] // heads
        self._device = weight.device
        self.room = Room(0, width, 0, 0)
        self.past_E2BHTWK = weight.new_zeros((layers, 2, 0, heads, 0, width, head_width))
        """Keys and values of the translations, for E layers."""
        self.memory_E2BHSK = weight.new_zeros((layers, 2, 0, heads, 0, head_width))
        """Keys and values of the sources."""
        self.is_taken_B = np.zeros(0, dtype=bool)
        self.source_length_B: Ints = np.zeros(0, dtype=np.int32)
        self.next_B: Ints = np.zeros(0, dtype=np.int32)
        """The position after the longest history of each sentence."""
        self.ancestor_BWT: npt.NDArray[np.uint8] = np.zeros((0, width, 0), dtype=np.uint8)
        """The row whose slot belongs to a row's history at each position; after the end, the row itself."""
        self._grow(Room(bucket(max(1, _FIRST_ROWS // width)), width, _FIRST_LENGTH, _FIRST_LENGTH))

    def _grow(self, room: Room) -> None:
        """Allocate larger caches, and copy the contents."""
        old, sentences = self.room, room.sentences
        layers, two, _, heads, *_, head_width = self.past_E2BHTWK.shape
        # Allocate both before assigning either: if memory runs out, the old caches stay intact.
        past_E2BHTWK = self.past_E2BHTWK.new_zeros(
            (layers, two, sentences, heads, room.target, room.width, head_width)
        )
        memory_E2BHSK = self.memory_E2BHSK.new_zeros((layers, two, sentences, heads, room.source, head_width))
        past_E2BHTWK[:, :, : old.sentences, :, : old.target, : old.width] = self.past_E2BHTWK
        memory_E2BHSK[:, :, : old.sentences, :, : old.source] = self.memory_E2BHSK
        self.past_E2BHTWK, self.memory_E2BHSK = past_E2BHTWK, memory_E2BHSK
        more = sentences - old.sentences
        self.is_taken_B = np.pad(self.is_taken_B, (0, more))
        self.source_length_B = np.pad(self.source_length_B, (0, more))
        self.next_B = np.pad(self.next_B, (0, more))
        own_W1 = np.arange(room.width, dtype=np.uint8)[:, None]
        ancestor_BWT = np.broadcast_to(own_W1, (sentences, room.width, room.target)).copy()
        ancestor_BWT[: old.sentences, : old.width, : old.target] = self.ancestor_BWT
        self.ancestor_BWT, self.room = ancestor_BWT, room

    def make_room(self, sentences: int = 0, width: int = 0, source: int = 0, target: int = 0) -> bool:
        """Grow the caches to at least this capacity; returns whether their addresses have changed."""
        old = self.room
        wanted = Room(
            max(old.sentences, bucket(sentences)), max(old.width, width),
            max(old.source, length_bucket(source)), max(old.target, length_bucket(target)),
        )  # fmt: skip
        if wanted == old:
            return False
        self._grow(wanted)
        return True

    def reset(self) -> None:
        """Forget all sentences."""
        self.is_taken_B[:] = False
        self.source_length_B[:] = self.next_B[:] = 0

    def take(self, source_lengths: list[int]) -> npt.NDArray[np.int64]:
        """Take and zero the first free places; returns them, (B,). There must be enough."""
        place_B = np.flatnonzero(~self.is_taken_B)[: len(source_lengths)]
        assert len(place_B) == len(source_lengths)
        index_B = torch.from_numpy(place_B).to(self._device)
        self.past_E2BHTWK.index_fill_(2, index_B, 0)
        self.memory_E2BHSK.index_fill_(2, index_B, 0)
        self.is_taken_B[place_B] = True
        self.source_length_B[place_B], self.next_B[place_B] = source_lengths, 0
        self.ancestor_BWT[place_B] = np.arange(self.room.width, dtype=np.uint8)[:, None]
        return place_B

    def free(self, place_B: npt.NDArray[np.integer]) -> None:
        """Free places."""
        self.is_taken_B[place_B] = False
        self.source_length_B[place_B] = self.next_B[place_B] = 0

    def extent(self) -> int:
        """The number of places up to the last one taken."""
        taken = np.flatnonzero(self.is_taken_B)
        return int(taken[-1]) + 1 if len(taken) else 0

    def compact(self) -> npt.NDArray[np.int64] | None:
        """Move sentences up if a smaller bucket holds them all; returns the new index of each place, or None."""
        number = int(self.is_taken_B.sum())
        if not number or bucket(number) == bucket(self.extent()):
            return None
        to = np.flatnonzero(~self.is_taken_B[:number])
        moving = number + np.flatnonzero(self.is_taken_B[number:])
        to_index, from_index = (torch.from_numpy(x).to(self._device) for x in (to, moving))
        for cache in (self.past_E2BHTWK, self.memory_E2BHSK):
            cache.index_copy_(2, to_index, cache.index_select(2, from_index))
        for about_B in (self.source_length_B, self.next_B, self.ancestor_BWT):
            about_B[to] = about_B[moving]
        self.is_taken_B[to] = True
        self.free(moving)
        now_B = np.arange(self.room.sentences)
        now_B[moving] = to
        return now_B

    def copy_histories(self, place_B: npt.NDArray[np.int64], parent_BW: npt.NDArray[np.int64]) -> None:
        """Copy to every row of these sentences the history of its parent, in the row's own slots."""
        width = self.room.width
        ancestor_BWT = np.take_along_axis(self.ancestor_BWT[place_B], parent_BW[:, :, None], axis=1)
        index_B = torch.from_numpy(place_B).to(self._device)
        from_BTW = torch.from_numpy(ancestor_BWT).to(self._device).transpose(1, 2).long()
        past_E2BHTWK = self.past_E2BHTWK.index_select(2, index_B)
        from_E2BHTWK = from_BTW[:, None, :, :, None].expand(past_E2BHTWK.shape)
        self.past_E2BHTWK.index_copy_(2, index_B, past_E2BHTWK.gather(5, from_E2BHTWK))
        self.ancestor_BWT[place_B] = np.arange(width, dtype=np.uint8)[:, None]
