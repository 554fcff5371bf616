"""Ways to send requests: at a rate, or from clients that send the next request as soon as they have an answer."""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from load_test.client import Answer, Client, translate
from load_test.server import Server

SHORT = "The train to the coast leaves in ten minutes."


@dataclass(frozen=True)
class Sent:
    """A request that has been answered."""

    answer: Answer
    seconds: float
    """Time from the request to its answer."""
    answered_at: float
    """When the answer arrived, in seconds after the first request."""


async def send_one_by_one(number: int, ask: Callable[[], Awaitable[Answer]]) -> list[Sent]:
    """Send requests, each when the one before has been answered."""
    begun = asyncio.get_running_loop().time()
    return [await _timed(ask, begun) for _ in range(number)]


async def _timed(ask: Callable[[], Awaitable[Answer]], begun: float) -> Sent:
    """Send a request; `begun` is the time of the first one."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    answer = await ask()
    return Sent(answer, loop.time() - start, loop.time() - begun)


async def send_at_a_rate(
    per_second: float, seconds: float, ask: Callable[[], Awaitable[Answer]]
) -> list[asyncio.Task[Sent]]:
    """Send requests at random times (a Poisson process), whether or not earlier ones have been answered.

    Returns the tasks that wait for the answers, as soon as the last request has been sent.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    generator = random.Random(0)

    asking, due = [], begun
    while due < begun + seconds:
        await asyncio.sleep(max(0.0, due - loop.time()))
        asking.append(asyncio.create_task(_timed(ask, begun)))
        due += generator.expovariate(per_second)
    return asking


async def sentences_per_second(server: Server, lines: list[str], seconds: float) -> float:
    """Measure the throughput for eight clients that send requests of 64 texts without a pause."""
    done, begun = 0, time.monotonic() + 2  # the first two seconds fill the queue
    source = itertools.cycle(lines)
    async with Client(server) as client:

        async def keep_asking() -> None:
            nonlocal done
            while time.monotonic() < begun + seconds:
                is_right = await _is_translated(client, *itertools.islice(source, 64))
                done += 64 * (is_right and begun < time.monotonic() < begun + seconds)

        await asyncio.gather(*(keep_asking() for _ in range(8)))
    return done / seconds


async def requests_per_second(server: Server, lines: list[str], seconds: float) -> float:
    """Measure the throughput for 64 clients that send single sentences without a pause."""
    done, source, end = 0, itertools.cycle(lines), time.monotonic() + seconds
    async with Client(server) as client:

        async def keep_asking() -> None:
            nonlocal done
            while time.monotonic() < end:
                is_right = await _is_translated(client, next(source))
                done += is_right and time.monotonic() < end

        await asyncio.gather(*(keep_asking() for _ in range(64)))
    return done / seconds


async def recovery_seconds(client: Client) -> float:
    """Return the time until a short sentence is translated within a second."""
    begun = time.monotonic()
    while True:
        started = time.monotonic()
        answer = await translate(client, SHORT)
        if answer.status == 200 and time.monotonic() - started < 1:
            return time.monotonic() - begun
        await asyncio.sleep(0.05)


async def _is_translated(client: Client, *texts: str) -> bool:
    """Send a request and return whether it succeeded. Pauses after a failure, so that retries add no load."""
    is_right = (await translate(client, *texts)).status == 200
    if not is_right:
        await asyncio.sleep(0.1)
    return is_right
