"""The process: settings, logs, socket, signals, and the server that runs the application: `serve`."""

from __future__ import annotations

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

logger = logging.getLogger("service")

GRACE_SECONDS = 5  # beyond the deadline of the last request, to send its answer


def serve(arguments: Sequence[str] | None) -> int:
    """Serve until SIGTERM or SIGINT, then finish what was accepted; returns the exit status."""
    set_up_logs()
    settings = read_settings(arguments)
    listener = listen(settings)
    # It loads the tensor library, and --help need not wait for that.
    from service.app import create_app  # noqa: PLC0415 (slow, see above)
    from service.engine import TranslationEngine  # noqa: PLC0415 (slow)
    from translator.translate import Translator  # noqa: PLC0415 (slow)

    def load_engine() -> TranslationEngine:
        return TranslationEngine(
            Translator.load(settings.model, settings.device, precision=settings.precision)
        )

    def leave() -> None:  # a service that can never translate should not stay up
        server.should_exit = True

    try:
        app = create_app(load_engine, settings, on_failure=leave)
    except ConfigError as error:
        sys.exit(str(error))
    server = _Server(app.state.room.begin_to_close, settings.drain_seconds, _uvicorn_config(app, settings))
    app.state.metrics.connections.set_function(lambda: len(server.server_state.connections))
    logger.info("serving on %s (the page; POST /translate; /docs)", url_of(listener))
    signal.signal(signal.SIGHUP, lambda *_: app.state.room.reload_soon())
    server.run(sockets=[listener])
    status = 1 if app.state.room.failed else 0
    if any(thread.daemon and thread.name.startswith("decoding") for thread in threading.enumerate()):
        logging.shutdown()
        os._exit(status)  # a thread that still decodes would abort the interpreter's own exit
    return status


def _uvicorn_config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    from service.protocol import REFUSALS, ConnectionLimits, protocol_with  # noqa: PLC0415 (slow)

    rejected = app.state.metrics.rejected
    for reason in REFUSALS:  # so that the first one counts as a growth
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
    """Stops in steps: not ready any more, no new connections, no connections.

    uvicorn raises the signals that its own `handle_exit` notes once more after the shutdown; this one notes none.
    """

    def __init__(
        self, begin_to_close: Callable[[], None], drain_seconds: float, config: uvicorn.Config
    ) -> None:
        super().__init__(config)
        self._begin_to_close, self._drain_seconds = begin_to_close, drain_seconds
        self._is_closing = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal lets requests finish; the second one, of any kind, does not wait for them."""
        self.force_exit = self._is_closing
        self._is_closing = True
        self._begin_to_close()
        if self.force_exit or sig == signal.SIGINT:
            self.should_exit = True
        else:
            leaving = threading.Timer(self._drain_seconds, lambda: setattr(self, "should_exit", True))
            leaving.daemon = True
            leaving.start()


def set_up_logs() -> None:
    """Write what happens to standard error, and a line of JSON for each request to standard output."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    lines = logging.StreamHandler(sys.stdout)
    lines.setFormatter(logging.Formatter("%(message)s"))
    access = logging.getLogger("service.access_log")
    access.addHandler(lines)
    access.propagate = False


def read_settings(arguments: Sequence[str] | None) -> Settings:
    """Read flags and environment; ends the process with a message where they are not valid."""
    try:
        return CliApp.run(Settings, cli_args=list(sys.argv[1:] if arguments is None else arguments))
    except SettingsError as error:  # what should be a list of JSON and is none
        sys.exit(f'{error}; a list is written as JSON, ["first", "second"]. See python -m service --help.')
    except ValidationError as error:
        lines = [
            f"  {'.'.join(map(str, problem['loc']))} = {problem['input']!r}: {problem['msg']}"
            for problem in error.errors()
        ]
        sys.exit(
            "\n".join(["These settings are not valid (python -m service --help shows them all):", *lines])
        )


def listen(settings: Settings) -> socket.socket:
    """Open the listening socket; ends the process with a message where that is not possible."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        reason = str(error.strerror or error).partition(" (")[0]  # without the address again
        sys.exit(
            f"Cannot listen on {settings.host} port {settings.port}: {reason}. "
            "Choose another with --port or TRANSLATOR_PORT (0 picks a free one), or --host."
        )


def url_of(listener: socket.socket) -> str:
    """Return the address that a browser can open."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
