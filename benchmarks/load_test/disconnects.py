"""A case that checks that work stops when its clients disconnect."""

import asyncio
import re
import time
from concurrent.futures import ThreadPoolExecutor

from load_test.client import Client, translate
from load_test.load import SHORT
from load_test.results import Result
from load_test.server import Server, serve
from service.engine import TranslationEngine
from translator.search import SearchOptions
from translator.search.feed import feed_of
from translator.translate import SourceSentence, Translator

_CLIENTS = 200


def disconnects(translator: Translator, lines: list[str]) -> list[Result]:
    """Disconnect 200 clients while their sentences are decoded, then let 200 others ask."""
    text = " ".join(lines[:20])
    patient = ("--max-queued-tokens", "10000000", "--max-wait-seconds", "3600", "--deadline-seconds", "3600")
    with serve(*patient) as server:
        idle_after, answered = asyncio.run(_disconnect(server, text))
    step = step_seconds(translator, text)
    return [
        Result(
            f"time until the service is idle after {_CLIENTS} clients disconnect",
            f"{1000 * idle_after:.0f} ms",
            f"a step of {1000 * step:.0f} ms + 100 ms",
            idle_after < step + 0.1,
        ),
        Result(f"of the next {_CLIENTS} clients, answered", str(answered), "all", answered == _CLIENTS),
    ]


async def _disconnect(server: Server, text: str) -> tuple[float, int]:
    """Return the time until the service is idle, and how many of the next clients are answered."""
    async with Client(server) as probe:
        # Warm up: a new process is slow with its first large batches, for which it has to allocate memory.
        await asyncio.gather(*(translate(probe, text) for _ in range(_CLIENTS // 4)))
        async with Client(server) as client:
            asking = [asyncio.create_task(translate(client, text)) for _ in range(_CLIENTS)]
            while not await _metric(probe, "translator_in_flight_sentences"):
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            for one in asking:
                one.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        disconnected = time.monotonic()
        while await _is_busy(probe):
            await asyncio.sleep(0.005)
        idle_after = time.monotonic() - disconnected
        answers = await asyncio.gather(*(translate(probe, SHORT) for _ in range(_CLIENTS)))
    return idle_after, sum(answer.status == 200 for answer in answers)


async def _is_busy(client: Client) -> bool:
    in_flight = await _metric(client, "translator_in_flight_sentences")
    return bool(in_flight or await _metric(client, "translator_queue_tokens"))


async def _metric(client: Client, name: str) -> float:
    text = (await client.ask("GET", "/metrics")).text
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found
    return float(found[1])


class Watched:
    """A sentence that measures how often its search asks whether a client still waits for it."""

    def __init__(self, item: SourceSentence) -> None:
        self.item = item
        self.longest = 0.0
        """Longest time between two questions, in seconds."""
        self._asked = time.monotonic()

    def is_wanted(self) -> bool:
        """Note the time of the question. Always returns True."""
        now = time.monotonic()
        self.longest = max(self.longest, now - self._asked)
        self._asked = now
        return True

    def finish(self, result: object) -> None:
        """Ignore the translation."""


def step_seconds(translator: Translator, text: str) -> float:
    """Return the longest decoding step for batches of the service's size, on as many threads as it uses."""
    options = SearchOptions()

    def decode(sentences: list[SourceSentence]) -> float:
        watched = list(map(Watched, sentences))
        translator.translate_feed(feed_of(watched), options)
        return max(one.longest for one in watched)

    sentences = sorted(translator.sentences(text) * _CLIENTS, key=lambda one: len(one.tokens))
    rows = TranslationEngine(translator).batch_tokens // (options.beam_size * len(sentences[-1].tokens))
    with ThreadPoolExecutor(translator.threads) as threads:
        batches = [sentences[-rows:]] * translator.threads
        list(threads.map(decode, batches))  # warm up, as the measured service is warm too
        return max(threads.map(decode, batches))
