"""Process many items in several processes, in order, with only a few of them in memory."""

import multiprocessing
import os
import queue
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from translator.errors import TranslatorError
from translator.machine.processor import usable_cores

Item = TypeVar("Item")
Result = TypeVar("Result")
Worker = Callable[[Item], Result]

_ITEMS_AHEAD = 2
"""Items per process to read before the first result is returned."""


def work_in_order(
    make_worker: Callable[[], Worker[Item, Result]], items: Iterable[Item], processes: int
) -> Generator[Result]:
    """Yield worker(item) for each item, in order; each process makes its own worker and uses its share of the cores.

    With more than one process, `make_worker`, items and results are pickled; with one, everything runs in this process.
    If the caller stops early or is killed, the other processes are killed. Raises what a worker raises, and
    TranslatorError if a process is killed.
    """
    if processes == 1:
        yield from map(make_worker(), items)
        return
    helpers = [_Helper(make_worker, max(1, usable_cores() // processes)) for _ in range(processes)]
    idle: queue.SimpleQueue[_Helper] = queue.SimpleQueue()
    for helper in helpers:
        idle.put(helper)

    def ask_idle_helper(item: Item) -> Any:
        helper = idle.get()
        try:
            return helper.ask(item)
        finally:
            idle.put(helper)

    with ThreadPoolExecutor(processes) as threads:  # each waits for one process
        try:
            yield from _bounded(threads, ask_idle_helper, iter(items), _ITEMS_AHEAD * processes)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            for helper in helpers:
                helper.end()


def _bounded(
    threads: ThreadPoolExecutor, ask: Callable[[Any], Any], items: Iterator[Any], most: int
) -> Iterator[Any]:
    """Yield results in order, at most `most` pending; raises an error of `items` after the results before it."""
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
        pending.append(threads.submit(ask, item))
        if len(pending) == most:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
    if failure:
        raise failure


class _Helper:
    """Another process, and the pipe to it.

    Replaces ProcessPoolExecutor, which hangs before Python 3.11.5 if it is shut down while an item that is larger than
    the pipe's buffer is in transit.
    """

    def __init__(self, make_worker: Callable[[], Worker[Any, Any]], threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_help, args=(theirs, make_worker, threads), daemon=True)
        # Ctrl-C interrupts all processes of a terminal; helpers inherit "ignore", so that only this process reacts.
        with _interrupts_ignored():
            self._process.start()
        theirs.close()

    def ask(self, item: Any) -> Any:
        """Return the worker's result; raises what the worker raises."""
        try:
            self._pipe.send(item)
            result, error = self._pipe.recv()
        except (EOFError, OSError) as broken:
            raise TranslatorError(
                "one of the worker processes was killed, perhaps because memory ran out; use fewer --processes"
            ) from broken
        if error is not None:
            raise error
        return result

    def end(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.join()


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only the main thread is interrupted
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _help(pipe: Connection, make_worker: Callable[[], Worker[Any, Any]], threads: int) -> None:
    """Run in the helper process: answer items until the pipe is closed."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = str(
        threads
    )  # read by `usable_cores`, and by PyTorch, which is not loaded yet
    worker = None
    while True:
        item = pipe.recv()
        answer: tuple[Any, Exception | None]
        try:
            worker = worker or make_worker()
            answer = worker(item), None
        except Exception as error:
            answer = None, error
        pipe.send(answer)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent
    wait([parent.sentinel])
    os._exit(1)
