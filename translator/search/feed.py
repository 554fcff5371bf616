"""Feed work to a search while it runs, and take each result as soon as it is ready."""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

ItemT = TypeVar("ItemT")
ItemT_co = TypeVar("ItemT_co", covariant=True)
ResultT = TypeVar("ResultT")
ResultT_contra = TypeVar("ResultT_contra", contravariant=True)


class Awaited(Protocol[ItemT_co, ResultT_contra]):
    """An item of work with a caller waiting for its result; used by the thread that does the work."""

    @property
    def item(self) -> ItemT_co:
        """What to work on."""

    def is_wanted(self) -> bool:
        """Whether the result is still wanted; checked every step or every few steps."""

    def finish(self, result: ResultT_contra) -> None:
        """Accept the result, while other items are still in progress."""


Feed = Callable[[int], Sequence[Awaited[ItemT, ResultT]]]
"""Called between steps with the room that is left. Returns at most that many new items, or an empty sequence if there
are none now. The work ends when every item is finished and the feed returns no more."""


class Listed(Generic[ItemT, ResultT]):
    """An item of a fixed list, which is always wanted."""

    def __init__(self, item: ItemT) -> None:
        self.item = item
        self.result: ResultT | None = None

    def is_wanted(self) -> bool:
        """Return True: somebody always wants the result of a listed item."""
        return True

    def finish(self, result: ResultT) -> None:
        """Keep the result."""
        self.result = result


def feed_of(items: Iterable[Awaited[ItemT, ResultT]]) -> Feed[ItemT, ResultT]:
    """Make a feed of these items, in order."""
    left = list(items)[::-1]
    return lambda room: [left.pop() for _ in range(min(room, len(left)))]
