"""SIGINT, SIGTERM and SIGHUP: save a checkpoint, then exit."""

import logging
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

_ONE_SIGNAL_SECONDS = 1.0
"""Signals this close together count as one: `timeout` signals both the process and its group."""

logger = logging.getLogger(__name__)


class Interrupted(BaseException):
    """Raised inside `StopSignal.interrupting` on a signal; a BaseException, so that no error handler catches it."""


class StopSignal:
    """Turns the first signal into a flag that the training loop checks; a second one has its usual effect at once.

    A closed terminal sends SIGHUP; if `nohup` made the process ignore it, it stays ignored.
    """

    def __init__(self) -> None:
        self.is_set = False
        self._since = 0.0
        self._interrupts = False

    def __enter__(self) -> Self:
        self._before: dict[int, Any] = {
            number: signal.signal(number, self._handle)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
        }
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """Within this context, the signal raises `Interrupted` at once: for long work without side effects."""
        try:
            self._interrupts = True
            if self.is_set:
                raise Interrupted
            yield
        finally:
            self._interrupts = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.is_set:
            if time.monotonic() - self._since > _ONE_SIGNAL_SECONDS:
                signal.signal(number, self._before[number])
                signal.raise_signal(number)
            return
        self.is_set, self._since = True, time.monotonic()
        logger.warning("%s: saving a checkpoint, then exiting", signal.Signals(number).name)
        if self._interrupts:
            raise Interrupted
