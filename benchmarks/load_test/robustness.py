"""Cases that look for swapped answers and for memory leaks."""

import asyncio
import itertools
import json
import random
import statistics
import time

from load_test.client import Answer, Client, translate
from load_test.results import Result, failures
from load_test.server import serve


def isolation(seconds: float) -> list[Result]:
    """Let 64 clients translate texts of their own, and check that each gets the right answers."""
    wrong = rejected = done = 0

    async def one(client: Client, number: int) -> None:
        nonlocal wrong, rejected, done
        for turn in itertools.count():
            if time.monotonic() > end:
                return
            texts = [f"marker {number} {turn} {place}" for place in range(1 + turn % 3)]
            answer = await translate(client, *texts)
            is_right = answer.status == 200 and [
                translation["text"] for translation in json.loads(answer.text)["translations"]
            ] == [f"DE:{text}" for text in texts]
            is_rejected = answer.status in (429, 503)
            done += 1
            rejected += is_rejected
            wrong += not is_right and not is_rejected

    async def all_clients() -> None:
        async with Client(server) as client:
            await asyncio.gather(*(one(client, number) for number in range(64)))

    with serve(echo=True) as server:
        end = time.monotonic() + seconds
        asyncio.run(all_clients())
    result = f"{wrong} of {done:,}; {rejected}"
    is_met = wrong == 0 and rejected < 0.01 * done
    return [Result("lost or swapped answers of 64 clients; rejected requests", result, "0; < 1 %", is_met)]


class Mixture:
    """Sends requests of all kinds, eight at a time."""

    def __init__(self, client: Client) -> None:
        self._client, self._choose = client, random.Random(1)
        self.wrong = 0
        """Groups of eight with an unexpected answer."""

    def _texts(self) -> list[str]:
        sizes = (1, 1, 1, 3, 20, 64)
        return [f"{place}{'x' * self._choose.randint(1, 300)}" for place in range(self._choose.choice(sizes))]

    async def send(self) -> None:
        """Send eight requests: plain, cached, aligned, streamed, scored, invalid JSON, and one that disconnects."""
        client, texts = self._client, self._texts()
        stream, scores = {"text": self._texts()}, {"source": texts, "target": texts}
        leaving = asyncio.create_task(translate(client, *self._texts()))
        answers = await asyncio.gather(
            translate(client, *self._texts(), beam_size=self._choose.randint(1, 4)),
            translate(client, *texts),
            translate(client, "one", "two", "three"),
            translate(client, *texts, alignment=True),
            client.ask("POST", "/translate/stream", json.dumps(stream).encode()),
            client.ask("POST", "/score", json.dumps(scores).encode()),
            client.ask("POST", "/translate", b"{"),
            _cancel_after(self._choose.uniform(0, 0.01), leaving),
        )
        statuses = [answer.status for answer in answers if answer is not None]
        self.wrong += statuses[:7] != [200] * 6 + [400]
        streamed = answers[4]
        self.wrong += streamed is None or "event: done" not in streamed.text


async def _cancel_after(seconds: float, asking: asyncio.Task[Answer]) -> None:
    await asyncio.sleep(seconds)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


def memory_growth(requests: int, leak_bytes: int) -> tuple[float, int]:
    """Send mixed requests and fit a straight line to the memory during the second half.

    Returns the growth along that line in megabytes, and the number of groups of requests with an unexpected answer.
    """
    memories: list[int] = []

    async def measure() -> int:
        async with Client(server) as client:
            mixture = Mixture(client)
            for number in range(requests // 8):
                await mixture.send()
                if number % 10 == 0:
                    memories.append(server.memory())
            return mixture.wrong

    with serve("--cache-sentences", "1000", echo=True, leak_bytes=leak_bytes) as server:
        wrong = asyncio.run(measure())
    half = memories[len(memories) // 2 :]
    slope = statistics.linear_regression(range(len(half)), half).slope
    return slope * len(half) / 1e6, wrong


def memory(requests: int) -> list[Result]:
    """Check that the memory does not grow, and that a deliberate leak would be found."""
    (plain, wrong), (leaking, _) = memory_growth(requests, 0), memory_growth(requests, 4_000)
    what = f"growth over the second half of {requests:,} requests"
    plain_result = f"{plain:.1f} MB{failures(wrong)}"
    return [
        Result(what, plain_result, "< 50 MB", plain < 50 and not wrong),
        Result(f"{what}, with a deliberate leak", f"{leaking:.1f} MB", "≥ 50 MB", leaking >= 50),
    ]
