"""Non-breaking spaces in translations; `_` stands for one."""

import numpy as np
import pytest

from tests.time_limit import cpu_limit
from translator.markup.projection import Alignment
from translator.markup.spaces import with_kept_spaces
from translator.text.places import Place

SPACE = "\u00a0"


def places(text: str, words: str) -> list[Place]:
    found, position = list[Place](), 0
    for word in words.split("|"):
        start = text.index(word, position)
        position = start + len(word)
        found.append((start, position))
    return found


@pytest.mark.parametrize(
    ("source", "target", "source_words", "target_words", "links", "expected"),
    [
        ("page_5 of it", "ihre Seite 5", "page|5|of|it", "ihre|Seite|5", "0-1 1-2 3-0", "ihre Seite_5"),
        ("Mr._Ray is", "Es ist Herr Ray", "Mr|.|Ray|is", "Es|ist|Herr|Ray", "0-2 2-3 3-1", "Es ist Herr_Ray"),
        ("May_12 is", "Der 12. Mai ist", "May|12|is", "Der|12|.|Mai|ist", "0-3 1-1 2-4", "Der 12._Mai ist"),
        # A protected span is one word.
        ("over 10_km", "10 km weit", "over|10_km", "10 km|weit", "0-1 1-0", "10_km weit"),
        # The words are no longer neighbours, or are joined, or nothing tells where they went.
        ("go_on now", "geh jetzt weiter", "go|on|now", "geh|jetzt|weiter", "0-0 1-2 2-1", "geh jetzt weiter"),
        ("tea_cup", "die Teetasse", "tea|cup", "die|Teetasse", "0-1 1-1", "die Teetasse"),
        ("a_b", "x y", "a|b", "x|y", "", "x y"),
        # Another space takes none, and one space takes only one.
        ("a _ b", "x y", "a|b", "x|y", "0-0 1-1", "x y"),
        ("a_b c", "x  y z", "a|b|c", "x|y|z", "0-0 1-1 2-2", "x  y z"),
        ("a_b_c", "x y", "a|b|c", "x|y", "0-0 1-1 2-1", "x_y"),
        ("_a b_", "x y", "a|b", "x|y", "0-0 1-1", "x y"),
    ],
)
def test_spaces_between_the_same_neighbours(source, target, source_words, target_words, links, expected):
    source, expected = source.replace("_", SPACE), expected.replace("_", SPACE)
    sides = places(source, source_words.replace("_", SPACE)), places(target, target_words)
    weights_TS = np.zeros((len(sides[1]), len(sides[0])), np.float32)
    for link in links.split():
        one, other = map(int, link.split("-"))
        weights_TS[other, one] = 0.9
    assert with_kept_spaces(source, target, Alignment(weights_TS, *sides)) == expected


def test_without_words_all_stays():
    assert with_kept_spaces(f"a{SPACE}b", "x y", Alignment(np.zeros((0, 0), np.float32), [], [])) == "x y"


def test_many_spaces_take_bounded_time():
    source = SPACE.join(["a"] * 1_000)
    places = [(2 * number, 2 * number + 1) for number in range(1_000)]
    alignment = Alignment(np.eye(1_000, dtype=np.float32), places, places)
    with cpu_limit(5):
        assert with_kept_spaces(source, " ".join(["b"] * 1_000), alignment) == SPACE.join(["b"] * 1_000)
