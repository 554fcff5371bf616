"""A small HTTP proxy that sends requests to the replicas that are ready, as a Kubernetes Service and its gateway do."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from replicas.ports import free_port
from replicas.replica import Replica

_PROBE_SECONDS = 0.2
_TIMEOUT_SECONDS = 300  # on a busy machine; the service answers with a 504 long before
_HEADERS = ("content-type", "x-api-key")


@dataclass(eq=False)
class Backend:
    """A replica as the proxy sees it."""

    replica: Replica
    is_ready: bool = True
    in_flight: int = 0
    sent: int = 0
    """Requests that it was sent."""
    lost: int = 0
    """Requests to which it gave no answer."""


@dataclass
class Proxy:
    """Sends each request to the ready replica with the fewest requests; if it gets no answer, once to another one."""

    backends: tuple[Backend, ...]
    address: str
    _loop: asyncio.AbstractEventLoop = field(init=False)
    _client: httpx2.AsyncClient = field(init=False)

    @property
    def retried(self) -> int:
        """Requests that were sent to a second replica."""
        return sum(backend.lost for backend in self.backends)

    @property
    def sent(self) -> list[int]:
        """Requests that each replica was sent."""
        return [backend.sent for backend in self.backends]

    def kill_when_busy(self, backend: Backend, least: int) -> tuple[int, int]:
        """Kill a replica once it has `least` requests in flight.

        Return how many it had then, and how many it was sent afterwards, before the proxy noticed.
        """

        async def kill() -> tuple[int, int]:
            while backend.in_flight < least:
                await asyncio.sleep(0)
            # Nothing is sent between these lines: this is the thread of the proxy.
            in_flight, sent = backend.in_flight, backend.sent
            backend.replica.kill()
            while backend.is_ready or backend.in_flight:
                await asyncio.sleep(0.01)
            return in_flight, backend.sent - sent

        return asyncio.run_coroutine_threadsafe(kill(), self._loop).result(_TIMEOUT_SECONDS)

    async def forward(self, request: Request) -> Response:
        """Forward a request."""
        body = await request.body()
        headers = {name: request.headers[name] for name in _HEADERS if name in request.headers}
        tried: list[Backend] = []
        while len(tried) < len(self.backends):
            backend = self._choose(tried)
            tried.append(backend)
            backend.in_flight += 1
            backend.sent += 1
            try:
                answer = await self._client.request(
                    request.method,
                    f"{backend.replica.address}{request.url.path}",
                    content=body,
                    headers=headers,
                )
            except httpx2.TransportError:
                backend.is_ready = False
                backend.lost += 1
                continue
            finally:
                backend.in_flight -= 1
            return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))
        return Response("no replica answers", 502)

    def _choose(self, tried: Sequence[Backend]) -> Backend:
        left = [backend for backend in self.backends if backend not in tried]
        return min(left, key=lambda backend: (not backend.is_ready, backend.in_flight, backend.sent))

    async def probe(self, backend: Backend) -> None:
        """Ask a replica again and again whether it is ready."""
        while True:
            is_ready = False
            with suppress(httpx2.TransportError):
                answer = await self._client.get(f"{backend.replica.address}/readyz")
                is_ready = answer.status_code == httpx2.codes.OK
            backend.is_ready = is_ready
            await asyncio.sleep(_PROBE_SECONDS)

    @asynccontextmanager
    async def lifespan(self, _: Starlette):  # type: ignore[no-untyped-def]  # Starlette's own type of it is private
        """Probe while the proxy runs."""
        self._loop = asyncio.get_running_loop()
        async with httpx2.AsyncClient(trust_env=False, timeout=_TIMEOUT_SECONDS) as self._client:
            probes = [asyncio.create_task(self.probe(backend)) for backend in self.backends]
            yield
            for probe in probes:
                probe.cancel()
            await asyncio.gather(*probes, return_exceptions=True)


@contextmanager
def running_proxy(replicas: Sequence[Replica]) -> Iterator[Proxy]:
    """Run a proxy before these replicas, which are ready, on a thread of its own."""
    port = free_port()
    proxy = Proxy(tuple(map(Backend, replicas)), f"http://127.0.0.1:{port}")
    routes = [Route("/{path:path}", proxy.forward, methods=["GET", "POST"])]
    app = Starlette(routes=routes, lifespan=proxy.lifespan)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    _wait(lambda: server.started)
    try:
        yield proxy
    finally:
        server.should_exit = True
        thread.join()


def _wait(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.01)
