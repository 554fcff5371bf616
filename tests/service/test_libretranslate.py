"""The routes of LibreTranslate's API, called directly and by `libretranslatepy`."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import httpx2
import pytest
from deep_translator import LibreTranslator
from deep_translator.exceptions import AuthorizationException
from fastapi import FastAPI
from fastapi.testclient import TestClient
from libretranslatepy import LibreTranslateAPI

from service.access import Client
from service.batcher import DeadlineExceeded, QueueFull, WorkerUnavailable
from service.engine import TranslationResult
from service.errors import NotReady
from service.loaded_model import LoadedModel
from service.schemas.translation_answer import TranslatedText
from translator.errors import InputError, InputTooLong
from translator.search import SearchOptions
from translator.text import Span
from translator.translate import Hypothesis, SourceSentence

KEY = "a-key-of-the-tests"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
PART = b'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\n'
EN_DE = {"source": "en", "target": "de"}


@pytest.fixture
def api(make_client: Callable[..., TestClient]) -> TestClient:
    return make_client()


@pytest.fixture
def make_libretranslatepy(
    make_app: Callable[..., FastAPI],
    serve: Callable[[FastAPI], str],
    wait_until: Callable[[Callable[[], bool]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., LibreTranslateAPI]:
    """Make the client from PyPI, connected to an application."""
    monkeypatch.setenv("no_proxy", "*")

    def make(key: str | None = None, clients: dict[str, Client] | None = None) -> LibreTranslateAPI:
        address = serve(make_app(clients))
        wait_until(lambda: httpx2.get(f"{address}/readyz", trust_env=False).status_code == 200)
        return LibreTranslateAPI(f"{address}/libretranslate", key)

    return make


def complaint(answer: httpx2.Response, status: int) -> str:
    """The message of an error in LibreTranslate's format."""
    assert answer.status_code == status, answer.text
    assert len(answer.content) < 2048
    body = answer.json()
    assert list(body) == ["error"]
    message: str = body["error"]
    return message


def test_libretranslatepy(make_libretranslatepy: Callable[..., LibreTranslateAPI]) -> None:
    for client in (make_libretranslatepy(), make_libretranslatepy(KEY, {KEY: Client("web")})):
        assert client.translate("Good morning & good-bye!", "en", "de") == "DE:Good morning & good-bye!"
        assert client.translate("One\nTwo", "auto", "de") == "DE:One\nTwo"
        [detected] = client.detect("What do you think of this?")
        assert detected["language"] == "en"
        assert detected["confidence"] > 90
        assert {language["code"]: language["targets"] for language in client.languages()} == {
            "en": ["de"],
            "de": [],
        }


def test_libretranslatepy_with_a_wrong_key(make_libretranslatepy: Callable[..., LibreTranslateAPI]) -> None:
    client = make_libretranslatepy("wrong", {KEY: Client("web")})
    with pytest.raises(urllib.error.HTTPError) as caught:
        client.translate("Hi", "en", "de")
    with caught.value as answer:
        assert answer.code == 403
        assert "API key is unknown" in json.loads(answer.read())["error"]


def test_deep_translator(
    make_app: Callable[..., FastAPI],
    serve: Callable[[FastAPI], str],
    wait_until: Callable[[Callable[[], bool]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It sends everything in the URL, the key as well."""
    monkeypatch.setenv("no_proxy", "*")
    address = serve(make_app({KEY: Client("web")}))
    wait_until(lambda: httpx2.get(f"{address}/readyz", trust_env=False).status_code == 200)
    translator = LibreTranslator("en", "de", api_key=KEY, custom_url=f"{address}/libretranslate/")
    assert translator.translate("Fish & chips?") == "DE:Fish & chips?"
    assert translator.translate_batch(["One.", "Two\nthree."]) == ["DE:One.", "DE:Two\nthree."]
    with pytest.raises(AuthorizationException):
        LibreTranslator("en", "de", api_key="wrong", custom_url=f"{address}/libretranslate/").translate("Hi")


@pytest.mark.parametrize("q", ["Hi", "", " a\n\n b ", ["Hi"], ["a", "", "b"], []])
def test_json(api: TestClient, q: str | list[str]) -> None:
    answer = api.post("/libretranslate/translate", json={"q": q, **EN_DE, "format": "text"})
    expected: object = [f"DE:{text}" if text else "" for text in ([q] if isinstance(q, str) else q)]
    assert answer.json() == {"translatedText": expected if isinstance(q, list) else expected[0]}


def test_a_form(api: TestClient) -> None:
    answer = api.post(
        "/libretranslate/translate", data={"q": "A & B", **EN_DE, "alternatives": "", "api_key": ""}
    )
    assert answer.json() == {"translatedText": "DE:A & B"}
    answer = api.post("/libretranslate/translate", content="q=a%0D%0Ab&q=c&source=en&target=de", headers=FORM)
    assert answer.json() == {"translatedText": ["DE:a\r\nb", "DE:c"]}


def test_a_form_as_browsers_send_it(api: TestClient) -> None:
    # Like LibreTranslate's own page, with FormData. httpx2 writes that for files, here without file names.
    fields = {
        "q": (None, "A & B\r\n--\r\n 😀"),
        "source": (None, "en"),
        "target": (None, "de"),
        "api_key": (None, ""),
    }
    answer = api.post("/libretranslate/translate", files=fields)
    assert answer.json() == {"translatedText": "DE:A & B\r\n--\r\n 😀"}
    answer = api.post("/libretranslate/detect", files={"q": (None, "What do you think of this?")})
    assert answer.json()[0]["language"] == "en"


def test_a_form_as_curl_sends_it(api: TestClient) -> None:
    field = "--b\r\nContent-Disposition: form-data; name={}\r\n\r\n{}\r\n"
    pairs = [('"q"', "a"), ('"q"', ""), ("source", "en"), ('"target"', "de")]
    body = "".join(field.format(*pair) for pair in pairs) + "--b--\r\n"
    for boundary in ("b", '"b"', "b; charset=utf-8"):
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        answer = api.post("/libretranslate/translate", content=body, headers=headers)
        assert answer.json() == {"translatedText": ["DE:a", ""]}


def test_parameters_may_be_in_the_url(api: TestClient) -> None:
    answer = api.post("/libretranslate/translate?q=A+%26+B&source=en&target=de")
    assert answer.json() == {"translatedText": "DE:A & B"}
    answer = api.post("/libretranslate/translate?source=en&target=de", data={"q": "Hi"})
    assert answer.json() == {"translatedText": "DE:Hi"}
    # LibreTranslate also ignores the URL if there is a JSON body.
    answer = api.post("/libretranslate/translate?q=other&x=1", json={"q": "Hi", **EN_DE})
    assert answer.json() == {"translatedText": "DE:Hi"}
    assert "UTF-8" in complaint(api.post("/libretranslate/translate?q=%FF"), 400)
    assert "178 parameters" in complaint(api.post("/libretranslate/translate?" + "q=a&" * 200), 413)


def test_a_key_in_the_url_is_accepted_and_not_logged(
    make_client: Callable[..., TestClient],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    api = make_client({KEY: Client("web")})
    path = "/libretranslate/translate?q=Hi&source=en&target=de"
    assert api.post(f"{path}&api_key={KEY}").json() == {"translatedText": "DE:Hi"}
    complaint(api.post(f"{path}&api_key=wrong"), 403)
    assert api.post(f"{path}&api_key=any", headers={"X-API-Key": KEY}).status_code == 200
    logged = [record.getMessage() for record in caplog.records if record.name == "service.access_log"]
    assert sum("/libretranslate/translate" in line for line in logged) == 3
    assert not any(KEY in line for line in logged)


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("POST", "/libretranslate/suggest", 404, None),
        ("GET", "/libretranslate/translate_file", 405, "POST"),
        ("GET", "/libretranslate/translate", 405, "POST"),
        ("POST", "/libretranslate/languages", 405, "GET"),
    ],
)
def test_unsupported_routes_answer_in_libretranslates_format(
    api: TestClient, method: str, path: str, status: int, allowed: str | None
) -> None:
    answer = api.request(method, path)
    told = complaint(answer, status)
    assert told.startswith(
        f"There is nothing at {path}. From" if status == 404 else f"{path} does not support {method}. From"
    )
    assert (
        "POST /libretranslate/translate, POST /libretranslate/detect, GET /libretranslate/languages, " in told
    )
    assert answer.headers.get("Allow") == allowed


def test_the_source_auto_returns_the_language(api: TestClient) -> None:
    texts = ["Who would have thought that?", "Wer hätte das gedacht?", ""]
    answer = api.post("/libretranslate/translate", json={"q": texts, "source": "auto", "target": "de"}).json()
    assert answer["translatedText"] == ["DE:Who would have thought that?", "Wer hätte das gedacht?", ""]
    assert [detected["language"] for detected in answer["detectedLanguage"]] == ["en", "de", "en"]
    first = answer["detectedLanguage"][0]
    assert first["confidence"] > 90
    answer = api.post(
        "/libretranslate/translate", json={"q": texts[0], "source": "auto", "target": "de"}
    ).json()
    assert answer["detectedLanguage"] == first


@pytest.mark.parametrize("source", ["en", "EN", "en-US", "en_GB", ""])
@pytest.mark.parametrize("target", ["de", "DE", "de-DE"])
def test_case_and_region_of_languages_do_not_matter(api: TestClient, source: str, target: str) -> None:
    body = {"q": "Hi", "source": source, "target": target}
    assert api.post("/libretranslate/translate", json=body).json() == {"translatedText": "DE:Hi"}


def test_a_text_is_translated_whatever_it_looks_like_if_the_source_is_given(api: TestClient) -> None:
    body = {"q": "Wer hätte das gedacht?", **EN_DE}
    assert api.post("/libretranslate/translate", json=body).json() == {
        "translatedText": "DE:Wer hätte das gedacht?"
    }


def test_a_foreign_text_alone_is_returned_unchanged(api: TestClient, echo: Any) -> None:
    body = {"q": "Wer hätte das gedacht?", "source": "auto", "target": "de", "alternatives": 2}
    answer = api.post("/libretranslate/translate", json=body).json()
    assert (answer["translatedText"], answer["alternatives"]) == ("Wer hätte das gedacht?", [])
    assert answer["detectedLanguage"]["language"] == "de"
    assert echo.decoded_together() == []


def test_more_alternatives_than_the_limit_give_as_many_as_there_are(
    make_client: Callable[..., TestClient],
) -> None:
    body = {"q": "Hi", **EN_DE, "alternatives": 2**63}
    answer = make_client(max_alternatives=3).post("/libretranslate/translate", json=body).json()
    assert answer["alternatives"] == ["DE1:Hi", "DE2:Hi", "DE3:Hi"]


def test_what_a_page_for_libretranslate_asks(make_client: Callable[..., TestClient]) -> None:
    api = make_client(api_keys=f"web:{sha256(KEY.encode()).hexdigest()}", max_characters=70)
    assert api.get("/libretranslate/health").json() == {"status": "ok"}
    settings = api.get("/libretranslate/frontend/settings").json()
    assert settings.pop("language") == {
        "source": {"code": "en", "name": "English"}, "target": {"code": "de", "name": "German"}
    }  # fmt: skip
    assert {".docx", ".srt"} <= set(settings.pop("supportedFilesFormat"))
    assert settings == {
        "apiKeys": True, "keyRequired": True, "charLimit": 70, "suggestions": False, "filesTranslation": True,
    }  # fmt: skip


def test_json_that_is_declared_a_form_is_named(api: TestClient) -> None:
    answer = api.post("/libretranslate/translate", content=b' {"q": "Hi"}', headers=FORM)
    assert "looks like JSON" in complaint(answer, 400)


def test_html_without_markup_is_text(api: TestClient) -> None:
    body = {"q": "3 > 2", **EN_DE, "format": "html"}
    assert api.post("/libretranslate/translate", json=body).json() == {"translatedText": "DE:3 > 2"}


def test_a_byte_order_mark_is_skipped(api: TestClient) -> None:
    body = b'\xef\xbb\xbf{"q": "Hi", "source": "en", "target": "de"}'
    assert api.post("/libretranslate/translate", content=body, headers=JSON).json() == {
        "translatedText": "DE:Hi"
    }


def test_alternatives(api: TestClient, echo: Any) -> None:
    answer = api.post("/libretranslate/translate", json={"q": "Hi", **EN_DE, "alternatives": 2})
    assert answer.json() == {"translatedText": "DE:Hi", "alternatives": ["DE1:Hi", "DE2:Hi"]}
    assert echo.batches[-1][1].options == SearchOptions(n_best=3)
    answer = api.post("/libretranslate/translate", json={"q": ["Hi", ""], **EN_DE, "alternatives": 5})
    assert answer.json()["alternatives"] == [[f"DE{rank}:Hi" for rank in range(1, 6)], []]
    assert echo.batches[-1][1].options == SearchOptions(beam_size=6, n_best=6)


def test_alternatives_are_assembled_from_those_of_the_sentences(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = " Yes.\n\nNo.\n"
    sources = [
        SourceSentence(text[start:end], Span(start, end), (1,), False) for start, end in ((1, 5), (7, 10))
    ]
    versions = (("Ja.", "Jawohl.", "Ja."), ("Nein.", "Nö."))
    results = [TranslationResult(tuple(Hypothesis(one, 0.0) for one in some)) for some in versions]

    async def translate(*_: object) -> list[TranslatedText]:
        return [TranslatedText.of(text, sources, results)]

    monkeypatch.setattr(LoadedModel, "translate", translate)
    answer = api.post("/libretranslate/translate", json={"q": " Yes.\n\nNo.\n", **EN_DE, "alternatives": 3})
    assert answer.json()["alternatives"] == [" Jawohl.\n\nNö.\n", " Ja.\n\nNö.\n"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"q": None}, "q: must be a string or a list of strings"),
        ({"q": {"a": "b"}}, "q: must be a string or a list of strings"),
        ({"q": ["a", None]}, "q: item 1 of the list must be a string"),
        ({"source": "fr"}, 'source: must be "en" or "auto", or left out; it is "fr"'),
        ({"target": "es"}, 'target: must be "de"; it is "es"'),
        ({"target": ""}, "target: is missing"),
        ({"format": "xml"}, 'format: must be "text" or "html", or left out; it is "xml"'),
        ({"alternatives": -1}, "alternatives: must be a whole number of 0 or more, or left out; it is -1"),
        (
            {"alternatives": "many"},
            'alternatives: must be a whole number of 0 or more, or left out; it is "many"',
        ),
        (
            {"glossary": "g"},
            "glossary: is not supported. The fields are q, source, target, format, alternatives",
        ),
    ],
)
def test_unsupported_parameters_are_refused(
    make_client: Callable[..., TestClient], echo: Any, given: dict[str, Any], told: str
) -> None:
    answer = make_client(max_alternatives=3).post(
        "/libretranslate/translate", json={"q": "Hi", **EN_DE, **given}
    )
    assert told in complaint(answer, 400)
    assert echo.decoded_together() == []


@pytest.mark.parametrize("path", ["/libretranslate/translate", "/libretranslate/detect"])
@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (JSON, b"q=Hello", 400),
        (JSON, b'{"q": "\\ud800", "source": "en", "target": "de"}', 400),
        (JSON, b'{"q": "\xff"}', 400),
        (JSON, b'{"q": NaN}', 400),
        (JSON, b'{"q": 1e999}', 400),
        (JSON, b'{"q": ' + b"[" * 100_000, 400),
        (JSON, b'["a"]', 400),
        (JSON, b'{"api_key": {}, "q": "a", "x": 1}', 400),
        (FORM, b"q=%FF", 400),
        (FORM, b"q=%ED%A0%80", 400),
        (FORM, b"", 400),
        (FORM, b"q=a&" * 10_000, 413),
        (FORM, b"q=" + b"a" * 1_000_000, 413),
        ({"Content-Type": "text/plain"}, b"Hello", 415),
        (MULTIPART, b"--x--", 400),
        (MULTIPART, b"", 400),
        (MULTIPART, b"--x", 400),
        (MULTIPART, b"q=a", 400),
        (MULTIPART, b"preamble" + PART + b"a\r\n--x--", 400),
        (MULTIPART, PART + b"a", 400),
        (MULTIPART, PART + b"\xff\r\n--x--", 400),
        (MULTIPART, PART.replace(b'"q"', b'"q"; filename="a.txt"') + b"a\r\n--x--", 400),
        (MULTIPART, PART.replace(b'name="q"', b'filename="name"') + b"a\r\n--x--", 400),
        (MULTIPART, PART.replace(b"form-data", b"form-data;" + b" " * 10_000) + b"a\r\n--x--", 400),
        (MULTIPART, b"\r\n--x" * 100_000, 400),
        (MULTIPART, (PART + b"a\r\n") * 5_000 + b"--x--", 400),
        (MULTIPART, PART + b"a" * 1_000_000, 413),
        ({"Content-Type": "multipart/form-data"}, PART + b"a\r\n--x--", 400),
        ({"Content-Type": "multipart/mixed; boundary=x"}, PART + b"a\r\n--x--", 415),
    ],
)
def test_hostile_bodies(
    api: TestClient, path: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    complaint(api.post(path, content=body, headers=headers), status)


def test_limits(make_client: Callable[..., TestClient]) -> None:
    api = make_client(max_texts=2, max_characters=30)
    for q, told in ((["a"] * 3, "3 texts; the limit is 2"), ("a" * 31, "31 characters; the limit is 30")):
        assert told in complaint(api.post("/libretranslate/translate", json={"q": q, **EN_DE}), 413)
    assert "31 characters" in complaint(api.post("/libretranslate/detect", json={"q": "a" * 31}), 413)


@pytest.mark.parametrize(
    "sending",
    [
        {"headers": {"Authorization": f"Bearer {KEY}"}, "json": {"q": "Hi"}},
        {"headers": {"X-API-Key": KEY}, "data": {"q": "Hi"}},
        {"json": {"q": "Hi", "api_key": KEY}},
        {"data": {"q": "Hi", "api_key": KEY}},
    ],
)
def test_where_a_key_may_be(make_client: Callable[..., TestClient], sending: dict[str, Any]) -> None:
    assert make_client({KEY: Client("web")}).post("/libretranslate/detect", **sending).status_code == 200


@pytest.mark.parametrize("key", [None, "", KEY[:-1], "ключ", 7, [KEY]])
def test_an_unknown_client_gets_403(make_client: Callable[..., TestClient], key: object) -> None:
    api = make_client({KEY: Client("web")})
    for path in ("/libretranslate/translate", "/libretranslate/detect"):
        assert "API key" in complaint(api.post(path, json={"q": "Hi", "api_key": key}), 403)
    assert api.get("/libretranslate/languages").status_code == 200


@pytest.mark.usefixtures("clock")
def test_what_a_key_may_use(make_client: Callable[..., TestClient]) -> None:
    api = make_client(
        {"slow": Client("slow", requests_per_minute=2), "poor": Client("poor", characters_per_month=3)}
    )
    assert api.post("/libretranslate/detect", json={"q": "Hi", "api_key": "slow"}).status_code == 200
    body = {"q": "four", **EN_DE}
    assert api.post("/libretranslate/translate", json={**body, "api_key": "slow"}).status_code == 200
    answer = api.post("/libretranslate/translate", json={**body, "api_key": "slow"})
    assert "rate limit, 2 a minute" in complaint(answer, 429)
    poor = api.post("/libretranslate/translate", json={**body, "api_key": "poor"})
    assert "this request has 4" in complaint(poor, 456)
    assert int(answer.headers["Retry-After"]) >= 1


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
def test_errors_of_the_service_are_in_libretranslates_format(
    api: TestClient, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(LoadedModel, "translate", fail)
    answer = api.post("/libretranslate/translate", json={"q": "Hi", **EN_DE})
    assert complaint(answer, status) == str(error)
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_the_routes_are_described(api: TestClient) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    assert {"/libretranslate/translate", "/libretranslate/detect", "/libretranslate/languages"} <= set(paths)
    body = paths["/libretranslate/translate"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {"q", "source", "target", "format", "alternatives", "api_key"}
    assert body["examples"] == [{"q": "Good morning!", "source": "en", "target": "de"}]
