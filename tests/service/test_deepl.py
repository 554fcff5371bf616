"""The routes of DeepL's API, called directly and by DeepL's own client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import deepl
import httpx2
import pytest
from deepl.__main__ import main as deepl_command
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.access import Client
from service.batcher import DeadlineExceeded, QueueFull, WorkerUnavailable
from service.errors import NotReady
from service.loaded_model import LoadedModel
from tests.service.conftest import state_of
from translator.errors import InputError, InputTooLong
from translator.translate import DEFAULT_STYLE, Style

KEY = "a-key-of-the-tests"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def api(make_client: Callable[..., TestClient]) -> TestClient:
    return make_client()


@pytest.fixture(params=[deepl.DeepLClient, deepl.Translator])
def make_translator(
    request: pytest.FixtureRequest,
    make_app: Callable[..., FastAPI],
    serve: Callable[[FastAPI], str],
    wait_until: Callable[[Callable[[], bool]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., deepl.Translator]]:
    """Make DeepL's own client, with its current or its older class, connected to an application."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(deepl.http_client, "max_network_retries", 0)
    opened: list[deepl.Translator] = []

    def make(
        key: str = KEY, clients: dict[str, Client] | None = None, **settings: object
    ) -> deepl.Translator:
        address = serve(make_app(clients, **settings))
        wait_until(lambda: httpx2.get(f"{address}/readyz", trust_env=False).status_code == 200)
        opened.append(request.param(key, server_url=address))
        return opened[-1]

    yield make
    for translator in opened:
        translator.close()  # type: ignore[no-untyped-call]  # its client does not annotate it


def complaint(answer: httpx2.Response, status: int) -> str:
    """The message of an error in DeepL's format."""
    assert answer.status_code == status, answer.text
    assert len(answer.content) < 2048
    body = answer.json()
    assert list(body) == ["message"]
    message: str = body["message"]
    return message


def test_deepls_client_translates(make_translator: Callable[..., deepl.Translator], echo: Any) -> None:
    translator = make_translator()
    result = translator.translate_text("Good morning!", target_lang="DE")
    assert isinstance(result, deepl.TextResult)
    assert (result.text, result.detected_source_lang, result.billed_characters) == (
        "DE:Good morning!",
        "EN",
        13,
    )
    results = translator.translate_text(
        ["One.", "", "Two?"],
        source_lang="EN",
        target_lang="de",
        formality="prefer_more",
        context="a greeting",
        model_type="latency_optimized",
        preserve_formatting=True,
        split_sentences=deepl.SplitSentences.ALL,
    )
    assert isinstance(results, list)
    assert [result.text for result in results] == ["DE:One.", "", "DE:Two?"]


def test_deepls_command_translates(
    make_app: Callable[..., FastAPI],
    serve: Callable[[FastAPI], str],
    wait_until: Callable[[Callable[[], bool]], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    address = serve(make_app())
    wait_until(lambda: httpx2.get(f"{address}/readyz", trust_env=False).status_code == 200)
    sent = ["--server-url", address, "--auth-key", KEY, "text", "--to", "DE", "Hello", "Two owls"]
    deepl_command(sent)  # type: ignore[no-untyped-call]  # DeepL does not annotate it
    assert capsys.readouterr().out == "DE:Hello\nDE:Two owls\n"


def test_the_requested_model_type_comes_back(api: TestClient) -> None:
    for sent, used in (
        ("latency_optimized", "latency_optimized"),
        ("quality_optimized", "quality_optimized"),
        ("prefer_quality_optimized", "quality_optimized"),
    ):
        body = {"text": "Hi", "target_lang": "DE", "model_type": sent}
        [translation] = api.post("/v2/translate", json=body).json()["translations"]
        assert translation["model_type_used"] == used


def test_deepls_client_lists_languages_and_usage(make_translator: Callable[..., deepl.Translator]) -> None:
    translator = make_translator(clients={KEY: Client("web", characters_per_month=1000)})
    assert [(source.code, source.name) for source in translator.get_source_languages()] == [("EN", "English")]
    [target] = translator.get_target_languages()
    assert (target.code, target.name, target.supports_formality) == ("DE", "German", False)
    translator.translate_text("four", target_lang="DE")
    usage = translator.get_usage()
    assert (usage.character.count, usage.character.limit) == (4, 1000)
    assert not usage.any_limit_reached


@pytest.mark.usefixtures("clock")
def test_deepls_client_raises_its_own_errors(make_translator: Callable[..., deepl.Translator]) -> None:
    clients = {KEY: Client("web", characters_per_month=5), "slow": Client("slow", requests_per_minute=1)}
    with pytest.raises(deepl.AuthorizationException, match="API key is unknown"):
        make_translator("wrong", clients).translate_text("Hi", target_lang="DE")
    translator = make_translator(KEY, clients)
    with pytest.raises(deepl.DeepLException, match='target_lang: must be "DE"; it is "FR"') as caught:
        translator.translate_text("Hi", target_lang="FR")
    assert caught.value.http_status_code == 400
    with pytest.raises(deepl.QuotaExceededException, match="this request has 6"):
        translator.translate_text("Hello!", target_lang="DE")
    slow = make_translator("slow", clients)
    slow.translate_text("Hi", target_lang="DE")
    with pytest.raises(deepl.TooManyRequestsException, match="rate limit, 1 a minute"):
        slow.translate_text("Hi", target_lang="DE")


def test_deepls_client_gets_an_error_for_unsupported_calls(
    make_translator: Callable[..., deepl.Translator],
) -> None:
    client = make_translator()
    if not isinstance(client, deepl.DeepLClient):
        pytest.skip("the older class cannot ask for it")
    served = "From DeepL's API, this service supports POST /v2/translate, GET/POST /v2/usage"
    with pytest.raises(deepl.DeepLException, match=f"There is nothing at /v2/write/rephrase. {served}"):
        client.rephrase_text("Hi", target_lang="DE")
    with pytest.raises(deepl.DeepLException, match=r"There is nothing at /v3/style_rules\. From"):
        client.get_all_style_rules()


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/v2/document", 405, "POST"),
        ("GET", "/v2/document/some-id/result", 405, "POST"),
        ("GET", "/v2/", 404, None),
        ("POST", "/v2/translate/", 404, None),
        ("DELETE", "/v3/style_rules/some-id", 404, None),
        ("PUT", "/v3/glossaries/some-id", 405, "DELETE, GET, PATCH"),
        ("POST", f"/v2/{'x' * 5000}", 404, None),
        ("GET", "/v2/%00%ff%ed%a0%80", 404, None),
        ("GET", "/v2/translate", 405, "POST"),
        ("DELETE", "/v2/usage", 405, "GET, POST"),
        ("PROPFIND", "/v2/languages", 405, "GET, POST"),
    ],
)
def test_unsupported_routes_answer_in_deepls_format(
    make_client: Callable[..., TestClient], method: str, path: str, status: int, allowed: str | None
) -> None:
    answer = make_client({KEY: Client("web")}).request(method, path)
    assert "POST /v2/translate, GET/POST /v2/usage, GET/POST /v2/languages" in complaint(answer, status)
    assert answer.headers.get("Allow") == allowed


def test_parameters_may_be_in_the_url(api: TestClient) -> None:
    answer = api.post("/v2/translate?text=One&text=Two&target_lang=DE")
    assert [translation["text"] for translation in answer.json()["translations"]] == ["DE:One", "DE:Two"]


def test_a_form(api: TestClient) -> None:
    answer = api.post("/v2/translate", content="text=A+%26+B&text=%F0%9F%98%80&target_lang=DE", headers=FORM)
    assert answer.json() == {
        "translations": [
            {"detected_source_language": "EN", "text": "DE:A & B"},
            {"detected_source_language": "EN", "text": "DE:😀"},
        ]
    }
    answer = api.post(
        "/v2/translate",
        data={"text": "Hi", "target_lang": "de", "source_lang": "", "show_billed_characters": "1"},
    )
    assert answer.json()["translations"] == [
        {"detected_source_language": "EN", "text": "DE:Hi", "billed_characters": 2}
    ]


@pytest.mark.parametrize("text", ["Hi", ["Hi"], [" a\n\n b "], [""], "", []])
def test_json(api: TestClient, text: str | list[str]) -> None:
    answer = api.post("/v2/translate", json={"text": text, "target_lang": "DE"})
    assert answer.status_code == 200
    texts = [text] if isinstance(text, str) else text
    assert [translation["text"] for translation in answer.json()["translations"]] == [
        f"DE:{text}" if text else "" for text in texts
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"source_lang": "en"},
        {"source_lang": None},
        {"split_sentences": "1"},
        {"split_sentences": 1},
        {"split_sentences": 0},
        {"split_sentences": "0"},
        {"split_sentences": "nonewlines"},
        {"preserve_formatting": True},
        {"preserve_formatting": "0"},
        {"formality": "default"},
        {"formality": "prefer_less"},
        {"context": "x" * 1000},
        {"model_type": "prefer_quality_optimized"},
        {"glossary_id": "", "tag_handling": None, "ignore_tags": []},
        {"outline_detection": True, "tag_handling": "xml", "ignore_tags": ["x"], "splitting_tags": "p,div"},
        {"tag_handling": "html", "preserve_formatting": True, "non_splitting_tags": ["p,div", "h1"]},
        {"outline_detection": "0", "tag_handling": "html", "tag_handling_version": "v2"},
        {"enable_beta_languages": True, "some_new_parameter": {"a": 1}},
    ],
)
def test_options_that_are_supported_or_have_no_effect(api: TestClient, given: dict[str, object]) -> None:
    answer = api.post("/v2/translate", json={"text": ["It costs 3.50 😀\n"], "target_lang": "DE", **given})
    assert answer.status_code == 200, answer.text
    assert answer.json()["translations"][0]["text"] == "DE:It costs 3.50 😀\n"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"text": None}, "text: must be a string or a list of strings"),
        ({"text": 7}, "text: must be a string or a list of strings"),
        ({"text": ["a", 7]}, "text: item 1 of the list must be a string"),
        ({"target_lang": None}, "target_lang: is missing"),
        ({"target_lang": "FR"}, 'target_lang: must be "DE"; it is "FR"'),
        ({"target_lang": "DE-DE"}, 'target_lang: must be "DE"; it is "DE-DE"'),  # DeepL's own error, too
        ({"source_lang": "EN-US"}, 'source_lang: must be "EN", or left out; it is "EN-US"'),
        ({"target_lang": "EN-GB"}, 'target_lang: must be "DE"; it is "EN-GB"'),
        ({"target_lang": ["DE"]}, 'target_lang: must be "DE".'),
        ({"source_lang": "FR"}, 'source_lang: must be "EN", or left out; it is "FR"'),
        ({"source_lang": "x" * 50_000}, 'source_lang: must be "EN", or left out.'),
        (
            {"formality": "more"},
            "formality: this model was not trained for it; send default, prefer_more or",
        ),
        ({"formality": "less"}, "formality: this model was not trained for it"),
        (
            {"formality": "posh"},
            'formality: must be "default", "more", "less", "prefer_more" or "prefer_less", or left out',
        ),
        (
            {"split_sentences": "2"},
            'split_sentences: must be "0", "1" or "nonewlines", or left out; it is "2"',
        ),
        (
            {"split_sentences": True},
            'split_sentences: must be "0", "1" or "nonewlines", or left out; it is true',
        ),
        ({"preserve_formatting": "maybe"}, "preserve_formatting: must be true or false, or left out"),
        ({"context": 7}, "context: must be a string, or left out; it is 7"),
        ({"model_type": "other"}, "model_type: must be"),
        ({"tag_handling": "sgml"}, 'tag_handling: must be "xml" or "html", or left out; it is "sgml"'),
        (
            {"ignore_tags": 7},
            "ignore_tags: must be the names of tags, separated by commas, or a list of them",
        ),
        ({"outline_detection": "maybe"}, "outline_detection: must be true or false, or left out"),
        ({"style_id": "s"}, "style_id: is not supported; leave it out"),
        ({"custom_instructions": ["be nice"]}, "custom_instructions: is not supported"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_unsupported_parameters_are_refused(
    api: TestClient, echo: Any, given: dict[str, Any], told: str
) -> None:
    answer = api.post("/v2/translate", json={"text": ["Hi"], "target_lang": "DE", **given})
    assert told in complaint(answer, 400)
    assert echo.decoded_together() == []


HOSTILE = {
    "not JSON": (JSON, b"text=Hello", 400),
    "empty object": (JSON, b"{}", 400),
    "a list": (JSON, b'["a"]', 400),
    "lone surrogate": (JSON, b'{"text": "\\ud800", "target_lang": "DE"}', 400),
    "surrogate as a key": (JSON, b'{"\\ud800": 1}', 400),
    "bad UTF-8": (JSON, b'{"text": "\xff"}', 400),
    "NaN": (JSON, b'{"text": "a", "target_lang": NaN}', 400),
    "infinity": (JSON, b'{"text": "a", "target_lang": 1e999, "context": -1e999}', 400),
    "deep nesting": (JSON, b'{"text": ' + b"[" * 100_000, 400),
    "deep objects": (JSON, b'{"text": ' + b'{"a":' * 100_000, 400),
    "huge number": (JSON, b'{"text": "a", "split_sentences": ' + b"9" * 10_000 + b"}", 400),
    "large number": (JSON, b'{"text": "a", "preserve_formatting": ' + b"9" * 4_000 + b"}", 400),
    "many wrong items": (JSON, b'{"text": [' + b"1," * 50_000 + b"1]}", 400),
    "many unknown": (JSON, json.dumps({f"{n}€" * 9: n for n in range(5000)}).encode(), 400),
    "unprintable name": (JSON, b'{"\\u0000\\u202e": 1}', 400),
    "huge name": (JSON, b'{"' + b"x" * 100_000 + b'": 1}', 400),
    "wrong key type": (JSON, b'{"auth_key": [[1]], "text": "a"}', 400),
    "form: bad UTF-8": (FORM, b"text=\xff&target_lang=DE", 400),
    "form: bad UTF-8 in percents": (FORM, b"text=%FF&target_lang=DE", 400),
    "form: surrogate in percents": (FORM, b"text=%ED%A0%80&target_lang=DE", 400),
    "form: nothing in it": (FORM, b"&&==&;", 400),
    "form: JSON": (FORM, b'{"text": "a"}', 400),
    "form: parameter twice": (FORM, b"text=a&target_lang=DE&target_lang=DE", 400),
    "form: too many fields": (FORM, b"a=1&" * 10_000, 413),
    "nothing": (JSON, b"", 400),
    "not declared": ({"Content-Type": ""}, b"text=a", 415),
    "multipart": ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--", 400),
    "compressed": ({**FORM, "Content-Encoding": "gzip"}, b"text=a", 415),
    "compressed JSON": ({**JSON, "Content-Encoding": "gzip"}, b"{}", 415),
    "over the limit": (FORM, b"text=" + b"a" * 1_000_000, 413),
    "JSON over the limit": (JSON, b'"' + b"a" * 1_000_000, 413),
}


@pytest.mark.parametrize(("headers", "body", "status"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_bodies(api: TestClient, headers: dict[str, str], body: bytes, status: int) -> None:
    for path in ("/v2/translate", "/v2/usage"):
        answer = api.post(path, content=body, headers=headers)
        if path == "/v2/translate" or answer.status_code != 200:
            complaint(answer, status)


def test_a_chunked_form_is_counted_as_it_arrives(make_client: Callable[..., TestClient]) -> None:
    api = make_client(max_body_bytes=100)
    pieces = iter([b"target_lang=DE&text="] + [b"a" * 10] * 9)
    assert "more than 100 bytes" in complaint(api.post("/v2/translate", content=pieces, headers=FORM), 413)
    pieces = iter([b"target_lang=DE&text="] + [b"a" * 10] * 8)
    assert api.post("/v2/translate", content=pieces, headers=FORM).status_code == 200


def test_limits(make_client: Callable[..., TestClient]) -> None:
    api = make_client(max_characters=60)
    for texts, told in (
        (["a"] * 51, "51 texts; the limit is 50"),
        (["a" * 61], "61 characters; the limit is 60"),
    ):
        answer = api.post("/v2/translate", json={"text": texts, "target_lang": "DE"})
        assert told in complaint(answer, 413)
    assert api.post("/v2/translate", json={"text": ["a"] * 50, "target_lang": "DE"}).status_code == 200
    answer = make_client(max_texts=2).post("/v2/translate", json={"text": ["a"] * 3, "target_lang": "DE"})
    assert "3 texts; the limit is 2" in complaint(answer, 413)


@pytest.mark.parametrize(
    "sending",
    [
        {"headers": {"Authorization": f"DeepL-Auth-Key {KEY}"}, "json": {}},
        {"headers": {"Authorization": f"Bearer {KEY}"}, "json": {}},
        {"json": {"auth_key": KEY}},
        {"data": {"auth_key": KEY}},
    ],
)
def test_where_a_key_may_be(make_client: Callable[..., TestClient], sending: dict[str, Any]) -> None:
    api = make_client({KEY: Client("web")})
    assert api.post("/v2/usage", **sending).status_code == 200
    assert api.post("/v2/languages", **sending).status_code == 200
    assert "text: is missing" in complaint(api.post("/v2/translate", **sending), 400)


@pytest.mark.parametrize(
    "sending",
    [
        {},
        {"json": {"auth_key": ""}},
        {"json": {"auth_key": KEY[:-1]}},
        {"json": {"auth_key": "ключ"}},
        {"json": {"auth_key": [KEY]}},
        {"data": {"auth_key": [KEY, KEY]}},
        {"params": {"auth_key": KEY}},
        {"headers": {"Authorization": "DeepL-Auth-Key"}},
        {"headers": {"Authorization": b"DeepL-Auth-Key \xff\xd0\xba"}},
        {"headers": {"Authorization": f"DeepL-Auth-Key {KEY}x"}, "json": {"auth_key": KEY}},
        {"headers": {"Authorization": f"Basic {KEY}"}},
    ],
)
def test_an_unknown_client_gets_403_before_anything_else(
    make_client: Callable[..., TestClient], caplog: pytest.LogCaptureFixture, sending: dict[str, Any]
) -> None:
    api = make_client({KEY: Client("web")})
    for path in ("/v2/translate", "/v2/usage", "/v2/languages"):
        assert "key" in complaint(api.post(path, **sending), 403)
    assert "service" not in {
        record.name.partition(".")[0] for record in caplog.records if record.levelno >= 30
    }


def test_failures_cost_no_characters(make_client: Callable[..., TestClient], echo: Any) -> None:
    web = Client("web")
    api = make_client({KEY: web})
    echo.errors["breaks"] = RuntimeError("broken")
    headers = {"Authorization": f"DeepL-Auth-Key {KEY}"}
    body = {"text": ["breaks"], "target_lang": "DE"}
    assert api.post("/v2/translate", json=body, headers=headers).status_code >= 500
    assert web.characters_used == 0
    assert api.post("/v2/translate", json={**body, "text": ["fine"]}, headers=headers).status_code == 200
    assert api.get("/v2/usage", headers=headers).json() == {"character_count": 4, "character_limit": 10**12}


def test_usage_without_keys_has_no_limit(api: TestClient) -> None:
    assert api.get("/v2/usage").json() == {"character_count": 0, "character_limit": 10**12}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_languages(api: TestClient, method: str) -> None:
    source = [{"language": "EN", "name": "English"}]
    target = [{"language": "DE", "name": "German", "supports_formality": False}]
    assert api.request(method, "/v2/languages").json() == source
    assert api.request(method, "/v2/languages?type=source").json() == source
    assert api.request(method, "/v2/languages?type=target").json() == target
    assert api.request(method, "/v2/languages", data={"type": "target"}).json() == target
    assert "type: must be" in complaint(api.request(method, "/v2/languages?type=both"), 400)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (QueueFull("The queue is full.", 1), 503),
        (NotReady("The model is being loaded."), 503),
        (WorkerUnavailable("The worker has stopped."), 503),
        (DeadlineExceeded("It took too long."), 504),
        (InputTooLong("The text is too long."), 413),
        (InputError("The text is odd."), 400),
    ],
)
def test_errors_of_the_service_are_in_deepls_format(
    api: TestClient, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(LoadedModel, "translate", fail)
    answer = api.post("/v2/translate", json={"text": ["Hi"], "target_lang": "DE"})
    assert complaint(answer, status) == str(error)
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_before_the_model_is_loaded(make_app: Callable[..., FastAPI], echo: Any) -> None:
    echo.gate.clear()
    with TestClient(make_app()) as starting:
        answer = starting.post("/v2/translate", json={"text": ["Hi"], "target_lang": "DE"})
        assert "loaded" in complaint(answer, 503)
        assert starting.get("/v2/languages").status_code == 200
        echo.gate.set()


def test_an_unexpected_error_is_logged_and_reported_in_the_same_format(
    api: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    state_of(api).access = None
    answer = api.post("/v2/translate", json={}, headers={"X-Request-ID": "mishap"})
    assert "unexpected error" in complaint(answer, 500)
    assert answer.headers["X-Request-ID"] == "mishap"
    assert "request mishap failed" in caplog.text


@pytest.mark.parametrize("path", ["/v2/translate", "/translate", "/translate/stream"])
def test_failures_are_logged_without_the_text(
    api: TestClient, echo: Any, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    secret = "Rosebud"
    echo.errors[secret] = ValueError(f"cannot decode {secret}")
    caplog.set_level("DEBUG")
    body = {"text": ["fine", secret], **({"target_lang": "DE"} if path == "/v2/translate" else {})}
    answer = api.post(path, json=body, headers={"X-Request-ID": "mishap"})
    assert answer.status_code in (200, 500)  # a stream has already started with 200
    assert secret not in answer.text
    assert secret not in caplog.text
    assert "request mishap failed:\nbuiltins.ValueError, raised at" in caplog.text
    assert "in process" in caplog.text  # the function that raised it


def test_the_routes_are_described(api: TestClient) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    operation = paths["/v2/translate"]["post"]
    body = operation["requestBody"]["content"]
    assert set(body) == {"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}
    assert {"text", "target_lang", "auth_key"} <= set(body["application/json"]["schema"]["properties"])
    assert {"200", "400", "403", "456", "503"} <= set(operation["responses"])
    assert {"/v2/usage", "/v2/languages"} <= set(paths)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "formal"),
        ("default", "formal"),
        ("more", "formal"),
        ("prefer_more", "formal"),
        ("less", "informal"),
        ("prefer_less", "informal"),
    ],
)
def test_formality_is_sie_or_du(
    api: TestClient, echo: Any, monkeypatch: pytest.MonkeyPatch, given: str | None, expected: str
) -> None:
    asked_for, sentences = [], echo.sentences

    def look_on(text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> Any:
        asked_for.append(style.formality)
        return sentences(text, prefix, style)

    monkeypatch.setattr(echo, "card", {"formality": True})
    monkeypatch.setattr(echo, "sentences", look_on)
    answer = api.post("/v2/translate", json={"text": ["Hi"], "target_lang": "DE", "formality": given})
    assert answer.status_code == 200
    assert asked_for == [expected]
    [german] = api.get("/v2/languages", params={"type": "target"}).json()
    assert german["supports_formality"]


def test_without_a_source_language_it_is_detected(api: TestClient) -> None:
    body = {"text": ["Wer hätte das gedacht?", "Who knew that this works?"], "target_lang": "DE"}
    assert api.post("/v2/translate", json=body).json()["translations"] == [
        {"detected_source_language": "DE", "text": "Wer hätte das gedacht?"},
        {"detected_source_language": "EN", "text": "DE:Who knew that this works?"},
    ]
    given = api.post("/v2/translate", json={**body, "source_lang": "en"}).json()["translations"]
    assert [one["text"] for one in given] == [f"DE:{text}" for text in body["text"]]
    assert {one["detected_source_language"] for one in given} == {"EN"}
    empty = api.post("/v2/translate", json={**body, "source_lang": ""}).json()["translations"]
    assert empty[0]["text"] == body["text"][0]


@pytest.mark.parametrize(
    ("split", "lines"),
    [(None, "keep"), ("1", "keep"), (0, "single"), ("0", "single"), ("nonewlines", "join")],
)
def test_split_sentences_says_how_lines_are_read(
    api: TestClient, echo: Any, monkeypatch: pytest.MonkeyPatch, split: str | int | None, lines: str
) -> None:
    asked_for: list[str] = []
    sentences = echo.sentences

    def look_on(text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> object:
        asked_for.append(style.lines)
        return sentences(text, prefix, style)

    monkeypatch.setattr(echo, "sentences", look_on)
    body = {"text": ["Hi"], "target_lang": "DE", "split_sentences": split}
    answer = api.post(
        "/v2/translate", json={name: value for name, value in body.items() if value is not None}
    )
    assert answer.status_code == 200
    assert asked_for == [lines]
