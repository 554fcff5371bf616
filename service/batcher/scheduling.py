"""The scheduler: admission, the workers, and what happens when a batch fails."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import AsyncGenerator, Callable, Hashable, Sequence
from contextlib import aclosing
from typing import Any, Generic, Protocol, TypeVar

from service.batcher.cache import ResultCache
from service.batcher.errors import OutOfMemory, QueueFull, WorkerUnavailable
from service.batcher.jobs import Entry, Job, Work
from service.batcher.line import QueueLimits, WaitingLine, ranks
from service.metrics import Metrics

logger = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")
ResultT_contra = TypeVar("ResultT_contra", contravariant=True)
ResultT_co = TypeVar("ResultT_co", covariant=True)

_SPEED_MEMORY = 0.8
"""How much of the measured speed is that of earlier batches."""
_MOST_RETRY_SECONDS = 60


class Watch(Protocol[ResultT_contra]):
    """The scheduler, as the engine sees it while it works on a batch."""

    def is_wanted(self, place: int) -> bool:
        """Whether to go on with the item at this place."""
        ...

    def finished(self, place: int, result: ResultT_contra) -> None:
        """Take the result of the item at this place, as soon as it is there."""
        ...


class Engine(Protocol[ResultT_co]):
    """What does the work."""

    @property
    def workers(self) -> int:
        """How many batches to work on at the same time."""
        ...

    def rows(self, kind: Hashable) -> int:
        """How many rows of a batch each item of that kind takes."""
        ...

    def process(self, kind: Hashable, items: Sequence[Any], watch: Watch[ResultT_co]) -> None:
        """Work on a batch, on a worker's thread: for each item that is wanted to the end, `watch.finished` once.

        Raises OutOfMemory where the batch needs more memory than there is.
        """
        ...


class Batcher(Generic[ResultT]):
    """Sentences of all requests, worked on together.

    A worker takes the sentence that goes first and, with it, others of its kind that are of like length. What fails
    together is tried again in halves, so that one bad sentence fails alone.
    """

    def __init__(
        self,
        engine: Engine[ResultT],
        limits: QueueLimits,
        cache: ResultCache[ResultT],
        metrics: Metrics,
        on_death: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine, self._limits, self._cache, self._metrics = engine, limits, cache, metrics
        self._on_death = on_death
        self._line = WaitingLine()
        self._in_flight: set[Entry[ResultT]] = set()
        self._busy = 0  # workers
        self._batch_tokens = limits.batch_tokens
        self._tokens_per_second = 0.0
        self._closing = self._stopped = False
        self._changed = threading.Condition()  # guards every attribute above that changes
        # Daemons: a decoding that hangs must not keep the process from exiting.
        self._threads = [
            threading.Thread(target=self._work, name=f"decoding-{number}", daemon=True)
            for number in range(engine.workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_running(self) -> bool:
        """Whether requests are taken: the workers live and `close` has not been called."""
        return not self._closing and not self._stopped and all(thread.is_alive() for thread in self._threads)

    @property
    def waiting_tokens(self) -> int:
        """Of the sentences that wait."""
        return self._line.tokens

    @property
    def waiting_sentences(self) -> int:
        """How many wait."""
        return len(self._line)

    async def run(self, kind: Hashable, works: Sequence[Work], deadline_seconds: float) -> list[ResultT]:
        """Return the result of each work, in order; raises what `stream` raises."""
        results: dict[int, ResultT] = {}
        async with aclosing(self.stream(kind, works, deadline_seconds)) as arrivals:
            async for index, result in arrivals:
                results[index] = result
        return [results[index] for index in range(len(works))]

    async def stream(
        self, kind: Hashable, works: Sequence[Work], deadline_seconds: float
    ) -> AsyncGenerator[tuple[int, ResultT]]:
        """Yield the result of each work with its index, as they come.

        What still waits is taken out of the queue, and what is being worked on stopped, when the generator is closed or
        its task cancelled, as happens when the client leaves.

        Raises QueueFull at once where too much waits, DeadlineExceeded after `deadline_seconds`, WorkerUnavailable
        where there is no worker, OutOfMemory where one work alone needs too much, and what the engine raised for one.
        """
        job: Job[ResultT] = Job(deadline_seconds)
        try:
            self._admit(job, kind, works)
            for _ in works:
                yield await job.arrival()
        finally:
            self._leave(job)

    def check(self, tokens: int = 1) -> None:
        """Raise WorkerUnavailable, or QueueFull where so many more tokens would be too many; it costs nothing."""
        if self._closing or self._stopped:
            raise WorkerUnavailable(
                "Nothing is translated at present: the service is stopping or has failed."
            )
        waiting = self._line.tokens
        # An empty queue takes any request: one larger than the whole limit must not be sent away for ever.
        if waiting and waiting + tokens > self._limits.max_queued_tokens:
            raise QueueFull(
                f"{waiting} tokens wait already; the limit is {self._limits.max_queued_tokens}, and this request would "
                f"go beyond it. Try again in a moment.",
                self._seconds_to_work_off(),
            )

    def close(self, timeout_seconds: float) -> None:
        """Take no more requests, let those that wait finish, and fail those that do not within the time."""
        end = time.monotonic() + timeout_seconds
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._stop("The service was shut down before the translation was finished. Try again.")

    def _admit(self, job: Job[ResultT], kind: Hashable, works: Sequence[Work]) -> None:
        now = time.monotonic()
        entries = [
            Entry(job, index, kind, work, rank, now)
            for index, (work, rank) in enumerate(
                zip(works, ranks((work.tokens for work in works), now), strict=True)
            )
        ]
        self.check()
        new = [entry for entry in entries if not self._is_remembered(entry)]
        tokens = sum(entry.work.tokens for entry in new)
        with self._changed:
            self.check(tokens)
            self._line.add(new)
            self._changed.notify_all()

    def _is_remembered(self, entry: Entry[ResultT]) -> bool:
        if entry.work.identity is None:
            return False
        result = self._cache.get((entry.kind, entry.work.identity))
        if result is None:
            self._metrics.cache_misses.inc()
            return False
        self._metrics.cache_hits.inc()
        entry.finish(result)
        return True

    def _seconds_to_work_off(self) -> int:
        seconds = self._line.tokens / self._tokens_per_second if self._tokens_per_second else 1.0
        return max(1, min(_MOST_RETRY_SECONDS, math.ceil(seconds)))

    def _leave(self, job: Job[ResultT]) -> None:
        """The job has all it waited for, or its client left, or its deadline passed."""
        reason = "deadline" if job.is_late() else "client_left"
        job.end()
        with self._changed:
            dropped = self._line.remove(job)
            dropped += sum(entry.job is job and not entry.is_finished for entry in self._in_flight)
        self._metrics.dropped_sentences.labels(reason).inc(dropped)

    def _work(self) -> None:
        try:
            while batch := self._next_batch():
                self._process(batch)
                with self._changed:
                    self._in_flight.difference_update(batch)
                    self._busy -= 1
        except BaseException:  # whatever ends this thread, nobody may be left waiting for it
            logger.critical("a decoding thread died", exc_info=True)
            self._stop("The translation failed because the worker stopped. Try again in a few seconds.")
            self._on_death()

    def _next_batch(self) -> list[Entry[ResultT]]:
        """Wait for work and take it out of the queue; an empty batch means closed and drained, or stopped."""
        with self._changed:
            while not self._stopped:
                late = self._line.remove_unwanted()
                if late:
                    self._metrics.dropped_sentences.labels("deadline").inc(late)
                if len(self._line):
                    # Few sentences are shared among the idle workers, which decode them at the same time.
                    share = math.ceil(len(self._line) / (len(self._threads) - self._busy))
                    batch = self._line.take_batch(self._batch_tokens, self._engine.rows, share)
                    self._in_flight.update(batch)
                    self._busy += 1
                    return batch
                if self._closing:
                    break
                self._changed.wait()
        return []

    def _process(self, batch: Sequence[Entry[ResultT]]) -> None:
        """Work on a batch, and where that fails on its halves, down to the one that it fails for."""
        started = time.monotonic()
        watch = _BatchWatch(batch, self._cache)
        self._tell_batch(batch, started)
        try:
            self._metrics.in_flight_sentences.inc(len(batch))
            try:
                self._engine.process(batch[0].kind, [entry.work.item for entry in batch], watch)
            finally:
                self._metrics.in_flight_sentences.dec(len(batch))
            if left := [entry for entry in batch if entry.is_wanted()]:
                raise RuntimeError(f"the engine has no result for {len(left)} of {len(batch)} sentences")
        except Exception as error:
            self._fail(batch, error)
        else:
            self._tell_speed(batch, time.monotonic() - started)

    def _fail(self, batch: Sequence[Entry[ResultT]], error: Exception) -> None:
        left = [entry for entry in batch if entry.is_wanted()]
        if isinstance(error, OutOfMemory) and len(batch) > 1:
            self._use_smaller_batches(batch)
        if len(batch) == 1:
            self._metrics.failed_sentences.inc()
            for entry in left:
                entry.job.fail(error)
            return
        # Only the type: the message may quote a user's text.
        logger.warning("a batch of %d failed with %s; trying its halves", len(batch), type(error).__name__)
        middle = math.ceil(len(left) / 2)
        for half in (left[:middle], left[middle:]):
            wanted = [entry for entry in half if entry.is_wanted()]
            if wanted:
                self._process(wanted)

    def _use_smaller_batches(self, batch: Sequence[Entry[ResultT]]) -> None:
        longest = max(entry.work.tokens for entry in batch)
        needed = longest * len(batch) * self._engine.rows(batch[0].kind)
        with self._changed:
            self._batch_tokens = max(1, min(self._batch_tokens, needed // 2))
            logger.warning("out of memory: batches have at most %d tokens from now on", self._batch_tokens)

    def _stop(self, reason: str) -> None:
        with self._changed:
            self._stopped = True
            left = [*self._in_flight, *self._line.remove_all()]
            self._changed.notify_all()
        for entry in left:
            if entry.is_wanted():
                entry.job.fail(WorkerUnavailable(reason))

    def _tell_batch(self, batch: Sequence[Entry[ResultT]], now: float) -> None:
        tokens = [entry.work.tokens for entry in batch]
        self._metrics.batch_sentences.observe(len(batch))
        self._metrics.batch_fill_ratio.observe(sum(tokens) / max(1, max(tokens) * len(batch)))
        for entry in batch:
            self._metrics.queue_seconds.observe(now - entry.since)

    def _tell_speed(self, batch: Sequence[Entry[ResultT]], seconds: float) -> None:
        tokens = sum(entry.work.tokens for entry in batch)
        self._metrics.compute_seconds.observe(seconds)
        self._metrics.source_tokens.inc(tokens)
        self._metrics.sentences.inc(len(batch))
        speed = len(self._threads) * tokens / max(seconds, 1e-6)
        with self._changed:
            before = self._tokens_per_second or speed
            self._tokens_per_second = _SPEED_MEMORY * before + (1 - _SPEED_MEMORY) * speed


class _BatchWatch(Generic[ResultT]):
    """Hands the results of a batch on."""

    def __init__(self, batch: Sequence[Entry[ResultT]], cache: ResultCache[ResultT]) -> None:
        self._batch, self._cache = batch, cache

    def is_wanted(self, place: int) -> bool:
        return self._batch[place].is_wanted()

    def finished(self, place: int, result: ResultT) -> None:
        entry = self._batch[place]
        if entry.work.identity is not None:
            self._cache.put((entry.kind, entry.work.identity), result)
        entry.finish(result)
