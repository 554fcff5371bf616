"""What can be found out about the machine without loading PyTorch."""

import importlib.util
import math
import os
from pathlib import Path

CONTAINER = Path("/sys/fs/cgroup")
"""Where Linux lists the limits of the process's container."""
_GPU = Path("/dev/nvidiactl")


def usable_cores() -> int:
    """Return the number of cores that the process may use, by its CPU affinity and its container's quota.

    `OMP_NUM_THREADS` can lower it.
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
    """Whether a GPU and PyTorch seem to be present, so that loading PyTorch for a few seconds is worthwhile."""
    return _GPU.exists() and importlib.util.find_spec("torch") is not None
