"""Cases 17 and 18: malformed bodies, and valid and invalid requests generated from the API description."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.hard.process import PATIENCE_SECONDS

Record = Callable[..., None]
pytestmark = pytest.mark.hard
MAX_ERROR_BYTES = 2048
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

# Values for any field.
VALUES = [
    rb'"\ud800"',
    rb'["\udc00 not"]',
    b'"\xed\xa0\x80"',
    b'"\xff\xfe"',
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"9" * 10_000,
    b"-" + b"9" * 5_000 + b"." + b"9" * 5_000,
    b"[" * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 100_000,
    b"null",
    b"true",
    b"{}",
    b"[]",
    b"[[]]",
    b"[null]",
    b'""',
    rb'"\u0000"',
    b"[" + b"1," * 50_000 + b"1]",
    b'["' + b'","' * 50_000 + b'"]',
]

WHOLE = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b'"text"',
    b"{" * 100_000,
    b'{"": 1}',
    rb'{"\ud800": 1}',
    b'{"' + b"x" * 100_000 + b'": 1}',
    json.dumps({f"field{number}": number for number in range(5_000)}).encode(),
    '{"text": "Hello"}'.encode("utf-16"),
    gzip.compress(b'{"text": "Hello"}'),
    bytes(range(256)),
]

FORMS = [
    b"",
    b"&" * 10_000,
    b"=" * 10_000,
    b"%",
    b"%zz=%zz",
    b"%ED%A0%80=%ED%A0%80",
    b"%FF%FE=%FF%FE",
    b"%00=%00",
    b"&".join(b"field%d=1" % number for number in range(5_000)),
    bytes(range(256)),
]

PART = b'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\n'
MULTIPARTS = [
    b"",
    b"--x--",
    b"--x",
    PART,
    PART + b"\xff\r\n--x--",
    PART * 10_000 + b"\r\n--x--",
    PART + b"\r\n--x" * 100_000,
    PART + b"\r\n--" * 100_000 + b"\r\n--x--",
    b"--x\r\n" + b"a: b\r\n" * 100_000 + b"\r\n\r\n--x--",
    b"--x\r\nContent-Disposition: form-data;" + b" name" * 100_000 + b"\r\n\r\n\r\n--x--",
    b"--x\r\nContent-Disposition:" + b" " * 500_000 + b"\r\n\r\n\r\n--x--",
    b"--x\r\n" + b"\n" * 500_000 + b"\r\n\r\n\r\n--x--",
    bytes(range(256)),
]


def test_malformed_bodies_never_cause_a_500(
    client: TestClient, is_full_size: bool, record_case: Record
) -> None:
    sent, worst, largest = 0, 0, 0
    failed = []
    for path, body, headers in malformed_bodies(client, is_full_size):
        answer = client.post(path, content=body, headers=headers)
        sent += 1
        worst = max(worst, answer.status_code)
        if answer.status_code >= 400:
            largest = max(largest, len(answer.content))
        if answer.status_code >= 500 or (
            answer.status_code >= 400 and len(answer.content) >= MAX_ERROR_BYTES
        ):
            failed.append(f"{path} {headers} {body[:60]!r}: {answer.status_code} {answer.text[:200]}")
    record_case(
        17,
        f"{sent} malformed bodies",
        f"worst {worst}, error bodies up to {largest} bytes",
        f"4xx or 200, < {MAX_ERROR_BYTES} bytes",
        not failed,
        "\n".join(failed[:20]),
    )


def malformed_bodies(client: TestClient, is_full_size: bool) -> Iterator[tuple[str, bytes, dict[str, str]]]:
    for path, operation in posts(client):
        for media_type, content in operation.get("requestBody", {"content": {}})["content"].items():
            fields = content["schema"].get("properties", {}) or {"text": {}}
            if media_type == MULTIPART:
                for body in MULTIPARTS:
                    yield path, body, {"Content-Type": f"{media_type}; boundary=x"}
            for body in FORMS if media_type == FORM else bodies(list(fields), is_full_size):
                yield path, body, {"Content-Type": media_type}
            compressed = gzip.compress(b'{"text": "Hello"}')
            yield path, compressed, {"Content-Type": media_type, "Content-Encoding": "gzip"}
        yield path, b"Hello", {}
        yield path, b"Hello", {"Content-Type": "text/plain; charset=%ff"}
        yield path, b"--x\r\n", {"Content-Type": "multipart/form-data; boundary=x"}


def posts(client: TestClient) -> Iterator[tuple[str, Any]]:
    """Every POST operation, with all references resolved."""
    description = client.get("/openapi.json").json()

    def resolved(part: Any) -> Any:
        if isinstance(part, list):
            return [resolved(one) for one in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            target = description
            for name in part["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            return resolved(target)
        return {name: resolved(value) for name, value in part.items()}

    for path, methods in description["paths"].items():
        if "post" in methods:
            yield path, resolved(methods["post"])


def bodies(fields: list[str], is_full_size: bool) -> Iterator[bytes]:
    yield from WHOLE
    for field in fields if is_full_size else fields[:2]:
        name = json.dumps(field).encode()
        for value in VALUES:
            yield b"{%b: %b}" % (name, value)
            yield b'{"text": "Hello", "text": "Hello", %b: %b}' % (name, value)


# A request may follow the schema and still be refused: a schema cannot say that two options contradict each other.
EXCLUDED_CHECKS = [positive_data_acceptance]
# Clients of the imitated APIs send empty form fields against the schemas of those APIs, so we accept them.
EXCLUDED_FOR_IMITATED_APIS = [*EXCLUDED_CHECKS, negative_data_rejection]
IMITATED_APIS = ("/v2/", "/libretranslate/")


def test_generated_requests_are_answered_as_the_api_description_says(
    make_app: Callable[..., Any], is_full_size: bool, record_case: Record
) -> None:
    examples = 1_000 if is_full_size else 25
    app = make_app()
    description = schemathesis.openapi.from_asgi("/openapi.json", app)
    wait_until_ready(app)
    operations = [found.ok() for found in description.get_all_operations()]
    requests, errors, violations = 0, 0, []
    for operation in operations:
        for mode in schemathesis.GenerationMode:
            statuses, violation = ask(operation, mode, examples)
            requests += len(statuses)
            errors += sum(status >= 500 for status in statuses)
            violations += [f"{operation.label}, {mode.value} data: {violation}"] if violation else []
    record_case(
        18,
        f"{len(operations)} operations, {requests} generated requests",
        f"{errors} 5xx, {len(violations)} violations",
        "0 5xx, 0 violations",
        not errors and not violations,
        "\n\n".join(violations),
    )


def wait_until_ready(app: Any) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not app.state.manager.is_ready:
        assert time.monotonic() < end
        time.sleep(0.01)


def ask(operation: Any, mode: Any, examples: int) -> tuple[list[int], str]:
    """Send requests that follow the schema or break it; return the statuses, and the violation of the description."""
    statuses: list[int] = []
    is_imitated = operation.path.startswith(IMITATED_APIS)
    excluded = EXCLUDED_FOR_IMITATED_APIS if is_imitated else EXCLUDED_CHECKS

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        # With a deadline of a millisecond, a 504 would be right.
        if mode is schemathesis.GenerationMode.POSITIVE or is_imitated:
            case.headers.pop("X-Deadline-Seconds", None)
        answer = case.call()
        statuses.append(answer.status_code)
        case.validate_response(answer, excluded_checks=excluded)

    try:
        send()
    except Unsatisfiable:
        pass  # an operation without parameters has no invalid requests
    except BaseExceptionGroup as failures:
        return statuses, str(failures)[:1500]
    return statuses, ""
