"""Give memory back to the operating system."""

import ctypes


def release_free_memory() -> None:
    """Give back what is allocated but no longer used, where the C library can do that: glibc keeps it otherwise."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # musl, macOS; Windows has no such handle
        return
    trim(0)
