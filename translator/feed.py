"""How work comes to a search while it runs, and how each result leaves it at once."""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

ItemT = TypeVar("ItemT")
ItemT_co = TypeVar("ItemT_co", covariant=True)
ResultT = TypeVar("ResultT")
ResultT_contra = TypeVar("ResultT_contra", contravariant=True)


class Awaited(Protocol[ItemT_co, ResultT_contra]):
    """An item of work whose result somebody waits for; used by the thread that does the work."""

    @property
    def item(self) -> ItemT_co:
        """What to work on."""

    def is_wanted(self) -> bool:
        """Whether to go on with it; asked in every step or every few steps."""

    def finish(self, result: ResultT_contra) -> None:
        """Take the result, while other items are still being worked on."""


Feed = Callable[[int], Sequence[Awaited[ItemT, ResultT]]]
"""Called between two steps with the room that is left: returns at most that many further items, none if there are none
now. The work is over when every item is finished and the feed has no further ones."""


class Listed(Generic[ItemT, ResultT]):
    """An item of a fixed list, which is wanted to the end."""

    def __init__(self, item: ItemT) -> None:
        self.item = item
        self.result: ResultT | None = None

    def is_wanted(self) -> bool:
        """Always."""
        return True

    def finish(self, result: ResultT) -> None:
        """Keep the result."""
        self.result = result


def feed_of(items: Iterable[Awaited[ItemT, ResultT]]) -> Feed[ItemT, ResultT]:
    """Gives these items, in their order."""
    left = list(items)[::-1]
    return lambda room: [left.pop() for _ in range(min(room, len(left)))]
