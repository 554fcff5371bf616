"""Protected spans: find, mark and restore them; mark training pairs whose sides agree."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translator.data.vocabulary import SPAN_CLASSES, marks_of_classes
from translator.text.casing import begins_with_capital
from translator.text.protected import (
    MarkedPair,
    Marks,
    ProtectedSpan,
    find_protected,
    mark,
    mark_pair,
    origins,
    restore,
    restore_with_places,
    with_final_marks,
)

MARKS = marks_of_classes()


def spans_of(text: str) -> list[ProtectedSpan]:
    return [span for span in find_protected(text) if not span.is_word]


def readable(marked: str) -> str:
    """Write marks as their class and index."""
    names = {mark: f"[{kind}{place}]" for kind, marks in MARKS.items() for place, mark in enumerate(marks)}
    return "".join(names.get(character, character) for character in marked)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Send €5 to anna@example.com by 3:30 p.m. on May 12.", ["money", "email", "time", "date"]),
        ("Run `make 7` in /srv/data/2024 {0} times.", ["code", "path", "placeholder"]),
        ("I love 🍕 and pasta.", ["emoji"]),
        ("See https://example.com/p?a=1,000 or page 20.", ["link", "number"]),
        ("<b>15</b> files &amp; 2.5%", ["tag", "number", "tag", "entity", "percent"]),
        ("Nothing to see here, or there.", []),
        ("It took 1h 45m, fig. 3b.", ["quantity", "label"]),
        ("Call tel. no. 030 1234567.", ["number"]),
        ("Is it open? No. 030 1234567 says so.", ["phone"]),
    ],
)
def test_opaque_spans_values_and_emoji_are_found_together(text: str, kinds: list[str]) -> None:
    assert [span.kind for span in spans_of(text)] == kinds


def test_code_and_links_contain_no_values() -> None:
    (code,) = spans_of("Type `x = 1,234.56` now.")
    assert (code.kind, code.german) == ("code", "`x = 1,234.56`")


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("He paid €5 in 2019.", "He paid [amount0] in [year0]."),
        ("It is 3:30 p.m. on May 12.", "It is [time0] on [date0]."),
        ("15 of 16 on the 21st floor", "[number0] of [number1] on the [ordinal0] floor"),
        ("5 of {x}", "5 of [opaque0]"),
        ("<b>Bold</b> and <i>more</i><br/>", "[open0]Bold[close0] and [open1]more[close1][opaque0]"),
        ("<a><b>deep</b></a> </i> <p>", "[open0][open1]deep[close1][close0] [opaque0] [opaque1]"),
    ],
)
def test_each_span_has_a_mark_of_its_class(text: str, marked: str) -> None:
    found, placed = mark(text, find_protected(text), Marks(MARKS))
    assert readable(found) == marked
    assert restore(found, placed, "keep") == text


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("He lives at 17 Mill Street.", "He lives in [opaque0]."),
        ("At 17 Mill Street, turn right at 5th Avenue.", "In [opaque0], turn right at [opaque1]."),
        ("They looked at 17 Mill Street.", "They looked at [opaque0]."),
        ("WE MEET AT 5 ROSE LANE", "WE MEET IN [opaque0]"),
        ("We met at\u00a05 Rose Lane", "We met in\u00a0[opaque0]"),
        ("That 5 Rose Lane is far", "That [opaque0] is far"),
        ("Look at example.com.", "Look at [opaque0]."),
    ],
)
def test_before_an_address_at_becomes_in(text: str, marked: str) -> None:
    assert readable(mark(text, find_protected(text), Marks(MARKS))[0]) == marked


def test_numbers_up_to_twelve_are_marked_only_if_asked() -> None:
    text = "5 of 6"
    assert mark(text, find_protected(text), Marks(MARKS))[0] == text
    assert (
        readable(mark(text, find_protected(text), Marks(MARKS), words=lambda _: True)[0])
        == "[number0] of [number1]"
    )


def test_spans_stay_if_no_mark_is_left() -> None:
    text = " ".join(str(number) for number in range(101, 120))
    marked, placed = mark(text, find_protected(text), Marks(MARKS))
    assert len(placed) == SPAN_CLASSES["number"] == 16
    assert marked.endswith(" 117 118 119")


def test_a_part_of_a_text_is_marked_by_its_offset() -> None:
    text = "Skip 15. Take 16."
    spans = [span for span in find_protected(text) if span.start > 8]
    assert readable(mark(text[9:], spans, Marks(MARKS), offset=9)[0]) == "Take [number0]."


@pytest.mark.parametrize(
    ("text", "translation", "german"),
    [
        ("He earned £45,000 in 2019.", "{1} verdiente er {0}.", "2019 verdiente er 45.000 £."),
        ("It was his 21st.", "Es war sein {0}.", "Es war sein 21."),
        ("It was the 21st day.", "Es war der {0} Tag.", "Es war der 21. Tag."),
        ("Louis XIV", "Ludwig {0}", "Ludwig XIV."),
        ("Open a.b@example.com.", "Öffnen Sie {0}.", "Öffnen Sie a.b@example.com."),
    ],
)
def test_marks_become_german_forms_in_any_order(text: str, translation: str, german: str) -> None:
    _, placed = mark(text, find_protected(text), Marks(MARKS))
    assert restore(translation.format(*(one.mark for one in placed)), placed) == german


def test_a_number_in_words_is_written_in_digits_if_a_piece_must_stand_for_it() -> None:
    (span,) = find_protected("ten thousand dollars")
    assert (span.is_word, span.written("german"), span.written("keep")) == (True, "10.000", "10.000")
    marked, placed = mark("ten thousand dollars", [span], Marks(MARKS), words=lambda _: True)
    assert (readable(marked), restore(marked, placed, "keep")) == ("[number0] dollars", "10.000 dollars")


@pytest.mark.parametrize(
    ("source", "translation", "german"),
    [
        ("Stop it!!!", "Hör auf!!", "Hör auf!!!"),
        ("Are you mad?!!", "Bist du verrückt?!", "Bist du verrückt?!!"),
        ("Stop!! It is over!", "Halt! Es ist vorbei!", "Halt! Es ist vorbei!"),
        ("Stop it!!", "Hör auf", "Hör auf"),
        ("Stop it!", "Hör auf!!", "Hör auf!!"),
    ],
)
def test_a_run_of_final_marks_is_as_long_as_in_the_source(source: str, translation: str, german: str) -> None:
    assert with_final_marks(source, translation) == german


def test_the_label_of_a_telephone_number_is_part_of_it() -> None:
    (phone,) = spans_of("Phone no.: +49 30 1234567.")
    assert (phone.text, phone.german) == ("no.: +49 30 1234567", "Nr.: +49 30 1234567")
    (address,) = spans_of("He lives at No. 10 Mill Lane.")
    assert (address.text, address.german) == ("No. 10 Mill Lane", "Nr. 10 Mill Lane")


def test_underscores_of_emphasis_are_no_part_of_an_identifier() -> None:
    text = "_−5 °C_, _$5_, __2.5%__ and _about 15 km_, but _x1_, a_5_b and `_a 5_`"
    found = [(span.text, span.german) for span in find_protected(text) if span.kind != "tag"]
    assert found == [
        ("−5 °C", "−5 °C"), ("$5", "5 $"), ("2.5%", "2,5 %"), ("15 km", "15 km"), ("_x1_", "_x1_"), ("a_5_b", "a_5_b"),
        ("`_a 5_`", "`_a 5_`"),
    ]  # fmt: skip


def test_the_places_of_restored_spans_are_returned() -> None:
    _, placed = mark("€5 and €6", find_protected("€5 and €6"), Marks(MARKS))
    first, second = (one.mark for one in placed)
    german, places = restore_with_places(f"{second} und {first}.", placed)
    assert german == "6 € und 5 €."
    assert places == {second: (0, 3), first: (8, 11)}


def test_marks_without_a_span_are_dropped() -> None:
    assert restore(f"a {MARKS['number'][3]} b", []) == "a  b"


def marked_pair(english: str, german: str) -> MarkedPair:
    return mark_pair(english, german, MARKS)


@pytest.mark.parametrize(
    ("english", "german", "marked"),
    [
        (
            "He earned £45,000 in 2019.", "2019 verdiente er 45.000 Pfund.",
            ("He earned [amount0] in [year0].", "[year0] verdiente er [amount0]."),
        ),
        ("We met on May 12.", "Wir trafen uns am 12. Mai.", ("We met on [date0].", "Wir trafen uns am [date0].")),
        ("Room 101", "Zimmer 102", ("Room 101", "Zimmer 102")),
        ("15 or 16", "15 oder sechzehn", ("[number0] or 16", "[number0] oder sechzehn")),
        ("5 files in {0}", "{0} hat 5 Dateien", ("5 files in [opaque0]", "[opaque0] hat 5 Dateien")),
        ("<b>New</b> file", "<b>Neue</b> Datei", ("[open0]New[close0] file", "[open0]Neue[close0] Datei")),
        ("**New** file", "**Neue** Datei", ("[open0]New[close0] file", "[open0]Neue[close0] Datei")),
        ("A _new_ a_b", "Ein _neues_ a_b", ("A [open0]new[close0] [opaque0]", "Ein [open0]neues[close0] [opaque0]")),
        # A plain number does not take part of a date.
        (
            "12 May 2025 had 2025 guests", "2025 Gäste am 12. Mai 2025",
            ("[date0] had [year0] guests", "[year0] Gäste am [date0]"),
        ),
    ],
)  # fmt: skip
def test_pairs_are_marked_where_both_sides_agree(english: str, german: str, marked: tuple[str, str]) -> None:
    pair = marked_pair(english, german)
    assert (readable(pair.english), readable(pair.german)) == marked


def test_agreement_is_counted() -> None:
    pair = marked_pair("15 or 16 of {x}", "15 oder 17 von {x}")
    assert (pair.agreeing, pair.spans) == (2, 3)
    assert pair.english_places == ((0, 2), (12, 15))
    assert pair.german_places == ((0, 2), (15, 18))


def test_a_generator_chooses_the_marks() -> None:
    english = "15 and 16 and 17"
    drawn = {mark_pair(english, english, MARKS, np.random.default_rng(seed)).english for seed in range(20)}
    assert len(drawn) == 20
    again = mark_pair(english, english, MARKS, np.random.default_rng(3))
    assert again == mark_pair(english, english, MARKS, np.random.default_rng(3))
    for marked in drawn:
        assert len(set(marked) & set(MARKS["number"])) == 3


def test_origins_of_marked_characters() -> None:
    assert origins("ab 15 c", [(3, 5)]) == [(0, 1), (1, 2), (2, 3), (3, 5), (5, 6), (6, 7)]


ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
NEARLY = st.lists(
    st.sampled_from(
        ["€", "5", "1,234", " ", ".", "{x}", "<b>", "</b>", "p.m.", "3:30", "May", "12", "%", "🍕", "`", "a"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(ANYTHING | NEARLY)
def test_any_text_survives_a_round_trip(text: str) -> None:
    spans = find_protected(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(first.end <= second.start for first, second in itertools.pairwise(spans))
    assert all(text[span.start : span.end] == span.text for span in spans)
    marked, placed = mark(text, spans, Marks(MARKS))
    assert restore(marked, placed, "keep") == text


@pytest.mark.parametrize(
    ("english", "translation", "german"),
    [
        ("Half past three is fine.", "{} ist gut.", "Halb vier ist gut."),
        ("Approx. 5 came.", "{} kamen.", "Ca. 5 kamen."),
        ("Approx. 5 came.", "Es kamen {}.", "Es kamen ca. 5."),
    ],
)
def test_a_value_that_starts_both_sentences_keeps_its_capital(
    english: str, translation: str, german: str
) -> None:
    _, placed = mark(english, find_protected(english), Marks(MARKS))
    assert restore(translation.format(placed[0].mark), placed) == german


@pytest.mark.parametrize(
    ("english", "translation", "german"),
    [
        ("At half past three we met.", "{} trafen wir uns.", "Halb vier trafen wir uns."),
        ("About half past three?", "„{}?“", "„Halb vier?“"),
        ("We met at half past three.", "Um {} trafen wir uns.", "Um halb vier trafen wir uns."),
        ("at half past three", "{}", "halb vier"),
        ("“We met at half past three.”", "{} war es.", "Halb vier war es."),
        ("We use {{name}}.", "{} nutzen wir.", "{name} nutzen wir."),
        ("We use npm_x.", "{} nutzen wir.", "npm_x nutzen wir."),
    ],
)
def test_a_value_that_moves_to_the_start_gets_a_capital_if_the_source_has_one(
    english: str, translation: str, german: str
) -> None:
    english = english.replace("{{", "{").replace("}}", "}")
    _, placed = mark(english, find_protected(english), Marks(MARKS))
    text = translation.format(placed[0].mark)
    assert restore(text, placed, has_capital=begins_with_capital(english)) == german


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("Compute 2**3 and 10**6.", [("identifier", "2**3"), ("identifier", "10**6")]),
        ("Compute 2 ** 3 and a ** b.", [("code", "2 ** 3"), ("code", "a ** b")]),
        ("x**2 is a * b if a || b, else x1 && y.", [
            ("identifier", "x**2"), ("code", "a * b"), ("code", "a || b"), ("code", "x1 && y"),
        ]),
        ("*args and **kwargs are width*height.", [
            ("code", "*args"), ("code", "**kwargs"), ("identifier", "width*height"),
        ]),
        ("A **bold*owl** here", [("tag", "**"), ("identifier", "bold*owl"), ("tag", "**")]),
        ("A ||hidden owl|| here", [("tag", "||"), ("tag", "||")]),
        ("That price** is ** not || mine", [("sign", "**"), ("sign", "**"), ("sign", "||")]),
        ("*Terms apply.\n*New* and\n*args", [("sign", "*"), ("tag", "*"), ("tag", "*"), ("code", "*args")]),
        ("A 5* hotel, price*, 2.5 * 3", [("small", "5"), ("number", "2.5"), ("small", "3")]),
        ("Dear <first name>, see <your name here>.", [
            ("placeholder", "<first name>"), ("placeholder", "<your name here>"),
        ]),
        ("<details open>x</details>", [("tag", "<details open>"), ("tag", "</details>")]),
    ],
)  # fmt: skip
def test_powers_and_placeholders_of_several_words(text: str, spans: list[tuple[str, str]]) -> None:
    assert [(one.kind, one.text) for one in find_protected(text)] == spans
