"""The batches of each update, in training order, prepared while the model computes."""

import itertools
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from translator.data.batching import Batch, TokenBudgetBatches
from translator.training.processes import Processes

T = TypeVar("T")


@dataclass(frozen=True)
class Update:
    """The batches of this process for one update, and the position in the data where the next update starts."""

    batches: list[Batch]
    next_epoch: int
    next_batch: int

    @property
    def source_tokens(self) -> int:
        """The number of source tokens of this process, without padding."""
        return sum(batch.source_tokens for batch in self.batches)

    @property
    def target_tokens(self) -> int:
        """The number of target tokens of this process, without padding."""
        return sum(batch.target_tokens for batch in self.batches)


def updates(
    batches: TokenBudgetBatches, epoch: int, batch: int, accumulation_steps: int, processes: Processes
) -> Iterator[Update]:
    """Yield updates endlessly, starting at batch `batch` of epoch `epoch`.

    Each update takes the next `accumulation_steps` batches for every process, across the ends of epochs. So all
    processes together see each batch exactly once, and n processes that accumulate one batch each make the same updates
    as one process that accumulates n.
    """
    places = _places(batches, epoch, batch)
    while True:
        taken = list(itertools.islice(places, accumulation_steps * processes.count))
        own = [batches.batch(*place) for place in taken[processes.rank :: processes.count]]
        last_epoch, last_batch = taken[-1]
        is_last = last_batch + 1 == batches.batch_count(last_epoch)
        yield Update(own, *((last_epoch + 1, 0) if is_last else (last_epoch, last_batch + 1)))


def prefetch(items: Iterator[T], count: int) -> Generator[T]:
    """Yield the same endless items, while a thread computes up to `count` of them ahead of the caller."""
    if count == 0:
        yield from items
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches")
    try:
        ready = deque(pool.submit(next, items) for _ in range(count))
        while True:
            item = ready.popleft().result()
            ready.append(pool.submit(next, items))
            yield item
    finally:
        pool.shutdown(cancel_futures=True)


def _places(batches: TokenBudgetBatches, epoch: int, batch: int) -> Iterator[tuple[int, int]]:
    while True:
        for index in range(batch, batches.batch_count(epoch)):
            yield epoch, index
        epoch, batch = epoch + 1, 0
