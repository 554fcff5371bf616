"""English number words."""

from fractions import Fraction

import pytest

from translator.text.number_words import values_in_words


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("twenty-one", [21, 20, 1]),
        ("three hundred and five", [305, 300, 3, 5]),
        ("two thousand and twenty", [2020]),
        ("nineteen ninety-five", [1995]),
        ("twenty twenty", [2020]),
        ("half a million", [500_000]),
        ("two and a half", [Fraction(5, 2)]),
        ("three quarters of it", [Fraction(3, 4), 75]),
        ("two dozen, a century", [24, 100]),
        ("one point five", [Fraction(3, 2)]),
        ("the sixties", [60, 1960]),
        ("World War II, World War I, Henry V", [2, 1, 5]),
        ("two weeks, a fortnight", [14]),
        ("the third floor", [3, 2]),
        ("at midnight", [0, 12, 24]),
    ],
)
def test_values_that_words_explain(text: str, values: list[int | Fraction]) -> None:
    assert set(map(Fraction, values)) <= values_in_words(text)


@pytest.mark.parametrize("text", ["I am here.", "No words for numbers", "MIX and CIVIL", "point of view", ""])
def test_other_words_explain_nothing(text: str) -> None:
    assert not values_in_words(text)


def test_a_million_factors_are_fast() -> None:
    assert Fraction(10**6) in values_in_words("million " * 100_000)
