import pytest

from translator.evaluation.quality import LOW_CONFIDENCE, flags, is_copied, repeats
from translator.translate import Hypothesis
from translator.translate.receipt import Check


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
def test_sentences_never_passed_to_the_model_are_flagged(source, expected):
    assert flags(source, Hypothesis(source, 0.0), is_part=False) == expected


def test_a_name_that_the_model_kept_is_not_a_copy():
    assert flags("Rome", Hypothesis("Rome", -0.1, -0.05), is_part=False) == []


def test_flags_report_what_applies():
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


@pytest.mark.parametrize(
    ("kind", "flag"),
    [
        *(
            (kind, "number_mismatch")
            for kind in (
                "small", "number", "year", "decade", "money", "percent", "quantity", "time", "date", "ordinal",
                "label",
            )
        ),
        *(
            (kind, "placeholder_lost")
            for kind in (
                "link", "email", "path", "code", "placeholder", "hash", "identifier", "version", "phone", "account",
                "address", "hashtag", "mention", "option", "sign", "foreign", "private", "emoji",
            )
        ),
        ("tag", "markup_lost"),
        ("entity", "markup_lost"),
        ("term", "term_mismatch"),
        ("formality", "formality_mismatch"),
    ],
)  # fmt: skip
def test_a_lost_span_is_flagged_by_its_kind(kind, flag):
    def flags_of(verdict, target):
        check = Check(kind, verdict, (4, 9), target)
        return flags("Pay 12.34 now.", Hypothesis("Zahle 12,34 sofort.", -1.0, -0.1, checks=(check,)), False)

    assert flags_of("lost", None) == [flag]
    assert flags_of("kept", (6, 11)) == flags_of("converted", (6, 11)) == []


def test_each_flag_occurs_once_and_in_order():
    text = "Zahle 7 \ufffd sofort."
    checks = (
        Check("tag", "lost", (0, 3), None),
        Check("money", "lost", (4, 9), None),
        Check("link", "lost", (10, 13), None),
        Check("number", "extra", None, (6, 7)),
        Check("character", "extra", None, (8, 9)),
    )
    hypothesis = Hypothesis(text, -1.0, -0.1, checks=checks, rung="parts")
    assert flags("Pay 12.34 now.", hypothesis, is_part=False) == [
        "number_mismatch", "placeholder_lost", "markup_lost", "broken_characters", "translated_in_parts",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rung", "expected"),
    [
        ("first", []),
        ("next", []),
        ("forced", []),
        ("parts", ["translated_in_parts"]),
        ("copied", ["copied_source"]),
    ],
)
def test_a_noticeable_repair_is_flagged(rung, expected):
    assert flags("Good day.", Hypothesis("Guten Tag.", -1.0, -0.1, rung=rung), is_part=False) == expected


def kept(text, *spans):
    """The checks of these spans in a copied text."""
    places = [(text.index(span), text.index(span) + len(span)) for span in spans]
    return tuple(Check("link", "kept", place, place) for place in places)


@pytest.mark.parametrize(
    ("source", "spans", "expected"),
    [
        ("https://example.com/the/old/red/house", ["https://example.com/the/old/red/house"], []),
        ("{greeting} {name} — {rest}", ["{greeting}", "{name}", "{rest}"], []),
        ("{greeting} dear {name}", ["{greeting}", "{name}"], ["copied_source"]),
        ("", [], []),
    ],
)
def test_correctly_copied_text_is_not_an_untranslated_source(source, spans, expected):
    hypothesis = Hypothesis(source, 0.0, checks=kept(source, *spans))
    assert flags(source, hypothesis, is_part=False) == expected


def test_text_in_another_script_is_untranslated_even_if_protected():
    source = "的一是不了人我在有他"
    hypothesis = Hypothesis(source, 0.0, checks=(Check("foreign", "kept", (0, 10), (0, 10)),))
    assert flags(source, hypothesis, is_part=False) == ["copied_source"]


def test_words_of_a_link_are_not_copied_words():
    link = "https://example.com/the/old/red/house"
    source, german = f"See {link} today.", f"Siehe heute {link}."
    lost = Hypothesis(german, -1.0, -0.1)
    assert flags(source, lost, is_part=False) == ["copied_source"]  # unless it is known to be a link
    checks = (Check("link", "kept", (4, 4 + len(link)), (12, 12 + len(link))),)
    assert flags(source, Hypothesis(german, -1.0, -0.1, checks=checks), is_part=False) == []
    source, copy = f"Look at the old house: {link}", f"Look at the old house: {link}"
    checks = (Check("link", "kept", (23, 23 + len(link)), (23, 23 + len(link))),)
    assert flags(source, Hypothesis(copy, -1.0, -0.1, checks=checks), is_part=False) == ["copied_source"]


def test_converted_numbers_do_not_make_copied_words_a_translation():
    source, copy = "thesewordsrun1,299together", "thesewordsrun1.299together"
    checks = (Check("number", "converted", (13, 18), (13, 18)),)
    assert flags(source, Hypothesis(copy, 0.0, checks=checks), is_part=False) == ["copied_source"]
    checks = (Check("date", "converted", (0, 6), (0, 7)),)
    assert flags("May 12", Hypothesis("12. Mai", 0.0, checks=checks), is_part=False) == []


def test_a_sentence_in_another_language_has_no_other_flag() -> None:
    copy = Hypothesis("Wir haben geschlossen.", 0.0)
    assert flags("Wir haben geschlossen.", copy, is_part=False, language="de") == ["not_english"]
