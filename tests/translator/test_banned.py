import functools
import itertools
import re

import pytest

from translator.search import BannedPhrases, PieceTexts
from translator.search.banned import WORD_START

QUOTE, UMLAUT, MARK = "„".encode(), "ä".encode(), "▁".encode()


def occurs(phrase, text):
    """Whether the phrase occurs in the text at the start of a word, checked position by position."""
    text = re.sub(" +", " ", text)
    return any(
        text.startswith(phrase, place)
        and not (place > 0 and text[place - 1].isalnum() and phrase[0].isalnum())
        for place in range(len(text))
    )


def text_of(pieces, tokens):
    return b"".join(pieces[token] for token in tokens).decode(errors="replace")


def forbidden(banned, pasts, pieces):
    """The pieces that may not follow each past."""
    found = []
    for past in pasts:
        state = functools.reduce(banned.after, past, WORD_START)
        found.append(banned.completing(state).tolist())
    return found


def check_every_cut(pieces, phrases, depth):
    """Try all sequences of pieces; returns the texts whose completion was prevented."""
    banned, pasts, stopped = BannedPhrases(PieceTexts(pieces), phrases), [()], set()
    for _ in range(depth):
        longer = []
        for past, found in zip(pasts, forbidden(banned, pasts, pieces), strict=True):
            for token in range(len(pieces)):
                text = text_of(pieces, (*past, token))
                is_banned = any(occurs(phrase, text) for phrase in phrases)
                assert (token in found) == is_banned, (text, past, token)
                if is_banned:
                    stopped.add(text)
                else:
                    longer.append((*past, token))
        pasts = longer
    return stopped


@pytest.mark.parametrize(
    ("phrases", "stopped"),
    [
        (["Haus"], {"Haus", " Haus", "(Haus", "a Haus", "us Haus"}),
        (["aus"], {"aus", "(aus", "Ha aus"}),
        (["a a"], {"a a", "a  a", "(a a"}),
        (["(a"], {"s(a", "(a", "a(aus"}),
        (["a", "us"], {"a", "us", "(us"}),
        (["us us aus", "s a"], {"us us aus", "us us us aus", "s a"}),
    ],
)
def test_every_segmentation_of_a_phrase_is_stopped_and_nothing_else(phrases, stopped):
    pieces = [b"", b" ", b"H", b"a", b"u", b"s", b"us", b"aus", b" Ha", b"Haus", b"(", b"us "]
    assert stopped <= check_every_cut(pieces, phrases, depth=4)


def test_bytes_are_read_as_the_characters_that_they_form():
    """A word does not start after a letter; it does after a quotation mark and after stray bytes."""
    singles = sorted({bytes([byte]) for byte in QUOTE + UMLAUT})
    pieces = [b"\xff", b"a", b"us", *singles, "ä".encode(), " ä".encode(), "„".encode()]
    stopped = check_every_cut(pieces, ["aus", "äu"], 5)
    assert {"„aus", "\ufffdaus", "aus", " äus"} <= stopped
    assert "äaus" not in stopped


def test_a_word_mark_spelt_in_bytes_is_not_a_blank():
    pieces = [b" ", b"a", b"b", *sorted({bytes([byte]) for byte in MARK})]
    stopped = check_every_cut(pieces, ["a b"], 5)
    assert "a b" in stopped
    assert "a▁b" not in stopped


def test_a_forced_prefix_may_contain_the_phrase_but_no_second_one_follows():
    pieces = [b"", b" Haus", b"Haus", b" H", b"aus", b" x"]
    banned = BannedPhrases(PieceTexts(pieces), ["Haus"])
    assert forbidden(banned, [[1, 5], [1, 3], [3, 4], [2, 2]], pieces) == [[1], [1, 4], [1], [1]]


def test_states_do_not_depend_on_the_order_of_pasts():
    """The order in which the automaton first reaches its states does not matter."""
    pieces = [b"", b" ", b"a", b"b", b"ab", UMLAUT[:1], UMLAUT[1:]]
    pasts = list(itertools.product(range(len(pieces)), repeat=3))
    together = forbidden(BannedPhrases(PieceTexts(pieces), ["ab a", "ä a"]), pasts, pieces)
    banned = BannedPhrases(PieceTexts(pieces), ["ab a", "ä a"])
    alone = {past: forbidden(banned, [past], pieces)[0] for past in reversed(pasts)}
    assert together == [alone[past] for past in pasts]
