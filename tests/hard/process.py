"""The service in its own process, and what can be measured from outside."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120  # to load the model on a busy machine
MEGABYTE = 1_000_000


class ServiceProcess:
    """`python -m service` with the shipped model or with an echo."""

    def __init__(self, process: subprocess.Popen[str], address: str, log: list[str]) -> None:
        self.address = address
        self.process = process
        self.log = log
        """The lines that it has written to standard error so far."""
        self._port = int(address.rstrip("/").rpartition(":")[2])

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._port), PATIENCE_SECONDS)

    def client(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.address, trust_env=False, timeout=900)

    @property
    def resident_bytes(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found, "the process is gone"
        return int(found[1]) * 1024

    @contextlib.contextmanager
    def memory_watched(self) -> Iterator[MemoryWatch]:
        """Sample the memory while the block runs."""
        watch = MemoryWatch(self)
        with watch:
            yield watch


class MemoryWatch(threading.Thread):
    """Measures by how much the memory of a process grows at its peak."""

    def __init__(self, service: ServiceProcess) -> None:
        super().__init__()
        self._service = service
        self._before = self._peak = service.resident_bytes
        self._ended = threading.Event()

    def __enter__(self) -> MemoryWatch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        while not self._ended.wait(0.005):
            self._peak = max(self._peak, self._service.resident_bytes)

    @property
    def growth_in_megabytes(self) -> float:
        return (self._peak - self._before) / MEGABYTE


@contextlib.contextmanager
def running_service(*flags: str, is_echo: bool = False, **environment: str) -> Iterator[ServiceProcess]:
    """Start the service and wait until it is ready; stop it on exit."""
    program = [str(ROOT / "tests/hard/echo.py")] if is_echo else ["-m", "service"]
    command = [sys.executable, *program, "--port", "0", "--device", "cpu", *flags]
    log: list[str] = []
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)} | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        reading = threading.Thread(target=log.extend, args=(process.stderr,), daemon=True)
        reading.start()
        try:
            service = ServiceProcess(process, _address(log), log)
            _wait_until_ready(service, log)
            yield service
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE_SECONDS)
            finally:
                process.kill()
                reading.join()


def _address(log: list[str]) -> str:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if found := re.search(r"serving on (\S+)", "".join(log)):
            return found[1]
        time.sleep(0.05)
    raise AssertionError("".join(log))


def _wait_until_ready(service: ServiceProcess, log: list[str]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    with service.client() as client:
        while time.monotonic() < end:
            with contextlib.suppress(httpx2.TransportError):
                if client.get("/readyz").status_code == 200:
                    return
            time.sleep(0.1)
    raise AssertionError("".join(log))
