"""From loading to draining: what the service reports at each stage."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from service.app import create_app
from service.batcher import Deadline, DeviceLost
from service.schemas.translation import TranslateRequest
from service.settings import Settings
from tests.service.conftest import EchoEngine, state_of
from translator.errors import CheckpointError
from translator.text import Span
from translator.translate import SourceSentence

PATIENCE_SECONDS = 20
Waits = Callable[[Callable[[], bool]], None]


def test_while_the_model_loads_the_process_is_alive_but_not_ready(echo: Any, wait_until: Waits) -> None:
    loaded = threading.Event()

    def load() -> Any:
        assert loaded.wait(PATIENCE_SECONDS)
        return echo

    with TestClient(create_app(load, Settings())) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        for answer in (
            client.get("/readyz"),
            client.get("/model"),
            client.post("/translate", json={"text": "Hi"}),
            client.post("/translate", content=b"is not even read"),
        ):
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "5"
            assert answer.json()["detail"].startswith("The model is being loaded.")
        assert client.get("/").status_code == 200
        loaded.set()
        wait_until(lambda: client.get("/readyz").status_code == 200)
        assert client.get("/readyz").json() == {"status": "ready"}


def test_not_ready_before_the_first_decoding_is_done(
    make_app: Callable[..., FastAPI], echo: Any, wait_until: Waits
) -> None:
    echo.gate.clear()
    with TestClient(make_app()) as client:
        assert echo.entered.wait(PATIENCE_SECONDS)
        assert client.get("/readyz").status_code == 503
        echo.gate.set()
        wait_until(lambda: client.get("/readyz").status_code == 200)


@pytest.mark.parametrize("error", [CheckpointError("config.json is missing"), RuntimeError("no device")])
def test_a_model_that_cannot_be_loaded_is_reported_and_logged(
    error: Exception, wait_until: Waits, caplog: pytest.LogCaptureFixture
) -> None:
    def load() -> Any:
        raise error

    app = create_app(load, Settings())
    with TestClient(app) as client:
        wait_until(lambda: app.state.manager.has_failed)
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["detail"].startswith("The model could not be loaded;")
        assert client.get("/healthz").status_code == 200
    assert str(error) in caplog.text


def test_a_service_that_stops_while_loading_stops_in_order(echo: Any) -> None:
    loading, loaded = threading.Event(), threading.Event()

    def load() -> Any:
        loading.set()
        assert loaded.wait(PATIENCE_SECONDS)
        return echo

    with TestClient(create_app(load, Settings())):
        assert loading.wait(PATIENCE_SECONDS)
        loaded.set()


def test_the_model_route_returns_name_device_limits_and_card(make_client: Callable[..., TestClient]) -> None:
    client = make_client(
        max_texts=7, max_characters=70, max_body_bytes=7000, max_alternatives=3, deadline_seconds=1.5
    )
    assert client.get("/model").json() == {
        "name": "echo-en-de",
        "device": "cpu",
        "protection": "pieces",
        "limits": {
            "max_texts": 7,
            "max_characters": 70,
            "max_body_bytes": 7000,
            "max_alternatives": 3,
            "deadline_seconds": 1.5,
        },
        "card": {"corpora": ["none"], "steps": 0},
    }


def test_when_the_worker_dies_waiting_requests_fail_and_the_service_is_not_ready(
    client: TestClient, echo: Any, wait_until: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.model_manager._FIRST_REVIVAL_SECONDS", 3600)
    echo.errors["kills"] = SystemExit()
    echo.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        killing = pool.submit(client.post, "/translate", json={"text": "kills"})
        wait_until(lambda: len(echo.batches) == 2)
        waiting = pool.submit(client.post, "/translate", json={"text": "waits", "beam_size": 1})
        queue = state_of(client).manager.current_model().batcher._queue
        wait_until(lambda: len(queue) == 1)
        assert client.get("/readyz").status_code == 200
        echo.gate.set()
        for answer in (killing.result(), waiting.result()):
            assert answer.status_code == 503
            assert answer.json()["type"] == "urn:translator:problem:worker-unavailable"
            assert answer.headers["Retry-After"]
    assert client.get("/readyz").status_code == 503
    assert client.post("/translate", json={"text": "later"}).status_code == 503
    assert client.get("/healthz").status_code == 200


def test_a_worker_that_died_is_replaced(client: TestClient, echo: Any, wait_until: Waits) -> None:
    echo.errors["kills"] = SystemExit()
    assert client.post("/translate", json={"text": "kills"}).status_code == 503
    wait_until(lambda: client.get("/readyz").status_code == 200)
    assert client.post("/translate", json={"text": "later"}).json()["translations"][0]["text"] == "DE:later"
    assert "translator_worker_restarts_total 1.0" in client.get("/metrics").text


def test_a_worker_that_dies_again_is_replaced_again(
    client: TestClient, echo: Any, wait_until: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.model_manager._FIRST_REVIVAL_SECONDS", 0.01)
    echo.errors["Hello, world. How are you?"] = SystemExit()  # the warm-up
    echo.errors["kills"] = SystemExit()
    assert client.post("/translate", json={"text": "kills"}).status_code == 503
    wait_until(lambda: len(echo.batches) >= 4)
    assert client.get("/readyz").status_code == 503
    echo.errors.clear()
    wait_until(lambda: client.get("/readyz").status_code == 200)


def test_workers_that_keep_dying_end_the_service(
    echo: Any, wait_until: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.model_manager._FIRST_REVIVAL_SECONDS", 0.001)
    monkeypatch.setattr("service.model_manager._MAX_REVIVALS", 3)
    failed = threading.Event()
    app = create_app(lambda: echo, Settings(), on_failure=failed.set)
    with TestClient(app) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        echo.errors["Hello, world. How are you?"] = SystemExit()  # the warm-up
        echo.errors["kills"] = SystemExit()
        assert client.post("/translate", json={"text": "kills"}).status_code == 503
        assert failed.wait(PATIENCE_SECONDS)
        assert client.get("/readyz").json()["detail"].startswith("The workers died again and again")
    assert len(echo.batches) == 1 + 1 + 3  # the first warm-up, the text, and three attempts


@pytest.mark.parametrize(("niceness", "forbidden"), [(0, True), (10, True), (0, False)])
def test_the_service_is_ready_whatever_its_priority(
    echo: Any, wait_until: Waits, monkeypatch: pytest.MonkeyPatch, niceness: int, forbidden: bool
) -> None:
    asked = []

    def set_priority(_which: int, _thread: int, priority: int) -> None:
        asked.append(priority)
        if forbidden:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.getpriority", lambda *_: niceness)
    monkeypatch.setattr("os.setpriority", set_priority)
    with TestClient(create_app(lambda: echo, Settings())) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
    assert asked == ([5] if niceness == 0 else [])


def test_stopping_finishes_accepted_requests(make_app: Callable[..., FastAPI], echo: Any) -> None:
    async def scenario() -> list[str]:
        app = make_app()
        async with app.router.lifespan_context(app):
            manager = app.state.manager
            while not manager.is_ready:
                await asyncio.sleep(0.001)
            echo.gate.clear()
            waiting = [
                asyncio.create_task(
                    manager.current_model().translate(
                        TranslateRequest(text=f"text {width}", beam_size=width),
                        Deadline.after(PATIENCE_SECONDS),
                    )
                )
                for width in (1, 2, 3)  # so that each is its own batch
            ]
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_later(0.05, echo.gate.set)  # while it is closing
        return [(await one)[0].text for one in waiting]

    assert asyncio.run(scenario()) == ["DE:text 1", "DE:text 2", "DE:text 3"]


@pytest.fixture
def operators_client(
    make_client: Callable[..., TestClient],
) -> TestClient:
    digests = {name: sha256(name.encode()).hexdigest() for name in ("operator", "user")}
    lines = f"o:{digests['operator']}:admin,u:{digests['user']}"
    client = make_client(api_keys=lines)
    client.headers["X-API-Key"] = "operator"
    return client


def test_reloading_replaces_the_model_and_finishes_the_requests_of_the_old_one(
    operators_client: TestClient, echo: Any, wait_until: Waits
) -> None:
    client = operators_client
    old = state_of(client).manager.current_model().batcher
    echo.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        before = pool.submit(client.post, "/translate", json={"text": "before"})
        wait_until(lambda: len(echo.batches) == 2)
        reloading = pool.submit(client.post, "/admin/reload")
        wait_until(lambda: len(echo.batches) == 3)  # the warm-up of the new model, beside it
        assert client.get("/readyz").status_code == 200
        echo.gate.set()
        assert reloading.result().json() == {"name": "echo-en-de", "device": "cpu"}
        assert before.result().json()["translations"][0]["text"] == "DE:before"
    new = state_of(client).manager.current_model().batcher
    assert new is not old
    wait_until(lambda: not old.is_running)
    assert client.post("/translate", json={"text": "after"}).status_code == 200


def test_a_reload_that_fails_leaves_the_old_model_in_service(operators_client: TestClient) -> None:
    client = operators_client

    def fail() -> Any:
        raise CheckpointError("damaged.safetensors")

    state_of(client).manager._load_engine = fail
    answer = client.post("/admin/reload")
    assert answer.status_code == 500
    assert "damaged.safetensors" in answer.json()["detail"]
    assert client.post("/translate", json={"text": "still"}).status_code == 200


def test_only_an_operator_may_reload(operators_client: TestClient, make_client: Any) -> None:
    assert operators_client.post("/admin/reload", headers={"X-API-Key": "user"}).status_code == 403
    assert operators_client.post("/admin/reload", headers={"X-API-Key": "other"}).status_code == 401
    assert make_client().post("/admin/reload").status_code == 403


def test_a_request_that_is_being_read_keeps_its_model_through_a_reload(
    operators_client: TestClient, echo: Any, wait_until: Waits
) -> None:
    client = operators_client
    reading, go_on = threading.Event(), threading.Event()
    plain = echo.sentences

    def slowly(text: str, *_: str) -> Any:
        if len(text) > 2000:  # on its own thread
            reading.set()
            assert go_on.wait(PATIENCE_SECONDS)
        return plain(text)

    echo.sentences = slowly
    old = state_of(client).manager.current_model().batcher
    with ThreadPoolExecutor(1) as pool:
        before = pool.submit(client.post, "/translate", json={"text": "x" * 3000})
        assert reading.wait(PATIENCE_SECONDS)
        assert client.post("/admin/reload").status_code == 200
        assert state_of(client).manager.current_model().batcher is not old
        go_on.set()
        assert before.result().status_code == 200
    wait_until(lambda: not old.is_running)


def test_a_reloaded_model_is_not_replaced_by_a_revival(
    operators_client: TestClient, echo: Any, wait_until: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.model_manager._FIRST_REVIVAL_SECONDS", 0.3)
    client = operators_client
    echo.errors["kills"] = SystemExit()
    assert client.post("/translate", json={"text": "kills"}).status_code == 503
    assert client.post("/admin/reload").status_code == 200
    new = state_of(client).manager.current_model().batcher
    time.sleep(0.6)
    assert state_of(client).manager.current_model().batcher is new
    assert "translator_worker_restarts_total 0.0" in client.get("/metrics").text


def test_a_lost_device_ends_the_service(echo: Any, wait_until: Waits) -> None:
    failed = threading.Event()
    app = create_app(lambda: echo, Settings(), on_failure=failed.set)
    with TestClient(app) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        echo.errors["kills"] = DeviceLost("an illegal memory access")
        assert client.post("/translate", json={"text": "kills"}).status_code == 503
        assert failed.wait(PATIENCE_SECONDS)
        assert app.state.manager.has_failed
        assert client.get("/readyz").json()["detail"].startswith("The device failed and only a new process")


@pytest.mark.slow
def test_a_model_that_was_replaced_is_freed(wait_until: Waits) -> None:
    loaded: list[weakref.ref[EchoEngine]] = []

    def load() -> EchoEngine:
        engine = EchoEngine()
        engine.itself = engine  # type: ignore[attr-defined] # only the garbage collector frees it
        loaded.append(weakref.ref(engine))
        return engine

    digest = sha256(b"operator").hexdigest()
    with TestClient(create_app(load, Settings(api_keys=SecretStr(f"o:{digest}:admin")))) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        for _ in range(2):
            assert client.post("/admin/reload", headers={"X-API-Key": "operator"}).status_code == 200
        wait_until(lambda: [engine() is None for engine in loaded] == [True, True, False])


def test_leaving_while_copies_are_sent_cancels_the_rest(client: TestClient, echo: Any) -> None:
    model = state_of(client).manager.current_model()
    copied = SourceSentence("123", Span(0, 3), (), is_part=False)

    plain = echo.sentences
    echo.sentences = lambda text, *_: [copied, *plain("words")] if text == "123 words" else plain(text)

    async def leave_early() -> int:
        later = Deadline.after(PATIENCE_SECONDS)
        async with model.translating(TranslateRequest(text="123 words"), later) as (_, arrivals):
            assert (await anext(arrivals))[0] == 0
            waiting = model.batcher.waiting_sentences
        return int(waiting - model.batcher.waiting_sentences)

    echo.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(client.post, "/translate", json={"text": "busy"})
        assert echo.entered.wait(PATIENCE_SECONDS)
        while len(echo.batches) < 2:
            time.sleep(0.01)
        assert asyncio.run(leave_early()) == 1
        echo.gate.set()
        assert busy.result().status_code == 200
    assert echo.decoded_together() == [["busy"]]
