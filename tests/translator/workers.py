"""Workers for other processes. They import no PyTorch and no pytest, which would take a second in each process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from translator.errors import DataError


def make_doubling() -> Callable[[int], tuple[int, int]]:
    """Double a number; return it with the id of the process."""
    return lambda number: (2 * number, os.getpid())


def make_counting_threads() -> Callable[[int], int]:
    import torch

    return lambda _number: torch.get_num_threads()


def refuse() -> Callable[[int], int]:
    raise DataError("the model is missing")


def make_dying() -> Callable[[int], int]:
    """Return a number, but kill the process at the number 2."""

    def wait_or_die(number: int) -> int:
        if number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    return wait_or_die


def make_sleeping(pid_file: str) -> Callable[[int], int]:
    """Write the id of the process into the file, and sleep for an hour."""
    return partial(_sleep, pid_file)


def _sleep(pid_file: str, number: int) -> int:
    with Path(pid_file).open("a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(3600)
    return number


def make_failing() -> Callable[[str], int]:
    def fail(text: str) -> int:
        raise DataError(f"{len(text)} characters")

    return fail


def make_patient() -> Callable[[str], int]:
    """Return the length of a text after 0.2 s, so that the next texts wait in the pipes."""

    def wait(text: str) -> int:
        time.sleep(0.2)
        return len(text)

    return wait
