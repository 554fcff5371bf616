"""Sentences of HTML and XML: the plain text that is translated, and the markup that is written with its translation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from translator.markup.marked_up import MarkedUpUnit, Written
from translator.markup.projection import Alignment, project
from translator.markup.spaces import has_kept_spaces, with_kept_spaces
from translator.markup.tagged import TaggedSentence, TaggedText
from translator.text import Span
from translator.text.places import Place


class PlacedTag(NamedTuple):
    """A tag inside a sentence."""

    source: Place
    """Its place in the document."""
    target: Place
    """Its place in the markup of the translated sentence."""
    is_misplaced: bool
    """Whether it closes a pair that encloses text in the source and none in the translation."""


@dataclass(frozen=True)
class WrittenSentence:
    """A translated sentence as markup."""

    text: str
    tags: tuple[PlacedTag, ...]
    _written: Written
    _offsets: Sequence[int]

    def place(self, start: int, end: int) -> Place:
        """Return where a part of the plain translation is in the markup."""
        if start >= end:
            return len(self.text), len(self.text)
        return self._written.place(self._offsets[start], self._offsets[end - 1] + 1)


@dataclass(frozen=True, eq=False)
class MarkedUpSentence:
    """A sentence of a document."""

    unit: MarkedUpUnit
    text: TaggedText
    """The text of the unit."""
    plain_place: Place
    """The place of the sentence in the plain text of the unit."""
    tagged: TaggedSentence

    @property
    def span(self) -> Span:
        """Its place in the document, with the tags inside it."""
        return Span(*self.unit.place(self.tagged.start, self.tagged.end))

    @property
    def plain(self) -> str:
        """The sentence without its tags."""
        return self.text.plain[slice(*self.plain_place)]

    @property
    def markup(self) -> str:
        """The sentence as it stands in the document."""
        return self.unit.markup[self.span.start : self.span.end]

    @property
    def has_tags(self) -> bool:
        """Whether it has tags inside."""
        return bool(self.tagged.tags)

    @property
    def needs_alignment(self) -> bool:
        """Whether its translation has to be aligned to write it: it has tags or non-breaking spaces inside."""
        return self.has_tags or has_kept_spaces(self.plain)

    def source_place(self, start: int, end: int) -> Place:
        """Return where a part of the plain sentence is in the document."""
        first = self.plain_place[0]
        return self.unit.place(*self.text.place(first + start, first + end))

    def write(self, translation: str, alignment: Alignment) -> WrittenSentence:
        """Write the translation of the plain sentence as markup, with the tags of the sentence."""
        translation = with_kept_spaces(self.plain, translation, alignment)
        projected = project(self.plain, self.tagged.tags, translation, alignment)
        german = self.unit.with_strays_in_order(projected.text)
        written = self.unit.written(german, self.tagged.start, self.tagged.end)
        tags = tuple(self._placed(german, written)) if self.has_tags else ()
        return WrittenSentence(written.text, tags, written, projected.offsets)

    def _placed(self, german: str, written: Written) -> Iterator[PlacedTag]:
        """Yield the tags, in the order of the source."""
        start, end = self.tagged.start, self.tagged.end
        source = {character: start + place for place, character in enumerate(self.text.tagged[start:end])}
        target = {character: place for place, character in enumerate(german)}
        opened: dict[int, tuple[int, int]] = {}
        for tag in self.tagged.tags:
            origin, place = source[tag.stand_in], target[tag.stand_in]
            is_misplaced = False
            if not tag.closes:
                opened[tag.pair] = tag.offset, place
            elif tag.pair in opened:
                first, begin = opened[tag.pair]
                is_misplaced = (
                    bool(self.plain[first : tag.offset].strip()) and not german[begin + 1 : place].strip()
                )
            yield PlacedTag(
                self.unit.place(origin, origin + 1), written.place(place, place + 1), is_misplaced
            )


def sentences_of(unit: MarkedUpUnit, text: TaggedText, places: Sequence[Place]) -> Iterator[MarkedUpSentence]:
    """Yield the sentences at `places` in the plain text of a unit."""
    for place, tagged in zip(places, text.sentences(places), strict=True):
        yield MarkedUpSentence(unit, text, place, tagged)
