"""Units of text with inline tags: stand-ins take the place of the tags while the text is translated.

builder = UnitBuilder[str]()
builder.add_text("Click ")
number = builder.open("<b>")
builder.add_text("here")
builder.close(number, "</b>")
unit = builder.build()
unit.text                       # "Click ", opening(0), "here", closing(0): for the translator
unit.pieces(german)             # its text, and the tags at their places: ("Klicken Sie ", "<b>"), …
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from translator.text.stand_ins import MOST_TAGS, STAND_IN, closing, lone, opening

Tag = TypeVar("Tag")
"""What a format needs to write a tag again, such as the tag itself or the properties of a run."""


@dataclass(frozen=True)
class Unit(Generic[Tag]):
    """A text with stand-ins, and the tag that each one stands for."""

    text: str
    tags: Mapping[str, Tag]
    """The tag of each stand-in, except of the second one of a point."""
    characters: Mapping[str, str]
    """For characters of the text that look like stand-ins: the character that each stand-in replaces."""

    def pieces(self, translation: str) -> Iterator[tuple[str, Tag | None]]:
        """Yield the text before each tag of a translation with the tag, and the text after the last one with None."""
        before = list[str]()
        position = 0
        for match in STAND_IN.finditer(translation):
            before.append(translation[position : match.start()])
            position = match.end()
            if match[0] in self.tags:
                yield "".join(before), self.tags[match[0]]
                before.clear()
            else:
                before.append(self.characters.get(match[0], ""))
        yield "".join(before) + translation[position:], None


class UnitBuilder(Generic[Tag]):
    """Builds a unit from texts and tags in their order."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._tags: dict[str, Tag] = {}
        self._characters: dict[str, str] = {}
        self._pairs, self._lone = 0, 0

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another tag; begin a new unit then."""
        return max(self._pairs, self._lone) >= MOST_TAGS

    def add_text(self, text: str) -> None:
        """Add text as it is read, with its white space. Raises ValueError if the unit is full."""
        position = 0
        for match in STAND_IN.finditer(text):
            self._parts.append(text[position : match.start()])
            self._characters[self._add_lone()] = match[0]
            position = match.end()
        self._parts.append(text[position:])

    def open(self, tag: Tag) -> int:
        """Add the opening tag of a pair; returns the number of the pair. Raises ValueError if the unit is full.

        Pairs must be nested. A tag without a counterpart in the unit is a point.
        """
        self._tags[self._add(opening(self._pairs))] = tag
        self._pairs += 1
        return self._pairs - 1

    def close(self, number: int, tag: Tag) -> None:
        """Add the closing tag of a pair."""
        self._tags[self._add(closing(number))] = tag

    def add_point(self, tag: Tag) -> None:
        """Add something without a width, such as a comment or a bookmark. Raises ValueError if the unit is full.

        It stays beside its neighbour, and the model does not see it.
        """
        self._add(closing(self.open(tag)))

    def add_word(self, tag: Tag) -> None:
        """Add something that stands like a word, such as a variable. Raises ValueError if the unit is full."""
        self._tags[self._add_lone()] = tag

    def build(self) -> Unit[Tag]:
        """Return the unit."""
        return Unit("".join(self._parts), self._tags, self._characters)

    def _add_lone(self) -> str:
        self._lone += 1
        return self._add(lone(self._lone - 1))

    def _add(self, stand_in: str) -> str:
        self._parts.append(stand_in)
        return stand_in
