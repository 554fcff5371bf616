"""Training pairs with markup around words."""

import numpy as np
import pytest

from translator.text.wrapped import wrapped
from translator.vocabulary import marks_of_classes

MARKS = marks_of_classes()


def all_wrapped(english: str, german: str) -> set[tuple[str, str]]:
    """Return the results of many seeds, with `[` and `]` for the marks."""
    found = set()
    for seed in range(60):
        pair = wrapped(english, german, MARKS, np.random.default_rng(seed))
        assert pair is not None
        numbers = {MARKS["open"].index(one) for text in pair for one in text if one in MARKS["open"]}
        assert len(numbers) == 1
        mark = MARKS["open"][numbers.pop()], pair[0]
        number = MARKS["open"].index(mark[0])
        assert MARKS["close"][number] in pair[0]
        found.add(
            tuple(
                text.replace(MARKS["open"][number], "[").replace(MARKS["close"][number], "]") for text in pair
            )
        )
    return found


def test_a_word_that_occurs_once_on_both_sides_is_wrapped() -> None:
    assert all_wrapped("Anna sees the owl.", "Die Eule sieht Anna.") == {
        ("[Anna] sees the owl.", "Die Eule sieht [Anna]."),
    }


def test_a_mark_is_wrapped_like_a_word() -> None:
    mark = MARKS["amount"][3]
    assert all_wrapped(f"It costs {mark} now.", f"Jetzt kostet es {mark}.") == {
        (f"It costs [{mark}] now.", f"Jetzt kostet es [{mark}]."),
    }


def test_the_clauses_before_and_after_the_only_comma_are_wrapped() -> None:
    assert all_wrapped("When it rains, we stay.", "Wenn es regnet, bleiben wir.") == {
        ("[When it rains], we stay.", "[Wenn es regnet], bleiben wir."),
        ("When it rains, [we stay].", "Wenn es regnet, [bleiben wir]."),
    }


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("The owl sleeps.", "Die Eule schläft."),
        ("Anna and Anna", "Anna und Anna"),
        ("When, say, it rains, go.", "Wenn es regnet, geh."),
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
