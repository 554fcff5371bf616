"""The batch that a worker decodes: entries join and leave it, and a batch that fails is tried again in halves."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from service.batcher.jobs import Entry
from service.metrics import Metrics

ResultT = TypeVar("ResultT")

_SPEED_SECONDS = 0.25
"""How often the speed of a worker that is always busy is measured."""


class RunningBatch(Generic[ResultT]):
    """The entries that a worker decodes together, all of one kind. Entries join and leave between decoding steps.

    After a failure, the unfinished entries are tried again in halves.
    """

    def __init__(
        self,
        entries: Sequence[Entry[ResultT]],
        join: Callable[[RunningBatch[ResultT], int], list[Entry[ResultT]]],
        metrics: Metrics,
        on_result: Callable[[Entry[ResultT], ResultT], None],
        record_speed: Callable[[int, float], None],
    ) -> None:
        """`join(batch, room)` returns at most `room` entries that join."""
        self.kind = entries[0].kind
        self._join: Callable[[RunningBatch[ResultT], int], list[Entry[ResultT]]] | None = join
        self._metrics, self._on_result = metrics, on_result
        self.size = 0
        """How many entries the engine has taken in this try."""
        self.peak_tokens = 0
        """Most tokens in flight at the same time in this try."""
        self._lock = threading.Lock()  # guards the next three: other threads call `unfinished`
        self._next_tries = [list(entries)]
        """The entries of each later try, the next try last."""
        self._waiting: deque[Entry[ResultT]] = deque()
        """Entries of this try that the engine has not taken yet, for lack of room."""
        self._in_flight: dict[_InFlight[ResultT], None] = {}
        """Entries that the engine works on, in the order in which it took them."""
        self._speed = _Stopwatch(record_speed)

    def begin_try(self) -> bool:
        """Prepare the next try; return whether there is one."""
        with self._lock:
            self._in_flight.clear()
            self._waiting.clear()
            while self._next_tries and not self._waiting:
                self._waiting.extend(filter(Entry.is_wanted, self._next_tries.pop()))
        self.size = self.peak_tokens = 0
        self._speed.restart()
        return bool(self._waiting)

    def halve(self) -> None:
        """Split the unfinished entries of this try into two tries; from now on, no entries join."""
        self._join = None
        unfinished = self.unfinished_in_try()
        middle = math.ceil(len(unfinished) / 2)
        with self._lock:
            self._next_tries += [unfinished[middle:], unfinished[:middle]]

    def take(self, room: int) -> list[_InFlight[ResultT]]:
        """Give the engine at most `room` entries; the `Feed` of this batch."""
        with self._lock:
            gone = [one for one in self._in_flight if not one.is_wanted()]
            self._drop(gone)
            new: list[Entry[ResultT]] = []
            while self._waiting and len(new) < room:  # to return none would end the try
                if (entry := self._waiting.popleft()).is_wanted():
                    new.append(entry)
        if self._join and not new and room > 0:
            new = self._join(self, room)
        taken = [_InFlight(entry, self) for entry in new if entry.is_wanted()]
        if taken:
            with self._lock:
                self._in_flight.update(dict.fromkeys(taken))
            self._record_taken(taken)
        return taken

    def finish(self, one: _InFlight[ResultT], result: ResultT) -> None:
        """Pass on the result of an entry."""
        with self._lock:
            del self._in_flight[one]
        self._metrics.compute_seconds.observe(time.monotonic() - one.started_at)
        self._metrics.in_flight_sentences.dec()
        self._metrics.sentences.inc()
        self._metrics.source_tokens.inc(one.entry.item.tokens)
        self._speed.add(one.entry.item.tokens)
        self._on_result(one.entry, result)

    def unfinished(self) -> list[Entry[ResultT]]:
        """All entries without a result; thread-safe."""
        with self._lock:
            later = itertools.chain.from_iterable(self._next_tries)
            return [*(one.entry for one in self._in_flight), *self._waiting, *later]

    def unfinished_in_try(self) -> list[Entry[ResultT]]:
        """The entries of this try that have no result and are still wanted."""
        entries = [*(one.entry for one in self._in_flight), *self._waiting]
        return list(filter(Entry.is_wanted, entries))

    def tokens_in_flight(self) -> int:
        """Tokens of the entries being worked on."""
        return sum(one.entry.item.tokens for one in self._in_flight)

    def end_try(self) -> None:
        """End this try; its unfinished entries get no result from it."""
        self._metrics.in_flight_sentences.dec(len(self._in_flight))
        self._speed.end(is_clean=not self._in_flight)

    def _drop(self, gone: Sequence[_InFlight[ResultT]]) -> None:
        if gone:
            for one in gone:
                del self._in_flight[one]
            self._metrics.in_flight_sentences.dec(len(gone))
            self._speed.restart()

    def _record_taken(self, taken: Sequence[_InFlight[ResultT]]) -> None:
        self.size += len(taken)
        self.peak_tokens = max(self.peak_tokens, self.tokens_in_flight())
        self._metrics.in_flight_sentences.inc(len(taken))
        self._metrics.batch_sentences.observe(len(self._in_flight))
        for one in taken:
            self._metrics.queue_seconds.observe(one.started_at - one.entry.queued_at)


class _InFlight(Generic[ResultT]):
    """An entry that the engine works on; the engine sees it as an `Awaited`."""

    def __init__(self, entry: Entry[ResultT], batch: RunningBatch[ResultT]) -> None:
        self.entry, self._batch, self.started_at = entry, batch, time.monotonic()
        self.item, self.is_wanted = entry.item.payload, entry.is_wanted

    def finish(self, result: ResultT) -> None:
        self._batch.finish(self, result)


class _Stopwatch:
    """Measures the speed of a worker, over periods in which no entry was cancelled."""

    def __init__(self, record: Callable[[int, float], None]) -> None:
        self._record = record
        self.restart()

    def restart(self) -> None:
        self._tokens, self._since = 0, time.monotonic()

    def add(self, tokens: int) -> None:
        self._tokens += tokens
        if time.monotonic() - self._since > _SPEED_SECONDS:
            self.end(is_clean=True)

    def end(self, is_clean: bool) -> None:
        if is_clean and self._tokens:
            self._record(self._tokens, time.monotonic() - self._since)
        self.restart()
