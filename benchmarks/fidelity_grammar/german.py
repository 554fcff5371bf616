"""How German writes numbers: regular expressions for figures, and for numbers in words."""

import re
from dataclasses import dataclass

NUMBER_START = r"(?<!\w)(?<!\d[.,:/])(?<!\s[-−–])(?<!^[-−–])"
"""No digits and no sign before a number."""
NUMBER_END = (
    r"(?!\d)(?![.,:/]\d)(?![⁰¹²³⁴-⁹⁻½⅓⅔¼-¾⅛-⅞])"
    r"(?=[^A-Za-zÄÖÜäöüß]|\Z|(?i:mal|fach|er\b|[a-zäöüß]{2,9}ig))"
)
"""No digits and no letters after it, but "20mal", "20fach", "20er" and "20jährig"."""
NO_UNIT = r"(?! ?(?:[%€$£¥°]|(?i:Uhr|Prozent|Euro|Dollar)\b))"
"""A number with one of these is another value."""
UNIT_END = r"(?![\wäöüß²³])"
MINUS = "(?:[−–-] ?|(?i:minus) )"
RIGHT_MINUS = "(?:[−-]|(?i:minus) )"
PLUS = r"(?:\+ ?|(?i:plus) )"
TO = "(?: ?[-–—−] ?| (?i:bis(?: zu[mr]?)?|und|auf) )"
"""Between the ends of a range, in any form that reads the same."""

_BELOW_20 = (
    "null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf",
    "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn",
)  # fmt: skip
_TENS = ("zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
_OTHER_WORDS = {
    1: "ein(?:e[nmrs]?|zige[nmrs]?)?",
    2: "zwo|zweie[nr]|beide[nmrs]?",
    3: "dreie[nr]",
    12: "Dutzend",
}


@dataclass(frozen=True)
class Figure:
    """A number in figures: regular expressions without boundaries, and an example."""

    kept: str
    right: str
    german: str


def spelled(number: int) -> str:
    """A whole number below a million in words.

    >>> spelled(21_305)
    'einundzwanzigtausenddreihundertfünf'
    """
    if number < 20:
        return _BELOW_20[number]
    if number < 100:
        ones = "" if number % 10 == 0 else f"{_before_more(number % 10)}und"
        return ones + _TENS[number // 10 - 2]
    size, word = (100, "hundert") if number < 1000 else (1000, "tausend")
    rest = spelled(number % size) if number % size else ""
    return _before_more(number // size) + word + rest


def _before_more(number: int) -> str:
    """The word for a number within a longer word: "ein" for "eins"."""
    word = spelled(number)
    return word.removesuffix("s") if number % 100 == 1 else word


def number_words(number: int) -> str:
    """A regular expression for a whole number in words, alone or before "-mal", "-fach", "-jährig" and the like."""
    stem = loosely(spelled(number))
    more = (
        "mal(?:ig)?(?:e[nmrs]?)?|fach(?:e[nmrs]?)?|(?!und|hundert|tausend|zehn)[a-zäöüß]{2,9}ig(?:e[nmrs]?)?"
    )
    compound = f"{loosely(_before_more(number))}(?:{more})"
    others = f"|{_OTHER_WORDS[number]}" if number in _OTHER_WORDS else ""
    return rf"(?i:\b(?:{stem}|{compound}{others})\b)"


def ordinal_words(number: int) -> str:
    """A regular expression for an ordinal in words, up to 99, in all its cases."""
    irregular = {1: "erst", 3: "dritt", 7: "sieb(?:en)?t", 8: "acht"}
    regular = spelled(number) + ("t" if number < 20 else "st")
    return rf"(?i:\b{loosely(irregular.get(number, regular))}e[nmrs]?\b)"


def loosely(words: str) -> str:
    """As it may be written otherwise: "hundert" for "einhundert", "SS" for "ß" in capitals."""
    loose = re.sub("^ein(?=hundert|tausend)", "(?:ein)?", words)
    return loose.replace("hundert", "hundert(?:und)?").replace("ß", "(?:ß|ss)")


def figure(english: str) -> Figure:
    """An unsigned number such as "1,299.99", "2222" or "0.5"."""
    whole, _, decimals = english.partition(".")
    plain = whole.replace(",", "")
    groups = f"{int(plain):,}".split(",")
    german = ".".join(groups) if "," in whole else plain
    kept = "|".join(re.escape(mark.join(groups)) for mark in (".", " ", "'", "’", ""))
    if decimals:
        german = f"{german},{decimals}"
        kept = _with_decimals(english, kept, plain, decimals)
    elif len(groups) > 2:  # it cannot be read as anything else
        kept += f"|{re.escape(whole)}"
    return Figure(f"(?:{kept})", re.escape(german), german)


def _with_decimals(english: str, whole: str, plain: str, decimals: str) -> str:
    """Also without zeros at the end; with a point where it cannot be the mark of a thousand."""
    short = decimals.rstrip("0")
    after = f",{short}0*" if short else "(?:,(?:0+|--?|–|—))?"
    forms = [f"(?:{whole}){after}"]
    if len(decimals) != 3 or plain == "0" or len(plain) > 3:
        forms += [f"{plain}{re.escape('.' + decimals)}", re.escape(english)]
    return "|".join(forms)


def whole_number(number: int, english: str | None = None) -> Figure:
    """A whole number that may also be in words, or in words for the thousands and millions."""
    figures = figure(english or str(number))
    forms = [figures.right]
    if number < 1000 or (number < 1_000_000 and number % 1000 == 0):
        forms.append(number_words(number))
    if number >= 1000 and number % 1000 == 0:
        forms.append(f"{number // 1000} (?i:Tausend)")
    if number >= 1_000_000 and number % 100_000 == 0:
        millions = f"{number / 1_000_000:g}".replace(".", ",")
        forms.append(f"{millions} (?i:Millionen|Mio\\.)")
    right = f"(?:{'|'.join(forms)})"
    return Figure(f"(?:{right}|{figures.kept})", right, figures.german)
