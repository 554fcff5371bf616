"""The engine with a real but untrained model, whose output is nonsense but always the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from fastapi.testclient import TestClient

from service import engine as engine_module
from service.app import create_app
from service.batcher import DeviceLost, OutOfMemory
from service.engine import ScoreKind, TranslateKind, TranslationEngine
from service.settings import Settings
from tests.service.test_stream import parsed

# Fixtures, used by name.
from tests.translator.conftest import brief_config, prepared, prepared_folder, translator, untrained  # noqa: F401 (see above)
from translator.evaluation.scoring import MAX_SCORED_TOKENS, EncodedPair, score, score_encoded
from translator.markup import MarkupOptions
from translator.search import SearchOptions
from translator.translate import Hypothesis, Translator
from translator.translate.alignment import align, align_words
from translator.translate.marked_up import read_sentences_of_markup

TEXTS = ["the old house", "a small garden is green", "the owl", "the teacher sees the river", "a letter"]
GREEDY = SearchOptions(beam_size=1, max_length_factor=1.0)


class Collected:
    """An item that is wanted as long as `wants` says so; its result goes to `found`."""

    def __init__(self, place: int, item: Any, found: dict[int, Any], wants: Callable[[int], bool]) -> None:
        self.place, self.item, self._found, self._wants = place, item, found, wants

    def is_wanted(self) -> bool:
        return self._wants(self.place)

    def finish(self, result: Any) -> None:
        assert self.place not in self._found
        self._found[self.place] = result


def process(
    engine: TranslationEngine, kind: Any, items: Sequence[Any], wants: Callable[[int], bool] = lambda _: True
) -> dict[int, Any]:
    """The results by index, in the order of arrival; items that are unwanted when it is their turn are skipped."""
    found: dict[int, Any] = {}
    left = [Collected(place, item, found, wants) for place, item in enumerate(items)]

    def feed(room: int) -> list[Collected]:
        taken: list[Collected] = []
        while left and len(taken) < room:
            if (one := left.pop(0)).is_wanted():
                taken.append(one)
        return taken

    engine.process(kind, feed)
    return found


@pytest.fixture
def engine(translator: Translator) -> TranslationEngine:  # noqa: F811 (the fixture)
    return TranslationEngine(translator)


def encoded(engine: TranslationEngine, pairs: Sequence[tuple[str, str]]) -> list[Any]:
    return [item.payload for item in engine.scoring_items(pairs)]


def items_of(engine: TranslationEngine, texts: Sequence[str]) -> list[Any]:
    return [sentence for text in texts for sentence in engine.sentences(text)]


def test_sentences_are_translated_as_by_the_translator(engine: TranslationEngine) -> None:
    options = SearchOptions(beam_size=3, n_best=2)
    found = process(engine, TranslateKind(options), items_of(engine, TEXTS))
    expected = [one.sentences[0].hypotheses for one in engine.translator.translate(TEXTS, options)]
    for place, hypotheses in enumerate(expected):
        result = found[place]
        assert [one.text for one in result.hypotheses] == [one.text for one in hypotheses]
        assert [one.score for one in result.hypotheses] == pytest.approx(
            [one.score for one in hypotheses], abs=1e-4
        )
        assert result.links is None


@pytest.mark.parametrize("options", [GREEDY, SearchOptions(beam_size=3, n_best=2)])
def test_sentences_start_with_their_prefix_beside_others(
    engine: TranslationEngine, options: SearchOptions
) -> None:
    """Same result as from the translator, in a batch with sentences without a prefix."""
    items = [*engine.sentences(TEXTS[0], "das Ha"), *items_of(engine, TEXTS[1:])]
    found = process(engine, TranslateKind(options), items)
    prefixes = ["das Ha", *[""] * (len(TEXTS) - 1)]
    expected = engine.translator.translate(TEXTS, options, prefixes=prefixes)
    assert [found[place].hypotheses[0].text for place in range(len(TEXTS))] == [one.text for one in expected]
    assert all(one.text.startswith("das Ha") for one in found[0].hypotheses)


def test_many_sentences_join_in_small_groups(engine: TranslationEngine) -> None:
    sentences = engine.sentences(" ".join(f"The house {number} is old." for number in range(40)))
    found: dict[int, Any] = {}
    left = [Collected(place, one, found, lambda _: True) for place, one in enumerate(sentences)]
    taken: list[int] = []

    def feed(room: int) -> list[Collected]:
        some, left[:] = left[:room], left[room:]
        taken.append(len(some))
        return some

    engine.process(TranslateKind(GREEDY), feed)
    assert taken[:3] == [16, 16, 8]
    assert len(found) == 40


def test_an_impossible_prefix_is_refused(
    engine: TranslationEngine, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    with TestClient(create_app(lambda: engine, Settings())) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        answer = client.post("/translate", json={"text": ["the owl", "12"], "prefix": ["die Eule", "zwölf"]})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:translator:problem:invalid-input")
    assert "there is nothing to translate in '12'" in answer.json()["detail"]
    assert "leave its prefix empty" in answer.json()["detail"]


def test_links_are_those_of_each_pair_alone(engine: TranslationEngine) -> None:
    items = items_of(engine, TEXTS)
    found = process(engine, TranslateKind(GREEDY, align=True), items)
    assert sorted(found) == list(range(len(TEXTS)))
    for place, item in enumerate(items):
        result = found[place]
        [expected] = align(engine.translator, [(item.text, result.hypotheses[0].text)])
        assert [(link.source, link.target) for link in result.links] == [
            (link.source, link.target) for link in expected
        ]


@pytest.mark.parametrize("with_links", [False, True])
def test_all_hypotheses_of_sentences_with_tags_are_aligned(
    engine: TranslationEngine, with_links: bool
) -> None:
    markup = "<p>the <b>owl</b> sees</p><p>the owl sees</p>"
    items = read_sentences_of_markup(markup, MarkupOptions(), engine.sentences)
    options = SearchOptions(beam_size=3, n_best=2)
    found = process(engine, TranslateKind(options, with_links), items)
    hypotheses = found[0].hypotheses
    assert [one.text for one in hypotheses] == [one.text for one in found[1].hypotheses]
    assert found[1].alignments == ()
    for alignment, hypothesis in zip(found[0].alignments, hypotheses, strict=True):
        [expected] = align_words(engine.translator, [("the owl sees", hypothesis.text)])
        assert alignment.target == expected.target
        assert alignment.weights_TS == pytest.approx(expected.weights_TS, abs=1e-4)
    assert found[0].links == found[1].links
    assert (found[0].links is not None) == with_links


def test_sentences_that_end_in_the_same_step_are_aligned_together(
    engine: TranslationEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three sentences end in one step and two in the next; after each step the engine asks for more."""
    aligned: list[int] = []

    def translate_feed(feed: Any, options: object) -> None:
        taken = feed(5)
        for some in (taken[:3], taken[3:]):
            for one in some:
                one.finish((Hypothesis("die Eule", -1.0),))
            feed(0)

    def count(by: Translator, pairs: Sequence[tuple[str, str]]) -> Any:
        aligned.append(len(pairs))
        return align_words(by, pairs)

    monkeypatch.setattr(engine.translator, "translate_feed", translate_feed)
    monkeypatch.setattr(engine_module, "align_words", count)
    found = process(engine, TranslateKind(align=True), items_of(engine, TEXTS))
    assert (aligned, sorted(found)) == ([3, 2], [0, 1, 2, 3, 4])


def test_unwanted_sentences_are_not_aligned(
    engine: TranslationEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def look_on(by: Translator, pairs: Sequence[tuple[str, str]]) -> Any:
        seen.extend(pairs)
        return align_words(by, pairs)

    def translate_feed(feed: Any, options: object) -> None:
        for one in feed(5):
            one.finish((Hypothesis("die Eule", -1.0),))
        wanted.discard(1)
        feed(0)

    wanted = {0, 1, 3}
    monkeypatch.setattr(engine.translator, "translate_feed", translate_feed)
    monkeypatch.setattr(engine_module, "align_words", look_on)
    found = process(engine, TranslateKind(align=True), items_of(engine, TEXTS), lambda place: place in wanted)
    assert sorted(found) == [0, 3]
    assert seen == [(TEXTS[0], "die Eule"), (TEXTS[3], "die Eule")]


def test_unwanted_pairs_are_not_scored(engine: TranslationEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """All leave after the first 32 results."""
    seen: list[Any] = []

    def look_on(by: Translator, pairs: Sequence[EncodedPair], penalty: float) -> Any:
        seen.extend(pairs)
        return score_encoded(by, pairs, penalty)

    monkeypatch.setattr(engine_module, "score_encoded", look_on)
    pairs = encoded(engine, [("the owl", f"die Eule {place}") for place in range(100)])
    process(engine, ScoreKind(1.0), pairs, lambda place: place % 2 == 0 and len(seen) < 32)
    assert seen == [pairs[place] for place in range(0, 64, 2)]


def test_scores_are_those_of_each_pair_alone_and_in_order(engine: TranslationEngine) -> None:
    pairs = [(text, text[::-1]) for text in TEXTS] * 8
    found = process(engine, ScoreKind(0.6), encoded(engine, pairs))
    for place, pair in enumerate(pairs):
        [alone] = score(engine.translator, [pair], 0.6)
        assert found[place].score == pytest.approx(alone.score, abs=1e-4)


def test_each_pair_to_score_is_an_item_with_the_tokens_of_both_sides(engine: TranslationEngine) -> None:
    pair = ("The\u00a0owl.", "Die Eule.")
    [item] = engine.scoring_items([pair])
    source, target = (
        engine.translator.tokenizer.source.encode_marked(text) for text in ("The owl.", "Die Eule.")
    )
    assert (item.payload.source, item.payload.target, item.key) == (source, target, None)
    assert item.tokens == len(source) + len(target)


@pytest.mark.parametrize("empty", [" ", "\u200b\u00ad"])
def test_an_empty_source_or_a_long_pair_is_refused_before_it_waits(
    engine: TranslationEngine, wait_until: Callable[[Callable[[], bool]], None], empty: str
) -> None:
    long = "die Eule " * MAX_SCORED_TOKENS
    with TestClient(create_app(lambda: engine, Settings())) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        answers = [
            client.post("/score", json={"source": ["owl", source], "target": ["Eule", target]})
            for source, target in ((empty, "x"), ("owl", long))
        ]
    assert [answer.status_code for answer in answers] == [422, 413]
    assert answers[0].json()["detail"] == "source 1 is empty; give a sentence"
    assert answers[1].json()["detail"].startswith("translation 1 has ")


def test_rows_and_kinds(engine: TranslationEngine) -> None:
    assert engine.rows(TranslateKind(SearchOptions(beam_size=3))) == 3
    assert engine.rows(ScoreKind(1.0)) == 1
    with pytest.raises(TypeError, match="str is not a kind of work"):
        process(engine, "translate", [])


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (MemoryError(), OutOfMemory),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
            OutOfMemory,
        ),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), OutOfMemory),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"), OutOfMemory),
        (torch.AcceleratorError("CUDA error: out of memory"), OutOfMemory),
        (torch.AcceleratorError("CUDA error: an illegal memory access was encountered"), DeviceLost),
        (RuntimeError("The size of tensor a must match that of b"), RuntimeError),
        (ValueError("a mistake"), ValueError),
    ],
    ids=lambda value: str(value)[:40],
)
@pytest.mark.parametrize("align_too", [False, True], ids=["plain", "aligned"])
def test_errors_of_the_device_are_distinguished(
    engine: TranslationEngine,
    monkeypatch: pytest.MonkeyPatch,
    raised: Exception,
    expected: type[BaseException],
    align_too: bool,
) -> None:
    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr(engine.translator, "translate_feed", fail)
    with pytest.raises(expected) as caught:
        process(engine, TranslateKind(align=align_too), items_of(engine, ["the owl"]))
    assert type(caught.value) is expected
    if expected is OutOfMemory:  # it must not keep anything on the device alive
        assert caught.value.__context__ is None


def test_all_of_it_over_http(
    engine: TranslationEngine, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    text = "The owl sees the river. A garden is green.\n123\nThe teacher writes."
    with TestClient(create_app(lambda: engine, Settings())) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        body = {"text": text, "beam_size": 2, "alternatives": 1, "alignment": True, "max_length_factor": 0.5}
        [whole] = client.post("/translate", json=body).json()["translations"]
        [expected] = engine.translator.translate(
            [text], SearchOptions(beam_size=2, n_best=2, max_length_factor=0.5)
        )
        assert whole["text"] == expected.text
        assert [one["source"] for one in whole["sentences"]] == [one.source for one in expected.sentences]
        *sentences, (last, _) = parsed(client.post("/translate/stream", json=body).text)
        assert last == "done"
        assert [one["text"] for _, one in sentences] == [one["text"] for one in whole["sentences"]]
        assert [one["alignment"] for _, one in sentences] == [one["alignment"] for one in whole["sentences"]]
        pair = {"source": "The owl.", "target": "Die Eule.", "tokens": True}
        [scored] = client.post("/score", json=pair).json()["scores"]
        [alone] = score(engine.translator, [("The owl.", "Die Eule.")])
        assert scored["score"] == pytest.approx(alone.score, abs=1e-4)
        assert [one["piece"] for one in scored["tokens"]] == [one.piece for one in alone.tokens]


def test_words_without_spaces_are_copied_and_flagged(
    engine: TranslationEngine, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    with TestClient(create_app(lambda: engine, Settings())) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        text = "wordsthatruntogether" * 7
        [whole] = client.post("/translate", json={"text": text}).json()["translations"]
        assert whole["text"] == text
        assert [one["flags"] for one in whole["sentences"]] == [["copied_source"]]
