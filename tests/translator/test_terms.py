"""Terms of a glossary in a translation: what the model reads, the check, and the repair."""

from dataclasses import replace

import pytest

from tests.translator.test_ladder import Script, hypothesis
from translator.data.tokenizer import SentencePieceTokenizer, train_tokenizer
from translator.text.glossary import Glossary
from translator.text.lexicon import Entry, Lexicon
from translator.text.protected import find_protected, with_terms
from translator.translate import DEFAULT_STYLE, Style, Translator
from translator.translate.answers import Hypothesis, copied, has_fault
from translator.translate.ladder import Ladder
from translator.translate.sources import SourceEncoder, SourceSentence, read_sentences

GLOSSARY = Glossary.of([
    ("boat", "Kahn"), ("heron", "Fischreiher|Fischreihers|Fischreihern"), ("12 towns", "Zwölfstadt"), ("pay", "zahlen"),
    ("example", "Beispiel"), ("Dr. Boat", "Dr. Kahn"),
])  # fmt: skip


STYLE = Style(formality="auto", source_language="en", glossary=GLOSSARY)


@pytest.fixture(scope="module")
def tokenizer() -> SentencePieceTokenizer:
    return train_tokenizer(["the heron paid for the boat", "der Reiher zahlte das Boot"] * 9, 430, threads=1)


def read(
    text: str, tokenizer: SentencePieceTokenizer, lexicon: Lexicon | None = None
) -> list[SourceSentence]:
    return read_sentences(text, SourceEncoder(tokenizer, lexicon), 100, STYLE)


def sentence(text: str, tokenizer: SentencePieceTokenizer) -> SourceSentence:
    (found,) = read(text, tokenizer)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The boat.", [("term", "boat", "Kahn")]),
        ("All 12 towns.", [("term", "12 towns", "Zwölfstadt")]),
        ("See a.com/boat, not boats.", [("link", "a.com/boat", "a.com/boat"), ("term", "boats", "Kahn")]),
        ("Herons pay 7.", [("term", "Herons", "Fischreiher"), ("term", "pay", "zahlen"), ("small", "7", "7")]),
        ("`boat` <boat>", [("code", "`boat`", "`boat`"), ("tag", "<boat>", "<boat>")]),
    ],
)  # fmt: skip
def test_a_term_replaces_what_it_contains_and_gives_way_to_what_contains_it(text, expected) -> None:
    spans = with_terms(find_protected(text), GLOSSARY.find(text), text)
    assert [(span.kind, span.text, span.german) for span in spans] == expected


def test_no_sentence_ends_within_a_term(tokenizer: SentencePieceTokenizer) -> None:
    assert [one.text for one in read("Ask Dr. Boat. The boat left.", tokenizer)] == [
        "Ask Dr. Boat.",
        "The boat left.",
    ]


def test_the_model_reads_english_first_and_then_german_with_a_hint(tokenizer: SentencePieceTokenizer) -> None:
    lexicon = Lexicon.of([Entry("boat", 5, ("Boot",)), Entry("paid", 5, ("bezahlte",))])
    opened, closed, *_ = tokenizer.marks["hint"]
    encoder = SourceEncoder(tokenizer, lexicon)
    heron, boat = (use.term for use in GLOSSARY.find("heron boat"))

    def pieces(text: str) -> list[int]:
        return tokenizer.encode_marked(text.replace("[", f"{opened} ").replace("]", closed))

    text = "The heron paid the boat's town."
    (source,) = read(text, tokenizer, lexicon)
    assert list(source.tokens) == pieces("The heron paid[bezahlte] the boat's town.")
    assert encoder.encode(text, STYLE, {heron, boat}) == pieces(
        "The Fischreiher[Fischreiher] paid[bezahlte] the Kahn's[Kahn] town."
    )
    assert encoder.encode(text, STYLE, {heron}) != encoder.encode(text, STYLE, {boat})
    # The model forms the plural.
    assert encoder.encode("Two boats left.", STYLE, {boat}) == pieces("Two boats[Kahn] left.")


def test_a_text_that_is_a_term_has_its_german(tokenizer: SentencePieceTokenizer) -> None:
    for text, german in (("Boat", "Kahn"), ("pay", "zahlen"), ("Pay", "Zahlen"), ("Herons", "Fischreiher")):
        source = sentence(text, tokenizer)
        assert (source.tokens, copied(source).text) == ((), german)
    assert sentence("Boats", tokenizer).tokens  # the model knows the plural of “Kahn”, perhaps


@pytest.mark.parametrize(
    ("german", "verdicts", "imposed"),
    [
        ("Der Kahn und der Kahn.", ["converted", "converted"], []),
        ("Die Kähne.", ["converted", "lost"], []),
        ("Das Boot und das Boot.", ["lost", "lost"], []),
        ("Kahn, Kahn, Kahn.", ["converted", "converted"], ["extra"]),
        ("Kahn, Kahn, Kahn-Verleih.", ["converted", "converted"], []),
    ],
)
def test_each_use_is_checked(
    german: str, verdicts: list[str], imposed: list[str], tokenizer: SentencePieceTokenizer
) -> None:
    source = sentence("The boat and the boat.", tokenizer)
    assert [(one.kind, one.verdict) for one in hypothesis(source, german).checks] == [
        ("term", one) for one in verdicts
    ]
    # A model that read German may repeat it; one that did not has a reason of its own to write the same word.
    checks = hypothesis(replace(source, has_german=True), german).checks
    assert [one.verdict for one in checks] == [*verdicts, *imposed]


def test_english_that_is_its_own_german_is_kept(tokenizer: SentencePieceTokenizer) -> None:
    (source,) = read_sentences(
        "The boat and boat.",
        SourceEncoder(tokenizer),
        100,
        Style(formality="auto", source_language="en", glossary=Glossary.of([("boat", "boat")])),
    )
    assert [one.verdict for one in hypothesis(source, "boat und boat").checks] == ["kept", "kept"]


def climb(
    text: str, first: str, answers: list[str], tokenizer: SentencePieceTokenizer
) -> tuple[Hypothesis, list[list[str]]]:
    """The result of the ladder, and the English that reserved pieces stood for in each further search."""
    source = sentence(text, tokenizer)
    script, left = Script({}), list(answers)

    def search(sources, without_digits):
        script.answers = {source.text: left.pop(0)}
        return script(sources, without_digits)

    ((found, *_),) = Ladder(SourceEncoder(tokenizer), 100, search).climb(
        [source], [(hypothesis(source, first),)]
    )
    return found, [[one.span.text for one in asked.placed] for asked, _ in script.asked]


def test_german_replaces_the_terms_that_are_lost(tokenizer: SentencePieceTokenizer) -> None:
    answers = ["Der Fischreiher zahlt den Kahn."]
    found, placed = climb("The heron paid the boat.", "Der Reiher zahlt den Kahn.", answers, tokenizer)
    assert (found.text, found.rung, has_fault(found)) == (answers[0], "forced", False)
    assert placed == [[]]


def test_reserved_pieces_stand_for_terms_that_are_still_lost_and_then_for_all(
    tokenizer: SentencePieceTokenizer,
) -> None:
    answers = ["Der Reiher zahlt.", "Der Fischreiher zahlt das Boot.", "Der Fischreiher zahlt den Kahn."]
    found, placed = climb("The heron paid the boat.", "Der Reiher zahlt den Kahn.", answers, tokenizer)
    assert (found.text, found.rung) == ("Der Fischreiher zahlt den Kahn.", "forced")
    assert placed == [[], ["heron"], ["heron", "boat"]]


def test_a_repeated_term_is_better_than_a_lost_one(tokenizer: SentencePieceTokenizer) -> None:
    twice = "Der Kahn im Kahn."
    found, placed = climb("The boat.", "Das Boot.", [twice, twice, twice], tokenizer)
    assert (found.text, [one.verdict for one in found.checks]) == (twice, ["converted", "extra"])
    assert placed == [[], ["boat"], ["boat"]]


def test_a_term_that_stays_lost_is_reported_and_the_sentence_not_cut(
    tokenizer: SentencePieceTokenizer,
) -> None:
    found, _ = climb("The boat.", "Das Boot.", ["Das Boot."] * 3, tokenizer)
    assert (found.text, found.rung) == ("Das Boot.", "first")
    assert [(one.kind, one.verdict) for one in found.checks] == [("term", "lost")]


@pytest.fixture(scope="module")
def translator() -> Translator:
    return Translator.load(device="cpu")


@pytest.mark.parametrize(
    ("text", "german"),
    [
        ("The dog is in the house.", ["Zwirbelwurz", "Anwesen"]),
        ("THE DOG SLEEPS IN THE HOUSE.", ["ZWIRBELWURZ", "ANWESEN"]),
        ("Dogs bark at https://a.com/dog in 7 houses.", ["Zwirbelwurz", "Anwesen", "https://a.com/dog", "7"]),
        ("Acme Cloud's dog barks.\nThe house burns.", ["Acme-Wolke", "Zwirbelwurz", "\n", "Anwesen"]),
    ],
)  # fmt: skip
def test_the_shipped_model_writes_the_terms(text: str, german: list[str], translator: Translator) -> None:
    glossary = Glossary.of([("dog", "Zwirbelwurz"), ("house", "Anwesen"), ("Acme Cloud", "Acme-Wolke")])
    (found,) = translator.translate([text], style=Style(glossary=glossary))
    assert all(one in found.text for one in german), found.text
    assert not any(check.is_fault for one in found.sentences for check in one.checks)


def test_a_glossary_changes_no_sentence_without_its_terms(translator: Translator) -> None:
    texts = ["The cat sat on the mat.", "Pay €50 to John by 7 May."]
    glossary = Glossary.of([("dog", "Zwirbelwurz")])
    plain = translator.translate(texts, style=DEFAULT_STYLE)
    assert translator.translate(texts, style=Style(glossary=glossary)) == plain
