"""Measure the service under load. Prints a table of cases with their results and limits.

    python benchmarks/service_load.py dev/docs-dev.en            # or: make bench-service SENTENCES=dev/docs-dev.en

Each case starts the service, with the model in the package or, where only the service itself matters, with an echo in
its place. Run nothing else on the machine meanwhile, because the load comes from the same machine.
"""

import asyncio
import itertools
import json
import os
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, get_args

import tyro
from rich.console import Console
from rich.table import Table

from service.engine import TranslationEngine
from translator.errors import TranslatorError
from translator.evaluation.evaluate import read_lines
from translator.machine.device import choose_device, describe_device, set_up_processor
from translator.search import SearchOptions
from translator.search.feed import feed_of
from translator.translate import SourceSentence, Translator

ROOT = Path(__file__).parents[1]
SHORT = "The train to the coast leaves in ten minutes."
DISCONNECTING_CLIENTS = 200

Case = Literal[
    "throughput", "latency", "isolation", "half-load", "overload", "memory", "disconnects", "liveness"
]


@dataclass(frozen=True)
class Options:
    """What to measure, and for how long."""

    sentences: tyro.conf.Positional[Path]
    """A file with an English sentence on each line."""
    seconds: float = 60.0
    """Time for which a case sends its load."""
    rounds: int = 3
    """Rounds in which the service and the engine alone take turns."""
    requests: int = 10_000
    """Requests of the memory case."""
    cases: tuple[Case, ...] = get_args(Case)
    """Cases to run. The default is all of them."""


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    case: Case
    measurement: str
    result: str
    limit: str
    is_met: bool


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
    program = [str(ROOT / "benchmarks/echo_service.py")] if echo else ["-m", "service"]
    command = [
        sys.executable,
        *program,
        "--port",
        "0",
        "--cache-sentences",
        "0",
        "--access-log",
        "false",
        *flags,
    ]
    environment = {**os.environ, "ECHO_LEAK_BYTES": str(leak_bytes), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr
        address = None
        for line in process.stderr:
            if found := re.search(r"serving on (\S+)/ ", line):
                address = found[1]
            if " is ready on " in line:
                break
        if address is None:
            raise SystemExit("the service did not start; try: python -m service")
        # Keep reading the log: the service would block if the pipe were full.
        reading = threading.Thread(target=process.stderr.read)
        reading.start()
        try:
            yield Server(process, address)
        finally:
            process.terminate()
            reading.join()


@dataclass(frozen=True)
class Answer:
    """The answer to a request."""

    status: int
    text: str
    has_retry_after: bool


class Client:
    """A minimal HTTP client with a pool of connections. It must be fast, as it shares the service's cores."""

    def __init__(self, server: Server) -> None:
        self._host, _, port = server.address.removeprefix("http://").partition(":")
        self._port = int(port)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for _reader, writer in self._idle:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._host, self._port)

    async def ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        """Send a request and return its answer. If the task is cancelled, the connection is closed."""
        reader, writer = self._idle.pop() if self._idle else await self._connect()
        if reader.at_eof():  # the service closes connections that are idle for some seconds
            reader, writer = await self._connect()
        is_done = False
        try:
            head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            headers = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            text = (await _read_body(reader, headers)).decode()
            is_done = "connection: close" not in headers
            return Answer(int(headers.split(" ", 2)[1]), text, "\nretry-after:" in headers)
        finally:
            if is_done:
                self._idle.append((reader, writer))
            else:
                writer.close()


async def _read_body(reader: asyncio.StreamReader, headers: str) -> bytes:
    if "transfer-encoding: chunked" not in headers:
        length = re.search(r"content-length: (\d+)", headers)
        return await reader.readexactly(int(length[1]) if length else 0)
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return body


async def translate(client: Client, *texts: str, **options: object) -> Answer:
    """Send `POST /translate` with these texts."""
    return await client.ask("POST", "/translate", json.dumps({"text": texts, **options}).encode())


@dataclass(frozen=True)
class Sent:
    """A request that has been answered."""

    answer: Answer
    seconds: float
    """Time from the request to its answer."""
    answered_at: float
    """When the answer arrived, in seconds after the first request."""


async def send_at_a_rate(
    per_second: float, seconds: float, ask: Callable[[], Awaitable[Answer]]
) -> list[asyncio.Task[Sent]]:
    """Send requests at random times (a Poisson process), whether or not earlier ones have been answered.

    Returns the tasks that wait for the answers, as soon as the last request has been sent.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    generator = random.Random(0)

    async def one() -> Sent:
        start = loop.time()
        answer = await ask()
        return Sent(answer, loop.time() - start, loop.time() - begun)

    asking, due = [], begun
    while due < begun + seconds:
        await asyncio.sleep(max(0.0, due - loop.time()))
        asking.append(asyncio.create_task(one()))
        due += generator.expovariate(per_second)
    return asking


def percentile(values: list[float], share: float) -> float:
    """Return a percentile of the values, for a share from 0 to 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def sentences_per_second(server: Server, lines: list[str], seconds: float) -> float:
    """Measure the throughput for eight clients that send requests of 64 texts without a pause."""
    done, begun = 0, time.monotonic() + 2  # the first two seconds fill the queue
    source = itertools.cycle(lines)
    async with Client(server) as client:

        async def keep_asking() -> None:
            nonlocal done
            while time.monotonic() < begun + seconds:
                is_right = await _is_translated(client, *itertools.islice(source, 64))
                done += 64 * (is_right and begun < time.monotonic() < begun + seconds)

        await asyncio.gather(*(keep_asking() for _ in range(8)))
    return done / seconds


async def requests_per_second(server: Server, lines: list[str], seconds: float) -> float:
    """Measure the throughput for 64 clients that send single sentences without a pause."""
    done, source, end = 0, itertools.cycle(lines), time.monotonic() + seconds
    async with Client(server) as client:

        async def keep_asking() -> None:
            nonlocal done
            while time.monotonic() < end:
                is_right = await _is_translated(client, next(source))
                done += is_right and time.monotonic() < end

        await asyncio.gather(*(keep_asking() for _ in range(64)))
    return done / seconds


async def _is_translated(client: Client, *texts: str) -> bool:
    """Send a request and return whether it succeeded. Pauses after a failure, so that retries add no load."""
    is_right = (await translate(client, *texts)).status == 200
    if not is_right:
        await asyncio.sleep(0.1)
    return is_right


def throughput(options: Options, lines: list[str], translator: Translator) -> Row:
    """Compare the throughput of the service with that of the engine alone, in turns."""
    alone, served = [], []
    with serve("--max-wait-seconds", "60") as server:  # no request of the eight clients need be rejected
        for _ in range(options.rounds + 1):
            started = time.perf_counter()
            translator.translate(lines)
            alone.append(len(lines) / (time.perf_counter() - started))
            served.append(asyncio.run(sentences_per_second(server, lines, options.seconds / 3)))
    ratio = statistics.median(b / a for a, b in zip(alone[1:], served[1:], strict=True))
    service_speed, engine_speed = statistics.median(served[1:]), statistics.median(alone[1:])
    result = f"{ratio:.0%} ({service_speed:.0f} of {engine_speed:.0f} sentences/s)"
    return Row("throughput", "service / engine alone", result, "≥ 95 %", ratio >= 0.95)


def latency(options: Options, translator: Translator) -> Row:
    """Compare the latency of one short sentence through the service and in the engine alone, in turns."""

    async def measure() -> tuple[list[float], list[float], int]:
        alone, served, failed = [], [], 0
        async with Client(server) as client:
            for _ in range(100 * options.rounds):
                started = time.perf_counter()
                translator.translate([SHORT])
                between = time.perf_counter()
                failed += (await translate(client, SHORT)).status != 200
                alone.append(between - started)
                served.append(time.perf_counter() - between)
        return alone, served, failed

    with serve() as server:
        alone, served, failed = asyncio.run(measure())
    engine_ms = 1000 * statistics.median(alone[10:])
    added_ms = 1000 * statistics.median(served[10:]) - engine_ms
    return Row(
        "latency",
        "median time that the service adds to one short sentence",
        f"{added_ms:.1f} ms (engine alone: {engine_ms:.1f} ms){_failures(failed)}",
        "≤ 3 ms",
        added_ms <= 3 and not failed,
    )


def _failures(number: int) -> str:
    return f"; {number} failed" if number else ""


def isolation(options: Options) -> Row:
    """Let 64 clients translate texts of their own, and check that each gets the right answers."""
    wrong = rejected = done = 0

    async def one(client: Client, number: int) -> None:
        nonlocal wrong, rejected, done
        for turn in itertools.count():
            if time.monotonic() > end:
                return
            texts = [f"marker {number} {turn} {place}" for place in range(1 + turn % 3)]
            answer = await translate(client, *texts)
            is_right = answer.status == 200 and [
                translation["text"] for translation in json.loads(answer.text)["translations"]
            ] == [f"DE:{text}" for text in texts]
            is_rejected = answer.status in (429, 503)
            done += 1
            rejected += is_rejected
            wrong += not is_right and not is_rejected

    async def all_clients() -> None:
        async with Client(server) as client:
            await asyncio.gather(*(one(client, number) for number in range(64)))

    with serve(echo=True) as server:
        end = time.monotonic() + options.seconds
        asyncio.run(all_clients())
    return Row(
        "isolation",
        "lost or swapped answers of 64 clients; rejected requests",
        f"{wrong} of {done:,}; {rejected}",
        "0; < 1 %",
        wrong == 0 and rejected < 0.01 * done,
    )


def half_load(options: Options, lines: list[str]) -> Row:
    """Send single sentences at half of the service's capacity."""

    async def measure() -> list[Sent]:
        capacity = await requests_per_second(server, lines, options.seconds / 4)
        source = itertools.cycle(lines)
        async with Client(server) as client:
            sending = await send_at_a_rate(
                capacity / 2, options.seconds, lambda: translate(client, next(source))
            )
            return await asyncio.gather(*sending)

    with serve() as server:
        sent = asyncio.run(measure())
    failed = sum(one.answer.status != 200 for one in sent)
    seconds = [one.seconds for one in sent if one.answer.status == 200]
    p50, p99 = percentile(seconds, 0.5), percentile(seconds, 0.99)
    result = f"{p99 / p50:.1f} ({1000 * p99:.0f} ms / {1000 * p50:.0f} ms){_failures(failed)}"
    return Row("half-load", "p99 / p50 at half of the capacity", result, "≤ 4", p99 / p50 <= 4 and not failed)


def overload(options: Options, lines: list[str]) -> list[Row]:
    """Send single sentences at three times the service's capacity."""

    async def measure() -> tuple[float, list[Sent], float]:
        capacity = await requests_per_second(server, lines, options.seconds / 4)
        source = itertools.cycle(lines)
        async with Client(server) as client:
            sending = await send_at_a_rate(
                3 * capacity, options.seconds, lambda: translate(client, next(source))
            )
            recovery = await recovery_seconds(client)
            return capacity, await asyncio.gather(*sending), recovery

    with serve() as server:
        capacity, sent, recovery = asyncio.run(measure())
    in_time = sum(one.answer.status == 200 and one.answered_at <= options.seconds for one in sent)
    goodput = in_time / options.seconds
    rejected = [one for one in sent if one.answer.status in (429, 503)]
    others = sum(one.answer.status not in (200, 429, 503) for one in sent)
    p99_rejected = percentile([one.seconds for one in rejected], 0.99) if rejected else 0.0
    with_retry_after = sum(one.answer.has_retry_after for one in rejected)
    p99_served = percentile([one.seconds for one in sent if one.answer.status == 200], 0.99)
    return [
        Row(
            "overload",
            f"rejected of {len(sent):,} requests; p99 of the rejected ones",
            f"{len(rejected):,}; {1000 * p99_rejected:.0f} ms" if rejected else "none",
            "> 0; < 50 ms",
            bool(rejected) and p99_rejected < 0.05,
        ),
        Row(
            "overload",
            "rejected with Retry-After",
            f"{with_retry_after:,} of {len(rejected):,}",
            "all",
            bool(rejected) and with_retry_after == len(rejected),
        ),
        Row(
            "overload",
            "goodput / capacity",
            f"{goodput / capacity:.0%} of {capacity:.0f} requests/s",
            "≥ 80 %",
            goodput >= 0.8 * capacity,
        ),
        Row(
            "overload",
            "p99 of the served requests",
            f"{p99_served:.1f} s",
            "< 10 s",
            p99_served < 10,
        ),
        Row(
            "overload",
            "status codes other than 200, 429 and 503",
            f"{others} of {len(sent):,}",
            "0",
            others == 0,
        ),
        Row("overload", "time to recover", f"{recovery:.1f} s", "< 5 s", recovery < 5),
    ]


async def recovery_seconds(client: Client) -> float:
    """Return the time until a short sentence is translated within a second."""
    begun = time.monotonic()
    while True:
        started = time.monotonic()
        answer = await translate(client, SHORT)
        if answer.status == 200 and time.monotonic() - started < 1:
            return time.monotonic() - begun
        await asyncio.sleep(0.05)


class Mixture:
    """Sends requests of all kinds, eight at a time."""

    def __init__(self, client: Client) -> None:
        self._client, self._choose = client, random.Random(1)
        self.wrong = 0
        """Groups of eight with an unexpected answer."""

    def _texts(self) -> list[str]:
        sizes = (1, 1, 1, 3, 20, 64)
        return [f"{place}{'x' * self._choose.randint(1, 300)}" for place in range(self._choose.choice(sizes))]

    async def send(self) -> None:
        """Send eight requests: plain, cached, aligned, streamed, scored, invalid JSON, and one that disconnects."""
        client, texts = self._client, self._texts()
        stream, scores = {"text": self._texts()}, {"source": texts, "target": texts}
        leaving = asyncio.create_task(translate(client, *self._texts()))
        answers = await asyncio.gather(
            translate(client, *self._texts(), beam_size=self._choose.randint(1, 4)),
            translate(client, *texts),
            translate(client, "one", "two", "three"),
            translate(client, *texts, alignment=True),
            client.ask("POST", "/translate/stream", json.dumps(stream).encode()),
            client.ask("POST", "/score", json.dumps(scores).encode()),
            client.ask("POST", "/translate", b"{"),
            _cancel_after(self._choose.uniform(0, 0.01), leaving),
        )
        statuses = [answer.status for answer in answers if answer is not None]
        self.wrong += statuses[:7] != [200] * 6 + [400]
        streamed = answers[4]
        self.wrong += streamed is None or "event: done" not in streamed.text


async def _cancel_after(seconds: float, asking: asyncio.Task[Answer]) -> None:
    await asyncio.sleep(seconds)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


def memory_growth(options: Options, leak_bytes: int) -> tuple[float, int]:
    """Send mixed requests and fit a straight line to the memory during the second half.

    Returns the growth along that line in megabytes, and the number of groups of requests with an unexpected answer.
    """
    memories: list[int] = []

    async def measure() -> int:
        async with Client(server) as client:
            mixture = Mixture(client)
            for number in range(options.requests // 8):
                await mixture.send()
                if number % 10 == 0:
                    memories.append(server.memory())
            return mixture.wrong

    with serve("--cache-sentences", "1000", echo=True, leak_bytes=leak_bytes) as server:
        wrong = asyncio.run(measure())
    half = memories[len(memories) // 2 :]
    slope = statistics.linear_regression(range(len(half)), half).slope
    return slope * len(half) / 1e6, wrong


def memory(options: Options) -> list[Row]:
    """Check that the memory does not grow, and that a deliberate leak would be found."""
    (plain, wrong), (leaking, _) = memory_growth(options, 0), memory_growth(options, 4_000)
    measurement = f"growth over the second half of {options.requests:,} requests"
    return [
        Row(
            "memory",
            measurement,
            f"{plain:.1f} MB{_failures(wrong)}",
            "< 50 MB",
            plain < 50 and not wrong,
        ),
        Row(
            "memory", f"{measurement}, with a deliberate leak", f"{leaking:.1f} MB", "≥ 50 MB", leaking >= 50
        ),
    ]


class Watched:
    """A sentence that measures how often its search asks whether a client still waits for it."""

    def __init__(self, item: SourceSentence) -> None:
        self.item = item
        self.longest = 0.0
        """Longest time between two questions, in seconds."""
        self._asked = time.monotonic()

    def is_wanted(self) -> bool:
        """Note the time of the question. Always returns True."""
        now = time.monotonic()
        self.longest = max(self.longest, now - self._asked)
        self._asked = now
        return True

    def finish(self, result: object) -> None:
        """Ignore the translation."""


def step_seconds(translator: Translator, text: str) -> float:
    """Return the longest decoding step for batches of the service's size, on as many threads as it uses."""
    options = SearchOptions()

    def decode(sentences: list[SourceSentence]) -> float:
        watched = list(map(Watched, sentences))
        translator.translate_feed(feed_of(watched), options)
        return max(one.longest for one in watched)

    sentences = sorted(translator.sentences(text) * DISCONNECTING_CLIENTS, key=lambda one: len(one.tokens))
    rows = TranslationEngine(translator).batch_tokens // (options.beam_size * len(sentences[-1].tokens))
    with ThreadPoolExecutor(translator.threads) as threads:
        batches = [sentences[-rows:]] * translator.threads
        list(threads.map(decode, batches))  # warm up, as the measured service is warm too
        return max(threads.map(decode, batches))


def disconnects(lines: list[str], translator: Translator) -> list[Row]:
    """Disconnect 200 clients while their sentences are decoded, then let 200 others ask."""
    long = " ".join(lines[:20])

    async def metric(client: Client, name: str) -> float:
        text = (await client.ask("GET", "/metrics")).text
        found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
        assert found
        return float(found[1])

    async def measure() -> tuple[float, int]:
        async with Client(server) as probe:
            # Warm up: a new process is slow with its first large batches, for which it has to allocate memory.
            await asyncio.gather(*(translate(probe, long) for _ in range(DISCONNECTING_CLIENTS // 4)))
            async with Client(server) as client:
                asking = [asyncio.create_task(translate(client, long)) for _ in range(DISCONNECTING_CLIENTS)]
                while not await metric(probe, "translator_in_flight_sentences"):
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.3)
                for one in asking:
                    one.cancel()
                await asyncio.gather(*asking, return_exceptions=True)
            disconnected = time.monotonic()
            while await metric(probe, "translator_in_flight_sentences") or await metric(
                probe, "translator_queue_tokens"
            ):
                await asyncio.sleep(0.005)
            idle_after = time.monotonic() - disconnected
            answers = await asyncio.gather(*(translate(probe, SHORT) for _ in range(DISCONNECTING_CLIENTS)))
        return idle_after, sum(answer.status == 200 for answer in answers)

    patient = ("--max-queued-tokens", "10000000", "--max-wait-seconds", "3600", "--deadline-seconds", "3600")
    with serve(*patient) as server:
        idle_after, right = asyncio.run(measure())
    step = step_seconds(translator, long)
    return [
        Row(
            "disconnects",
            f"time until the service is idle after {DISCONNECTING_CLIENTS} clients disconnect",
            f"{1000 * idle_after:.0f} ms",
            f"a step of {1000 * step:.0f} ms + 100 ms",
            idle_after < step + 0.1,
        ),
        Row(
            "disconnects",
            f"of the next {DISCONNECTING_CLIENTS} clients, answered",
            str(right),
            "all",
            right == DISCONNECTING_CLIENTS,
        ),
    ]


def liveness(options: Options, lines: list[str]) -> Row:
    """Measure `/healthz` while 64 clients keep the service busy."""

    async def measure() -> list[float]:
        async with Client(server) as client:
            busy = asyncio.create_task(requests_per_second(server, lines, options.seconds / 4))
            seconds = []
            while not busy.done():
                started = time.perf_counter()
                assert (await client.ask("GET", "/healthz")).status == 200
                seconds.append(time.perf_counter() - started)
                await asyncio.sleep(0.02)
        return seconds

    with serve() as server:
        p99 = percentile(asyncio.run(measure()), 0.99)
    return Row("liveness", "p99 of /healthz at full load", f"{1000 * p99:.0f} ms", "< 100 ms", p99 < 0.1)


def measure(options: Options, lines: list[str]) -> Iterator[Row]:
    """Run the chosen cases and yield their rows."""
    translator = Translator.load()
    if "throughput" in options.cases:
        yield throughput(options, lines, translator)
    if "latency" in options.cases:
        yield latency(options, translator)
    if "isolation" in options.cases:
        yield isolation(options)
    if "half-load" in options.cases:
        yield half_load(options, lines)
    if "overload" in options.cases:
        yield from overload(options, lines)
    if "memory" in options.cases:
        yield from memory(options)
    if "disconnects" in options.cases:
        yield from disconnects(lines, translator)
    if "liveness" in options.cases:
        yield liveness(options, lines)


def main() -> int:
    """Measure and print. Returns 0 if every limit is met, and 1 if one is not or on an error."""
    options = tyro.cli(Options, description=__doc__)
    try:
        lines = [line for line in read_lines(options.sentences) if line.strip()][:1024]
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    console = Console(width=None if sys.stdout.isatty() else 120)
    set_up_processor(0)
    table = Table(title=f"The service under load: {describe_device(choose_device('auto'))}")
    for heading in ("case", "measurement", "result", "limit", "met"):
        table.add_column(heading)
    are_met = True
    for row in measure(options, lines):
        table.add_row(row.case, row.measurement, row.result, row.limit, "yes" if row.is_met else "NO")
        are_met &= row.is_met
        print(f"{row.case}: {row.measurement}: {row.result}", file=sys.stderr)
    console.print(table)
    return 0 if are_met else 1


if __name__ == "__main__":
    sys.exit(main())
