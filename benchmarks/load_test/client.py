"""A minimal HTTP client."""

import asyncio
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from load_test.server import Server


@dataclass(frozen=True)
class Answer:
    """The answer to a request."""

    status: int
    text: str
    has_retry_after: bool


class Client:
    """A minimal HTTP client with a pool of connections. It must be fast, as it shares the service's cores."""

    def __init__(self, server: Server) -> None:
        self._host, _, port = server.address.removeprefix("http://").partition(":")
        self._port = int(port)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.exchanged_bytes = 0
        """Size of all requests and answers, headers included."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for _reader, writer in self._idle:
            writer.close()
            with suppress(ConnectionError):  # the service may have closed it first
                await writer.wait_closed()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._host, self._port)

    async def ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        """Send a request and return its answer. If the task is cancelled, the connection is closed."""
        reader, writer = self._idle.pop() if self._idle else await self._connect()
        if reader.at_eof():  # the service closes connections that are idle for some seconds
            reader, writer = await self._connect()
        is_done = False
        try:
            head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
            writer.write(request)
            headers = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            content = await _read_body(reader, headers)
            self.exchanged_bytes += len(request) + len(headers) + len(content)
            is_done = "connection: close" not in headers
            return Answer(int(headers.split(" ", 2)[1]), content.decode(), "\nretry-after:" in headers)
        finally:
            if is_done:
                self._idle.append((reader, writer))
            else:
                writer.close()


async def _read_body(reader: asyncio.StreamReader, headers: str) -> bytes:
    if "transfer-encoding: chunked" not in headers:
        length = re.search(r"content-length: (\d+)", headers)
        return await reader.readexactly(int(length[1]) if length else 0)
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return body


async def translate(client: Client, *texts: str, **options: object) -> Answer:
    """Send `POST /translate` with these texts."""
    return await client.ask("POST", "/translate", json.dumps({"text": texts, **options}).encode())
