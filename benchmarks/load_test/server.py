"""Start a service in its own process."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Server:
    """A service that runs in its own process."""

    process: subprocess.Popen[str]
    address: str

    def memory(self) -> int:
        """Return the resident memory of the process in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return 1024 * int(found[1])


@contextmanager
def serve(*flags: str, echo: bool = False, leak_bytes: int = 0) -> Iterator[Server]:
    """Start a service and wait until it is ready. Its cache is off, so that every sentence is decoded."""
    program = [str(Path(__file__).with_name("echo_service.py"))] if echo else ["-m", "service"]
    settings = ("--port=0", "--cache-sentences=0", "--access-log=false")
    command = [sys.executable, *program, *settings, *flags]
    environment = {**os.environ, "ECHO_LEAK_BYTES": str(leak_bytes), "PYTHONPATH": str(_ROOT)}
    with subprocess.Popen(command, cwd=_ROOT, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr
        address, line = "", ""
        for line in process.stderr:
            if found := re.search(r"serving on (\S+)/ ", line):
                address = found[1]
            if " is ready on " in line:
                break
        else:
            raise SystemExit(f"the service did not start; its last words: {line.strip()}")
        # Keep reading the log: the service would block if the pipe were full.
        reading = threading.Thread(target=process.stderr.read)
        reading.start()
        try:
            yield Server(process, address)
        finally:
            process.terminate()
            reading.join()
