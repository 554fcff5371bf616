"""Give memory back to the operating system."""

import ctypes
from collections.abc import Callable

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # their numbers in glibc's malloc.h
_TRIM_BYTES, _MMAP_BYTES = 1 << 20, 1 << 18


def release_free_memory() -> None:
    """Give back what is allocated but no longer used, where the C library can do that: glibc keeps it otherwise."""
    if trim := _function("malloc_trim"):
        trim(0)


def release_large_blocks() -> None:
    """From now on, give back each block of 256 KB or more as soon as it is freed, where the C library can do that.

    By default, glibc raises this limit to 32 MB as a process frees large blocks, and then keeps them. A long-running
    service would stay as large as its largest batch.
    """
    if set_option := _function("mallopt"):
        set_option(_M_TRIM_THRESHOLD, _TRIM_BYTES)
        set_option(_M_MMAP_THRESHOLD, _MMAP_BYTES)


def _function(name: str) -> Callable[..., int] | None:
    try:
        function: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (
        AttributeError,
        OSError,
        TypeError,
    ):  # only glibc has these functions, and Windows cannot open None
        return None
    return function
