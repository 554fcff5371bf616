"""The line of waiting sentences: who goes first, and who goes together."""

from __future__ import annotations

import itertools
import time
from bisect import insort
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from service.batcher.jobs import Entry, Job

_MOST_LOOKED_AT = 4096
"""Entries that are looked at for those of one kind."""
_FEW = 32
"""Entries that are put in their places one by one; for more it is quicker to sort all."""


class WaitingLine:
    """Entries in the order in which they have a right to be worked on. Not for several threads at once.

    Requests share the work as in weighted fair queuing (Demers et al. 1989): an entry's rank is the virtual time at
    which its request came, plus the tokens of its request before it; and that time passes as if all who wait were
    served at once. So the sentences of long documents take turns, a short request that comes later goes before most of
    them, and who has two sentences is served before those that come long after. Where requests keep coming, what has
    waited for half of its deadline goes first.

    What nobody waits for any more is not counted, and is left behind when it would be its turn.
    """

    def __init__(self) -> None:
        self._by_rank: list[Entry[Any]] = []
        self._by_arrival: deque[Entry[Any]] = deque()
        self._jobs: set[Job[Any]] = set()  # those that wait for something
        self._time = 0.0  # virtual: the tokens that were taken, of each that waited an equal share
        self._waiting = 0
        self.tokens = 0
        """Of the entries that somebody waits for, and those that are expected of jobs that are being read."""

    def __len__(self) -> int:
        return self._waiting

    def tokens_before(self, tokens: int) -> int:
        """About how many go before a request of so many is done: of each other job as many, and a sentence more."""
        return sum(
            min(job.waiting_tokens, tokens + job.waiting_tokens // job.waiting if job.waiting else tokens)
            for job in self._jobs
        )

    def expect(self, job: Job[Any], tokens: int) -> None:
        """Count so many tokens as waiting until the job is forgotten; it has no entries yet."""
        self._count_tokens(job, tokens)

    def add(self, entries: Sequence[Entry[Any]]) -> None:
        """Let the entries of a request queue up."""
        rank = self._time
        for entry in entries:
            entry.rank = rank
            rank += entry.work.tokens
            self._count(entry, 1)
        if len(entries) <= _FEW:
            for entry in entries:
                insort(self._by_rank, entry, key=_rank)
        else:
            self._by_rank.extend(entries)
            self._by_rank.sort(key=_rank)
        self._by_arrival.extend(entries)

    def forget(self, job: Job[Any]) -> None:
        """Nobody waits for a job any more."""
        self._waiting -= job.waiting
        job.waiting = 0
        self._count_tokens(job, -job.waiting_tokens)
        if not self._waiting:
            self._by_rank.clear()
            self._by_arrival.clear()

    def take_all(self) -> list[Entry[Any]]:
        """Take everything out."""
        taken = [entry for entry in self._by_rank if not entry.is_taken]
        for entry in taken:
            self._take(entry)
        self._by_rank.clear()
        self._by_arrival.clear()
        return taken

    def take(
        self, tokens: int, rows_of: Callable[[Hashable], int], most: int, kind: Hashable = None
    ) -> list[Entry[Any]]:
        """Take out the first entry, and the next ones of its kind, at most `most` in all.

        `rows_of(kind)` is the number of rows that each takes. `tokens` limits the sum of tokens times rows. Without a
        `kind`, the first entry is taken even if it alone exceeds the limit. With a `kind`, entries join others of that
        kind: nothing is taken if the first one is of another kind or does not fit. The list is empty if nothing waits.
        """
        first = self._first()
        if first is None or kind not in (None, first.kind):
            return []
        room = tokens // max(1, rows_of(first.kind))
        batch = [] if kind is not None and first.work.tokens > room else [first]
        if batch:
            batch += self._next(first, room - first.work.tokens, most - 1)
        self._time += sum(entry.work.tokens for entry in batch) / max(1, len(self._jobs))
        for entry in batch:
            self._take(entry)
        looked_at = self._by_rank[:_MOST_LOOKED_AT]
        self._by_rank[:_MOST_LOOKED_AT] = [entry for entry in looked_at if not entry.is_taken]
        return batch

    def _first(self) -> Entry[Any] | None:
        """Whose turn it is."""
        while self._by_arrival and self._is_gone(self._by_arrival[0]):
            self._by_arrival.popleft()
        gone = sum(1 for _ in itertools.takewhile(self._is_gone, self._by_rank))
        del self._by_rank[:gone]
        if not self._by_rank:
            return None
        oldest = self._by_arrival[0]
        if time.monotonic() - oldest.since > oldest.job.deadline.seconds / 2:
            return oldest
        return self._by_rank[0]

    def _next(self, first: Entry[Any], tokens: int, most: int) -> list[Entry[Any]]:
        """The other entries of its kind that go next, with at most this number of tokens in all."""
        found: list[Entry[Any]] = []
        for entry in itertools.islice(self._by_rank, _MOST_LOOKED_AT):
            if entry is not first and entry.kind == first.kind and not self._is_gone(entry):
                tokens -= entry.work.tokens
                if tokens < 0 or len(found) == most:
                    break
                found.append(entry)
        return found

    def _is_gone(self, entry: Entry[Any]) -> bool:
        if not entry.is_wanted():
            self._take(entry)
        return entry.is_taken

    def _take(self, entry: Entry[Any]) -> None:
        if not entry.is_taken:
            entry.is_taken = True
            if entry.job.waiting:  # else it has been forgotten, and is not counted any more
                self._count(entry, -1)

    def _count(self, entry: Entry[Any], sign: int) -> None:
        self._waiting += sign
        entry.job.waiting += sign
        self._count_tokens(entry.job, sign * entry.work.tokens)

    def _count_tokens(self, job: Job[Any], tokens: int) -> None:
        self.tokens += tokens
        job.waiting_tokens += tokens
        if job.waiting_tokens:
            self._jobs.add(job)
        else:
            self._jobs.discard(job)


def _rank(entry: Entry[Any]) -> float:
    return entry.rank
