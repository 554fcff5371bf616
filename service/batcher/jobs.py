"""What the queue holds: one job for each request, and one entry for each of its sentences."""

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

    def left(self) -> float:
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
class Work:
    """One unit of work for the engine, such as a sentence to translate."""

    item: Any
    """What the engine is given."""
    tokens: int
    """Its size."""
    identity: Hashable = None
    """Works of the same kind and identity have the same result and may share it; None is never shared."""


class Job(Generic[ResultT]):
    """One request: its sentences share kind, deadline and failure. Workers deliver results from their threads."""

    def __init__(self, deadline: Deadline) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrivals: asyncio.Queue[tuple[int, ResultT] | Exception] = asyncio.Queue()
        self.deadline = deadline
        self._is_over = self.has_failed = False
        self.entries: list[Entry[ResultT]] = []
        """The entries whose results it waits for."""
        self.waiting = self.waiting_tokens = 0
        """Its entries and tokens in the queue, which counts them; tokens may be expected before there are entries."""

    def is_wanted(self) -> bool:
        """Whether a client still waits for it; the workers ask in every decoding step."""
        return not self._is_over and not self.deadline.has_passed()

    def add(self, index: int, result: ResultT) -> None:
        """Deliver the result of the work with this index; thread-safe."""
        self._deliver((index, result))

    def fail(self, error: Exception) -> None:
        """Deliver an error, which ends the job; thread-safe."""
        self._deliver(error)
        self.has_failed = self._is_over = True

    def end(self) -> None:
        """Stop waiting: results that arrive later are dropped."""
        self._is_over = True

    async def arrival(self) -> tuple[int, ResultT]:
        """Wait for the next result; return it with the index of its work.

        Raises DeadlineExceeded, WorkerUnavailable if the workers stop, OutOfMemory if one work alone needs too much
        memory, and whatever the engine raised for a work.
        """
        try:
            async with asyncio.timeout(self.deadline.left()):
                arrived = await self._arrivals.get()
        except TimeoutError:
            raise self.deadline.exceeded() from None
        if isinstance(arrived, Exception):
            raise arrived
        return arrived

    def _deliver(self, arrival: tuple[int, ResultT] | Exception) -> None:
        if not self._is_over:
            with suppress(RuntimeError):  # the loop is closed, so nobody waits
                self._loop.call_soon_threadsafe(self._arrivals.put_nowait, arrival)


@dataclass(eq=False)
class Entry(Generic[ResultT]):
    """One sentence of a job in the queue."""

    job: Job[ResultT]
    indices: list[int]
    """Its indices among the works of its request: several if the sentence is repeated."""
    kind: Hashable
    work: Work
    since: float
    """When it was admitted, in seconds of the monotonic clock."""
    rank: float = 0.0
    """Lower ranks go first; set by the queue."""
    is_taken: bool = False
    """Whether it has left the queue."""
    is_finished: bool = False

    def finish(self, result: ResultT) -> None:
        """Deliver the result."""
        self.is_finished = True
        for index in self.indices:
            self.job.add(index, result)

    def is_wanted(self) -> bool:
        """Whether a client still waits for its result."""
        return not self.is_finished and self.job.is_wanted()
