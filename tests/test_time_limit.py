from __future__ import annotations

import re
import signal

import pytest

from tests.time_limit import cpu_limit


def test_a_search_that_takes_exponential_time_is_interrupted() -> None:
    with pytest.raises(TimeoutError, match=r"more than 0\.05 s"), cpu_limit(0.05):
        re.search(r"(a|aa)+$", "a" * 60 + "b")


def test_what_ends_in_time_is_not_interrupted_later() -> None:
    before = signal.getsignal(signal.SIGPROF)
    with cpu_limit(60):
        pass
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
    assert signal.getsignal(signal.SIGPROF) is before
