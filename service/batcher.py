"""The queue in front of the model: texts that wait together are decoded together.

One worker thread owns the engine. It takes the text that has waited longest and, with it, the texts behind it
that ask for the same options, in order of arrival, until the batch is full. As the oldest text always goes
first, no group of options can starve another one.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from translator.errors import TranslatorError

logger = logging.getLogger(__name__)

OptionsT = TypeVar("OptionsT", bound=Hashable)
OptionsT_contra = TypeVar("OptionsT_contra", bound=Hashable, contravariant=True)
ResultT = TypeVar("ResultT")
ResultT_co = TypeVar("ResultT_co", covariant=True)


class BatcherError(TranslatorError):
    """A request that the queue did not serve."""


class QueueFull(BatcherError):
    """Too much is waiting already; the same request can succeed a moment later."""


class DeadlineExceeded(BatcherError):
    """The answer did not come in time."""


class WorkerUnavailable(BatcherError):
    """The worker thread has stopped, by an error or because the service is shutting down."""


class TranslatesTexts(Protocol[OptionsT_contra, ResultT_co]):
    """What the queue needs of a translator."""

    def count_tokens(self, text: str) -> int:
        """Return the length of `text` in tokens; called from the event loop."""
        ...

    def translate(self, texts: Sequence[str], options: OptionsT_contra) -> Sequence[ResultT_co]:
        """Return one result for each text, in order; called from the worker thread."""
        ...


@dataclass(frozen=True)
class QueueLimits:
    """How much is decoded at once and how much may wait.

    `batch_tokens` counts padded tokens: the longest text of a batch times the number of its texts. A text
    longer than that is decoded alone. `max_queued_tokens` counts the tokens that wait, without those being
    decoded.
    """

    batch_tokens: int
    max_queued_tokens: int


@dataclass(eq=False)
class _Job(Generic[OptionsT, ResultT]):
    """One request: its texts share options, deadline and fate."""

    options: OptionsT
    deadline: float
    text_count: int
    # Never set to running: so the waiter can cancel it at any time, and a cancelled job is one nobody wants.
    future: Future[list[ResultT]] = field(default_factory=Future)
    results: dict[int, ResultT] = field(default_factory=dict)

    def is_wanted(self) -> bool:
        """Tell whether somebody still waits for this job; one that is past its deadline is failed here."""
        if not self.future.done() and time.monotonic() >= self.deadline:
            self.fail(DeadlineExceeded("The deadline passed while the request waited in the queue."))
        return not self.future.done()

    def add(self, index: int, result: ResultT) -> None:
        self.results[index] = result
        if len(self.results) == self.text_count:
            with suppress(InvalidStateError):  # the waiter left in this very moment
                self.future.set_result([self.results[i] for i in range(self.text_count)])

    def fail(self, error: Exception) -> None:
        with suppress(InvalidStateError):
            self.future.set_exception(error)


@dataclass(frozen=True, eq=False)
class _Entry(Generic[OptionsT, ResultT]):
    """One text of a job, as it waits."""

    job: _Job[OptionsT, ResultT]
    index: int
    text: str
    tokens: int


class Batcher(Generic[OptionsT, ResultT]):
    """A bounded queue and the one thread that decodes what waits in it."""

    def __init__(self, engine: TranslatesTexts[OptionsT, ResultT], limits: QueueLimits) -> None:
        self._engine = engine
        self._limits = limits
        self._queue: deque[_Entry[OptionsT, ResultT]] = deque()
        self._queued_tokens = 0
        self._in_flight: list[_Entry[OptionsT, ResultT]] = []
        self._closing = False
        self._stopped = False
        self._changed = threading.Condition()  # guards every attribute above that changes
        # A daemon: a decoding that hangs must not keep the process from exiting.
        self._thread = threading.Thread(target=self._work, name="decoding", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether requests are taken: the worker lives and `close` has not been called."""
        return self._thread.is_alive() and not self._closing and not self._stopped

    async def translate(
        self, texts: Sequence[str], options: OptionsT, deadline_seconds: float
    ) -> list[ResultT]:
        """Return one result for each text, in order.

        Cancelling it, as happens when the client leaves, takes the texts that still wait out of the queue.

        Raises QueueFull at once where too much waits, DeadlineExceeded after `deadline_seconds`,
        WorkerUnavailable where there is no worker, and what the engine raised for one of the texts.
        """
        if not texts:
            return []
        job: _Job[OptionsT, ResultT] = _Job(options, time.monotonic() + deadline_seconds, len(texts))
        # At least 1, so that empty texts too fill the queue and a batch.
        tokens = [max(1, self._engine.count_tokens(text)) for text in texts]
        self._admit([_Entry(job, index, text, tokens[index]) for index, text in enumerate(texts)])
        try:
            async with asyncio.timeout(deadline_seconds):
                return await asyncio.wrap_future(job.future)
        except TimeoutError:
            raise DeadlineExceeded(
                f"No translation within {deadline_seconds:g} seconds, the limit. Send less text or try later."
            ) from None

    def close(self, timeout_seconds: float) -> None:
        """Take no more requests, let those that wait finish, and fail those that do not within the time."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout_seconds)
        self._fail_everything("The service was shut down before the translation was finished. Try again.")

    def _admit(self, entries: Sequence[_Entry[OptionsT, ResultT]]) -> None:
        tokens = sum(entry.tokens for entry in entries)
        with self._changed:
            if self._stopped or self._closing:
                raise WorkerUnavailable(
                    "Nothing is translated at present: the service is stopping or has failed."
                )
            if self._is_full_for(tokens):
                self._drop_unwanted()
            if self._is_full_for(tokens):
                raise QueueFull(
                    f"{self._queued_tokens} tokens wait already and this request has {tokens}; "
                    f"the limit is {self._limits.max_queued_tokens}. Try again in a moment."
                )
            self._queue.extend(entries)
            self._queued_tokens += tokens
            self._changed.notify_all()

    def _is_full_for(self, tokens: int) -> bool:
        # An empty queue takes any request: one larger than the whole limit must not be sent away for ever.
        return bool(self._queue) and self._queued_tokens + tokens > self._limits.max_queued_tokens

    def _drop_unwanted(self) -> None:
        self._replace_queue(entry for entry in self._queue if entry.job.is_wanted())

    def _replace_queue(self, entries: Iterable[_Entry[OptionsT, ResultT]]) -> None:
        self._queue = deque(entries)
        self._queued_tokens = sum(entry.tokens for entry in self._queue)

    def _work(self) -> None:
        try:
            while batch := self._next_batch():
                self._decode(batch)
        except BaseException:  # whatever ends this thread, nobody may be left waiting for it
            logger.critical("the decoding thread died", exc_info=True)
        finally:
            self._fail_everything("The translation failed because the worker stopped. Try again later.")

    def _next_batch(self) -> list[_Entry[OptionsT, ResultT]]:
        """Wait for work and take it out of the queue; an empty batch means closed and drained."""
        with self._changed:
            while True:
                self._in_flight = []
                self._drop_unwanted()
                if self._queue:
                    self._in_flight = self._take_batch()
                    return self._in_flight
                if self._closing:
                    return []
                self._changed.wait()

    def _take_batch(self) -> list[_Entry[OptionsT, ResultT]]:
        options = self._queue[0].job.options
        batch: list[_Entry[OptionsT, ResultT]] = []
        rest: list[_Entry[OptionsT, ResultT]] = []
        longest, full = 0, False
        for entry in self._queue:
            if full or entry.job.options != options:
                rest.append(entry)
                continue
            longest = max(longest, entry.tokens)
            # The first that does not fit ends the batch, even if a shorter one behind it would fit: order of
            # arrival is the promise.
            full = bool(batch) and longest * (len(batch) + 1) > self._limits.batch_tokens
            (rest if full else batch).append(entry)
        self._replace_queue(rest)
        return batch

    def _decode(self, batch: Sequence[_Entry[OptionsT, ResultT]]) -> None:
        try:
            results = self._engine.translate([entry.text for entry in batch], batch[0].job.options)
            finished = list(zip(batch, results, strict=True))
        except Exception as error:
            if len(batch) == 1:
                batch[0].job.fail(error)
            else:
                self._decode_one_by_one(batch, error)
            return
        for entry, result in finished:
            entry.job.add(entry.index, result)

    def _decode_one_by_one(self, batch: Sequence[_Entry[OptionsT, ResultT]], error: Exception) -> None:
        # Only the type: the message may quote a user's text.
        logger.warning(
            "a batch of %d texts failed with %s; trying each alone", len(batch), type(error).__name__
        )
        for entry in batch:
            if entry.job.is_wanted():
                self._decode([entry])

    def _fail_everything(self, reason: str) -> None:
        with self._changed:
            self._stopped = True
            left = [*self._in_flight, *self._queue]
            self._in_flight = []
            self._replace_queue([])
        for entry in left:
            entry.job.fail(WorkerUnavailable(reason))
