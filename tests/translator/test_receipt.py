"""The check of a translation, and the ladder of repairs."""

import pytest

from translator.text.protected import find_protected
from translator.translate.receipt import Check, check


def check_of(source: str, translation: str) -> tuple[Check, ...]:
    return check(source, 0, find_protected(source), translation)


def verdicts(source: str, translation: str) -> list[tuple[str, str, str | None, str | None]]:
    """Kind, verdict, and the letters on both sides."""
    return [
        (
            one.kind,
            one.verdict,
            one.source and source[slice(*one.source)],
            one.target and translation[slice(*one.target)],
        )
        for one in check_of(source, translation)
    ]


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("He earned £45,000 in 2019.", "Er verdiente 2019 45.000 £."),
        ("It costs $5.", "Es kostet 5 Dollar."),
        ("I have 2 cats and 3 dogs.", "Ich habe zwei Katzen und drei Hunde."),
        ("I have 1 cat.", "Ich habe eine Katze."),
        ("Take 12 eggs.", "Nehmen Sie ein Dutzend Eier, also zwölf."),
        ("Both of the 2 doors", "Beide Türen"),
        ("He was there from 2019 to 2023.", "Er war dort von 2019 bis 2023."),
        ("Prices fell by 10 to 20%.", "Die Preise fielen um 10 bis 20 %."),
        ("From 8 to 10 a.m. we rest.", "Von 8 bis 10 Uhr ruhen wir."),
        ("A <b>red <i>owl</i></b>", "Eine <b>rote <i>Eule</i></b>"),
        ("<0>One</0> and <1>two</1>", "<0>Eins</0> und <1>zwei</1>"),
        ("She is seventeen.", "Sie ist 17."),
        ("It has twenty-one rooms and three hundred and five doors.", "Es hat 21 Räume und 305 Türen."),
        ("We meet at half past three.", "Wir treffen uns um 15:30 Uhr."),
        ("Open `a_b` now.", "Öffnen Sie jetzt `a_b`."),
        ("A <b>red</b> <i></i>owl", "Eine <b>rote</b> <i></i>Eule"),
        ("It has two thousand and twenty rooms.", "Es hat 2020 Zimmer."),
        ("Hello {name}!", "Hallo, {name}!"),
        ("No numbers here.", "Hier sind keine Zahlen."),
    ],
)
def test_what_comes_through_passes(source: str, translation: str) -> None:
    assert not [one for one in check_of(source, translation) if one.is_fault]


@pytest.mark.parametrize(
    ("source", "translation", "faults"),
    [
        ("It costs €50.", "150", [("money", "lost", "€50", None), ("number", "extra", None, "150")]),
        ("Room 2222.", "Raum 22222.", [("number", "lost", "2222", None), ("number", "extra", None, "22222")]),
        ("I have 7 cats.", "Ich habe Katzen.", [("small", "lost", "7", None)]),
        ("Page 15.", "Seite 15 und 15.", [("number", "extra", None, "15")]),
        ("Hello {name}!", "Hallo!", [("placeholder", "lost", "{name}", None)]),
        ("{a} and {a}", "{a} und", [("placeholder", "lost", "{a}", None)]),
        ("It is −5 °C.", "Es hat →5 \ufffdC.", [
            ("quantity", "lost", "−5 °C", None), ("number", "extra", None, "5"),
            ("character", "extra", None, "\ufffd"),
        ]),
        ("at 3:30 p.m. from", "um 19:30 Uhr von", [
            ("time", "lost", "3:30 p.m.", None), ("number", "extra", None, "19"), ("number", "extra", None, "30"),
        ]),
        ("She has a house.", "Sie hat 2 Häuser.", [("number", "extra", None, "2")]),
        ("I left, and he left.", "Ich ging, und er ging um 00 Uhr.", [("number", "extra", None, "00")]),
        ("Click <0>here</0> now.", "Hier klicken</0><0>.", [("tag", "misplaced", "</0>", "</0>")]),
        ("<i>An</i> <i>owl</i>", "<i><i>Eine Eule</i></i>", [("tag", "misplaced", "</i>", "</i>")]),
        ("A <b>big <i>red</i> owl</b>", "Eine <b>große <i>rote</b> Eule</i>", [("tag", "misplaced", "</i>", "</i>")]),
        ("Press <kbd><b>a</b></kbd>.", "Drücke a <kbd><b></b></kbd>.", [
            ("tag", "misplaced", "</b>", "</b>"), ("tag", "misplaced", "</kbd>", "</kbd>"),
        ]),
        ("Open {x}.", "Öffne {x}{x} auf https://heron.example.", [
            ("placeholder", "extra", None, "{x}"), ("link", "extra", None, "https://heron.example"),
        ]),
        ("The debt is 1.4 billion.", "Die Schuld ist 1,4 Billionen.", [
            ("number", "lost", "1.4 billion", None), ("number", "extra", None, "1,4"),
        ]),
        ("A <b>red</b> owl", "Eine rote <b></b>Eule", [("tag", "misplaced", "</b>", "</b>")]),
        ("A <b>red</b> owl", "Eine </b>rote<b> Eule", [("tag", "misplaced", "</b>", "</b>")]),
    ],
)  # fmt: skip
def test_what_is_lost_or_comes_from_nowhere_is_named(
    source: str, translation: str, faults: list[tuple[str, str, str | None, str | None]]
) -> None:
    assert [
        one for one in verdicts(source, translation) if one[1] in ("lost", "misplaced", "extra")
    ] == faults


@pytest.mark.parametrize(
    ("source", "translation"),
    [("I have 4,887.", "Ich habe 4,887."), ("It is 1.671 m.", "Es sind 1.671 m."), ("¥39,568", "39,568 ¥")],
)
def test_a_number_that_a_german_reads_as_another_one_is_lost(source: str, translation: str) -> None:
    assert [one.verdict for one in check_of(source, translation)] == ["lost", "extra"]
    kept = check(source, 0, find_protected(source), translation, "keep")
    assert not [one for one in kept if one.is_fault]


def test_values_that_are_kept_in_their_english_form_are_found() -> None:
    text = "It costs $1,299.99 at 3:30 p.m. on 12/31/2025, 2.5% of 5km."
    checks = check(text, 0, find_protected(text), text, "keep")
    assert [one.verdict for one in checks] == ["kept"] * 5


def test_kept_and_converted_are_told_apart() -> None:
    assert verdicts("15 of $5 for {x}", "15 von 5 $ für {x}") == [
        ("number", "kept", "15", "15"),
        ("money", "converted", "$5", "5 $"),
        ("placeholder", "kept", "{x}", "{x}"),
    ]


def test_a_broken_character_of_the_source_is_no_fault() -> None:
    assert check_of("a \ufffd b", "a \ufffd b") == ()


def test_places_are_offsets_in_the_sentence() -> None:
    text = "Skip this. Take 15."
    spans = [span for span in find_protected(text) if span.start > 10]
    (one,) = check(text[11:], 11, spans, "Nimm 15.")
    assert (one.source, one.target) == ((5, 7), (5, 7))


@pytest.mark.parametrize("unit", ["%s ", "{a} ", "1% "])
def test_thousands_of_equal_spans_are_found_in_turn(unit: str) -> None:
    """In time that grows with their number: with its square, this would take minutes, with its cube hours."""
    text = unit * 10_000
    checks = check_of(text, text)
    assert [one.target for one in checks] == [one.source for one in checks]
    assert len(checks) == 10_000
