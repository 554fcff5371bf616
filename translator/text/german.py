"""Find the values of an English text in a German one, in any of the usual forms.

A number that was kept in its English form counts as well. Numbers in words do not.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from fractions import Fraction

from translator.text.numbers import VULGAR, possible_values
from translator.text.values import (
    CURRENCY_CODES,
    CURRENCY_SIGNS,
    UNITS,
    Value,
    ValueKind,
    date_key,
    time_key,
    unit_key,
)

Place = tuple[int, int]
ReadNumber = Callable[[str], set[Fraction]]
"""Gives the values that a number may have."""

_BLANK = "[ \u00a0\u2009\u202f]"
_NUMBER = (
    rf"(?:\d{{1,3}}(?:[ \u00a0\u2009\u202f'’]\d{{3}})++(?:[.,]\d++)?+(?![\d])"
    rf"|\d++(?:[.,]\d++)*+[{VULGAR}]?+|[{VULGAR}])"
)
_BEGIN = r"(?<![^\W_])(?<!\d[.,:/])(?<!\s[.,])"
_SIGN = r"(?:(?<![\w)\]%°])[-−–+±])?+"
_DASH = rf"(?:{_BLANK}?[-–—]{_BLANK}?|{_BLANK}bis{_BLANK})"
_MONTHS = """
    Januar Februar März April Mai Juni Juli August September Oktober November Dezember
"""
_MONTH_NUMBERS = {month[:3].casefold(): number for number, month in enumerate(_MONTHS.split(), start=1)} | {
    "jän": 1,
    "mrz": 3,
}
_MONTH = (
    r"(?:Januar|Jänner|Jan\.?|Februar|Feb\.?|März|Mrz\.?|April|Apr\.?|Mai|Juni|Jun\.?|Juli|Jul\.?|August|Aug\.?|"
    r"September|Sept\.?|Sep\.?|Oktober|Okt\.?|November|Nov\.?|Dezember|Dez\.?)"
)
_CURRENCY_WORDS = {
    "US-Dollar": "$", "Dollar": "$", "Euro": "EUR", "Pfund": "GBP", "Yen": "JPY", "Franken": "CHF", "Rubel": "RUB",
    "Rupien": "INR", "Cent": "¢", "Pesos": "MXN", "Kronen": "SEK",
}  # fmt: skip
_UNIT_WORDS = {word.casefold(): unit for word, unit in _CURRENCY_WORDS.items()} | {"prozent": "%"}
_DOLLARS = {"$", "USD", "CAD", "AUD", "NZD", "HKD", "SGD"}
"""May all be written `$`."""
_MAGNITUDES = {
    "Tsd": 10**3, "Tausend": 10**3, "Mio": 10**6, "Million": 10**6, "Millionen": 10**6, "Mrd": 10**9,
    "Milliarde": 10**9, "Milliarden": 10**9, "Bio": 10**12, "Billion": 10**12, "Billionen": 10**12,
}  # fmt: skip
_MAGNITUDE = rf"(?:{_BLANK}(?P<magnitude>{'|'.join(sorted(_MAGNITUDES, key=len, reverse=True))})\b\.?)?"
_CURRENCY = rf"{CURRENCY_SIGNS}|(?:{CURRENCY_CODES}|{'|'.join(_CURRENCY_WORDS)})(?!\w)"
_RANGE = rf"(?P<first>{_NUMBER})(?:{_DASH}(?P<last>{_NUMBER}))?"
_CLOCK = r"(?:[01]?\d|2[0-4])"

_PATTERNS = {
    "number": rf"{_BEGIN}(?P<sign>{_SIGN}){_RANGE}{_MAGNITUDE}",
    "money": rf"{_BEGIN}(?P<sign>{_SIGN}){_RANGE}{_MAGNITUDE}{_BLANK}?(?P<unit>{_CURRENCY})",
    "money_before": rf"(?<!\w)(?P<sign>{_SIGN})(?P<unit>{CURRENCY_SIGNS}|(?:{CURRENCY_CODES}))"
    rf"{_BLANK}?{_RANGE}{_MAGNITUDE}",
    "percent": rf"{_BEGIN}(?P<sign>{_SIGN}){_RANGE}{_BLANK}?(?P<unit>[%‰]|Prozent)(?!\w)",
    "quantity": rf"{_BEGIN}(?P<sign>{_SIGN}){_RANGE}(?:{_BLANK}|-)?(?P<unit>{UNITS}|°|[mglLtshWV])(?![^\W_]|[²³])",
    "time": rf"{_BEGIN}(?P<hour>{_CLOCK})(?:[:.](?P<minutes>[0-5]\d))?(?:{_DASH}(?P<hour2>{_CLOCK})"
    rf"(?:[:.](?P<minutes2>[0-5]\d))?)?(?P<clock>{_BLANK}Uhr(?:{_BLANK}(?P<after>[0-5]\d)(?!\w))?)?(?!\d|:\d|[.,]\d)",
    "date": rf"{_BEGIN}(?P<day>\d{{1,2}})\.(?:(?:[-–]|{_BLANK}bis{_BLANK}(?:zum{_BLANK})?)(?P<until>\d{{1,2}})\.)?"
    rf"{_BLANK}?(?P<month>{_MONTH})(?!\w)(?:{_BLANK}(?P<year>\d{{4}}))?",
    "numeric_date": rf"{_BEGIN}(?P<day>\d{{1,2}})\.{_BLANK}?(?P<month>\d{{1,2}})\.{_BLANK}?"
    r"(?P<year>\d{4}|\d\d)?(?!\w)",
    "iso_date": rf"{_BEGIN}(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d)(?!\w)",
    "ordinal": rf"{_BEGIN}(?P<first>{_NUMBER})\.(?!\w)|(?<!\w)(?P<roman>[IVX]+)\.?(?!\w)",
    "decade": r"(?<!\w)(?P<decade>\d{2,4})er(?!\w)",
    "label": rf"(?<!\w)(?P<label>Nr|Nummern?|S|Seiten?|Abb|Abbildung(?:en)?|Kap|Kapitel|Bd|Band|Bände|Art|Artikels?|"
    rf"Abschn|Abschnitte?s?|Abs|Absatz|Gl|Gleichung)\.?{_BLANK}?(?P<number>\d+(?:\.\d+)*[a-z]?)"
    rf"(?:{_DASH}(?P<last>\d+[a-z]?))?(?!\w|[.,:/-]\d)",
}
_ANY_NUMBER = re.compile(_NUMBER)
_ANY_CASE = ("number", "money", "money_before", "percent", "time", "date", "decade", "label")
"""Tables whose words a text in capitals has in capitals, too."""
_COMPILED = {
    name: re.compile(pattern, re.IGNORECASE if name in _ANY_CASE else 0)
    for name, pattern in _PATTERNS.items()
}
_LABELS = {
    "Numm": "Nr", "Seit": "S", "Abbi": "Abb", "Kapi": "Kap", "Band": "Bd", "Bänd": "Bd", "Arti": "Art",
    "Absc": "Abschn", "Absa": "Abs", "Glei": "Gl",
}  # fmt: skip
_APPROXIMATELY = re.compile(rf"(?<!\w)(?:ca\.|circa|etwa|ungefähr|rund){_BLANK}\Z", re.IGNORECASE)


def find_numbers(text: str) -> Iterator[tuple[Place, set[Fraction]]]:
    """Every number in a German text, and the values that it may have."""
    for match in _ANY_NUMBER.finditer(text):
        yield match.span(), possible_values(match[0])


class GermanText:
    """A German text in which values are looked up. Each match is consumed.

    `read` gives the values that a number may have: by default those of either convention, `german_values` is what a
    German reads.
    """

    def __init__(self, text: str, read: ReadNumber = possible_values) -> None:
        self.text = text
        self._starts: list[int] = []
        self._ends: list[int] = []
        """Of the places that were given out, in order."""
        self._places = _Places(text, read)
        self._searched: dict[str, int] = {}
        """For letters that were looked for, up to where all of their places are gone."""

    def take(self, value: Value) -> Place | None:
        """Where the value stands, whole with sign, unit and “Uhr”; None where it does not, or no longer."""
        key, approximate = value.key.removeprefix("ca "), value.key.startswith("ca ")
        for name in _TABLES[value.kind]:
            places = self._places[name].get(key, [])
            for number, (start, end) in enumerate(places):
                begin = self._approximately(start) if approximate else start
                if begin is not None and self.take_place((begin, end)):
                    del places[: number + 1 if not approximate else 0]
                    return begin, end
        is_literal = value.kind in ("number", "date", "time") and not (approximate or key.isdecimal())
        return self.take_text(key) if is_literal else None

    def take_text(self, text: str) -> Place | None:
        """Where these letters stand, no word character beside them."""
        start = self.text.find(text, self._searched.get(text, 0))
        while start >= 0:
            self._searched[text] = start + 1
            place = start, start + len(text)
            if self._stands_alone(place) and self.take_place(place):
                return place
            start = self.text.find(text, start + 1)
        self._searched[text] = len(self.text)
        return None

    def take_place(self, place: Place) -> bool:
        """Give a place out unless part of it was given before."""
        rank = bisect_right(self._starts, place[0])
        starts_free = rank == 0 or self._ends[rank - 1] <= place[0]
        is_free = starts_free and (rank == len(self._starts) or place[1] <= self._starts[rank])
        if is_free:
            self._starts.insert(rank, place[0])
            self._ends.insert(rank, place[1])
        return is_free

    def rest(self) -> str:
        """The text with blanks in the places that were given out."""
        parts, position = list[str](), 0
        for start, end in zip(self._starts, self._ends, strict=True):
            parts += self.text[position:start], " " * (end - start)
            position = end
        return "".join(parts) + self.text[position:]

    def _stands_alone(self, place: Place) -> bool:
        start, end = place
        before, after = self.text[max(0, start - 2) : start], self.text[end : end + 2]
        is_longer_path = "/" in self.text[start:end] and after[:1] == "/" and _is_word(after[1:])
        return not (
            is_longer_path or _goes_on(before[::-1], self.text[start]) or _goes_on(after, self.text[end - 1])
        )

    def _approximately(self, start: int) -> int | None:
        """Where “ca.” or the like before a value begins."""
        before = _APPROXIMATELY.search(self.text, max(0, start - 12), start)
        return before.start() if before else None


class _Places(dict[str, dict[str, list[Place]]]):
    """For each table the places of its keys, made when they are first asked for."""

    def __init__(self, text: str, read: ReadNumber) -> None:
        super().__init__()
        self._text, self._read = text, read

    def __missing__(self, name: str) -> dict[str, list[Place]]:
        places: dict[str, list[Place]] = {}
        for match in _COMPILED[name].finditer(self._text):
            for key in _READERS[name](match, self._read):
                places.setdefault(key, []).append(match.span())
            for key, place in _ends_of_range(name, match, self._read):
                places.setdefault(key, []).append(place)
        self[name] = places
        return places


def _ends_of_range(name: str, match: re.Match[str], read: ReadNumber) -> Iterator[tuple[str, Place]]:
    """Both ends of a range as values of their own: “von 10 bis 20 %” is also 10 (or 10 %), and 20 %."""
    groups = match.groupdict()
    if name in ("number", "money", "money_before", "percent", "quantity") and groups["last"]:
        unit_ends = match.end()
        ends = ((groups["first"], match.span("first")), (groups["last"], (match.start("last"), unit_ends)))
        for number, place in ends:
            for value in read(number):
                yield from ((f"{value * _factor(match)}{unit}", place) for unit in _unit_keys(match))
    if name == "time" and groups["hour2"]:
        first = time_key(int(groups["hour"]), groups["minutes"] or "")
        last = time_key(int(groups["hour2"]), groups["minutes2"] or groups["after"] or "")
        yield first, (match.start("hour"), match.end("minutes" if groups["minutes"] else "hour"))
        yield last, (match.start("hour2"), match.end())
    if name == "date" and groups["until"]:
        month = _MONTH_NUMBERS[groups["month"][:3].casefold()]
        yield date_key(groups["year"], month, str(int(groups["until"]))), (match.start("until"), match.end())
        for year in {None, groups["year"]}:
            yield date_key(year, month, str(int(groups["day"]))), (match.start("day"), match.end("day") + 1)


_BRACKETS = "{}[]<>`%$@#"


def _goes_on(beside: str, last: str) -> bool:
    """Whether the two characters beside the first or last one of some letters belong to the same word or number."""
    if last.isdecimal() and beside[:1] in (".", ",", ":") and beside[1:].isdecimal():
        return True
    if last in _BRACKETS and beside[:1] == last:
        return True
    return _is_word(last) and _is_word(beside[:1])


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _amounts(match: re.Match[str], read: ReadNumber, factor: int = 1) -> set[str]:
    """The keys of a number or a range of them."""
    sign = "-" if match["sign"] and match["sign"] in "-−–" else ""
    firsts = read(match["first"])
    if not match["last"]:
        return {f"{sign}{value * factor}" for value in firsts}
    lasts = read(match["last"])
    return {f"{first * factor}-{last * factor}" for first in firsts for last in lasts}


def _numbers(match: re.Match[str], read: ReadNumber) -> set[str]:
    return _amounts(match, read, _factor(match)) or {match[0]}


def _units(match: re.Match[str], read: ReadNumber) -> set[str]:
    return {
        f"{amount}{unit}" for amount in _amounts(match, read, _factor(match)) for unit in _unit_keys(match)
    }


def _factor(match: re.Match[str]) -> int:
    """What a word like “Millionen” multiplies a number by."""
    word = match.groupdict().get("magnitude")
    return _MAGNITUDES[word.capitalize()] if word else 1


def _unit_keys(match: re.Match[str]) -> set[str]:
    """How keys end whose amount has this unit; "" for a plain number."""
    written = match.groupdict().get("unit")
    if written is None:
        return {""}
    unit = unit_key(_UNIT_WORDS.get(written.casefold(), written))
    if len(unit) == 3 and unit.upper() in CURRENCY_CODES:
        unit = unit.upper()
    return {f" {one}" for one in (_DOLLARS if unit in _DOLLARS else {unit})}


def _times(match: re.Match[str], read: ReadNumber) -> set[str]:
    if not (match["minutes"] or match["clock"]):
        return set()
    if match["minutes"] and not match["clock"] and "." in match[0]:  # 9.30 is a number
        return set()
    first = time_key(int(match["hour"]), match["minutes"] or match["after"] or "")
    if not match["hour2"]:
        return {first}
    return {f"{first}-{time_key(int(match['hour2']), match['minutes2'] or match['after'] or '')}"}


def _dates(match: re.Match[str], read: ReadNumber) -> set[str]:
    days = str(int(match["day"])) + (f"-{int(match['until'])}" if match["until"] else "")
    return {date_key(match["year"], _MONTH_NUMBERS[match["month"][:3].casefold()], days)}


def _numeric_dates(match: re.Match[str], read: ReadNumber) -> set[str]:
    return {date_key(match["year"], int(match["month"]), str(int(match["day"])))}


def _ordinals(match: re.Match[str], read: ReadNumber) -> set[str]:
    return {match["roman"]} if match["roman"] else set(map(str, read(match["first"])))


def _decades(match: re.Match[str], read: ReadNumber) -> set[str]:
    return {match["decade"]}


def _labels(match: re.Match[str], read: ReadNumber) -> set[str]:
    written = match["label"].capitalize()
    label = _LABELS.get(written[:4], written)
    return {f"{label}. {match['number']}" + (f"-{match['last']}" if match["last"] else "")}


_READERS: dict[str, Callable[[re.Match[str], ReadNumber], set[str]]] = {
    "number": _numbers, "money": _units, "money_before": _units, "percent": _units, "quantity": _units,
    "time": _times, "date": _dates, "numeric_date": _numeric_dates, "iso_date": _numeric_dates,
    "ordinal": _ordinals, "decade": _decades, "label": _labels,
}  # fmt: skip
_TABLES: dict[ValueKind, tuple[str, ...]] = {
    "small": ("number",), "number": ("number",), "year": ("number",), "decade": ("decade",),
    "money": ("money", "money_before"), "percent": ("percent",), "quantity": ("quantity",), "time": ("time",),
    "date": ("date", "numeric_date", "iso_date"), "ordinal": ("ordinal",), "label": ("label",),
}  # fmt: skip
