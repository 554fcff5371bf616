"""Giving memory back."""

import ctypes
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from translator.machine.memory import release_free_memory, release_large_blocks


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="only glibc can give memory back")
def test_free_memory_is_released() -> None:
    blocks = [np.ones(10_000) for _ in range(1_000)]  # 80 KB each, too small for pages of their own
    last = np.ones(10_000)  # keeps the heap from shrinking by itself
    before = _resident_kilobytes()
    del blocks
    release_free_memory()
    assert before - _resident_kilobytes() > 40_000
    assert last.sum() == 10_000


def test_other_c_libraries_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    release_free_memory()
    release_large_blocks()


_FREED_KILOBYTES = """
from pathlib import Path
import numpy as np
from translator.machine.memory import release_large_blocks

def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

{call}
first = np.ones(1 << 20)
del first  # 8 MB: now glibc keeps smaller blocks
blocks = [np.ones(1 << 17) for _ in range(50)]  # 1 MB each
last = np.ones(1 << 17)  # keeps the heap from shrinking by itself
before = resident()
del blocks
print(before - resident())
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="only glibc has this option")
@pytest.mark.parametrize(("call", "is_freed"), [("release_large_blocks()", True), ("", False)])
def test_large_blocks_are_given_back(call: str, is_freed: bool) -> None:
    program = [sys.executable, "-c", _FREED_KILOBYTES.format(call=call)]
    freed = int(subprocess.run(program, check=True, capture_output=True, text=True).stdout)
    assert (freed > 40_000) == is_freed


def _resident_kilobytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
