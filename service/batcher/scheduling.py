"""The scheduler: the workers, the batches they work on, and what happens when a batch fails."""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

from service.batcher.admission import Admission, QueueLimits
from service.batcher.cache import ResultCache
from service.batcher.errors import OutOfMemory, WorkerUnavailable
from service.batcher.jobs import Deadline, Entry, Job, WorkItem
from service.batcher.request_queue import RequestQueue
from service.batcher.running_batch import RunningBatch
from service.metrics import Metrics
from translator.errors import InputError
from translator.search.feed import Feed

logger = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")
ResultT_co = TypeVar("ResultT_co", covariant=True)

_GROWTH = 1.1
"""Factor by which batches grow again after one that had enough memory."""
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
        self._condition = threading.Condition()
        self._queue = RequestQueue()
        self._batches: set[RunningBatch[ResultT]] = set()
        self._busy_workers = 0
        self._batch_tokens = float(limits.batch_tokens)
        self._admission = Admission(limits, engine.workers)
        self._closing = self._stopped = False
        # Daemons, so that a hanging decoder cannot keep the process from exiting.
        self._threads = [
            threading.Thread(target=self._run_worker, name=f"decoding-{number}", daemon=True)
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

    async def run(self, kind: Hashable, items: Sequence[WorkItem], deadline: Deadline) -> list[ResultT]:
        """Return the result of each item, in order; raises what `put` and `Job.next_result` raise."""
        with self.job(deadline) as job:
            self.put(job, kind, items)
            results = dict([await job.next_result() for _ in items])
        return [results[index] for index in range(len(items))]

    @contextmanager
    def job(self, deadline: Deadline, kind: Hashable = None) -> Iterator[Job[ResultT]]:
        """Open a job for a request; on exit, its unfinished work leaves the queue or is stopped.

        Raises what `check_admission` raises.
        """
        self.check_admission(kind)
        job: Job[ResultT] = Job(deadline)
        try:
            yield job
        finally:
            self._close_job(job)

    def check_admission(self, kind: Hashable = None) -> None:
        """Raise WorkerUnavailable, or QueueFull if not even one token (of `kind`, if given) is accepted."""
        self._check_running()
        with self._condition:
            if kind is None:
                self._admission.check_tokens(self._queue, 1)
            else:
                self._admit(kind, 1, Deadline.after(math.inf))

    def reserve(self, job: Job[ResultT], kind: Hashable, tokens: int) -> None:
        """Admit a job of about `tokens`, which count as waiting until its items are `put`; raises QueueFull."""
        with self._condition:
            self._check_running()
            self._admit(kind, tokens, job.deadline)
            self._queue.reserve(job, tokens)

    def put(self, job: Job[ResultT], kind: Hashable, items: Sequence[WorkItem]) -> None:
        """Put items into the queue; the job gets a result for each of them.

        Raises QueueFull if too much waits or the job would wait too long, and WorkerUnavailable.
        """
        cached, new = [], []
        for indices, item in _deduplicated(items):
            result = None if item.key is None else self._cache.get((kind, item.key))
            if result is None:
                new.append((indices, item))
            else:
                cached.append((indices, result))
        now, tokens = time.monotonic(), sum(item.tokens for _, item in new)
        with self._condition:
            self._check_running()
            reserved = job.waiting_tokens
            self._queue.remove(job)
            if tokens > reserved:
                self._admit(kind, tokens, job.deadline)
            job.entries = [Entry(job, indices, kind, item, now) for indices, item in new]
            self._queue.add(job.entries)
            self._condition.notify_all()
        if self._cache:
            self._metrics.cache_hits.inc(len(cached))
            self._metrics.cache_misses.inc(sum(item.key is not None for _, item in new))
        for indices, result in cached:
            for index in indices:
                job.deliver(index, result)

    def close(self, timeout_seconds: float) -> None:
        """Accept no more requests, finish those that wait, and fail those still unfinished after the timeout."""
        end = time.monotonic() + timeout_seconds
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._stop("The service was shut down before the translation was finished. Try again.")

    def _check_running(self) -> None:
        if not self.is_running:
            raise WorkerUnavailable("The service is stopping or has failed. Try again in a few seconds.")

    def _admit(self, kind: Hashable, tokens: int, deadline: Deadline) -> None:
        self._admission.check_tokens(self._queue, tokens)
        self._admission.check_wait(self._queue, tokens, self._engine.rows(kind), deadline)

    def _close_job(self, job: Job[ResultT]) -> None:
        """Clean up after a job that is complete, failed, was left by its client or exceeded its deadline."""
        reason = "deadline" if job.deadline.has_passed() else "client_left"
        job.end()
        with self._condition:
            self._queue.remove(job)
        dropped = sum(not entry.is_finished for entry in job.entries)
        job.entries = []
        if dropped and not job.has_failed:
            self._metrics.dropped_sentences.labels(reason).inc(dropped)

    def _run_worker(self) -> None:
        try:
            _lower_priority()
            while first := self._next_entries():
                self._process(first)
                with self._condition:
                    self._busy_workers -= 1
        except BaseException as error:  # whatever ends this thread, no request may be left waiting
            logger.critical("a decoding thread died", exc_info=True)
            self._stop("The translation failed because the worker stopped. Try again in a few seconds.")
            self._on_death(error)

    def _next_entries(self) -> list[Entry[ResultT]]:
        """Wait for work and take it from the queue; an empty list means closed and drained, or stopped."""
        with self._condition:
            while not self._stopped:
                # Share a few sentences among the idle workers, so that they are decoded at the same time.
                share = math.ceil(len(self._queue) / (len(self._threads) - self._busy_workers))
                entries = self._queue.take(int(self._batch_tokens), self._engine.rows, max(1, share))
                if entries:
                    self._busy_workers += 1
                    return entries
                if self._closing:
                    break
                self._condition.wait()
        return []

    def _joining_entries(self, batch: RunningBatch[ResultT], max_entries: int) -> list[Entry[ResultT]]:
        """Take entries that join a running batch."""
        if not len(self._queue):  # true in most steps; an entry that arrives now joins after the next one
            return []
        with self._condition:
            # An idle worker is faster. When memory is short, only a batch without joiners shows what size fits.
            is_short = self._batch_tokens < self._limits.batch_tokens
            if self._stopped or is_short or self._busy_workers < len(self._threads):
                return []
            room = int(self._batch_tokens) - batch.tokens_in_flight() * self._engine.rows(batch.kind)
            return self._queue.take(room, self._engine.rows, max_entries, batch.kind) if room > 0 else []

    def _process(self, first: list[Entry[ResultT]]) -> None:
        """Work on entries and on those that join them; after a failure, halve what is left until one entry fails."""
        batch = RunningBatch(
            first, self._joining_entries, self._metrics, self._accept_result, self._record_speed
        )
        with self._condition:
            self._batches.add(batch)
        was_short, largest = False, 0
        while batch.begin_try():
            error = self._try(batch)
            if error is None:
                largest = max(largest, batch.peak_tokens * self._engine.rows(batch.kind))
            elif batch.size == 1:
                self._fail(batch.unfinished_in_try(), error)
            else:
                was_short |= isinstance(error, OutOfMemory)
                # Only the type: the message may quote a user's text.
                logger.warning("a batch of %d failed: %s; trying halves", batch.size, type(error).__name__)
                batch.halve()
        with self._condition:  # not if this thread dies: then `_stop` must fail what is left
            self._batches.discard(batch)
        self._adjust_batch_tokens(was_short, largest)

    def _try(self, batch: RunningBatch[ResultT]) -> Exception | None:
        """Work on entries together; return the error if that failed."""
        try:
            self._engine.process(batch.kind, batch.take)
        except Exception as error:
            if batch.size > 1:  # free what the engine held before the next try
                error.__traceback__ = error.__context__ = error.__cause__ = None
            return error
        finally:
            batch.end_try()
        missing = len(batch.unfinished_in_try())
        return (
            RuntimeError(f"the engine returned no result for {missing} of {batch.size} sentences")
            if missing
            else None
        )

    def _record_speed(self, tokens: int, seconds: float) -> None:
        with self._condition:
            self._admission.speed.add(tokens, seconds)

    def _accept_result(self, entry: Entry[ResultT], result: ResultT) -> None:
        if entry.item.key is not None:
            self._cache.put((entry.kind, entry.item.key), result)
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
        with self._condition:
            if was_short:
                self._batch_tokens = max(1.0, min(before, float(largest)))
                logger.warning("out of memory: batches are limited to %d tokens for now", self._batch_tokens)
            elif largest:
                self._batch_tokens = min(float(self._limits.batch_tokens), _GROWTH * before)

    def _stop(self, reason: str) -> None:
        with self._condition:
            self._stopped = True
            unfinished = [
                *itertools.chain.from_iterable(batch.unfinished() for batch in self._batches),
                *self._queue.take_all(),
            ]
            self._condition.notify_all()
        for entry in unfinished:
            if entry.is_wanted():
                entry.job.fail(WorkerUnavailable(reason))


def _deduplicated(items: Sequence[WorkItem]) -> list[tuple[list[int], WorkItem]]:
    """Each distinct item once, with all its indices."""
    indices_by_key: dict[Hashable, list[int]] = {}
    for index, item in enumerate(items):
        indices_by_key.setdefault((index,) if item.key is None else item.key, []).append(index)
    return [(indices, items[indices[0]]) for indices in indices_by_key.values()]


def _lower_priority() -> None:
    """Lower this thread's priority, so that the thread that answers requests gets the CPU when it needs it.

    Does nothing if the whole process has a lower one already, or if the system forbids it.
    """
    if sys.platform == "linux":  # where each thread has its own priority
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            if os.getpriority(os.PRIO_PROCESS, thread) < _NICENESS:
                os.setpriority(os.PRIO_PROCESS, thread, _NICENESS)
