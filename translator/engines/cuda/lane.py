"""The seam between a GPU and a processor: only the former has streams, pinned memory and graphs.

What a graph captures must be safe to be replayed:

- no waiting for the GPU: no `.item()`, `.cpu()`, `nonzero`, no branch on what a tensor holds;
- shapes that depend on no tensor;
- inputs and results at addresses that stay: static buffers, copied to and from outside;
- no Python value that may differ the next time: what changes is in a tensor;
- no collective allocation: memory comes from the pool that the lane's graphs share. They may share it since their
  results are in buffers of their own, and one replay follows the other.

Tests hold the operations of a step against these rules.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

logger = logging.getLogger(__name__)

_capture_locks: dict[torch.device, threading.Lock] = {}
"""PyTorch allows one capture at a time."""


class Lane:
    """What is computed in order: on a GPU a stream, and the memory of the graphs that are replayed on it."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.warm = threading.local()
        """Has a mark in threads that have computed here: libraries prepare for each, but not during a capture."""
        self.has_graphs = device.type == "cuda"
        self._stream: torch.cuda.Stream | None = None
        if device.type == "cuda":
            self._stream = torch.cuda.Stream(device)
            self._stream.wait_stream(
                torch.cuda.current_stream(device)
            )  # the weights may still be on their way
            self._pool = torch.cuda.graph_pool_handle()

    def current(self) -> AbstractContextManager[object]:
        """Within it, this thread computes on the lane."""
        return torch.cuda.stream(self._stream) if self._stream else nullcontext()

    def host_buffer(self, size: int) -> Tensor:
        """(size,) int32, where the GPU reads and writes while the host does something else."""
        return torch.zeros(size, dtype=torch.int32, pin_memory=self._stream is not None)

    def send(self, numbers: Tensor, to: Tensor) -> None:
        """Copy from the host to the device; `numbers` must stay as they are until a later result is here."""
        to.copy_(numbers, non_blocking=True)

    def fetch(self, numbers: Tensor, to: Tensor) -> Callable[[], None]:
        """Copy from the device to the host; the result is there when the returned function has returned."""
        to.copy_(numbers, non_blocking=True)
        if self._stream is None:
            return _do_nothing
        event = torch.cuda.Event()
        event.record(self._stream)
        return event.synchronize

    def finish(self) -> None:
        """Wait for everything."""
        if self._stream:
            self._stream.synchronize()

    def capture(self, function: Callable[[], None]) -> Callable[[], None] | None:
        """A function that replays what this one launches, or None where there are no graphs.

        Nothing is computed meanwhile. A capture that fails is the lane's last one, and says so in the log.
        """
        if not self.has_graphs:
            return None
        try:
            return self.record(function)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            self.has_graphs = False
            logger.warning(
                "a step cannot be a CUDA graph, and is computed without, which is slower: %s", error
            )
            return None

    def record(self, function: Callable[[], None]) -> Callable[[], None]:
        """As `capture`; other threads may go on: what they launch on their lanes is not captured."""
        graph = torch.cuda.CUDAGraph()
        with (
            _capture_locks.setdefault(self.device, threading.Lock()),
            torch.cuda.graph(graph, self._pool, self._stream, capture_error_mode="thread_local"),
        ):
            function()
        return graph.replay


class Graph:
    """A function of static tensors: computed directly at first, as a warm-up, and then captured and replayed."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._replay: Callable[[], None] | None = None
        self._is_warm = False

    def __call__(self, function: Callable[[], None]) -> None:
        """`function` is the same every time; it is not kept, since it may hold what holds the graph."""
        if self._replay is None and self._is_warm and hasattr(self._lane.warm, "mark"):
            self._replay = self._lane.capture(function)
        if self._replay:
            self._replay()
            return
        function()
        self._is_warm = self._lane.warm.mark = True


def _do_nothing() -> None:
    pass
