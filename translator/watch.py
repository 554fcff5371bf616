"""How somebody waits for the results of a batch, each by itself."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

ResultT_contra = TypeVar("ResultT_contra", contravariant=True)
GivenT = TypeVar("GivenT")
WantedT = TypeVar("WantedT")


class Watch(Protocol[ResultT_contra]):
    """Somebody who waits; called by the thread that works on the batch."""

    def is_wanted(self, place: int) -> bool:
        """Whether to go on with what stands at this place of the batch; asked in every step or every few steps."""

    def finished(self, place: int, result: ResultT_contra) -> None:
        """Take the result of what stands at this place, before the others are done."""


class Converting(Generic[GivenT, WantedT]):
    """Watches for somebody who wants the results as something else."""

    def __init__(self, watch: Watch[WantedT], convert: Callable[[int, GivenT], WantedT]) -> None:
        self.is_wanted = watch.is_wanted
        self._watch, self._convert = watch, convert

    def finished(self, place: int, result: GivenT) -> None:
        """Convert the result at this place and pass it on."""
        self._watch.finished(place, self._convert(place, result))
