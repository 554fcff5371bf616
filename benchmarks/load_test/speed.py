"""Cases that measure how fast the service is: throughput, latency, liveness."""

import asyncio
import statistics
import time

from load_test.client import Client, translate
from load_test.load import SHORT, requests_per_second, sentences_per_second
from load_test.results import Result, failures, percentile
from load_test.server import serve
from translator.translate import Translator


def throughput(translator: Translator, lines: list[str], rounds: int, seconds: float) -> list[Result]:
    """Compare the throughput of the service with that of the engine alone, in turns."""
    alone, large, single = [], [], []
    with serve("--max-wait-seconds", "60") as server:  # no request of the eight clients need be rejected
        for _ in range(rounds + 1):
            started = time.perf_counter()
            translator.translate(lines)
            alone.append(len(lines) / (time.perf_counter() - started))
            large.append(asyncio.run(sentences_per_second(server, lines, seconds / 3)))
            single.append(asyncio.run(requests_per_second(server, lines, seconds / 3)))
    return [
        _share("8 clients with 64 sentences in a request / engine alone", large[1:], alone[1:], least=0.95),
        _share("64 clients with single sentences / engine alone", single[1:], alone[1:], least=0.9),
    ]


def _share(measurement: str, served: list[float], alone: list[float], least: float) -> Result:
    """Compare the sentences per second of each round."""
    ratio = statistics.median(service / engine for engine, service in zip(alone, served, strict=True))
    speeds = f"{statistics.median(served):.0f} of {statistics.median(alone):.0f} sentences/s"
    return Result(measurement, f"{ratio:.0%} ({speeds})", f"≥ {least:.0%}".replace("%", " %"), ratio >= least)


def latency(translator: Translator, rounds: int) -> list[Result]:
    """Compare the latency of one short sentence through the service and in the engine alone, in turns."""

    async def measure() -> tuple[list[float], list[float], int]:
        alone, served, failed = [], [], 0
        async with Client(server) as client:
            for _ in range(100 * rounds):
                started = time.perf_counter()
                translator.translate([SHORT])
                between = time.perf_counter()
                failed += (await translate(client, SHORT)).status != 200
                alone.append(between - started)
                served.append(time.perf_counter() - between)
        return alone, served, failed

    with serve() as server:
        alone, served, failed = asyncio.run(measure())
    engine_ms = 1000 * statistics.median(alone[10:])
    added_ms = 1000 * statistics.median(served[10:]) - engine_ms
    result = f"{added_ms:.1f} ms (engine alone: {engine_ms:.1f} ms){failures(failed)}"
    is_met = added_ms <= 3 and not failed
    return [Result("median time that the service adds to one short sentence", result, "≤ 3 ms", is_met)]


def liveness(lines: list[str], seconds: float) -> list[Result]:
    """Measure `/healthz` while 64 clients keep the service busy."""

    async def measure() -> list[float]:
        async with Client(server) as client:
            busy = asyncio.create_task(requests_per_second(server, lines, seconds / 4))
            latencies = []
            while not busy.done():
                started = time.perf_counter()
                assert (await client.ask("GET", "/healthz")).status == 200
                latencies.append(time.perf_counter() - started)
                await asyncio.sleep(0.02)
        return latencies

    with serve() as server:
        p99 = percentile(asyncio.run(measure()), 0.99)
    return [Result("p99 of /healthz at full load", f"{1000 * p99:.0f} ms", "< 100 ms", p99 < 0.1)]
