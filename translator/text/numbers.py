"""Read English and German numbers, and convert English ones to German form."""

import re
from fractions import Fraction

ENGLISH_NUMBER = (
    r"(?:\d{1,3}(?:['’]\d{3})++(?:\.\d++)?+|\d{1,3}(?:[\u00a0\u2009\u202f]\d{3})++(?:\.\d++)?+"
    r"|\d{1,3}(?: 000)++|\d{1,3}(?:,\d{3})++(?:\.\d++)?+|\d{1,2}(?:,\d\d(?=,))++,\d{3}(?:\.\d++)?+"
    r"|\d++(?:\.\d++)?+|\.\d++)(?![\d]|[.,]\d)"
)
"""1,234.56, 1'234.56, 10 000, 1,50,000 (Indian grouping), 1234.56 or .5; not the start of something longer."""
VULGAR = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_VULGAR_FRACTIONS = "1/4 1/2 3/4 1/7 1/9 1/10 1/3 2/3 1/5 2/5 3/5 4/5 1/6 5/6 1/8 3/8 5/8 7/8"
_VULGAR_VALUES = dict(zip(VULGAR, map(Fraction, _VULGAR_FRACTIONS.split()), strict=True))
_MAX_DIGITS = 40
"""Longer runs of digits are not compared by value."""
_GROUPED_BY = {
    mark: re.compile(rf"\d{{1,3}}(?:{separator}\d{{3}})+(?:{decimal}\d+)?")
    for mark, separator, decimal in (
        (".", r"\.", ","),
        (",", ",", r"\."),
        (" ", "[ \u00a0\u2009\u202f'’]", "[.,]"),
    )
}
_SEPARATOR = re.compile("[,'’ \u00a0\u2009\u202f]")
_INDIAN = re.compile(r"\d{1,2}(?:,\d\d)+,\d{3}")
_DECIMAL = re.compile(r"\d+[.,]\d+")


def english_value(number: str) -> Fraction | None:
    """Return the value of a number matched by `ENGLISH_NUMBER`; None if it is too long."""
    return _fraction(_SEPARATOR.sub("", number))


def german_number(number: str) -> str:
    """Return the German form of a number matched by `ENGLISH_NUMBER`: `1,234.56` → `1.234,56`."""
    whole, point, decimals = number.partition(".")
    if _INDIAN.fullmatch(whole):
        whole = f"{int(whole.replace(',', '')):,}"
    return (_SEPARATOR.sub(".", whole) or "0") + ("," if point else "") + decimals


def mixed_value(number: str) -> Fraction | None:
    """Return the value of a number that ends in a vulgar fraction, such as `3½` or `½`."""
    whole = _fraction(number[:-1] or "0")
    return None if whole is None else whole + _VULGAR_VALUES[number[-1]]


def german_values(number: str) -> set[Fraction]:
    """Return the value by the German convention: `1.234` is 1234, `1,234` is less than two; none if malformed.

    If the German convention gives nothing, the English one applies, as for `1,234.56` and `2.5`.
    """
    return _values(number, (".", " ")) or _values(number, (",",))


def possible_values(number: str) -> set[Fraction]:
    """Return the values of a number in a German text by either convention.

    `1.234` is 1234 in German and 1.234 in English; both are returned, so that an unconverted number counts, too.
    """
    return _values(number, (".", " ")) | _values(number, (",",))


def _values(number: str, separators: tuple[str, ...]) -> set[Fraction]:
    """Return the values of a number whose digits are grouped by one of these separators."""
    if number[-1] in _VULGAR_VALUES:
        return _some(mixed_value(number))
    if number.isdecimal():
        return _some(_fraction(number))
    values: set[Fraction] = set()
    for mark in separators:
        if _GROUPED_BY[mark].fullmatch(number):
            kept = "".join(one for one in number if one.isdecimal() or (one in ".," and one != mark))
            values |= _some(_fraction(kept.replace(",", ".")))
    if "," in separators and _INDIAN.fullmatch(number):
        values |= _some(_fraction(number.replace(",", "")))
    decimal = "." if "," in separators else ","
    if decimal in number and _DECIMAL.fullmatch(number):
        values |= _some(_fraction(number.replace(",", ".")))
    return values


def _some(value: Fraction | None) -> set[Fraction]:
    return set() if value is None else {value}


def _fraction(decimal: str) -> Fraction | None:
    return Fraction(decimal) if len(decimal) <= _MAX_DIGITS else None
