"""Reliability cases of a service on the public internet; each adds a row to the table printed at the end.

`make test-hard` runs them at a reduced size in a minute or two, `make test-hard FULL=1` at full size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.hard.process import ServiceProcess, running_service

# The echo and the ways to serve it: fixtures, used by name.
from tests.service.conftest import client, echo, make_app, make_client, serve  # noqa: F401


@dataclass(frozen=True)
class Row:
    """The measurement of one case."""

    case: int
    what: str
    figure: str
    limit: str
    passed: bool


ROWS: pytest.StashKey[list[Row]] = pytest.StashKey()


@pytest.fixture
def record_case(pytestconfig: pytest.Config) -> Callable[..., None]:
    """Add a row to the table, and fail if it missed its limit."""

    def record(case: int, what: str, figure: str, limit: str, passed: bool, details: str = "") -> None:
        pytestconfig.stash.setdefault(ROWS, []).append(Row(case, what, figure, limit, passed))
        assert passed, f"{what}: {figure}, but the limit is {limit}\n{details}"

    return record


@pytest.fixture(scope="session")
def slow_seconds(is_full_size: bool) -> int:
    """How long the service waits for headers, bodies and further requests."""
    return 10 if is_full_size else 2


@pytest.fixture(scope="session")
def service(slow_seconds: int) -> Iterator[ServiceProcess]:
    """One process for all cases that can share it."""
    seconds = str(slow_seconds)
    flags = ["--header-seconds", seconds, "--body-seconds", seconds, "--keep-alive-seconds", seconds]
    with running_service(*flags, "--deadline-seconds", "900") as process:
        yield process


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    rows = config.stash.get(ROWS, [])
    if not rows:
        return
    size = "full size" if config.getoption("--full-size") else "reduced size"
    terminalreporter.section(f"reliability cases, {size}")
    for row in sorted(rows, key=lambda row: (row.case, row.what)):
        passed = "yes" if row.passed else "NO"
        terminalreporter.line(f"{row.case} | {row.what} | {row.figure} | {row.limit} | {passed}")
