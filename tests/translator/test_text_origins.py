"""Positions in the original text of the characters of a normalised text."""

import re
from difflib import SequenceMatcher

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from translator.text import normalisation, normalise, normalise_with_origins

ODD_CHARACTERS = (
    " \t\u00a0\u3000\u200b\u00ad\u200c\u200d\u0301\u0323\u1680aAe.é\u212bﬁ한\u1100\u1161क\u093cא漢😀\u2000"
)
ODD_TEXTS = [
    " The\u00a0 old\u00ad man",
    "two  blanks,\ta tab\u00a0and \u00a0 more ",
    "The  old\u200b man\tsees a\u0301 dog.",
    "\ufeffCafe\u0301 na\u0131\u0308f u\u0308ber",
    "Ｆｕｌｌ　ｗｉｄｔｈ　ｗｏｒｄｓ．",
    "o\u00adver\u00adlong words, co\u00adoperate",
    "\u2067right\u2069 to left, 10\u202f000\u2009km",
    "a\u00a0b\u00a0c\u00a0d and\u00a0so\u00a0on",
    "plain text",
    "",
    " \u200b ",
]


def by_diff(normalised: str, original: str, start: int, end: int) -> tuple[int, int]:
    """Compute them independently: changed text has the position between its unchanged neighbours."""
    blocks = SequenceMatcher(None, normalised, original, autojunk=False).get_matching_blocks()
    first = max((block for block in blocks if block.a <= start), key=lambda block: block.a, default=None)
    last = next(block for block in blocks if end <= block.a + block.size)
    found = first.b + min(start - first.a, first.size) if first else 0
    return found, last.b + max(end - last.a, 0)


@pytest.mark.parametrize("original", ODD_TEXTS)
def test_positions_match_a_comparison_of_both_texts(original: str) -> None:
    normalised, origins = normalise_with_origins(original)
    assert normalised == normalise(original)
    for word in re.finditer(r"\w+|[^\w\s]", normalised):
        start, end = word.span()
        assert (origins[start][0], origins[end - 1][1]) == by_diff(normalised, original, start, end)


def test_positions_written_by_hand() -> None:
    # 0 space, 1 "a" and 2 its accent, 3 and 4 spaces, 5 "b", 6 soft hyphen, 7 "c", 8 space.
    assert normalise_with_origins(" a\u0301  b\u00adc ") == ("á bc", [(1, 3), (3, 4), (5, 6), (7, 8)])
    # A joiner stays among emoji (0 to 2) and is dropped at a letter (4).
    assert normalise_with_origins("👩\u200d💻 \u200dx") == (
        "👩\u200d💻 x",
        [(0, 1), (1, 2), (2, 3), (3, 4), (5, 6)],
    )
    # One character that becomes two, and two that become one.
    assert normalise_with_origins("\u0958\u1100\u1161") == ("\u0915\u093c가", [(0, 1), (0, 1), (1, 3)])


@settings(max_examples=300, deadline=None)
@example("\u200d\u1680\u200dא")
@example("x\u0301\u0323\u200b\u0301")
@given(st.one_of(st.text(max_size=30), st.text(ODD_CHARACTERS, max_size=30)))
def test_every_character_comes_from_what_is_normalised_to_it(original: str) -> None:
    normalised, origins = normalise_with_origins(original)
    assert len(origins) == len(normalised)
    for character, (start, end) in zip(normalised, origins, strict=True):
        assert 0 <= start < end <= len(original)
        if character != " " and character.isascii():
            assert character in normalise(original[start:end])
    words = [place for place, character in enumerate(normalised) if character == " "]
    for place in words:
        assert original[slice(*origins[place])].isspace()


def test_the_work_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: each character of either text is decomposed once."""
    taken = []
    take_apart = normalisation._parts
    monkeypatch.setattr(
        normalisation, "_parts", lambda character: taken.append(character) or take_apart(character)
    )
    for words in (10, 1000):
        taken.clear()
        normalised, _ = normalise_with_origins("a\u00a0" * words)
        assert len(taken) == len(normalised) + 2 * words
