"""What waits: jobs, one for each request, and their entries, one for each sentence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from service.batcher.errors import DeadlineExceeded

ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Work:
    """One sentence to be worked on, or whatever else the engine takes."""

    item: Any
    """What the engine gets."""
    tokens: int
    """How much work it is."""
    identity: Hashable = None
    """Work of the same kind and identity has the same result, which may be remembered; None is never remembered."""


class Job(Generic[ResultT]):
    """One request: its sentences share kind, deadline and fate. Results arrive from the workers' threads."""

    def __init__(self, deadline_seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrivals: asyncio.Queue[tuple[int, ResultT] | Exception] = asyncio.Queue()
        self._deadline_seconds = deadline_seconds
        self._deadline = time.monotonic() + deadline_seconds
        self._is_over = False

    def is_wanted(self) -> bool:
        """Whether somebody still waits for it; asked by the workers in every decoding step."""
        return not self._is_over and time.monotonic() < self._deadline

    def is_late(self) -> bool:
        """Whether its deadline has passed."""
        return time.monotonic() >= self._deadline

    def add(self, index: int, result: ResultT) -> None:
        """Deliver the result of the entry with that index; from any thread."""
        self._deliver((index, result))

    def fail(self, error: Exception) -> None:
        """Deliver an error, which ends the job; from any thread."""
        self._deliver(error)
        self._is_over = True

    def end(self) -> None:
        """Nobody waits any more."""
        self._is_over = True

    async def arrival(self) -> tuple[int, ResultT]:
        """The next result; raises DeadlineExceeded, and the error that ended the job."""
        try:
            async with asyncio.timeout(max(0.0, self._deadline - time.monotonic())):
                arrived = await self._arrivals.get()
        except TimeoutError:
            raise DeadlineExceeded(
                f"No translation within {self._deadline_seconds:g} seconds, the limit. "
                "Send less text or try later."
            ) from None
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
    index: int
    kind: Hashable
    work: Work
    rank: float
    """Those with lower ones go first: the time from which it has a right to be worked on."""
    since: float
    """When it was admitted, in seconds of the monotonic clock."""
    is_finished: bool = False

    def finish(self, result: ResultT) -> None:
        """Deliver its result."""
        self.is_finished = True
        self.job.add(self.index, result)

    def is_wanted(self) -> bool:
        """Whether somebody still waits for its result."""
        return not self.is_finished and self.job.is_wanted()
