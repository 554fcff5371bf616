"""Markdown (CommonMark with tables and front matter): paragraphs, headings, list items and cells are units.

Code, addresses, images, HTML and front matter stay as they are.
"""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from translator.documents.encoding import EncodedText
from translator.documents.markdown_inline import InlineReader, Piece
from translator.documents.slots import Slot, SlottedText, Splice, has_content
from translator.markup.units import Unit, UnitBuilder

_FRONT_MATTER = re.compile(r"---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_BLOCK_START = re.compile(r"(?:[-+*>#=~`|:]|\d+[.)]|<[a-zA-Z/!?])")
"""What would begin another block if a line of a paragraph began with it."""
_DELIMITER = re.compile(r"[*_~`\[<]")
_MOST_DELIMITERS = 2_000
"""A paragraph with more is no text, and matching them takes quadratic time."""
_BREAKS = ("\\\n", "  \n")
_LEAST_WIDTH = 20


def read_markdown(content: bytes) -> SlottedText:
    """Read Markdown; raises InputError if it is not UTF-8."""
    source = EncodedText.of(content)
    return SlottedText(source, list(_slots(source.text)))


def _slots(text: str) -> Iterator[Slot]:
    reader = InlineReader()
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    has_crlf = len(normal) != len(text)
    # The body keeps its line numbers: only blank lines take the place of the front matter.
    front = _FRONT_MATTER.match(normal)
    body = "\n" * front[0].count("\n") + normal[front.end() :] if front else normal
    starts = _line_starts(text)
    lines = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    cells = 0
    previous: list[int] | None = None
    for token in reader.blocks(body):
        if token.type != "inline" or not token.map or not token.content:
            continue
        if len(_DELIMITER.findall(token.content)) > _MOST_DELIMITERS:
            continue
        first = token.map[0]
        column = cells if token.map == previous else 0
        previous = token.map
        found = _places(token.content, lines[first : token.map[1]], column)
        escapes = {}
        if not found and "|" in token.content:  # a cell of a table
            found = _places(token.content.replace("|", "\\|"), lines[first : token.map[1]], column)
            escapes = {"|": "\\|"}
        if not found:
            continue
        cells = found[-1][1][1] if len(found) == 1 else 0
        places = [(starts[first + line] + start, starts[first + line] + end) for line, (start, end) in found]
        pieces = reader.pieces(token.content)
        escapes |= {piece.text: piece.raw for piece in pieces if piece.kind == "escape"}
        paragraph = _Paragraph(text, places, pieces, escapes, "\r\n" if has_crlf else "\n")
        if has_content(paragraph.unit.text):
            yield Slot(paragraph.unit.text, paragraph.fill)


def _line_starts(text: str) -> list[int]:
    """Where each line starts; CommonMark knows no other line ends than these."""
    starts = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]
    return starts if starts[-1] < len(text) or len(starts) == 1 else starts[:-1]


def _places(content: str, lines: Sequence[str], column: int) -> list[tuple[int, tuple[int, int]]]:
    """Find each line of a block's content in its lines of the source; empty if that fails."""
    found, number = list[tuple[int, tuple[int, int]]](), 0
    for part in content.split("\n"):
        while number < len(lines):
            start = lines[number].find(part, column)
            if start >= 0:
                break
            number, column = number + 1, 0
        else:
            return []
        found.append((number, (start, start + len(part))))
        number, column = number + 1, 0
    return found


_GLUE = "\ufffe"
"""Stands for a space at which no line may be broken; it is no character, so it is in no text."""


class _Paragraph:
    """The inline content of a block."""

    def __init__(
        self,
        text: str,
        places: Sequence[tuple[int, int]],
        pieces: Sequence[Piece],
        escapes: Mapping[str, str],
        line_end: str,
    ) -> None:
        """`escapes` says how to write some characters of the text."""
        self._text, self._places, self._line_end, self._escapes = text, places, line_end, escapes
        self.unit = _unit(pieces)

    def fill(self, translation: str) -> list[Splice]:
        """Write the translation over the lines of the block."""
        if translation == self.unit.text:
            return []
        parts = list[str]()
        for text, tag in self.unit.pieces(translation):
            escaped = "".join(self._escapes.get(character, character) for character in text)
            parts.append(escaped.rstrip(" ") if tag in _BREAKS else escaped)
            parts.append((tag or "").replace(" ", _GLUE))
        lines = "".join(parts).split("\n")
        if len(self._places) > 1:
            width = max(_LEAST_WIDTH, *(end - start for start, end in self._places))
            lines = [line for one in lines for line in _wrapped(one, width)]
        written = (self._line_end + self._prefix()).join(lines).replace(_GLUE, " ")
        return [Splice(self._places[0][0], self._places[-1][1], written)]

    def _prefix(self) -> str:
        """How each line but the first begins, such as `> `."""
        if len(self._places) == 1:
            return ""
        second = self._places[1][0]
        start = 1 + max(self._text.rfind(end, 0, second) for end in "\r\n")
        return self._text[start:second]


def _wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines, none of which would begin another block, or end with a backslash: a hard line break."""
    lines = list[str]()
    for line in textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]:
        if lines and (_BLOCK_START.match(line) or lines[-1].endswith("\\")):
            lines[-1] += " " + line
        else:
            lines.append(line)
    return lines


def _unit(pieces: Sequence[Piece]) -> Unit[str]:
    builder, opened = UnitBuilder[str](), list[int]()
    for piece in pieces:
        match piece.kind:
            case "text" | "escape":
                builder.add_text(piece.text)
            case "break":
                builder.add_text(" ")
                builder.add_point(piece.raw)
            case "open":
                opened.append(builder.open(piece.raw))
            case "close":
                builder.close(opened.pop(), piece.raw)
            case "lone":
                builder.add_word(piece.raw)
    return builder.build()
