from collections import Counter

import pytest
from markup import Case, is_right, read_cases


def test_there_are_300_cases():
    kinds = Counter(case.kind for case in read_cases())
    assert kinds == {"one": 75, "two": 75, "nested": 75, "empty": 37, "whole": 38}


def test_the_cases_of_a_sentence():
    first, second = read_cases()[:8][4:6]
    assert first.source == "Read this <b>page</b> before you start."
    assert second.source == "Read this <b>page</b> before you <i>start</i>."
    assert read_cases()[6].source == "Read <i>this <b>page</b></i> before you start."
    assert read_cases()[7].source == "Read this page before you <a></a>start."
    assert read_cases()[0].expected == {"b": ("hier",)}


@pytest.mark.parametrize(
    ("german", "right"),
    [
        ("Lesen Sie <b>diese Seite</b>.", True),
        ("Lesen Sie <b>Diese <i>Seite</i>.</b>", True),
        ("Lesen Sie <b>Seite</b>.", False),
        ("Lesen Sie diese Seite.", False),
    ],
)
def test_a_pair_is_right_if_it_encloses_an_answer(german, right):
    case = Case("one", "", "", {"b": ("diese Seite", "die Seite")})
    assert is_right(case, "b", german) == right


@pytest.mark.parametrize(
    ("german", "right"),
    [("Die <a></a>Seite", True), ("<a></a>Die Seite", False), ("<a>Die</a> Seite", False)],
)
def test_an_empty_pair_is_right_before_an_answer(german, right):
    assert is_right(Case("empty", "", "", {"a": ("Seite",)}, "a"), "a", german) == right
