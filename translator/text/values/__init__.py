"""Find values in an English text and convert them to German: numbers, money, quantities, times, dates, ordinals.

The forms follow German typesetting: `$1,299.99` → `1.299,99 $`, `2.5%` → `2,5 %`, `3:30 p.m.` → `15:30 Uhr`,
`May 12, 2025` → `12. Mai 2025`. Ambiguous values, such as `5/12/2025`, stay unchanged.

Reading order: `keys`, `patterns`, `context`, `plain`, `days`, `readers`, `roman`, `words`, `clock_words`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from heapq import merge

from translator.text.values.clock_words import MAY_HOLD_CLOCK, find_clock_in_words
from translator.text.values.context import start_of_minus
from translator.text.values.keys import (
    CURRENCIES,
    CURRENCY_CODES,
    CURRENCY_SIGNS,
    UNITS,
    Value,
    ValueKind,
    date_key,
    time_key,
    unit_key,
)
from translator.text.values.patterns import ANY_VALUE, MAGNITUDES, MAY_HOLD_DIGITS
from translator.text.values.readers import READERS
from translator.text.values.roman import MAY_HOLD_ROMAN, find_roman
from translator.text.values.words import MAY_HOLD_NUMBER, find_numbers_in_words

__all__ = [
    "CURRENCIES",
    "CURRENCY_CODES",
    "CURRENCY_SIGNS",
    "UNITS",
    "Value",
    "ValueKind",
    "date_key",
    "find_values",
    "time_key",
    "unit_key",
]

_ADVERB = re.compile(r"(?<!\w)(?P<adverb>approx|ca|incl|excl)\.[ \u00a0]?\Z", re.IGNORECASE)
_ADVERBS = {"approx": "ca", "ca": "ca", "incl": "inkl", "excl": "exkl"}
_LONGEST_ADVERB = 8


def find_values(text: str) -> list[Value]:
    """Return the values of an English text, in order and disjoint."""
    values = list(_read_all(text)) if MAY_HOLD_DIGITS.search(text) else []
    if MAY_HOLD_ROMAN.search(text):
        values = list(merge(values, find_roman(text), key=_start))
    if MAY_HOLD_NUMBER.search(text):
        values = list(merge(values, find_numbers_in_words(text), key=_start))
    if MAY_HOLD_CLOCK.search(text):
        values = list(merge(values, find_clock_in_words(text), key=_start))
    return values


def _start(value: Value) -> int:
    return value.start


def _read_all(text: str) -> Iterator[Value]:
    for match in ANY_VALUE.finditer(text):
        value = READERS[str(match.lastgroup)](match, text)
        if value is not None:
            yield _with_adjacent_words(value, text)


def _with_adjacent_words(value: Value, text: str) -> Value:
    """Include a preceding “minus”, “approx.” or “incl.” in a value; a following “below zero” also makes it negative."""
    start = value.start
    if text[start - 2 : start - 1] in _ENDS_OF_SIGNS and value.kind in _SIGNED and value.key[0] != "-":
        minus_start = start_of_minus(text, start)
        if minus_start is not None:
            kind: ValueKind = "number" if value.kind in ("small", "year") else value.kind
            return replace(
                value, start=minus_start, kind=kind, key=f"-{value.key}", german=f"−{value.german}", also=()
            )
    if "." in text[max(0, start - 2) : start]:
        before = _ADVERB.search(text, max(0, start - _LONGEST_ADVERB), start)
        if before:
            kind = "number" if value.kind == "small" else value.kind
            adverb = _ADVERBS[before["adverb"].lower()]
            german, key = f"{adverb}. {value.german}", f"{adverb} {value.key}"
            return replace(value, start=before.start(), german=german, kind=kind, key=key)
    if value.kind in _SIGNED and _BELOW_ZERO.match(text, value.end):
        return replace(value, also=(*value.also, f"-{value.key}"))
    if value.kind in ("small", "number") and text[value.end : value.end + 1] in (" ", "-"):
        magnitude = _SHARED_MAGNITUDE.match(text, value.end)
        if magnitude and value.key.isdecimal():
            shared = int(value.key) * MAGNITUDES[magnitude["magnitude"].lower()][0]
            return replace(value, also=(*value.also, str(shared)))
    return value


_SHARED_MAGNITUDE = re.compile(
    r"(?:-| (?:to|and|or) \d++(?:\.\d++)?+ )(?P<magnitude>thousand|million|billion|trillion)(?!\w)",
    re.IGNORECASE,
)
"""A magnitude that also belongs to the number before it: “10 to 12 million”, “a 30-million-euro project”."""
_BELOW_ZERO = re.compile(r"[ \u00a0](?:degrees? )?(?:Celsius |Fahrenheit )?below (?:zero|freezing)")
_ENDS_OF_SIGNS = ("s", "S", "e", "E")
"""The last letters of “minus” and “negative”."""
_SIGNED: tuple[ValueKind, ...] = ("small", "number", "year", "money", "percent", "quantity")
