"""Training pairs with markup around words."""

import numpy as np
import pytest

from translator.data.vocabulary import marks_of_classes
from translator.data.wrapped import joined, wrapped
from translator.text.lexicon import Entry, Lexicon

MARKS = marks_of_classes()


def all_wrapped(english: str, german: str, lexicon: Lexicon | None = None) -> set[tuple[str, str]]:
    """Return the results of many seeds, with `[` and `]` for the marks."""
    found = set()
    for seed in range(60):
        pair = wrapped(english, german, MARKS, np.random.default_rng(seed), lexicon)
        assert pair is not None
        numbers = {MARKS["open"].index(one) for text in pair for one in text if one in MARKS["open"]}
        assert len(numbers) == 1
        mark = MARKS["open"][numbers.pop()], pair[0]
        number = MARKS["open"].index(mark[0])
        assert MARKS["close"][number] in pair[0]
        source, target = (
            text.replace(MARKS["open"][number], "[").replace(MARKS["close"][number], "]") for text in pair
        )
        found.add((source, target))
    return found


def test_a_word_that_occurs_once_on_both_sides_is_wrapped() -> None:
    assert all_wrapped("Anna sees the owl.", "Die Eule sieht Anna.") == {
        ("[Anna] sees the owl.", "Die Eule sieht [Anna]."),
    }


def test_a_mark_is_wrapped_like_a_word() -> None:
    mark = MARKS["amount"][3]
    assert all_wrapped(f"It costs {mark} already.", f"Schon kostet es {mark}.") == {
        (f"It costs [{mark}] already.", f"Schon kostet es [{mark}]."),
    }


def test_a_common_word_is_wrapped_with_its_german_in_any_form() -> None:
    assert all_wrapped("She owns a red hat.", "Sie besitzt einen roten Hut.") == {
        ("She owns a [red] hat.", "Sie besitzt einen [roten] Hut."),
    }


def test_a_rare_word_is_wrapped_with_the_german_that_the_lexicon_knows() -> None:
    lexicon = Lexicon.of([Entry("carpenter", 9, ("Zimmermann", "Tischler"))])
    assert all_wrapped("A carpenter came.", "Ein Tischler kam.", lexicon) == {
        ("A [carpenter] came.", "Ein [Tischler] kam."),
    }


def test_neighbours_on_both_sides_are_wrapped_alone_or_together() -> None:
    assert all_wrapped("Anna often sings.", "Oft Anna singt.") == {
        ("[Anna] often sings.", "Oft [Anna] singt."),
        ("Anna [often] sings.", "[Oft] Anna singt."),
        ("[Anna often] sings.", "[Oft Anna] singt."),
    }


def test_a_word_is_not_wrapped_if_two_words_may_be_its_german() -> None:
    assert wrapped("The red car.", "Das rote, rotes Auto.", MARKS, np.random.default_rng(0)) is None
    assert wrapped("Every, each one", "Jede", MARKS, np.random.default_rng(0)) is None


def test_the_clauses_before_and_after_the_only_comma_are_wrapped() -> None:
    assert all_wrapped("While it rains, we stay.", "Während es regnet, bleiben wir.") == {
        ("[While it rains], we stay.", "[Während es regnet], bleiben wir."),
        ("While it rains, [we stay].", "Während es regnet, [bleiben wir]."),
    }


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("The owl sleeps.", "Die Eule schläft."),
        ("Anna, Anna", "Anna, Anna"),
        ("While, say, it rains, walk.", "Solange es regnet, geh."),
        ("", ""),
    ],
)
def test_nothing_is_wrapped_without_a_known_correspondence(english: str, german: str) -> None:
    assert wrapped(english, german, MARKS, np.random.default_rng(0)) is None


def test_marks_of_the_pair_are_not_used_again() -> None:
    used = MARKS["open"][:11]
    english = f"Anna {used}"
    pair = wrapped(english, "Anna", MARKS, np.random.default_rng(0))
    assert pair is not None
    assert pair[1] == f"{MARKS['open'][11]}Anna{MARKS['close'][11]}"
    assert wrapped(f"Anna {MARKS['open']}", "Anna", MARKS, np.random.default_rng(0)) is None


def test_two_pairs_are_joined_with_the_same_mark_and_blanks_on_both_sides() -> None:
    results = {
        joined(("Come in.", "Komm rein."), ("Sit down.", "Setz dich."), MARKS, np.random.default_rng(seed))
        for seed in range(300)
    }
    assert results == {
        (f"Come in.{blank}{mark}{blank}Sit down.", f"Komm rein.{blank}{mark}{blank}Setz dich.")
        for mark in MARKS["opaque"]
        for blank in ("", " ")
    }


def test_pairs_that_address_the_reader_differently_are_not_joined() -> None:
    formal, informal = ("Can you come?", "Können Sie kommen?"), ("You are late.", "Du bist spät dran.")
    random = np.random.default_rng(0)
    assert joined(formal, informal, MARKS, random) is None
    assert joined(formal, formal, MARKS, random) is not None


def test_pairs_with_the_same_mark_are_not_joined() -> None:
    amount, opaque = MARKS["amount"][0], MARKS["opaque"]
    random = np.random.default_rng(0)
    assert joined((f"a {amount}", f"ein {amount}"), (f"b {amount}", f"be {amount}"), MARKS, random) is None
    assert joined((opaque, opaque), ("b", "be"), MARKS, random) is None
    first = joined((opaque[1:], opaque[1:]), ("b", "be"), MARKS, random)
    assert first is not None
    assert opaque[0] in first[0]
