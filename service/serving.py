"""`serve`: set up settings, logs, socket and signals, and run the server."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError
from pydantic_settings import CliApp, SettingsError

from service.settings import Settings
from translator.errors import ConfigError
from translator.machine.memory import release_large_blocks

logger = logging.getLogger("service")

GRACE_SECONDS = 5  # after the deadline of the last request, to send its response


def serve(arguments: Sequence[str] | None) -> int:
    """Serve until SIGTERM or SIGINT, then finish accepted requests; return the exit status."""
    set_up_logs()
    settings = read_settings(arguments)
    release_large_blocks()
    listener = listen(settings)
    # Imported here, because it is slow and --help should not wait for it.
    from service.app import create_app  # noqa: PLC0415 (slow, see above)
    from service.engine import TranslationEngine  # noqa: PLC0415 (slow)
    from translator.translate import Translator  # noqa: PLC0415 (slow)

    def load_engine() -> TranslationEngine:
        return TranslationEngine(
            Translator.load(settings.model, settings.device, precision=settings.precision)
        )

    def leave() -> None:  # a service that can no longer translate must not stay up
        server.should_exit = True

    try:
        app = create_app(load_engine, settings, on_failure=leave)
    except ConfigError as error:
        sys.exit(str(error))
    server = _Server(app.state.manager.start_closing, settings.drain_seconds, _uvicorn_config(app, settings))
    app.state.metrics.connections.set_function(lambda: len(server.server_state.connections))
    logger.info("serving on %s (the page; POST /translate; /docs)", url_of(listener))
    signal.signal(signal.SIGHUP, lambda *_: app.state.manager.reload_soon())
    gc.freeze()  # what has been imported stays
    gc.enable()
    server.run(sockets=[listener])
    status = 1 if app.state.manager.has_failed else 0
    if any(thread.daemon and thread.name.startswith("decoding") for thread in threading.enumerate()):
        logging.shutdown()
        os._exit(status)  # a thread that is still decoding would make a normal exit abort
    return status


def _uvicorn_config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    from service.protocol import REFUSALS, ConnectionLimits, protocol_with  # noqa: PLC0415 (slow)

    rejected = app.state.metrics.rejected
    for reason in REFUSALS:  # so that the first one counts as an increase
        rejected.labels(reason)
    limits = ConnectionLimits(
        header_seconds=settings.header_seconds,
        body_seconds=settings.body_seconds,
        send_seconds=settings.send_seconds,
        max_connections=settings.max_connections,
        max_header_bytes=settings.max_header_bytes,
    )
    return uvicorn.Config(
        app,
        http=protocol_with(limits, lambda reason: rejected.labels(reason).inc()),
        ws="none",
        log_config=None,
        access_log=False,  # the service has its own
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=int(settings.deadline_seconds) + GRACE_SECONDS,
    )


class _Server(uvicorn.Server):
    """A server that shuts down in steps: not ready, no new connections, no connections.

    uvicorn records signals in its `handle_exit` and raises them again after the shutdown; this one records none.
    """

    def __init__(
        self, start_closing: Callable[[], None], drain_seconds: float, config: uvicorn.Config
    ) -> None:
        super().__init__(config)
        self._start_closing, self._drain_seconds = start_closing, drain_seconds
        self._is_closing = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Let requests finish on the first signal; on the second, of either kind, exit without waiting for them."""
        self.force_exit = self._is_closing
        self._is_closing = True
        self._start_closing()
        if self.force_exit or sig == signal.SIGINT:
            self.should_exit = True
        else:
            leaving = threading.Timer(self._drain_seconds, lambda: setattr(self, "should_exit", True))
            leaving.daemon = True
            leaving.start()


def set_up_logs() -> None:
    """Log events to standard error, and each request as a line of JSON to standard output."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    lines = logging.StreamHandler(sys.stdout)
    lines.setFormatter(logging.Formatter("%(message)s"))
    access = logging.getLogger("service.access_log")
    access.addHandler(lines)
    access.propagate = False


def read_settings(arguments: Sequence[str] | None) -> Settings:
    """Read flags and environment; exit with a message if they are invalid."""
    _ignore_kubernetes_link()
    try:
        return CliApp.run(Settings, cli_args=list(sys.argv[1:] if arguments is None else arguments))
    except SettingsError as error:  # not a JSON list where one is needed
        sys.exit(f'{error}; write a list as JSON, such as ["first", "second"]. See python -m service --help.')
    except ValidationError as error:
        lines = [
            f"  {'.'.join(map(str, problem['loc']))} = {problem['input']!r}: {problem['msg']}"
            for problem in error.errors()
        ]
        sys.exit(
            "\n".join(["These settings are invalid (see python -m service --help for all settings):", *lines])
        )


def _ignore_kubernetes_link() -> None:
    """Unset `TRANSLATOR_PORT` if it is an address: Kubernetes sets it in all pods beside a Service named translator."""
    address = os.environ.get("TRANSLATOR_PORT", "")
    if address.startswith("tcp://"):
        del os.environ["TRANSLATOR_PORT"]
        logger.warning(
            "TRANSLATOR_PORT=%s is from Kubernetes and is ignored; choose a port with --port", address
        )


def listen(settings: Settings) -> socket.socket:
    """Open the listening socket; exit with a message if that fails."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        reason = str(error.strerror or error).partition(" (")[0]  # without repeating the address
        sys.exit(
            f"Cannot listen on {settings.host} port {settings.port}: {reason}. "
            "Choose another port with --port or TRANSLATOR_PORT (0 picks a free one), or another --host."
        )


def url_of(listener: socket.socket) -> str:
    """Return the URL to open in a browser."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
