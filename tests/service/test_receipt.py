"""The receipt of a translation: the checks of numbers, links and the like, in the API and the metrics."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from service.engine import EngineResult, TranslateKind, TranslationResult
from service.routes.information import STATIC
from tests.service.conftest import ANY_NUMBER, EchoEngine
from tests.service.test_operation import samples
from tests.service.test_stream import parsed
from translator.evaluation.quality import Flag
from translator.search.feed import Feed
from translator.text import Span
from translator.text.protected import ProtectedSpan, find_protected
from translator.translate import DEFAULT_STYLE, Hypothesis, SourceSentence, Style
from translator.translate.answers import Rung, check_of
from translator.translate.receipt import CheckKind


class Ledger(EchoEngine):
    """Translates and checks a line as in `german`, with the rung in `rungs`; a line is a sentence.

    A line that is one protected span has no tokens.
    """

    def __init__(self) -> None:
        super().__init__()
        self.german: dict[str, str] = {}
        self.rungs: dict[str, Rung] = {}

    def sentences(self, text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> list[SourceSentence]:
        spans = [span for span in find_protected(text) if span.kind != "emoji"]
        lines = re.finditer(r"[^\n]+", text)
        return [self._sentence(line[0], line.start(), spans, style) for line in lines]

    def _sentence(
        self, line: str, start: int, spans: Sequence[ProtectedSpan], style: Style
    ) -> SourceSentence:
        span = Span(start, start + len(line))
        inner = tuple(one for one in spans if start <= one.start and one.end <= span.end)
        tokens = () if [one.text for one in inner] == [line] else tuple(map(ord, line))
        return SourceSentence(line, span, tokens, False, protected=inner, style=style)

    def process(self, kind: Hashable, feed: Feed[Any, EngineResult]) -> None:
        assert isinstance(kind, TranslateKind)
        taken = feed(ANY_NUMBER)
        self.batches.append(([one.item.text for one in taken], kind))
        for one in taken:
            text = one.item.text
            german, rung = self.german.get(text, text), self.rungs.get(text, "first")
            best = Hypothesis(german, -1.0, -0.1, checks=check_of(one.item, german), rung=rung)
            one.finish(TranslationResult((best,)))


@pytest.fixture
def echo() -> Ledger:
    """Replaces the echo that the other tests serve."""
    return Ledger()


@pytest.fixture(name="ledger")
def ledger_fixture(echo: Ledger) -> Ledger:
    return echo


def sentences(client: TestClient, text: str, **options: object) -> list[dict[str, Any]]:
    answer = client.post("/translate", json={"text": text, **options})
    assert answer.status_code == 200, answer.text
    [translation] = answer.json()["translations"]
    found: list[dict[str, Any]] = translation["sentences"]
    return found


def translation(client: TestClient, text: str, **options: object) -> str:
    return str(client.post("/translate", json={"text": text, **options}).json()["translations"][0]["text"])


def told(check: dict[str, Any], source: str, target: str) -> tuple[str, str, str | None, str | None]:
    """Kind, verdict, and the text at its offsets in the whole text and in the whole translation."""
    starts = check["source_start"], check["target_start"]
    ends = check["source_end"], check["target_end"]
    texts = [
        None if start is None else text[start:end]
        for text, start, end in zip((source, target), starts, ends, strict=True)
    ]
    assert [start is None for start in starts] == [end is None for end in ends]
    return check["kind"], check["verdict"], *texts


# The second sentence loses its amount, invents a number and keeps its placeholder.
TEXT = "🦉 Doors open at 9 p.m. today.\nEach {name} pays $1,299.99 here."
FIRST, SECOND = "🦉 Die Türen öffnen heute um 21 Uhr.", "Jeder {name} zahlt hier 4711."


@pytest.fixture
def with_a_loss(ledger: Ledger) -> Ledger:
    ledger.german = dict(zip(TEXT.split("\n"), (FIRST, SECOND), strict=True))
    return ledger


def test_checks_have_offsets_in_the_whole_text_and_the_whole_translation(
    client: TestClient, with_a_loss: Ledger
) -> None:
    first, second = sentences(client, TEXT)
    whole = f"{FIRST}\n{SECOND}"
    assert [told(check, TEXT, whole) for check in first["checks"]] == [
        ("time", "converted", "9 p.m.", "21 Uhr")
    ]
    assert [told(check, TEXT, whole) for check in second["checks"]] == [
        ("placeholder", "kept", "{name}", "{name}"),
        ("money", "lost", "$1,299.99", None),
        ("number", "extra", None, "4711"),
    ]
    assert (first["flags"], second["flags"]) == ([], ["number_mismatch"])
    assert (first["rung"], second["rung"]) == ("first", "first")


def test_a_stream_has_the_same_receipt(client: TestClient, with_a_loss: Ledger) -> None:
    answer = client.post("/translate/stream", json={"text": TEXT})
    *streamed, _ = [data for _, data in parsed(answer.text)]
    for one, other in zip(streamed, sentences(client, TEXT), strict=True):
        assert [one[name] for name in ("flags", "rung", "checks")] == [
            other[name] for name in ("flags", "rung", "checks")
        ]


@pytest.mark.parametrize(
    ("rung", "flags"),
    [
        ("first", []),
        ("next", []),
        ("forced", []),
        ("parts", ["translated_in_parts"]),
        ("copied", ["copied_source"]),
    ],
)
def test_the_rung_of_a_translation_is_returned(
    client: TestClient, ledger: Ledger, rung: Rung, flags: list[str]
) -> None:
    ledger.german["Pay $5 today."] = "Zahle heute 5 $."
    ledger.rungs["Pay $5 today."] = rung
    [sentence] = sentences(client, "Pay $5 today.")
    assert (sentence["rung"], sentence["flags"]) == (rung, flags)


def test_sentences_without_words_are_written_as_in_german_and_checked(
    client: TestClient, ledger: Ledger
) -> None:
    [sentence] = sentences(client, "$1,299.99", alignment=True)
    assert sentence == {
        "source": "$1,299.99", "start": 0, "end": 9, "text": "1.299,99 $", "target_start": 0, "target_end": 10,
        "language": "en", "score": 0.0, "alternatives": [], "flags": [], "rung": "first", "alignment": [],
        "checks": [{
            "kind": "money", "verdict": "converted", "source_start": 0, "source_end": 9, "target_start": 0,
            "target_end": 10,
        }],
    }  # fmt: skip
    assert ledger.decoded_together() == []


def test_numbers_are_kept_on_request(client: TestClient) -> None:
    assert translation(client, "$1,299.99") == "1.299,99 $"
    assert translation(client, "$1,299.99", numbers="german") == "1.299,99 $"
    assert translation(client, "$1,299.99", numbers="keep") == "$1,299.99"
    streamed = client.post("/translate/stream", json={"text": "$1,299.99", "numbers": "keep"})
    assert parsed(streamed.text)[0][1]["text"] == "$1,299.99"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v2/translate", {"text": ["$1,299.99"], "target_lang": "DE"}, "translations"),
        ("/libretranslate/translate", {"q": "$1,299.99", "source": "en", "target": "de"}, "translatedText"),
    ],
)
def test_clients_of_other_apis_get_german_numbers(
    client: TestClient, path: str, body: object, field: str
) -> None:
    answer = client.post(path, json=body).json()[field]
    assert (answer if isinstance(answer, str) else answer[0]["text"]) == "1.299,99 $"


@pytest.mark.parametrize(("given", "shown"), [("english", '"english"'), (None, "null"), (7, "7")])
def test_other_number_styles_are_refused(client: TestClient, given: object, shown: str) -> None:
    answer = client.post("/translate", json={"text": "Hi", "numbers": given})
    assert answer.status_code == 422
    assert answer.json()["detail"] == f'numbers: must be "german" or "keep", or left out; it is {shown}.'


# --- the cache


def test_number_styles_are_cached_separately(client: TestClient, ledger: Ledger) -> None:
    for numbers in ("german", "keep", "german", "keep"):
        sentences(client, "Pay $5 today.", numbers=numbers)
    assert ledger.decoded_together() == [["Pay $5 today."]] * 2


def test_the_same_words_with_other_spans_are_another_sentence(
    client: TestClient, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The context of a sentence may decide what its numbers are: as a version, `2.10` stays unchanged."""

    def spans(text: str) -> list[ProtectedSpan]:
        start = text.index("2.10")
        if text.startswith("Versions"):
            return [ProtectedSpan(start, start + 4, "version", "2.10", "2.10")]
        return [ProtectedSpan(start, start + 4, "number", "2.10", "2,10")]

    monkeypatch.setattr("tests.service.test_receipt.find_protected", spans)
    texts = ["Versions:\nIt was 2.10 then.", "Prices:\nIt was 2.10 then.", "More prices:\nIt was 2.10 then."]
    for text in texts:
        sentences(client, text)
    decoded = [text for batch in ledger.decoded_together() for text in batch]
    assert decoded.count("It was 2.10 then.") == 2


# --- metrics


def test_rungs_and_checks_are_counted_for_decoded_sentences(
    make_client: Callable[..., TestClient], with_a_loss: Ledger
) -> None:
    client = make_client()
    with_a_loss.rungs[TEXT.split("\n")[1]] = "parts"
    before = samples(client)
    for _ in range(2):  # the second time, everything is cached
        sentences(client, f"{TEXT}\n4711")  # and a sentence without words is never decoded
    after = samples(client)

    def grown(name: str) -> dict[str, float]:
        return {
            labels: value - before.get(labels, 0)
            for labels, value in after.items()
            if labels.startswith(name) and value != before.get(labels, 0)
        }

    assert grown("translator_sentences_total") == {"translator_sentences_total": 2}
    assert grown("translator_sentence_rungs_total") == {
        'translator_sentence_rungs_total{rung="first"}': 1,
        'translator_sentence_rungs_total{rung="parts"}': 1,
    }
    assert grown("translator_checks_total") == {
        'translator_checks_total{kind="time",verdict="converted"}': 1,
        'translator_checks_total{kind="placeholder",verdict="kept"}': 1,
        'translator_checks_total{kind="money",verdict="lost"}': 1,
        'translator_checks_total{kind="number",verdict="extra"}': 1,
    }


def test_every_rung_is_exposed_before_its_first_sentence(client: TestClient) -> None:
    """Otherwise the first repair would not count as an increase."""
    found = re.findall(r'translator_sentence_rungs_total\{rung="(\w+)"\}', client.get("/metrics").text)
    assert sorted(found) == sorted(get_args(Rung))


# --- the page (tested in a browser elsewhere)


@pytest.mark.parametrize("flag", get_args(Flag))
def test_the_page_has_a_message_for_every_flag(flag: str) -> None:
    assert f'<p id="flag-{flag}" data-text="{flag}">' in (STATIC / "index.html").read_text()
    messages = (STATIC / "messages.js").read_text()
    assert len(re.findall(rf"^    {flag}:", messages, re.MULTILINE)) == 2  # in both languages


def test_the_page_has_a_name_for_every_kind_in_both_languages() -> None:
    words = (STATIC / "messages.js").read_text().partition("export const KINDS = {")[2].partition("\n};")[0]
    kinds = [kind for kinds in get_args(CheckKind) for kind in get_args(kinds)]
    assert sorted(re.findall(r"^    (\w+): \"", words, re.MULTILINE)) == sorted([*kinds, *kinds])
