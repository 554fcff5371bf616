"""Doubled quotation marks, as in CSV."""

import pytest

from translator.text.doubled_quotes import with_doubled_quotes, without_doubled_quotes


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('He said ""no"" twice', 'He said "no" twice'),
        ('""Yes,"" he said', '"Yes," he said'),
        ('The ""(old)"" house', 'The "(old)" house'),
        ('"""quoted"""', '"""quoted"""'),
        ('a == ""', 'a == ""'),
        ('say """"twice""""', 'say """"twice""""'),
        ('He said "no"', 'He said "no"'),
    ],
)
def test_they_are_read_as_single_ones(text: str, read: str) -> None:
    assert without_doubled_quotes(text) == read


@pytest.mark.parametrize(
    ("source", "german", "written"),
    [
        ('The ""big"" house', 'Das "große" Haus', 'Das ""große"" Haus'),
        ('The ""big"" house', "Das „große“ Haus", "Das „große“ Haus"),
        ('The "big" house', 'Das "große" Haus', 'Das "große" Haus'),
        ('"The ""big"" house"', '"Das "große" Haus"', '"Das "große" Haus"'),  # not the content of a cell
        ("The house", 'Das "Haus"', 'Das "Haus"'),
    ],
)
def test_straight_ones_are_doubled_again(source: str, german: str, written: str) -> None:
    assert with_doubled_quotes(source, german) == written
