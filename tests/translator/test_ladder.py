"""The repair of translations that fail their check."""

from dataclasses import replace

import pytest

from translator.data.tokenizer import SentencePieceTokenizer, train_tokenizer
from translator.translate.answers import Hypothesis, check_of, copied, has_fault
from translator.translate.ladder import Ladder
from translator.translate.precision import shipped_model
from translator.translate.sources import SourceEncoder, SourceSentence, Style, read_sentences

LINES = ["the heron paid for the boat", "der Reiher zahlte das Boot"] * 9


@pytest.fixture(scope="module")
def tokenizer() -> SentencePieceTokenizer:
    return train_tokenizer(LINES, 430, threads=1)


def sentence(text: str, tokenizer: SentencePieceTokenizer) -> SourceSentence:
    (found,) = read_sentences(text, SourceEncoder(tokenizer), 100)
    return found


def hypothesis(source: SourceSentence, text: str) -> Hypothesis:
    return Hypothesis(text, -1.0, -0.5, ("▁x", "</s>"), (-0.4, -0.6), check_of(source, text))


class Script:
    """A search with scripted answers for its sources; records its calls."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers, self.asked = answers, list[tuple[SourceSentence, bool]]()

    def __call__(self, sources, without_digits):
        self.asked += [(source, without_digits) for source in sources]
        return [(hypothesis(source, self.answers[source.text]),) for source in sources]


def climb(
    text: str, first: str, answers: dict[str, str], tokenizer: SentencePieceTokenizer
) -> tuple[Hypothesis, Script]:
    source, script = sentence(text, tokenizer), Script(answers)
    ((found, *_),) = Ladder(SourceEncoder(tokenizer), 100, script).climb(
        [source], [(hypothesis(source, first),)]
    )
    return found, script


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ("Sie sehen Ihre Boote.", ("Sie sehen Ihre Boote.", "forced", 1)),
        ("Sie sehen deine Boote.", ("Du siehst Ihre Boote.", "first", 2)),
    ],
)
def test_a_translation_that_mixes_forms_of_address_is_searched_again_with_sie(
    second: str, expected: tuple[str, str, int], tokenizer: SentencePieceTokenizer
) -> None:
    source = replace(
        sentence("You see your boats.", tokenizer), style=Style(formality="informal", source_language="en")
    )
    asked = list[SourceSentence]()

    def search(sources, without_digits):
        asked.extend(sources)
        answers = {"formal": second, "informal": "Du siehst Ihre Boote."}
        return [(hypothesis(one, answers[one.style.formality]),) for one in sources]

    ladder = Ladder(SourceEncoder(tokenizer), 100, search)
    ((found,),) = ladder.climb([source], [(hypothesis(source, "Du siehst Ihre Boote."),)])
    assert (found.text, found.rung, sum(one.kind == "formality" for one in found.checks)) == expected
    assert asked[-1].style.formality == "formal"


def test_a_translation_that_passes_its_check_is_unchanged(tokenizer: SentencePieceTokenizer) -> None:
    found, script = climb("The heron paid €50.", "Der Reiher zahlte 50 €.", {}, tokenizer)
    assert (found.text, found.rung, script.asked) == ("Der Reiher zahlte 50 €.", "first", [])


def test_the_second_search_has_marks_for_small_numbers_and_no_digits(
    tokenizer: SentencePieceTokenizer,
) -> None:
    text = "The heron paid 7 boats."
    found, script = climb(text, "Der Reiher zahlte Boote.", {text: "Der Reiher zahlte 7 Boote."}, tokenizer)
    assert (found.text, found.rung, has_fault(found)) == ("Der Reiher zahlte 7 Boote.", "forced", False)
    ((asked, without_digits),) = script.asked
    assert without_digits
    assert [tokenizer.piece(piece) for piece in asked.tokens if piece in tokenizer.span_ids] == ["<number_0>"]
    assert [one.span.text for one in asked.placed] == ["7"]


def test_a_second_search_that_is_no_better_changes_nothing(tokenizer: SentencePieceTokenizer) -> None:
    text = "The heron paid 7 boats."
    found, _ = climb(text, "Der Reiher zahlte Boote.", {text: "Boote."}, tokenizer)
    assert (found.text, found.rung) == ("Der Reiher zahlte Boote.", "first")


def test_a_lost_value_is_inserted_between_translated_parts(tokenizer: SentencePieceTokenizer) -> None:
    text = "The heron paid €50 for {boat}, not 7."
    answers = {text: "Nichts.", "The heron paid": "Der Reiher zahlte", "for": "für", "not 7.": "nicht 7."}
    found, script = climb(text, "Der Reiher zahlte 150 für.", answers, tokenizer)
    assert found.text == "Der Reiher zahlte 50 € für {boat}, nicht 7."
    assert (found.rung, has_fault(found)) == ("parts", False)
    assert [asked.text for asked, _ in script.asked] == [text, "The heron paid", "for", "not 7."]
    assert found.token_log_probabilities == (-0.4, -0.6) * 3
    assert found.confidence == pytest.approx(-0.5)


def test_brackets_and_punctuation_next_to_a_span_are_kept(tokenizer: SentencePieceTokenizer) -> None:
    text = "The heron paid (in May: €50, not more) for {boat}!"
    answers = {
        text: "Nichts.",
        "The heron paid (in May": "Der Reiher zahlte (im Mai",
        "not more) for": "nicht mehr) für",
    }
    found, _ = climb(text, "Nichts.", answers, tokenizer)
    assert found.text == "Der Reiher zahlte (im Mai: 50 €, nicht mehr) für {boat}!"


def test_a_part_without_a_translation_is_copied(tokenizer: SentencePieceTokenizer) -> None:
    text = "The heron paid €50 at 3 p.m. here."
    answers = {text: "Nichts.", "The heron paid": "Der Reiher zahlte", "at": "", "here.": "hier."}
    found, _ = climb(text, "Nichts.", answers, tokenizer)
    assert found.text == "Der Reiher zahlte 50 € at 15 Uhr hier."


def test_a_value_that_the_parts_write_twice_is_reported(tokenizer: SentencePieceTokenizer) -> None:
    text = "The heron paid €50 for {boat}."
    answers = {text: "Nichts.", "The heron paid": "50 € {boat}", "for": "für"}
    found, _ = climb(text, "Nichts.", answers, tokenizer)
    assert found.rung == "parts"
    assert [(one.kind, one.verdict) for one in found.checks if one.is_fault] == [
        ("number", "extra"), ("placeholder", "extra"),
    ]  # fmt: skip


def test_a_model_without_reserved_pieces_has_no_second_search() -> None:
    old = SentencePieceTokenizer.load(shipped_model() / "tokenizer.model")
    if old.marks:
        pytest.skip("the model in the package has reserved pieces")
    text = "It costs €50."
    found, script = climb(text, "150.", {"It costs": "Es kostet"}, old)
    assert (found.text, found.rung) == ("Es kostet 50 €.", "parts")
    assert [without_digits for _, without_digits in script.asked] == [False]


def test_parts_of_a_sentence_in_capitals_are_joined_in_capitals(tokenizer: SentencePieceTokenizer) -> None:
    text = "THE HERON PAID ON MAY 12 FOR 5 km."
    answers = {text: "Nichts.", "THE HERON PAID ON": "DER REIHER ZAHLTE AM", "FOR": "FÜR", ".": "."}
    found, _ = climb(text, "NICHTS.", answers, tokenizer)
    assert (found.text, found.rung) == ("DER REIHER ZAHLTE AM 12. MAI FÜR 5 km.", "parts")
    assert not has_fault(found)


def test_a_copy_has_its_numbers_in_german_form(tokenizer: SentencePieceTokenizer) -> None:
    found = copied(sentence("€1,299.50, 3.5%", tokenizer))
    assert (found.text, found.score, found.rung) == ("1.299,50 €, 3,5 %", 0.0, "first")
    assert [one.verdict for one in found.checks] == ["converted", "converted"]


def test_a_translation_with_a_forced_prefix_is_not_repaired(tokenizer: SentencePieceTokenizer) -> None:
    source, script = sentence("The heron paid 7 boats.", tokenizer), Script({})
    begun = replace(source, prefix=tuple(tokenizer.encode("Der Reiher")))
    first = (hypothesis(source, "Der Reiher zahlte Boote."),)
    assert has_fault(first[0])
    assert Ladder(SourceEncoder(tokenizer), 100, script).climb([begun], [first]) == [first]
    assert not script.asked


def test_neighbours_are_repaired_together(tokenizer: SentencePieceTokenizer) -> None:
    sources = [sentence(text, tokenizer) for text in ("The boat 15.", "The heron.", "The boat 16.")]
    found = [(hypothesis(source, "Boot."),) for source in sources]
    script = Script({"The boat 15.": "Boot 15.", "The boat 16.": "Boot 16."})
    repaired = Ladder(SourceEncoder(tokenizer), 100, script).climb(sources, found)
    assert [one[0].text for one in repaired] == ["Boot 15.", "Boot.", "Boot 16."]
    assert [source.text for source, _ in script.asked] == ["The boat 15.", "The boat 16."]


def test_the_form_of_address_is_checked_unless_it_is_left_to_the_model(
    tokenizer: SentencePieceTokenizer,
) -> None:
    source = sentence("You see your boats.", tokenizer)
    verdicts = {
        asked: [one.target for one in check_of(replace(source, style=Style(formality=asked)), "Du bist da.")]
        for asked in ("formal", "informal", "auto")
    }
    assert verdicts == {"formal": [(0, 2)], "informal": [], "auto": []}
