"""Giving memory back."""

import ctypes
from pathlib import Path

import numpy as np
import pytest

from translator.machine.memory import release_free_memory


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


def _resident_kilobytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
