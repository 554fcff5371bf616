"""The grammar of the fidelity benchmark and its judge, on German sentences written by hand, without a model."""

import io
import json
import re
from dataclasses import dataclass
from random import Random

import pytest
from rich.console import Console

from translator.translate import receipt

fidelity = pytest.importorskip("fidelity")
amounts = pytest.importorskip("fidelity_grammar.amounts")
frames = pytest.importorskip("fidelity_grammar.frames")
german = pytest.importorskip("fidelity_grammar.german")
german_frames = pytest.importorskip("fidelity_grammar.german_frames")
items = pytest.importorskip("fidelity_grammar.items")
judge = pytest.importorskip("fidelity_grammar.judge").judge
numbers = pytest.importorskip("fidelity_grammar.numbers")
references = pytest.importorskip("fidelity_grammar.references")
sentences = pytest.importorskip("fidelity_grammar.sentences")
surroundings = pytest.importorskip("fidelity_grammar.surroundings")
times = pytest.importorskip("fidelity_grammar.times")

NUMBER_WORDS = re.compile(
    r"(?i)\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|(?:twen|thir|for|fif|six|"
    r"seven|eigh|nine)ty|hundred|thousand|million|billion|dozen|half|halves|quarter|third|first|second|both|once|"
    r"twice|noon|midnight|pair|couple)\b"
)


@pytest.fixture(scope="module")
def generated():
    return sentences.generate(160, seed=3)


def spec_of(*found, times_each=1):
    """A sentence that has nothing but these items."""
    return sentences.Sentence("", tuple(sentences.Placed(item, ((0, 1),) * times_each) for item in found))


def outcome(item, text):
    return judge(spec_of(item), text).outcomes[0]


# The grammar.


def test_there_are_enough_frames_and_they_have_no_numbers_of_their_own():
    assert len(set(frames.FRAMES)) == len(frames.FRAMES) >= 150
    for frame in frames.FRAMES:
        text = re.sub(r"\{.*?\}", "", frame)
        assert not re.search(r"\d", text), frame
        assert not NUMBER_WORDS.search(text), frame


def test_every_kind_stands_alone_in_some_frames_and_beside_others_in_some():
    for kind in sentences.KINDS:
        makers = {name for name, kinds in sentences.SLOTS.items() if kind in kinds}
        counts = [
            len(slots)
            for frame in frames.FRAMES
            if makers.intersection(slots := re.findall(r"\{(\w+)", frame))
        ]
        assert min(counts) == 1, kind
        assert max(counts) > 1, kind


def test_the_same_seed_makes_the_same_sentences(generated):
    assert [one.text for one in sentences.generate(20, seed=3)] == [one.text for one in generated[:20]]
    assert [one.text for one in sentences.generate(20, seed=4)] != [one.text for one in generated[:20]]


def test_every_kind_is_there_and_a_third_has_several_spans(generated):
    kinds = [placed.item.kind for one in generated for placed in one.spans]
    assert set(kinds) == set(sentences.KINDS)
    assert max(map(kinds.count, sentences.KINDS)) <= 5 * min(map(kinds.count, sentences.KINDS))
    assert 0.2 < sum(len(one.spans) > 1 for one in generated) / len(generated) < 0.5


def test_places_are_those_of_the_sources(generated):
    for one in generated:
        for placed in one.spans:
            for start, end in placed.places:
                there, source = one.text[start:end], placed.item.source
                assert there == source or (placed.item.is_cased and there.lower() == source.lower())


def test_the_ideal_german_of_each_value_is_right(generated):
    """With the German examples in place of the sources, whatever stands around them."""
    for one in generated:
        text = one.text
        places = [(place, placed.item) for placed in one.spans for place in placed.places]
        for (start, end), item in sorted(places, key=lambda found: found[0], reverse=True):
            text = text[:start] + item.german + text[end:]
        found = judge(one, text)
        assert set(found.outcomes) == {"right"}, (one.text, text, found)
        assert found.digits_from_nowhere == ()
        assert found.is_faithful


def test_headlines_and_capitals_leave_what_is_copied_alone():
    frame = "The file {path} is from {day}, see {reference}."
    found = {
        "path@9": items.literal("path", "/etc/a_b.txt"),
        "day@24": times.date_in_words("May 12", 12, 5),
        "reference@35": references.abbreviated("fig.", 3),
    }
    texts = {style: sentences.fill(frame, found, style).text for style in ("usual", "headline", "capitals")}
    assert texts == {
        "usual": "The file /etc/a_b.txt is from May 12, see fig. 3.",
        "headline": "The File /etc/a_b.txt is from May 12, See fig. 3",
        "capitals": "THE FILE /etc/a_b.txt IS FROM MAY 12, SEE FIG. 3.",
    }


def test_a_sentence_has_one_full_stop_and_begins_with_a_capital():
    found = {"time@14": times.time_of_12_hours("9 a.m.")}
    assert sentences.fill("The bus comes {time}.", found).text == "The bus comes 9 a.m."
    assert sentences.fill("The bus comes {time}?", found).text == "The bus comes 9 a.m.?"
    found = {"figure@0": references.abbreviated("fig.", 3)}
    assert sentences.fill("{figure} shows it.", found).text == "Fig. 3 shows it."


def test_slots_with_one_letter_hold_one_item_that_is_wanted_twice():
    item = items.literal("path", "/a/b")
    one = sentences.fill("From {path:a} to {path:a}.", {"path:a": item})
    assert one.text == "From /a/b to /a/b."
    assert one.spans == (sentences.Placed(item, ((5, 9), (13, 17))),)
    assert judge(one, "Von /a/b nach /a/b.").outcomes == ("right",)
    assert judge(one, "Von /a/b.").outcomes == ("lost",)
    assert judge(one, "Von /a/b nach /a/b, /a/b.").outcomes == ("doubled",)


def test_items_of_a_sentence_are_told_apart():
    """No value may be taken for another one, whatever is drawn."""
    for seed in range(30):
        one = sentences.sentence_of("12-hour time", Random(seed))
        for first in one.spans:
            for second in one.spans:
                if first is not second:
                    assert not first.item.kept.search(second.item.source), one.text


# The judge: what is copied.


@pytest.mark.parametrize(
    ("kind", "source", "text", "expected"),
    [
        ("link", "https://example.com/a", "Siehe https://example.com/a.", "right"),
        ("link", "https://example.com/a", "Siehe (https://example.com/a).", "right"),
        ("link", "https://example.com/a", "Siehe https://example.com/ab.", "lost"),
        ("link", "https://example.com/a", "Siehe https://example.com/a.html.", "lost"),
        ("link", "https://example.com/a", "https://example.com/a und https://example.com/a", "doubled"),
        ("email", "tom@example.com", "Schreiben Sie an tom@example.com!", "right"),
        ("email", "tom@example.com", "Schreiben Sie an Tom@example.com!", "lost"),
        ("email", "tom@example.com", "Schreiben Sie an atom@example.com!", "lost"),
        ("email", "tom@example.co", "Schreiben Sie an tom@example.co.uk!", "lost"),
        ("path", "/etc/x.txt", "Die Datei „/etc/x.txt“ fehlt.", "right"),
        ("path", "/etc/x.txt", "Die Datei ./etc/x.txt fehlt.", "lost"),
        ("code", "`a()`", "Rufen Sie `a()` auf.", "right"),
        ("code", "`a()`", "Rufen Sie „a()“ auf.", "lost"),
        ("placeholder", "{name}", "Hallo {name}, willkommen!", "right"),
        ("placeholder", "{name}", "Hallo {{name}}, willkommen!", "lost"),
        ("placeholder", "{name}", "Hallo {Name}, willkommen!", "lost"),
        ("placeholder", ":name", "Hallo :name!", "right"),
        ("entity", "&amp;", "Brot &amp; Butter", "right"),
        ("entity", "&amp;", "Brot und Butter", "lost"),
        ("hash", "#ff8800", "Farbe #ff8800.", "right"),
        ("hash", "#ff8800", "Farbe #ff88001.", "lost"),
        ("identifier", "max_size", "Der max_size-Wert", "right"),
        ("identifier", "max_size", "Der max_size_2-Wert", "lost"),
        ("version", "2.6.0", "Version 2.6.0.", "right"),
        ("version", "2.6.0", "Version 2.6.0.1.", "lost"),
        ("phone", "+49 30 1234567", "Rufen Sie +49 30 1234567 an.", "right"),
        ("phone", "+49 30 1234567", "Rufen Sie +49 30 123567 an.", "lost"),
        ("phone", "+49 30 1234567", "Rufen Sie +49\u00a030\u00a01234567 an.", "lost"),  # letter for letter
        ("order number", "#4711", "Bestellung #4711, danke", "right"),
        ("order number", "#4711", "Bestellung Nr. 4711, danke", "lost"),
        ("emoji", "👍", "Gut 👍!", "right"),
        ("emoji", "👍", "Gut 👍🏽!", "lost"),
        ("emoji", "👍", "Gut 👍👍!", "doubled"),
        ("hashtag", "#Berlin", "Unter #Berlin.", "right"),
        ("hashtag", "#Berlin", "Unter #berlin.", "lost"),
        ("mention", "@tom", "Danke, @tom!", "right"),
        ("mention", "@tom", "Danke, @tomas!", "lost"),
    ],
)
def test_copied_values(kind, source, text, expected):
    assert outcome(items.literal(kind, source), text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Drücken Sie <b>rot</b>.", "right"),
        ("Drücken Sie <b></b>.", "lost"),
        ("Drücken Sie <b>rot.", "lost"),
        ("Drücken Sie </b>rot<b>.", "lost"),
        ("Drücken Sie <b>rot</b> oder <b>rot</b>.", "doubled"),
    ],
)
def test_tag_pairs(text, expected):
    assert outcome(items.tag_pair("b", "", "red"), text) == expected


# The judge: what is converted.


VALUES = {
    "numbers": [
        (numbers.counted(5), "Es gibt 5 Eier.", "right"),
        (numbers.counted(5), "Es gibt fünf Eier.", "right"),
        (numbers.counted(5), "FÜNF EIER", "right"),
        (numbers.counted(5), "Es war fünfmal da.", "right"),
        (numbers.counted(5), "Das fünfte Ei.", "lost"),
        (numbers.counted(5), "Fünfzig oder fünfundzwanzig Eier.", "lost"),
        (numbers.counted(5), "Es gibt 55 Eier.", "lost"),
        (numbers.counted(5), "Es gibt -5 Eier.", "lost"),
        (numbers.counted(5), "Es gibt 5,5 Eier.", "lost"),
        (numbers.counted(5), "Um 5 Uhr.", "lost"),
        (numbers.counted(5), "Fünf Eier, 5 Eier.", "doubled"),
        (numbers.counted(2), "Beide Eier.", "right"),
        (numbers.counted(12), "Ein Dutzend Eier.", "right"),
        (numbers.counted(1), "Eine ungelesene Nachricht in einem Ordner.", "right"),
        (numbers.counted(1), "Keine Nachricht.", "lost"),
        (numbers.counted(20), "Zwanzig Leute.", "right"),
        (numbers.counted(30), "DREISSIG LEUTE", "right"),
        (numbers.counted(20), "Ein 20-seitiger Bericht.", "right"),
        (numbers.counted(1234), "1.234 Leute", "right"),
        (numbers.counted(1234), "1234 Leute", "kept"),
        (numbers.counted(1234), "1\u202f234 Leute", "kept"),
        (numbers.counted(1234), "1,234 Leute", "lost"),
        (numbers.counted(1234), "12.234 Leute", "lost"),
        (numbers.counted(12000), "zwölftausend Leute", "right"),
        (numbers.counted(2345678), "2,345,678 Leute", "kept"),
        (numbers.unmarked("2222"), "Zimmer 2222.", "right"),
        (numbers.unmarked("2222"), "Zimmer 2.222.", "kept"),
        (numbers.unmarked("2222"), "Zimmer 222.", "lost"),
        (numbers.year("1987"), "im Jahr 1987.", "right"),
        (numbers.year("1987"), "im Jahr 1.987.", "lost"),
    ],
    "fractions": [
        (numbers.decimal("3.75"), "3,75 ist gut.", "right"),
        (numbers.decimal("3.75"), "Es ist 3.75.", "kept"),
        (numbers.decimal("3.750"), "Es ist 3.750.", "lost"),  # 3750
        (numbers.decimal("3.750"), "Es ist 3,75.", "kept"),
        (numbers.decimal("0.125"), "Es ist 0.125.", "kept"),
        (numbers.decimal("1,299.5"), "Es ist 1.299,5.", "right"),
        (numbers.decimal("1,299.5"), "Es ist 1,299.5.", "kept"),
        (numbers.decimal("1,299.5"), "Es ist 1.299.5.", "lost"),
        (numbers.signed("−5"), "Es sind −5.", "right"),
        (numbers.signed("−5"), "Es sind -5.", "right"),
        (numbers.signed("−5"), "Es sind minus 5.", "right"),
        (numbers.signed("-5"), "Es sind –5.", "kept"),
        (numbers.signed("−5"), "Es sind 5.", "lost"),
        (numbers.signed("+3.5"), "Es sind +3,5.", "right"),
        (numbers.signed("+3.5"), "Es sind 3,5.", "lost"),
        (numbers.fraction("½"), "Eine halbe Tasse.", "right"),
        (numbers.fraction("½"), "1/2 Tasse.", "right"),
        (numbers.fraction("½"), "0,5 Tassen.", "right"),
        (numbers.fraction("½"), "1 Tasse innerhalb.", "lost"),
        (numbers.fraction("½"), "3½ Tassen.", "lost"),
        (numbers.fraction("3½"), "3½ Tassen.", "right"),
        (numbers.fraction("3½"), "3,5 Tassen.", "right"),
        (numbers.fraction("3½"), "dreieinhalb Tassen.", "right"),
        (numbers.fraction("3 1/2"), "3½ Tassen.", "right"),
        (numbers.fraction("3½"), "½ Tasse.", "lost"),
        (numbers.fraction("¾"), "drei Viertel", "right"),
        (numbers.exponent(-3), "Es ist 10⁻³.", "right"),
        (numbers.exponent(-3), "Es ist 10^-3.", "kept"),
        (numbers.exponent(-3), "Es ist 10³.", "lost"),
        (numbers.exponent(8, "2.5"), "Es ist 2,5 · 10⁸.", "right"),
        (numbers.exponent(8, "2.5"), "Es ist 2.5 × 10⁸.", "kept"),
        (numbers.exponent(8, "2.5"), "Es ist 10⁸.", "lost"),
    ],
    "ordinals and ranges": [
        (numbers.ordinal(1), "im 1. Stock", "right"),
        (numbers.ordinal(1), "im ersten Stock", "right"),
        (numbers.ordinal(1), "im 1st Stock", "kept"),
        (numbers.ordinal(1), "zuerst im Stock", "lost"),
        (numbers.ordinal(21), "das 21. Jahrhundert", "right"),
        (numbers.ordinal(21), "im einundzwanzigsten Jahrhundert", "right"),
        (numbers.ordinal(7), "der siebte", "right"),
        (numbers.ordinal(21), "das 1. Jahrhundert", "lost"),
        (numbers.between(10, 20, "–"), "10–20 Leute", "right"),
        (numbers.between(10, 20, "–"), "10 bis 20 Leute", "right"),
        (numbers.between(10, 20, "–"), "10-20 Leute", "kept"),
        (numbers.between(10, 20, "-"), "10-20 Leute", "right"),
        (numbers.between(10, 20, "–"), "zehn bis zwanzig Leute", "right"),
        (numbers.between(10, 20, "–"), "10 Leute", "lost"),
        (numbers.between(1990, 1995, "–"), "von 1990 bis 1995", "right"),
        (numbers.between(1990, 1995, "–"), "1990-195", "lost"),
        (numbers.decade("1990s"), "in den 1990er Jahren", "right"),
        (numbers.decade("1990s"), "in den 1990ern", "right"),
        (numbers.decade("1990s"), "in den 90er Jahren", "kept"),
        (numbers.decade("1990s"), "in den Neunzigerjahren", "kept"),
        (numbers.decade("1990s"), "in den 1990 Jahren", "lost"),
        (numbers.decade("80s"), "die 1980er", "right"),
    ],
    "amounts": [
        (amounts.money("$", "1,299.99"), "Es kostet 1.299,99 $.", "right"),
        (amounts.money("$", "1,299.99"), "Es kostet 1.299,99 US-Dollar.", "right"),
        (amounts.money("$", "1,299.99"), "Es kostet $1,299.99.", "kept"),
        (amounts.money("$", "1,299.99"), "Es kostet 1299,99$.", "kept"),
        (amounts.money("$", "1,299.99"), "Es kostet 1.299,99 €.", "lost"),
        (amounts.money("$", "1,299.99"), "Es kostet 1.299,99.", "lost"),
        (amounts.money("£", "45,000"), "45.000 Pfund", "right"),
        (amounts.money("£", "45,000"), "£45,000", "lost"),  # 45
        (amounts.money("€", "5"), "fünf Euro", "right"),
        (amounts.money("€", "5"), "5\u00a0€.", "right"),
        (amounts.money("€", "5"), "15 €", "lost"),
        (amounts.money("¥", "900"), "900 Yen", "right"),
        (amounts.money("€", "3.2", " million"), "3,2 Millionen €", "right"),
        (amounts.money("€", "3.2", " million"), "3,2 Mio. Euro", "right"),
        (amounts.money("€", "3.2", " million"), "€ 3,2 Millionen", "kept"),
        (amounts.money("€", "3.2", " million"), "3.200.000 €", "kept"),
        (amounts.money("€", "3.2", " million"), "3,2 Milliarden €", "lost"),
        (amounts.money("$", "2.9", "bn"), "2,9 Mrd. $", "right"),
        (amounts.money_by_code("$", "500", is_before=True), "500 USD", "right"),
        (amounts.money_by_code("$", "500", is_before=True), "USD 500", "kept"),
        (amounts.money_by_code("€", "500", is_before=False), "500 Euro", "right"),
        (amounts.money_by_code("€", "500", is_before=False), "500", "lost"),
        (amounts.percent("2.5"), "2,5 %", "right"),
        (amounts.percent("2.5"), "2,5 Prozent", "right"),
        (amounts.percent("2.5"), "2,5%", "kept"),
        (amounts.percent("2.5"), "2.5 %.", "kept"),
        (amounts.percent("2.5"), "2,5 Prozentpunkte", "lost"),
        (amounts.percent("25"), "2,5 %", "lost"),
        (amounts.quantity("5", "km"), "5 km weit", "right"),
        (amounts.quantity("5", "km"), "5 Kilometer", "right"),
        (amounts.quantity("5", "km"), "fünf Kilometern", "right"),
        (amounts.quantity("5", "km"), "5km", "kept"),
        (amounts.quantity("5", "km"), "5 km²", "lost"),
        (amounts.quantity("5", "km"), "5 m", "lost"),
        (amounts.quantity("12", "m²"), "12 Quadratmeter", "right"),
        (amounts.quantity("12", "m²"), "12 m", "lost"),
        (amounts.quantity("20", "µg"), "20 μg", "right"),  # the Greek letter
        (amounts.quantity("180", "°C"), "180 °C", "right"),
        (amounts.quantity("180", "°C"), "180°C", "kept"),
        (amounts.quantity("−5", "°C"), "-5 °C", "right"),
        (amounts.quantity("−5", "°C"), "5 °C", "lost"),
        (amounts.quantity("3.5", "GB"), "3,5 GB", "right"),
        (amounts.quantity("16", "GB", ""), "16GB", "kept"),
        (amounts.quantity("16", "GB", ""), "16 MB", "lost"),
    ],
    "times": [
        (times.time_of_12_hours("3:30 p.m."), "um 15:30 Uhr", "right"),
        (times.time_of_12_hours("3:30 p.m."), "um 15.30 Uhr", "right"),
        (times.time_of_12_hours("3:30 p.m."), "um 15:30", "kept"),
        (times.time_of_12_hours("3:30 p.m."), "um 15 Uhr 30", "kept"),
        (times.time_of_12_hours("3:30 p.m."), "um 3:30 Uhr nachmittags", "kept"),
        (times.time_of_12_hours("3:30 p.m."), "um 3:30 p.m.", "kept"),
        (times.time_of_12_hours("3:30 p.m."), "um 3:30 Uhr", "lost"),
        (times.time_of_12_hours("9 a.m."), "um 9 Uhr", "right"),
        (times.time_of_12_hours("9 a.m."), "von 9 bis 17 Uhr", "right"),
        (times.time_of_12_hours("9 a.m."), "um 9:00 Uhr", "right"),
        (times.time_of_12_hours("9 a.m."), "um neun Uhr", "kept"),
        (times.time_of_12_hours("9 a.m."), "um 9", "kept"),
        (times.time_of_12_hours("9 a.m."), "9 Eier", "lost"),
        (times.time_of_12_hours("9 a.m."), "um 19 Uhr", "lost"),
        (times.time_of_12_hours("12:15 am"), "um 0:15 Uhr", "right"),
        (times.time_of_12_hours("12:15 am"), "um 00:15 Uhr", "right"),
        (times.time_of_12_hours("12:15 am"), "um 12:15 Uhr", "lost"),
        (times.time_of_12_hours("12:15 PM"), "um 12:15 Uhr", "right"),
        (times.time_of_24_hours("15:30"), "um 15:30.", "right"),
        (times.time_of_24_hours("15:30"), "um 15.30 Uhr.", "right"),
        (times.time_of_24_hours("15:30"), "um 15.30.", "kept"),
        (times.time_of_24_hours("07:05"), "um 7:05 Uhr.", "right"),
        (times.time_of_24_hours("07:05"), "um 17:05 Uhr.", "lost"),
        (times.time_of_24_hours("15:30"), "um 15:30:10", "lost"),
    ],
    "dates": [
        (times.date_in_words("May 12, 2025", 12, 5, "2025"), "am 12. Mai 2025", "right"),
        (times.date_in_words("May 12, 2025", 12, 5, "2025"), "am 12.05.2025", "right"),
        (times.date_in_words("May 12, 2025", 12, 5, "2025"), "am 12 Mai 2025", "kept"),
        (times.date_in_words("May 12, 2025", 12, 5, "2025"), "am Mai 12, 2025", "kept"),
        (times.date_in_words("May 12, 2025", 12, 5, "2025"), "am 12. Mai", "lost"),
        (times.date_in_words("May 12, 2025", 12, 5, "2025"), "am 12. März 2025", "lost"),
        (times.date_in_words("the 12th of May", 12, 5), "der 12. Mai", "right"),
        (times.date_in_words("the 12th of May", 12, 5), "der zwölfte Mai", "kept"),
        (times.date_in_words("May 2", 2, 5), "der 12. Mai", "lost"),
        (times.date_in_words("MAY 12", 12, 5), "AM 12. MAI", "right"),
        (times.month_and_year("May 2025", 5, "2025"), "im Mai 2025", "right"),
        (times.month_and_year("May 2025", 5, "2025"), "im 05/2025", "kept"),
        (times.month_and_year("May 2025", 5, "2025"), "im März 2025", "lost"),
        (times.month_and_year("May 2025", 5, "2025"), "im Mai", "lost"),
        (times.month_and_year("Oct. 2025", 10, "2025"), "im Oktober 2025", "right"),
        (times.month_and_year("Oct. 2025", 10, "2025"), "Okt. 2025", "right"),
        (times.date_in_figures("2025-05-12"), "am 2025-05-12", "right"),
        (times.date_in_figures("2025-05-12"), "am 12.05.2025", "right"),
        (times.date_in_figures("2025-05-12"), "am 5.12.2025", "lost"),
        (times.date_in_figures("2025-05-12"), "am 2025-05-12-12", "lost"),
        (times.date_in_figures("12/31/2025"), "am 31.12.2025", "right"),
        (times.date_in_figures("12/31/2025"), "am 31. Dezember 2025", "right"),
        (times.date_in_figures("12/31/2025"), "am 12/31/2025", "kept"),
        (times.date_in_figures("5/12/2025"), "am 5/12/2025", "right"),
        (times.date_in_figures("5/12/2025"), "am 5.12.2025", "lost"),
        (times.date_in_figures("5/12/2025"), "am 15/12/2025", "lost"),
    ],
    "references": [
        (references.abbreviated("no.", 4711), "Rechnung Nr. 4711", "right"),
        (references.abbreviated("no.", 4711), "Rechnung Nummer 4711", "right"),
        (references.abbreviated("no.", 4711), "Rechnung 4711", "kept"),
        (references.abbreviated("no.", 4711), "Rechnung no. 4711", "kept"),
        (references.abbreviated("no.", 4711), "keine 4711", "lost"),
        (references.abbreviated("no.", 4711), "nein. 4711", "lost"),
        (references.abbreviated("p.", 12), "siehe S. 12", "right"),
        (references.abbreviated("p.", 12), "siehe p. 12", "kept"),
        (references.abbreviated("pp.", 12, 15), "siehe S. 12–15", "right"),
        (references.abbreviated("pp.", 12, 15), "siehe Seiten 12 bis 15", "right"),
        (references.abbreviated("pp.", 12, 15), "siehe S. 12", "lost"),
        (references.abbreviated("fig.", 3), "siehe Abb. 3.", "right"),
        (references.abbreviated("fig.", 3), "siehe Fig. 3.", "kept"),
        (references.abbreviated("ch.", 2), "siehe Kapitel 2", "right"),
        (references.abbreviated("vol.", 4), "siehe Bd. 4", "right"),
        (references.abbreviated("vol.", 4), "siehe frei. 4", "lost"),
        (references.abbreviated("approx.", 5), "ca. 5 Minuten", "right"),
        (references.abbreviated("approx.", 5), "etwa fünf Minuten", "right"),
        (references.abbreviated("approx.", 5), "5 Minuten", "lost"),
        (references.abbreviated("art.", 5), "Artikel 5", "right"),
        (references.abbreviated("art.", 5), "Kunst. 5", "lost"),
        (references.monarch("Louis", 14), "Ludwig XIV. regierte", "right"),
        (references.numeral("Part", 2), "Teil II zeigt es", "right"),
        (references.numeral("Part", 2), "der zweite Teil", "right"),
        (references.numeral("Part", 2), "Teil 2", "kept"),
        (references.numeral("Part", 2), "Teil III", "lost"),
        (references.numeral("Part", 2), "Teil II II", "doubled"),
        (references.numeral("World War", 2), "im Zweiten Weltkrieg", "right"),
        (references.numeral("World War", 2), "im Weltkrieg", "lost"),
        (references.coded("AB-12/3456"), "Rechnung Nr. AB-12/3456", "right"),
        (references.coded("AB-12/3456"), "Rechnung AB-12/3456", "kept"),
        (references.coded("AB-12/3456"), "Rechnung Nr. AB-12/345", "lost"),
        (references.program("iOS", "17.4"), "mit iOS 17.4.", "right"),
        (references.program("iOS", "17.4"), "mit iOS 17,4", "lost"),
        (references.monarch("Louis", 14), "Ludwig XIV regierte", "kept"),
        (references.monarch("Louis", 14), "Ludwig der Vierzehnte", "kept"),
        (references.monarch("Louis", 14), "Ludwig XV. regierte", "lost"),
    ],
}


@pytest.mark.parametrize(
    ("item", "text", "expected"),
    [pytest.param(*case, id=f"{case[0].source} → {case[1]}") for cases in VALUES.values() for case in cases],
)
def test_converted_values(item, text, expected):
    assert outcome(item, text) == expected


def test_numbers_in_words():
    assert [german.spelled(number) for number in (1, 16, 21, 30, 101, 345, 12_000)] == [
        "eins",
        "sechzehn",
        "einundzwanzig",
        "dreißig",
        "einhunderteins",
        "dreihundertfünfundvierzig",
        "zwölftausend",
    ]


# The judge: whole sentences.


def test_digits_that_no_span_explains_are_found():
    one = spec_of(amounts.money("€", "279,000"), numbers.counted(7))
    assert judge(one, "279.000 € für sieben Leute.").digits_from_nowhere == ()
    assert judge(one, "279.000 € für 7 Leute, 18 mehr.").digits_from_nowhere == ("18",)
    # What is kept explains only itself, what is lost explains its digits anywhere.
    assert judge(one, "279.000 € für 7 Leute, Zimmer A279.").digits_from_nowhere == ("279",)
    assert judge(one, "279.000 für 7 Leute.").digits_from_nowhere == ()
    assert judge(one, "1279.000 für 7 Leute.").digits_from_nowhere == ("1279",)


def test_digits_of_what_is_copied_are_no_values():
    one = spec_of(items.literal("link", "https://example.com/7"), numbers.counted(7))
    found = judge(one, "Sieben auf https://example.com/7.")
    assert found.outcomes == ("right", "right")
    assert judge(one, "Etwas auf https://example.com/7.").outcomes == ("right", "lost")


def test_broken_characters_are_found():
    one = spec_of(numbers.counted(7))
    assert judge(one, "7 \ufffd").has_broken_characters
    assert not judge(one, "7 \ufffd").is_faithful
    assert judge(one, "7 Äpfel").is_faithful


# The judge: the words around the spans.


def without_slots(frame):
    return re.sub(r"\{.*?\}", "#", frame)


def test_the_german_of_frames_has_their_slots_and_no_faults():
    assert len(german_frames.GERMAN_FRAMES) >= 50
    for english, translated in german_frames.GERMAN_FRAMES:
        assert english in frames.FRAMES
        assert sorted(re.findall(r"\{.*?\}", english)) == sorted(re.findall(r"\{.*?\}", translated))
        assert surroundings.faults_around(without_slots(english), without_slots(translated)) == (), translated


@pytest.mark.parametrize(
    ("english", "translated", "faults"),
    [
        ("The parcels # and # were lost in the post.", "Die Pakete # und # gingen in der Post verloren.", ()),
        (
            "The parcels # and # were lost in the post.",
            "Die Parcels # und # sind verloren.",
            ("English words",),
        ),
        ("The parcels # and # were lost in the post.", "# und #.", ("missing words",)),
        ("The parcels # and # were lost in the post.", "# / #.", ("only spans",)),
        ("THE PARCELS # WERE LOST", "DIE PARCELS # WAREN VERLOREN", ("English words",)),
        ("Discount: #", "Rabatt: #", ()),
        ("Discount: #", "Rabatt auf den Preis bei einem Kauf von #", ("surplus words",)),
        ("The page was opened # times.", "Die Seite wurde wurde # Mal geöffnet.", ("repeated words",)),
        ("The page was opened # times.", "Seite, Seite und Seite # Mal geöffnet.", ("repeated words",)),
        ("He left at #, at #.", "Er ging um # um #.", ()),
        ("The men who came # times", "Die Männer, die die # Mal kamen", ()),
        ("The hotel in London #", "Das Hotel in London #", ()),
        ("#", "#", ()),
    ],
)
def test_words_around_spans(english, translated, faults):
    assert surroundings.faults_around(english, translated) == faults


def test_sane_lengths_are_those_of_the_german_frames():
    # The German of a frame has up to two words fewer or three more, and frames have about five words.
    assert surroundings.sane_lengths(4) == (2, 7)
    assert surroundings.sane_lengths(1) == (1, 4)
    least, most = surroundings.sane_lengths(15)
    assert 8 <= least <= 10
    assert 23 <= most <= 25


def test_spans_do_not_count_as_words_around():
    one = sentences.fill("Call {phone}.", {"phone@5": items.literal("phone", "555-1")})
    assert judge(one, "555-1 anrufen").faults_around == ()
    assert judge(one, "555-1.").faults_around == ("only spans",)


# The benchmark.


def check(verdict, kind="phone"):
    return receipt.Check(kind, verdict, None, None)


@dataclass
class Part:
    """As a sentence of a product that tells its rung and its checks."""

    start: int
    end: int
    rung: str = "first"
    checks: tuple[receipt.Check, ...] = ()


@dataclass
class Translated:
    text: str
    sentences: tuple[Part, ...]


CALL = sentences.fill("Call {phone}.", {"phone@5": items.literal("phone", "555-1")})


def test_figures_of_sentences_worked_out_by_hand():
    results = fidelity.Results()
    found = {"phone@5": items.literal("phone", "555-1"), "email@16": items.literal("email", "a@b.de")}
    one = sentences.fill("Call {phone} or {email} now.", found)
    assert one.text == "Call 555-1 or a@b.de now."
    said = Part(0, 25, "forced", (check("kept"), check("lost")))
    results.add(one, Translated("Rufen Sie 555-2 oder a@b.de an.", (said,)))
    fine = Part(0, 25, "first", (check("kept"), check("kept")))
    results.add(one, Translated("Rufen Sie 555-1 oder a@b.de an.", (fine,)))
    phone, email = results.kinds["phone"], results.kinds["email"]
    assert (phone.spans, phone.kept, phone.right, phone.lost, phone.doubled, phone.said) == (2, 1, 1, 1, 0, 1)
    assert (email.spans, email.kept, email.said) == (2, 2, 0)
    assert phone.rungs == {"forced": 1, "first": 1}
    totals = results.totals
    assert (totals.sentences, totals.faithful, totals.broken_characters) == (2, 1, 0)
    assert (phone.around, email.around, totals.fine_around) == (2, 2, 2)
    assert (totals.unfaithful_and_said, totals.faithful_but_said) == (1, 0)
    assert totals.digits_from_nowhere == totals.sentences_with_digits_from_nowhere == 1  # the 2 of 555-2
    assert [failure.outcome for failure in results.failures["phone"]] == ["lost"]
    alarmed = Part(0, 25, "first", (check("extra", "number"),))
    results.add(one, Translated("Rufen Sie 555-1 oder a@b.de an.", (alarmed,)))
    assert (totals.faithful, totals.faithful_but_said) == (2, 1)
    assert [failure.outcome for failure in results.failures["said without a failure"]] == ["number extra"]
    results.add(one, Translated("Call 555-1 oder a@b.de an.", (fine,)))
    assert totals.faults_around == {"English words": 1}
    assert (phone.spans, phone.around, totals.fine_around) == (4, 3, 3)
    assert [failure.outcome for failure in results.failures["words around"]] == ["English words"]


def test_the_sentence_of_the_product_is_the_one_in_which_the_span_stands():
    results = fidelity.Results()
    two = sentences.fill("Hi. Call {phone}.", {"phone@9": items.literal("phone", "555-1")})
    results.add(two, Translated("Hallo. Rufen Sie an.", (Part(0, 3, "copied"), Part(4, 15, "parts"))))
    assert results.kinds["phone"].rungs == {"parts": 1}


def test_the_table_the_totals_and_the_figures():
    results = fidelity.Results(seconds=2.0, check_seconds=0.05, changed_verdicts=0)
    results.add(CALL, Translated("Rufen Sie [555-1] an, 7.", (Part(0, 11),)))
    console = Console(width=120, record=True, file=io.StringIO())
    fidelity.show(results, fidelity.Options(show=1), console)
    shown = console.export_text()
    assert "first 1" in shown
    assert "finding and checking take 2.5% of the processor's time: 50.00 of 2000.0 ms a sentence" in shown
    assert "0 of 1 sentences have other verdicts" in shown
    assert re.search(r"phone +│ +1 │ 100.0% │ 100.0% │ +100.0% │", shown)
    assert "Rufen Sie [555-1] an, 7." in shown  # as an example of digits from nowhere, and no markup
    figures = json.loads(fidelity.as_json(results, fidelity.Options()))
    assert figures["kinds"]["phone"]["kept"] == figures["totals"]["digits_from_nowhere"] == 1
