"""The texts of a block of Markdown: its own, the descriptions of its images, and the titles of images and links."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from markdown_it.common.utils import unescapeAll

from translator.documents.markdown_inline import InlineReader, Piece
from translator.documents.slots import Splice, has_content, spliced
from translator.markup.units import Unit, UnitBuilder

GLUE = "\ufffe"
"""Stands for a space at which no line may be broken; it is no character, so it is in no text."""
_BREAKS = ("\\\n", "  \n")
_ENTITIES = {"`": "&#96;", "<": "&lt;"}
"""Characters that would pair with others outside a title, even behind a backslash."""


class Inline:
    """Text with inline elements, and the texts inside these."""

    def __init__(self, content: str, reader: InlineReader, *, is_description: bool = False) -> None:
        """Descriptions of images have no texts inside them."""
        pieces = reader.pieces(content)
        self._escapes = {piece.text: piece.raw for piece in pieces if piece.kind == "escape"}
        if "[" in self._escapes or "]" in self._escapes:  # both, or those that are left would not be in pairs
            self._escapes = {"[": "\\[", "]": "\\]"} | self._escapes
        self._is_description = is_description
        self._unit = _unit(pieces)
        self._inner = [] if is_description else list(_inner(pieces, reader))
        self.text = self._unit.text
        self.inner = tuple(part.text for _, _, part in self._inner)

    def written(self, translation: str, inner: Sequence[str] = ()) -> str:
        """Write the translation, and those of the texts inside; glue holds elements together."""
        edits = defaultdict[int, list[Splice]](list)
        for (piece, place, part), german in zip(self._inner, inner, strict=True):
            if german != part.text:
                edits[id(piece)].append(Splice(*place, part.written(german)))
        parts = list[str]()
        for text, tag in self._unit.pieces(translation):
            escaped = "".join(self._escaped(character) for character in text)
            raw = tag.raw if tag else ""
            if raw in _BREAKS:
                escaped = escaped.rstrip(" ")
                if raw == "  \n" and escaped.endswith("\\"):  # markdown-it takes the space behind a backslash
                    escaped += " "
            parts.append(escaped)
            parts.append(spliced(raw, edits[id(tag)]).replace(" ", GLUE))
        return "".join(parts)

    def _escaped(self, character: str) -> str:
        if self._is_description and character in "[]`<\\":
            return self._escapes.get(character) or _ENTITIES.get(character) or f"\\{character}"
        return self._escapes.get(character, character)


class Title:
    """A title in quotation marks or parentheses."""

    def __init__(self, raw: str) -> None:
        self._marks = raw[0], raw[-1]
        self.text = re.sub(r"\s*\n\s*", " ", unescapeAll(raw[1:-1]))

    def written(self, translation: str) -> str:
        """Write the translation."""
        text = translation.replace("\\", "\\\\")
        for mark in set(self._marks):
            text = text.replace(mark, f"\\{mark}")
        text = re.sub(r"&(?=[#\w])", "&amp;", text)
        for character, entity in _ENTITIES.items():
            text = text.replace(character, entity)
        return text.join(self._marks)


def _inner(
    pieces: Sequence[Piece], reader: InlineReader
) -> Iterator[tuple[Piece, tuple[int, int], Inline | Title]]:
    """Yield the texts inside elements with their places there."""
    for piece in pieces:
        if piece.description:
            description = Inline(piece.raw[slice(*piece.description)], reader, is_description=True)
            if has_content(description.text):
                yield piece, piece.description, description
        if piece.title:
            title = Title(piece.raw[slice(*piece.title)])
            if has_content(title.text):
                yield piece, piece.title, title


def _unit(pieces: Sequence[Piece]) -> Unit[Piece]:
    builder, opened = UnitBuilder[Piece](), list[int]()
    for piece in pieces:
        match piece.kind:
            case "text" | "escape":
                builder.add_text(piece.text)
            case "break":
                builder.add_text(" ")
                builder.add_point(piece)
            case "open":
                opened.append(builder.open(piece))
            case "close":
                builder.close(opened.pop(), piece)
            case "lone":
                builder.add_word(piece)
    return builder.build()
