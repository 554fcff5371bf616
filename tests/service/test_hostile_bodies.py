"""Bodies as raw bytes: the response is always a clear and small 4xx, or a valid 200."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.schemas.parsing import _cached_schema

JSON = {"Content-Type": "application/json"}

MALFORMED = {
    "empty": b"",
    "not JSON": b"text=Hello",
    "cut off": b'{"text": "Hel',
    "lone leading surrogate": b'{"text": "\\ud800"}',
    "lone trailing surrogate": b'{"text": ["fine", "\\udc00 not"]}',
    "surrogates the wrong way round": b'{"text": "\\udc00\\ud800"}',
    "surrogate in UTF-8": b'{"text": "\xed\xa0\x80"}',
    "surrogate as a key": b'{"text": "a", "\\ud800": 1}',
    "bad UTF-8": b'{"text": "\xff\xfe"}',
    "overlong UTF-8": b'{"text": "\xc0\xaf"}',
    "UTF-16": '{"text": "Hello"}'.encode("utf-16"),
    "UTF-32": '{"text": "Hello"}'.encode("utf-32"),
    "deep nesting": b"[" * 100_000,
    "deep nesting in the text": b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep nesting of objects": b'{"text": ' + b'{"a":' * 100_000,
    "a number of 10,000 digits": b'{"text": "a", "beam_size": ' + b"9" * 10_000 + b"}",
    "raw control character": b'{"text": "a\x00b"}',
    "two values": b'{"text": "a"} {"text": "b"}',
    "trailing comma": b'{"text": "a",}',
    "NaN": b'{"text": "a", "length_penalty": NaN}',
    "infinity": b'{"text": "a", "length_penalty": Infinity}',
    "NaN as the beam": b'{"text": "a", "beam_size": NaN}',
    "NaN in the list": b'{"text": ["a", NaN]}',
}

INVALID = {
    "null": b"null",
    "a list": b'["Hello"]',
    "a string": b'"Hello"',
    "a number": b"1e999",
    "no text": b"{}",
    "1e999": b'{"text": "a", "length_penalty": 1e999}',
    "minus 1e999": b'{"text": "a", "length_penalty": -1e999}',
    "1e999 as the text": b'{"text": 1e999}',
    "a large beam": b'{"text": "a", "beam_size": 123456789012345678901234567890}',
    "a nested list": b'{"text": [["a"]]}',
    "unknown field": b'{"text": "a", "source_lang": "en"}',
    "unknown field with an unprintable name": b'{"text": "a", "\\u0000\\u202e": 1}',
    "unknown field with a huge name": b'{"text": "a", "' + b"x" * 100_000 + b'": 1}',
    "many unknown fields": json.dumps({"text": "a", **{f"{n}€" * 50: n for n in range(500)}}).encode(),
    "many wrong items": b'{"text": [' + b"1," * 50_000 + b"1]}",
    "many small lists": b'{"text": [' + b"[]," * 50_000 + b'"a"]}',
    "__proto__": b'{"text": "a", "__proto__": {"beam_size": 1}}',
}

ODD_BUT_VALID = {
    "duplicate keys, the last counts": (b'{"text": "first", "text": "second"}', "DE:second"),
    "escaped NUL": (b'{"text": "a\\u0000b"}', "DE:a\x00b"),
    "surrogate pair": (b'{"text": "\\ud83d\\ude00"}', "DE:😀"),
    "white space around": (b' \r\n\t{"text": "a"}\n', "DE:a"),
    "escaped key": (b'{"t\\u0065xt": "a"}', "DE:a"),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_body_that_is_not_json_gives_400(client: TestClient, body: bytes) -> None:
    check_problem(client, body, 400)


@pytest.mark.parametrize("body", INVALID.values(), ids=INVALID.keys())
def test_an_invalid_request_gives_422(client: TestClient, body: bytes) -> None:
    check_problem(client, body, 422)


def check_problem(client: TestClient, body: bytes, status: int) -> None:
    answer = client.post("/translate", content=body, headers=JSON)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert len(answer.content) < 2048
    assert answer.json()["status"] == status


@pytest.mark.parametrize(("body", "expected"), ODD_BUT_VALID.values(), ids=ODD_BUT_VALID.keys())
def test_unusual_json_is_translated(client: TestClient, body: bytes, expected: str) -> None:
    answer = client.post("/translate", content=body, headers=JSON)
    assert answer.json()["translations"][0]["text"] == expected


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
        {},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_only_plain_json_is_accepted(client: TestClient, headers: dict[str, str]) -> None:
    content = b'{"text": "a"}'
    if "Content-Encoding" in headers:
        content = gzip.compress(content)
    answer = client.post("/translate", content=content, headers=headers)
    assert answer.status_code == 415
    assert answer.json()["title"] == "The media type is not supported"


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_may_be_declared_in_other_ways(client: TestClient, media_type: str) -> None:
    answer = client.post("/translate", content=b'{"text": "a"}', headers={"Content-Type": media_type})
    assert answer.status_code == 200


def test_a_body_over_the_limit_is_refused_while_it_arrives(make_client: Callable[..., TestClient]) -> None:
    client = make_client(max_body_bytes=1000)
    within = b'{"text": "a"}'.ljust(1000)
    assert client.post("/translate", content=within, headers=JSON).status_code == 200
    assert client.post("/translate", content=within + b" ", headers=JSON).status_code == 413
    # Sent in chunks, there is no Content-Length; and a wrong one lies.
    pieces = iter([b'{"text": "', *[b"a" * 100] * 10, b'"}'])
    assert client.post("/translate", content=pieces, headers=JSON).status_code == 413
    lie = {**JSON, "Content-Length": "13"}
    assert client.post("/translate", content=within + b" ", headers=lie).status_code == 413


def test_an_endless_body_is_not_read_to_its_end(make_client: Callable[..., TestClient]) -> None:
    taken = 0

    def pieces() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield b" " * 100

    answer = make_client(max_body_bytes=1000).post("/translate", content=pieces(), headers=JSON)
    assert answer.status_code == 413
    assert "1000 bytes" in answer.json()["detail"]


def test_the_schema_is_not_rebuilt_for_every_mistake(client: TestClient) -> None:
    check_problem(client, b'{"text": "a", "beam_size": 0}', 422)
    built = _cached_schema.cache_info().misses
    check_problem(client, b'{"text": "a", "sampling": {"top_p": 0, "top_k": -1}}', 422)
    assert _cached_schema.cache_info().misses == built


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(
        st.binary(max_size=50),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["text", "beam_size", "length_penalty", "alternatives", "other"]),
                    inner,
                    max_size=4,
                )
            ),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_no_body_whatever_gives_a_500(client: TestClient, body: bytes) -> None:
    answer = client.post("/translate", content=body, headers=JSON)
    assert answer.status_code in (200, 400, 422)
