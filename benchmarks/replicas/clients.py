"""Clients that send sentences through the proxy."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import httpx2

_TIMEOUT_SECONDS = 600
_NUMBERS = count(1)


def _text() -> str:
    """A sentence of 60 characters that was not sent before."""
    return f"Where is the nearest railway station of village {next(_NUMBERS):06d}, sir?"[:60]


CHARACTERS = len(_text())
"""Characters of each request."""


async def _ask(client: httpx2.AsyncClient, key: str) -> int:
    """Send a request; return the status of its answer, 0 if there is none or it lacks the translation."""
    try:
        answer = await client.post("/translate", json={"text": _text()}, headers={"X-API-Key": key})
    except httpx2.TransportError:
        return 0
    if answer.status_code == httpx2.codes.OK and not answer.json()["translations"][0]["text"]:
        return 0
    return answer.status_code


def _client(address: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=address, trust_env=False, timeout=_TIMEOUT_SECONDS)


def ask(address: str, key: str, requests: int, at_once: int) -> Counter[int]:
    """Send this many requests, some of them at once; count the statuses of their answers."""

    async def run() -> list[int]:
        free = asyncio.Semaphore(at_once)

        async def one(client: httpx2.AsyncClient) -> int:
            async with free:
                return await _ask(client, key)

        async with _client(address) as client:
            return await asyncio.gather(*(one(client) for _ in range(requests)))

    return Counter(asyncio.run(run()))


@contextmanager
def load(address: str, key: str, clients: int) -> Iterator[Counter[int]]:
    """Send requests without a pause while the block runs; its end waits for their answers. Counts statuses."""
    statuses: Counter[int] = Counter()
    is_over = threading.Event()

    async def client_loop(client: httpx2.AsyncClient) -> None:
        while not is_over.is_set():
            statuses[await _ask(client, key)] += 1

    async def run() -> None:
        async with _client(address) as client:
            await asyncio.gather(*(client_loop(client) for _ in range(clients)))

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        yield statuses
    finally:
        is_over.set()
        thread.join()
