"""The scheduler: the workers, the batches they work on, and what happens when a batch fails."""

from __future__ import annotations

import itertools
import logging
import math
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

from service.batcher.admission import Admission, QueueLimits
from service.batcher.cache import ResultCache
from service.batcher.errors import OutOfMemory, WorkerUnavailable
from service.batcher.jobs import Deadline, Entry, Job, Work
from service.batcher.request_queue import RequestQueue
from service.metrics import Metrics
from translator.errors import InputError
from translator.search.feed import Feed

logger = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")
ResultT_co = TypeVar("ResultT_co", covariant=True)

_GROWTH = 1.1
"""Factor by which batches grow again after one that had enough memory."""
_SPEED_SECONDS = 0.25
"""How often the speed of a worker that is always busy is measured."""
_NICENESS = 5
"""Of the worker threads: they get a third of the CPU time when other threads want it too."""


class Engine(Protocol[ResultT_co]):
    """What the workers run."""

    @property
    def workers(self) -> int:
        """How many threads work at the same time."""
        ...

    def rows(self, kind: Hashable) -> int:
        """How many rows each item of this kind takes."""
        ...

    def process(self, kind: Hashable, feed: Feed[Any, ResultT_co]) -> None:
        """Work on items of a kind, on a worker's thread; finish each item once, unless it is no longer wanted.

        Raises OutOfMemory if the items need more memory than there is, and DeviceLost if the device has failed.
        """
        ...


class Batcher(Generic[ResultT]):
    """Batches the sentences of all requests (continuous batching).

    A worker takes the first sentence in the queue and others of its kind. While it works on them, further sentences
    join between two decoding steps, as long as no other worker is idle and the first in the queue is of that kind. A
    batch that fails is retried in halves, so that one bad sentence fails alone.
    """

    def __init__(
        self,
        engine: Engine[ResultT],
        limits: QueueLimits,
        cache: ResultCache[ResultT],
        metrics: Metrics,
        on_death: Callable[[BaseException], None] = lambda _: None,
        on_result: Callable[[ResultT], None] = lambda _: None,
    ) -> None:
        """Start the workers. If one dies, `on_death` is called on its thread and none takes work any more.

        `on_result` is called on a worker's thread with each result of the engine, but not with cached results.
        """
        self._engine, self._limits, self._cache, self._metrics = engine, limits, cache, metrics
        self._on_death, self._on_result = on_death, on_result
        # Guards what follows, which the event loop and the workers change.
        self._changed = threading.Condition()
        self._queue = RequestQueue()
        self._runs: set[_Run[ResultT]] = set()
        self._busy = 0  # workers
        self._batch_tokens = float(limits.batch_tokens)
        self._admission = Admission(limits, engine.workers)
        self._closing = self._stopped = False
        # Daemons, so that a hanging decoder cannot keep the process from exiting.
        self._threads = [
            threading.Thread(target=self._work, name=f"decoding-{number}", daemon=True)
            for number in range(engine.workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_running(self) -> bool:
        """Whether requests are accepted: no worker has died, and `close` has not been called."""
        return not self._closing and not self._stopped

    @property
    def waiting_tokens(self) -> int:
        """Tokens of the waiting sentences."""
        return self._queue.tokens

    @property
    def waiting_sentences(self) -> int:
        """How many sentences wait."""
        return len(self._queue)

    @property
    def wait_seconds(self) -> float:
        """About how long the workers need for all the waiting work."""
        return self._admission.wait_seconds(self._queue.tokens)

    async def run(self, kind: Hashable, works: Sequence[Work], deadline: Deadline) -> list[ResultT]:
        """Return the result of each work, in order; raises what `put` and the job's arrivals raise."""
        with self.job(deadline) as job:
            self.put(job, kind, works)
            found = dict([await job.arrival() for _ in works])
        return [found[index] for index in range(len(works))]

    @contextmanager
    def job(self, deadline: Deadline) -> Iterator[Job[ResultT]]:
        """Open a job for a request; on exit, its unfinished work leaves the queue or is stopped.

        Raises what `check` raises.
        """
        self.check()
        job: Job[ResultT] = Job(deadline)
        try:
            yield job
        finally:
            self._leave(job)

    def check(self, kind: Hashable = None) -> None:
        """Raise WorkerUnavailable, or QueueFull if not even one token (of `kind`, if given) is accepted."""
        self._check_running()
        with self._changed:
            if kind is None:
                self._admission.check(self._queue, 1)
            else:
                self._admit(kind, 1, Deadline.after(math.inf))

    def expect(self, job: Job[ResultT], kind: Hashable, tokens: int) -> None:
        """Admit a job of about `tokens`, which count as waiting until its works are `put`; raises QueueFull."""
        with self._changed:
            self._check_running()
            self._admit(kind, tokens, job.deadline)
            self._queue.expect(job, tokens)

    def put(self, job: Job[ResultT], kind: Hashable, works: Sequence[Work]) -> None:
        """Put works into the queue; the job gets an arrival for each of them.

        Raises QueueFull if too much waits or the job would wait too long, and WorkerUnavailable.
        """
        cached, new = [], []
        for indices, work in _deduplicated(works):
            result = None if work.identity is None else self._cache.get((kind, work.identity))
            if result is None:
                new.append((indices, work))
            else:
                cached.append((indices, result))
        now, tokens = time.monotonic(), sum(work.tokens for _, work in new)
        with self._changed:
            self._check_running()
            expected = job.waiting_tokens
            self._queue.forget(job)
            if tokens > expected:
                self._admit(kind, tokens, job.deadline)
            job.entries = [Entry(job, indices, kind, work, now) for indices, work in new]
            self._queue.add(job.entries)
            self._changed.notify_all()
        if self._cache:
            self._metrics.cache_hits.inc(len(cached))
            self._metrics.cache_misses.inc(sum(work.identity is not None for _, work in new))
        for indices, result in cached:
            for index in indices:
                job.add(index, result)

    def close(self, timeout_seconds: float) -> None:
        """Accept no more requests, finish those that wait, and fail those still unfinished after the timeout."""
        end = time.monotonic() + timeout_seconds
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._stop("The service was shut down before the translation was finished. Try again.")

    def _check_running(self) -> None:
        if not self.is_running:
            raise WorkerUnavailable("The service is stopping or has failed. Try again in a few seconds.")

    def _admit(self, kind: Hashable, tokens: int, deadline: Deadline) -> None:
        self._admission.check(self._queue, tokens)
        self._admission.check_wait(self._queue, tokens, self._engine.rows(kind), deadline)

    def _leave(self, job: Job[ResultT]) -> None:
        """Clean up after a job that is complete, failed, was left by its client or exceeded its deadline."""
        reason = "deadline" if job.deadline.has_passed() else "client_left"
        job.end()
        with self._changed:
            self._queue.forget(job)
        dropped = sum(not entry.is_finished for entry in job.entries)
        job.entries = []
        if dropped and not job.has_failed:
            self._metrics.dropped_sentences.labels(reason).inc(dropped)

    def _work(self) -> None:
        _lower_priority()
        try:
            while first := self._next_entries():
                self._process(first)
                with self._changed:
                    self._busy -= 1
        except BaseException as error:  # whatever ends this thread, no request may be left waiting
            logger.critical("a decoding thread died", exc_info=True)
            self._stop("The translation failed because the worker stopped. Try again in a few seconds.")
            self._on_death(error)

    def _next_entries(self) -> list[Entry[ResultT]]:
        """Wait for work and take it from the queue; an empty list means closed and drained, or stopped."""
        with self._changed:
            while not self._stopped:
                # Share a few sentences among the idle workers, so that they are decoded at the same time.
                share = math.ceil(len(self._queue) / (len(self._threads) - self._busy))
                entries = self._queue.take(int(self._batch_tokens), self._engine.rows, max(1, share))
                if entries:
                    self._busy += 1
                    return entries
                if self._closing:
                    break
                self._changed.wait()
        return []

    def _further_entries(self, run: _Run[ResultT], most: int) -> list[Entry[ResultT]]:
        """Take entries that join a running batch."""
        if not len(self._queue):  # true in most steps; an entry that arrives now joins after the next one
            return []
        with self._changed:
            # An idle worker is faster. When memory is short, only a batch without joiners shows what size fits.
            is_short = self._batch_tokens < self._limits.batch_tokens
            if self._stopped or is_short or self._busy < len(self._threads):
                return []
            room = int(self._batch_tokens) - run.tokens_in_flight() * self._engine.rows(run.kind)
            return self._queue.take(room, self._engine.rows, most, run.kind) if room > 0 else []

    def _process(self, first: list[Entry[ResultT]]) -> None:
        """Work on entries and on those that join them; after a failure, halve what is left until one entry fails."""
        run = _Run(first, self._further_entries, self._metrics, self._take_result, self._record_speed)
        with self._changed:
            self._runs.add(run)
        was_short, largest = False, 0
        while run.begin():
            error = self._try(run)
            if error is None:
                largest = max(largest, run.most_tokens * self._engine.rows(run.kind))
            elif run.number == 1:
                self._fail(run.tried(), error)
            else:
                was_short |= isinstance(error, OutOfMemory)
                # Only the type: the message may quote a user's text.
                logger.warning("a batch of %d failed: %s; trying halves", run.number, type(error).__name__)
                run.halve()
        with self._changed:  # not if this thread dies: then `_stop` must fail what is left
            self._runs.discard(run)
        self._adjust_batch_tokens(was_short, largest)

    def _try(self, run: _Run[ResultT]) -> Exception | None:
        """Work on entries together; return the error if that failed."""
        try:
            self._engine.process(run.kind, run.take)
        except Exception as error:
            if run.number > 1:  # free what the engine held before the next try
                error.__traceback__ = error.__context__ = error.__cause__ = None
            return error
        finally:
            run.end()
        missing = len(run.tried())
        return (
            RuntimeError(f"the engine returned no result for {missing} of {run.number} sentences")
            if missing
            else None
        )

    def _record_speed(self, tokens: int, seconds: float) -> None:
        with self._changed:
            self._admission.speed.add(tokens, seconds)

    def _take_result(self, entry: Entry[ResultT], result: ResultT) -> None:
        if entry.work.identity is not None:
            self._cache.put((entry.kind, entry.work.identity), result)
        self._on_result(result)
        entry.finish(result)

    def _fail(self, entries: Sequence[Entry[ResultT]], error: Exception) -> None:
        for entry in entries:
            if not isinstance(error, InputError):  # an InputError is the client's mistake
                self._metrics.failed_sentences.inc()
            entry.job.fail(error)

    def _adjust_batch_tokens(self, was_short: bool, largest: int) -> None:
        """After running out of memory, limit batches to the largest that fitted; then let them grow again."""
        before = self._batch_tokens
        with self._changed:
            if was_short:
                self._batch_tokens = max(1.0, min(before, float(largest)))
                logger.warning("out of memory: batches are limited to %d tokens for now", self._batch_tokens)
            elif largest:
                self._batch_tokens = min(float(self._limits.batch_tokens), _GROWTH * before)

    def _stop(self, reason: str) -> None:
        with self._changed:
            self._stopped = True
            left = [*itertools.chain.from_iterable(run.left() for run in self._runs), *self._queue.take_all()]
            self._changed.notify_all()
        for entry in left:
            if entry.is_wanted():
                entry.job.fail(WorkerUnavailable(reason))


def _deduplicated(works: Sequence[Work]) -> list[tuple[list[int], Work]]:
    """Each distinct work once, with all its indices."""
    places: dict[Hashable, list[int]] = {}
    for index, work in enumerate(works):
        places.setdefault((index,) if work.identity is None else work.identity, []).append(index)
    return [(indices, works[indices[0]]) for indices in places.values()]


def _lower_priority() -> None:
    """Lower this thread's priority, so that the thread that answers requests gets the CPU when it needs it."""
    if sys.platform == "linux":  # where each thread has its own priority
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


class _Run(Generic[ResultT]):
    """A worker's running batch: entries of one kind, which join and leave."""

    def __init__(
        self,
        entries: Sequence[Entry[ResultT]],
        further: Callable[[_Run[ResultT], int], list[Entry[ResultT]]],
        metrics: Metrics,
        on_result: Callable[[Entry[ResultT], ResultT], None],
        record_speed: Callable[[int, float], None],
    ) -> None:
        """`further(run, most)` returns up to `most` entries that join."""
        self.kind = entries[0].kind
        self._further: Callable[[_Run[ResultT], int], list[Entry[ResultT]]] | None = further
        self._metrics, self._on_result = metrics, on_result
        self.number = 0
        """Number of entries that the engine took in this try."""
        self.most_tokens = 0
        """Most tokens being worked on at the same time in this try."""
        self._lock = threading.Lock()  # for the next three: other threads call `left`
        self._later = [list(entries)]
        """Entries of the tries to come, the next try last."""
        self._coming: deque[Entry[ResultT]] = deque()
        """Entries of this try that the engine has no room for yet."""
        self._in_flight: dict[_InFlight[ResultT], None] = {}
        """Entries that the engine works on, in the order in which it took them."""
        self._speed = _Stopwatch(record_speed)

    def begin(self) -> bool:
        """Prepare the next try; return whether there is one."""
        with self._lock:
            self._in_flight.clear()
            self._coming.clear()
            while self._later and not self._coming:
                self._coming.extend(filter(Entry.is_wanted, self._later.pop()))
        self.number = self.most_tokens = 0
        self._speed.restart()
        return bool(self._coming)

    def halve(self) -> None:
        """Split what is left of this try into two tries; from now on no entries join."""
        self._further = None
        left = self.tried()
        middle = math.ceil(len(left) / 2)
        with self._lock:
            self._later += [left[middle:], left[:middle]]

    def take(self, room: int) -> list[_InFlight[ResultT]]:
        """Give the engine at most `room` entries."""
        with self._lock:
            gone = [one for one in self._in_flight if not one.is_wanted()]
            self._forget(gone)
            new = [self._coming.popleft() for _ in range(min(room, len(self._coming)))]
        if self._further and not new and room > 0:
            new = self._further(self, room)
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
        self._metrics.compute_seconds.observe(time.monotonic() - one.since)
        self._metrics.in_flight_sentences.dec()
        self._metrics.sentences.inc()
        self._metrics.source_tokens.inc(one.entry.work.tokens)
        self._speed.add(one.entry.work.tokens)
        self._on_result(one.entry, result)

    def left(self) -> list[Entry[ResultT]]:
        """All entries without a result; thread-safe."""
        with self._lock:
            later = itertools.chain.from_iterable(self._later)
            return [*(one.entry for one in self._in_flight), *self._coming, *later]

    def tried(self) -> list[Entry[ResultT]]:
        """The entries of this try that have no result and are still wanted."""
        entries = [*(one.entry for one in self._in_flight), *self._coming]
        return list(filter(Entry.is_wanted, entries))

    def tokens_in_flight(self) -> int:
        """Tokens of the entries being worked on."""
        return sum(one.entry.work.tokens for one in self._in_flight)

    def end(self) -> None:
        """End this try; what is left of it gets no result."""
        self._metrics.in_flight_sentences.dec(len(self._in_flight))
        self._speed.end(is_clean=not self._in_flight)

    def _forget(self, gone: Sequence[_InFlight[ResultT]]) -> None:
        if gone:
            for one in gone:
                del self._in_flight[one]
            self._metrics.in_flight_sentences.dec(len(gone))
            self._speed.restart()

    def _record_taken(self, taken: Sequence[_InFlight[ResultT]]) -> None:
        self.number += len(taken)
        self.most_tokens = max(self.most_tokens, self.tokens_in_flight())
        self._metrics.in_flight_sentences.inc(len(taken))
        self._metrics.batch_sentences.observe(len(self._in_flight))
        for one in taken:
            self._metrics.queue_seconds.observe(one.since - one.entry.since)


class _InFlight(Generic[ResultT]):
    """An entry that the engine works on."""

    def __init__(self, entry: Entry[ResultT], run: _Run[ResultT]) -> None:
        self.entry, self._run, self.since = entry, run, time.monotonic()
        self.item, self.is_wanted = entry.work.item, entry.is_wanted

    def finish(self, result: ResultT) -> None:
        self._run.finish(self, result)


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
