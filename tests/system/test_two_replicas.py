"""Two services with one Redis: requests survive restarts and a kill, and limits hold over both."""

from __future__ import annotations

import pytest
from replicas.redis_server import PROGRAM
from two_replicas import CASES, Options, measure


@pytest.mark.hard
@pytest.mark.skipif(PROGRAM is None, reason="redis-server was not found; install Debian's redis-server")
def test_no_request_is_lost_and_limits_hold_over_both() -> None:
    results = list(measure(Options(seconds=1.0, clients=4, restarts=1, requests=40)))
    assert {name for name, _ in results} == set(CASES)
    missed = [(name, one.measurement, one.result, one.limit) for name, one in results if not one.is_met]
    assert missed == []
