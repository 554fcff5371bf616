"""`python -m service` as a process: settings, port, signals."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from service.serving import read_settings
from service.settings import Settings

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]

# Like `python -m service`, but with an echo instead of the translator. It decodes each text alone, and texts that start
# with "text" only once 20 of them have arrived, at this model or a reloaded one.
SERVE_AN_ECHO = """
import sys, threading, time
from pathlib import Path
from service.__main__ import main
from translator.errors import CheckpointError
from translator.text import Span
from translator.translate import Hypothesis, SourceSentence, Translator

class Echo:
    name, device, precision, protection, card, threads = "echo", "cpu", "fp32", "pieces", {}, 1
    loaded, came, complete = 0, 0, threading.Event()
    def __init__(self):
        Echo.loaded += 1
        self.number = Echo.loaded
    def sentences(self, text, prefix="", style=None):
        print("came:", text, file=sys.stderr, flush=True)
        Echo.came += text.startswith("text")
        if Echo.came == 20:
            print("all have come", file=sys.stderr, flush=True)
            self.complete.set()
        return [SourceSentence(text, Span(0, len(text)), (1,) * 1_000_000, False)]
    def translate_feed(self, feed, options):
        sentences = feed(1)
        if sentences[0].item.text.startswith("text"):
            self.complete.wait()
            time.sleep(0.05)
        for one in sentences:
            one.finish((Hypothesis(f"DE{self.number}:{one.item.text}", 0.0),))

def load(path=None, device="auto", precision="auto"):
    if path == Path("stillborn"):
        echo = Echo()
        echo.translate_feed = lambda *_: sys.exit("stillborn")
        return echo
    if path:
        raise CheckpointError(f"{path}: there is no model folder")
    return Echo()

Translator.load = load
sys.exit(main(["--port", "0", "--max-queued-tokens", "100_000_000", *sys.argv[1:]]))
"""


def run(*flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service", *flags]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@contextmanager
def echo_process(*flags: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", SERVE_AN_ECHO, *flags]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_help_describes_every_setting() -> None:
    process = run("--help")
    assert process.returncode == 0
    told = " ".join(process.stdout.split())
    for name, field in Settings.model_fields.items():
        assert f"--{name.replace('_', '-')} " in told
        assert field.description is not None
        assert field.description in told


def test_flags_override_the_environment_which_overrides_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSLATOR_PORT", "9001")
    monkeypatch.setenv("TRANSLATOR_MAX_TEXTS", "9")
    monkeypatch.setenv("TRANSLATOR_MODEL", "some/folder")
    settings = read_settings(["--port", "9002"])
    assert (settings.port, settings.max_texts, settings.model) == (9002, 9, Path("some/folder"))
    assert settings.max_characters == Settings.model_fields["max_characters"].default


def test_the_address_that_kubernetes_sets_as_port_is_ignored_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in {
        "PORT": "tcp://10.96.0.12:8000", "PORT_8000_TCP": "tcp://10.96.0.12:8000", "PORT_8000_TCP_PORT": "8000",
        "SERVICE_HOST": "10.96.0.12", "SERVICE_PORT": "8000",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"TRANSLATOR_{name}", value)
    assert read_settings([]).port == 8000
    assert "TRANSLATOR_PORT=tcp://10.96.0.12:8000 is from Kubernetes and is ignored" in caplog.text
    monkeypatch.setenv("TRANSLATOR_PORT", "tcp://10.96.0.12:8000")
    assert read_settings(["--port", "9002"]).port == 9002


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--max-texts", "0"], "max_texts = '0': Input should be greater than or equal to 1"),
        (["--port", "70000"], "port = '70000': Input should be less than or equal to 65535"),
        (["--device", "gpu"], "device = 'gpu'"),
        (["--deadline-seconds", "nan"], "deadline_seconds = 'nan'"),
        (["--max-alternatives", "6"], "max_alternatives = '6'"),
    ],
)
def test_a_wrong_setting_is_named(flags: list[str], complaint: str) -> None:
    with pytest.raises(SystemExit) as stop:
        read_settings(flags)
    assert complaint in str(stop.value)


def test_an_unknown_flag_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_settings(["--max-text", "3"])
    assert "--max-text" in capsys.readouterr().err


def test_a_taken_port_is_reported_with_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = run(TRANSLATOR_PORT=port)
    assert process.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {port}: Address already in use. Choose another" in process.stderr
    assert "Traceback" not in process.stderr


def test_an_unknown_host_is_reported() -> None:
    process = run("--host", "nowhere.invalid", "--port", "0")
    assert process.returncode == 1
    assert "Cannot listen on nowhere.invalid port 0" in process.stderr


def test_sigterm_finishes_accepted_requests_and_exits_with_0() -> None:
    with echo_process() as process, ThreadPoolExecutor(20) as pool:
        address = wait_for(process, r"serving on (\S+)")
        wait_for(process, r"echo is ready on cpu")
        answers = [
            pool.submit(
                httpx2.post,
                f"{address}translate",
                json={"text": f"text {number}"},
                trust_env=False,
                timeout=30,
            )
            for number in range(20)
        ]
        wait_for(process, "all have come")
        process.send_signal(signal.SIGTERM)
        texts = [answer.result().json()["translations"][0]["text"] for answer in answers]
        assert texts == [f"DE1:text {number}" for number in range(20)]
        assert process.wait(30) == 0


def test_after_sigterm_it_is_not_ready_but_serves_for_a_while() -> None:
    with echo_process("--drain-seconds", "3") as process:
        address = wait_for(process, r"serving on (\S+)")
        wait_for(process, r"echo is ready on cpu")
        process.send_signal(signal.SIGTERM)
        get = functools.partial(httpx2.get, trust_env=False, timeout=30)
        end = time.monotonic() + 2
        while get(f"{address}readyz").status_code == 200:
            assert time.monotonic() < end
        assert get(f"{address}healthz").status_code == 200
        answer = httpx2.post(f"{address}translate", json={"text": "other"}, trust_env=False, timeout=30)
        assert answer.json()["translations"][0]["text"] == "DE1:other"
        assert answer.headers["Connection"] == "close"  # its next request goes to another replica
        assert process.wait(30) == 0


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_does_not_wait(second: signal.Signals) -> None:
    with echo_process() as process, ThreadPoolExecutor(1) as pool:
        address = wait_for(process, r"serving on (\S+)")
        wait_for(process, r"echo is ready on cpu")
        post = functools.partial(httpx2.post, f"{address}translate", trust_env=False, timeout=30)
        lost = pool.submit(post, json={"text": "text that waits for 19 others"})
        wait_for(process, "came: text that waits")
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(second)
        process.wait(30)
        assert lost.exception() is not None or lost.result().status_code == 500


def test_an_invalid_list_is_reported() -> None:
    process = run(TRANSLATOR_CORS_ORIGINS="https://example.org")
    assert process.returncode == 1
    assert "Traceback" not in process.stderr
    assert "cors_origins" in process.stderr
    assert "write a list as JSON" in process.stderr


def test_a_model_that_cannot_be_loaded_ends_the_process() -> None:
    with echo_process("--model", "nowhere") as process:
        wait_for(process, "the model could not be loaded: nowhere: there is no model folder")
        assert process.wait(30) == 1


def test_a_model_that_cannot_decode_ends_the_process() -> None:
    with echo_process("--model", "stillborn") as process:
        wait_for(process, "the model could not be loaded")
        assert process.wait(30) == 1


def test_sighup_reloads_the_model_and_no_request_is_lost() -> None:
    with echo_process() as process, ThreadPoolExecutor(20) as pool:
        address = wait_for(process, r"serving on (\S+)")
        wait_for(process, r"echo is ready on cpu")
        post = functools.partial(httpx2.post, f"{address}translate", trust_env=False, timeout=30)

        def text_of(answer: Future[httpx2.Response]) -> str:
            return str(answer.result().json()["translations"][0]["text"])

        before = pool.submit(post, json={"text": "text that waits for 19 others"})
        wait_for(process, "came: text that waits")
        process.send_signal(signal.SIGHUP)
        wait_for(process, r"echo is ready on cpu")
        assert text_of(pool.submit(post, json={"text": "other"})) == "DE2:other"
        assert not before.done()
        others = [pool.submit(post, json={"text": f"text {number}"}) for number in range(19)]
        assert text_of(before) == "DE1:text that waits for 19 others"
        assert list(map(text_of, others)) == [f"DE2:text {number}" for number in range(19)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_refusals_and_connections_are_among_the_metrics() -> None:
    with echo_process() as process:
        address = wait_for(process, r"serving on (\S+)")
        port = int(address.rstrip("/").rpartition(":")[2])

        def metric(name: str) -> float:
            text = httpx2.get(f"{address}metrics", trust_env=False, timeout=30).text
            found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
            assert found, name
            return float(found[1])

        refused = 'translator_rejected_total{reason="not_http"}'
        assert metric(refused) == 0  # from the start, so that the first one is an increase
        with socket.create_connection(("127.0.0.1", port), 30) as connection:
            connection.sendall(b"hello\r\n\r\n")
            while connection.recv(1000):
                pass
        assert metric(refused) == 1
        with contextlib.ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(socket.create_connection(("127.0.0.1", port), 30))
            end = time.monotonic() + 20
            while metric("translator_connections") != 4:  # including the one that asks
                assert time.monotonic() < end


def hears(process: subprocess.Popen[bytes], number: signal.Signals) -> bool:
    """Whether the process has a handler for the signal."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    found = re.search(r"SigCgt:\s+(\S+)", status)
    assert found, "it has ended"
    return bool(int(found[1], 16) >> (number - 1) & 1)


@contextmanager
def first_process_of_a_container() -> Iterator[subprocess.Popen[bytes]]:
    """`python -m service`, with signals ignored for which it has no handler."""

    def ignore() -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)

    with subprocess.Popen(
        [sys.executable, "-m", "service", "--port", "0"],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        preexec_fn=ignore,  # noqa: PLW1509 (no other thread forks here)
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("number", "seconds"),
    [*((signal.SIGTERM, seconds) for seconds in (0.0, 0.1, 0.3, 1.0, 2.5)), (signal.SIGINT, 0.2)],
)
def test_a_signal_while_it_starts_ends_the_process(number: signal.Signals, seconds: float) -> None:
    with first_process_of_a_container() as process:
        while not hears(process, number):
            assert (
                "torch" not in Path(f"/proc/{process.pid}/maps").read_text()
            )  # it would be too late for that
            time.sleep(0.005)
        time.sleep(seconds)
        process.send_signal(signal.SIGHUP)  # which has no effect
        process.send_signal(number)
        assert process.wait(30) == 0


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.3])
def test_a_signal_in_its_first_moments_ends_the_process(seconds: float) -> None:
    command = [sys.executable, "-m", "service", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)  # perhaps before there is a handler


def wait_for(process: subprocess.Popen[str], pattern: str) -> str:
    """Read the process's log up to a line with the pattern; return its first group, or all of it."""
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(pattern, line):
            return found[found.re.groups and 1]
    raise AssertionError(f"the process ended without {pattern!r}")


WITHOUT_PYTORCH = """
import sys, time
from starlette.testclient import TestClient
from service.app import create_app
from service.engine import TranslationEngine
from service.settings import Settings
from translator.translate import Translator

app = create_app(lambda: TranslationEngine(Translator.load(device="cpu")), Settings())
with TestClient(app) as client:
    while client.get("/readyz").status_code != 200:
        time.sleep(0.01)
    for path, body in (
        ("/translate", {"text": "The house is old.", "alignment": True}),
        ("/score", {"source": "The house is old.", "target": "Das Haus ist alt."}),
    ):
        assert client.post(path, json=body).status_code == 200
assert not {"torch", "sacremoses"} & sys.modules.keys()
"""


def test_requests_are_answered_without_pytorch() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_PYTORCH], check=True, capture_output=True, timeout=60)
