"""Cases 4, 7 to 11 and 13: overload, deadlines, failing batches, dying workers, and shutdown."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.hard.process import PATIENCE_SECONDS, ServiceProcess, running_service

Record = Callable[..., None]
pytestmark = pytest.mark.hard
FLAGS = ["--cache-sentences", "0", "--max-wait-seconds", "3600", "--batch-tokens", "100000"]


class Sender:
    """Sends requests in the background."""

    def __init__(self, client: httpx2.Client, pool: ThreadPoolExecutor) -> None:
        self.client, self._pool = client, pool

    def __call__(
        self, text: str | list[str], deadline: float | None = None, **options: Any
    ) -> Future[tuple[httpx2.Response, float]]:
        """Request a translation; the future has the answer and the seconds it took."""

        def ask() -> tuple[httpx2.Response, float]:
            headers = {} if deadline is None else {"X-Deadline-Seconds": str(deadline)}
            started = time.monotonic()
            answer = self.client.post("/translate", json={"text": text, **options}, headers=headers)
            return answer, time.monotonic() - started

        return self._pool.submit(ask)

    def metric(self, name: str) -> float:
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.client.get("/metrics").text, re.MULTILINE)
        assert found, name
        return float(found[1])

    def until(self, name: str, value: float) -> float:
        """Wait until a metric has this value; return the time of that moment."""
        return until(lambda: self.metric(name) == value)

    @contextlib.contextmanager
    def holding(self, **options: Any) -> Iterator[None]:
        """Keep the worker busy with a request, which is answered on exit."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "go-on"
            held = self(f"hold {path}", **options)
            self.until("translator_in_flight_sentences", 1)
            yield
            path.touch()
            assert statuses([held]) == [200]


def until(condition: Callable[[], bool]) -> float:
    """Wait until the condition holds; return the time of that moment."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.005)
    return time.monotonic()


@contextlib.contextmanager
def sending_to(service: ServiceProcess) -> Iterator[Sender]:
    limits = httpx2.Limits(max_connections=None)
    with (
        httpx2.Client(base_url=service.address, limits=limits, trust_env=False, timeout=900) as client,
        ThreadPoolExecutor(500) as pool,
    ):
        yield Sender(client, pool)


@pytest.fixture(scope="module")
def echo_service() -> Iterator[ServiceProcess]:
    with running_service(*FLAGS, is_echo=True) as service:
        yield service


def statuses(asked: Sequence[Future[tuple[httpx2.Response, float]]]) -> list[int]:
    return [one.result()[0].status_code for one in asked]


def is_echo_of(answer: httpx2.Response, text: str) -> bool:
    return answer.status_code == 200 and answer.json()["translations"][0]["text"] == f"DE:{text}"


def test_a_list_is_rejected_like_its_texts_one_by_one(record_case: Record) -> None:
    """100 tokens may wait. The requests have other options than the one being decoded, so they wait."""
    texts = [f"text {number:05}" for number in range(10)]
    assert {len(text) for text in texts} == {10}
    with (
        running_service(*FLAGS, "--max-queued-tokens", "100", is_echo=True) as service,
        sending_to(service) as ask,
    ):
        refusals = []
        for requests in (texts, [texts]):
            with ask.holding(beam_size=2):
                waiting = [ask(request) for request in requests]
                ask.until("translator_queue_tokens", 100)
                refusals.append(ask("one more").result())
            assert set(statuses(waiting)) == {200}
    (one, seconds), (together, seconds_together) = refusals
    bodies = [{**answer.json(), "request_id": None} for answer in (one, together)]
    is_same = (
        one.status_code == together.status_code == 503
        and bodies[0] == bodies[1]
        and all(int(answer.headers["Retry-After"]) >= 1 for answer in (one, together))
    )
    slowest = max(seconds, seconds_together)
    record_case(
        4,
        "the request after 10 texts, sent one by one and as a list, is rejected",
        f"{one.status_code} and {together.status_code}, {'the same' if is_same else 'not the same'} answer, "
        f"after {1000 * slowest:.0f} ms",
        "the same 503",
        is_same,
        str(bodies),
    )


def test_the_service_recovers_from_many_timeouts(
    echo_service: ServiceProcess, is_full_size: bool, record_case: Record
) -> None:
    number = 500 if is_full_size else 50
    late = number * 8 // 10
    with sending_to(echo_service) as ask:
        asked = [ask(f"hold /nowhere {place}", deadline=0.5) for place in range(late)]
        asked += [ask(f"text {place}", beam_size=1) for place in range(number - late)]
        timed_out = statuses(asked).count(504)
        after = [ask(f"text {place}") for place in range(number)]
        right = sum(is_echo_of(one.result()[0], f"text {place}") for place, one in enumerate(after))
        waiting = ask.metric("translator_queue_tokens"), ask.metric("translator_in_flight_sentences")
    record_case(
        7,
        f"of {number} requests {timed_out} time out; answered of {number} more",
        f"{right}",
        f"{late} and {number}",
        timed_out == late and right == number and waiting == (0, 0),
    )


def test_the_deadline(echo_service: ServiceProcess, is_full_size: bool, record_case: Record) -> None:
    """A deadline holds for a text that waits, for one that is being split, and for one that is being decoded."""
    deadline, tolerance = (5.0, 0.1) if is_full_size else (2.0, 0.25)  # the machine may be busy
    with sending_to(echo_service) as ask:
        with ask.holding(beam_size=2):
            waiting = ask("expired in the queue", deadline)
            split = ask(f"read {1.5 * deadline} ".ljust(3000, "x"), deadline)
            answers = [waiting.result(), split.result()]
        answers.append(ask("hold /nowhere", deadline).result())
        after = ask("in time").result()[0]
    seconds = [seconds for _, seconds in answers]
    record_case(
        8,
        f"a deadline of {deadline:g} s for texts that wait, are being split, and are being decoded",
        "/".join(str(answer.status_code) for answer, _ in answers)
        + f" after {min(seconds):.2f} to {max(seconds):.2f} s",
        f"504, ± {tolerance:.0%}",
        all(answer.status_code == 504 for answer, _ in answers)
        and all(abs(taken - deadline) <= tolerance * deadline for taken in seconds),
    )
    decoded = [line for line in echo_service.log if "decoded: " in line]
    expired = sum("expired in the queue" in line or "decoded: read" in line for line in decoded)
    record_case(
        8,
        "texts decoded although they expired in the queue",
        str(expired),
        "0",
        expired == 0 and is_echo_of(after, "in time") and "decoded: in time\n" in decoded,
    )


def test_one_bad_sentence_of_32_fails_alone(echo_service: ServiceProcess, record_case: Record) -> None:
    texts = [f"text {number}" for number in range(32)]
    texts[17] = "fail 17"
    with sending_to(echo_service) as ask:
        failed_before = ask.metric("translator_failed_sentences_total")
        with ask.holding(beam_size=2):
            asked = [ask(text) for text in texts]
            ask.until("translator_queue_sentences", 32)
        answers = [one.result()[0] for one in asked]
        failed = ask.metric("translator_failed_sentences_total") - failed_before
    right = sum(is_echo_of(answer, text) for answer, text in zip(answers, texts, strict=True))
    errors = [answer.status_code for answer in answers if answer.status_code != 200]
    record_case(
        9,
        "one of 32 sentences decoded together fails",
        f"{right} right, errors: {errors}",
        "31 right, one 500",
        right == 31 and errors == [500] and answers[17].status_code == 500 and failed == 1,
    )


def test_out_of_memory(record_case: Record) -> None:
    texts = [f"text {number:05}" for number in range(32)]
    with running_service(*FLAGS, is_echo=True, ECHO_MAX_TOKENS="100") as service, sending_to(service) as ask:
        with ask.holding(beam_size=2):
            asked = [ask(text) for text in texts]
            ask.until("translator_queue_sentences", 32)
        answers = [one.result()[0] for one in asked]
        alone = ask("x" * 200).result()[0]
        after = ask("after").result()[0]
    right = sum(is_echo_of(answer, text) for answer, text in zip(answers, texts, strict=True))
    record_case(
        10,
        "out of memory for 32 sentences together, and for a long one",
        f"{right} right, then {alone.status_code}, then {after.status_code}",
        "32 right, 503, 200",
        right == 32 and alone.status_code == 503 and is_echo_of(after, "after"),
        alone.text,
    )


def test_a_dying_worker_fails_its_requests_and_is_replaced(record_case: Record, tmp_path: Path) -> None:
    with running_service(*FLAGS, is_echo=True) as service, sending_to(service) as ask:
        killing = ask(f"kill {tmp_path}/now", beam_size=2)
        ask.until("translator_in_flight_sentences", 1)
        waiting = [ask(f"text {number}") for number in range(20)]
        ask.until("translator_queue_sentences", 20)
        assert ask.client.get("/readyz").status_code == 200
        dies = time.monotonic()
        (tmp_path / "now").touch()
        unready = until(lambda: ask.client.get("/readyz").status_code == 503) - dies
        failed = statuses([killing, *waiting])
        failed_after = time.monotonic() - dies
        ready = until(lambda: ask.client.get("/readyz").status_code == 200)
        after = ask("after").result()[0]
    record_case(
        11,
        "the worker dies: not ready, and 21 waiting requests fail",
        f"after {unready:.2f} s and {failed_after:.2f} s: {sorted(set(failed))}",
        "< 2 s, 503",
        unready < 2 and failed_after < 2 and failed == [503] * 21,
    )
    record_case(
        11,
        "the worker dies: a new one takes over",
        f"after {ready - dies:.2f} s, then {after.status_code}",
        "then 200",
        is_echo_of(after, "after"),
    )


def test_sigterm_answers_20_accepted_requests_before_the_exit(record_case: Record, tmp_path: Path) -> None:
    texts = [f"hold {tmp_path}/go-on {number}" for number in range(20)]
    with running_service(*FLAGS, "--drain-seconds", "3", is_echo=True) as service, sending_to(service) as ask:
        asked = [ask(text) for text in texts]
        in_flight, waiting = "translator_in_flight_sentences", "translator_queue_sentences"
        until(lambda: ask.metric(in_flight) + ask.metric(waiting) == 20)
        service.process.send_signal(signal.SIGTERM)
        until(lambda: ask.client.get("/readyz").status_code == 503)
        meanwhile = ask.client.get("/healthz").status_code, sum(one.done() for one in asked)
        (tmp_path / "go-on").touch()
        answers = [one.result()[0] for one in asked]
        status = service.process.wait(PATIENCE_SECONDS)
    right = sum(is_echo_of(answer, text) for answer, text in zip(answers, texts, strict=True))
    record_case(
        13,
        "SIGTERM with 20 requests: not ready at first, then all answered, then exit",
        f"{meanwhile[0]} with {meanwhile[1]} done, {right} right, exit {status}",
        "200 with 0 done, 20 right, exit 0",
        meanwhile == (200, 0) and right == 20 and status == 0,
    )


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_service_at_once(record_case: Record, second: signal.Signals) -> None:
    with running_service(*FLAGS, is_echo=True) as service, sending_to(service) as ask:
        lost = ask("hold /nowhere")
        ask.until("translator_in_flight_sentences", 1)
        service.process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            service.process.wait(1.5)
        sent = time.monotonic()
        service.process.send_signal(second)
        service.process.wait(PATIENCE_SECONDS)
        seconds = time.monotonic() - sent
        with contextlib.suppress(httpx2.TransportError):
            assert lost.result()[0].status_code >= 500
    record_case(
        13, f"SIGTERM, then {second.name}: time until the exit", f"{seconds:.1f} s", "< 10 s", seconds < 10
    )
