"""A fake engine that echoes its input, and ways to serve it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.access import Access, Client
from service.app import create_app
from service.batcher import WorkItem
from service.engine import EngineResult, ScoreKind, TranslateKind, TranslationResult
from service.settings import Settings
from translator.evaluation.scoring import SentenceScore, TokenScore
from translator.search.feed import Feed
from translator.text import Span, split_sentences
from translator.text.language import detect_language
from translator.translate import DEFAULT_STYLE, Hypothesis, Protection, SourceSentence, Style
from translator.translate.alignment import Link
from translator.translate.receipt import Check

ANY_NUMBER = 10**9
PATIENCE_SECONDS = 20  # only a failing test waits this long


class EchoEngine:
    """Answers "DE:" and the text, which is one sentence, and records which texts were decoded together.

    A token is a character. Texts in `errors` fail. While `gate` is closed, decoding waits. It stops once
    all its requests are cancelled.
    """

    name = "echo-en-de"
    device = "cpu"
    precision = "fp32"
    protection: Protection = "pieces"
    workers = 1
    batch_tokens = 4096

    def __init__(self) -> None:
        self.card: Mapping[str, Any] = {"corpora": ["none"], "steps": 0}
        self.batches: list[tuple[list[str], TranslateKind]] = []
        self.errors: dict[str, BaseException] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def sentences(self, text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> list[SourceSentence]:
        tokens, beginning = (tuple(map(ord, one)) for one in (text, prefix))
        language = detect_language(text)[0] if style.source_language == "auto" else "en"
        sentence = SourceSentence(
            text,
            Span(0, len(text)),
            tokens if language == "en" else (),
            False,
            beginning,
            style=style,
            language=language,
        )
        return [sentence] if text else []

    def scoring_items(self, pairs: Sequence[tuple[str, str]]) -> list[WorkItem]:
        return [WorkItem(pair, sum(map(len, pair))) for pair in pairs]

    def rows(self, kind: Hashable) -> int:
        return 1

    def process(self, kind: Hashable, feed: Feed[Any, EngineResult]) -> None:
        if isinstance(kind, ScoreKind):
            for pair in feed(ANY_NUMBER):
                tokens = tuple(TokenScore(letter, -0.5) for letter in pair.item[1])
                pair.finish(SentenceScore(tokens, -0.5 * kind.length_penalty))
            return
        assert isinstance(kind, TranslateKind)
        taken = feed(ANY_NUMBER)
        self.batches.append(([one.item.text for one in taken], kind))
        self.entered.set()
        end = time.monotonic() + PATIENCE_SECONDS
        while not self.gate.wait(0.01) and any(one.is_wanted() for one in taken):
            assert time.monotonic() < end
        for one in taken:
            if one.item.text in self.errors:
                raise self.errors[one.item.text]
        for one in taken:
            if one.is_wanted():
                one.finish(self._echo("".join(map(chr, one.item.prefix)) + one.item.text, kind))

    def _echo(self, text: str, kind: TranslateKind) -> TranslationResult:
        hypotheses = tuple(
            Hypothesis(f"DE{'' if rank == 0 else rank}:{text}", -0.25 * (rank + 1), -0.25)
            for rank in range(kind.options.n_best)
        )
        link = Link((0, len(text)), (3, 3 + len(text)), 0.9)
        return TranslationResult(hypotheses, (link,) if kind.align else None)

    def decoded_together(self) -> list[list[str]]:
        """The texts of each call since the warm-up."""
        return [texts for texts, _ in self.batches[1:]]


@pytest.fixture
def echo() -> Iterator[EchoEngine]:
    translator = EchoEngine()
    yield translator
    translator.gate.set()


@pytest.fixture
def make_app(echo: EchoEngine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., FastAPI]:
    """Make an application that serves the echo with the given settings, to everybody or to clients with these keys."""
    # The garbage of a whole test run would be searched for each of a thousand applications.
    monkeypatch.setattr("service.model_manager._collect_garbage", lambda: None)

    def make(clients: dict[str, Client] | None = None, **settings: Any) -> FastAPI:
        app = create_app(lambda: echo, Settings(**settings))
        if clients is not None:
            app.state.access = Access({sha256(key.encode()).digest(): clients[key] for key in clients})
        return app

    return make


@pytest.fixture
def make_client(make_app: Callable[..., FastAPI]) -> Iterator[Callable[..., TestClient]]:
    """Make a client of an application that is ready, with the given settings."""
    with contextlib.ExitStack() as stack:

        def make(clients: dict[str, Client] | None = None, **settings: object) -> TestClient:
            client = stack.enter_context(TestClient(make_app(clients, **settings)))
            wait_until(lambda: client.get("/readyz").status_code == 200)
            return client

        yield make


@pytest.fixture
def client(make_client: Callable[..., TestClient]) -> TestClient:
    return make_client()


@pytest.fixture
def capitals(client: TestClient, echo: EchoEngine, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """A client of an echo that splits texts into sentences and answers in capitals, word by word."""

    def sentences(text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> list[SourceSentence]:
        begin = tuple(map(ord, prefix))
        found = [
            SourceSentence(
                text[one.start : one.end], one, tuple(map(ord, text[one.start : one.end])), False, ()
            )
            for one in split_sentences(text)
        ]
        if found and begin:
            found[0] = SourceSentence(found[0].text, found[0].span, found[0].tokens, False, begin)
        return found

    def in_capitals(text: str, kind: TranslateKind) -> TranslationResult:
        place = text.find("5")
        checks = (Check("small", "kept", (place, place + 1), (place, place + 1)),) if place >= 0 else ()
        hypotheses = tuple(
            Hypothesis(text.upper() + "!" * rank, -0.25 * (rank + 1), -0.25, checks=checks)
            for rank in range(kind.options.n_best)
        )
        first = text.partition(" ")[0]
        links = (Link((0, len(first)), (0, len(first)), 1.0),) if kind.align else None
        return TranslationResult(hypotheses, links)

    monkeypatch.setattr(echo, "sentences", sentences)
    monkeypatch.setattr(echo, "_echo", in_capitals)
    return client


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still until the test moves it."""
    clock = Clock()
    monkeypatch.setattr("time.time", lambda: clock.now)
    return clock


class Clock:
    """Seconds since 1970, 20 s past a minute."""

    now = 1_700_000_000.0


def state_of(client: TestClient) -> Any:
    """Return what the application of a client keeps: its model manager, its metrics, its access rules."""
    assert isinstance(client.app, FastAPI)
    return client.app.state


@pytest.fixture
def serve() -> Iterator[Callable[[FastAPI], str]]:
    """Serve an application with uvicorn on a free port and return its URL."""
    with contextlib.ExitStack() as stack:
        yield lambda app: stack.enter_context(_served(app))


@contextlib.contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    config = uvicorn.Config(app, port=0, http="httptools", log_config=None, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def wait_until(condition: Callable[[], bool]) -> None:
    """Poll the condition until it holds."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.01)


@pytest.fixture(name="wait_until")
def wait_until_fixture() -> Callable[[Callable[[], bool]], None]:
    return wait_until
