"""The grammar of training pairs, compared with hand-written tables and independent parsers."""

import lzma
import re
import runpy
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
calendar_dates = pytest.importorskip("lexical_pairs.calendar_dates")
clock_times = pytest.importorskip("lexical_pairs.clock_times")
drawing = pytest.importorskip("lexical_pairs.drawing")
english = pytest.importorskip("lexical_pairs.english")
german = pytest.importorskip("lexical_pairs.german")
letter_names = pytest.importorskip("lexical_pairs.letter_names")
measures = pytest.importorskip("lexical_pairs.measures")
nouns = pytest.importorskip("lexical_pairs.nouns")
number_words = pytest.importorskip("lexical_pairs.number_words")
places = pytest.importorskip("lexical_pairs.places")
slots = pytest.importorskip("lexical_pairs.slots")
sources = pytest.importorskip("lexical_pairs.sources").SOURCES
verbs = pytest.importorskip("lexical_pairs.verbs")
word_lists = pytest.importorskip("lexical_pairs.word_lists")

COUNT = 3000


@pytest.fixture(scope="module")
def generated():
    return drawing.generate(COUNT, seed=3)


def filled(frame_english, frame_german, **drawn):
    return slots.render(slots.Frame("test", frame_english, frame_german), drawn)


# ------------------------------------------------------------------------------------------------------ numbers

GERMAN_PARTS = {
    "ein": 1, "eins": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9,
    "zehn": 10, "elf": 11, "zwölf": 12, "sechzehn": 16, "siebzehn": 17, "zwanzig": 20, "dreißig": 30, "vierzig": 40,
    "fünfzig": 50, "sechzig": 60, "siebzig": 70, "achtzig": 80, "neunzig": 90, "null": 0,
}  # fmt: skip
GERMAN_PARTS |= {
    word + "zehn": value + 10 for word, value in list(GERMAN_PARTS.items()) if value in (3, 4, 5, 8, 9)
}


def read_german(word):
    """The value of a German number word, split at "tausend", "hundert" and "und"."""
    for mark, size in (("tausend", 1000), ("hundert", 100)):
        before, found, after = word.partition(mark)
        if found:
            return (read_german(before) if before else 1) * size + (read_german(after) if after else 0)
    if word in GERMAN_PARTS:
        return GERMAN_PARTS[word]
    ones, found, tens = word.partition("und")
    assert found, word
    return GERMAN_PARTS[ones] + GERMAN_PARTS[tens]


ENGLISH_PARTS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
ENGLISH_PARTS |= {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}


def read_english(words):
    total = part = 0
    for word in re.split(r"[ -]", words):
        if word == "thousand":
            total, part = total + part * 1000, 0
        elif word == "hundred":
            part *= 100
        elif word == "a":
            part = 1
        elif word != "and":
            part += ENGLISH_PARTS[word]
    return total + part


def test_number_words_read_back_as_the_same_number():
    random = Random(1)
    for number in [*range(10_000), *(random.randrange(10_000, 1_000_000) for _ in range(2000))]:
        assert read_german(number_words.german_number(number)) == number
        has_and, has_article = number % 2 == 0, number % 3 == 0
        words = number_words.english_number(number, has_and=has_and, has_article=has_article)
        assert read_english(words) == number


@pytest.mark.parametrize(
    ("number", "words", "german_words"),
    [
        (1, "one", "eins"),
        (17, "seventeen", "siebzehn"),
        (21, "twenty-one", "einundzwanzig"),
        (66, "sixty-six", "sechsundsechzig"),
        (77, "seventy-seven", "siebenundsiebzig"),
        (100, "one hundred", "hundert"),
        (105, "one hundred and five", "hundertfünf"),
        (116, "one hundred and sixteen", "hundertsechzehn"),
        (530, "five hundred and thirty", "fünfhundertdreißig"),
        (1000, "one thousand", "tausend"),
        (1100, "one thousand one hundred", "tausendeinhundert"),
        (2000, "two thousand", "zweitausend"),
        (21_000, "twenty-one thousand", "einundzwanzigtausend"),
        (100_000, "one hundred thousand", "hunderttausend"),
        (1_000_000, "one million", "eine Million"),
    ],
)
def test_number_words_by_hand(number, words, german_words):
    assert number_words.english_number(number) == words
    assert number_words.german_number(number) == german_words


def test_a_hundred_with_an_article_and_without_and():
    assert number_words.english_number(105, has_article=True) == "a hundred and five"
    assert number_words.english_number(105, has_and=False) == "one hundred five"
    assert number_words.english_number(200, has_article=True) == "two hundred"


@pytest.mark.parametrize(
    ("number", "words", "stem"),
    [
        (1, "first", "erst"),
        (2, "second", "zweit"),
        (3, "third", "dritt"),
        (5, "fifth", "fünft"),
        (7, "seventh", "siebt"),
        (8, "eighth", "acht"),
        (9, "ninth", "neunt"),
        (12, "twelfth", "zwölft"),
        (19, "nineteenth", "neunzehnt"),
        (20, "twentieth", "zwanzigst"),
        (31, "thirty-first", "einunddreißigst"),
        (43, "forty-third", "dreiundvierzigst"),
        (100, "one hundredth", "hundertst"),
        (103, "one hundred and third", "hundertdritt"),
        (112, "one hundred and twelfth", "hundertzwölft"),
    ],
)
def test_ordinals(number, words, stem):
    assert number_words.english_ordinal(number) == words
    assert number_words.german_ordinal(number) == stem


@pytest.mark.parametrize(
    ("number", "figure"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (13, "13th"), (21, "21st"), (112, "112th")],
)
def test_ordinals_in_figures(number, figure):
    assert number_words.ordinal_figure(number) == figure


# ------------------------------------------------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("hour", "minute", "words", "german_words"),
    [
        (1, 0, "one o'clock", "ein Uhr"),
        (3, 0, "three o'clock", "drei Uhr"),
        (3, 5, "five past three", "fünf nach drei"),
        (3, 10, "ten past three", "zehn nach drei"),
        (3, 15, "a quarter past three", "Viertel nach drei"),
        (3, 20, "twenty past three", "zwanzig nach drei"),
        (5, 25, "twenty-five past five", "fünf vor halb sechs"),
        (3, 30, "half past three", "halb vier"),
        (12, 30, "half past twelve", "halb eins"),
        (5, 35, "twenty-five to six", "fünf nach halb sechs"),
        (3, 40, "twenty to four", "zwanzig vor vier"),
        (12, 45, "a quarter to one", "Viertel vor eins"),
        (3, 50, "ten to four", "zehn vor vier"),
        (11, 55, "five to twelve", "fünf vor zwölf"),
    ],
)
def test_clock_times(hour, minute, words, german_words):
    assert clock_times.english_time(hour, minute) == words
    assert clock_times.german_time(hour, minute) == german_words


def test_times_with_am_and_pm_are_those_of_24_hours():
    random, seen = Random(2), {}
    for _ in range(3000):
        forms = sources["clock"](random)
        seen[forms.english[""]] = forms.german[""]
    assert seen["12:30 a.m."] == "0:30 Uhr"
    assert seen["12 p.m."] == "12 Uhr"
    assert seen["9 a.m."] == "9 Uhr"
    assert seen["3:30 pm"] == "15:30 Uhr"


@pytest.mark.parametrize(
    ("style", "words", "on", "subject"),
    [
        ("words", "the third of May", "am dritten Mai", "der dritte Mai"),
        ("3 May", "3 May", "am 3. Mai", "der 3. Mai"),
        ("May 3", "May 3", "am 3. Mai", "der 3. Mai"),
        ("the 3rd of May", "the 3rd of May", "am 3. Mai", "der 3. Mai"),
        ("May 3rd", "May 3rd", "am 3. Mai", "der 3. Mai"),
    ],
)
def test_dates(style, words, on, subject):
    forms = calendar_dates.date_forms(3, "May", style)
    assert (forms.english["on"], forms.german["on"]) == (f"on {words}", on)
    assert (forms.english["the"], forms.german["the"]) == (words, subject)


def test_american_english_has_a_comma_before_the_year():
    assert calendar_dates.date_forms(3, "May", "May 3", "2024").english[""] == "May 3, 2024"
    assert calendar_dates.date_forms(3, "May", "3 May", "2024").german["of"] == "vom 3. Mai 2024"


# ---------------------------------------------------------------------------------------------------- measures


@pytest.mark.parametrize(
    ("unit", "number", "style", "words", "accusative", "dative"),
    [
        ("cup", 1, "words", "a cup", "eine Tasse", "einer Tasse"),
        ("ounce", 1, "words", "an ounce", "eine Unze", "einer Unze"),
        ("teaspoon", 0.5, "words", "half a teaspoon", "einen halben Teelöffel", "einem halben Teelöffel"),
        ("pound", 0.5, "words", "half a pound", "ein halbes Pfund", "einem halben Pfund"),
        ("litre", 1.5, "words", "one and a half litres", "anderthalb Liter", "anderthalb Litern"),
        ("cup", 2.5, "words", "two and a half cups", "zweieinhalb Tassen", "zweieinhalb Tassen"),
        ("foot", 6, "words", "six feet", "sechs Fuß", "sechs Fuß"),
        ("inch", 12, "figures", "12 inches", "12 Zoll", "12 Zoll"),
        ("mile", 1200, "figures", "1,200 miles", "1.200 Meilen", "1.200 Meilen"),
        ("metre", 2.5, "figures", "2.5 metres", "2,5 Meter", "2,5 Metern"),
        ("Danish krone", 5, "words", "five Danish kroner", "fünf dänische Kronen", "fünf dänischen Kronen"),
    ],
)
def test_quantities(unit, number, style, words, accusative, dative):
    forms = measures.quantity(measures.UNITS[unit], number, style)
    assert forms.english[""] == words
    assert (forms.german[""], forms.german["dat"]) == (accusative, dative)


# ------------------------------------------------------------------------------------------------------ places


@pytest.mark.parametrize(
    ("country", "where", "whither", "whence", "of"),
    [
        ("Switzerland", "in der Schweiz", "in die Schweiz", "aus der Schweiz", "der Schweiz"),
        ("Turkey", "in der Türkei", "in die Türkei", "aus der Türkei", "der Türkei"),
        ("Ukraine", "in der Ukraine", "in die Ukraine", "aus der Ukraine", "der Ukraine"),
        (
            "the Netherlands",
            "in den Niederlanden",
            "in die Niederlande",
            "aus den Niederlanden",
            "der Niederlande",
        ),
        ("the USA", "in den USA", "in die USA", "aus den USA", "der USA"),
        ("Iran", "im Iran", "in den Iran", "aus dem Iran", "des Iran"),
        ("France", "in Frankreich", "nach Frankreich", "aus Frankreich", "von Frankreich"),
        ("Cuba", "auf Kuba", "nach Kuba", "aus Kuba", "von Kuba"),
        (
            "the United Kingdom",
            "im Vereinigten Königreich",
            "ins Vereinigte Königreich",
            "aus dem Vereinigten Königreich",
            "des Vereinigten Königreichs",
        ),
        (
            "the United States",
            "in den Vereinigten Staaten",
            "in die Vereinigten Staaten",
            "aus den Vereinigten Staaten",
            "der Vereinigten Staaten",
        ),
        ("the Maldives", "auf den Malediven", "auf die Malediven", "von den Malediven", "der Malediven"),
    ],
)
def test_countries_have_their_prepositions_and_articles(country, where, whither, whence, of):
    forms = places.country_forms(country, *places.COUNTRIES[country]).german
    assert [forms[key] for key in ("in", "to", "from", "of")] == [where, whither, whence, of]


def test_names_of_countries_and_languages_are_those_of_cldr():
    babel = pytest.importorskip("babel")
    cldr_english, cldr_german = babel.Locale("en"), babel.Locale("de")
    for name, german_name, _, code in word_lists.rows("countries.txt"):
        if code not in ("-", "TR"):  # CLDR has Türkiye, at Turkey's wish
            assert cldr_english.territories[code] == name.removeprefix("the ")
            assert cldr_german.territories[code] == german_name
    codes = {name: code for code, name in cldr_english.languages.items()}
    for name, german_name in places.LANGUAGES.items():
        assert cldr_german.languages[codes[name]] == german_name


# ------------------------------------------------------------------------------------------- nouns, adjectives

ENDINGS = """
der  alter Hund    alte Katze    altes Pferd    alte Hunde
acc  alten Hund    alte Katze    altes Pferd    alte Hunde
dat  altem Hund    alter Katze   altem Pferd    alten Hunden
der  der alte Hund      die alte Katze       das alte Pferd      die alten Hunde
den  den alten Hund     die alte Katze       das alte Pferd      die alten Hunde
dem  dem alten Hund     der alten Katze      dem alten Pferd     den alten Hunden
ein     ein alter Hund         eine alte Katze      ein altes Pferd      –
keinen  keinen alten Hund      keine alte Katze     kein altes Pferd     keine alten Hunde
meinem  meinem alten Hund      meiner alten Katze   meinem alten Pferd   meinen alten Hunden
dieser  dieser alte Hund       diese alte Katze     dieses alte Pferd    diese alten Hunde
"""
PLURALS = {"der": "die", "den": "die", "dem": "den", "keinen": "keine", "meinem": "meinen", "dieser": "diese"}
OLD = german.Adjective("old", "alt", "alt")


def cells():
    for number, line in enumerate(ENDINGS.strip().splitlines()):
        word, *forms = re.split(r"\s{2,}", line)
        word = "" if number == 0 else word
        for english_noun, form in zip(("dog", "cat", "horse"), forms, strict=False):
            yield word, english_noun, False, form
        if forms[3] != "–":
            yield PLURALS.get(word, word), "dog", True, forms[3]


@pytest.mark.parametrize(("word", "noun", "is_plural", "expected"), list(cells()))
def test_endings_of_adjectives(word, noun, is_plural, expected):
    known = {one.english: one for one in nouns.NOUNS["animal"]}
    assert german.noun_phrase(word, OLD, known[noun], is_plural) == expected


def test_weak_nouns_and_pronouns():
    known = {one.english: one for words in nouns.NOUNS.values() for one in words}
    boy, bear, student = known["boy"], known["bear"], known["student"]
    assert german.noun_phrase("den", OLD, known["zucchini"], True) == "den alten Zucchini"
    assert german.noun_phrase("dat", None, known["potato"], True) == "Kartoffeln"
    assert german.noun_phrase("den", OLD, boy, False) == "den alten Jungen"
    assert german.noun_phrase("einem", None, bear, False) == "einem Bären"
    assert german.noun_phrase("den", None, student, False) == "den Studenten"
    assert german.noun_phrase("ihn", None, known["lamp"], False) == "sie"
    assert german.noun_phrase("er", None, known["car"], False) == "es"
    with pytest.raises(ValueError, match="determiner"):
        german.noun_phrase("der die", None, boy, False)


def test_prepositions_contract_with_articles():
    station, church = (
        next(one for one in nouns.NOUNS["place"] if one.english == name) for name in ("station", "church")
    )
    assert filled("to {the place}", "zu {dem place}", place=station)[1] == "zum Bahnhof"
    assert filled("to {the place}", "zu {dem place}", place=church)[1] == "zur Kirche"
    assert filled("In {the place}", "In {dem place}", place=station)[1] == "Im Bahnhof"
    assert filled("on {the place}", "auf {dem place}", place=station)[1] == "auf dem Bahnhof"


def test_every_noun_has_gender_and_plural_and_occurs_once_in_its_class():
    without_plural = {
        "staple",
        "drink",
        "emotion",
        "material",
        "subject",
        "weatherthing",
        "ingredient",
        "liquid",
    }
    without_plural |= {"metal", "eatable", "spread"}
    for name, words in nouns.NOUNS.items():
        assert len({noun.english for noun in words}) == len(words), name
        for noun in words:
            assert noun.gender in "mfn"
            assert noun.german[0].isupper()
            assert noun.adjectives
            assert (noun.german_plural != "") == (name not in without_plural), noun
            assert (noun.english_plural != "") == (noun.german_plural != "")
    assert len({noun.english for words in nouns.NOUNS.values() for noun in words}) >= 600
    assert len({word.english for words in nouns.ADJECTIVES.values() for word in words}) >= 120


def test_a_noun_has_the_same_gender_in_every_class():
    genders = {}
    for words in nouns.NOUNS.values():
        for noun in words:
            genders.setdefault(noun.german, set()).add((noun.gender, noun.german_plural))
    ambiguous = {"Reis", "Kunde"}
    for name, found in genders.items():
        assert len({gender for gender, _ in found}) == 1 or name in ambiguous, (name, found)


def test_adjectives_lose_an_e_before_endings():
    known = {word.english: word for words in nouns.ADJECTIVES.values() for word in words}
    assert known["expensive"].declined("en") == "teuren"
    assert known["dark"].declined("er") == "dunkler"
    assert known["tired"].declined("e") == "müde"


# ------------------------------------------------------------------------------------------------------- verbs


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("open", ("opens", "opened", "opening")),
        ("carry", ("carries", "carried", "carrying")),
        ("wrap", ("wraps", "wrapped", "wrapping")),
        ("plan", ("plans", "planned", "planning")),
        ("bake", ("bakes", "baked", "baking")),
        ("wash", ("washes", "washed", "washing")),
        ("play", ("plays", "played", "playing")),
        ("go", ("goes", None, "going")),
        ("swim", ("swims", None, "swimming")),
        ("mow", ("mows", "mowed", "mowing")),
    ],
)
def test_english_verbs(base, expected):
    third, past, progressive = expected
    assert english.third_person(base) == third
    assert past is None or english.past(base) == past
    assert english.progressive(base) == progressive


def test_a_and_an():
    for word in (
        "apple",
        "hour",
        "old man",
        "eight-page letter",
        "umbrella",
        "island",
        "aubergine",
        "aunt",
        "ugly one",
    ):
        assert english.with_article(word) == f"an {word}"
    for word in ("useful tool", "university", "European", "one-way ticket", "year"):
        assert english.with_article(word) == f"a {word}"


def verb(base, tail):
    return next(one for one in verbs.VERBS if one.base == base and tail in one.tail)


def test_separable_verbs_split_and_take_zu_inside():
    forms = verbs.verb_forms(verb("take out", "rubbish"), sources, Random(1))
    assert forms.english["past"] == "took out the rubbish"
    german_forms = ("pl", "pre", "inf", "zu", "part", "last", "hat", "neg")
    assert [forms.german[key] for key in german_forms] == [
        "bringen", "hinaus", "hinausbringen", "hinauszubringen", "hinausgebracht", "hinausbringt", "hat",
        "den Müll nicht",
    ]  # fmt: skip


def test_verbs_of_motion_take_sein_and_nicht_before_the_goal():
    forms = verbs.verb_forms(verb("go", "home"), sources, Random(1))
    assert [forms.german[key] for key in ("hat", "haben", "habe", "neg", "zu", "ich")] == [
        "ist", "sind", "bin", "nicht nach Hause", "zu gehen", "gehe",
    ]  # fmt: skip


def test_nouns_without_a_definite_article_are_negated_with_kein():
    forms = verbs.verb_forms(verb("bake", "a cake"), sources, Random(1))
    assert forms.german["neg"] == "keinen Kuchen"
    negated = {
        verbs.verb_forms(verb("drink", "{drink}"), sources, Random(seed)).german["neg"].split()[0]
        for seed in range(30)
    }
    assert negated == {"keinen", "keine", "kein"}


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("feed", "füttere"),
        ("stroke", "streichle"),
        ("collect", "sammle"),
        ("dry", "trockne"),
        ("water", "gieße"),
    ],
)
def test_german_verbs_after_ich(base, expected):
    assert verb(base, "").first == expected


def test_there_are_enough_verbs():
    assert len({(one.base, one.infinitive) for one in verbs.VERBS}) >= 120
    assert len(verbs.VERBS) >= 150


# ----------------------------------------------------------------------------------------------------- letters


def test_openings_of_letters():
    seen, random = {}, Random(4)
    for name in ("titled", "mister", "first", "couple", "doctor"):
        for _ in range(400):
            forms = sources[name](random)
            seen[forms.english["dear"]] = forms.german["dear"]
    for opening, expected in seen.items():
        title, last = opening.split()[1], opening.split()[-1]
        if opening.startswith("Dear Mr and Mrs"):
            assert expected == f"Sehr geehrte Frau {last}, sehr geehrter Herr {last}"
        elif title.rstrip(".") in ("Ms", "Mrs", "Miss"):
            assert expected.startswith("Sehr geehrte Frau ")
            assert expected.endswith(last)
        elif title.rstrip(".") == "Mr":
            assert expected.startswith("Sehr geehrter Herr ")
        elif title in letter_names.WOMEN:
            assert expected == f"Liebe {title}"
        elif title in letter_names.MEN:
            assert expected == f"Lieber {title}"
        else:
            assert title.rstrip(".") in ("Dr", "Professor", "Prof")
    assert not set(letter_names.WOMEN) & set(letter_names.MEN)


# ------------------------------------------------------------------------------------------------ frames, pairs


def test_every_slot_of_every_frame_can_be_filled():
    random = Random(5)
    for frame in drawing.FRAMES:
        for _ in range(3 if frame.labels else 1):
            slots.fill(frame, sources, random)


def test_there_are_many_frames_without_duplicates():
    assert len({frame.english for frame in drawing.FRAMES}) == len(drawing.FRAMES)
    topics = Counter(frame.topic for frame in drawing.FRAMES)
    assert set(topics) == set(drawing.WEIGHTS)
    assert min(topics.values()) >= 30


def test_both_sides_of_a_frame_have_the_same_slots():
    for frame in drawing.FRAMES:
        sides = [
            {label for part in side if isinstance(part, slots.Slot) for label in part.labels}
            for side in frame.parts
        ]
        assert sides[0] == sides[1], frame


def test_both_sides_of_a_frame_end_with_the_same_punctuation():
    for frame in drawing.FRAMES:
        marks = [re.sub(r"\{.*?\}|[^.?!]", "", text)[-1:] for text in (frame.english, frame.german)]
        assert marks[0] == marks[1] or frame.topic in ("idioms", "letters_fixed"), frame


def test_pairs_are_reproducible_and_distinct(generated):
    assert [(one.english, one.german) for one in generated] == [
        (one.english, one.german) for one in drawing.generate(COUNT, seed=3)
    ]
    assert generated != drawing.generate(COUNT, seed=4)
    assert len({one.english.lower() for one in generated}) == COUNT


def test_no_frame_has_more_than_its_share(generated):
    used = Counter(one.frame for one in generated)
    assert max(used.values()) <= COUNT * drawing.MAX_FRAME_SHARE
    assert {one.frame.topic for one in generated} == set(drawing.WEIGHTS)


def test_sentences_of_development_and_test_sets_are_left_out(generated):
    excluded = {drawing.words_of(one.english) for one in generated[:500]}
    pairs = drawing.generate(COUNT, seed=3, excluded=excluded)
    assert len(pairs) == COUNT
    assert not excluded & {drawing.words_of(one.english) for one in pairs}
    assert drawing.words_of("“Don’t go!” he said.") == "dont go he said"


def test_drawing_ends_when_all_frames_are_used_up():
    few = [frame for frame in drawing.FRAMES if frame.topic == "letters_fixed"]
    pairs = drawing.generate(1000, seed=1, frames=few)
    assert len(pairs) == len(few)


def test_pairs_are_clean(generated):
    for one in generated:
        for text in (one.english, one.german):
            assert not re.search(r"[{}|~^_¦\t]|  | [.,!?]|\.\.", text), one
            assert text == text.strip()
        assert not one.english[0].islower() or not one.frame.is_sentence(), one
        assert not one.frame.is_sentence() or not one.german[0].islower(), one
        assert not re.search(r"\b[Aa] [aeio](?!ne)\w", one.english.replace("a European", "")), one
        assert not re.search(r"(?i)\b(?:in|an|zu|von|bei) dem \w+$", one.german), one
        assert "'" not in one.german.replace("O'Brien", "")


TENS = "|".join(word for word in ENGLISH_PARTS if word.endswith("ty"))
ONES = "|".join(sorted(ENGLISH_PARTS, key=len, reverse=True))
BELOW_100 = rf"(?:(?:{TENS})(?:-(?:{ONES}))?|{ONES})"
BELOW_1000 = rf"(?:(?:a|{BELOW_100}) hundred(?: (?:and )?{BELOW_100})?|{BELOW_100})"
NUMBER = re.compile(rf"\b(?:(?:a|{BELOW_1000}) thousand(?: (?:and )?{BELOW_1000})?|{BELOW_1000})(?![a-z])")
FIGURE = re.compile(r"\d[\d.,]*\d|\d")
TELLS_TIME = re.compile(r"\{\^?(?:time|half|hour|daytime|clock)")


def figures_of(text):
    """All digits, without separators, which differ between the languages."""
    return Counter(re.sub("[.,]", "", figure) for figure in FIGURE.findall(text))


def test_number_words_and_digits_agree_on_both_sides(generated):
    """The German sentence has each number above one of the English sentence, except in idioms and clock times."""
    counted = 0
    for one in generated:
        if one.frame.topic in ("idioms", "letters_fixed") or TELLS_TIME.search(one.frame.english):
            continue
        target = one.german.lower()
        for words in NUMBER.findall(one.english.lower()):
            value = read_english(words)
            if value >= 2:
                counted += 1
                assert number_words.german_number(value) in target, (one.english, one.german)
        assert figures_of(one.english) == figures_of(one.german), (one.english, one.german)
    assert counted > COUNT / 10


def test_sentences_are_quoted_with_the_marks_of_each_language(generated):
    quoted = [one for one in generated if one.frame.topic == "quoted" and "“" in one.frame.english]
    for one in quoted:
        assert sum(map(one.english.count, ("“", "”", '"'))) == 2
        assert (one.german.count("„"), one.german.count("“"), one.german.count('"')) == (1, 1, 0)
    assert {one.english.count('"') for one in quoted} == {0, 2}


def test_contractions_occur_in_full_without_apostrophe_and_with_a_typographic_one():
    frames = [
        slots.Frame("grammar", f"I can't see {{the {name}}}.", f"Ich kann {{den {name}}} nicht sehen.")
        for name in ("pet", "bird", "tool", "toy", "room")
    ]
    pairs = [one.english for one in drawing.generate(10**4, seed=1, frames=frames)]
    written = {text.split()[1] for text in pairs}
    assert written == {"can't", "can’t", "cant", "cannot"}


def test_the_program_writes_a_corpus(tmp_path, monkeypatch, capsys):
    out, known = tmp_path / "pairs.tsv.xz", tmp_path / "dev.en"
    known.write_text("Its half past three!\n")
    monkeypatch.setattr(
        sys, "argv", ["lexical_pairs", str(out), "--count", "200", "--seed", "7", "--without", str(known)]
    )
    monkeypatch.setattr(sys, "path", list(sys.path))
    runpy.run_path(str(BENCHMARKS / "lexical_pairs"), run_name="__main__")
    lines = lzma.decompress(out.read_bytes()).decode().splitlines()
    assert lines == [f"{one.english}\t{one.german}" for one in drawing.generate(200, seed=7)]
    assert re.search(r"^total +200 pairs$", capsys.readouterr().out, re.MULTILINE)
