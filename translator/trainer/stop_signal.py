"""SIGINT and SIGTERM: save, then leave."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

logger = logging.getLogger(__name__)


class Interrupted(Exception):
    """Raised inside `StopSignal.interrupting` when the signal comes."""


class StopSignal:
    """Turns the first SIGINT or SIGTERM into a wish that the loop asks for; a second one acts at once."""

    def __init__(self) -> None:
        self.is_set = False
        self._interrupts = False

    def __enter__(self) -> Self:
        self._before: dict[int, Any] = {
            number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """Inside, the signal raises `Interrupted` at once: for long work that changes nothing."""
        self._interrupts = True
        try:
            if self.is_set:
                raise Interrupted
            yield
        finally:
            self._interrupts = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.is_set = True
        signal.signal(number, self._before[number])
        logger.warning("%s: saving a checkpoint, then leaving", signal.Signals(number).name)
        if self._interrupts:
            raise Interrupted
