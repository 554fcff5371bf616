"""Give memory back to the operating system."""

import ctypes


def release_free_memory() -> None:
    """Give back what is allocated but no longer used, where the C library can do that: glibc keeps it otherwise."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # only glibc has this function, and Windows cannot open None
        return
    trim(0)
