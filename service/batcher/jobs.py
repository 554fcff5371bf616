"""What waits: jobs, one for each request, and their entries, one for each sentence."""

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
    """How long it may take in all."""
    at: float
    """The end of that, in seconds of the monotonic clock."""

    @classmethod
    def after(cls, seconds: float) -> Self:
        """So many seconds from now."""
        return cls(seconds, time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self.at - time.monotonic())

    def has_passed(self) -> bool:
        """Whether none are left."""
        return time.monotonic() >= self.at

    def exceeded(self) -> DeadlineExceeded:
        """What to raise when it has passed."""
        return DeadlineExceeded(
            f"No translation within {self.seconds:g} seconds, the limit. Send less text or try later."
        )


@dataclass(frozen=True)
class Work:
    """One sentence to be worked on, or whatever else the engine takes."""

    item: Any
    """What the engine gets."""
    tokens: int
    """How much work it is."""
    identity: Hashable = None
    """Work of the same kind and identity has the same result, which may be shared; None shares with nothing."""


class Job(Generic[ResultT]):
    """One request: its sentences share kind, deadline and fate. Results arrive from the workers' threads."""

    def __init__(self, deadline: Deadline) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrivals: asyncio.Queue[tuple[int, ResultT] | Exception] = asyncio.Queue()
        self.deadline = deadline
        self._is_over = self.has_failed = False
        self.entries: list[Entry[ResultT]] = []
        """What it waits for."""
        self.waiting = self.waiting_tokens = 0
        """Of its entries in the line, which counts them; tokens may be expected before there are entries."""

    def is_wanted(self) -> bool:
        """Whether somebody still waits for it; asked by the workers in every decoding step."""
        return not self._is_over and not self.deadline.has_passed()

    def add(self, index: int, result: ResultT) -> None:
        """Deliver the result of the work with that index; from any thread."""
        self._deliver((index, result))

    def fail(self, error: Exception) -> None:
        """Deliver an error, which ends the job; from any thread."""
        self._deliver(error)
        self.has_failed = self._is_over = True

    def end(self) -> None:
        """Nobody waits any more."""
        self._is_over = True

    async def arrival(self) -> tuple[int, ResultT]:
        """The next result, with the index of its work.

        Raises DeadlineExceeded, WorkerUnavailable where the workers stop, OutOfMemory where one work alone needs too
        much, and what the engine raised for one.
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
            with suppress(RuntimeError):  # the loop was closed: nobody waits
                self._loop.call_soon_threadsafe(self._arrivals.put_nowait, arrival)


@dataclass(eq=False)
class Entry(Generic[ResultT]):
    """One sentence of a job, as it waits."""

    job: Job[ResultT]
    indices: list[int]
    """Where it stands among the works of its request; several times, where it is repeated."""
    kind: Hashable
    work: Work
    since: float
    """When it was admitted, in seconds of the monotonic clock."""
    rank: float = 0.0
    """Those with lower ones go first; the line sets it."""
    is_taken: bool = False
    """Whether it has left the line."""
    is_finished: bool = False

    def finish(self, result: ResultT) -> None:
        """Deliver its result."""
        self.is_finished = True
        for index in self.indices:
            self.job.add(index, result)

    def is_wanted(self) -> bool:
        """Whether somebody still waits for its result."""
        return not self.is_finished and self.job.is_wanted()
