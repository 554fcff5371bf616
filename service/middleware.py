"""Middleware for every request: request id, security headers, metrics, access log, and a 500 for unexpected errors."""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import problem_response
from service.failures import log_failure
from service.metrics import Metrics

access_logger = logging.getLogger("service.access_log")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_PAGE_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
# Swagger UI uses inline styles, and data URLs for its arrows.
_DOCS_POLICY = f"{_PAGE_POLICY}; style-src 'self' 'unsafe-inline'; img-src 'self' data:"

_HEADERS = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class RequestContext:
    """Give each request an id and each response its headers, count and log it, and turn uncaught errors into a 500.

    It is the outermost middleware, so that even the response to an unexpected error has the id and the headers.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        log_access: bool,
        methods: Mapping[str, set[str]],
        is_closing: Callable[[], bool],
    ) -> None:
        """`methods` lists the methods of each path, for `Allow`: the framework knows only those of one route."""
        self.app = app
        self._metrics, self._log_access, self._methods = metrics, log_access, methods
        self._is_closing = is_closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        request.state.request_id = _request_id(request)
        request.state.started = started = time.monotonic()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(MutableHeaders(scope=message), request)
                # So that no client sends its next request when the connection is closed.
                if self._is_closing():
                    MutableHeaders(scope=message)["Connection"] = "close"
                if status == HTTPStatus.METHOD_NOT_ALLOWED and (methods := self._methods.get(scope["path"])):
                    MutableHeaders(scope=message)["Allow"] = ", ".join(sorted(methods))
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            log_failure(request, error)
            if not status:  # else the server sees an incomplete response and closes the connection
                await problem_response(request, error)(scope, receive, send_with_headers)
        finally:
            self._record(request, status, time.monotonic() - started)

    def _record(self, request: Request, status: int, seconds: float) -> None:
        route = getattr(
            request.scope.get("route"), "path", "none"
        )  # not the path: clients can make up any number of paths
        self._metrics.requests.labels(route, str(status)).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)
        if reason := getattr(request.state, "rejected_for", None):
            self._metrics.rejected.labels(reason.replace("-", "_")).inc()
        if self._log_access:
            line = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "request_id": request.state.request_id,
                "client": getattr(request.state, "client", None),
                "method": request.method,
                "path": request.url.path[:200],
                "status": status,
                "seconds": round(seconds, 4),
            }
            access_logger.info(json.dumps(line))


def _request_id(request: Request) -> str:
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _add_headers(headers: MutableHeaders, request: Request) -> None:
    headers["X-Request-ID"] = request.state.request_id
    is_docs = request.url.path.rstrip("/").endswith("/docs")
    headers["Content-Security-Policy"] = _DOCS_POLICY if is_docs else _PAGE_POLICY
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
