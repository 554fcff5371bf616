"""The line of waiting sentences: who goes first, and who goes together."""

from __future__ import annotations

import itertools
from bisect import insort
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from service.batcher.jobs import Entry, Job

_PACE_TOKENS_PER_SECOND = 1000.0
"""Of a request, so many tokens at once have a right to be worked on after each second: the sentences of a long document
queue up as if they came one after the other, and a short request that comes later goes before most of them."""
_WINDOW_BATCHES = 8
"""Of the sentences that fill so many batches, those of like length go together."""


@dataclass(frozen=True)
class QueueLimits:
    """How much is decoded at once and how much may wait.

    `batch_tokens` counts padded tokens: the longest sentence of a batch times the number of its rows, which are as many
    for each sentence as it has hypotheses. A sentence longer than that is decoded alone. `max_queued_tokens` counts the
    tokens that wait, without those being decoded.
    """

    batch_tokens: int
    max_queued_tokens: int


class WaitingLine:
    """Entries in the order of their rank. Not for several threads at once."""

    def __init__(self) -> None:
        self._entries: list[Entry[Any]] = []
        self.tokens = 0
        """Of all entries."""

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entries: Iterable[Entry[Any]]) -> None:
        """Let entries queue up."""
        for entry in entries:
            insort(self._entries, entry, key=lambda one: one.rank)
            self.tokens += entry.work.tokens

    def remove(self, job: Job[Any]) -> int:
        """Take the entries of a job out; returns how many there were."""
        return len(self._take_if(lambda entry: entry.job is job))

    def remove_unwanted(self) -> int:
        """Take out what nobody waits for any more; returns how many there were."""
        return len(self._take_if(lambda entry: not entry.is_wanted()))

    def remove_all(self) -> list[Entry[Any]]:
        """Take everything out."""
        return self._take_if(lambda entry: True)

    def take_batch(
        self, batch_tokens: int, rows_of: Callable[[Hashable], int], most: int
    ) -> list[Entry[Any]]:
        """Take out the first entry, and with it entries of its kind of like length, at most `most` in all.

        `rows_of(kind)` is the number of rows that each takes; longest · rows ≤ `batch_tokens`.
        """
        if not self._entries:
            return []
        first = self._entries[0]
        room = batch_tokens // max(1, rows_of(first.kind))
        window = self._window(first.kind, _WINDOW_BATCHES * room)
        window.sort(key=lambda entry: abs(entry.work.tokens - first.work.tokens))  # the first one stays first
        batch, longest = [first], first.work.tokens
        for entry in window[1:]:
            longest = max(longest, entry.work.tokens)
            if len(batch) == most or longest * (len(batch) + 1) > room:
                break
            batch.append(entry)
        taken = set(map(id, batch))
        self._take_if(lambda entry: id(entry) in taken)
        return batch

    def _window(self, kind: Hashable, tokens: int) -> list[Entry[Any]]:
        """The first entries of a kind, up to so many tokens, at least one."""
        window: list[Entry[Any]] = []
        for entry in self._entries:
            if entry.kind == kind:
                tokens -= entry.work.tokens
                if window and tokens < 0:
                    break
                window.append(entry)
        return window

    def _take_if(self, goes: Callable[[Entry[Any]], bool]) -> list[Entry[Any]]:
        gone: list[Entry[Any]] = []
        kept: list[Entry[Any]] = []
        for entry in self._entries:
            (gone if goes(entry) else kept).append(entry)
        self._entries = kept
        self.tokens -= sum(entry.work.tokens for entry in gone)
        return gone


def ranks(tokens: Iterable[int], now: float) -> list[float]:
    """The ranks of the entries of one request, which have so many tokens."""
    before = itertools.accumulate(tokens, initial=0)
    return [now + earlier / _PACE_TOKENS_PER_SECOND for earlier in before][:-1]
