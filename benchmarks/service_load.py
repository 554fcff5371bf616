"""How the service behaves under load: a table of cases, figures, limits, and whether they are kept.

    python benchmarks/service_load.py dev/docs-dev.en            # or: make bench-service SENTENCES=dev/docs-dev.en

Starts the service with the model in the package, and with an echo where only the service itself is asked about. Let
nothing else run on the machine meanwhile: it also has to send the load.
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
from typing import Self

import tyro
from rich.console import Console
from rich.table import Table

from service.engine import TranslationEngine
from translator.device import choose_device, describe_device, set_up_processor
from translator.errors import TranslatorError
from translator.evaluate import read_lines
from translator.feed import feed_of
from translator.search import SearchOptions
from translator.translate import SourceSentence, Translator

ROOT = Path(__file__).parents[1]
SHORT = "The train to the coast leaves in ten minutes."
LEAVING_CLIENTS = 200


@dataclass(frozen=True)
class Options:
    """What to measure with, and for how long."""

    sentences: tyro.conf.Positional[Path]
    """A file of English sentences."""
    seconds: float = 60.0
    """Of each case that goes on for a while."""
    rounds: int = 3
    """Of what is compared in turns."""
    requests: int = 10_000
    """Of the case about memory."""
    cases: tuple[str, ...] = ("throughput", "latency", "1", "2", "3", "5", "6", "12")


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    case: str
    what: str
    figure: str
    limit: str
    is_kept: bool


@dataclass(frozen=True)
class Server:
    """A service in a process of its own."""

    process: subprocess.Popen[str]
    address: str

    def memory(self) -> int:
        """Bytes of memory that it has."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return 1024 * int(found[1])


@contextmanager
def serve(*flags: str, echo: bool = False, leak_bytes: int = 0) -> Iterator[Server]:
    """A service that is ready; nothing is remembered, so that every sentence is work."""
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
        # A log that nobody reads would make the service wait when the pipe is full.
        reading = threading.Thread(target=process.stderr.read)
        reading.start()
        try:
            yield Server(process, address)
        finally:
            process.terminate()
            reading.join()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    text: str
    says_when_to_retry: bool


class Client:
    """Any number of connections, each used again. It shares the cores with the service, so it does little."""

    def __init__(self, server: Server) -> None:
        self._host, _, port = server.address.removeprefix("http://").partition(":")
        self._port = int(port)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for _, writer in self._idle:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._host, self._port)

    async def ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        """Send a request; where it is cancelled, its connection is closed."""
        reader, writer = self._idle.pop() if self._idle else await self._connect()
        if reader.at_eof():  # the service has closed it after some idle seconds
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
    """Ask for the translation of some texts."""
    return await client.ask("POST", "/translate", json.dumps({"text": texts, **options}).encode())


@dataclass(frozen=True)
class Sent:
    """What became of a request."""

    answer: Answer
    seconds: float
    """Until the answer."""
    at: float
    """When that came, in seconds since the first was sent."""


async def send_at_a_rate(
    per_second: float, seconds: float, ask: Callable[[], Awaitable[Answer]]
) -> list[asyncio.Task[Sent]]:
    """Ask at random times, so many a second, whatever comes back; returns when the last request has been sent."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    random_times = random.Random(0)

    async def one() -> Sent:
        start = loop.time()
        answer = await ask()
        return Sent(answer, loop.time() - start, loop.time() - begun)

    asking, due = [], begun
    while due < begun + seconds:
        await asyncio.sleep(max(0.0, due - loop.time()))
        asking.append(asyncio.create_task(one()))
        due += random_times.expovariate(per_second)
    return asking


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def sentences_a_second(server: Server, lines: list[str], seconds: float) -> float:
    """That are translated when eight clients always have a request of 64 texts waiting."""
    done, begun = 0, time.monotonic() + 2  # until then the queue fills
    source = itertools.cycle(lines)
    async with Client(server) as client:

        async def ask_on() -> None:
            nonlocal done
            while time.monotonic() < begun + seconds:
                is_right = await _is_translated(client, *itertools.islice(source, 64))
                done += 64 * (is_right and begun < time.monotonic() < begun + seconds)

        await asyncio.gather(*(ask_on() for _ in range(8)))
    return done / seconds


async def requests_a_second(server: Server, lines: list[str], seconds: float) -> float:
    """Single sentences that are translated when 64 clients ask one after the other."""
    done, source, end = 0, itertools.cycle(lines), time.monotonic() + seconds
    async with Client(server) as client:

        async def ask_on() -> None:
            nonlocal done
            while time.monotonic() < end:
                is_right = await _is_translated(client, next(source))
                done += is_right and time.monotonic() < end

        await asyncio.gather(*(ask_on() for _ in range(64)))
    return done / seconds


async def _is_translated(client: Client, *texts: str) -> bool:
    """Ask, and pause where that was in vain: to be sent away quickly is no speed."""
    is_right = (await translate(client, *texts)).status == 200
    if not is_right:
        await asyncio.sleep(0.1)
    return is_right


def throughput(options: Options, lines: list[str], translator: Translator) -> Row:
    """The engine alone beside the service, in turns."""
    own, served = [], []
    with serve("--max-wait-seconds", "60") as server:  # where eight take turns, nobody need be sent away
        for _ in range(options.rounds + 1):
            started = time.perf_counter()
            translator.translate(lines)
            own.append(len(lines) / (time.perf_counter() - started))
            served.append(asyncio.run(sentences_a_second(server, lines, options.seconds / 3)))
    ratio = statistics.median(b / a for a, b in zip(own[1:], served[1:], strict=True))
    figure = (
        f"{ratio:.0%} ({statistics.median(served[1:]):.0f} of {statistics.median(own[1:]):.0f} sentences/s)"
    )
    return Row("throughput", "share of the engine's own speed", figure, "≥ 95 %", ratio >= 0.95)


def latency(options: Options, translator: Translator) -> Row:
    """One short sentence at a time, by the engine and by the service in turns."""

    async def measure() -> tuple[list[float], list[float], int]:
        own, served, wrong = [], [], 0
        async with Client(server) as client:
            for _ in range(100 * options.rounds):
                started = time.perf_counter()
                translator.translate([SHORT])
                between = time.perf_counter()
                wrong += (await translate(client, SHORT)).status != 200
                own.append(between - started)
                served.append(time.perf_counter() - between)
        return own, served, wrong

    with serve() as server:
        own, served, wrong = asyncio.run(measure())
    added = 1000 * (statistics.median(served[10:]) - statistics.median(own[10:]))
    figure = f"{added:.1f} ms to {1000 * statistics.median(own[10:]):.1f} ms{_not_answered(wrong)}"
    return Row(
        "latency", "added to the median of one short sentence", figure, "≤ 3 ms", added <= 3 and not wrong
    )


def _not_answered(number: int) -> str:
    return f"; {number} not answered" if number else ""


def isolation(options: Options) -> Row:
    """64 clients with markers of their own."""
    wrong = refused = done = 0
    end = time.monotonic() + options.seconds

    async def one(client: Client, number: int) -> None:
        nonlocal wrong, refused, done
        for turn in itertools.count():
            if time.monotonic() > end:
                return
            texts = [f"marker {number} {turn} {place}" for place in range(1 + turn % 3)]
            answer = await translate(client, *texts)
            is_right = answer.status == 200 and [
                translation["text"] for translation in json.loads(answer.text)["translations"]
            ] == [f"DE:{text}" for text in texts]
            is_refused = answer.status in (429, 503)
            done, wrong, refused = done + 1, wrong + (not is_right and not is_refused), refused + is_refused

    async def all_clients() -> None:
        async with Client(server) as client:
            await asyncio.gather(*(one(client, number) for number in range(64)))

    with serve(echo=True) as server:
        asyncio.run(all_clients())
    return Row(
        "1",
        "64 clients, lost or swapped answers; sent away",
        f"{wrong} of {done:,}; {refused}",
        "0; < 1 %",
        wrong == 0 and refused < 0.01 * done,
    )


def steady(options: Options, lines: list[str]) -> Row:
    """Half of what the service can do."""

    async def measure() -> list[Sent]:
        peak = await requests_a_second(server, lines, options.seconds / 4)
        source = itertools.cycle(lines)
        async with Client(server) as client:
            sending = await send_at_a_rate(peak / 2, options.seconds, lambda: translate(client, next(source)))
            return await asyncio.gather(*sending)

    with serve() as server:
        sent = asyncio.run(measure())
    wrong = sum(one.answer.status != 200 for one in sent)
    seconds = [one.seconds for one in sent if one.answer.status == 200]
    p50, p99 = percentile(seconds, 0.5), percentile(seconds, 0.99)
    figure = f"{p99 / p50:.1f} ({1000 * p99:.0f} ms / {1000 * p50:.0f} ms){_not_answered(wrong)}"
    return Row("2", "p99 / p50 at half of the capacity", figure, "≤ 4", p99 / p50 <= 4 and not wrong)


def overload(options: Options, lines: list[str]) -> list[Row]:
    """Three times what the service can do."""

    async def measure() -> tuple[float, list[Sent], float]:
        peak = await requests_a_second(server, lines, options.seconds / 4)
        source = itertools.cycle(lines)
        async with Client(server) as client:
            sending = await send_at_a_rate(3 * peak, options.seconds, lambda: translate(client, next(source)))
            normal_after = await until_normal(client)
            return peak, await asyncio.gather(*sending), normal_after

    with serve() as server:
        peak, sent, normal_after = asyncio.run(measure())
    good = sum(one.answer.status == 200 and one.at <= options.seconds for one in sent) / options.seconds
    refused = [one for one in sent if one.answer.status in (429, 503)]
    others = sum(one.answer.status not in (200, 429, 503) for one in sent)
    p99 = percentile([one.seconds for one in refused], 0.99) if refused else 0.0
    told = sum(one.answer.says_when_to_retry for one in refused)
    slowest = percentile([one.seconds for one in sent if one.answer.status == 200], 0.99)
    return [
        Row(
            "3",
            f"overload: of {len(sent):,} refused; after, p99",
            f"{len(refused):,}; {1000 * p99:.0f} ms" if refused else "nobody",
            "some; < 50 ms",
            bool(refused) and p99 < 0.05,
        ),
        Row(
            "3",
            "overload: refused with Retry-After",
            f"{told:,} of {len(refused):,}",
            "all",
            bool(refused) and told == len(refused),
        ),
        Row(
            "3",
            "overload: goodput beside the peak",
            f"{good / peak:.0%} of {peak:.0f}/s",
            "≥ 80 %",
            good >= 0.8 * peak,
        ),
        Row(
            "3",
            "overload: p99 of who was served",
            f"{slowest:.1f} s",
            "< 10 s",
            slowest < 10,
        ),
        Row(
            "3",
            "overload: other answers than 200, 429, 503",
            f"{others} of {len(sent):,}",
            "0",
            others == 0,
        ),
        Row("3", "overload: normal again after", f"{normal_after:.1f} s", "< 5 s", normal_after < 5),
    ]


async def until_normal(client: Client) -> float:
    """Seconds until a short sentence is answered within one."""
    begun = time.monotonic()
    while True:
        started = time.monotonic()
        answer = await translate(client, SHORT)
        if answer.status == 200 and time.monotonic() - started < 1:
            return time.monotonic() - begun
        await asyncio.sleep(0.05)


class Mixture:
    """Requests of all kinds, eight at a time."""

    def __init__(self, client: Client) -> None:
        self._client, self._choose = client, random.Random(1)
        self.wrong = 0
        """That were not answered as they should be."""

    def _texts(self) -> list[str]:
        sizes = (1, 1, 1, 3, 20, 64)
        return [f"{place}{'x' * self._choose.randint(1, 300)}" for place in range(self._choose.choice(sizes))]

    async def send(self) -> None:
        """Plain, remembered, aligned, streamed, scored, no JSON, and one that leaves."""
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
            _leave_after(self._choose.uniform(0, 0.01), leaving),
        )
        statuses = [answer.status for answer in answers if answer is not None]
        self.wrong += statuses[:7] != [200] * 6 + [400]
        self.wrong += "event: done" not in answers[4].text


async def _leave_after(seconds: float, asking: asyncio.Task[Answer]) -> None:
    await asyncio.sleep(seconds)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


def growth(options: Options, leak_bytes: int) -> tuple[float, int]:
    """Megabytes by which the memory grows over the second half of mixed requests, by a straight line through them.

    And how many groups of them were not answered as they should be.
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
    """Without and with a leak that is made on purpose."""
    (plain, wrong), (leaking, _) = growth(options, 0), growth(options, 4_000)
    what = f"growth over the second half of {options.requests:,} requests"
    return [
        Row("5", what, f"{plain:.1f} MB{_not_answered(wrong)}", "< 50 MB", plain < 50 and not wrong),
        Row("5", f"{what}, with a leak", f"{leaking:.1f} MB", "≥ 50 MB", leaking >= 50),
    ]


class Watched:
    """A sentence: how long does its search go on at most without asking whether anybody wants it?"""

    def __init__(self, item: SourceSentence) -> None:
        self.item = item
        self.longest = 0.0
        self._asked = time.monotonic()

    def is_wanted(self) -> bool:
        """Note when it is asked."""
        now = time.monotonic()
        self.longest = max(self.longest, now - self._asked)
        self._asked = now
        return True

    def finish(self, result: object) -> None:
        """Nobody waits."""


def step_seconds(translator: Translator, text: str) -> float:
    """The longest decoding step of batches as the service makes them, as many at once as it decodes."""
    options = SearchOptions()

    def decode(sentences: list[SourceSentence]) -> float:
        watched = list(map(Watched, sentences))
        translator.translate_feed(feed_of(watched), options)
        return max(one.longest for one in watched)

    sentences = sorted(translator.sentences(text) * LEAVING_CLIENTS, key=lambda one: len(one.tokens))
    rows = TranslationEngine(translator).batch_tokens // (options.beam_size * len(sentences[-1].tokens))
    with ThreadPoolExecutor(translator.threads) as threads:
        batches = [sentences[-rows:]] * translator.threads
        list(threads.map(decode, batches))  # as in a service that has been at work
        return max(threads.map(decode, batches))


def dropping(lines: list[str], translator: Translator) -> list[Row]:
    """200 clients leave a service that has been at work while their sentences are decoded; 200 others come."""
    long = " ".join(lines[:20])

    async def figure_of(client: Client, name: str) -> float:
        text = (await client.ask("GET", "/metrics")).text
        found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
        assert found
        return float(found[1])

    async def measure() -> tuple[float, int]:
        async with Client(server) as probe:
            # The first large batches of a process take longer: memory is new to it.
            await asyncio.gather(*(translate(probe, long) for _ in range(LEAVING_CLIENTS // 4)))
            async with Client(server) as client:
                asking = [asyncio.create_task(translate(client, long)) for _ in range(LEAVING_CLIENTS)]
                while not await figure_of(probe, "translator_in_flight_sentences"):
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.3)
                for one in asking:
                    one.cancel()
                await asyncio.gather(*asking, return_exceptions=True)
            left = time.monotonic()
            while await figure_of(probe, "translator_in_flight_sentences") or await figure_of(
                probe, "translator_queue_tokens"
            ):
                await asyncio.sleep(0.005)
            idle_after = time.monotonic() - left
            answers = await asyncio.gather(*(translate(probe, SHORT) for _ in range(LEAVING_CLIENTS)))
        return idle_after, sum(answer.status == 200 for answer in answers)

    patient = ("--max-queued-tokens", "10000000", "--max-wait-seconds", "3600", "--deadline-seconds", "3600")
    with serve(*patient) as server:
        idle_after, right = asyncio.run(measure())
    step = step_seconds(translator, long)
    return [
        Row(
            "6",
            f"{LEAVING_CLIENTS} clients leave: all is stopped after",
            f"{1000 * idle_after:.0f} ms",
            f"{1000 * step:.0f} + 100 ms, for a step",
            idle_after < step + 0.1,
        ),
        Row(
            "6", f"the next {LEAVING_CLIENTS} clients: answered", str(right), "all", right == LEAVING_CLIENTS
        ),
    ]


def liveness(options: Options, lines: list[str]) -> Row:
    """`/healthz` while 64 clients keep the service busy."""

    async def measure() -> list[float]:
        async with Client(server) as client:
            busy = asyncio.create_task(requests_a_second(server, lines, options.seconds / 4))
            taken = []
            while not busy.done():
                started = time.perf_counter()
                assert (await client.ask("GET", "/healthz")).status == 200
                taken.append(time.perf_counter() - started)
                await asyncio.sleep(0.02)
        return taken

    with serve() as server:
        p99 = percentile(asyncio.run(measure()), 0.99)
    return Row("12", "p99 of /healthz at full load", f"{1000 * p99:.0f} ms", "< 100 ms", p99 < 0.1)


def measure(options: Options, lines: list[str]) -> Iterator[Row]:
    """The rows of the cases that are asked for."""
    translator = Translator.load()
    if "throughput" in options.cases:
        yield throughput(options, lines, translator)
    if "latency" in options.cases:
        yield latency(options, translator)
    if "1" in options.cases:
        yield isolation(options)
    if "2" in options.cases:
        yield steady(options, lines)
    if "3" in options.cases:
        yield from overload(options, lines)
    if "5" in options.cases:
        yield from memory(options)
    if "6" in options.cases:
        yield from dropping(lines, translator)
    if "12" in options.cases:
        yield liveness(options, lines)


def main() -> int:
    """Exit code: 0 when every limit is kept, else 1."""
    options = tyro.cli(Options, description=__doc__)
    try:
        lines = [line for line in read_lines(options.sentences) if line.strip()][:1024]
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    console = Console(width=None if sys.stdout.isatty() else 120)
    set_up_processor(0)
    table = Table(title=f"The service under load: {describe_device(choose_device('auto'))}")
    for heading in ("case", "what", "figure", "limit", "kept"):
        table.add_column(heading)
    are_kept = True
    for row in measure(options, lines):
        table.add_row(row.case, row.what, row.figure, row.limit, "yes" if row.is_kept else "NO")
        are_kept &= row.is_kept
        print(f"case {row.case}: {row.what}: {row.figure}", file=sys.stderr)
    console.print(table)
    return 0 if are_kept else 1


if __name__ == "__main__":
    sys.exit(main())
