"""Values of an English sentence, looked up in a German one."""

import pytest

from translator.text.german import GermanText
from translator.text.values import find_values


def places(english: str, german: str) -> list[str | None]:
    """Return the place in the German of each value of the English, in order."""
    text = GermanText(german)
    found = [text.take(value) for value in find_values(english)]
    return [None if place is None else german[slice(*place)] for place in found]


@pytest.mark.parametrize(
    ("english", "german", "expected"),
    [
        ("of 1,234.56", "von 1.234,56", ["1.234,56"]),
        ("of 1,234.56", "von 1234,56", ["1234,56"]),
        ("of 1,234.56", "von 1 234,56", ["1 234,56"]),
        ("of 1,234.56", "von 1,234.56", ["1,234.56"]),  # kept
        ("of 1,234", "von 1234", ["1234"]),
        ("of 1.5", "von 1,5", ["1,5"]),
        ("of 15", "von 150", [None]),
        ("of 15", "von 15,5", [None]),
        ("of 15", "von B15", [None]),
        ("of -15", "von −15", ["−15"]),
        ("of -15", "von 15", [None]),
        ("of 3½", "von 3,5", ["3,5"]),
        ("of 3½", "von 3½", ["3½"]),
        ("20-30 of", "20 bis 30 von", ["20 bis 30"]),
        ("from 2019 to 2023", "von 2019 bis 2023", ["2019", "2023"]),
        ("by 10 to 20%", "um 10 bis 20 %", ["10", "20 %"]),
        ("$10 to $20", "10 bis 20 $", ["10", "20 $"]),
        ("100 or 200 m", "100 - 200 m", ["100", "200 m"]),
        ("from 8 to 10 a.m. on", "von 8 bis 10 Uhr am", ["8", "10 Uhr"]),
        ("May 12 to May 15", "12. bis 15. Mai", ["12.", "15. Mai"]),
        ("20-30 kg and 20 kg", "20 bis 30 kg und 30 kg", ["20 bis 30 kg", None]),
        ("1.4 billion", "1,4 Milliarden", ["1,4 Milliarden"]),
        ("1.4 billion", "1,4 Billionen", [None]),
        ("2 million", "2.000.000", ["2.000.000"]),
        ("$20 ($160/day)", "20 $ .160 $", ["20 $", None]),
        ("costs $1,299.99", "kostet 1.299,99 $", ["1.299,99 $"]),
        ("costs $1,299.99", "kostet 1.299,99 Dollar", ["1.299,99 Dollar"]),
        ("costs $1,299.99", "kostet $1.299,99", ["$1.299,99"]),
        ("costs $1,299.99", "kostet 1.299,99", [None]),
        ("costs £5", "kostet 5 €", [None]),
        ("costs €3.2 million", "kostet 3,2 Mio. Euro", ["3,2 Mio. Euro"]),
        ("costs €3.2 million", "kostet 3.200.000 €", ["3.200.000 €"]),
        ("500 EUR", "500 Euro", ["500 Euro"]),
        ("99¢ each", "je 99 Cent", ["99 Cent"]),
        ("₹1,50,000", "1,50,000 ₹", ["1,50,000 ₹"]),
        ("2.5%", "2,5 Prozent", ["2,5 Prozent"]),
        ("5 km long", "5 km lang", ["5 km"]),
        ("a 3.5 GB file", "eine 3,5-GB-Datei", ["3,5-GB"]),
        ("12 a.m.: breakfast", "0 Uhr: Frühstück", ["0 Uhr"]),
        ("IT IS APPROX. 35", "ES SIND CA. 35", ["CA. 35"]),
        ("at 3:30 p.m. on", "um 15.30 Uhr am", ["15.30 Uhr"]),
        ("at 3:30 p.m. on", "um 15 Uhr 30 am", ["15 Uhr 30"]),
        ("at 3:30 p.m. on", "um 3:30 Uhr am", [None]),
        ("at 6 p.m. on", "um 18 Uhr am", ["18 Uhr"]),
        ("at 6 p.m. on", "um 18:00 am", ["18:00"]),
        ("9:30–5 p.m. on", "9:30 bis 17:00 Uhr am", ["9:30 bis 17:00 Uhr"]),
        ("May 12, 2025", "12. Mai 2025", ["12. Mai 2025"]),
        ("May 12, 2025", "12.05.2025", ["12.05.2025"]),
        ("May 12, 2025", "am 12. Mai", [None]),
        ("May 12", "am 12. Mai", ["12. Mai"]),
        ("Jan. 5", "5. Jänner", ["5. Jänner"]),
        ("5/12/2025", "5/12/2025", ["5/12/2025"]),
        ("12/31/2025", "31.12.2025", ["31.12.2025"]),
        ("the 1st floor", "im 1. Stock", ["1."]),
        ("the 1990s", "die 1990er Jahre", ["1990er"]),
        ("Louis XIV", "Ludwig XIV.", ["XIV."]),
        ("no. 4711", "Nummer 4711", ["Nummer 4711"]),
        ("no. 4711", "Nr. 4711", ["Nr. 4711"]),
        ("no. 4711", "die 4711", [None]),
        ("pp. 12–15", "Seiten 12-15", ["Seiten 12-15"]),
        ("approx. 20", "etwa 20", ["etwa 20"]),
        ("approx. 20", "über 20", [None]),
        ("THE 1990s", "DIE 1990ER", ["1990ER"]),
        ("MAY 12, 2019", "12. MAI 2019", ["12. MAI 2019"]),
        ("AT 3:30 PM", "UM 15:30 UHR", ["15:30 UHR"]),
        ("€5 MILLION", "5 MILLIONEN €", ["5 MILLIONEN €"]),
        ("€5, 5%", "5 EURO, 5 PROZENT", ["5 EURO", "5 PROZENT"]),
        ("NO. 4711", "NR. 4711", ["NR. 4711"]),
        ("8.2l of it", "8,2 l davon", ["8,2 l"]),
        ("in 16:9", "in 16:9", ["16:9"]),
        ("log 10:30:15 of", "Log 10:30:15 von", ["10:30:15"]),
        ("of 10⁸", "von 10⁸", ["10⁸"]),
        ("of 3 × 10⁻⁶", "von 3 × 10⁻⁶", ["3 × 10⁻⁶"]),
        ("Python 3.11", "Python 3.11", ["3.11"]),
        ("5-10 of", "5–10 von", ["5–10"]),
        ("5-10 of", "zwischen 5 und 10 von", ["zwischen 5 und 10"]),
        ("won 3-2", "gewann 3:2", ["3:2"]),
        ("the 2020-21 season", "die Saison 2020/21", ["2020/21"]),
        ("5 km long", "5 Kilometer lang", ["5 Kilometer"]),
        ("10 lbs of it", "10 Pfund davon", ["10 Pfund"]),
        ("at −5 °C here", "bei minus 5 Grad hier", ["minus 5 Grad"]),
        ("6 minus 5", "6 minus 5", ["6", "5"]),
        ("at 60 km/h here", "mit 60 Stundenkilometern hier", ["60 Stundenkilometern"]),
        ("rose by 5%", "um 5 Prozentpunkte", ["5 Prozentpunkte"]),
        ("a 5% one", "eine 5-prozentige", ["5-prozentige"]),
        ("$5 bills", "5-Dollar-Scheine", ["5-Dollar"]),
        ("C$20 of", "20 kanadische Dollar", ["20 kanadische Dollar"]),
        ("at 3:30 p.m. on", "um 3:30 Uhr nachmittags", ["3:30 Uhr nachmittags"]),
        ("at 3:30 p.m. on", "um halb vier", ["halb vier"]),
        ("at 3:45 on", "um Viertel vor 4", ["Viertel vor 4"]),
        ("at 11 p.m. on", "um 11 Uhr morgens", [None]),
        ("at 15.30 on", "um 15.30 am", ["15.30"]),
        ("the 8.15 train", "der 8:15-Uhr-Zug", ["8:15-Uhr"]),
        ("takes 1h 45m now", "dauert 1 Stunde und 45 Minuten", ["1 Stunde und 45 Minuten"]),
        ("takes 1h 45m now", "dauert 1:45 h", ["1:45 h"]),
        ("takes 1h 45m now", "dauert 1:50 h", [None]),
        ("5/12/2025", "12. Mai 2025", ["12. Mai 2025"]),
        ("5/12/2025", "05.12.2025", ["05.12.2025"]),
        ("1/15/20", "15. Januar 2020", ["15. Januar 2020"]),
        ("May 21", "des 21. Mais", ["21. Mais"]),
        ("5 to 10 June", "5. bis 10. Juni", ["5.", "10. Juni"]),
        ("5 and 10 June", "5. und 10. Juni", ["5.", "10. Juni"]),
        ("the 1990s", "die 90er", ["90er"]),
        ("the 1800s", "das 19. Jahrhundert", ["19. Jahrhundert"]),
        ("in his 30s", "Mitte 30", ["Mitte 30"]),
        ("ranked 190th", "auf Rang 190", ["Rang 190"]),
        ("Louis XIV", "Ludwig der 14.", ["14."]),
        ("vol. II of", "Band 2 von", ["Band 2"]),
        ("p. xii of", "S. xii von", ["S. xii"]),
        ("ch. 2 of", "im 2. Kapitel von", ["2. Kapitel"]),
        ("1s and 0s", "Einsen und Nullen", ["Einsen", "Nullen"]),
        ("24/7 help", "Hilfe rund um die Uhr", ["rund um die Uhr"]),
        ("1.5k of", "1.500 von", ["1.500"]),
    ],
)  # fmt: skip
def test_a_value_is_found_in_any_german_form(english: str, german: str, expected: list[str | None]) -> None:
    assert places(english, german) == expected


@pytest.mark.parametrize(
    ("english", "german", "expected"),
    [
        ("$5 each", "je fünf Dollar", "fünf Dollar"),
        ("13 of them", "dreizehn davon", "dreizehn"),
        ("21 of them", "einundzwanzig davon", "einundzwanzig"),
        ("22 of them", "einundzwanzig davon", None),
        ("305 of them", "dreihundertfünf davon", "dreihundertfünf"),
        ("2019 was", "zweitausendneunzehn war", "zweitausendneunzehn"),
        ("the 20th century", "im zwanzigsten Jahrhundert", "zwanzigsten"),
        ("the 3rd one", "der dritte", "dritte"),
        ("the 90s", "die Neunzigerjahre", "Neunziger"),
        ("3½ hours", "dreieinhalb Stunden", "dreieinhalb"),
        ("1.5 hours", "anderthalb Stunden", "anderthalb"),
        ("¾ of it", "drei Viertel davon", "drei Viertel"),
        ("$1 million now", "eine Million Dollar", "eine Million Dollar"),
        ("100% safe", "eine hundertprozentige", "hundertprozentige"),
        ("a 15-year-old", "ein fünfzehnjähriger", "fünfzehn"),
        ("at 12 a.m. on", "um Mitternacht", "Mitternacht"),
        ("approx. 20 of", "etwa zwanzig von", "etwa zwanzig"),
        ("at 5 p.m. on", "um fünf", "fünf"),
        ("of 15 in", "hundert Meter", None),
    ],
)
def test_numbers_in_words_count_only_on_request(english: str, german: str, expected: str | None) -> None:
    (value,) = find_values(english)
    place = GermanText(german, words=True).take(value)
    assert (place and german[slice(*place)]) == expected
    if expected:
        assert GermanText(german).take(value) is None


@pytest.mark.parametrize("words", ["fünfzehn ", "eine ", "hundert", "und", "ein Viertel ", "zwanzigste "])
def test_words_take_no_quadratic_time(words: str) -> None:
    """Quadratic time would take minutes."""
    text = GermanText(words * 10_000, words=True)
    (value,) = find_values("of 15 in")
    found = sum(text.take(value) is not None for _ in range(10_000))
    assert found == (10_000 if words == "fünfzehn " else 0)


def test_a_place_before_a_different_unit_is_skipped() -> None:
    (value,) = find_values("of 50 in")
    text = GermanText("50 Kilometer oder 50 Meilen")
    assert text.take(value, frozenset({"mi"})) == (18, 20)
    assert text.take(value, frozenset({"mi"})) is None
    assert text.take(value) == (0, 2)


def test_each_place_is_taken_once() -> None:
    assert places("15 and 15", "15 und 16") == ["15", None]
    assert places("15 and 15", "15 und 15") == ["15", "15"]


def test_the_order_may_differ() -> None:
    assert places("£45,000 in 2019", "2019 waren es 45.000 £") == ["45.000 £", "2019"]


def test_doubled_brackets_are_not_a_copy() -> None:
    assert GermanText("am {{date}}} um").take_text("{{date}}") is None
    assert GermanText("am {{date}} um").take_text("{{date}}") == (3, 11)


def test_a_longer_path_is_not_a_match() -> None:
    assert GermanText("siehe /srv/log/heron/heron hier").take_text("/srv/log/heron") is None
    assert GermanText("in /srv/log/ hier").take_text("/srv/log/") == (3, 12)
    assert GermanText("v1.2/v1.3").take_text("v1.2") == (0, 4)


def test_text_inside_a_longer_word_is_not_a_match() -> None:
    text = GermanText("die xml-Datei in XML, xml und axmlb")
    assert text.take_text("XML") == (17, 20)
    assert text.take_text("xml") == (4, 7)
    assert text.take_text("xml") == (22, 25)
    assert text.take_text("xml") is None
