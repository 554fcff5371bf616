"""Values of an English sentence, looked up in a German one."""

import pytest

from translator.text.german import GermanText
from translator.text.values import find_values


def places(english: str, german: str) -> list[str | None]:
    """Where the German has each value of the English, in its order."""
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
    ],
)  # fmt: skip
def test_a_value_is_found_in_any_form_that_a_german_text_has(
    english: str, german: str, expected: list[str | None]
) -> None:
    assert places(english, german) == expected


def test_each_place_is_given_out_once() -> None:
    assert places("15 and 15", "15 und 16") == ["15", None]
    assert places("15 and 15", "15 und 15") == ["15", "15"]


def test_the_order_may_be_another_one() -> None:
    assert places("£45,000 in 2019", "2019 waren es 45.000 £") == ["45.000 £", "2019"]


def test_brackets_that_double_are_no_copy() -> None:
    assert GermanText("am {{date}}} um").take_text("{{date}}") is None
    assert GermanText("am {{date}} um").take_text("{{date}}") == (3, 11)


def test_a_path_that_goes_on_is_another_path() -> None:
    assert GermanText("siehe /srv/log/heron/heron hier").take_text("/srv/log/heron") is None
    assert GermanText("in /srv/log/ hier").take_text("/srv/log/") == (3, 12)
    assert GermanText("v1.2/v1.3").take_text("v1.2") == (0, 4)


def test_letters_stand_alone() -> None:
    text = GermanText("die xml-Datei in XML, xml und axmlb")
    assert text.take_text("XML") == (17, 20)
    assert text.take_text("xml") == (4, 7)
    assert text.take_text("xml") == (22, 25)
    assert text.take_text("xml") is None
