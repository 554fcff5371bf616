"""What an operator sees and configures: metrics, the access log, deadlines, CORS."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.responses import StreamingResponse


def samples(client: TestClient) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    pairs = (line.rpartition(" ") for line in lines if line.startswith("translator_"))
    return {name: float(value) for name, _, value in pairs}


def test_metrics_count_what_was_done(make_client: Callable[..., TestClient]) -> None:
    client = make_client()
    before = samples(client)
    client.post("/translate", json={"text": ["four", "four", "six six"]})
    client.post("/translate", json={"text": "four"})
    client.post("/translate", json={"text": 7})
    client.get("/nowhere/1")
    client.get("/nowhere/2")
    after = samples(client)

    def grown(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert grown("translator_sentences_total") == 2  # "four" is repeated, and then cached
    assert grown("translator_source_tokens_total") == 11
    assert grown("translator_cache_hits_total") == 1
    assert grown('translator_requests_total{route="/translate",status="200"}') == 2
    assert grown('translator_requests_total{route="/translate",status="422"}') == 1
    assert grown('translator_requests_total{route="none",status="404"}') == 2  # no series for each path
    assert grown('translator_rejected_total{reason="invalid_request"}') == 1
    assert grown('translator_request_seconds_count{route="/translate"}') == 3
    assert after["translator_ready"] == 1
    assert after["translator_queue_tokens"] == after["translator_in_flight_sentences"] == 0
    assert after['translator_model_info{device="cpu",name="echo-en-de",precision="fp32"}'] == 1


def test_the_access_log_has_a_line_of_json_without_text_and_keys(
    make_client: Callable[..., TestClient], caplog: pytest.LogCaptureFixture
) -> None:
    client = make_client()
    with caplog.at_level(logging.INFO, "service.access_log"):
        client.post(
            "/translate?q=Geheimnis", json={"text": "Geheimnis"}, headers={b"X-API-Key": "Schlüssel".encode()}
        )
    [line] = [record.getMessage() for record in caplog.records if record.name == "service.access_log"]
    told = json.loads(line)
    assert (told["method"], told["path"], told["status"], told["client"]) == (
        "POST", "/translate", 200, "anonymous",
    )  # fmt: skip
    assert "Geheimnis" not in line
    assert "Schl" not in line


def test_the_access_log_can_be_switched_off(
    make_client: Callable[..., TestClient], caplog: pytest.LogCaptureFixture
) -> None:
    client = make_client(access_log=False)
    with caplog.at_level(logging.INFO, "service.access_log"):
        client.get("/healthz")
    assert not [record for record in caplog.records if record.name == "service.access_log"]


@pytest.mark.parametrize("path", ["/translate", "/translate/stream"])
def test_a_request_can_set_its_deadline(client: TestClient, echo: Any, path: str) -> None:
    echo.gate.clear()
    answer = client.post(path, json={"text": "Hi"}, headers={"X-Deadline-Seconds": "0.2"})
    assert answer.status_code == 504
    assert "within 0.2 seconds" in answer.json()["detail"]


def test_no_request_has_a_longer_deadline_than_the_service(make_client: Any, echo: Any) -> None:
    client = make_client(deadline_seconds=0.2)
    echo.gate.clear()
    answer = client.post("/translate", json={"text": "Hi"}, headers={"X-Deadline-Seconds": "1e9"})
    assert answer.status_code == 504


@pytest.mark.parametrize("given", ["0", "-1", "nan", "soon", "", "1 s"])
def test_an_invalid_deadline_is_refused(client: TestClient, given: str) -> None:
    answer = client.post("/translate", json={"text": "Hi"}, headers={"X-Deadline-Seconds": given})
    assert answer.status_code == 422
    assert "X-Deadline-Seconds" in answer.json()["detail"]


def test_other_sites_may_call_only_if_they_are_configured(make_client: Callable[..., TestClient]) -> None:
    origin = {"Origin": "https://example.org"}
    assert "access-control-allow-origin" not in make_client().get("/healthz", headers=origin).headers
    client = make_client(cors_origins=["https://example.org"])
    named = client.get("/healthz", headers=origin).headers
    assert named["access-control-allow-origin"] == "https://example.org"
    other = client.get("/healthz", headers={"Origin": "https://example.com"}).headers
    assert "access-control-allow-origin" not in other
    preflight = client.options(
        "/translate",
        headers={
            **origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "Content-Type",
        },
    )
    assert preflight.status_code == 200


def test_languages(client: TestClient) -> None:
    assert client.get("/languages").json() == {
        "languages": [
            {"source": {"code": "en", "name": "English"}, "targets": [{"code": "de", "name": "German"}]}
        ]
    }


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/translate", "POST"),
        ("POST", "/model", "GET, HEAD"),
        ("DELETE", "/", "GET, HEAD"),
        ("PUT", "/metrics", "GET"),
    ],
)
def test_a_wrong_method_gets_a_list_of_all_allowed_ones(
    client: TestClient, method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    for right in allowed.split(", "):
        assert (
            client.request(right, path, json={"text": "Hi"} if right == "POST" else None).status_code == 200
        )


def test_an_answer_that_breaks_off_is_logged_without_the_text_and_ends_the_connection(
    make_app: Callable[..., FastAPI], serve: Callable[[FastAPI], str], caplog: pytest.LogCaptureFixture
) -> None:
    app, secret = make_app(), "Rosebud"

    async def pieces() -> AsyncIterator[str]:
        yield "The beginning"
        raise ValueError(f"cannot write {secret}")

    @app.get("/breaks")
    async def breaks() -> StreamingResponse:
        return StreamingResponse(pieces())

    caplog.set_level("DEBUG")
    address = serve(app)
    with pytest.raises(httpx2.RemoteProtocolError):
        httpx2.get(f"{address}/breaks", headers={"X-Request-ID": "mishap"}, trust_env=False)
    assert "request mishap failed:\nbuiltins.ValueError, raised at" in caplog.text
    assert "in pieces" in caplog.text
    assert secret not in caplog.text
