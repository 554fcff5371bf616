"""Units in words, English and German."""

import pytest

from translator.text.units import english_unit_after, german_unit_after, german_unit_symbols


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("5 miles", {"mi"}), ("5-mile", {"mi"}), ("5 square miles", {"mi²"}), ("5 feet", {"ft"}), ("5 inches", {"in"}),
        ("5 pounds", {"lb", "GBP"}), ("5 degrees Fahrenheit", {"°F"}), ("5 degrees", {"°", "°C"}),
        ("5 minutes", {"min"}), ("5 percent", {"%"}), ("5 people", set()), ("5miles", set()), ("5 milestones", set()),
    ],
)  # fmt: skip
def test_english_units(text: str, symbols: set[str]) -> None:
    assert english_unit_after(text, 1) == symbols


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("5 Meilen", {"mi"}), ("5-Meilen-Lauf", {"mi"}), ("5 Quadratmeilen", {"mi²"}), ("5 Fuß", {"ft"}),
        ("5 Meilen pro Stunde", {"mph", "mi"}), ("5 Pfund", {"lb", "GBP"}), ("5 Grad Fahrenheit", {"°F"}),
        ("5 Grad", {"°", "°C"}), ("5-minütiges", {"min"}), ("5 Metern", {"m"}), ("5 m", {"m"}), ("5 m²", {"m²"}),
        ("5 km/h", {"km/h", "km"}), ("5 €", {"EUR"}), ("5 Tagebücher", set()), ("5 Menschen", set()),
    ],
)  # fmt: skip
def test_german_units(text: str, symbols: set[str]) -> None:
    assert german_unit_after(text, 1) == symbols


def test_a_unit_in_words_has_its_symbols() -> None:
    assert german_unit_symbols("Kilometern") == {"km"}
    assert german_unit_symbols("Kilo") == {"kg"}
    assert german_unit_symbols("Meterware") == set()
