"""Stand-ins for tags."""

import pytest

from translator.data.vocabulary import marks_of_classes
from translator.text.protected import Marks, find_protected, mark, tag_pairs
from translator.text.stand_ins import MOST_TAGS, STAND_IN, closing, is_lone, lone, opening, pair_of


def test_every_stand_in_is_a_different_character() -> None:
    characters = [make(number) for make in (opening, closing, lone) for number in range(MOST_TAGS)]
    assert len(set(characters)) == 3 * MOST_TAGS
    assert all(STAND_IN.fullmatch(character) for character in characters)


def test_a_stand_in_knows_its_pair() -> None:
    assert pair_of(opening(7)) == (7, False)
    assert pair_of(closing(7)) == (7, True)
    assert is_lone(lone(0))
    assert is_lone(lone(MOST_TAGS - 1))
    assert not any(map(is_lone, (opening(0), closing(0), "a", "", lone(0) * 2)))
    assert [pair_of(other) for other in (lone(7), "a", "", opening(7) * 2, "\U000f0000")] == [None] * 5


@pytest.mark.parametrize("number", [-1, MOST_TAGS])
def test_there_is_a_limit(number: int) -> None:
    with pytest.raises(ValueError, match=f"tag {number} .* cut the text"):
        opening(number)


def test_pairs_are_found_by_their_numbers() -> None:
    text = (
        f"{opening(1)}Red {opening(0)}and{closing(0)}{lone(0)} blue{closing(1)} or {closing(2)}so{opening(2)}"
    )
    spans = find_protected(text)
    assert {span.kind for span in spans} == {"tag"}
    assert tag_pairs(spans) == {0: 4, 1: 2}


def test_pairs_get_the_marks_of_pairs() -> None:
    marks = marks_of_classes()
    text = f"{opening(3)}Red{closing(3)}{lone(0)}"
    marked, _ = mark(text, find_protected(text), Marks(marks))
    assert marked == f"{marks['open'][0]}Red{marks['close'][0]}{marks['opaque'][0]}"
