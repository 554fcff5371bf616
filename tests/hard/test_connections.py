"""Cases 14 to 16: huge bodies, slow sockets, huge headers."""

from __future__ import annotations

import contextlib
import re
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.hard.process import MEGABYTE, ServiceProcess

Record = Callable[..., None]
pytestmark = pytest.mark.hard
MAX_GROWTH = 10  # megabytes
TRICKLE_SECONDS = 0.5
POST = b"POST /translate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


@pytest.fixture(autouse=True)
def _warm(service: ServiceProcess) -> None:
    """Send a first request of each kind, so that what it allocates once does not count as growth."""
    with service.client() as client:
        assert client.post("/translate", json={"text": "Good morning."}).status_code == 200
        assert client.post("/translate", content=bytes(2 * MEGABYTE)).status_code in (413, 415)


@pytest.mark.parametrize("framing", ["Content-Length", "chunked"])
def test_a_huge_body(service: ServiceProcess, is_full_size: bool, record_case: Record, framing: str) -> None:
    megabytes = 1000 if is_full_size else 50
    with service.memory_watched() as watch:
        status = answered_to(service, huge_body(framing, megabytes))
    record_case(
        14,
        f"a body of {megabytes} MB, {framing}",
        f"{status}, {watch.growth_in_megabytes:.1f} MB more",
        f"413, < {MAX_GROWTH} MB",
        status == 413 and watch.growth_in_megabytes < MAX_GROWTH,
    )


def huge_body(framing: str, megabytes: int) -> Iterator[bytes]:
    megabyte = bytes(MEGABYTE)
    if framing == "chunked":
        yield POST + b"Transfer-Encoding: chunked\r\n\r\n"
        megabyte = b"%x\r\n%b\r\n" % (MEGABYTE, megabyte)
    else:
        yield POST + b"Content-Length: %d\r\n\r\n" % (megabytes * MEGABYTE)
    for _ in range(megabytes):
        yield megabyte


def answered_to(service: ServiceProcess, parts: Iterator[bytes]) -> int | None:
    """Send as much as the service accepts; return the status, or None if it only closed the connection."""
    with service.connect() as connection:
        sending = threading.Thread(target=send_while_accepted, args=(connection, parts))
        sending.start()
        received = bytearray()
        with contextlib.suppress(ConnectionError):
            while more := connection.recv(MEGABYTE):
                received += more
        sending.join()
    found = re.match(rb"HTTP/1.1 (\d+) ", received)
    return int(found[1]) if found else None


def send_while_accepted(connection: socket.socket, parts: Iterator[bytes]) -> None:
    with contextlib.suppress(ConnectionError):
        for part in parts:
            connection.sendall(part)


@pytest.mark.parametrize(
    ("what", "headers"),
    [
        ("a header of 1 MB", b"A: " + bytes(MEGABYTE).replace(b"\0", b"a")),
        ("60,000 headers", b"".join(b"A%d: b\r\n" % number for number in range(60_000))),
    ],
    ids=["1 MB", "60,000"],
)
def test_huge_headers(
    service: ServiceProcess, is_full_size: bool, record_case: Record, what: str, headers: bytes
) -> None:
    times = 50 if is_full_size else 5
    with service.memory_watched() as watch:
        statuses = {answered_to(service, iter([b"GET / HTTP/1.1\r\n" + headers])) for _ in range(times)}
    record_case(
        16,
        f"{what}, {times} times",
        f"{'/'.join(map(str, statuses))}, {watch.growth_in_megabytes:.1f} MB more",
        f"400/431 or closed, < {MAX_GROWTH} MB",
        statuses <= {400, 431, None} and watch.growth_in_megabytes < MAX_GROWTH,
    )


@dataclass
class SlowSocket:
    """A client that sends the start of a request, and then hardly anything."""

    connection: socket.socket
    drop: bytes
    opened: float = field(default_factory=time.monotonic)
    closed: float | None = None

    def trickle(self) -> None:
        """Send one byte, if this kind sends any; note when the service closes the connection."""
        with contextlib.suppress(BlockingIOError):
            try:
                if self.drop:
                    self.connection.send(self.drop)
                while self.connection.recv(1000):
                    pass  # a 408
            except ConnectionError:
                pass
            self.closed = time.monotonic()
            self.connection.close()


SLOW = {
    "headers": (b"GET / HTTP/1.1\r\nA: ", b"a"),
    "bodies": (POST + b"Content-Length: 1000\r\n\r\n", b" "),
    "idle": (b"", b""),
}


def test_slow_sockets(
    service: ServiceProcess, is_full_size: bool, slow_seconds: int, record_case: Record
) -> None:
    number, factor = (500, 2) if is_full_size else (60, 5)
    alone = seconds_of_others(service, slow_seconds)
    kinds = [*SLOW.values()] * -(-number // len(SLOW))
    sockets = [open_slowly(service, *kind) for kind in kinds[:number]]
    trickling = threading.Thread(target=trickle_until_all_are_closed, args=(sockets, 3 * slow_seconds))
    trickling.start()
    beside = seconds_of_others(service, slow_seconds)
    trickling.join()
    longest = max((one.closed or float("inf")) - one.opened for one in sockets)
    record_case(
        15,
        f"{number} slow sockets (headers, bodies, idle): time until all are closed",
        f"{longest:.2f} s",
        f"< {slow_seconds} + 1 s",
        longest < slow_seconds + 1,
    )
    ratio = percentile(beside) / percentile(alone)
    record_case(
        15,
        f"{number} slow sockets: p99 of {len(beside)} other requests / p99 of {len(alone)} alone",
        f"{ratio:.2f}",
        f"< {factor}",
        ratio < factor,
    )


def open_slowly(service: ServiceProcess, start: bytes, drop: bytes) -> SlowSocket:
    connection = service.connect()
    connection.sendall(start)
    connection.setblocking(False)
    return SlowSocket(connection, drop)


def trickle_until_all_are_closed(sockets: list[SlowSocket], patience_seconds: float) -> None:
    end = time.monotonic() + patience_seconds
    last_drop = time.monotonic()
    while (left := [one for one in sockets if one.closed is None]) and time.monotonic() < end:
        for one in left:
            one.trickle()
        last_drop += TRICKLE_SECONDS
        time.sleep(max(0.0, last_drop - time.monotonic()))


def seconds_of_others(service: ServiceProcess, seconds: float) -> list[float]:
    """Translate one sentence after another; return how long each took."""
    taken = []
    end = time.monotonic() + seconds
    with service.client() as client:
        while time.monotonic() < end:
            started = time.monotonic()
            text = f"There are {len(taken)} owls in the barn."  # all different, because of the cache
            assert client.post("/translate", json={"text": text, "beam_size": 1}).status_code == 200
            taken.append(time.monotonic() - started)
    return taken


def percentile(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[98]
