"""The machine that the process runs on, as far as the system tells without PyTorch."""

import importlib.util
import math
import os
from pathlib import Path

CONTAINER = Path("/sys/fs/cgroup")
"""Where Linux shows the limits of the container that the process runs in."""
_GPU = Path("/dev/nvidiactl")


def usable_cores() -> int:
    """The cores that the process may use: those it is bound to, within the quota of its container.

    `OMP_NUM_THREADS` makes it fewer.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdecimal() and int(wanted):
        cores = min(cores, int(wanted))
    try:
        quota, period = map(int, (CONTAINER / "cpu.max").read_text().split())
    except (OSError, ValueError):  # no container, or "max": no limit
        return cores
    return max(1, min(cores, math.ceil(quota / period)))


def has_gpu() -> bool:
    """Whether there may be a GPU that PyTorch, which is installed, can use: worth the seconds of asking it."""
    return _GPU.exists() and importlib.util.find_spec("torch") is not None
