"""The queue of waiting sentences: which go first, and which go together."""

from __future__ import annotations

import itertools
import time
from bisect import insort
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from service.batcher.jobs import Entry, Job

_MAX_EXAMINED = 4096
"""Most entries examined to find those of one kind."""
_MAX_INSERTED = 32
"""Up to this number of entries are inserted one by one; for more, sorting everything is quicker."""


class RequestQueue:
    """Waiting entries in the order in which they will be served. Not thread-safe.

    Requests share the workers as in weighted fair queuing (Demers et al. 1989). An entry's rank is the virtual time at
    which its request arrived, plus the tokens of its request before it. Virtual time passes as if all waiting requests
    were served at once. So long documents take turns, a short request that arrives later goes before most of their
    sentences, and a request of two sentences is served before those that arrive much later. An entry that has waited
    for half of its deadline goes first, so that nothing starves while requests keep coming.

    Entries that nobody waits for any more are not counted, and are skipped when it is their turn.
    """

    def __init__(self) -> None:
        self._by_rank: list[Entry[Any]] = []
        self._by_arrival: deque[Entry[Any]] = deque()
        self._jobs: set[Job[Any]] = set()  # those with waiting tokens
        self._time = 0.0  # virtual: tokens taken, divided by the number of waiting jobs
        self._entries = 0
        self.tokens = 0
        """Tokens of the wanted entries, plus those reserved for jobs whose texts are still being split."""

    def __len__(self) -> int:
        return self._entries

    def tokens_before(self, tokens: int) -> int:
        """About how many tokens go before a request of `tokens` is done: as many of each job, and one sentence."""
        return sum(min(job.waiting_tokens, tokens + _mean_tokens(job)) for job in self._jobs)

    def reserve(self, job: Job[Any], tokens: int) -> None:
        """Count `tokens` as waiting for a job that has no entries yet, until it is removed."""
        self._count_tokens(job, tokens)

    def add(self, entries: Sequence[Entry[Any]]) -> None:
        """Add the entries of a request."""
        rank = self._time
        for entry in entries:
            entry.rank = rank
            rank += entry.item.tokens
            self._count(entry, 1)
        if len(entries) <= _MAX_INSERTED:
            for entry in entries:
                insort(self._by_rank, entry, key=_rank)
        else:
            self._by_rank.extend(entries)
            self._by_rank.sort(key=_rank)
        self._by_arrival.extend(entries)

    def remove(self, job: Job[Any]) -> None:
        """Stop counting a job; its entries, if nobody waits for them any more, are skipped when it is their turn."""
        self._entries -= job.waiting_entries
        job.waiting_entries = 0
        self._count_tokens(job, -job.waiting_tokens)
        if not self._entries:
            self._by_rank.clear()
            self._by_arrival.clear()

    def take_all(self) -> list[Entry[Any]]:
        """Take out all entries."""
        taken = [entry for entry in self._by_rank if not entry.is_taken]
        for entry in taken:
            self._take(entry)
        self._by_rank.clear()
        self._by_arrival.clear()
        return taken

    def take(
        self, max_tokens: int, rows_of: Callable[[Hashable], int], max_entries: int, kind: Hashable = None
    ) -> list[Entry[Any]]:
        """Take out the first entry and the next ones of its kind, at most `max_entries` in all.

        `rows_of(kind)` is the number of rows of each entry. `max_tokens` limits the sum of tokens times rows.
        Without a `kind`, the first entry is taken even if it alone exceeds the limit. With a `kind`, entries join
        others of that kind: nothing is taken if the first one is of another kind or does not fit. The list is empty if
        nothing waits.
        """
        first = self._first()
        if first is None or kind not in (None, first.kind):
            return []
        room = max_tokens // max(1, rows_of(first.kind))
        batch = [] if kind is not None and first.item.tokens > room else [first]
        if batch:
            batch += self._next_of_kind(first, room - first.item.tokens, max_entries - 1)
        self._time += sum(entry.item.tokens for entry in batch) / max(1, len(self._jobs))
        for entry in batch:
            self._take(entry)
        examined = self._by_rank[:_MAX_EXAMINED]
        self._by_rank[:_MAX_EXAMINED] = [entry for entry in examined if not entry.is_taken]
        return batch

    def _first(self) -> Entry[Any] | None:
        """The entry whose turn it is."""
        while self._by_arrival and self._is_gone(self._by_arrival[0]):
            self._by_arrival.popleft()
        gone = sum(1 for _ in itertools.takewhile(self._is_gone, self._by_rank))
        del self._by_rank[:gone]
        if not self._by_rank:
            return None
        oldest = self._by_arrival[0]
        if time.monotonic() - oldest.queued_at > oldest.job.deadline.seconds / 2:
            return oldest
        return self._by_rank[0]

    def _next_of_kind(self, first: Entry[Any], max_tokens: int, max_entries: int) -> list[Entry[Any]]:
        """The next entries of the same kind as `first`, at most `max_entries`, with at most `max_tokens` in all."""
        found: list[Entry[Any]] = []
        for entry in itertools.islice(self._by_rank, _MAX_EXAMINED):
            if entry is not first and entry.kind == first.kind and not self._is_gone(entry):
                max_tokens -= entry.item.tokens
                if max_tokens < 0 or len(found) == max_entries:
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
            if entry.job.waiting_entries:  # else its job has been removed and is no longer counted
                self._count(entry, -1)

    def _count(self, entry: Entry[Any], sign: int) -> None:
        self._entries += sign
        entry.job.waiting_entries += sign
        self._count_tokens(entry.job, sign * entry.item.tokens)

    def _count_tokens(self, job: Job[Any], tokens: int) -> None:
        self.tokens += tokens
        job.waiting_tokens += tokens
        if job.waiting_tokens:
            self._jobs.add(job)
        else:
            self._jobs.discard(job)


def _mean_tokens(job: Job[Any]) -> int:
    """Tokens of the average waiting entry of a job; 0 if its texts are still being split."""
    return job.waiting_tokens // job.waiting_entries if job.waiting_entries else 0


def _rank(entry: Entry[Any]) -> float:
    return entry.rank
