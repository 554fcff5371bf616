"""What the queue holds: one job for each request, and one entry for each distinct item of its work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from service.batcher.errors import DeadlineExceeded

ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Deadline:
    """When a request must be answered."""

    seconds: float
    """How long the request may take in all."""
    at: float
    """When that time is over, in seconds of the monotonic clock."""

    @classmethod
    def after(cls, seconds: float) -> Self:
        """The deadline this number of seconds from now."""
        return cls(seconds, time.monotonic() + seconds)

    def seconds_left(self) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self.at - time.monotonic())

    def has_passed(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self.at

    def exceeded(self) -> DeadlineExceeded:
        """The error to raise once the deadline has passed."""
        return DeadlineExceeded(
            f"Not finished within {self.seconds:g} seconds, the limit. Send less text or try again later."
        )


@dataclass(frozen=True)
class WorkItem:
    """One piece of work for the engine: a sentence to translate or a pair to score."""

    payload: Any
    """What the engine is given."""
    tokens: int
    """Its size in tokens."""
    key: Hashable = None
    """Items of the same kind with the same key share one result; an item without a key shares none."""


class Job(Generic[ResultT]):
    """One request: its items share a kind and a deadline, and fail together.

    Workers deliver results from their threads.
    """

    def __init__(self, deadline: Deadline) -> None:
        self._loop = asyncio.get_running_loop()
        self._outcomes: asyncio.Queue[tuple[int, ResultT] | Exception] = asyncio.Queue()
        self.deadline = deadline
        self._is_over = self.has_failed = False
        self.entries: list[Entry[ResultT]] = []
        """One for each distinct item without a result in the cache."""
        self.waiting_entries = self.waiting_tokens = 0
        """Its entries and tokens in the queue, which counts them; tokens may be reserved before there are entries."""

    def is_wanted(self) -> bool:
        """Whether a client still waits for it; the workers ask in every decoding step."""
        return not self._is_over and not self.deadline.has_passed()

    def deliver(self, index: int, result: ResultT) -> None:
        """Deliver the result of the item with this index; thread-safe."""
        self._put((index, result))

    def fail(self, error: Exception) -> None:
        """Deliver an error, which ends the job; thread-safe."""
        self._put(error)
        self.has_failed = self._is_over = True

    def end(self) -> None:
        """Stop waiting: results that arrive later are dropped."""
        self._is_over = True

    async def next_result(self) -> tuple[int, ResultT]:
        """Wait for the next result; return it with the index of its item.

        Raises DeadlineExceeded, WorkerUnavailable if the workers stop, OutOfMemory if one item alone needs too much
        memory, and whatever the engine raised for an item.
        """
        try:
            async with asyncio.timeout(self.deadline.seconds_left()):
                outcome = await self._outcomes.get()
        except TimeoutError:
            raise self.deadline.exceeded() from None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _put(self, outcome: tuple[int, ResultT] | Exception) -> None:
        if not self._is_over:
            with suppress(RuntimeError):  # the loop is closed, so nobody waits
                self._loop.call_soon_threadsafe(self._outcomes.put_nowait, outcome)


@dataclass(eq=False)
class Entry(Generic[ResultT]):
    """One item of a job, in the queue or in a batch."""

    job: Job[ResultT]
    indices: list[int]
    """Its indices among the items of its request: several if the request repeats it."""
    kind: Hashable
    item: WorkItem
    queued_at: float
    """When it joined the queue, in seconds of the monotonic clock."""
    rank: float = 0.0
    """Lower ranks go first; set by the queue."""
    is_taken: bool = False
    """Whether it has left the queue."""
    is_finished: bool = False

    def finish(self, result: ResultT) -> None:
        """Deliver the result."""
        self.is_finished = True
        for index in self.indices:
            self.job.deliver(index, result)

    def is_wanted(self) -> bool:
        """Whether a client still waits for its result."""
        return not self.is_finished and self.job.is_wanted()
