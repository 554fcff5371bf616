"""The differences between a GPU and a CPU: only a GPU has streams, pinned memory and graphs.

Captured code must be safe to replay:

- no waiting for the GPU: no `.item()`, `.cpu()`, `nonzero`, and no branch on the contents of a tensor;
- no shapes that depend on the contents of a tensor;
- inputs and results at fixed addresses: static buffers, which are copied to and from outside;
- no Python values that may differ at the next replay: anything that changes is in a tensor;
- no allocation outside the pool that the lane's graphs share. They can share it because their results have their own
  buffers, and replays run one after another.

Tests check the operations of a step against these rules.
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
    """A sequence of computations: on a GPU, a stream and the memory pool of the graphs that replay on it."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.warm = threading.local()
        """Marked in threads that have computed here: libraries initialise per thread, but cannot during a capture."""
        self.has_graphs = device.type == "cuda"
        self._stream: torch.cuda.Stream | None = None
        if device.type == "cuda":
            self._stream = torch.cuda.Stream(device)
            # The weights may still be in transfer.
            self._stream.wait_stream(torch.cuda.current_stream(device))
            self._pool = torch.cuda.graph_pool_handle()

    def current(self) -> AbstractContextManager[object]:
        """A context in which this thread computes on the lane."""
        return torch.cuda.stream(self._stream) if self._stream else nullcontext()

    def host_buffer(self, size: int) -> Tensor:
        """A host buffer, (size,) int32, that the GPU can read and write asynchronously."""
        return torch.zeros(size, dtype=torch.int32, pin_memory=self._stream is not None)

    def send(self, numbers: Tensor, to: Tensor) -> None:
        """Copy from the host to the device; `numbers` must not change until a later result has arrived."""
        to.copy_(numbers, non_blocking=True)

    def fetch(self, numbers: Tensor, to: Tensor) -> Callable[[], None]:
        """Copy from the device to the host; call the returned function to wait for the result."""
        to.copy_(numbers, non_blocking=True)
        if self._stream is None:
            return _do_nothing
        event = torch.cuda.Event()
        event.record(self._stream)
        return event.synchronize

    def finish(self) -> None:
        """Wait until everything on the lane is done."""
        if self._stream:
            self._stream.synchronize()

    def capture(self, function: Callable[[], None]) -> Callable[[], None] | None:
        """Capture what `function` launches; returns a function that replays it, or None if there are no graphs.

        A capture computes nothing. If one fails, the lane logs a warning and captures no more.
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
                "cannot capture a step as a CUDA graph; running without, which is slower: %s", error
            )
            return None

    def record(self, function: Callable[[], None]) -> Callable[[], None]:
        """Like `capture`, without handling errors. Other threads may keep launching; their work is not captured."""
        graph = torch.cuda.CUDAGraph()
        with (
            _capture_locks.setdefault(self.device, threading.Lock()),
            torch.cuda.graph(graph, self._pool, self._stream, capture_error_mode="thread_local"),
        ):
            function()
        return graph.replay


class Graph:
    """A function of static tensors: the first call runs it as a warm-up; later calls capture and replay it."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._replay: Callable[[], None] | None = None
        self._is_warm = False

    def __call__(self, function: Callable[[], None]) -> None:
        """`function` must be the same each time. It is not stored, because it may refer to the owner of the graph."""
        if self._replay is None and self._is_warm and hasattr(self._lane.warm, "mark"):
            self._replay = self._lane.capture(function)
        if self._replay:
            self._replay()
            return
        function()
        self._is_warm = self._lane.warm.mark = True


def _do_nothing() -> None:
    pass
