"""An echo in the translator's place, and ways to serve it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from translator.search import SearchOptions
from translator.translate import Hypothesis, SentenceTranslation, Translation

PATIENCE_SECONDS = 20  # only a test that fails waits as long


class EchoTranslator:
    """Answers "DE:" and the text, and keeps a record of what was decoded together.

    A token is a character. Texts in `errors` fail; while `gate` is closed decoding stands still.
    """

    name = "echo-en-de"
    device = "cpu"
    card: ClassVar = {"corpora": ["none"], "steps": 0}

    def __init__(self) -> None:
        self.batches: list[tuple[list[str], SearchOptions]] = []
        self.errors: dict[str, BaseException] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def count_tokens(self, text: str) -> int:
        return len(text)

    def translate(self, texts: Sequence[str], options: SearchOptions) -> list[Translation]:
        self.batches.append((list(texts), options))
        self.entered.set()
        assert self.gate.wait(PATIENCE_SECONDS)
        for text in texts:
            if text in self.errors:
                raise self.errors[text]
        return [self._echo(text, options) for text in texts]

    def _echo(self, text: str, options: SearchOptions) -> Translation:
        if not text:
            return Translation(text="", sentences=())
        hypotheses = tuple(
            Hypothesis(text=f"DE{'' if rank == 0 else rank}:{text}", score=-0.25 * (rank + 1))
            for rank in range(options.n_best)
        )
        sentence = SentenceTranslation(source=text, start=0, end=len(text), hypotheses=hypotheses)
        return Translation(text=f"DE:{text}", sentences=(sentence,))

    def decoded_together(self) -> list[list[str]]:
        """The texts of each call since the warm-up."""
        return [texts for texts, _ in self.batches[1:]]


@pytest.fixture
def echo() -> Iterator[EchoTranslator]:
    translator = EchoTranslator()
    yield translator
    translator.gate.set()


@pytest.fixture
def make_app(echo: EchoTranslator) -> Callable[..., FastAPI]:
    """An application that serves the echo, with the settings given."""

    def make(**settings: object) -> FastAPI:
        return create_app(lambda: echo, Settings(**settings))

    return make


@pytest.fixture
def make_client(make_app: Callable[..., FastAPI]) -> Iterator[Callable[..., TestClient]]:
    """A client of an application that is ready, with the settings given."""
    with contextlib.ExitStack() as stack:

        def make(**settings: object) -> TestClient:
            client = stack.enter_context(TestClient(make_app(**settings)))
            wait_until(lambda: client.get("/readyz").status_code == 200)
            return client

        yield make


@pytest.fixture
def client(make_client: Callable[..., TestClient]) -> TestClient:
    return make_client()


@pytest.fixture
def serve() -> Iterator[Callable[[FastAPI], str]]:
    """Serve an application with uvicorn on a free port and return its address."""
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
    """Wait until the condition holds; it is asked for again and again."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


@pytest.fixture(name="wait_until")
def wait_until_fixture() -> Callable[[Callable[[], bool]], None]:
    return wait_until
