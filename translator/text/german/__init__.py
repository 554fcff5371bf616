"""Find the values of an English text in a German one, in any of the usual forms.

A number that was kept in its English form counts as well. Numbers in words count where the caller wants them to.

Reading order: `forms`, `words`.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property

from translator.text.german.forms import ANY_NUMBER, HAS_NUMBER, TABLES, Place, ReadNumber, keys_and_places
from translator.text.german.words import InDigits
from translator.text.numbers import possible_values
from translator.text.units import Units, german_unit_after
from translator.text.values.keys import Value

__all__ = ["GermanText", "Place", "ReadNumber", "find_numbers"]

_APPROXIMATELY = re.compile(
    "(?<!\\w)(?:ca\\.|[cz]irca|etwa|ungefähr|annähernd|rund|gegen)[ \u00a0\u2009\u202f]\\Z", re.IGNORECASE
)
_LONGEST_APPROXIMATELY = 12
_BESIDE = " \u00a0\n([„“\"‚‘'«»"
_VALUE_ENDS = re.compile(
    r"[.,;:!?)\]“”\"»]*+(?:\Z|\s(?!\d|Uhr|Tausend|Million|Milliarde|Billion|Tsd|Mio|Mrd|Bio"
    r"|nachm|abend|nacht|mittag|am (?:Nachm|Abend)))",
    re.IGNORECASE,
)
"""Behind a value that goes on no further."""


def find_numbers(text: str) -> Iterator[tuple[Place, str]]:
    """Every number in a German text: its place, and how it is written."""
    if HAS_NUMBER.search(text):
        for match in ANY_NUMBER.finditer(text):
            yield match.span(), match[0]


class GermanText:
    """A German text in which values are looked up. Each match is consumed.

    `read` gives the values that a number may have: by default those of either convention, `german_values` is what a
    German reads. With `words`, numbers in words are found, too.
    """

    def __init__(self, text: str, read: ReadNumber = possible_values, *, words: bool = False) -> None:
        self.text = text
        self._starts: list[int] = []
        self._ends: list[int] = []
        """Of the places that were given out, in order."""
        self._read = read
        self._searched: dict[str, int] = {}
        """For letters that were looked for, up to where all of their places are gone."""
        self._searched_written: dict[str, int] = {}
        """The same for German forms."""
        self._has_words = words
        self._looked_up: dict[tuple[str, str, Units, bool], int] = {}
        """For a table, a key, a unit and whether in words, how many places are gone or do not fit."""

    def take(self, value: Value, unit: Units = frozenset()) -> Place | None:
        """Where the value stands, whole with sign, unit and “Uhr”; None where it does not, or no longer.

        A place before a unit in words is none if that differs from `unit`, the one behind the number in the English.
        """
        if place := self._take_written(value.german, unit):
            return place
        is_literal = value.kind in ("number", "date", "time")
        for key in (value.key, *value.also):
            place = self._take_key(value, key, unit, in_words=False)
            if place is None and is_literal and not key.isdecimal():
                place = self.take_text(key)
            if place is not None:
                return place
        if self._has_words:
            found = (self._take_key(value, key, unit, in_words=True) for key in (value.key, *value.also))
            return next((place for place in found if place is not None), None)
        return None

    def _take_written(self, written: str, unit: Units) -> Place | None:
        """Where the usual German form stands, if that alone tells that it is whole: this spares most looking up."""
        start = self.text.find(written, self._searched_written.get(written, 0))
        while start >= 0:
            self._searched_written[written] = start + 1
            end = start + len(written)
            is_whole = self._begins_value(start) and _VALUE_ENDS.match(self.text, end)
            if (
                is_whole
                and not (unit and self._has_other_unit(self.text, end, unit))
                and self.take_place((start, end))
            ):
                return start, end
            start = self.text.find(written, start + 1)
        self._searched_written[written] = len(self.text)
        return None

    def _begins_value(self, start: int) -> bool:
        """Whether nothing before it belongs to a value: no sign, no digits."""
        if start == 0:
            return True
        before = self.text[max(0, start - 7) : start]
        return before[-1] in _BESIDE and not before[-2:-1].isdecimal() and before[-6:-1].lower() != "minus"

    @staticmethod
    def _has_other_unit(text: str, end: int, unit: Units) -> bool:
        other = german_unit_after(text, end)
        return bool(other) and not other & unit

    def _take_key(self, value: Value, key: str, unit: Units, *, in_words: bool) -> Place | None:
        tables = self._places_in_words if in_words else self._places
        for name in TABLES[value.kind]:
            places = tables[name].get(key.removeprefix("ca "), [])
            looked_up = name, key, unit, in_words
            for number in range(self._looked_up.get(looked_up, 0), len(places)):
                self._looked_up[looked_up] = number + 1
                place = self._whole(key, places[number], unit, in_words=in_words)
                if place and self.take_place(place):
                    return place
        return None

    def _whole(self, key: str, place: Place, unit: Units, *, in_words: bool) -> Place | None:
        """The place of a key in the text, with “ca.” where it needs one; None before another unit."""
        text = self._in_digits.text if in_words else self.text
        if unit and self._has_other_unit(text, place[1], unit):
            return None
        if in_words:
            place = self._in_digits.original(place)
        begin = self._approximately(place[0]) if key.startswith("ca ") else place[0]
        return None if begin is None else (begin, place[1])

    @cached_property
    def _places(self) -> "_Places":
        return _Places(self.text, self._read)

    @cached_property
    def _in_digits(self) -> InDigits:
        """The text with figures for number words, made when a value is not found otherwise."""
        return InDigits(self.text)

    @cached_property
    def _places_in_words(self) -> "_Places":
        return _Places(self._in_digits.text, self._read)

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
        before = _APPROXIMATELY.search(self.text, max(0, start - _LONGEST_APPROXIMATELY), start)
        return before.start() if before else None


class _Places(dict[str, dict[str, list[Place]]]):
    """For each table the places of its keys, made when they are first asked for."""

    def __init__(self, text: str, read: ReadNumber) -> None:
        super().__init__()
        self._text, self._read = text, read

    def __missing__(self, name: str) -> dict[str, list[Place]]:
        places: dict[str, list[Place]] = {}
        for key, place in keys_and_places(name, self._text, self._read):
            places.setdefault(key, []).append(place)
        self[name] = places
        return places


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
