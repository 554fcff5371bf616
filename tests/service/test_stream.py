"""`POST /translate/stream`: finished sentences as server-sent events."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.batcher import QueueFull
from service.engine import EngineResult
from service.routes.translation import _EventStream
from service.settings import Settings
from tests.service.conftest import ANY_NUMBER, EchoEngine, state_of
from translator.search.feed import Feed
from translator.text import Span
from translator.translate import DEFAULT_STYLE, SourceSentence, Style


class LineEngine(EchoEngine):
    """A line is a sentence. They finish in reverse order, the first one when `gate` is opened."""

    def sentences(self, text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> list[SourceSentence]:
        lines = re.finditer(r"[^\n]+", text)
        return [
            SourceSentence(line[0], Span(line.start(), line.end()), tuple(map(ord, line[0])), False)
            for line in lines
        ]

    def process(self, kind: Hashable, feed: Feed[Any, EngineResult]) -> None:
        taken = feed(ANY_NUMBER)
        for one in reversed(taken):
            if one.item.text in self.errors:
                raise self.errors[one.item.text]
            if one is taken[0]:
                self.gate.wait(20)
            one.finish(self._echo(one.item.text, kind))  # type: ignore[arg-type]  # always a TranslateKind


@pytest.fixture
def engine() -> Iterator[LineEngine]:
    engine = LineEngine()
    yield engine
    engine.gate.set()


@pytest.fixture
def client(engine: LineEngine, wait_until: Callable[..., None]) -> Iterator[TestClient]:
    with TestClient(create_app(lambda: engine, Settings())) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        yield client


def events(client: TestClient, **request: Any) -> list[tuple[str, dict[str, Any]]]:
    answer = client.post("/translate/stream", json=request)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    return parsed(answer.text)


def parsed(stream: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for event in stream.split("\n\n")[:-1]:
        name, data = event.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_sentences_arrive_in_order_and_make_up_the_translation(client: TestClient) -> None:
    text = "😀 one\n\n two\nthree\n"
    *sentences, (last, end) = events(client, text=text)
    assert [name for name, _ in sentences] == ["sentence"] * 3
    assert (last, end["sentences"], end["model"], end["device"]) == ("done", 3, "echo-en-de", "cpu")
    rebuilt, place = "", 0
    for number, (_, sentence) in enumerate(sentences):
        assert (sentence["text_index"], sentence["sentence_index"]) == (0, number)
        assert (sentence["done"], sentence["total"]) == (number + 1, 3)
        assert sentence["source"] == text[sentence["start"] : sentence["end"]]
        rebuilt += text[place : sentence["start"]]
        assert len(rebuilt) == sentence["target_start"]
        rebuilt += sentence["text"]
        assert len(rebuilt) == sentence["target_end"]
        place = sentence["end"]
    whole = client.post("/translate", json={"text": text}).json()["translations"][0]
    assert rebuilt + text[place:] == whole["text"]
    shared = whole["sentences"][0].keys()
    assert [{name: one[name] for name in shared} for _, one in sentences] == whole["sentences"]


def test_offsets_restart_with_each_text(client: TestClient) -> None:
    *sentences, _ = events(client, text=["a\nb", "", "c"], alignment=True)
    assert [(one["text_index"], one["sentence_index"], one["target_start"]) for _, one in sentences] == [
        (0, 0, 0), (0, 1, 5), (2, 0, 0),
    ]  # fmt: skip
    assert sentences[1][1]["alignment"] == [
        {"source_start": 2, "source_end": 3, "target_start": 8, "target_end": 9}
    ]


@pytest.mark.parametrize("text", ["", [], "\n"])
def test_nothing_to_translate_is_done_at_once(client: TestClient, text: object) -> None:
    [(name, end)] = events(client, text=text)
    assert (name, end["sentences"]) == ("done", 0)


def test_an_immediate_refusal_is_a_problem_with_its_status(client: TestClient, engine: LineEngine) -> None:
    assert client.post("/translate/stream", json={"text": 7}).status_code == 422
    engine.errors["bad"] = RuntimeError("secret")
    answer = client.post("/translate/stream", json={"text": "bad"})
    assert answer.status_code == 500
    assert "secret" not in answer.text


def test_an_error_after_the_first_sentence_is_an_event(
    client: TestClient, engine: LineEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.errors["bad"] = RuntimeError("secret")
    client.post("/translate", json={"text": "good"})  # cached from now on
    (first, sentence), (last, problem) = events(client, text="good\nbad")
    assert (first, sentence["text"]) == ("sentence", "DE:good")
    assert (last, problem["status"]) == ("error", 500)
    assert "secret" not in json.dumps(problem)


def test_sentences_arrive_before_the_last_is_finished_and_leaving_stops_the_work(
    serve: Callable[..., str], engine: LineEngine, wait_until: Callable[..., None]
) -> None:
    class Watched(LineEngine):
        left = threading.Event()

        def process(self, kind: Hashable, feed: Feed[Any, EngineResult]) -> None:
            first, *others = feed(ANY_NUMBER)
            first.finish(self._echo(first.item.text, kind))  # type: ignore[arg-type]  # always a TranslateKind
            for other in others:
                wait_until(lambda other=other: not other.is_wanted())
                self.left.set()

    app = create_app(Watched, Settings())
    address = serve(app)
    wait_until(lambda: httpx2.get(f"{address}/readyz", trust_env=False).status_code == 200)
    with httpx2.stream(
        "POST", f"{address}/translate/stream", json={"text": "one\ntwo"}, trust_env=False, timeout=20
    ) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                assert json.loads(line.removeprefix("data: "))["text"] == "DE:one"
                break
    assert Watched.left.wait(20)


def test_a_full_queue_is_reported_before_anything_is_sent(
    client: TestClient, engine: LineEngine, wait_until: Callable[..., None]
) -> None:
    batcher = state_of(client).manager.current_model().batcher

    def refuse(*_: object) -> None:
        raise QueueFull("too much waits", 3)

    batcher.check_admission = refuse
    assert client.post("/translate/stream", json={"text": "\n123\nwords"}).status_code == 503


def test_an_unexpected_error_in_a_stream_is_logged(
    client: TestClient, engine: LineEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.errors["bad"] = RuntimeError("the cause")
    client.post("/translate", json={"text": "good"})
    events(client, text="good\nbad")
    assert "builtins.RuntimeError, raised at" in caplog.text
    assert "the cause" not in caplog.text  # it may quote a user's text


def test_a_client_that_leaves_before_the_body_starts_stops_the_work(engine: LineEngine) -> None:
    class Events:
        closed = False

        async def aclose(self) -> None:
            self.closed = True

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        await asyncio.sleep(10)

    left = Events()
    stream = _EventStream("first", left)  # type: ignore[arg-type]
    asyncio.run(stream({"type": "http"}, receive, send))
    assert left.closed
