"""The scheduler: the workers, what they have in hand, and what happens when that fails."""

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
from service.batcher.line import WaitingLine
from service.metrics import Metrics
from translator.errors import InputError
from translator.feed import Feed

logger = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")
ResultT_co = TypeVar("ResultT_co", covariant=True)

_GROWTH = 1.1
"""By how much batches may grow again after one that found enough memory."""
_SPEED_SECONDS = 0.25
"""After which the speed of a worker that never rests is taken into account."""
_NICENESS = 5
"""Of the workers: a third of the processor's time where others want it too."""


class Engine(Protocol[ResultT_co]):
    """What does the work."""

    @property
    def workers(self) -> int:
        """How many threads work at the same time."""
        ...

    def rows(self, kind: Hashable) -> int:
        """How many rows each item of that kind takes."""
        ...

    def process(self, kind: Hashable, feed: Feed[Any, ResultT_co]) -> None:
        """Work on items of a kind, on a worker's thread: each that is wanted to the end is finished once.

        Raises OutOfMemory where they need more memory than there is, and DeviceLost where nothing works any more.
        """
        ...


class Batcher(Generic[ResultT]):
    """Sentences of all requests, worked on together.

    A worker takes the sentence that goes first and others of its kind. While it works on them and no other worker is
    idle, further ones join them between two steps, as long as the one that goes first is of that kind. What fails
    together is tried again in halves, so that one bad sentence fails alone.
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
        """Start the workers; when one dies, `on_death` is called on its thread, and none takes work any more.

        `on_result` is called with each result of the engine, on a worker's thread; not with remembered ones.
        """
        self._engine, self._limits, self._cache, self._metrics = engine, limits, cache, metrics
        self._on_death, self._on_result = on_death, on_result
        # What follows is changed with this lock, by the event loop and the workers.
        self._changed = threading.Condition()
        self._line = WaitingLine()
        self._runs: set[_Run[ResultT]] = set()
        self._busy = 0  # workers
        self._batch_tokens = float(limits.batch_tokens)
        self._admission = Admission(limits, engine.workers)
        self._closing = self._stopped = False
        # Daemons: a decoding that hangs must not keep the process from exiting.
        self._threads = [
            threading.Thread(target=self._work, name=f"decoding-{number}", daemon=True)
            for number in range(engine.workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_running(self) -> bool:
        """Whether requests are taken: no worker has died, and `close` has not been called."""
        return not self._closing and not self._stopped

    @property
    def waiting_tokens(self) -> int:
        """Of the sentences that wait."""
        return self._line.tokens

    @property
    def waiting_sentences(self) -> int:
        """How many wait."""
        return len(self._line)

    @property
    def wait_seconds(self) -> float:
        """About how long it takes until all that waits is worked off."""
        return self._admission.wait_seconds(self._line.tokens)

    async def run(self, kind: Hashable, works: Sequence[Work], deadline: Deadline) -> list[ResultT]:
        """Return the result of each work, in order; raises what `put` and the job's arrivals raise."""
        with self.job(deadline) as job:
            self.put(job, kind, works)
            found = dict([await job.arrival() for _ in works])
        return [found[index] for index in range(len(works))]

    @contextmanager
    def job(self, deadline: Deadline) -> Iterator[Job[ResultT]]:
        """A request. At the end, as when the client leaves, what still waits for it is taken out of the queue, and
        what is being worked on is stopped.

        Raises what `check` raises.
        """
        self.check()
        job: Job[ResultT] = Job(deadline)
        try:
            yield job
        finally:
            self._leave(job)

    def check(self, kind: Hashable = None) -> None:
        """Raise WorkerUnavailable, or QueueFull where no token more is taken, of that kind if it is known."""
        self._check_running()
        with self._changed:
            if kind is None:
                self._admission.check(self._line, 1)
            else:
                self._admit(kind, 1, Deadline.after(math.inf))

    def expect(self, job: Job[ResultT], kind: Hashable, tokens: int) -> None:
        """Admit a job of about so many tokens, which count as waiting until its works are `put`; raises QueueFull."""
        with self._changed:
            self._check_running()
            self._admit(kind, tokens, job.deadline)
            self._line.expect(job, tokens)

    def put(self, job: Job[ResultT], kind: Hashable, works: Sequence[Work]) -> None:
        """Let works queue up, for a job that then has an arrival for each of them.

        Raises QueueFull where too much waits or the job would wait too long, and WorkerUnavailable.
        """
        remembered, new = [], []
        for indices, work in _without_repetitions(works):
            result = None if work.identity is None else self._cache.get((kind, work.identity))
            if result is None:
                new.append((indices, work))
            else:
                remembered.append((indices, result))
        now, tokens = time.monotonic(), sum(work.tokens for _, work in new)
        with self._changed:
            self._check_running()
            expected = job.waiting_tokens
            self._line.forget(job)
            if tokens > expected:
                self._admit(kind, tokens, job.deadline)
            job.entries = [Entry(job, indices, kind, work, now) for indices, work in new]
            self._line.add(job.entries)
            self._changed.notify_all()
        if self._cache:
            self._metrics.cache_hits.inc(len(remembered))
            self._metrics.cache_misses.inc(sum(work.identity is not None for _, work in new))
        for indices, result in remembered:
            for index in indices:
                job.add(index, result)

    def close(self, timeout_seconds: float) -> None:
        """Take no more requests, let those that wait finish, and fail those that do not within the time."""
        end = time.monotonic() + timeout_seconds
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._stop("The service was shut down before the translation was finished. Try again.")

    def _check_running(self) -> None:
        if not self.is_running:
            raise WorkerUnavailable(
                "Nothing is translated at present: the service is stopping or has failed."
            )

    def _admit(self, kind: Hashable, tokens: int, deadline: Deadline) -> None:
        self._admission.check(self._line, tokens)
        self._admission.check_wait(self._line, tokens, self._engine.rows(kind), deadline)

    def _leave(self, job: Job[ResultT]) -> None:
        """The job has all it waited for, or has failed, or its client left, or its deadline passed."""
        reason = "deadline" if job.deadline.has_passed() else "client_left"
        job.end()
        with self._changed:
            self._line.forget(job)
        dropped = sum(not entry.is_finished for entry in job.entries)
        job.entries = []
        if dropped and not job.has_failed:
            self._metrics.dropped_sentences.labels(reason).inc(dropped)

    def _work(self) -> None:
        _let_others_go_first()
        try:
            while first := self._next_entries():
                self._process(first)
                with self._changed:
                    self._busy -= 1
        except BaseException as error:  # whatever ends this thread, nobody may be left waiting for it
            logger.critical("a decoding thread died", exc_info=True)
            self._stop("The translation failed because the worker stopped. Try again in a few seconds.")
            self._on_death(error)

    def _next_entries(self) -> list[Entry[ResultT]]:
        """Wait for work and take it out of the queue; no entries mean closed and drained, or stopped."""
        with self._changed:
            while not self._stopped:
                # Few sentences are shared among the idle workers, which decode them at the same time.
                share = math.ceil(len(self._line) / (len(self._threads) - self._busy))
                entries = self._line.take(int(self._batch_tokens), self._engine.rows, max(1, share))
                if entries:
                    self._busy += 1
                    return entries
                if self._closing:
                    break
                self._changed.wait()
        return []

    def _further_entries(self, run: _Run[ResultT], most: int) -> list[Entry[ResultT]]:
        """Entries that join those which a worker has in hand."""
        if not len(self._line):  # as in most steps; what comes at this moment joins after the next one
            return []
        with self._changed:
            # An idle worker does it sooner. Where memory is short, only what begins together tells how much is enough.
            is_short = self._batch_tokens < self._limits.batch_tokens
            if self._stopped or is_short or self._busy < len(self._threads):
                return []
            room = int(self._batch_tokens) - run.tokens_in_hand() * self._engine.rows(run.kind)
            return self._line.take(room, self._engine.rows, most, run.kind) if room > 0 else []

    def _process(self, first: list[Entry[ResultT]]) -> None:
        """Work on entries and on those that join them; where that fails, on halves of what is left, down to the one
        that it fails for.
        """
        run = _Run(first, self._further_entries, self._metrics, self._take_result, self._tell_speed)
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
        with self._changed:  # not where this thread dies: then somebody has to be told
            self._runs.discard(run)
        self._settle_batch_tokens(was_short, largest)

    def _try(self, run: _Run[ResultT]) -> Exception | None:
        """Work on entries together; returns the error that prevented it."""
        try:
            self._engine.process(run.kind, run.take)
        except Exception as error:
            if run.number > 1:  # what the engine had in its hands must be free before the next try
                error.__traceback__ = error.__context__ = error.__cause__ = None
            return error
        finally:
            run.end()
        missing = len(run.tried())
        return (
            RuntimeError(f"the engine has no result for {missing} of {run.number} sentences")
            if missing
            else None
        )

    def _tell_speed(self, tokens: int, seconds: float) -> None:
        with self._changed:
            self._admission.speed.add(tokens, seconds)

    def _take_result(self, entry: Entry[ResultT], result: ResultT) -> None:
        if entry.work.identity is not None:
            self._cache.put((entry.kind, entry.work.identity), result)
        self._on_result(result)
        entry.finish(result)

    def _fail(self, entries: Sequence[Entry[ResultT]], error: Exception) -> None:
        for entry in entries:
            if not isinstance(error, InputError):  # which is the client's mistake
                self._metrics.failed_sentences.inc()
            entry.job.fail(error)

    def _settle_batch_tokens(self, was_short: bool, largest: int) -> None:
        """After a shortage of memory batches are as large as the largest that had enough; then they grow again."""
        before = self._batch_tokens
        with self._changed:
            if was_short:
                self._batch_tokens = max(1.0, min(before, float(largest)))
                logger.warning("out of memory: batches have %d tokens for now", self._batch_tokens)
            elif largest:
                self._batch_tokens = min(float(self._limits.batch_tokens), _GROWTH * before)

    def _stop(self, reason: str) -> None:
        with self._changed:
            self._stopped = True
            left = [*itertools.chain.from_iterable(run.left() for run in self._runs), *self._line.take_all()]
            self._changed.notify_all()
        for entry in left:
            if entry.is_wanted():
                entry.job.fail(WorkerUnavailable(reason))


def _without_repetitions(works: Sequence[Work]) -> list[tuple[list[int], Work]]:
    """Each work once, with all its places."""
    places: dict[Hashable, list[int]] = {}
    for index, work in enumerate(works):
        places.setdefault((index,) if work.identity is None else work.identity, []).append(index)
    return [(indices, works[indices[0]]) for indices in places.values()]


def _let_others_go_first() -> None:
    """Let the thread that answers requests have the processor when it needs it, however busy the workers are."""
    if sys.platform == "linux":  # where threads have priorities of their own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


class _Run(Generic[ResultT]):
    """What a worker has in hand: entries of one kind, which come and go."""

    def __init__(
        self,
        entries: Sequence[Entry[ResultT]],
        further: Callable[[_Run[ResultT], int], list[Entry[ResultT]]],
        metrics: Metrics,
        on_result: Callable[[Entry[ResultT], ResultT], None],
        tell_speed: Callable[[int, float], None],
    ) -> None:
        """`further` returns entries that join, at most as many as it is told."""
        self.kind = entries[0].kind
        self._further: Callable[[_Run[ResultT], int], list[Entry[ResultT]]] | None = further
        self._metrics, self._on_result = metrics, on_result
        self.number = 0
        """How many entries the engine took in this try."""
        self.most_tokens = 0
        """The most tokens that were in hand at the same time in this try."""
        self._lock = threading.Lock()  # for the three that follow: other threads ask what is left
        self._later = [list(entries)]
        """Entries for further tries, the next one last."""
        self._coming: deque[Entry[ResultT]] = deque()
        """Entries of this try that the engine has no room for yet."""
        self._in_hand: dict[_InHand[ResultT], None] = {}
        """Entries that the engine works on, in the order in which they came."""
        self._speed = _Stopwatch(tell_speed)

    def begin(self) -> bool:
        """Get ready for the next try; returns whether there is one."""
        with self._lock:
            self._in_hand.clear()
            self._coming.clear()
            while self._later and not self._coming:
                self._coming.extend(filter(Entry.is_wanted, self._later.pop()))
        self.number = self.most_tokens = 0
        self._speed.restart()
        return bool(self._coming)

    def halve(self) -> None:
        """Let what is left of this try be tried in halves; from now on no entries join."""
        self._further = None
        left = self.tried()
        middle = math.ceil(len(left) / 2)
        with self._lock:
            self._later += [left[middle:], left[:middle]]

    def take(self, room: int) -> list[_InHand[ResultT]]:
        """Give the engine at most `room` entries."""
        with self._lock:
            gone = [one for one in self._in_hand if not one.is_wanted()]
            self._forget(gone)
            new = [self._coming.popleft() for _ in range(min(room, len(self._coming)))]
        if self._further and not new and room > 0:
            new = self._further(self, room)
        taken = [_InHand(entry, self) for entry in new if entry.is_wanted()]
        if taken:
            with self._lock:
                self._in_hand.update(dict.fromkeys(taken))
            self._tell_taken(taken)
        return taken

    def finish(self, one: _InHand[ResultT], result: ResultT) -> None:
        """Hand the result of an entry on."""
        with self._lock:
            del self._in_hand[one]
        self._metrics.compute_seconds.observe(time.monotonic() - one.since)
        self._metrics.in_flight_sentences.dec()
        self._metrics.sentences.inc()
        self._metrics.source_tokens.inc(one.entry.work.tokens)
        self._speed.add(one.entry.work.tokens)
        self._on_result(one.entry, result)

    def left(self) -> list[Entry[ResultT]]:
        """All entries without a result; from any thread."""
        with self._lock:
            later = itertools.chain.from_iterable(self._later)
            return [*(one.entry for one in self._in_hand), *self._coming, *later]

    def tried(self) -> list[Entry[ResultT]]:
        """The entries of this try that have no result and that somebody waits for."""
        entries = [*(one.entry for one in self._in_hand), *self._coming]
        return list(filter(Entry.is_wanted, entries))

    def tokens_in_hand(self) -> int:
        """Of the entries that are being worked on."""
        return sum(one.entry.work.tokens for one in self._in_hand)

    def end(self) -> None:
        """Nothing more happens to what is left."""
        self._metrics.in_flight_sentences.dec(len(self._in_hand))
        self._speed.end(is_clean=not self._in_hand)

    def _forget(self, gone: Sequence[_InHand[ResultT]]) -> None:
        if gone:
            for one in gone:
                del self._in_hand[one]
            self._metrics.in_flight_sentences.dec(len(gone))
            self._speed.restart()

    def _tell_taken(self, taken: Sequence[_InHand[ResultT]]) -> None:
        self.number += len(taken)
        self.most_tokens = max(self.most_tokens, self.tokens_in_hand())
        self._metrics.in_flight_sentences.inc(len(taken))
        self._metrics.batch_sentences.observe(len(self._in_hand))
        for one in taken:
            self._metrics.queue_seconds.observe(one.since - one.entry.since)


class _InHand(Generic[ResultT]):
    """An entry that the engine works on."""

    def __init__(self, entry: Entry[ResultT], run: _Run[ResultT]) -> None:
        self.entry, self._run, self.since = entry, run, time.monotonic()
        self.item, self.is_wanted = entry.work.item, entry.is_wanted

    def finish(self, result: ResultT) -> None:
        self._run.finish(self, result)


class _Stopwatch:
    """Measures how fast a worker is, over a while at least, in which nobody gave up what was being worked on."""

    def __init__(self, tell: Callable[[int, float], None]) -> None:
        self._tell = tell
        self.restart()

    def restart(self) -> None:
        self._tokens, self._since = 0, time.monotonic()

    def add(self, tokens: int) -> None:
        self._tokens += tokens
        if time.monotonic() - self._since > _SPEED_SECONDS:
            self.end(is_clean=True)

    def end(self, is_clean: bool) -> None:
        if is_clean and self._tokens:
            self._tell(self._tokens, time.monotonic() - self._since)
        self.restart()
