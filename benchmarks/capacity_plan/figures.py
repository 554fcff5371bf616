"""Measure what a sentence, a request and a process cost on this machine.

Costs are processor time, which other programs on the machine change less than wall time.
"""

import asyncio
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from load_test.client import Client, translate
from load_test.server import Server, serve
from ray_speed import ROOT, processor_seconds, spend

from translator.engines.native import library as native
from translator.machine.device import choose_device, describe_device
from translator.options import SearchOptions
from translator.translate import Translator

MIN_REQUESTS = _CLIENTS = 16


@dataclass(frozen=True)
class Figures:
    """What was measured; seconds are processor time, of all processes together."""

    processor: str
    load_average: float
    """Programs that wanted a core in the minute before; each of them makes the others slower."""
    precision: str
    model: str
    beam_size: int
    sentences: str
    """Name of the file of sentences; empty for those of benchmarks/behaviour_suites."""
    lines: int
    """Lines of the corpus."""
    source_tokens: float
    """Mean tokens of a sentence."""
    source_bytes: float
    """Mean size of a line of the corpus, with its line break."""
    target_bytes: float
    splitting_seconds: float
    """To find the sentence in its text, protect its spans and cut it into tokens."""
    line_seconds: float
    """For a line of `translator translate` with one process, without the start."""
    worker_bytes: float
    """Largest memory of the process of `translator translate`."""
    requests: int
    """Requests to the service, of one sentence each."""
    request_seconds: float
    """Of the service for a request."""
    empty_request_seconds: float
    """The same with an echo in place of the model: HTTP, JSON, the queue."""
    request_bytes: float
    """Sent and received for a request, with headers, but without those of TCP and IP."""
    service_bytes: float
    """Memory of the service after these requests."""


def measure(name: str, sentences: Sequence[str], lines: int, requests: int) -> Figures:
    """Measure everything, which takes some minutes; the sentences are repeated up to the numbers of lines and requests.

    Prints what it does to standard error. Raises CalledProcessError if the translator fails.
    """
    requests -= requests % _CLIENTS  # each client sends the same number
    load_average, beam_size = os.getloadavg()[0], SearchOptions().beam_size
    translator = Translator.load(device="cpu")
    _report("splitting")
    started = time.process_time()
    split = [translator.sentences(text) for text in sentences]
    splitting_seconds = (time.process_time() - started) / len(sentences)
    with tempfile.TemporaryDirectory() as folder:
        corpus = _Corpus(Path(folder), sentences, lines, beam_size)
        line_seconds, worker_bytes = corpus.line_seconds(), corpus.memory()
        source_bytes, target_bytes = corpus.bytes_per_line()
    _report("the service")
    with serve("--device=cpu", "--max-wait-seconds=60") as server:
        request_seconds, request_bytes = asyncio.run(_load(server, sentences, requests))
        service_bytes = server.memory()
    _report("the service with an echo")
    with serve(echo=True) as server:
        empty_request_seconds, _ = asyncio.run(_load(server, sentences, requests))
    return Figures(
        processor=_processor(),
        load_average=load_average,
        precision=translator.precision,
        model=translator.name,
        beam_size=beam_size,
        sentences=name,
        lines=lines,
        source_tokens=mean(sum(len(one.tokens) for one in found) for found in split),
        source_bytes=source_bytes,
        target_bytes=target_bytes,
        splitting_seconds=splitting_seconds,
        line_seconds=line_seconds,
        worker_bytes=worker_bytes,
        requests=requests,
        request_seconds=request_seconds,
        empty_request_seconds=empty_request_seconds,
        request_bytes=request_bytes,
        service_bytes=service_bytes,
    )


def _processor() -> str:
    """Describe a core, with the instructions that the engine uses."""
    core = describe_device(choose_device("cpu")).partition(" × ")[2]
    return f"{core} ({native.choose_kernel(native.open_library())})"


def _report(what: str) -> None:
    print(f"measuring {what}", file=sys.stderr)


class _Corpus:
    """A file of lines to translate; a number in front of each makes them differ."""

    def __init__(self, folder: Path, sentences: Sequence[str], lines: int, beam_size: int) -> None:
        self._folder, self._lines, self._beam_size = folder, lines, beam_size
        numbered = (f"{number}: {text}\n" for number, text in enumerate(itertools.cycle(sentences)))
        self._all, self._one = folder / "all.en", folder / "one.en"
        self._one.write_text(next(numbered), encoding="utf-8")
        self._all.write_text("".join(itertools.islice(numbered, lines)), encoding="utf-8")

    def line_seconds(self) -> float:
        """Return the processor time of a line, without that of the start."""
        _report("translator translate")
        start, whole = (
            spend(self._command(file, file.stem), 1).processor_seconds for file in (self._one, self._all)
        )
        return (whole - start) / self._lines

    def memory(self) -> int:
        """Return the largest memory of a process that translates the file by itself."""
        _report("the memory of translator translate")
        with subprocess.Popen(
            self._command(self._all, "memory"), cwd=ROOT, stderr=subprocess.DEVNULL
        ) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, process.args)
        return 1024 * used.ru_maxrss

    def bytes_per_line(self) -> tuple[float, float]:
        """Return the mean sizes of a line and of its translation."""
        source, target = self._all.stat().st_size, (self._folder / "memory").stat().st_size
        return source / self._lines, target / self._lines

    def _command(self, file: Path, out: str) -> tuple[str, ...]:
        return (
            *(sys.executable, "-m", "translator", "translate", str(file), "--out", str(self._folder / out)),
            *("--device", "cpu", "--processes", "1", "--beam", str(self._beam_size)),
        )


async def _load(server: Server, sentences: Sequence[str], requests: int) -> tuple[float, float]:
    """Return the service's processor time for a request, and the bytes that it exchanges."""
    texts = itertools.cycle(sentences)
    async with Client(server) as client:

        async def ask(number: int) -> None:
            for _ in range(number):
                answer = await translate(client, next(texts))
                if answer.status != 200:
                    raise SystemExit(f"the service answered {answer.status}: {answer.text}")

        await asyncio.gather(*(ask(2) for _ in range(_CLIENTS)))  # warm up
        used, exchanged = sum(processor_seconds(server.process.pid).values()), client.exchanged_bytes
        await asyncio.gather(*(ask(requests // _CLIENTS) for _ in range(_CLIENTS)))
        used = sum(processor_seconds(server.process.pid).values()) - used
        exchanged = client.exchanged_bytes - exchanged
    return used / requests, exchanged / requests
