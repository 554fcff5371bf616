"""Numbers in words in both languages, and the sources of the slots for them."""

from collections.abc import Callable
from math import gcd
from random import Random

from lexical_pairs.slots import Forms, Source

_ENGLISH = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_ENGLISH_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ENGLISH_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth"} | {
    "nine": "ninth", "twelve": "twelfth"
}  # fmt: skip
_GERMAN = (
    "null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf",
    "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn",
)  # fmt: skip
_GERMAN_TENS = ("zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
_GERMAN_ORDINALS = {1: "erst", 3: "dritt", 7: "siebt", 8: "acht"}
ENDINGS = ("e", "en", "er", "es")


def english_number(number: int, *, has_and: bool = True, has_article: bool = False) -> str:
    """Write a whole number up to a million in words.

    With `has_and`, it is British: "one hundred and five". With `has_article`, it is "a hundred", not "one hundred".
    """
    if number == 10**6:
        return "a million" if has_article else "one million"
    words = _english(number, has_and=has_and)
    if (
        has_article
        and (number < 2000 or number == 100_000)
        and words.startswith(("one hundred", "one thousand"))
    ):
        return "a" + words.removeprefix("one")
    return words


def _english(number: int, *, has_and: bool) -> str:
    if number < 20:
        return _ENGLISH[number]
    if number < 100:
        tens = _ENGLISH_TENS[number // 10 - 2]
        return f"{tens}-{_ENGLISH[number % 10]}" if number % 10 else tens
    size, word = (100, "hundred") if number < 1000 else (1000, "thousand")
    words, rest = f"{_english(number // size, has_and=has_and)} {word}", number % size
    if not rest:
        return words
    link = " and " if has_and and rest < 100 else " "
    return words + link + _english(rest, has_and=has_and)


def german_number(number: int) -> str:
    """Write a whole number up to a million in words. 100 and 1000 are "hundert" and "tausend", without "ein"."""
    if number == 10**6:
        return "eine Million"
    words = _german(number)
    is_one = 100 <= number < 200 or 1000 <= number < 2000 or 100_000 <= number < 200_000
    return words.removeprefix("ein") if is_one else words


def _german(number: int) -> str:
    if number < 20:
        return _GERMAN[number]
    if number < 100:
        ones = f"{_before_more(number % 10)}und" if number % 10 else ""
        return ones + _GERMAN_TENS[number // 10 - 2]
    size, word = (100, "hundert") if number < 1000 else (1000, "tausend")
    return _before_more(number // size) + word + (_german(number % size) if number % size else "")


def _before_more(number: int) -> str:
    """Return a number as part of a longer word: "ein" instead of "eins"."""
    words = _german(number)
    return words.removesuffix("s") if number % 100 == 1 else words


def english_ordinal(number: int) -> str:
    """Write an ordinal in words: "twenty-first"."""
    before, mark, last = english_number(number).rpartition("-" if number < 100 else " ")
    if mark == " " and "-" in last:
        tens, _, ones = last.partition("-")
        before, mark, last = f"{before} {tens}", "-", ones
    last = _ENGLISH_ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return before + mark + last


def german_ordinal(number: int) -> str:
    """Write the stem of an ordinal in words, without its ending: "zweit"."""
    below = number % 100
    if below in _GERMAN_ORDINALS:
        before = german_number(number - below) if number > below else ""
        return before + _GERMAN_ORDINALS[below]
    return german_number(number) + ("t" if 0 < below < 20 else "st")


def ordinal_figure(number: int) -> str:
    """Write an English ordinal in figures: "3rd", "11th"."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def german_figure(number: float) -> str:
    """Write a number in figures with German separators: 1.250, 2,5."""
    return f"{number:,}".translate(str.maketrans(",.", ".,"))


def number_forms(number: int, random: Random) -> Forms:
    """Return a number in words and, as `fig`, in figures."""
    words = english_number(number, has_and=random.random() < 0.7, has_article=random.random() < 0.5)
    return Forms({"": words, "fig": f"{number:,}"}, {"": german_number(number), "fig": german_figure(number)})


def ordinal_forms(number: int) -> Forms:
    """Return an ordinal in words with each German ending (`e`, `en`, …) and, as `fig`, in figures."""
    stem = german_ordinal(number)
    german = {ending: stem + ending for ending in ENDINGS} | {"fig": f"{number}."}
    english = dict.fromkeys(ENDINGS, english_ordinal(number)) | {"": english_ordinal(number)}
    return Forms(english | {"fig": ordinal_figure(number)}, german | {"": stem})


def _number(pick: Callable[[Random], int]) -> Source:
    def forms(random: Random) -> Forms:
        number = pick(random)
        while number % 100 == 1:  # Germans disagree about "hunderteins Hunde"
            number = pick(random)
        return number_forms(number, random)

    return forms


def _hundreds(random: Random) -> int:
    return random.choice((random.randint(100, 999), random.randint(1, 9) * 100, random.randint(100, 199)))


def _thousands(random: Random) -> int:
    return random.choice((
        random.randint(1, 99) * 1000,
        random.randint(1, 9) * 1000,
        random.randint(1, 9) * 1000 + random.randint(1, 9) * 100,
        random.randint(1000, 9999),
        random.choice((random.randint(10, 999) * 1000, random.randint(10_000, 999_999), 100_000)),
    ))  # fmt: skip


def _any(random: Random) -> int:
    return random.choice(
        (random.randint(2, 12), random.randint(13, 99), _hundreds(random), _thousands(random))
    )


def _decimal(random: Random) -> Forms:
    whole, digits = random.choice((0, random.randint(1, 19))), random.choice((1, 1, 2))
    figures = [random.randint(1, 9) for _ in range(digits)]
    english = " ".join([_ENGLISH[whole], "point", *(_ENGLISH[digit] for digit in figures)])
    german = " ".join([_GERMAN[whole], "Komma", *(_GERMAN[digit] for digit in figures)])
    number = float(f"{whole}." + "".join(map(str, figures)))
    return Forms({"": english, "fig": str(number)}, {"": german, "fig": german_figure(number)})


_PARTS = {
    3: ("third", "Drittel"), 4: ("quarter", "Viertel"), 5: ("fifth", "Fünftel"), 6: ("sixth", "Sechstel"),
    7: ("seventh", "Siebtel"), 8: ("eighth", "Achtel"), 10: ("tenth", "Zehntel"),
}  # fmt: skip
_FRACTIONS = tuple(
    (numerator, denominator)
    for denominator, times in ((3, 4), (4, 4), (5, 2), (6, 1), (7, 1), (8, 1), (10, 1))
    for numerator in range(1, denominator)
    if gcd(numerator, denominator) == 1
    for _ in range(times)
)
"""Numerators and denominators. Common fractions are listed several times, to be drawn more often."""


def _fraction(random: Random) -> Forms:
    """Draw a fraction, with the verb in the number that it requires."""
    numerator, denominator = random.choice(_FRACTIONS)
    english, german = _PARTS[denominator]
    if numerator == 1:
        article = random.choice(("a", "one")) if denominator != 8 else random.choice(("an", "one"))
        return Forms(
            {"": f"{article} {english}", "is": "is", "was": "was"},
            {"": f"ein {german}", "dat": f"einem {german}", "is": "ist", "was": "war"},
        )
    in_german = f"{_GERMAN[numerator]} {german}"
    return Forms(
        {"": f"{_ENGLISH[numerator]} {english}s", "is": "are", "was": "were"},
        {"": in_german, "dat": f"{in_german}n", "is": "sind", "was": "waren"},
    )


def _and_a_half(random: Random) -> Forms:
    """Draw a number and a half, for use before a plural noun."""
    number = random.randint(1, 9)
    german = "anderthalb" if number == 1 else f"{_GERMAN[number]}einhalb"
    return Forms({"": f"{_ENGLISH[number]} and a half"}, {"": german})


def _dozens(random: Random) -> Forms:
    """Draw dozens, hundreds or the like, for use before a plural noun in the nominative or accusative."""
    english, german = random.choice((
        ("a dozen", "ein Dutzend"), ("half a dozen", "ein halbes Dutzend"), ("two dozen", "zwei Dutzend"),
        ("three dozen", "drei Dutzend"), ("several dozen", "mehrere Dutzend"), ("dozens of", "Dutzende"),
        ("hundreds of", "Hunderte"), ("thousands of", "Tausende"), ("a few hundred", "ein paar hundert"),
        ("several thousand", "mehrere tausend"), ("a couple of", "ein paar"), ("countless", "unzählige"),
    ))  # fmt: skip
    return Forms({"": english}, {"": german})


def _times(random: Random) -> Forms:
    """Draw a frequency: once, twice, three times."""
    number = random.choice((1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 20, 50, 100))
    words = english_number(number, has_article=random.random() < 0.5)
    english = {1: "once", 2: "twice"}.get(number, f"{words} times")
    return Forms(
        {"": english}, {"": _before_more(number).removeprefix("ein" if number == 100 else " ") + "mal"}
    )


def _multiple(random: Random) -> Forms:
    """Draw a multiple: twice (as long), three times (as long)."""
    number = random.randint(2, 10)
    english = "twice" if number == 2 else f"{_ENGLISH[number]} times"
    return Forms({"": english}, {"": ("doppelt" if number == 2 else f"{_GERMAN[number]}mal")})


SOURCES: dict[str, Source] = {
    "few": _number(lambda random: random.randint(2, 12)),
    "some": _number(lambda random: random.choice((random.randint(2, 12), random.randint(13, 30)))),
    "many": _number(lambda random: random.randint(13, 99)),
    "hundreds": _number(_hundreds),
    "thousands": _number(_thousands),
    "number": _number(_any),
    "plain": lambda random: number_forms(random.choice((random.randint(0, 99), _any(random))), random),
    "digit": lambda random: number_forms(random.randint(0, 9), random),
    "ordinal": lambda random: ordinal_forms(random.choice((*range(1, 13), random.randint(1, 30)))),
    "rank": lambda random: ordinal_forms(random.choice((*range(2, 10), random.randint(2, 100)))),
    "birthday": lambda random: ordinal_forms(random.randint(1, 100)),
    "storey": lambda random: ordinal_forms(random.randint(1, 12)),
    "decimal": _decimal,
    "fraction": _fraction,
    "and_a_half": _and_a_half,
    "dozens": _dozens,
    "times": _times,
    "multiple": _multiple,
}
"""The sources of the slots for numbers."""
