"""A Redis of our own."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from replicas.ports import free_port

PROGRAM = shutil.which("redis-server")
_PATIENCE_SECONDS = 60


class RedisServer:
    """`redis-server` on a free port. Its append-only file in `folder` keeps the counts over a restart."""

    def __init__(self, folder: Path) -> None:
        if PROGRAM is None:
            raise SystemExit("redis-server was not found; install Debian's redis-server")
        self._port, self._folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        assert PROGRAM
        options = {"port": self._port, "bind": "127.0.0.1", "dir": self._folder, "appendonly": "yes"}
        flags = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
        self._process = subprocess.Popen(
            [PROGRAM, *flags, "--appendfsync", "always", "--save", ""], stdout=subprocess.DEVNULL
        )
        end = time.monotonic() + _PATIENCE_SECONDS
        while not self._answers():
            if time.monotonic() > end or self._process.poll() is not None:
                raise SystemExit(f"redis-server did not start on port {self._port}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_PATIENCE_SECONDS)
            self._process = None

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=5) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
        return False


@contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    """Run a Redis while the block runs."""
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
