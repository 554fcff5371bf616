"""The German of a term in a translation."""

import pytest

from translator.text.glossary import Term
from translator.text.term_forms import places_of, whole_words_of


@pytest.mark.parametrize(
    ("forms", "german", "expected"),
    [
        ("Haus", "das Haus des Hauses, die Häuser, HAUS", ["Haus", "Hauses", "Häuser", "HAUS"]),
        ("Haus", "Haustür, Baumhaus, haus", ["Haustür"]),
        ("Haus|Häuser", "das Haus, des Hauses, die Häuser, Haustür", ["Haus", "Häuser"]),
        ("Zugang", "Zugänge, Zugangs, Zugangscode", ["Zugänge", "Zugangs", "Zugangscode"]),
        ("Anwesen", "die Anwesenheit", []),
        ("Server", "Anmeldeserver, Anmeldeservern", ["Anmeldeserver", "Anmeldeservern"]),
        ("Tor", "Motor, Torheit, Tore", ["Tore"]),
        ("Datum", "die Daten", ["Daten"]),
        ("gelber Sack", "den gelben Sack, Gelbe Säcke", ["gelben Sack", "Gelbe Säcke"]),
        ("schnell", "schnelle, schneller, Schnelligkeit", ["schnelle", "schneller"]),
        ("ausrollen", "ausgerollt, auszurollen, Rollen Sie es aus.", ["ausgerollt", "auszurollen", "Rollen"]),
        ("ausrollen", "Rollen Sie es. Aus!", []),
        ("API", "APIs, API-Schlüssel, APIX", ["APIs", "API"]),
        ("iPhone", "IPhone iphone iPhone", ["IPhone", "iPhone"]),
        ("C++", "C++ C+", ["C++"]),
    ],
)
def test_a_single_form_may_be_inflected(forms: str, german: str, expected: list[str]) -> None:
    places = places_of(Term("x", tuple(forms.split("|"))), german)
    assert [german[slice(*place)] for place in places] == expected


def test_only_whole_words_count_as_repetitions() -> None:
    german = "Ein Haus, ein Haustier, ein Haus-Tier, zwei Häuser, Hauses"
    places = whole_words_of(Term("x", ("Haus", "Häuser")), german)
    assert [german[slice(*place)] for place in places] == ["Haus", "Häuser"]
