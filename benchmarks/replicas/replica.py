"""One replica of the service: a process that can be restarted on the same port."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx2

from replicas.ports import free_port

_ROOT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 300  # to load the model on a busy machine


class Replica:
    """`python -m service` with the model in the package. Its cache is off, so that every sentence is decoded."""

    def __init__(self, environment: Mapping[str, str], flags: tuple[str, ...]) -> None:
        self._port = free_port()
        self.address = f"http://127.0.0.1:{self._port}"
        self._environment, self._flags = environment, flags
        self.log: list[str] = []
        """The lines that it has written to standard error so far."""

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        settings = (f"--port={self._port}", "--device=cpu", "--cache-sentences=0", "--access-log=false")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "service", *settings, *self._flags],
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": str(_ROOT), **self._environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reading = threading.Thread(target=self.log.extend, args=(self._process.stderr,), daemon=True)
        self._reading.start()
        end = time.monotonic() + _PATIENCE_SECONDS
        while not self._is_ready():
            if time.monotonic() > end or self._process.poll() is not None:
                raise SystemExit(f"the service did not start:\n{''.join(self.log)}")
            time.sleep(0.1)

    def stop(self) -> int:
        """Send SIGTERM, as Kubernetes does, and wait; return the exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL, and do not wait."""
        self._process.send_signal(signal.SIGKILL)

    def wait(self) -> None:
        """Wait until a killed process is gone."""
        self._end(signal.SIGKILL)

    def metric(self, name: str) -> float:
        """Return the value of a metric without labels."""
        with httpx2.Client(trust_env=False, timeout=_PATIENCE_SECONDS) as client:
            lines = client.get(f"{self.address}/metrics").text.splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))

    def _end(self, number: int) -> int:
        self._process.send_signal(number)
        status = self._process.wait(_PATIENCE_SECONDS)
        self._reading.join()
        assert self._process.stderr
        self._process.stderr.close()
        return status

    def _is_ready(self) -> bool:
        with suppress(httpx2.TransportError), httpx2.Client(trust_env=False, timeout=10) as client:
            return client.get(f"{self.address}/readyz").status_code == httpx2.codes.OK
        return False


@contextmanager
def running_replicas(
    count: int, environment: Mapping[str, str], *flags: str
) -> Iterator[tuple[Replica, ...]]:
    """Run that many replicas while the block runs."""
    replicas = tuple(Replica(environment, flags) for _ in range(count))
    with ExitStack() as stack:
        for replica in replicas:
            replica.start()
            stack.callback(replica.wait)
        yield replicas
