"""Work through many items in several processes, in order, with few of them in memory."""

import functools
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import Any, TypeVar

import torch

from translator.errors import TranslatorError

Item = TypeVar("Item")
Result = TypeVar("Result")
Worker = Callable[[Item], Result]

_ITEMS_AHEAD = 2
"""Items for each process that are handed out before the first of their results is wanted."""


def work_in_order(
    make_worker: Callable[[], Worker[Item, Result]], items: Iterable[Item], processes: int
) -> Generator[Result]:
    """Yield worker(item) for each item, in order; every process makes its own worker, on its share of the cores.

    `make_worker`, items and results are pickled, unless one process, this one, does everything. When the caller
    stops early or is killed, so are the others. Raises TranslatorError when one of them is killed.
    """
    if processes == 1:
        yield from map(make_worker(), items)
        return
    threads = max(1, torch.get_num_threads() // processes)
    with ProcessPoolExecutor(
        processes, multiprocessing.get_context("spawn"), _begin, (make_worker, threads)
    ) as pool:
        try:
            yield from _bounded(pool, iter(items), _ITEMS_AHEAD * processes)
        except BrokenProcessPool as error:
            raise TranslatorError(
                f"one of {processes} processes was killed, perhaps for want of memory; try fewer"
            ) from error
        except BaseException:
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _bounded(pool: ProcessPoolExecutor, items: Iterator[Any], most: int) -> Iterator[Any]:
    """Results in order; where the items end in an error, it comes after the results of those before."""
    pending: deque[Future[Any]] = deque()
    failure = None
    while True:
        try:
            item = next(items)
        except StopIteration:
            break
        except TranslatorError as error:
            failure = error
            break
        pending.append(pool.submit(_work, item))
        if len(pending) == most:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
    if failure:
        raise failure


_make: Callable[[], Worker[Any, Any]]


@functools.cache
def _worker() -> Worker[Any, Any]:
    """That of this process, made with its first item: what goes wrong then is told like any other error."""
    return _make()


def _begin(make_worker: Callable[[], Worker[Any, Any]], threads: int) -> None:
    global _make  # noqa: PLW0603 (a process of the pool has no other place for what it keeps)
    _make = make_worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to all; the first process decides
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    torch.set_num_threads(threads)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent
    wait([parent.sentinel])
    os._exit(1)


def _work(item: Any) -> Any:
    return _worker()(item)
