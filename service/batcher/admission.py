"""Admission control: how much work may wait, and for how long."""

from __future__ import annotations

import math
from dataclasses import dataclass

from service.batcher.errors import QueueFull
from service.batcher.jobs import Deadline
from service.batcher.request_queue import RequestQueue

_DECAY = 0.95
"""Factor by which each new measurement of the speed discounts the earlier ones."""
_ASSUMED_SPEED = 1000.0
"""Tokens a second, assumed until the speed has been measured."""
_FIRST_WEIGHT = 0.01
"""Weight of a worker's first measurement relative to later ones: its first memory allocations slow it down."""
_SHARE_OF_DEADLINE = 0.5
"""Share of the deadline that a request may spend waiting; the rest is for the work itself."""
_MAX_RETRY_SECONDS = 60


@dataclass(frozen=True)
class QueueLimits:
    """How much is decoded at once, how much may wait, and for how long.

    `batch_tokens` limits the tokens that a worker decodes at once: tokens of each sentence times its rows, one row per
    hypothesis. A sentence over the limit is decoded alone. `max_queued_tokens` counts the waiting tokens, without those
    being decoded. A request may wait for `max_wait_seconds`, or for as long as its own work takes if that is longer.
    """

    batch_tokens: int
    max_queued_tokens: int
    max_wait_seconds: float = math.inf


class Speed:
    """The recent speed of all workers together, in tokens a second."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._measurements = 0
        self._tokens = self._seconds = 0.0

    @property
    def tokens_per_second(self) -> float:
        """The speed to expect now."""
        return self._workers * self._tokens / self._seconds if self._tokens else _ASSUMED_SPEED

    def add(self, tokens: int, seconds: float) -> None:
        """Add a measurement of one worker, over a period in which nothing was cancelled or failed."""
        weight = _FIRST_WEIGHT if self._measurements < self._workers else 1.0
        self._measurements += 1
        self._tokens = _DECAY * self._tokens + weight * tokens
        self._seconds = _DECAY * self._seconds + weight * max(seconds, 1e-6)


class Admission:
    """Decides which requests may wait, by the work ahead of each one, not by all the work that waits.

    A short request beside a long document is served soon; a request behind many short ones is not.
    """

    def __init__(self, limits: QueueLimits, workers: int) -> None:
        self._limits, self._workers = limits, workers
        self.speed = Speed(workers)

    def wait_seconds(self, tokens: int) -> float:
        """About how long the workers take for this number of tokens."""
        return tokens / self.speed.tokens_per_second

    def check_tokens(self, queue: RequestQueue, tokens: int) -> None:
        """Raise QueueFull if `tokens` more would exceed the limit on waiting tokens."""
        # An empty queue takes any request: one larger than the whole limit would otherwise never be accepted.
        if queue.tokens and queue.tokens + tokens > self._limits.max_queued_tokens:
            raise QueueFull(
                f"{queue.tokens} tokens are already waiting, and this request would exceed the limit of "
                f"{self._limits.max_queued_tokens}. Try again in a moment.",
                self._retry_seconds(queue.tokens),
            )

    def check_wait(self, queue: RequestQueue, tokens: int, rows: int, deadline: Deadline) -> None:
        """Raise QueueFull if a request of `tokens`, with `rows` per sentence, would wait too long."""
        # A large request may wait as long as its own work takes: two long documents can share the workers.
        limit_seconds = max(self._limits.max_wait_seconds, self.wait_seconds(tokens))
        limit_seconds = min(limit_seconds, _SHARE_OF_DEADLINE * deadline.seconds_left())
        # What fits into the next batches is not a queue yet; and small batches make the workers look slow.
        at_once = self._workers * self._limits.batch_tokens / max(1, rows)
        limit_tokens = max(at_once, limit_seconds * self.speed.tokens_per_second)
        if queue.tokens > limit_tokens and (before := queue.tokens_before(tokens)) > limit_tokens:
            raise QueueFull(
                f"The request would wait about {self.wait_seconds(before):.1f} seconds; the limit is "
                f"{limit_seconds:.1f}. Try again in a moment.",
                self._retry_seconds(before),
            )

    def _retry_seconds(self, tokens: int) -> int:
        return max(1, min(_MAX_RETRY_SECONDS, math.ceil(self.wait_seconds(tokens))))
