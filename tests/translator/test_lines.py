"""Hard-wrapped lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.text.lines import join_all, join_lines
from translator.translate import Style, Translator


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("one\ntwo", "one two"),
        ("one \r\n  two", "one     two"),
        ("one\n\ntwo\nthree", "one\n\ntwo three"),
        ("The exam-\nple", "The exam\xad\xadple"),
        ("The exam-\r\n  ple", "The exam" + 5 * "\xad" + "ple"),
        ("an 8-\nbit one", "an 8- bit one"),
        ("Berlin-\nMitte", "Berlin- Mitte"),
        (
            "Buy:\n- eggs\n  and milk\n- tea\n10. salt\n* it *",
            "Buy:\n- eggs   and milk\n- tea\n10. salt\n* it *",
        ),
        ("He said\n> Yes\n# Title", "He said\n> Yes\n# Title"),
        ("in\n1984 or\n-5 below", "in 1984 or -5 below"),
        ("\none\n", "\none\n"),
        ("one", "one"),
    ],
)
def test_lines_of_a_paragraph_are_joined(text: str, joined: str) -> None:
    assert join_lines(text) == joined


def test_everything_is_joined_for_a_single_sentence() -> None:
    assert join_all("one-\ntwo\n\n- three\tfour\u2028five") == "one\xad\xadtwo  - three four five"


@given(st.text(alphabet="ab-* \n\r\t.1"))
def test_no_character_moves(text: str) -> None:
    for joined in (join_lines(text), join_all(text)):
        assert len(joined) == len(text)
        assert [
            one for one in zip(text, joined, strict=True) if one[0] != one[1] and one[1] not in " \xad"
        ] == []


WRAPPED = "We will be back on May\n12 with exam-\nples.\n\nBye!"


@pytest.fixture(scope="module")
def shipped() -> Translator:
    return Translator.load(precision="int8")


@pytest.mark.parametrize(
    ("style", "sentences"),
    [
        (Style(lines="keep"), ["We will be back on May", "12 with exam-", "ples.", "Bye!"]),
        (Style(lines="join"), ["We will be back on May\n12 with exam-\nples.", "Bye!"]),
        (Style(lines="single"), [WRAPPED]),
    ],
)
def test_sentences_keep_their_places(shipped: Translator, style: Style, sentences: list[str]) -> None:
    [translation] = shipped.translate([WRAPPED], style=style)
    assert [one.source for one in translation.sentences] == sentences
    assert [WRAPPED[one.start : one.end] for one in translation.sentences] == sentences


def test_joined_lines_are_translated_as_if_they_were_never_wrapped(shipped: Translator) -> None:
    wrapped, whole = WRAPPED, "We will be back on May 12 with examples.\n\nBye!"
    [joined] = shipped.translate([wrapped], style=Style(lines="join"))
    [expected] = shipped.translate([whole])
    assert joined.text == expected.text
    assert "12. Mai" in joined.text
    assert [check.verdict for one in joined.sentences for check in one.checks] == ["converted"]
