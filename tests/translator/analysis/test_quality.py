import pytest

from translator.analysis.quality import LOW_CONFIDENCE, flags, is_copied, repeats
from translator.translate import Hypothesis


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("Haus", 1),
        ("Das Haus ist alt.", 1),
        ("sehr sehr alt", 2),
        ("Sehr, sehr, sehr alt", 3),
        ("in der Stadt in der Stadt in der Stadt", 3),
        ("a b a b a", 2),
        ("1 1 1 1", 0),  # numbers may repeat
    ],
)
def test_repeats_worked_out_by_hand(text, expected):
    assert repeats(text) == expected


@pytest.mark.parametrize(
    ("source", "translation", "expected"),
    [
        ("The small garden was green", "The small garden was green", True),
        ("The small garden was green", "Der kleine Garten war grün", False),
        ("Anna, Tom and Ben in Rome", "Anna, Tom und Ben in Rome", True),  # five of six words
        ("Anna, Tom and Ben were in Rome", "Anna, Tom und Ben waren in Rom", False),
        ("Rome", "Rome", False),
        ("Hello World Hello", "Hello World Hello", False),
    ],
)
def test_copies(source, translation, expected):
    assert is_copied(source, translation) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("的一是不了人我在有他" * 30, ["copied_source"]),
        ("thesewordsruntogether" * 20, ["copied_source"]),
        ("one two", ["copied_source"]),
        ("3.14 — 2.72", []),  # there is nothing to translate
    ],
)
def test_what_never_went_through_the_model_is_told(source, expected):
    assert flags(source, Hypothesis(source, 0.0), is_part=False) == expected


def test_a_name_that_the_model_left_as_it_is_is_no_copy():
    assert flags("Rome", Hypothesis("Rome", -0.1, -0.05), is_part=False) == []


def test_flags_name_what_holds():
    fine = Hypothesis("Das Haus ist alt.", -1.0, -0.2)
    assert flags("The house is old.", fine, is_part=False) == []
    assert flags("The house is old.", fine, is_part=True) == ["too_long_split"]
    unsure = Hypothesis("Das Haus ist alt.", -9.0, LOW_CONFIDENCE - 0.01)
    assert flags("The house is old.", unsure, is_part=False) == ["low_confidence"]
    again = Hypothesis("ja ja ja", -1.0, -0.2)
    assert flags("Yes.", again, is_part=False) == ["repetition"]
    assert flags("Yes, yes, yes.", again, is_part=False) == []
    copied = Hypothesis("one two three four", -1.0, -0.2)
    assert flags("one two three four", copied, is_part=False) == ["copied_source"]
