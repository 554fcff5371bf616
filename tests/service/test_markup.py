"""HTML and XML over HTTP, with an echo that answers in capitals, word by word."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.attributes import translate_with_attributes
from service.batcher import Deadline
from service.engine import TranslationResult
from service.schemas.translation import TranslateRequest
from service.schemas.translation_answer import TranslatedText
from tests.service.conftest import EchoEngine
from translator.markup import TEXT
from translator.translate import Hypothesis

PAGE = '<h1>Good day</h1>\n<p class="a">One <b>red</b>\n  cat &amp; 5 dogs. <i>Two&nbsp;cats.</i></p><pre>No</pre>'
IN_CAPITALS = (
    '<h1>GOOD DAY</h1>\n<p class="a">ONE <b>RED</b> CAT &amp; 5 DOGS. <i>TWO&nbsp;CATS.</i></p><pre>No</pre>'
)


@pytest.fixture
def api(capitals: TestClient) -> TestClient:
    return capitals


def translated(api: TestClient, **body: object) -> Any:
    answer = api.post("/translate", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["translations"][0]


def test_a_page(api: TestClient) -> None:
    found = translated(api, text=PAGE, format="html", alignment=True, alternatives=1)
    assert found["text"] == IN_CAPITALS
    sentences = found["sentences"]
    assert [one["source"] for one in sentences] == [
        "Good day", "One <b>red</b>\n  cat &amp; 5 dogs.", "Two&nbsp;cats.",
    ]  # fmt: skip
    for one in sentences:
        assert PAGE[one["start"] : one["end"]] == one["source"]
        assert IN_CAPITALS[one["target_start"] : one["target_end"]] == one["text"]
        [link] = one["alignment"]
        word = PAGE[link["source_start"] : link["source_end"]]
        assert IN_CAPITALS[link["target_start"] : link["target_end"]] == word.replace(
            "wo", "WO"
        ).upper().replace("&NBSP;", "&nbsp;")
    assert sentences[1]["alternatives"][0]["text"] == "ONE <b>RED</b> CAT &amp; 5 DOGS.!"
    assert "markup_lost" not in sentences[1]["flags"]


def test_checks_have_offsets_in_the_markup(api: TestClient) -> None:
    checks = translated(api, text=PAGE, format="html")["sentences"][1]["checks"]
    assert [
        (
            one["kind"],
            one["verdict"],
            PAGE[one["source_start"] : one["source_end"]],
            IN_CAPITALS[one["target_start"] : one["target_end"]],
        )
        for one in checks
    ] == [("small", "kept", "5", "5"), ("tag", "kept", "<b>", "<b>"), ("tag", "kept", "</b>", "</b>")]


def test_plain_text_keeps_its_entities_and_pairs_of_tags(api: TestClient) -> None:
    found = translated(api, text="a <b>b</b> &amp;\n  **c** < d <e>", alternatives=1)
    assert found["text"] == "A <b>B</b> &AMP;\n  **C** < D <E>"
    first, second = found["sentences"]
    assert (first["source"], second["source"]) == ("a <b>b</b> &amp;", "**c** < d <e>")
    assert second["alternatives"][0]["text"] == "**C** < D <E>!"
    assert [one["kind"] for one in second["checks"]] == ["tag"] * 2


def test_xml(api: TestClient) -> None:
    found = translated(api, text="<d><t>a<x id='1'/></t>\n<t>b</t></d>", format="xml")
    assert found["text"] == "<d><t>A<x id='1'/></t>\n<t>B</t></d>"


def test_a_pair_without_words_is_reported(
    api: TestClient, echo: EchoEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(echo, "_echo", lambda text, kind: TranslationResult((Hypothesis("", -1.0, -1.0),)))
    [sentence] = translated(api, text="a <b>b</b> c", format="html")["sentences"]
    assert sentence["text"] == "<b></b>"
    assert "markup_lost" in sentence["flags"]
    assert [one["verdict"] for one in sentence["checks"]] == ["kept", "misplaced"]


def test_a_stream_is_assembled_in_the_same_way(api: TestClient) -> None:
    answer = api.post("/translate/stream", json={"text": PAGE, "format": "html"})
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    text, position = "", 0
    for one in events[:-1]:
        text += PAGE[position : one["start"]] + one["text"]
        position = one["end"]
    assert text + PAGE[position:] == IN_CAPITALS


def test_the_first_words_begin_with_the_prefix(api: TestClient, echo: EchoEngine) -> None:
    echo.gate.set()
    found = api.post(
        "/translate", json={"text": "<br><p>–</p><p>A b.</p>c", "format": "html", "prefix": "X "}
    )
    assert found.json()["translations"][0]["text"] == "<br><p>–</p><p>X A B.</p>C"


def test_sentences_with_and_without_tags_have_their_own_results(api: TestClient, echo: EchoEngine) -> None:
    translated(api, text="<p>a b</p><p>a b</p>a <b>b</b>", format="html")
    assert echo.decoded_together() == [["a b", "a b"]]


def test_deepl(api: TestClient) -> None:
    body = {
        "text": ["You have <x id=\"7\"></x> <k>mails</k>.", "a<p>b</p>", "AT&T"], "target_lang": "DE",
        "tag_handling": "xml", "ignore_tags": "k,z", "splitting_tags": ["p"],
    }  # fmt: skip
    answer = api.post("/v2/translate", json=body).json()
    assert [one["text"] for one in answer["translations"]] == [
        'YOU HAVE <x id="7"></x> <k>mails</k>.', "A<p>B</p>", "AT&T",
    ]  # fmt: skip


def test_deepl_html(api: TestClient) -> None:
    body = {"text": "<p>a <K>b</K></p>", "target_lang": "DE", "tag_handling": "html", "ignore_tags": ["K"]}
    assert api.post("/v2/translate", json=body).json()["translations"][0]["text"] == "<p>A <K>b</K></p>"


@pytest.mark.parametrize(("outline", "units"), [("1", ["a", "b"]), ("0", ["ab"])])
def test_deepl_outline_detection(api: TestClient, echo: EchoEngine, outline: str, units: list[str]) -> None:
    body = {
        "text": "<t>a</t><t>b</t>",
        "target_lang": "DE",
        "tag_handling": "xml",
        "outline_detection": outline,
    }
    assert api.post("/v2/translate", data=body).json()["translations"][0]["text"] == "<t>A</t><t>B</t>"
    assert sorted(echo.decoded_together()[-1]) == units


def test_libretranslate(api: TestClient) -> None:
    body = {
        "q": ["<p>Hello <b>you</b></p>", "a"],
        "source": "auto",
        "target": "de",
        "format": "html",
        "alternatives": 1,
    }
    answer = api.post("/libretranslate/translate", json=body).json()
    assert answer["translatedText"] == ["<p>HELLO <b>YOU</b></p>", "A"]
    assert answer["alternatives"] == [["<p>HELLO <b>YOU</b>!</p>"], ["A!"]]
    assert [one["language"] for one in answer["detectedLanguage"]] == ["en", "en"]


def test_attributes_on_request(api: TestClient) -> None:
    page = '<title>Day</title><p title="One day">See <img alt="a cat"> 5 <b>cats</b>.</p>'
    found = translated(api, text=page, format="html", translate_attributes=True, alignment=True)
    german = '<title>DAY</title><p title="ONE DAY">SEE <img alt="A CAT"> 5 <b>CATS</b>.</p>'
    assert found["text"] == german
    sentence = found["sentences"][1]
    assert (
        sentence["source"]
        == page[sentence["start"] : sentence["end"]]
        == 'See <img alt="a cat"> 5 <b>cats</b>.'
    )
    assert german[sentence["target_start"] : sentence["target_end"]] == sentence["text"]
    assert [
        (page[one["source_start"] : one["source_end"]], german[one["target_start"] : one["target_end"]])
        for one in (*sentence["checks"], *sentence["alignment"])
    ] == [("5", "5"), ("<b>", "<b>"), ("</b>", "</b>"), ("See", "SEE")]
    assert translated(api, text="<p>a</p>", format="html", translate_attributes=True)["text"] == "<p>A</p>"


def test_attributes_are_translated_with_the_options_of_the_request() -> None:
    """Such as its glossary and its length penalty."""
    asked: list[TranslateRequest] = []

    class Model:
        async def translate(self, body: TranslateRequest, deadline: Deadline) -> list[TranslatedText]:
            asked.append(body)
            return [TranslatedText(text=text, score=0, sentences=[]) for text in body.texts]

    body = TranslateRequest(
        text='<img alt="A house">', format="html", translate_attributes=True, length_penalty=2,
        glossary={"house": "Haus"},
    )  # fmt: skip
    asyncio.run(translate_with_attributes(Model(), body, Deadline.after(9)))
    attributes, page = asked
    assert (attributes.texts, attributes.markup, attributes.length_penalty) == (["A house"], TEXT, 2)
    assert attributes.style.glossary is page.style.glossary is not None


@pytest.mark.parametrize("form", ["text", "xml"])
def test_attributes_are_only_in_html(api: TestClient, form: str) -> None:
    body = {"text": "<p alt='a'>b</p>", "format": form, "translate_attributes": True}
    answer = api.post("/translate", json=body)
    assert answer.status_code == 422
    assert f'needs the format "html", but format is "{form}"' in answer.json()["detail"]


def test_a_stream_has_no_attributes(api: TestClient) -> None:
    answer = api.post("/translate/stream", json={"text": "a", "format": "html", "translate_attributes": True})
    assert answer.status_code == 422
    assert "translate_attributes: is not supported in a stream" in answer.json()["detail"]
