"""Connections of hostile clients: deadlines, limits, and invalid HTTP.

The deadlines are short, and assertions about time are generous: PATIENCE_SECONDS only pass if a test fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import uvicorn

from service.protocol import REFUSALS, ConnectionLimits, protocol_with

PATIENCE_SECONDS = 20
LONG = 60.0  # a deadline that no test reaches
SHORT = 0.5
LIMITS = ConnectionLimits(
    header_seconds=LONG,
    body_seconds=LONG,
    send_seconds=LONG,
    max_connections=100,
    max_header_bytes=16_384,
)
GET = b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"
LAST_GET = b"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


class Application:
    """Echoes the request; `/early` answers before the body, `/large` with 50 MB, `/gate` when the gate is open."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.left = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        path, body, complete = scope["path"], b"", False
        while path != "/early" and not complete:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.left.set()
                return
            body += message["body"]
            complete = not message["more_body"]
        if path == "/gate":
            self.entered.set()
            while not self.gate.is_set():
                await asyncio.sleep(0.01)
        content = bytes(50_000_000) if path == "/large" else self._echo(scope, body)
        headers = [(b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    @staticmethod
    def _echo(scope: Any, body: bytes) -> bytes:
        headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
        echo = {"path": scope["path"], "body": body.decode("latin-1"), "headers": headers}
        return json.dumps(echo).encode()


class Server:
    """The protocol with given limits, in front of `Application`."""

    def __init__(
        self, application: Application, port: int, connections: set[Any], counted: list[str]
    ) -> None:
        self.application = application
        self.connections = connections
        self.counted = counted
        self.port = port

    @contextlib.contextmanager
    def connect(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_SECONDS) as connection:
            yield connection

    def ask(self, *parts: bytes) -> list[Answer]:
        """Send all parts, and read answers until the server closes."""
        with self.connect() as connection:
            for part in parts:
                connection.sendall(part)
            return read_all(connection)


class Answer:
    """One response of the server."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def read_all(connection: socket.socket) -> list[Answer]:
    """Read until the server closes the connection properly: a reset is an error."""
    raw = b""
    while more := connection.recv(1_000_000):
        raw += more
    answers = []
    while raw:
        head, raw = raw.split(b"\r\n\r\n", 1)
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = int(headers["content-length"])
        answers.append(Answer(int(first.split()[1]), headers, raw[:length]))
        raw = raw[length:]
    return answers


def read_one(connection: socket.socket) -> Answer:
    """Read one response from a connection that stays open."""
    raw = b""
    while (match := re.search(rb"content-length: (\d+).*?\r\n\r\n", raw, re.I | re.S)) is None or len(
        raw
    ) < match.end() + int(match[1]):
        more = connection.recv(1_000_000)
        assert more, "closed before the answer was complete"
        raw += more
    return Answer(int(raw.split()[1]), {}, raw[match.end() :])


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Serve with the given limits, and generous ones otherwise."""
    with contextlib.ExitStack() as stack:
        yield lambda keep_alive=60, **limits: stack.enter_context(serving(keep_alive, limits))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """With generous limits, for tests that need no others."""
    with serving(60, {}) as server:
        yield server


@pytest.fixture(scope="module")
def hasty() -> Iterator[Server]:
    """With short deadlines for everything but the response."""
    short = {"header_seconds": SHORT, "body_seconds": SHORT, "send_seconds": SHORT}
    with serving(1, short) as server:
        yield server


@contextlib.contextmanager
def serving(keep_alive: int, limits: dict[str, Any]) -> Iterator[Server]:
    application = Application()
    counted: list[str] = []
    config = uvicorn.Config(
        application,
        port=0,
        http=protocol_with(replace(LIMITS, **limits), counted.append),
        ws="none",
        lifespan="off",
        log_config=None,
        timeout_keep_alive=keep_alive,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Server(application, port, server.server_state.connections, counted)
    application.gate.set()
    server.should_exit = True
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def only(answers: list[Answer]) -> Answer:
    assert len(answers) == 1
    return answers[0]


def check_problem(answers: list[Answer], status: int) -> Answer:
    answer = only(answers)
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json["status"] == status
    assert answer.json["request_id"] == answer.headers["x-request-id"]
    assert len(answer.body) < 1000
    return answer


# Valid requests:


def test_a_request_is_served_however_it_is_split(server: Server) -> None:
    request = POST + b"Content-Length: 5\r\nConnection: close\r\n\r\nHello"
    assert only(server.ask(request)).json["body"] == "Hello"
    with server.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request:
            connection.sendall(bytes([byte]))
        assert only(read_all(connection)).json["body"] == "Hello"


def test_a_large_body_arrives_whole(server: Server) -> None:
    body = bytes(range(256)) * 4000
    plain = POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert only(server.ask(plain, body)).json["body"].encode("latin-1") == body
    chunks = b"".join(b"3e8\r\n" + body[at : at + 1000] + b"\r\n" for at in range(0, len(body), 1000))
    head = CHUNKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert only(server.ask(head, chunks, b"0\r\n\r\n")).json["body"].encode("latin-1") == body


def test_a_connection_is_used_again(server: Server) -> None:
    with server.connect() as connection:
        for number in range(3):
            connection.sendall(POST + b"Content-Length: 1\r\n\r\n%d" % number)
            assert read_one(connection).json["body"] == str(number)


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    posts = [POST + b"Content-Length: 3\r\n\r\n%03d" % number for number in range(500)]
    answers = server.ask(b"".join(posts) + LAST_GET)
    assert [answer.json["body"] for answer in answers] == [*(f"{number:03d}" for number in range(500)), ""]


def test_few_pipelined_requests_are_parsed_before_the_first_is_answered(
    serve: Callable[..., Server],
) -> None:
    server = serve()
    with server.connect() as connection:
        connection.sendall(GET.replace(b"/echo", b"/gate"))
        assert server.application.entered.wait(PATIENCE_SECONDS)
        connection.sendall(GET * 4000)
        with server.connect() as other:  # when this one is answered, the first one has been read
            other.sendall(GET)
            read_one(other)
        protocol: Any = next(one for one in server.connections if one._unanswered)  # type: ignore[attr-defined]
        assert len(protocol.pipeline) < 100
        assert len(protocol._waiting) < 1_000_000
        server.application.gate.set()
        connection.sendall(LAST_GET)
        assert len(read_all(connection)) == 4002


def test_an_upgrade_header_is_ignored(server: Server) -> None:
    for protocol in (b"h2c", b"websocket"):
        offer = b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\nContent-Length: 5\r\n\r\nHello"
        chunks = offer.replace(
            b"Content-Length: 5\r\n\r\nHello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n"
        )
        answers = server.ask(POST + offer + POST + chunks + LAST_GET)
        assert [answer.json["body"] for answer in answers] == ["Hello", "Hello", ""]


def test_trailers_are_not_headers(server: Server) -> None:
    trailer = b"1\r\nA\r\n0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n"
    echo = server.ask(CHUNKED + trailer + LAST_GET)[0].json
    assert echo["body"] == "A"
    assert [name for name, _ in echo["headers"]] == ["host", "transfer-encoding"]


def test_an_answer_before_the_body_leaves_the_connection_usable(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"POST /early HTTP/1.1\r\nContent-Length: 200000\r\n\r\n")
        assert read_one(connection).status == 200
        connection.sendall(bytes(200_000) + LAST_GET)
        assert only(read_all(connection)).json["path"] == "/echo"


# Time:


@pytest.mark.parametrize("sent", [b"G", b"GET /echo HTTP/1.1\r\nHost: a\r\n", b"GET /echo HTTP/1.1\r\nHo"])
def test_headers_that_do_not_arrive_in_time_give_408(hasty: Server, sent: bytes) -> None:
    answer = check_problem(hasty.ask(sent), 408)
    assert "the rest of the headers" in answer.json["detail"]


def test_trickling_headers_get_no_extra_time(hasty: Server) -> None:
    with hasty.connect() as connection, contextlib.suppress(OSError):
        for _ in range(int(PATIENCE_SECONDS / 0.02)):
            connection.sendall(b"GET / HTTP/1.1\r\nA: " if not _ else b"a")
            time.sleep(0.02)
        pytest.fail("the connection was never closed")


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (POST + b"Content-Length: 10\r\n\r\n", b""),
        (POST + b"Content-Length: 10\r\n\r\n", b"Hello"),
        (CHUNKED, b"5\r\nHello\r\n"),
        (CHUNKED, b"0\r\nA: b\r\n"),
    ],
)
def test_a_body_that_does_not_arrive_in_time_gives_408(hasty: Server, head: bytes, body: bytes) -> None:
    hasty.application.left.clear()
    answer = check_problem(hasty.ask(head, body), 408)
    assert "the rest of the body" in answer.json["detail"]
    assert hasty.application.left.wait(PATIENCE_SECONDS)  # it learns that the client is gone


def test_each_request_of_a_connection_has_its_own_deadline(hasty: Server) -> None:
    with hasty.connect() as connection:
        for _ in range(4):
            connection.sendall(POST + b"Content-Length: 1\r\n\r\n1")
            assert read_one(connection).status == 200
            time.sleep(SHORT / 2)


def test_the_time_to_answer_is_not_limited(hasty: Server) -> None:
    hasty.application.gate.clear()
    with hasty.connect() as connection:
        connection.sendall(GET.replace(b"/echo", b"/gate") + LAST_GET)
        time.sleep(1.5)
        hasty.application.gate.set()
        assert [answer.status for answer in read_all(connection)] == [200, 200]


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n"])
def test_a_silent_connection_is_closed_without_an_answer(hasty: Server, sent: bytes) -> None:
    assert hasty.ask(sent) == []


@pytest.mark.parametrize("sent", [GET, GET + b"\r\n", b"POST /early HTTP/1.1\r\nContent-Length: 1\r\n\r\n1"])
def test_an_idle_connection_is_closed(hasty: Server, sent: bytes) -> None:
    assert only(hasty.ask(sent)).status == 200


def test_a_body_that_is_not_needed_does_not_hold_the_connection(hasty: Server) -> None:
    assert only(hasty.ask(b"POST /early HTTP/1.1\r\nContent-Length: 10\r\n\r\n")).status == 200


@pytest.mark.parametrize("rest", [b"", b"Connection: close\r\n"])
def test_a_client_that_does_not_read_is_disconnected(hasty: Server, rest: bytes) -> None:
    wait_until(lambda: not hasty.connections)
    with hasty.connect() as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\n" + rest + b"\r\n")
        wait_until(lambda: len(hasty.connections) == 1)
        wait_until(lambda: not hasty.connections)
        received = 0
        with contextlib.suppress(ConnectionResetError):
            while more := connection.recv(1_000_000):
                received += len(more)
        assert received < 50_000_000
    assert hasty.counted[-1] == "answer_unread"


def test_a_client_that_reads_slowly_but_steadily_is_not_disconnected(serve: Callable[..., Server]) -> None:
    server = serve(send_seconds=1.0)
    with socket.socket() as connection:
        connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, 100_000
        )  # else the kernel buffers too much
        connection.settimeout(PATIENCE_SECONDS)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(b"GET /large HTTP/1.1\r\nConnection: close\r\n\r\n")
        received, end = 0, time.monotonic() + 4
        while time.monotonic() < end:  # four times the deadline of a client that reads nothing
            received += len(connection.recv(40_000))
            time.sleep(0.05)
        assert received < 10_000_000
        while more := connection.recv(1_000_000):
            received += len(more)
        assert received > 50_000_000
    assert server.counted == []


def test_a_client_that_reads_a_byte_now_and_then_is_disconnected(hasty: Server) -> None:
    with hasty.connect() as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\n\r\n")
        wait_until(lambda: len(hasty.connections) == 1)
        end = time.monotonic() + PATIENCE_SECONDS
        while hasty.connections:
            assert time.monotonic() < end
            connection.recv(1)
            time.sleep(0.05)


# Size:


def test_headers_up_to_the_limit_are_accepted(serve: Callable[..., Server]) -> None:
    server = serve(max_header_bytes=5000)
    rest = b"\r\nConnection: close\r\n\r\n"
    longest = (GET[:-4] + b"\r\nA: ").ljust(5000 - len(rest), b"a") + rest
    assert only(server.ask(longest)).status == 200
    answer = check_problem(server.ask(longest.replace(b"A:", b"AA:")), 431)
    assert "5000 bytes" in answer.json["detail"]


@pytest.mark.parametrize(
    "head",
    [
        GET[:-2] + b"A: " + b"a" * 1_000_000,
        GET[:-2] + b"a" * 1_000_000,
        GET[:-2] + b"a: b\r\n" * 60_000,
        b"\r\n" * 500_000,
        CHUNKED + b"1\r\na\r\n0\r\nA: " + b"a" * 1_000_000,
        CHUNKED + b"1;" + b"a" * 1_000_000,
    ],
    ids=["value", "name", "many", "empty lines", "trailer", "extension of a chunk"],
)
def test_too_large_headers_give_431(server: Server, head: bytes) -> None:
    with server.connect() as connection:
        sending = threading.Thread(target=send_what_is_taken, args=(connection, head))
        sending.start()
        check_problem(read_all(connection), 431)
        sending.join()


def send_what_is_taken(connection: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(data)


def test_too_many_small_headers_give_431(serve: Callable[..., Server]) -> None:
    head = GET[:-2] + b"a:b\r\n" * 99
    assert only(serve(max_headers=101).ask(head + b"Connection: close\r\n\r\n")).status == 200
    answer = check_problem(serve(max_headers=100).ask(head + b"Connection: close\r\n\r\n"), 431)
    assert "100 headers" in answer.json["detail"]


def test_a_url_that_is_too_long_gives_414(server: Server) -> None:
    url = b"/echo?".ljust(8192, b"a")
    assert only(server.ask(LAST_GET.replace(b"/echo", url))).status == 200
    check_problem(server.ask(LAST_GET.replace(b"/echo", url + b"a")), 414)


# Number:


def test_above_the_number_of_connections_only_probes_are_served(serve: Callable[..., Server]) -> None:
    server = serve(max_connections=2)
    with server.connect() as first, server.connect() as second:
        for connection in (first, second):
            connection.sendall(GET)
            assert read_one(connection).status == 200
        answer = check_problem(server.ask(GET), 503)
        assert answer.headers["retry-after"] == "1"
        assert answer.json["detail"] == "There are already 2 connections, the limit. Try again soon."
        for path in (b"/healthz", b"/readyz?verbose", b"/metrics"):
            assert only(server.ask(LAST_GET.replace(b"/echo", path))).status == 200
        first.sendall(GET)
        assert read_one(first).status == 200
    wait_until(lambda: not server.connections)
    assert only(server.ask(LAST_GET)).status == 200


def test_far_above_the_number_of_connections_none_is_served(serve: Callable[..., Server]) -> None:
    server = serve(max_connections=2)
    with contextlib.ExitStack() as stack:
        for _ in range(22):
            stack.enter_context(server.connect())
        wait_until(lambda: len(server.connections) == 22)
        check_problem(server.ask(), 503)


# Invalid HTTP, or what a proxy would read as another request:


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"FOO / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\xc3\xa4 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET / HTTP/1.1\r\nA\x00: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\x00c\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\rB: c\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
        POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        POST + b"Content-Length: 3, 3\r\n\r\nabc",
        POST + b"Content-Length: +3\r\n\r\nabc",
        POST + b"Content-Length: -3\r\n\r\nabc",
        POST + b"Content-Length: 99999999999999999999\r\n\r\nabc",
        CHUNKED + b"g\r\n",
        CHUNKED + b"3\nabc\r\n0\r\n\r\n",
        CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n",
        CHUNKED + b"fffffffffffffffff\r\n",
    ],
)
def test_invalid_http_gives_400(server: Server, sent: bytes) -> None:
    check_problem(server.ask(sent), 400)


def test_it_is_not_a_proxy(server: Server) -> None:
    check_problem(server.ask(b"CONNECT a:80 HTTP/1.1\r\n\r\n"), 501)


def test_invalid_http_never_gets_another_requests_answer(serve: Callable[..., Server]) -> None:
    server = serve()
    with server.connect() as connection:
        connection.sendall(GET.replace(b"/echo", b"/gate") + b"hello\r\n\r\n")
        assert read_all(connection) == []


# What an operator sees:


def test_a_refusal_is_logged_with_its_id(
    serve: Callable[..., Server], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "service.protocol"):
        answer = only(serve().ask(b"hello\r\n\r\n"))
    assert f"request {answer.headers['x-request-id']} refused: 400" in caplog.text


def test_only_one_refusal_a_second_is_logged(
    serve: Callable[..., Server], caplog: pytest.LogCaptureFixture
) -> None:
    server = serve()
    started = time.monotonic()
    with caplog.at_level("INFO", "service.protocol"):
        for _ in range(30):
            server.ask(b"hello\r\n\r\n")
        time.sleep(1.1)
        server.ask(b"hello\r\n\r\n")
    seconds = time.monotonic() - started
    lines = [record.getMessage() for record in caplog.records]
    assert 2 <= len(lines) <= 1 + seconds
    assert server.counted == ["not_http"] * 31
    others = sum(int(found[1]) for line in lines if (found := re.search(r"and (\d+) more since", line)))
    assert len(lines) + others == 31


@pytest.mark.parametrize(
    ("sent", "limits", "reason"),
    [
        (b"hello\r\n\r\n", {}, "not_http"),
        (b"CONNECT a:80 HTTP/1.1\r\n\r\n", {}, "not_a_proxy"),
        (b"GET /" + b"a" * 8192 + b" HTTP/1.1\r\n\r\n", {}, "url_too_long"),
        (GET[:-2] + b"a: b\r\n" * 200, {}, "headers_too_large"),
        (GET[:-2], {"header_seconds": SHORT}, "too_slow"),
        (POST + b"Content-Length: 1\r\n\r\n", {"body_seconds": SHORT}, "too_slow"),
    ],
)
def test_every_refusal_is_counted_by_its_reason(
    serve: Callable[..., Server], sent: bytes, limits: dict[str, float], reason: str
) -> None:
    server = serve(**limits)
    server.ask(sent)
    assert server.counted == [reason]
    assert reason in REFUSALS


def test_too_many_connections_are_counted(serve: Callable[..., Server]) -> None:
    server = serve(max_connections=1)
    with server.connect() as first:
        first.sendall(GET)
        assert read_one(first).status == 200
        for _ in range(3):
            check_problem(server.ask(GET), 503)
        server.ask(LAST_GET.replace(b"/echo", b"/healthz"))
    assert server.counted == ["too_many_connections"] * 3


def test_other_errors_are_not_counted_as_refusals(server: Server) -> None:
    before = len(server.counted)
    server.ask(LAST_GET)
    assert len(server.counted) == before
