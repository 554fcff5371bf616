"""The sentences of a text as the model receives them."""

from collections.abc import Collection

import pytest

from translator.data.tokenizer import SentencePieceTokenizer, train_tokenizer
from translator.text.glossary import Term
from translator.text.stand_ins import lone
from translator.translate import sources
from translator.translate.precision import shipped_model
from translator.translate.sources import SourceEncoder, SourceSentence, Style, read_sentences

LINES = ["the heron paid for the boat in the town", "der Reiher zahlte das Boot in der Stadt"] * 9


@pytest.fixture(scope="module")
def tokenizer() -> SentencePieceTokenizer:
    return train_tokenizer(LINES, 440, threads=1)


def read(text: str, tokenizer: SentencePieceTokenizer, max_tokens: int = 150) -> list[SourceSentence]:
    return read_sentences(text, SourceEncoder(tokenizer), max_tokens)


def reserved(source: SourceSentence, tokenizer: SentencePieceTokenizer) -> list[str]:
    return [tokenizer.piece(piece) for piece in source.tokens if piece in tokenizer.span_ids]


def test_spans_become_reserved_pieces(tokenizer: SentencePieceTokenizer) -> None:
    (source,) = read("The heron paid €50 in 2019 for {boat}, not 7.", tokenizer)
    assert reserved(source, tokenizer) == ["<amount_0>", "<year_0>", "<opaque_0>"]
    assert tokenizer.decode_marked(source.tokens).endswith(", not 7.")
    assert [span.text for span in source.protected] == ["€50", "2019", "{boat}", "7"]


def test_each_sentence_starts_with_the_first_reserved_pieces(tokenizer: SentencePieceTokenizer) -> None:
    first, second = read("The heron paid €50. The boat has {x} €60.", tokenizer)
    assert reserved(first, tokenizer) == ["<amount_0>"]
    assert reserved(second, tokenizer) == ["<opaque_0>", "<amount_0>"]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("The order no. 4711 is vol. 4. It is big.", ["The order no. 4711 is vol. 4.", "It is big."]),
        ("It leaves at 3:30 p.m. from here.", ["It leaves at 3:30 p.m. from here."]),
        ("It leaves at 3:30 p.m. The town sleeps.", ["It leaves at 3:30 p.m.", "The town sleeps."]),
        ("Is this No. 5? No. That is wrong.", ["Is this No. 5?", "No.", "That is wrong."]),
        ("Read `a. B` first. Then go.", ["Read `a. B` first.", "Then go."]),
        ("I love 🍕 and boats. Great! 🙂", ["I love 🍕 and boats.", "Great!", "🙂"]),
    ],
)
def test_no_sentence_ends_within_a_span(
    text: str, sentences: list[str], tokenizer: SentencePieceTokenizer
) -> None:
    assert [source.text for source in read(text, tokenizer)] == sentences


@pytest.mark.parametrize("text", ["A", "b", "B x C", "~~A~~ ||b|| ==c==", "N/A/x", "A-1", "5 x 3", "a b"])
def test_single_letters_are_no_words(text: str, tokenizer: SentencePieceTokenizer) -> None:
    assert [source.tokens for source in read(text, tokenizer)] == [()]


@pytest.mark.parametrize("text", ["I", "so", "I, A", "I'm", "T-shirt", "A ox", "h g a c"])
def test_words_are_more_than_single_letters(text: str, tokenizer: SentencePieceTokenizer) -> None:
    [source] = read(text, tokenizer)
    assert source.tokens


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"Page {lone(0)} of {lone(1)}", f"Page {lone(0)} of {lone(1)}"),
        (f"{lone(0)} Page {lone(1)}", "Page"),
        (f"{lone(0)} By {lone(1)} or {lone(2)}", f"By {lone(1)} or {lone(2)}"),
        (f"Page {lone(0)} {lone(1)}", "Page"),
    ],
)
def test_a_field_at_the_end_belongs_to_the_words_between_it_and_another(
    text: str, sentence: str, tokenizer: SentencePieceTokenizer
) -> None:
    assert [source.text for source in read(text, tokenizer)] == [sentence]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Not found.\\nTry again.", ["Not found.", "Try again."]),
        ("The boat\\tThe heron\\n", ["The boat", "The heron"]),
        ("Write \\n for a new line, or '\\n'.", ["Write \\n for a new line, or '\\n'."]),
        ("Boat\t€5\tat 9 a.m.\tred", ["Boat", "€5", "at 9 a.m.", "red"]),
    ],
)
def test_escaped_line_breaks_and_tabs_end_a_sentence(
    text: str, sentences: list[str], tokenizer: SentencePieceTokenizer
) -> None:
    found = [source.text for source in read(text, tokenizer)]
    assert [one for one in found if one.strip("\\n")] == sentences


@pytest.mark.parametrize(
    "text", ["€50", "12:30–14:00", "https://example.com/a", "3:30 p.m.", "`x = 5`", "5 km", "{x}: 7"]
)
def test_spans_alone_are_not_passed_to_the_model(text: str, tokenizer: SentencePieceTokenizer) -> None:
    assert all(not source.tokens for source in read(text, tokenizer))


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("✓ Included", "Included"),
        ("Forward →", "Forward"),
        ("• First one", "First one"),
        ("<a><b>Read this.", "Read this."),
        ("<br/>Read this<br>", "Read this"),
        ("<li>Read this", "Read this"),
        ("{x} is → there", "{x} is → there"),
        ("✓ ✗", "✓ ✗"),
        (r'msgid "Deleted %(num)d … \"%(dir)s\"."', r"Deleted %(num)d … \"%(dir)s\"."),
        ("<br/>", "<br/>"),
    ],
)
def test_markup_around_a_sentence_stays_outside(
    text: str, inner: str, tokenizer: SentencePieceTokenizer
) -> None:
    (source,) = read(text, tokenizer)
    assert source.text == inner


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("<b>Come in. <x/> We wait.", ["Come in.", "We wait."]),
        ("Come in. We</b> wait.", ["Come in.", "We</b> wait."]),
        ("Come in.<x> <i>We wait.", ["Come in.", "We wait."]),
        ("Come in.</b><b> We wait.", ["Come in.", "We wait."]),
        ("We wait <b>here", ["We wait <b>here"]),
        ("<i></i><b>", ["<i></i><b>"]),
    ],
)
def test_a_text_is_split_where_it_would_be_without_tags(
    text: str, sentences: list[str], tokenizer: SentencePieceTokenizer
) -> None:
    found = read(text, tokenizer)
    assert [one.text for one in found] == sentences
    assert [text[one.span.start : one.span.end] for one in found] == sentences


def test_a_sentence_with_more_spans_than_pieces_is_split_between_words(
    tokenizer: SentencePieceTokenizer,
) -> None:
    numbers = [str(number) for number in range(100, 140)]
    sources = read("the boat " + " and ".join(numbers), tokenizer)
    assert " ".join(source.text for source in sources) == "the boat " + " and ".join(numbers)
    assert all(source.is_part for source in sources)
    found = [span.text for source in sources for span in source.protected]
    assert found == numbers
    assert all(len(source.placed) == len(source.protected) <= 16 for source in sources)


@pytest.mark.parametrize("unusual", ["I don´t sleep.", "I donʼt sleep.", "I don`t sleep.", "I dont sleep."])
def test_the_model_reads_usual_apostrophes_but_the_text_keeps_its_own(
    unusual: str, tokenizer: SentencePieceTokenizer
) -> None:
    [sentence] = read_sentences(unusual, SourceEncoder(tokenizer), 50)
    [usual] = read_sentences("I don't sleep.", SourceEncoder(tokenizer), 50)
    assert sentence.tokens == usual.tokens
    assert (sentence.text, sentence.protected) == (unusual, ())


def test_apostrophes_in_code_are_left_alone(tokenizer: SentencePieceTokenizer) -> None:
    [sentence] = read_sentences("Type `don´t` now.", SourceEncoder(tokenizer), 50)
    assert [span.german for span in sentence.protected] == ["`don´t`"]


def test_capitals_are_detected_without_the_spans(tokenizer: SentencePieceTokenizer) -> None:
    (source,) = read("THE HERON PAID {boat} TODAY", tokenizer)
    assert source.in_capitals
    assert "The heron paid" in tokenizer.decode_marked(source.tokens)


def test_a_tokenizer_without_classes_receives_the_text() -> None:
    old = SentencePieceTokenizer.load(shipped_model() / "tokenizer.model")
    if old.marks:
        pytest.skip("the model in the package has reserved pieces")
    (source,) = read("The order no. 4711 costs €50.", old)
    assert old.decode(source.tokens) == source.text
    assert source.placed == ()
    assert [span.kind for span in source.protected] == ["label", "money"]


def test_a_single_sentence_is_encoded_and_its_language_detected_once(
    tokenizer: SentencePieceTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded, detected = list[str](), list[str]()

    class Counting(SourceEncoder):
        def encode(self, marked: str, style: Style, in_german: Collection[Term] = ()) -> list[int]:
            encoded.append(marked)
            return super().encode(marked, style, in_german)

    def detect(text: str) -> tuple[str, float]:
        detected.append(text)
        return "en", 90.0

    monkeypatch.setattr(sources, "detect_language", detect)
    text = "The old house on the hill was sold.\n"
    read_sentences(text, Counting(tokenizer), 100, Style(formality="auto"))
    assert encoded == detected == [text.strip()]
