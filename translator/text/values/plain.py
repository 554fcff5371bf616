"""Plain numbers, decimals and ranges as values."""

import re
from collections.abc import Callable

from translator.text.numbers import english_value, german_number
from translator.text.values.context import is_in_code, is_version
from translator.text.values.keys import Value, ValueKind, key_of, signed_key

Reader = Callable[[re.Match[str], str], Value | None]
"""Returns the value of a match in a text; None if it is no value after all."""

_SMALL = range(13)
_MOST_DIGITS = 30
"""Longer numbers do not take the fast path."""


def value_of(
    match: re.Match[str], kind: ValueKind, key: str, german: str, also: tuple[str, ...] = ()
) -> Value:
    """Return the value of a whole match."""
    return Value(match.start(), match.end(), kind, key, german, also)


def plain_value(start: int, end: int, number: str) -> Value:
    """Return the value of a number without sign, unit or decimals."""
    if len(number) > _MOST_DIGITS:
        return Value(start, end, "number", key_of(english_value(number), number), german_number(number))
    if not number.isdecimal():
        return Value(start, end, "number", str(int(number.replace(",", ""))), german_number(number))
    value = int(number)
    is_small = value in _SMALL and number == str(value)
    kind: ValueKind = "small" if is_small else "year" if is_year(number) else "number"
    return Value(start, end, kind, str(value), number)


def range_value(match: re.Match[str], text: str, first: str, dash: str, last: str) -> Value:
    """Return the value of a range of numbers or years; a range of section numbers keeps its points."""
    kind: ValueKind = "year" if is_year(first) and (is_year(last) or len(last) == 2) else "number"
    if is_version(first, text, match.start(), match.end()):
        return value_of(match, "number", match[0], match[0])
    key = f"{signed_key('', first)}-{signed_key('', last)}"
    is_short = max(len(first), len(last)) <= 2 and (first + last).isdecimal()
    # It may be a score, or mean “4 or 5”.
    also = (f"{first}:{last}", f"{first} : {last}", f"{first} oder {last}") if is_short else ()
    return value_of(match, kind, key, german_number(first) + dash + german_number(last), also)


def decimal(match: re.Match[str], text: str, number: str, sign: str = "") -> Value:
    """Return the value of a decimal number; a version or section number, or one in code, keeps its point."""
    if not sign and is_version(number, text, match.start(), match.end()):
        return value_of(match, "number", number, match[0])
    if is_in_code(text, match.start(), match.end()):
        return value_of(match, "number", match[0], match[0])
    return value_of(match, "number", signed_key(sign, number), sign + german_number(number))


def is_year(number: str) -> bool:
    """Whether a number may be a year."""
    return len(number) == 4 and number.isdecimal() and 1000 <= int(number) < 2100
