"""Cases that send requests at a rate, below the service's capacity and above it."""

import asyncio
import itertools

from load_test.client import Client, translate
from load_test.load import Sent, recovery_seconds, requests_per_second, send_at_a_rate
from load_test.results import Result, failures, percentile
from load_test.server import serve


def half_load(lines: list[str], seconds: float) -> list[Result]:
    """Send single sentences at half of the service's capacity."""
    _, sent, _ = _send(lines, seconds, share_of_capacity=0.5)
    failed = sum(one.answer.status != 200 for one in sent)
    latencies = [one.seconds for one in sent if one.answer.status == 200]
    p50, p99 = percentile(latencies, 0.5), percentile(latencies, 0.99)
    result = f"{p99 / p50:.1f} ({1000 * p99:.0f} ms / {1000 * p50:.0f} ms){failures(failed)}"
    return [Result("p99 / p50 at half of the capacity", result, "≤ 4", p99 / p50 <= 4 and not failed)]


def overload(lines: list[str], seconds: float) -> list[Result]:
    """Send single sentences at three times the service's capacity."""
    capacity, sent, recovery = _send(lines, seconds, share_of_capacity=3)
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


def _send(lines: list[str], seconds: float, share_of_capacity: float) -> tuple[float, list[Sent], float]:
    """Return the capacity in requests a second, the requests sent, and the seconds that the service took to recover."""

    async def measure() -> tuple[float, list[Sent], float]:
        capacity = await requests_per_second(server, lines, seconds / 4)
        source = itertools.cycle(lines)
        async with Client(server) as client:
            sending = await send_at_a_rate(
                share_of_capacity * capacity, seconds, lambda: translate(client, next(source))
            )
            recovery = await recovery_seconds(client)
            return capacity, await asyncio.gather(*sending), recovery

    with serve() as server:
        return asyncio.run(measure())
