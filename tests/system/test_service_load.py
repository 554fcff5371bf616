"""The load test's client and its arithmetic, against a server that sends prepared answers."""

import asyncio
import types
from typing import Any, get_args

import pytest

service_load = pytest.importorskip("service_load")
client_module = pytest.importorskip("load_test.client")
load = pytest.importorskip("load_test.load")
results = pytest.importorskip("load_test.results")

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nGut!"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nGut\r\n1\r\n!\r\n0\r\n\r\n"
BUSY = b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def answers_to(requests: int, *prepared: bytes) -> tuple[list[Any], list[int]]:
    """Send requests one after the other; return the answers and the number of each one's connection."""
    connections: list[int] = []
    serving: list[asyncio.Task[Any] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        number = len(serving)
        while not reader.at_eof():
            try:
                await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            connections.append(number)
            writer.write(prepared[len(connections) - 1])
        writer.close()
        await writer.wait_closed()

    async def run() -> list[Any]:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            async with client_module.Client(types.SimpleNamespace(address=f"http://{host}:{port}")) as client:
                answers = [await client.ask("GET", "/") for _ in range(requests)]
            await asyncio.gather(*filter(None, serving))
            return answers

    return asyncio.run(run()), connections


def test_the_client_reads_plain_and_chunked_bodies_on_one_connection():
    answers, connections = answers_to(2, PLAIN, CHUNKED)
    assert answers == [client_module.Answer(200, "Gut!", has_retry_after=False)] * 2
    assert connections == [1, 1]


def test_the_client_opens_a_new_connection_after_connection_close():
    answers, connections = answers_to(2, BUSY, PLAIN)
    assert answers[0] == client_module.Answer(503, "", has_retry_after=True)
    assert connections == [1, 2]


def test_requests_at_a_rate_do_not_wait_for_answers():
    async def run() -> int:
        never = asyncio.Event()
        tasks = await load.send_at_a_rate(1000, 0.05, never.wait)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return len(tasks)

    assert 25 <= asyncio.run(run()) <= 80  # 50 expected; Poisson, standard deviation 7


def test_percentiles():
    values = [float(one) for one in range(100, 0, -1)]
    assert [results.percentile(values, share) for share in (0, 0.5, 0.99, 1)] == [1, 51, 100, 100]


def test_every_case_has_a_runner():
    runners = service_load.runners(types.SimpleNamespace(seconds=1, rounds=1, requests=8), [])
    assert list(runners) == list(get_args(service_load.Case))
