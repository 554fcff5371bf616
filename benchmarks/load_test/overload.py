"""Cases that send requests at a rate, below the service's capacity and above it."""

import asyncio
import itertools

from load_test.client import Client, translate
from load_test.load import Sent, recovery_seconds, requests_per_second, send_at_a_rate, send_one_by_one
from load_test.results import Result, failures, percentile
from load_test.server import serve

_OVERLOAD = 3
"""The load, divided by the capacity."""
_IDLE_SENTENCES = 300
"""Sentences that an idle service translates, for comparison."""


def half_load(lines: list[str], seconds: float) -> list[Result]:
    """Send single sentences at half of the service's capacity, and before that one after the other."""

    async def measure() -> tuple[list[Sent], list[Sent]]:
        capacity = await requests_per_second(server, lines, seconds / 4)
        source = itertools.cycle(lines)
        async with Client(server) as client:
            idle = await send_one_by_one(
                min(len(lines), _IDLE_SENTENCES), lambda: translate(client, next(source))
            )
            sending = await send_at_a_rate(capacity / 2, seconds, lambda: translate(client, next(source)))
            return idle, await asyncio.gather(*sending)

    with serve() as server:
        idle, sent = asyncio.run(measure())
    (p50, p99, failed), (idle_p50, idle_p99, idle_failed) = map(_latencies, (sent, idle))
    result = f"{p99 / p50:.1f} ({1000 * p99:.0f} ms / {1000 * p50:.0f} ms){failures(failed)}"
    alone = f"{idle_p99 / idle_p50:.1f} ({1000 * idle_p99:.0f} ms / {1000 * idle_p50:.0f} ms){failures(idle_failed)}"
    return [
        Result("p99 / p50 at half of the capacity", result, "≤ 4", p99 / p50 <= 4 and not failed),
        Result("p99 / p50 of an idle service", alone, "none", not idle_failed),
        Result("p50 at half of the capacity / idle", f"{p50 / idle_p50:.1f}", "≤ 2", p50 <= 2 * idle_p50),
    ]


def _latencies(sent: list[Sent]) -> tuple[float, float, int]:
    """Return the median and the 99th percentile of the seconds until an answer, and the number of failures."""
    seconds = [one.seconds for one in sent if one.answer.status == 200]
    return percentile(seconds, 0.5), percentile(seconds, 0.99), len(sent) - len(seconds)


def overload(lines: list[str], seconds: float) -> list[Result]:
    """Send single sentences at three times the service's capacity."""
    capacity, sent, recovery = _send_too_much(lines, seconds)
    served = [one for one in sent if one.answer.status == 200]
    goodput = sum(one.answered_at <= seconds for one in served) / seconds
    p99_served = percentile([one.seconds for one in served], 0.99)
    others = sum(one.answer.status not in (200, 429, 503) for one in sent)
    goodput_result = f"{goodput / capacity:.0%} of {capacity:.0f} requests/s"
    others_result = f"{others} of {len(sent):,}"
    return [
        *_rejections(sent),
        Result("goodput / capacity", goodput_result, "≥ 80 %", goodput >= 0.8 * capacity),
        Result("p99 of the served requests", f"{p99_served:.1f} s", "< 10 s", p99_served < 10),
        Result("status codes other than 200, 429 and 503", others_result, "0", others == 0),
        Result("time to recover", f"{recovery:.1f} s", "< 5 s", recovery < 5),
    ]


def _rejections(sent: list[Sent]) -> list[Result]:
    rejected = [one for one in sent if one.answer.status in (429, 503)]
    p99 = percentile([one.seconds for one in rejected], 0.99) if rejected else 0.0
    with_retry_after = sum(one.answer.has_retry_after for one in rejected)
    return [
        Result(
            f"rejected of {len(sent):,} requests; p99 of the rejected ones",
            f"{len(rejected):,}; {1000 * p99:.0f} ms" if rejected else "none",
            "> 0; < 50 ms",
            bool(rejected) and p99 < 0.05,
        ),
        Result(
            "rejected with Retry-After",
            f"{with_retry_after:,} of {len(rejected):,}",
            "all",
            bool(rejected) and with_retry_after == len(rejected),
        ),
    ]


def _send_too_much(lines: list[str], seconds: float) -> tuple[float, list[Sent], float]:
    """Return the capacity in requests a second, the requests sent, and the seconds that the service took to recover."""

    async def measure() -> tuple[float, list[Sent], float]:
        capacity = await requests_per_second(server, lines, seconds / 4)
        source = itertools.cycle(lines)
        async with Client(server) as client:
            sending = await send_at_a_rate(
                _OVERLOAD * capacity, seconds, lambda: translate(client, next(source))
            )
            recovery = await recovery_seconds(client)
            return capacity, await asyncio.gather(*sending), recovery

    with serve() as server:
        return asyncio.run(measure())
