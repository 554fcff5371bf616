"""The OpenAPI document: complete, and true to what the service accepts and returns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, get_args

import jsonschema_rs
import pytest
from fastapi.testclient import TestClient

from service.schemas.translation_answer import CheckedSpan
from translator.evaluation.quality import Flag
from translator.text.protected import find_protected
from translator.translate.answers import Rung
from translator.translate.receipt import check

KEY = "a-key-of-the-tests"
OPEN = {
    "/healthz", "/readyz", "/metrics", "/model", "/languages", "/libretranslate/languages", "/libretranslate/health",
    "/libretranslate/frontend/settings", "/libretranslate/download_file/{name}",
}  # fmt: skip
GLOSSARY = {"name": "Products"}
DICTIONARY = {"source_lang": "en", "target_lang": "de", "entries": "a\tb", "entries_format": "tsv"}
# What to send to each operation that needs more than its URL.
BODIES: dict[str, dict[str, Any]] = {
    "/translate": {"text": ["Good morning!", "Hi"], "alternatives": 1, "alignment": True},
    "/translate/stream": {"text": "Good morning!"},
    "/score": {"source": "Hi", "target": "Hallo", "tokens": True},
    "/v2/translate": {"text": ["Hi"], "target_lang": "DE", "show_billed_characters": True},
    "/v2/glossaries": GLOSSARY | DICTIONARY,
    "/v3/glossaries": GLOSSARY | {"dictionaries": [DICTIONARY]},
    "/libretranslate/translate": {"q": "Hi", "source": "auto", "target": "de", "alternatives": 1},
    "/libretranslate/detect": {"q": "Hi"},
}
# The fields of those that need a file, too.
UPLOADS: dict[str, dict[str, str]] = {
    "/documents": {"formality": "formal"},
    "/v2/document": {"target_lang": "DE"},
    "/libretranslate/translate_file": {"source": "en", "target": "de"},
}


@pytest.fixture
def document(client: TestClient) -> Any:
    return resolved(client.get("/openapi.json").json())


def resolved(document: Any) -> Any:
    """The document with its references inlined."""

    def without_references(part: Any) -> Any:
        if isinstance(part, list):
            return [without_references(one) for one in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            target = document
            for name in part["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            return without_references(target)
        return {name: without_references(value) for name, value in part.items()}

    return without_references(document)


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def successful(operation: Any) -> Any:
    """The response of an operation that succeeds."""
    [response] = [one for status, one in operation["responses"].items() if status.startswith("2")]
    return response


def fields(part: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Every property of every schema below, by its path."""
    if isinstance(part, list):
        for number, one in enumerate(part):
            yield from fields(one, f"{place}[{number}]")
    elif isinstance(part, dict):
        for name, value in part.items():
            if name == "properties":
                for field, schema in value.items():
                    yield f"{place}.{field}", schema
            if name not in ("example", "examples"):
                yield from fields(value, f"{place}/{name}")


def test_requests_go_to_where_the_description_came_from(client: TestClient) -> None:
    # Behind a proxy that strips a prefix, the root belongs to something else.
    assert client.get("/openapi.json").json()["servers"] == [{"url": "."}]


def test_every_field_and_every_parameter_is_described(document: Any) -> None:
    found = dict(fields(document["paths"], ""))
    for method, path, operation in operations(document):
        found |= {f"{method} {path} {one['name']}": one for one in operation.get("parameters", ())}
        for status, response in operation["responses"].items():
            found |= {f"{path} {status} {name}": one for name, one in response["headers"].items()}
    assert len(found) > 200
    missing = [
        place
        for place, field in found.items()
        if not field.get("description") and not place.endswith(".event")  # the name of an event
    ]
    assert missing == []


def test_every_operation_has_an_example_of_its_answer_that_follows_its_schema(document: Any) -> None:
    seen = 0
    for _, path, operation in operations(document):
        content = successful(operation).get("content", {}).get("application/json")
        if content is None:
            continue
        schema = content["schema"]
        examples = schema.get("items", schema)["examples"]
        for example in examples:
            jsonschema_rs.validate(schema, [example] if schema.get("type") == "array" else example)
            seen += 1
        if path in BODIES and "requestBody" in operation:
            for media in operation["requestBody"]["content"].values():
                jsonschema_rs.validate(media["schema"], media["schema"]["examples"][0])
    assert seen >= 12


def test_every_problem_has_an_example_that_follows_its_schema(document: Any) -> None:
    seen = 0
    for *_, operation in operations(document):
        for status, response in operation["responses"].items():
            if content := response.get("content", {}).get("application/problem+json"):
                jsonschema_rs.validate(content["schema"], content["example"])
                assert str(content["example"]["status"]) == status
                seen += 1
    assert seen > 20
    kinds = {
        (path, status): document["paths"][path]["post"]["responses"][status]["content"][
            "application/problem+json"
        ]
        for path, status in (("/translate", "403"), ("/admin/reload", "403"), ("/translate", "422"))
    }
    assert [content["example"]["type"].rpartition(":")[2] for content in kinds.values()] == [
        "quota-exceeded", "forbidden", "invalid-request",
    ]  # fmt: skip


def test_the_example_of_the_answer_has_correct_offsets(document: Any) -> None:
    schema = document["paths"]["/translate"]["post"]["responses"]["200"]["content"]["application/json"][
        "schema"
    ]
    request = document["paths"]["/translate"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    [translation] = schema["examples"][0]["translations"]
    source, target = request["examples"][0]["text"], translation["text"]
    words = []
    for sentence in translation["sentences"]:
        assert source[sentence["start"] : sentence["end"]] == sentence["source"]
        assert target[sentence["target_start"] : sentence["target_end"]] == sentence["text"]
        words += [
            (
                source[link["source_start"] : link["source_end"]],
                target[link["target_start"] : link["target_end"]],
            )
            for link in sentence["alignment"]
        ]
    assert words == [
        ("Good", "Guten"), ("morning", "Morgen"), ("The", "Der"), ("train", "Zug"), ("leaves", "fährt"),
        ("at", "um"), ("3:30 p.m", "15:30 Uhr"),
    ]  # fmt: skip


def test_the_example_of_the_answer_has_the_checks_that_its_sentences_have(document: Any) -> None:
    operation = document["paths"]["/translate"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]["examples"][0]
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]["examples"][0]
    [translation] = answer["translations"]
    spans = find_protected(body["text"])
    for sentence in translation["sentences"]:
        start, end = sentence["start"], sentence["end"]
        inner = [span for span in spans if start <= span.start and span.end <= end]
        checks = check(sentence["source"], start, inner, sentence["text"])
        expected = [CheckedSpan.of(one, start, sentence["target_start"]).model_dump() for one in checks]
        assert sentence["checks"] == expected
    assert [len(sentence["checks"]) for sentence in translation["sentences"]] == [0, 1]


def test_every_kind_flag_and_rung_is_declared(document: Any) -> None:
    found = dict(fields(document["paths"]["/translate"]["post"]["responses"]["200"], ""))
    declared = {
        name: schema
        for place, schema in found.items()
        if (name := place.rpartition(".")[2]) in ("kind", "verdict", "rung", "flags")
    }
    assert set(declared["kind"]["enum"]) == {
        "link", "email", "path", "code", "placeholder", "tag", "entity", "hash", "identifier", "version", "phone",
        "account", "address", "hashtag", "mention", "option", "sign", "foreign", "private", "small", "number", "year",
        "decade", "money", "percent", "quantity", "time", "date", "ordinal", "label", "emoji", "term", "formality",
        "character",
    }  # fmt: skip
    assert declared["verdict"]["enum"] == ["kept", "converted", "lost", "misplaced", "extra"]
    for name, values in (("rung", get_args(Rung)), ("flags", get_args(Flag))):
        assert set(declared[name].get("items", declared[name])["enum"]) == set(values)
        assert all(f"`{value}`: " in declared[name]["description"] for value in values), name


@pytest.mark.parametrize("path", [path for path in BODIES if path != "/translate/stream"])
def test_real_answers_follow_the_schema(client: TestClient, document: Any, path: str) -> None:
    answer = client.post(path, json=BODIES[path])
    assert answer.status_code in (200, 201)
    content = successful(document["paths"][path]["post"])["content"]
    jsonschema_rs.validate(content["application/json"]["schema"], answer.json())


def check_event(schema: Any, block: str) -> str:
    """Validate an event against the schema of a stream's items; return its name."""
    event = dict(line.split(": ", 1) for line in block.split("\n"))
    jsonschema_rs.validate(schema, event)
    [data] = [
        one["properties"]["data"]
        for one in schema["anyOf"]
        if one["properties"]["event"]["const"] == event["event"]
    ]
    assert data["contentMediaType"] == "application/json"
    jsonschema_rs.validate(
        {**data["contentSchema"], "additionalProperties": False}, json.loads(event["data"])
    )
    return event["event"]


def test_events_of_a_stream_follow_their_schema(client: TestClient, document: Any, echo: Any) -> None:
    content = document["paths"]["/translate/stream"]["post"]["responses"]["200"]["content"][
        "text/event-stream"
    ]
    schema = content["itemSchema"]

    def names(events: str) -> list[str]:
        *blocks, rest = events.split("\n\n")
        assert rest == ""
        return [check_event(schema, block) for block in blocks]

    assert names(content["example"]) == ["sentence", "sentence", "done"]
    text = ["One.", "Two."]
    answer = client.post("/translate/stream", json={"text": text, "alternatives": 2, "alignment": True})
    assert names(answer.text) == ["sentence", "sentence", "done"]
    echo.errors["breaks"] = RuntimeError("broken")
    answer = client.post("/translate/stream", json={"text": ["One.", "breaks"]})
    assert names(answer.text) == ["sentence", "error"]
    with pytest.raises(jsonschema_rs.ValidationError):
        check_event(schema, 'event: sentence\ndata: {"text": "Hi"}')
    with pytest.raises(jsonschema_rs.ValidationError):
        check_event(schema, "event: other\ndata: {}")


def test_limits_are_described_at_fields_for_texts(make_client: Callable[..., TestClient]) -> None:
    document = make_client(max_texts=7, max_characters=1234).get("/openapi.json").json()
    told = {
        f"{path} {media.rpartition('/')[2]} {name}"
        for path, methods in document["paths"].items()
        for media, content in methods.get("post", {}).get("requestBody", {}).get("content", {}).items()
        for name, field in content["schema"]["properties"].items()
        if "Limits: 7 texts and 1,234 characters" in field["description"]
    }
    json_only = {
        "/translate json text",
        "/translate/stream json text",
        "/score json source",
        "/score json target",
    }
    media_types = ("json", "x-www-form-urlencoded", "form-data")
    fields_of_others = (
        "/v2/translate {} text",
        "/libretranslate/translate {} q",
        "/libretranslate/detect {} q",
    )
    assert told == json_only | {field.format(media) for field in fields_of_others for media in media_types}
    assert "1,234" not in json.dumps(
        make_client().get("/openapi.json").json()
    )  # each application has its own document


def test_headers_are_declared_where_they_have_an_effect(make_client: Callable[..., TestClient]) -> None:
    document = resolved(make_client(deadline_seconds=17).get("/openapi.json").json())
    for method, path, operation in operations(document):
        parameters = {one["name"]: one for one in operation["parameters"] if one["in"] == "header"}
        assert "X-Request-ID" in parameters
        waits = path in BODIES and path not in ("/libretranslate/detect", "/v2/glossaries", "/v3/glossaries")
        assert ("X-Deadline-Seconds" in parameters) == waits, f"{method} {path}"
        if waits:
            assert parameters["X-Deadline-Seconds"]["schema"]["default"] == 17
        for status, response in operation["responses"].items():
            assert "X-Request-ID" in response["headers"]
            assert ("Retry-After" in response["headers"]) == (status in ("429", "503"))


def keys_in_headers(scheme: Any, key: str) -> dict[str, str]:
    """The header in which a client that follows the document sends the key."""
    match scheme:
        case {"type": "http", "scheme": "bearer"}:
            return {"Authorization": f"Bearer {key}"}
        case {"type": "apiKey", "in": "header", "name": "Authorization"}:
            return {"Authorization": f"DeepL-Auth-Key {key}"}
        case {"type": "apiKey", "in": "header", "name": name}:
            return {name: key}
    raise AssertionError(scheme)


def test_keys_may_be_sent_as_described(make_client: Callable[..., TestClient]) -> None:
    client = make_client(api_keys=f"web:{sha256(KEY.encode()).hexdigest()}:admin")
    document = client.get("/openapi.json").json()
    schemes = document["components"]["securitySchemes"]
    assert len(schemes) == 3
    for method, path, operation in operations(document):
        security = operation.get("security", [])
        assert [list(one) for one in security] == ([] if path in OPEN else [[name] for name in schemes]), path
        body: dict[str, Any] = {"json": BODIES[path]} if path in BODIES and method == "post" else {}
        if path in UPLOADS:
            body = {"files": {"file": ("a.txt", b"Hello")}, "data": UPLOADS[path]}
        assert (client.request(method, path, **body).status_code in (401, 403)) == (path not in OPEN)
        for choice in security:
            headers = keys_in_headers(schemes[next(iter(choice))], KEY)
            status = client.request(method, path, headers=headers, **body).status_code
            assert status < 300 or ("{" in path and status in (400, 404)), path


def test_without_keys_none_is_required(document: Any) -> None:
    for _, path, operation in operations(document):
        assert ({} in operation.get("security", [])) == (path not in OPEN)
