"""A text without its tags, for the model, and which of the tags belong to which of its sentences."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from translator.text.places import Place
from translator.text.stand_ins import STAND_IN, pair_of


class InnerTag(NamedTuple):
    """A tag inside a sentence."""

    offset: int
    """Where it stands in the plain sentence."""
    stand_in: str
    pair: int
    closes: bool
    before: str
    """What is between the end of the sentence and this tag behind it: white space, or words that are not translated."""
    after: str
    """What is between this tag and the sentence that follows it."""


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A sentence of a tagged text."""

    start: int
    """Where it starts in the tagged text; the tags inside it are part of it."""
    end: int
    tags: tuple[InnerTag, ...]
    """In the order of the text."""


class _Tag(NamedTuple):
    offset: int
    place: int
    stand_in: str
    pair: int
    closes: bool


class TaggedText:
    """A text with stand-ins. Those that stand for a word remain in the plain text, all others are set aside."""

    def __init__(self, tagged: str) -> None:
        parts, position = list[str](), 0
        self._tags: list[_Tag] = []
        for match in STAND_IN.finditer(tagged):
            if pair := pair_of(match[0]):
                parts.append(tagged[position : match.start()])
                self._tags.append(_Tag(match.start() - len(self._tags), match.start(), match[0], *pair))
                position = match.end()
        self.tagged = tagged
        self.plain = "".join(parts) + tagged[position:]
        """The text for the model."""
        self._offsets = [tag.offset for tag in self._tags]
        self._partners = {(tag.pair, not tag.closes): tag.offset for tag in self._tags}

    def place(self, start: int, end: int) -> Place:
        """Return the place in the tagged text of a part of the plain text, which must not be empty."""
        return start + bisect_right(self._offsets, start), end + bisect_right(self._offsets, end - 1)

    def sentences(self, places: Sequence[Place]) -> Iterator[TaggedSentence]:
        """Yield the sentences at `places` in the plain text with their tags.

        A tag at the edge of a sentence belongs to it only if its counterpart is inside. Otherwise, it stays in place
        between the sentences.
        """
        first_free = 0
        for number, (start, end) in enumerate(places):
            following = places[number + 1][0] if number + 1 < len(places) else len(self.plain)
            inner_first = bisect_right(self._offsets, start)
            inner_last = max(inner_first, bisect_left(self._offsets, end))
            first = self._first(first_free, inner_first, start, end)
            last = self._last(inner_last, bisect_right(self._offsets, following), start, end)
            first_free = last
            yield self._sentence(start, end, first, last)

    def _first(self, free: int, inner: int, start: int, end: int) -> int:
        """Return the number of the first tag before a sentence that belongs to it; all that follow do, too."""
        opening = (
            number for number in range(free, inner)
            if not self._tags[number].closes and self._is_inside(number, start, end)
        )  # fmt: skip
        return next(opening, inner)

    def _last(self, inner: int, following: int, start: int, end: int) -> int:
        """Return the number after that of the last tag behind a sentence that belongs to it."""
        closing = (
            number + 1 for number in reversed(range(inner, following))
            if self._tags[number].closes and self._is_inside(number, start, end)
        )  # fmt: skip
        return next(closing, inner)

    def _is_inside(self, number: int, start: int, end: int) -> bool:
        """Whether the counterpart of a tag is inside a sentence."""
        tag = self._tags[number]
        return start < self._partners.get((tag.pair, tag.closes), start) < end

    def _sentence(self, start: int, end: int, first: int, last: int) -> TaggedSentence:
        tags, found = self._tags[first:last], list[InnerTag]()
        for number, tag in enumerate(tags):
            before, after = "", ""
            if tag.offset > end:
                before = self.plain[max(end, tags[number - 1].offset) : tag.offset]
            elif tag.offset < start:
                after = self.plain[
                    tag.offset : min([start, *(one.offset for one in tags[number + 1 : number + 2])])
                ]
            offset = min(max(tag.offset, start), end) - start
            found.append(InnerTag(offset, tag.stand_in, tag.pair, tag.closes, before, after))
        tagged_start, tagged_end = self.place(start, end)
        if tags and tags[0].offset <= start:
            tagged_start = tags[0].place
        if tags and tags[-1].offset >= end:
            tagged_end = tags[-1].place + 1
        return TaggedSentence(tagged_start, tagged_end, tuple(found))
