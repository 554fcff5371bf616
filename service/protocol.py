"""An HTTP protocol with limits, so that no client can hold a connection for ever or exhaust memory: `protocol_with`.

uvicorn's own protocol reads for as long as data arrives. This one limits the time and size of each part of a request.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import math
import sys
import termios
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.errors import Kind, Problem

logger = logging.getLogger(__name__)

# Most bytes given to the parser at once. Few, because all requests that a chunk contains are started at once.
_CHUNK_BYTES = 2048
_LINGER_SECONDS = 0.5
_LEAST_READ_BYTES = 65_536
_SECONDS_BETWEEN_LINES = 1.0
# Answered on a few connections above the limit, so that probes of a busy service still succeed.
_PROBES = frozenset({b"/healthz", b"/readyz", b"/metrics"})
_PROBE_CONNECTIONS = 20

_HEADERS = {
    "Content-Type": "application/problem+json",
    "Content-Security-Policy": "default-src 'none'",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}


@dataclass(frozen=True)
class ConnectionLimits:
    """The limits of a connection."""

    header_seconds: float
    """From a request's first byte (for the first request, from the connection) to the end of its headers."""

    body_seconds: float
    """From the end of the headers to the end of the body."""

    send_seconds: float
    """Within which a client must read 64 KiB, or everything sent to it if that is less."""

    max_connections: int
    """Open at the same time; further ones get a 503."""

    max_header_bytes: int
    """Of the request line and all headers."""

    max_headers: int = 100
    max_url_bytes: int = 8192


_UNREAD = "answer_unread"
_REASONS = {
    400: "not_http",
    408: "too_slow",
    414: "url_too_long",
    431: "headers_too_large",
    501: "not_a_proxy",
    503: "too_many_connections",
}
REFUSALS = (*_REASONS.values(), _UNREAD)
"""Why this protocol closes connections, as labels of the metric."""


class _Refused(Exception):
    """A request that is refused before it reaches the application."""

    def __init__(self, status: int, detail: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(detail)
        self.kind = Kind(status, "", HTTPStatus(status).phrase, retry_after_seconds)
        self.detail = detail


class _Refusals:
    """Counts the refusals of all connections, and logs at most one a second: an attack causes thousands."""

    def __init__(self, count: Callable[[str], None]) -> None:
        self.count = count
        self._logged_at, self._silent = -math.inf, 0

    def note(self, refused: _Refused, request_id: str) -> None:
        """Count a refusal, and perhaps log it."""
        status = refused.kind.status
        self.count(_REASONS[status])
        now = time.monotonic()
        if now - self._logged_at < _SECONDS_BETWEEN_LINES:
            self._silent += 1
            return
        more = f" (and {self._silent} more since the last such line)" if self._silent else ""
        logger.info("request %s refused: %d %s%s", request_id, status, refused.detail, more)
        self._logged_at, self._silent = now, 0


class _Awaits(Enum):
    """What the protocol reads next."""

    REQUEST = "a request"
    HEADERS = "the rest of the headers"
    BODY = "the rest of the body"


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol within `limits`; a client that exceeds them gets a problem, and the connection is closed.

    A request that arrives while an earlier one is being answered is buffered unparsed, and reading is paused.
    """

    limits: ClassVar[ConnectionLimits]
    refusals: ClassVar[_Refusals]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start; a connection above the limit only gets answers to probes, or a 503."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # so that pause_writing is called at the first unread byte
        self._awaits = _Awaits.REQUEST
        self._waiting = bytearray()  # bytes to parse
        self._kept_bytes = 0  # most that the parser may hold: bytes since its last callback with data
        self._unanswered = 0  # requests whose headers are complete
        self._has_refused = False
        self._deadline: asyncio.TimerHandle | None = None
        self._send_deadline: asyncio.TimerHandle | None = None
        self._allow(self.limits.header_seconds)
        surplus = len(self.connections) - self.limits.max_connections
        self._serves_probes_only = surplus > 0
        if surplus > _PROBE_CONNECTIONS:
            self._refuse(self._too_many_connections())

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the deadlines."""
        self._stop_deadline()
        self._stop_send_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Buffer data, and parse what may be parsed now."""
        if not self._has_refused:
            self._waiting += data
            self._feed()

    def pause_writing(self) -> None:
        """Start the deadline for the client to read."""
        super().pause_writing()
        self._await_reading()

    def resume_writing(self) -> None:
        """Cancel that deadline: the client has read everything."""
        super().resume_writing()
        self._stop_send_deadline()

    def _feed(self) -> None:
        while self._waiting and not (
            self._answers_earlier or self._has_refused or self.transport.is_closing()
        ):
            self._unset_keepalive_if_required()
            if self._deadline is None:  # empty lines may precede a request, but not for ever
                self._allow(self.limits.header_seconds)
            size = min(_CHUNK_BYTES, self.limits.max_header_bytes - self._kept_bytes)
            piece = bytes(self._waiting[:size])
            del self._waiting[:size]
            self._kept_bytes += len(piece)
            self._parse(piece)
            if self._kept_bytes >= self.limits.max_header_bytes:
                limit = self.limits.max_header_bytes
                self._refuse(_Refused(431, f"The headers reach the limit of {limit} bytes. Send fewer."))
        if self._waiting and self._answers_earlier:
            self.flow.pause_reading()

    def _parse(self, piece: bytes) -> None:
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            # There is nothing to upgrade to, but after an Upgrade header the parser reads no body and would take it for
            # the next request. So it gets the headers again, without that header.
            self._kept_bytes = 0
            self._waiting[:0] = self._headers_without_upgrade() + piece[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            reason = error.__context__  # what a callback raised
            if not isinstance(reason, _Refused):
                reason = _Refused(400, "This is not a valid HTTP request (RFC 9112).")
            self._refuse(reason)

    def _headers_without_upgrade(self) -> bytes:
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        headers = [name + b": " + value for name, value in self.headers if name != b"upgrade"]
        return b"\r\n".join([b" ".join([method, self.url, b"HTTP/" + version]), *headers, b"", b""])

    @property
    def _answers_earlier(self) -> bool:
        """Whether a request before the one being read has not been answered yet."""
        return self._unanswered > (self._awaits is _Awaits.BODY)

    # Callbacks of the parser:

    def on_message_begin(self) -> None:
        """Start the deadline for the headers."""
        super().on_message_begin()
        self._awaits = _Awaits.HEADERS
        self._allow(self.limits.header_seconds)

    def on_url(self, url: bytes) -> None:
        """Take a part of the URL."""
        super().on_url(url)
        if len(self.url) > self.limits.max_url_bytes:
            raise _Refused(
                414, f"The URL is longer than {self.limits.max_url_bytes} bytes, the limit. Shorten it."
            )

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        if self._awaits is _Awaits.BODY:
            return  # A trailer. uvicorn would treat it as a header, which no proxy would have checked.
        super().on_header(name, value)
        if len(self.headers) > self.limits.max_headers:
            raise _Refused(
                431, f"There are more than {self.limits.max_headers} headers, the limit. Send fewer."
            )

    def on_headers_complete(self) -> None:
        """Pass the request to the application, and start the deadline for the body."""
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise _Refused(501, "This is not a proxy.")
            return  # called again without the Upgrade header; see _parse
        if self._serves_probes_only and httptools.parse_url(self.url).path not in _PROBES:
            raise self._too_many_connections()
        super().on_headers_complete()
        self._awaits = _Awaits.BODY
        self._kept_bytes = 0
        self._unanswered += 1
        self._allow(self.limits.body_seconds)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._kept_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Read no further before the response; uvicorn counts the idle time from its end."""
        if self._awaits is _Awaits.HEADERS:
            return  # an Upgrade header again
        super().on_message_complete()
        self._awaits = _Awaits.REQUEST
        self._stop_deadline()
        if self.cycle.response_complete:  # already, as it is if the body was refused
            self._allow(self.timeout_keep_alive)

    def on_response_complete(self) -> None:
        """Continue with data that has arrived in the meantime."""
        super().on_response_complete()
        self._unanswered -= 1
        if not self.transport.is_closing():
            self._feed()

    # Deadlines and refusals:

    def _allow(self, seconds: float) -> None:
        self._stop_deadline()
        self._deadline = self.loop.call_later(seconds, self._time_out)

    def _stop_deadline(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _stop_send_deadline(self) -> None:
        if self._send_deadline:
            self._send_deadline.cancel()
            self._send_deadline = None

    def _await_reading(self) -> None:
        self._unread = self._unread_bytes()
        self._send_deadline = self.loop.call_later(self.limits.send_seconds, self._check_reading)

    def _check_reading(self) -> None:
        if self._unread - self._unread_bytes() >= _LEAST_READ_BYTES:
            self._await_reading()
        else:
            self.refusals.count(_UNREAD)
            self.transport.abort()

    def _unread_bytes(self) -> int:
        """Bytes that the client has not read yet.

        Those in the kernel count too: it takes more only when much of what it holds is gone.
        """
        in_kernel = bytes(4)
        with contextlib.suppress(OSError):  # the connection is gone
            in_kernel = fcntl.ioctl(self.transport.get_extra_info("socket"), termios.TIOCOUTQ, in_kernel)
        return self.transport.get_write_buffer_size() + int.from_bytes(in_kernel, sys.byteorder)

    def _time_out(self) -> None:
        if self._has_refused or self._awaits is _Awaits.REQUEST:
            self.transport.close()
        elif self._answers_earlier:  # reading is paused, so the client is not to blame
            self._allow(self.limits.body_seconds)
        else:
            self._refuse(_Refused(408, f"Timed out waiting for {self._awaits.value}. Try again."))

    def _too_many_connections(self) -> _Refused:
        limit = self.limits.max_connections
        return _Refused(503, f"There are already {limit} connections, the limit. Try again soon.", 1)

    def _refuse(self, refused: _Refused) -> None:
        """Answer with a problem and stop reading; close the connection once the client has had time to read it.

        Closing at once with unread data would reset the connection, and the answer would be lost.
        """
        if self._has_refused:
            return
        self._has_refused = True
        self._waiting.clear()
        request_id = uuid.uuid4().hex
        self.refusals.note(refused, request_id)
        has_request = self._awaits is _Awaits.BODY
        if self._answers_earlier or (has_request and self.cycle.response_started):
            self.transport.close()  # an answer must not come inside or before another
            return
        if has_request:
            self.cycle.disconnected = True  # stop the application, whose answer nobody will read
            self.cycle.message_event.set()
        self.transport.write(self._answer_to(refused, request_id))
        self.transport.write_eof()
        self._allow(_LINGER_SECONDS)

    def _answer_to(self, refused: _Refused, request_id: str) -> bytes:
        kind = refused.kind
        body = Problem(
            type=kind.type,
            title=kind.title,
            status=kind.status,
            detail=refused.detail,
            request_id=request_id,
        )
        content = body.model_dump_json().encode()
        headers = {**_HEADERS, "X-Request-ID": request_id, "Content-Length": str(len(content))}
        if kind.retry_after_seconds:
            headers["Retry-After"] = str(kind.retry_after_seconds)
        lines = [f"HTTP/1.1 {kind.status} {kind.title}", *(f"{name}: {headers[name]}" for name in headers)]
        default = [name + b": " + value for name, value in self.server_state.default_headers]
        return b"\r\n".join([*map(str.encode, lines), *default, b"", content])


def protocol_with(
    limits: ConnectionLimits, count: Callable[[str], None] = lambda reason: None
) -> type[GuardedProtocol]:
    """Return the protocol with these limits, for `uvicorn.Config(http=…, ws="none")`.

    `count` is called with one of REFUSALS for each request or connection that the protocol ends.
    """

    class LimitedProtocol(GuardedProtocol):
        pass

    LimitedProtocol.limits, LimitedProtocol.refusals = limits, _Refusals(count)
    return LimitedProtocol
