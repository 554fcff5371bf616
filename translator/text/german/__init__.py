"""Find the values of an English text in a German one, in any of the usual forms.

Numbers kept in their English form count, too. Numbers in words count if the caller asks for them.

Reading order: `forms`, `words`.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property

from translator.text.german.forms import ANY_NUMBER, HAS_NUMBER, TABLES, ReadNumber, keys_and_places
from translator.text.german.words import InDigits
from translator.text.numbers import possible_values
from translator.text.places import Place, is_word_character
from translator.text.units import Units, german_unit_after
from translator.text.values.keys import Value

__all__ = ["GermanText", "ReadNumber", "find_numbers"]

_ADVERBS = {
    key: re.compile(rf"(?<!\w)(?:{words})[ \u00a0\u2009\u202f]\Z", re.IGNORECASE)
    for key, words in {
        "ca": r"ca\.|[cz]irca|etwa|ungefähr|annähernd|rund|gegen",
        "inkl": r"in[kc]l\.|inklusive|einschl\.|einschließlich|mit",
        "exkl": r"ex[kc]l\.|exklusive|ausschl\.|ausschließlich|zzgl\.|zuzüglich|ohne",
    }.items()
}
"""German words for “approx.”, “incl.” and “excl.”"""
_LONGEST_ADVERB = 16
_BESIDE = " \u00a0\n([„“\"‚‘'«»_*"
_VALUE_ENDS = re.compile(
    r"[.,;:!?)\]“”\"»]*+(?:\Z|\s(?!\d|Uhr|Tausend|Million|Milliarde|Billion|Tsd|Mio|Mrd|Bio"
    r"|nachm|abend|nacht|mittag|am (?:Nachm|Abend)))",
    re.IGNORECASE,
)
"""Matches after a complete value."""


def find_numbers(text: str) -> Iterator[tuple[Place, str]]:
    """Yield the position and text of every number in a German text."""
    if HAS_NUMBER.search(text):
        for match in ANY_NUMBER.finditer(text):
            yield match.span(), match[0]


class GermanText:
    """A German text to look up values in. Each match is consumed.

    `read` returns the possible values of a number: by default those of both conventions; pass `german_values` for
    the German one only. With `words`, numbers in words are found, too.
    """

    def __init__(self, text: str, read: ReadNumber = possible_values, *, words: bool = False) -> None:
        self.text = text
        self._starts: list[int] = []
        self._ends: list[int] = []
        """Starts and ends of the places already taken, in order."""
        self.read = read
        self._searched: dict[str, int] = {}
        """For each text looked up, the position up to which all its places are taken."""
        self._searched_written: dict[str, int] = {}
        """The same for German forms."""
        self._has_words = words
        self._looked_up: dict[tuple[str, str, Units, bool], int] = {}
        """For each (table, key, unit, in words), how many places are taken or do not fit."""

    def take(self, value: Value, unit: Units = frozenset()) -> Place | None:
        """Return the place of the value, with sign, unit and “Uhr”; None if it is not there or already taken.

        `unit` is the unit in words after the number in the English; a place before a different unit does not count.
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
        """Return the place of the usual German form if it is clearly complete; this avoids most lookups."""
        start = self.text.find(written, self._searched_written.get(written, 0))
        while start >= 0:
            self._searched_written[written] = start + 1
            end = start + len(written)
            is_complete = self._starts_value(start) and _VALUE_ENDS.match(self.text, end)
            if (
                is_complete
                and not (unit and self._has_other_unit(self.text, end, unit))
                and self.take_place((start, end))
            ):
                return start, end
            start = self.text.find(written, start + 1)
        self._searched_written[written] = len(self.text)
        return None

    def _starts_value(self, start: int) -> bool:
        """Whether a value may start here: no sign or digits before it."""
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
            places = tables[name].get(_without_adverb(key)[1], [])
            looked_up = name, key, unit, in_words
            for number in range(self._looked_up.get(looked_up, 0), len(places)):
                self._looked_up[looked_up] = number + 1
                place = self._whole(key, places[number], unit, in_words=in_words)
                if place and self.take_place(place):
                    return place
        return None

    def _whole(self, key: str, place: Place, unit: Units, *, in_words: bool) -> Place | None:
        """Return the place of a key in the text, including an adverb if it has one; None before a different unit."""
        text = self._in_digits.text if in_words else self.text
        if unit and self._has_other_unit(text, place[1], unit):
            return None
        if in_words:
            place = self._in_digits.original(place)
        adverb, _ = _without_adverb(key)
        if not adverb:
            return place
        before = _ADVERBS[adverb].search(self.text, max(0, place[0] - _LONGEST_ADVERB), place[0])
        return (before.start(), place[1]) if before else None

    @cached_property
    def _places(self) -> "_Places":
        return _Places(self.text, self.read)

    @cached_property
    def _in_digits(self) -> InDigits:
        """The text with number words in digits, computed only if a value is not found otherwise."""
        return InDigits(self.text)

    @cached_property
    def _places_in_words(self) -> "_Places":
        return _Places(self._in_digits.text, self.read)

    def take_text(self, text: str) -> Place | None:
        """Return the place of a text that is not part of a longer word or number; None if there is none."""
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
        """Take a place unless part of it is taken already; return whether it was free."""
        rank = bisect_right(self._starts, place[0])
        starts_free = rank == 0 or self._ends[rank - 1] <= place[0]
        is_free = starts_free and (rank == len(self._starts) or place[1] <= self._starts[rank])
        if is_free:
            self._starts.insert(rank, place[0])
            self._ends.insert(rank, place[1])
        return is_free

    def rest(self) -> str:
        """Return the text with spaces in the places that were taken."""
        parts, position = list[str](), 0
        for start, end in zip(self._starts, self._ends, strict=True):
            parts += self.text[position:start], " " * (end - start)
            position = end
        return "".join(parts) + self.text[position:]

    def _stands_alone(self, place: Place) -> bool:
        start, end = place
        before, after = self.text[max(0, start - 2) : start], self.text[end : end + 2]
        if self.text[start] in _EMPHASIS and not self.text[start:end].strip(_EMPHASIS):
            beside = before[-1:], after[:1]
            return self.text[start] not in beside and not all(map(is_word_character, beside))
        if _ESCAPE.fullmatch(self.text, start, end):  # a word may follow: “\\nBitte”
            return before[-1:] != "\\"
        is_longer_path = "/" in self.text[start:end] and after[:1] == "/" and is_word_character(after[1:])
        return not (
            is_longer_path or _goes_on(before[::-1], self.text[start]) or _goes_on(after, self.text[end - 1])
        )


def _without_adverb(key: str) -> tuple[str, str]:
    """Split the adverb off a key, such as the “ca” of `ca 5`; it is empty for most keys."""
    adverb, _, rest = key.partition(" ")
    return (adverb, rest) if adverb in _ADVERBS else ("", key)


class _Places(dict[str, dict[str, list[Place]]]):
    """The places of the keys of each table, computed on first use."""

    def __init__(self, text: str, read: ReadNumber) -> None:
        super().__init__()
        self._text, self._read = text, read

    def __missing__(self, name: str) -> dict[str, list[Place]]:
        places: dict[str, list[Place]] = {}
        for key, place in keys_and_places(name, self._text, self._read):
            places.setdefault(key, []).append(place)
        self[name] = places
        return places


_ESCAPE = re.compile(r"\\[a-z]")
_EMPHASIS = "*_~"
_BRACKETS = "{}[]<>`%$@#"


def _goes_on(beside: str, last: str) -> bool:
    """Whether a word or number that ends in `last` continues in the two characters beside it."""
    if last.isdecimal() and beside[:1] in (".", ",", ":") and beside[1:].isdecimal():
        return True
    if last in _BRACKETS and beside[:1] == last:
        return True
    return is_word_character(last) and is_word_character(beside[:1])
