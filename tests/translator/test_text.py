import unicodedata
from collections.abc import Callable

import pytest
import sentencex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from translator.errors import ConfigError, InputError
from translator.text import Span, normalise, rejoin, split_long, split_sentences

LINE_BREAKS = "\n\r\v\f\x85\u2028\u2029"
FAMILY = "👩\u200d👩\u200d👧\u200d👦"

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
# Parts of sentences, so that random text is full of near-sentences.
marks = st.sampled_from("a.…,;:—-!?\"“”'’()[]<>*1 \u3000\u00a0\t\n\r\u2028\x00\x1c\u200b\u0301")
words = st.sampled_from(
    ["Dr. ", "e.g. ", "U.S. ", "Über ", "OK. ", "?! ", "...", " — ", "1. ", "3.14", "日本。"]
)
symbols = st.sampled_from(
    [
        FAMILY,
        "🙂",
        "1\ufe0f\u20e3",
        "©",
        "\ufe0f",
        "🇩🇪",
        "e\u0301",
        "\r\n",
        "https://x.org/a.b?c=D! ",
        "{{x.y}}",
        "<b>",
        "- ",
    ]
)
near_text = st.lists(marks | words | symbols, max_size=40).map("".join)
texts = st.one_of(any_text, near_text)


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


def of_parts(text: str, count_tokens: Callable[[str], int]) -> Callable[[int, int], int]:
    return lambda start, end: count_tokens(text[start:end])


def pieces(text: str, max_tokens: int, count_tokens: Callable[[str], int] = len) -> list[str]:
    spans = split_long(text, Span(0, len(text)), of_parts(text, count_tokens), max_tokens)
    return [text[span.start : span.end] for span in spans]


def count_words(text: str) -> int:
    return len(text.split())


def assert_covers(text: str, spans: list[Span], within: Span) -> None:
    """Check that each non-whitespace character of `text[within]` is in exactly one span, and spans are in order."""
    position = within.start
    for span in spans:
        assert position <= span.start < span.end <= within.end
        assert not text[position : span.start].strip()
        assert text[span.start : span.end] == text[span.start : span.end].strip()
        position = span.end
    assert not text[position : within.end].strip()


# Sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Smith is away. Mrs. Jones is not.", ["Dr. Smith is away.", "Mrs. Jones is not."]),
        ("Bring fruit, e.g. apples. We have bread.", ["Bring fruit, e.g. apples.", "We have bread."]),
        ("Pi is 3.14 or so. Two is even.", ["Pi is 3.14 or so.", "Two is even."]),
        ("The U.S. economy grew. Ours did not.", ["The U.S. economy grew.", "Ours did not."]),
        ("Really?! Yes... No! Why?", ["Really?!", "Yes...", "No!", "Why?"]),
        ('"I am here." He waved. "Are you?"', ['"I am here."', "He waved.", '"Are you?"']),
        ("“I know,” she said. “You don’t.” He left.", ["“I know,” she said.", "“You don’t.”", "He left."]),
        ("He's late. It's dark. We're cold.", ["He's late.", "It's dark.", "We're cold."]),
        ("It’s late. He’s tired.", ["It’s late.", "He’s tired."]),
        ("She won't go! 'Tis late. He said 'yes'.", ["She won't go!", "'Tis late.", "He said 'yes'."]),
        ("Mail jo.do@example.org. Thank you.", ["Mail jo.do@example.org.", "Thank you."]),
        ("Version v2.0.1 is out. Get it.", ["Version v2.0.1 is out.", "Get it."]),
        ("Äpfel sind rot. Öl brennt! Ärger?", ["Äpfel sind rot.", "Öl brennt!", "Ärger?"]),
        ("Nice 😀. Bye!", ["Nice", "😀", ".", "Bye!"]),
        ("One.   Two.\u00a0Three.", ["One.", "Two.", "Three."]),
        ("no end", ["no end"]),
        ("...", ["..."]),
        ("?!", ["?!"]),
        ("J", ["J"]),
    ],
)
def test_sentence_ends(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "https://Example.org/Path.Html?Who=me!Now",
        "Use System.Out.Println here",
        "{{Person.Name}} and %1$s",
        "C:\\Files\\Read.Me",
        "The U.S.A.F.'s plane",
    ],
)
def test_a_word_is_never_cut(text: str) -> None:
    assert sentences(text) == [text]


def test_numbered_lines_keep_their_numbers() -> None:
    text = "1. Open the box.\n2. Take the key."
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())
    assert sentences(text)[-1] in ("Take the key.", "2. Take the key.")


@pytest.mark.parametrize("line_break", [*LINE_BREAKS, "\r\n", "\n\n", " \n\t", "\t", " \t\t"])
def test_a_line_break_or_a_tab_ends_a_sentence(line_break: str) -> None:
    assert sentences(f"of two{line_break}lines") == ["of two", "lines"]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("Home | My account | Contact us", ["Home", "My account", "Contact us"]),
        ("| Name | Old price |", ["Name", "Old price"]),
        ("|Name|Price|", ["|Name|Price|"]),
        ("a || b or a |= b", ["a || b or a |= b"]),
        (" | | ", []),
    ],
)
def test_a_bar_between_spaces_separates_cells(text: str, cells: list[str]) -> None:
    assert [text[one.start : one.end] for one in split_sentences(text)] == cells


@pytest.mark.parametrize("text", ["", " ", "\n", " \r\n\t\u00a0\u3000\u2028\x85 ", " " * 3000])
def test_blank_text_has_no_sentences(text: str) -> None:
    assert split_sentences(text) == []


def test_spans_are_offsets_in_characters() -> None:
    assert split_sentences("  Öl 😀!\r\n\tJa.  ") == [
        Span(2, 4),
        Span(5, 6),
        Span(6, 7),
        Span(10, 13),
    ]


def test_sentences_are_found_in_a_paragraph_of_any_length() -> None:
    # Lengths from 8 to 88, and one or two spaces between: ends fall on every position of the splitter's window.
    expected = [
        f"We sent {'very ' * (number % 17)}much {'of it' * (number % 2)}in." for number in range(1000)
    ]
    text = "".join(sentence + " " * (1 + number % 2) for number, sentence in enumerate(expected))
    assert sentences(text) == expected


def test_a_sentence_longer_than_the_splitters_window_stays_whole() -> None:
    long = "This is " + "very " * 1500 + "long."
    assert sentences(f"Short one. {long} Next one.") == ["Short one.", long, "Next one."]


@pytest.mark.parametrize("size", range(960, 1060))
def test_a_sentence_that_ends_at_the_edge_of_the_splitters_window(size: int) -> None:
    long = ("It is " + "very " * 300)[:size].strip() + " long."
    assert sentences(f"{long}   Next one.") == [long, "Next one."]


@pytest.mark.parametrize(
    "unit", ["a", "a ", ". ", "A b. ", "“a. ", "Oh? No. ", "1. a 2. ", "'. !`", "word " * 210 + "Ok. "]
)
def test_the_input_of_the_splitter_is_bounded(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    segment = sentencex.segment

    def spy(language: str, text: str) -> list[str]:
        seen.append(len(text))
        return list(segment(language, text))

    monkeypatch.setattr(sentencex, "segment", spy)
    text = unit * (100_000 // len(unit))
    split_sentences(text)
    assert max(seen) <= 1000
    assert sum(seen) <= 3 * len(text)


@given(texts)
@example("a\u3000.")  # sentencex panics on this
@example("“a. " * 600)
@settings(max_examples=100, deadline=None)
def test_sentences_cover_the_text_in_order(text: str) -> None:
    assert_covers(text, split_sentences(text), Span(0, len(text)))


@given(texts)
@settings(max_examples=100, deadline=None)
def test_no_sentence_crosses_a_line(text: str) -> None:
    assert not any(character in sentence for sentence in sentences(text) for character in LINE_BREAKS)


# Emoji


@pytest.mark.parametrize(
    "emoji",
    [
        "🙂",
        FAMILY,
        "👍🏽",
        "🇩🇪",
        "1\ufe0f\u20e3",
        "#\u20e3",
        "❤\ufe0f",
        "❤",
        "❤\ufe0f\u200d🔥",
        "🏃\u200d♀",
        "🚶🏽\u200d➡\ufe0f",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "©\ufe0f",
        "↔\ufe0f",
        "㊗\ufe0f",
        "🅰",
        "☺\ufe0e",
        "🫩",  # newer than the Unicode of most Pythons
        "🙂😂",
        "🙂 \u00a0🇩🇪🇫🇷  2\ufe0f\u20e3",
    ],
    ids=ascii,
)
def test_emoji_are_a_separate_span(emoji: str) -> None:
    assert sentences(f"I live {emoji} with my dog. Bye.") == ["I live", emoji, "with my dog.", "Bye."]
    assert sentences(f"{emoji}I live{emoji}.\n{emoji}") == [emoji, "I live", emoji, ".", emoji]
    assert not any(character.isalpha() for character in emoji)


@pytest.mark.parametrize("symbol", [*"1©®™→↔∑×✖♀★✓♪ℹ#*§€½", "1 2", "e\u0301"], ids=ascii)
def test_symbols_that_are_text_stay_in_their_sentence(symbol: str) -> None:
    assert sentences(f"This is {symbol} in here.") == [f"This is {symbol} in here."]


def test_punctuation_after_emoji_is_in_neither_sentence() -> None:
    assert sentences("Great 🙂, thanks. (See you 🙂). 🙂.com") == [
        *("Great", "🙂", ",", "thanks."),
        *("(See you", "🙂", ").", "🙂", ".com"),
    ]


def test_emoji_on_two_lines_are_two_spans() -> None:
    assert split_sentences("🙂 \n 🙂") == [Span(0, 1), Span(4, 5)]


# Long sentences


def test_a_sentence_at_the_limit_stays_whole() -> None:
    assert pieces("one two three", 3, count_words) == ["one two three"]
    assert len(pieces("one two three", 2, count_words)) == 2


def test_clause_punctuation_is_the_first_choice() -> None:
    # 44 characters, two pieces of about 22: a space at 21 is nearer to that than the comma at 17.
    assert pieces("when we were out, the others all went to sea", 30) == [
        "when we were out,",
        "the others all went to sea",
    ]


def test_clause_punctuation_far_from_the_middle_is_skipped() -> None:
    assert pieces("yes, we all went to the sea that day", 25) == ["yes, we all went to", "the sea that day"]


def test_clause_punctuation_right_at_the_limit_counts() -> None:
    assert pieces("aaaa, bbb", 5) == ["aaaa,", "bbb"]


def test_whitespace_right_at_the_limit_counts() -> None:
    assert pieces("aaaaa bbb", 5) == ["aaaaa", "bbb"]


@pytest.mark.parametrize("mark", [";", ":", ",", " –", " —"])
def test_each_clause_mark_is_a_place_to_cut(mark: str) -> None:
    assert pieces(f"it rained all day{mark} nobody went out", 25) == [
        f"it rained all day{mark}",
        "nobody went out",
    ]


def test_a_dash_without_spaces_is_a_place_to_cut() -> None:
    assert pieces("it rained all day—nobody went out", 25) == ["it rained all day—", "nobody went out"]


def test_a_comma_in_a_number_is_not_a_place_to_cut() -> None:
    assert pieces("it costs 1,000,000 euro", 16) == ["it costs", "1,000,000 euro"]


def test_a_closing_quote_stays_with_its_clause() -> None:
    assert pieces('he said "it will rain," and then it did rain', 30) == [
        'he said "it will rain,"',
        "and then it did rain",
    ]


def test_whitespace_is_the_second_choice_and_pieces_are_balanced() -> None:
    assert pieces("aaaa bbbb cccc dddd eeee ffff", 5, count_words) == ["aaaa bbbb cccc", "dddd eeee ffff"]


def test_an_unbroken_run_is_cut_into_equal_parts() -> None:
    assert pieces("x" * 30, 10) == ["x" * 10] * 3


@pytest.mark.parametrize(
    "character", ["e\u0301", "👍🏽", FAMILY, "❤️", "🇩🇪", "🏴\U000e0067\U000e0062\U000e007f", "각"]
)
def test_graphemes_are_not_cut(character: str) -> None:
    character = unicodedata.normalize("NFD", character)
    assert all(
        len(piece) <= 10 and piece == character * (len(piece) // len(character))
        for piece in pieces(character * 20, 10)
    )


def test_a_grapheme_over_the_limit_is_cut() -> None:
    zalgo = "a" + "\u0301" * 500
    assert max(map(len, pieces(zalgo, 10))) <= 10
    assert "".join(pieces(zalgo, 10)) == zalgo


def test_a_single_character_over_the_limit_is_left() -> None:
    assert pieces("日本", 2, lambda text: len(text.encode())) == ["日", "本"]


@pytest.mark.parametrize("max_tokens", range(3, 20))
@pytest.mark.parametrize("before", ["", "x", "xyz"])
def test_words_that_cost_more_when_cut_are_still_within_the_limit(before: str, max_tokens: int) -> None:
    def count(text: str) -> int:  # a whole "abcdefgh" is one token, a part of one is a token per letter
        return len(text) - 7 * text.count("abcdefgh")

    text = before + "abcdefgh" * 50
    assert "".join(pieces(text, max_tokens, count)) == text
    assert all(count(piece) <= max_tokens for piece in pieces(text, max_tokens, count))


@pytest.mark.parametrize("extra", [-1, 1, 3])
def test_tokens_of_pieces_need_not_add_up_to_those_of_the_whole(extra: int) -> None:
    def count(text: str) -> int:
        return len(text) + extra

    text = "x" * 1000
    assert "".join(pieces(text, 10, count)) == text
    assert all(count(piece) <= 10 for piece in pieces(text, 10, count))


def test_a_dense_part_does_not_make_pieces_of_the_rest_small() -> None:
    # 60 words of one token, then 600 tokens without a space: the average must not decide the cuts in the words.
    text = "word " * 60 + "日" * 600

    def count(part: str) -> int:
        return sum(1 if word.isascii() else len(word) for word in part.split())

    first = pieces(text, 60, count)[0]
    assert count(first) >= 30


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Add 8 oz. of flour and 2 tbsp. of sugar. Stir.",
            [
                "Add 8 oz. of flour and 2 tbsp. of sugar.",
                "Stir.",
            ],
        ),
        ("It costs approx. 5 euros. Pay now.", ["It costs approx. 5 euros.", "Pay now."]),
        ("The price incl. VAT is fair.", ["The price incl. VAT is fair."]),
        ("The price incl. 19% VAT is fair.", ["The price incl. 19% VAT is fair."]),
        ("Go to a town, e.g. Ulm. It is old.", ["Go to a town, e.g. Ulm.", "It is old."]),
        ("Owls vs. Herons, i.e. birds", ["Owls vs. Herons, i.e. birds"]),
        ("It holds max. 3 owls.", ["It holds max. 3 owls."]),
        ("It is at its max. Stop it.", ["It is at its max.", "Stop it."]),
        ("Mr. Bush met Ms. Young. Mx. Lee left.", ["Mr. Bush met Ms. Young.", "Mx. Lee left."]),
        ("It takes 5 ms. Then it stops.", ["It takes 5 ms.", "Then it stops."]),
        ("Take no. A12. It is free.", ["Take no. A12.", "It is free."]),
        ("See vol. 3, ch. 5 and eq. IV. It is there.", ["See vol. 3, ch. 5 and eq. IV.", "It is there."]),
        ("It is no. 5. No. It is not.", ["It is no. 5.", "No.", "It is not."]),
        ("We meet at 5 p.m. Monday. Be there.", ["We meet at 5 p.m. Monday.", "Be there."]),
        (
            "It starts at 5 p.m. May 12. It ends at 6 p.m. May I go?",
            [
                "It starts at 5 p.m. May 12.",
                "It ends at 6 p.m.",
                "May I go?",
            ],
        ),
        ("THE TRAIN LEAVES AT 5 P.M. ON MAY 12.", ["THE TRAIN LEAVES AT 5 P.M. ON MAY 12."]),
        ("Pay by Fri. 12 noon. Come on Wed. at 5 or Thurs. at 4.", [
            "Pay by Fri. 12 noon.", "Come on Wed. at 5 or Thurs. at 4.",
        ]),
        ("OPEN MON. 9–5. He came on Fri. The next day he left.", [
            "OPEN MON. 9–5.", "He came on Fri.", "The next day he left.",
        ]),
        ("The dog sat. 3 men came.", ["The dog sat.", "3 men came."]),
        ("Buy 1 doz. eggs. We need 2 doz. Hurry.", ["Buy 1 doz. eggs.", "We need 2 doz.", "Hurry."]),
        ("Is it far? No. 5 minutes.", ["Is it far?", "No.", "5 minutes."]),
        ("[door slams] I am here.", ["[door slams]", "I am here."]),
        ("Hello. (laughs) “Come in.”", ["Hello.", "(laughs)", "“Come in.”"]),
        ("[sighs]\n[the door, slowly] Yes", ["[sighs]", "[the door, slowly]", "Yes"]),
        ("[1] Smith came.", ["[1] Smith came."]),
        ("[Name] is missing.", ["[Name] is missing."]),
        ("The house (an old one) The", ["The house (an old one) The"]),
        ("[here](x) The end", ["[here](x) The end"]),
        ("Wait! NO. x came. He lives at No. 5 there.", ["Wait!", "NO.", "x came.", "He lives at No. 5 there."]),
    ],
)  # fmt: skip
def test_abbreviations_do_not_end_a_sentence(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. Wash 2. Dry 3. Iron", ["1.", "Wash", "2.", "Dry", "3.", "Iron"]),
        (" 1. Wash it. 2. Dry it.", ["1.", "Wash it.", "2.", "Dry it."]),
        ("We are number 1. They are number 2. Good.", ["We are number 1.", "They are number 2.", "Good."]),
        ("1. Room 3. It is mine 2. Room 4", ["1.", "Room 3.", "It is mine", "2.", "Room 4"]),
    ],
)
def test_the_numbers_of_a_list_within_a_line_stand_alone(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_only_the_given_span_is_cut() -> None:
    text = "Not me. aaaa bbbb Not me."
    assert split_long(text, Span(8, 17), of_parts(text, len), 5) == [Span(8, 12), Span(13, 17)]


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"max_tokens is 0; it must be 1 or more"):
        split_long("a b", Span(0, 3), lambda start, end: end - start, 0)


@given(texts, st.integers(1, 40), st.sampled_from([len, count_words, lambda text: len(text.encode())]))
@settings(max_examples=100, deadline=None)
def test_pieces_cover_the_sentence_and_fit(text: str, max_tokens: int, count: Callable[[str], int]) -> None:
    for sentence in split_sentences(text):
        spans = split_long(text, sentence, of_parts(text, count), max_tokens)
        assert_covers(text, spans, sentence)
        assert all(
            count(text[span.start : span.end]) <= max_tokens or span.end - span.start == 1 for span in spans
        )


# Rejoining


def test_translations_replace_sentences() -> None:
    text = "\r\n  Yes.  No!\n\n\tMaybe? \n"
    assert (
        rejoin(text, split_sentences(text), ["Ja.", "Nein!", "Vielleicht?"])
        == "\r\n  Ja.  Nein!\n\n\tVielleicht? \n"
    )


def test_adjacent_pieces_are_joined_without_a_space() -> None:
    assert rejoin(" abcd ", [Span(1, 3), Span(3, 5)], ["X", "Y"]) == " XY "


def test_each_sentence_needs_a_translation() -> None:
    with pytest.raises(ValueError, match="shorter"):
        rejoin("Yes. No.", split_sentences("Yes. No."), ["Ja."])


@given(texts, st.integers(1, 20))
@settings(max_examples=100, deadline=None)
def test_untranslated_text_survives_a_round_trip(text: str, max_tokens: int) -> None:
    spans = split_sentences(text)
    assert rejoin(text, spans, [text[span.start : span.end] for span in spans]) == text
    parts = [piece for span in spans for piece in split_long(text, span, of_parts(text, len), max_tokens)]
    assert rejoin(text, parts, [text[part.start : part.end] for part in parts]) == text


@given(texts)
@settings(max_examples=100, deadline=None)
def test_line_structure_survives_any_translation(text: str) -> None:
    spans = split_sentences(text)
    answer = rejoin(text, spans, ["x"] * len(spans))
    assert [c for c in answer if c in LINE_BREAKS] == [c for c in text if c in LINE_BREAKS]
    assert len(answer) - len(answer.lstrip()) == len(text) - len(text.lstrip())


# One megabyte of anything

MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        ".",
        " ",
        "(",
        "[]",
        "“a. ",
        ". ",
        "日本。",
        FAMILY,
        "a🙂",
        "🙂 .",
        "🙂" + " " * 60,
        "\u0301",
        "a\n",
        "a\u200b",
        "a\u0301\u0327",
    ],
    ids=ascii,
)
@pytest.mark.slow
def test_a_megabyte_of_anything_survives_a_round_trip(unit: str) -> None:
    text = unit * (MEGABYTE // len(unit.encode()))
    counted = 0

    def count(part: str) -> int:
        nonlocal counted
        counted += len(part)
        return len(part)

    spans = [
        piece
        for span in split_sentences(text)
        for piece in split_long(text, span, of_parts(text, count), 500)
    ]
    assert rejoin(text, spans, [text[span.start : span.end] for span in spans]) == text
    assert all(span.end - span.start <= 500 for span in spans)
    assert counted <= 10 * len(text)  # near-linear: not 2,000 counts of the rest for 2,000 pieces


@pytest.mark.parametrize("units", [("\u200b", "日"), ("日", "\u200b")], ids=ascii)
def test_a_text_of_very_uneven_density_is_counted_in_bounded_work(units: tuple[str, str]) -> None:
    counted = 0

    def count(part: str) -> int:  # one unit is free
        nonlocal counted
        counted += len(part)
        return part.count("日")

    text = units[0] * 100_000 + units[1] * 100_000
    parts = pieces(text, 250, count)
    assert "".join(parts) == text
    assert all(part.count("日") <= 250 for part in parts)
    assert counted <= 20 * len(text)


def test_five_thousand_words_without_a_full_stop() -> None:
    text = " ".join(["word"] * 5000)
    parts = pieces(text, 256, count_words)
    assert [len(part.split()) for part in parts] == [250] * 20
    assert " ".join(parts) == text


@pytest.mark.slow
def test_a_megabyte_of_stacked_accents_is_normalised_without_loss() -> None:
    marks = "\u0301\u0327" * 200_000  # unicodedata alone would take minutes
    assert len(normalise("x" + marks)) >= 400_000 - 2 * 400


# Normalising


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("", ""),
        ("plain", "plain"),
        ("  a \t b\r\n c ", "a b c"),
        ("a\u00a0b\u3000c\u2003d\u2028e\x85f\x1cg", "a b c d e f g"),
        ("cafe\u0301", "café"),
        ("soft\u00adhyphen", "softhyphen"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("a\x00b\x07c\x7fd\x9fe", "abcde"),
        ("\u202eright\u202c \u2066left\u2069\u200e", "right left"),
        ("a \u200b b", "a b"),
        ("e\u200b\u0301", "é"),
        ("Auf\u200clage a\u200db", "Auflage ab"),
        ("\u200d", ""),
        (FAMILY, FAMILY),
        ("❤️‍🔥 1️⃣ 🏳️‍🌈", "❤️‍🔥 1️⃣ 🏳️‍🌈"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("क्\u200c\u200dष", "क्\u200c\u200dष"),
        ("“ﬁne” … ½ ▁ <s> \ufffd", "“ﬁne” … ½ ▁ <s> \ufffd"),
    ],
)
def test_normalise(sentence: str, expected: str) -> None:
    assert normalise(sentence) == expected


@pytest.mark.parametrize("function", [normalise, split_sentences])
def test_a_lone_surrogate_is_refused_with_its_position(function: Callable[[str], object]) -> None:
    with pytest.raises(InputError, match=r"lone surrogate \(U\+D83D\) at character 4"):
        function("abc \ud83d def")


@given(texts)
@settings(max_examples=100, deadline=None)
def test_normalised_text_is_composed_and_single_spaced(text: str) -> None:
    clean = normalise(text)
    assert clean == " ".join(clean.split())
    assert unicodedata.is_normalized("NFC", clean)
    assert not any(unicodedata.category(character) == "Cc" for character in clean)
    assert normalise(clean) == clean


@given(st.lists(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1), min_size=1))
@settings(max_examples=100, deadline=None)
def test_visible_characters_are_kept(words: list[str]) -> None:
    assert normalise(" \t".join(words)) == unicodedata.normalize("NFC", " ".join(words))
