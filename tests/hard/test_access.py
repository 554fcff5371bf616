"""Cases 22 and 23: API keys and browser security."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.browser import needs_browser, running_browser

Record = Callable[..., None]
pytestmark = pytest.mark.hard
KEY = "Zt0u5oQm3cV9-a-key-of-the-tests"
KEYS = ",".join(
    f"name{number}:{sha256(key.encode()).hexdigest()}" for number, key in enumerate([KEY, "b", "c"])
)
REFUSED = {401, 403}  # DeepL's clients expect a 403
# These reveal no text, and the page needs some of them before it can ask for a key.
OPEN = {
    "/healthz", "/readyz", "/metrics", "/model", "/languages", "/libretranslate/languages", "/libretranslate/health",
    "/libretranslate/frontend/settings", "/libretranslate/download_file/{name}",
}  # fmt: skip

WRONG: dict[str, bytes | None] = {
    "no key": None,
    "an empty key": b"",
    "a wrong key": b"wrong",
    "a prefix of the key": KEY[:-1].encode(),
    "the key and more": KEY.encode() + b"x",
    "the key in capitals": KEY.upper().encode(),
    "a key that is not ASCII": "schl\u00fcssel".encode(),
    "a key that is not UTF-8": b"\xff\xfe",
    "a key of 8 KB": b"x" * 8000,
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_key(make_client: Callable[..., TestClient], record_case: Record, what: str) -> None:
    client = make_client(api_keys=KEYS)
    key = WRONG[what]
    answers: list[tuple[str, str, int]] = []
    for method, path in operations(client):
        ways: list[dict[bytes, bytes]] = (
            [{}] if key is None else [{b"X-API-Key": key}, {b"Authorization": b"Bearer " + key}]
        )
        for headers in ways:
            status = client.request(method, path, json={}, headers=headers).status_code
            answers.append((method, path, status))
    statuses = sorted({status for *_, status in answers})
    record_case(
        22,
        f"{what}, {len(answers)} requests",
        "/".join(map(str, statuses)),
        "401, for DeepL's clients 403",
        set(statuses) <= REFUSED,
        str(answers),
    )
    right = {"Authorization": f"Bearer {KEY}"}
    assert client.post("/translate", json={"text": "Hello"}, headers=right).status_code == 200


def operations(client: TestClient) -> Iterator[tuple[str, str]]:
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        if path not in OPEN:
            yield from ((method.upper(), path) for method in methods)


def test_all_keys_are_compared_in_constant_time(
    make_client: Callable[..., TestClient], record_case: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(api_keys=KEYS)
    compared = []
    compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: compared.append(1) or compare(one, other))
    counts = set()
    for key in (KEY, "b", "wrong"):
        compared.clear()
        client.post("/translate", json={"text": "Hello"}, headers={"X-API-Key": key})
        counts.add(len(compared))
    record_case(22, "comparisons of digests for any key", f"{counts}", "all 3 keys", counts == {3})


def test_no_key_is_logged(
    make_client: Callable[..., TestClient],
    record_case: Record,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    client = make_client(api_keys=KEYS)
    answered = ""
    for key in (KEY, f"{KEY}-wrong"):
        for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
            for method, path in operations(client):
                answered += client.request(method, path, json={"text": ""}, headers=headers).text
    captured = capfd.readouterr()
    logged = caplog.text + captured.out + captured.err
    record_case(
        22, "keys in logs and answers", str((logged + answered).count(KEY)), "0", KEY not in logged + answered
    )


SECURITY_HEADERS = {
    "content-security-policy",
    "cross-origin-opener-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-request-id",
}


def test_security_headers(client: TestClient, record_case: Record) -> None:
    places = [("GET", path) for path in ("/", "/docs", "/static/none", "/none", "/openapi.json")]
    places += [(method.upper(), path) for path, methods in paths(client) for method in methods]
    missing = {}
    for method, path in places:
        answer = client.request(method, path)
        if lacking := SECURITY_HEADERS - set(answer.headers):
            missing[path] = lacking
        if "unsafe" in answer.headers["content-security-policy"] and not path.startswith("/docs"):
            missing[path] = {"a policy without unsafe-…"}
    record_case(
        23,
        f"security headers on {len(places)} pages and operations",
        f"{len(missing)} with missing headers",
        "0",
        not missing,
        str(missing),
    )


def paths(client: TestClient) -> Any:
    return client.get("/openapi.json").json()["paths"].items()


def test_only_listed_origins_may_read_answers(
    make_client: Callable[..., TestClient], record_case: Record
) -> None:
    closed, opened = make_client(), make_client(cors_origins=["https://a.example"])
    found = {
        "none listed": allowed_origin(closed, "https://a.example"),
        "listed": allowed_origin(opened, "https://a.example"),
        "another": allowed_origin(opened, "https://b.example"),
        "null": allowed_origin(opened, "null"),
    }
    expected = {"none listed": None, "listed": "https://a.example", "another": None, "null": None}
    record_case(23, "Access-Control-Allow-Origin", str(found), "only the listed origin", found == expected)


def allowed_origin(client: TestClient, origin: str) -> str | None:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    preflight = client.options("/translate", headers=headers).headers.get("access-control-allow-origin")
    answer = client.post("/translate", json={"text": "Hi"}, headers={"Origin": origin})
    assert answer.headers.get("access-control-allow-origin") == preflight
    return preflight


@needs_browser
def test_no_request_leaves_the_host(
    make_app: Callable[..., FastAPI], serve: Callable[[FastAPI], str], record_case: Record
) -> None:
    expect = pytest.importorskip("playwright.sync_api").expect
    address = serve(make_app())
    asked: list[str] = []
    page_errors: list[str] = []
    with running_browser() as browser:
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: page_errors.append(str(error)))
        page.on("console", lambda said: page_errors.append(said.text) if said.type == "error" else None)
        page.goto(f"{address}/")
        page.locator("#source").fill("Two owls.")
        page.locator("#source").press("Control+Enter")
        expect(page.locator("#translation")).to_contain_text("owls", timeout=30_000)
        page.goto(f"{address}/docs")
        page.get_by_text("/translate").first.wait_for()
    foreign = [url for url in asked if not url.startswith((f"{address}/", "data:"))]
    record_case(
        23,
        f"requests to other hosts among {len(asked)} by the page and /docs in a browser",
        f"{len(foreign)}, and {len(page_errors)} errors",
        "0, 0 errors",
        not foreign and not page_errors,
        f"{foreign} {page_errors}",
    )
