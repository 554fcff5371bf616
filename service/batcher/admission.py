"""Admission: how much may wait, and for how long."""

from __future__ import annotations

import math
from dataclasses import dataclass

from service.batcher.errors import QueueFull
from service.batcher.jobs import Deadline
from service.batcher.line import WaitingLine

_MEMORY = 0.95
"""By how much an earlier measurement tells less about the speed than the newest one."""
_FIRST_SPEED = 1000.0
"""Tokens a second, until one is measured."""
_FIRST_WEIGHT = 0.01
"""Of the first measurement of a worker beside later ones: memory was new to it."""
_SHARE_OF_DEADLINE = 0.5
"""That may be spent waiting; the rest is for the work itself."""
_MOST_RETRY_SECONDS = 60


@dataclass(frozen=True)
class QueueLimits:
    """How much is decoded at once, how much may wait, and for how long (or as long as its own work takes).

    `batch_tokens` counts the tokens of the sentences that a worker has in hand, times the rows of each, one for every
    hypothesis. A sentence with more than that is decoded alone. `max_queued_tokens` counts the tokens that wait,
    without those being decoded.
    """

    batch_tokens: int
    max_queued_tokens: int
    max_wait_seconds: float = math.inf


class Speed:
    """How many tokens a second all workers do, by what they did lately."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._measurements = 0
        self._tokens = self._seconds = 0.0

    @property
    def tokens_per_second(self) -> float:
        """As it is expected to go on."""
        return self._workers * self._tokens / self._seconds if self._tokens else _FIRST_SPEED

    def add(self, tokens: int, seconds: float) -> None:
        """Take into account what a worker did in a while, in which nothing was given up or failed."""
        weight = _FIRST_WEIGHT if self._measurements < self._workers else 1.0
        self._measurements += 1
        self._tokens = _MEMORY * self._tokens + weight * tokens
        self._seconds = _MEMORY * self._seconds + weight * max(seconds, 1e-6)


class Admission:
    """Decides who may wait, by how much goes before the newcomer and not by how much waits in all.

    Beside a long document a short request is served soon; behind many short ones nobody is.
    """

    def __init__(self, limits: QueueLimits, workers: int) -> None:
        self._limits, self._workers = limits, workers
        self.speed = Speed(workers)

    def wait_seconds(self, tokens: int) -> float:
        """How long so many tokens take."""
        return tokens / self.speed.tokens_per_second

    def check(self, line: WaitingLine, tokens: int) -> None:
        """Raise QueueFull where so many more tokens would be more than may wait."""
        # An empty queue takes any request: one larger than the whole limit must not be sent away for ever.
        if line.tokens and line.tokens + tokens > self._limits.max_queued_tokens:
            raise QueueFull(
                f"{line.tokens} tokens wait already; the limit is {self._limits.max_queued_tokens}, and this request "
                "would go beyond it. Try again in a moment.",
                self._retry_seconds(line.tokens),
            )

    def check_wait(self, line: WaitingLine, tokens: int, rows: int, deadline: Deadline) -> None:
        """Raise QueueFull where a request of so many tokens would wait too long; its sentences have so many rows."""
        # Who brings much work can wait as long as that takes: two long documents may share the workers.
        most = max(self._limits.max_wait_seconds, self.wait_seconds(tokens))
        most = min(most, _SHARE_OF_DEADLINE * deadline.left())
        # What the workers take up together is no queue yet; and of few sentences they do fewer a second.
        at_once = self._workers * self._limits.batch_tokens / max(1, rows)
        limit = max(at_once, most * self.speed.tokens_per_second)
        if line.tokens > limit and (before := line.tokens_before(tokens)) > limit:
            raise QueueFull(
                f"The request would wait for about {self.wait_seconds(before):.1f} seconds; the limit is {most:.1f}. "
                "Try again in a moment.",
                self._retry_seconds(before),
            )

    def _retry_seconds(self, tokens: int) -> int:
        return max(1, min(_MOST_RETRY_SECONDS, math.ceil(self.wait_seconds(tokens))))
