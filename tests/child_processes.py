"""Wait for processes that a test has started."""

import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_SECONDS = 180  # only a failing test waits this long


def is_alive(process: int | str) -> bool:
    """Whether the process with this id runs; a zombie does not."""
    try:
        with Path(f"/proc/{process}/stat").open() as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; fails after PATIENCE_SECONDS."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
