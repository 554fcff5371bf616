"""The table from exceptions to responses, and the headers of every response."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from fastapi.exceptions import RequestValidationError
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect

from service.access import Forbidden, QuotaExceeded, RateLimited, Unauthorized
from service.batcher import DeadlineExceeded, OutOfMemory, QueueFull, WorkerUnavailable
from service.errors import (
    KINDS,
    ClientLeft,
    DocumentLimit,
    DocumentNotFound,
    DocumentNotReady,
    GlossaryLimit,
    GlossaryNotFound,
    InvalidRequest,
    MalformedJson,
    NotReady,
    ReloadFailed,
    RequestTooLarge,
    StorageFailed,
    UnsupportedMediaType,
)
from translator.errors import CheckpointError, InputError, InputTooLong

EXPECTED = [
    (MalformedJson("m"), 400, "malformed-json", None),
    (InvalidRequest("m"), 422, "invalid-request", None),
    (RequestValidationError([]), 422, "invalid-request", None),
    (UnsupportedMediaType("m"), 415, "unsupported-media-type", None),
    (RequestTooLarge("m"), 413, "too-large", None),
    (InputTooLong("m"), 413, "too-large", None),
    (InputError("m"), 422, "invalid-input", None),
    (Unauthorized("m"), 401, "unauthorized", None),
    (Forbidden("m"), 403, "forbidden", None),
    (QuotaExceeded("m"), 403, "quota-exceeded", None),
    (RateLimited("m", 7), 429, "rate-limited", "7"),
    (GlossaryNotFound("m"), 404, "glossary-not-found", None),
    (GlossaryLimit("m"), 507, "glossary-limit", None),
    (DocumentNotFound("m"), 404, "document-not-found", None),
    (DocumentNotReady("m"), 409, "document-not-ready", None),
    (DocumentLimit("m"), 507, "document-limit", None),
    (StorageFailed("m"), 503, "storage-failed", "5"),
    (QueueFull("m", 3), 503, "queue-full", "3"),
    (OutOfMemory("m"), 503, "out-of-memory", "5"),
    (ReloadFailed("m"), 500, "reload-failed", None),
    (NotReady("m"), 503, "not-ready", "5"),
    (WorkerUnavailable("m"), 503, "worker-unavailable", "5"),
    (DeadlineExceeded("m"), 504, "deadline-exceeded", None),
    (ClientLeft("m"), 499, "client-left", None),
    (ClientDisconnect(), 499, "client-left", None),
]
UNEXPECTED = [CheckpointError("secret"), RuntimeError("secret"), MemoryError("secret"), KeyError("secret")]


def raising(client: TestClient, error: Exception) -> None:
    """Make `GET /raise` raise the error."""

    @client.app.get("/raise")  # type: ignore[attr-defined,untyped-decorator]
    async def fail() -> None:
        raise error


def test_every_kind_of_error_is_expected_below() -> None:
    assert {type(error) for error, *_ in EXPECTED} == set(KINDS)


@pytest.mark.parametrize(
    ("error", "status", "slug", "retry_after"), EXPECTED, ids=lambda value: type(value).__name__
)
def test_expected_errors(
    client: TestClient, error: Exception, status: int, slug: str, retry_after: str | None
) -> None:
    raising(client, error)
    answer = client.get("/raise")
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers.get("Retry-After") == retry_after
    problem = answer.json()
    assert problem["type"] == f"urn:translator:problem:{slug}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["request_id"] == answer.headers["X-Request-ID"]


def test_a_subclass_is_answered_as_its_nearest_class(client: TestClient) -> None:
    class OneOfItsKind(InputTooLong):
        pass

    raising(client, OneOfItsKind("Too long by far."))
    answer = client.get("/raise")
    assert (answer.status_code, answer.json()["detail"]) == (413, "Too long by far.")


@pytest.mark.parametrize("error", UNEXPECTED, ids=lambda error: type(error).__name__)
def test_unexpected_errors_only_say_where_to_look(
    client: TestClient, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    raising(client, error)
    answer = client.get("/raise", headers={"X-Request-ID": "find-me"})
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "secret" not in answer.text
    assert answer.json()["request_id"] == "find-me"
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "find-me" in record.getMessage()
    assert f"{type(error).__name__}, raised at" in record.getMessage()
    assert "in fail" in record.getMessage()
    assert "secret" not in caplog.text  # a message may quote a user's text


@pytest.mark.parametrize(
    ("error", "status"),
    [(InputError("Cannot be."), 422), (InputTooLong("Too long."), 413), (RuntimeError("secret"), 500)],
)
def test_errors_of_the_translator_reach_the_client(
    client: TestClient, echo: Any, error: Exception, status: int
) -> None:
    echo.errors["bad"] = error
    answer = client.post("/translate", json={"text": ["good", "bad"]})
    assert answer.status_code == status
    assert client.post("/translate", json={"text": "good"}).status_code == 200


@pytest.mark.parametrize("swelling", ["x", "€", "😀", '"', "\x00", "\ud800", "\n", "\\"])
def test_no_error_echoes_its_input_at_length(client: TestClient, swelling: str) -> None:
    raising(client, InputError(f"Bad text: {swelling * 10_000}"))
    answer = client.get("/raise")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("Bad text: ")
    assert len(answer.content) < 2048


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("POST", "/translate/", 404),
        ("GET", "/healthz/", 404),
        ("GET", "/translate", 405),
        ("PUT", "/model", 405),
        ("GET", "/static/nothing.js", 404),
        ("GET", "/static/../app.py", 404),
        ("GET", "/static/%2e%2e/app.py", 404),
        ("GET", "/" + "x" * 5000, 404),
        ("GET", "/%ff%00", 404),
    ],
)
def test_the_framework_s_own_errors_are_problems_too(
    client: TestClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path, follow_redirects=False)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert len(answer.content) < 2048


def test_405_lists_the_allowed_methods(client: TestClient) -> None:
    assert client.get("/translate").headers["Allow"] == "POST"


@pytest.mark.parametrize("path", ["/", "/docs", "/healthz", "/readyz", "/model"])
def test_head_answers_like_get_without_the_body(
    make_app: Any, serve: Any, wait_until: Any, path: str
) -> None:
    address = serve(make_app())
    wait_until(lambda: httpx2.get(f"{address}/readyz").status_code == 200)
    head, get = (httpx2.request(method, address + path) for method in ("HEAD", "GET"))
    assert (head.status_code, get.status_code) == (200, 200)
    assert head.content == b""
    for name in ("Content-Type", "Content-Length", "Content-Security-Policy"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize("given", ["a", "A-z_0.9", "x" * 64])
def test_a_valid_request_id_is_kept(client: TestClient, given: str) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", [None, "", "x" * 65, "a b", "a\tb", "<script>", "ä".encode(), "a;b"])
def test_any_other_request_id_is_replaced(client: TestClient, given: str | bytes | None) -> None:
    headers = {} if given is None else {b"X-Request-ID": given.encode() if isinstance(given, str) else given}
    first = client.get("/healthz", headers=headers).headers["X-Request-ID"]
    second = client.get("/healthz", headers=headers).headers["X-Request-ID"]
    assert first != second
    assert len(first) == 32


@pytest.mark.parametrize("path", ["/", "/docs", "/healthz", "/static/app.js", "/nowhere"])
def test_every_answer_has_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self'; ")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_only_the_docs_may_have_inline_styles(client: TestClient) -> None:
    assert "unsafe" not in client.get("/").headers["Content-Security-Policy"]
    assert "script-src" not in client.get("/docs").headers["Content-Security-Policy"]


def test_the_description_of_the_api_names_the_errors(make_client: Callable[..., TestClient]) -> None:
    description = make_client().get("/openapi.json").json()
    operation = description["paths"]["/translate"]["post"]
    assert set(operation["responses"]) == {
        "200", "400", "401", "403", "404", "413", "415", "422", "429", "503", "504",
    }  # fmt: skip
    assert "application/problem+json" in operation["responses"]["422"]["content"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == {
        "text", "beam_size", "length_penalty", "alternatives", "alignment", "prefix", "format", "translate_attributes",
        "glossary", "glossary_id", "numbers", "formality", "source_language", "lines", "min_length_factor",
        "max_length_factor", "no_repeat_ngram", "banned", "sampling",
    }  # fmt: skip
    assert schema["required"] == ["text"]
    assert set(schema["properties"]["sampling"]["anyOf"][0]["properties"]) == {
        "temperature", "top_k", "top_p", "seed",
    }  # fmt: skip
    assert "$defs" not in json.dumps(description)
