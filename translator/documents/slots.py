"""Text files in which only some places change; all other bytes stay as they are."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from translator.text.encoding import EncodedText

_NUMBER = re.compile(r"\s*+[-+~^<>=]*+\s*+[.,]?\d[\d.,]*+(?:[eE][+-]?\d+)?%?\s*+")


class Splice(NamedTuple):
    """A new content for a place of the file, given by character offsets."""

    start: int
    end: int
    content: str


@dataclass(frozen=True)
class Slot:
    """A text to translate, and where its translation goes."""

    text: str
    fill: Callable[..., Iterable[Splice]]
    """Returns what to write for a translation; nothing if the file stays as it is."""
    inner: tuple[str, ...] = ()
    """Texts inside this one that are translated on their own; `fill` gets their translations, too."""


def replacing(start: int, end: int, text: str, encode: Callable[[str], str] = str) -> Slot:
    """A text that its translation replaces, written by `encode`. What is not translated stays as it is written."""

    def fill(translation: str) -> list[Splice]:
        return [] if translation == text else [Splice(start, end, encode(translation))]

    return Slot(text, fill)


class SlottedText:
    """A text file with slots."""

    def __init__(self, source: EncodedText, slots: Sequence[Slot], marks: Sequence[Splice] = ()) -> None:
        """The slots are in the order of the file, and their places do not overlap.

        `marks` say that the file is in German; they are written if it changes.
        """
        self._source, self._slots, self._marks = source, slots, marks
        self.units = [text for slot in slots for text in (slot.text, *slot.inner)]

    def write(self, translations: Sequence[str], /, *, is_german: bool = False) -> bytes:
        """Return the file with translations in its slots.

        With `is_german`, it is marked as German even if no text changes.
        """
        remaining = iter(translations)
        splices = [
            splice
            for slot in self._slots
            for splice in slot.fill(*(next(remaining) for _ in (slot.text, *slot.inner)))
        ]
        if splices or is_german:
            splices += self._marks
        return self._source.encode(spliced(self._source.text, splices))


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """Return a text with new contents for some places, which do not overlap."""
    parts, written = list[str](), 0
    for start, end, content in sorted(splices, key=lambda splice: splice.start):
        parts += text[written:start], content
        written = end
    return "".join(parts) + text[written:]


def has_content(text: str) -> bool:
    """Whether there is anything to translate: letters, or digits, because amounts and dates have a German form, too."""
    return any(map(str.isalnum, text))


def is_for_people(value: str) -> bool:
    """Whether a string of a data file is a text. A bare number, such as `12.5`, `>=2.0` or `50%`, is for programs."""
    return has_content(value) and not _NUMBER.fullmatch(value)
