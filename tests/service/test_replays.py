"""What existing clients send, in their order, and what they read in the answers.

The echo answers in capitals, word by word. Texts and keys are made up; the shapes are those of the clients' code.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

KEY = "a-key-of-the-tests"
DEEPL = {"Authorization": f"DeepL-Auth-Key {KEY}"}
TAG = re.compile(r"<[^>]*>|&[a-z]+;")


@pytest.fixture
def api(capitals: TestClient) -> TestClient:
    return capitals


def tags(text: str) -> Counter[str]:
    return Counter(TAG.findall(text))


def words(text: str) -> str:
    return " ".join(TAG.sub(" ", text).split())


def check_markup(texts: list[str], translations: list[str], kept: tuple[str, ...] = ()) -> None:
    """Check that the tags are those of the texts, and that the words are translated, except those to keep."""
    assert len(translations) == len(texts)
    for text, translation in zip(texts, translations, strict=True):
        assert tags(translation) == tags(text)
        expected = words(text).upper()
        for one in kept:
            expected = expected.replace(one.upper(), one)
        assert words(translation) == expected


WEBLATE_STRINGS = [
    "Save",
    "",
    'You have <x id="9"></x> new messages.',
    '<x id="0"></x> of <x id="8"></x> files copied',
    "Tom &amp; Jerry &lt;b&gt;",
    'Read the <x id="9"></x>manual<x id="18"></x> first.',
    "Line one\nLine two",
]


def test_weblate_with_deepl(api: TestClient) -> None:
    assert [one["language"] for one in api.get("/v2/languages?type=source", headers=DEEPL).json()] == ["EN"]
    [target] = api.get("/v2/languages", params={"type": "target"}, headers=DEEPL).json()
    assert (target["language"], target["supports_formality"]) == ("DE", False)

    pairs = api.get("/v2/glossary-language-pairs", headers=DEEPL).json()["supported_languages"]
    assert ("EN", "DE") in {(one["source_lang"].upper(), one["target_lang"].upper()) for one in pairs}
    assert api.get("/v2/glossaries", headers=DEEPL).json()["glossaries"] == []
    name = "weblate:1:en:de:5d41402abc4b2a76"
    created = {"name": name, "source_lang": "EN", "target_lang": "DE", "entries_format": "tsv"}
    entries = "file\tDatei\nmanual\tHandbuch"
    answer = api.post("/v2/glossaries", headers=DEEPL, json={**created, "entries": entries})
    assert answer.status_code == 201
    listed = {
        one["name"]: one["glossary_id"]
        for one in api.get("/v2/glossaries", headers=DEEPL).json()["glossaries"]
    }
    assert list(listed) == [name]

    body = {
        "text": WEBLATE_STRINGS, "source_lang": "EN", "target_lang": "DE", "formality": "default",
        "tag_handling": "xml", "ignore_tags": ["x"], "context": "A desktop program", "glossary_id": listed[name],
        "model_type": "prefer_quality_optimized",
    }  # fmt: skip
    answer = api.post("/v2/translate", headers=DEEPL, json=body)
    assert answer.status_code == 200, answer.text
    translations = answer.json()["translations"]
    check_markup(WEBLATE_STRINGS, [one["text"] for one in translations])
    assert translations[6]["text"] == "LINE ONE\nLINE TWO"
    assert {one["model_type_used"] for one in translations} == {"quality_optimized"}

    # A changed glossary replaces the old one, which is deleted, twice by two workers.
    path = f"/v2/glossaries/{listed[name]}"
    assert [api.delete(path, headers=DEEPL).status_code for _ in range(2)] == [204, 404]
    body["formality"] = "more"  # for the language de@formal
    refused = api.post("/v2/translate", headers=DEEPL, json={**body, "glossary_id": ""})
    assert (refused.status_code, "formality" in refused.json()["message"]) == (400, True)


def test_weblate_with_libretranslate(api: TestClient) -> None:
    codes = [one["code"] for one in api.get("/libretranslate/languages").json()]
    assert {"en", "de"} <= set(codes)
    texts = ["Save", "", "Two owls.", "Ünïcode & more"]
    body = {"api_key": "", "q": texts, "source": "en", "target": "de"}
    answer = api.post("/libretranslate/translate", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["translatedText"] == [text.upper() for text in texts]


EMOJI = '<span translate="no">:owl_party:</span>'
STATUS = (
    '<p><span class="h-card" translate="no"><a href="https://a.example/@may" class="u-url mention">@<span>may</span>'
    f"</a></span> Two owls sleep {EMOJI}<br />in the barn.</p><p>See "
    '<a href="https://b.example/?q=1&amp;r=2" target="_blank" rel="nofollow noopener noreferrer" translate="no">'
    '<span class="invisible">https://</span><span class="">b.example/?q=1</span></a> &amp; <strong>the tides</strong>'
    ' <a href="https://a.example/tags/owls" class="mention hashtag" rel="tag">#<span>owls</span></a></p>'
)
MASTODON_TEXTS = [STATUS, "Low tide, spoilers", "Yes, both", "No", "A photo of an owl"]
KEPT = ("@ may", ":owl_party:", "https:// b.example/?q=1")


def test_mastodon_with_deepl(api: TestClient) -> None:
    sources = [one["language"] for one in api.get("/v2/languages?type=source", headers=DEEPL).json()]
    targets = [one["language"] for one in api.get("/v2/languages?type=target", headers=DEEPL).json()]
    assert (sources, targets) == (["EN"], ["DE"])
    texts = "&".join(f"text={quote(text)}" for text in MASTODON_TEXTS)
    # Ruby writes a form without a value for a language that is unknown.
    for source in ("source_lang=EN", "source_lang"):
        form = f"{texts}&{source}&target_lang=de&tag_handling=html"
        headers = {**DEEPL, "Content-Type": "application/x-www-form-urlencoded"}
        answer = api.post("/v2/translate", headers=headers, content=form)
        assert answer.status_code == 200, answer.text
        translations = answer.json()["translations"]
        check_markup(MASTODON_TEXTS, [one["text"] for one in translations], KEPT)
        assert {one["detected_source_language"] for one in translations} == {"EN"}


def test_mastodon_with_libretranslate(api: TestClient) -> None:
    targets = {one["code"]: one["targets"] for one in api.get("/libretranslate/languages").json()}
    assert "de" in targets["en"]
    for source in ("en", "auto"):
        body = {"q": MASTODON_TEXTS, "source": source, "target": "de", "format": "html", "api_key": None}
        answer = api.post(
            "/libretranslate/translate",
            content=json.dumps(body),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 200, answer.text
        found = answer.json()
        check_markup(MASTODON_TEXTS, found["translatedText"], KEPT)
        detected = found.get("detectedLanguage")
        assert detected is None if source == "en" else [one["language"] for one in detected] == ["en"] * 5


INTERPOLATED = ["Hello, <i18n>%{name}</i18n>!", "<i18n>%{count}</i18n> owls", "Save &amp; close", "Back"]


@pytest.mark.parametrize(
    "sending",
    [
        {"json": {"text": INTERPOLATED, "ignore_tags": ["i18n"], "preserve_formatting": True}},
        {"data": {"text": INTERPOLATED, "ignore_tags": "i18n", "preserve_formatting": "1"}},
    ],
    ids=["deepl-rb 3", "deepl-rb 2"],
)
def test_i18n_tasks(api: TestClient, sending: dict[str, dict[str, Any]]) -> None:
    [(way, fields)] = sending.items()
    whole = {**fields, "source_lang": "EN", "target_lang": "DE", "tag_handling": "xml", "html_escape": "true"}
    answer = api.post("/v2/translate", headers=DEEPL, **{way: whole})  # type: ignore[arg-type]  # json or data
    assert answer.status_code == 200, answer.text
    texts = [one["text"] for one in answer.json()["translations"]]
    check_markup(INTERPOLATED, texts, ("%{name}", "%{count}"))
    assert texts[0] == "HELLO, <i18n>%{name}</i18n>!"


def test_omegat(api: TestClient) -> None:
    # It still calls version 1 of DeepL's API; the answer says where the current one is.
    query = {"auth_key": KEY, "text": "Two <f0>owls</f0>.", "source_lang": "EN", "target_lang": "DE"}
    old = api.get("/v1/translate", params=query)
    assert old.status_code == 404
    assert "nothing at /v1/translate. " in old.json()["message"]
    assert "POST /v2/translate" in old.json()["message"]
    assert KEY not in old.text
    texts = ["Two <f0>owls</f0>.", "<x1/>Low tide", "One. <n2/>Two."]
    for text in texts:
        fields = {
            "text": text, "source_lang": "EN", "target_lang": "DE", "tag_handling": "xml", "split_sentences": "0",
            "preserve_formatting": "1",
        }  # fmt: skip
        answer = api.post("/v2/translate", headers=DEEPL, data=fields)
        check_markup([text], [one["text"] for one in answer.json()["translations"]])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/translate", {"text": "Two owls"}),
        ("/v2/translate", {"text": ["Two owls"], "target_lang": "DE"}),
        ("/libretranslate/translate", {"q": "Two owls", "source": "en", "target": "de"}),
    ],
)
def test_powershell_marks_its_json(api: TestClient, path: str, body: dict[str, object]) -> None:
    content = b"\xef\xbb\xbf" + json.dumps(body).encode()
    answer = api.post(path, content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, "TWO OWLS" in answer.text) == (200, True)
