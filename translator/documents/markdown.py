"""Markdown (CommonMark with tables and front matter): paragraphs, headings, list items and cells are units.

So are the descriptions of images and the titles of images, links and admonitions. Code, addresses, HTML and front
matter stay.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from functools import partial

from markdown_it.common.utils import unescapeAll

from translator.documents.markdown_inline import TITLE, InlineReader
from translator.documents.markdown_units import GLUE, Inline, Title
from translator.documents.slots import Slot, SlottedText, Splice, has_content, replacing
from translator.text.encoding import EncodedText
from translator.text.places import Place

_FRONT_MATTER = re.compile(r"---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_BLOCK_START = re.compile(r"(?:[-+*>#=~`|:]|\d+[.)]|<[a-zA-Z/!?])")
"""What would begin another block if a line of a paragraph began with it."""
_EXTENSION = re.compile(
    r":[ \t]+(?=\S)|:{3,}.*|(?:!!!|\?\?\?\+?)"
    r'(?:(?:[ \t]++[\w-]++)*+[ \t]++"(?P<title>.*)"|[ \t]++[\w-]++(?:[ \t]++inline(?:[ \t]++end)?)?)[ \t]*$'
)
"""The mark of a definition (`: It is …`), or a line that begins an admonition (`!!! note`) or a container (`:::`)."""
_MARK_OF_BLOCK = re.compile(r"(?:(?P<number>\d{1,9})[.)]|[-+*]|#{1,6})(?=\s|\Z)|>")
"""What begins another block behind a hard line break, where emphasis may begin, too."""
_DELIMITER = re.compile(r"[*_~`\[<]")
_MOST_DELIMITERS = 2_000
"""A paragraph with more is no text, and matching them takes quadratic time."""
_TITLE_AT_END = re.compile(TITLE + r"\Z", re.DOTALL)
_LEAST_WIDTH = 20


def read_markdown(content: bytes) -> SlottedText:
    """Read Markdown; raises InputError if it is not UTF-8."""
    source = EncodedText.of(content)
    return SlottedText(source, list(_slots(source.text)))


def _slots(text: str) -> Iterator[Slot]:
    reader = InlineReader()
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    line_end = "\r\n" if len(normal) != len(text) else "\n"
    # The body keeps its line numbers: only blank lines take the place of the front matter.
    front = _FRONT_MATTER.match(normal)
    body = "\n" * front[0].count("\n") + normal[front.end() :] if front else normal
    starts = _line_starts(text)
    lines = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    cells = 0
    previous, before = None, ""
    for token in reader.blocks(body):
        is_cell, before = before in ("th_open", "td_open"), token.type
        if token.type != "inline" or not token.map or not token.content:
            continue
        if len(_DELIMITER.findall(token.content)) > _MOST_DELIMITERS:
            continue
        first = token.map[0]
        column = cells if token.map == previous else 0
        previous = token.map
        content = token.content.replace("|", "\\|") if is_cell else token.content
        found = _places(content, lines[first : token.map[1]], column)
        if not found:
            continue
        cells = found[-1][1][1] if len(found) == 1 else 0
        places = [(starts[first + line] + start, starts[first + line] + end) for line, (start, end) in found]
        for part, its_places in [(token.content, places)] if is_cell else _texts(token.content, places):
            yield from _Block(text, its_places, Inline(part, reader), line_end, is_cell).slots()
    for (first, last), title in reader.definitions():
        yield from _definition(starts[first], "".join(lines[first:last]), title)


def _texts(content: str, places: Sequence[Place]) -> Iterator[tuple[str, list[Place]]]:
    """Cut a paragraph at lines that are syntax of extensions: definitions, admonitions and containers."""
    lines, its_places = list[str](), list[Place]()
    for line, (start, end) in zip(content.split("\n"), places, strict=True):
        mark = _EXTENSION.match(line)
        if mark and lines:
            yield "\n".join(lines), its_places
            lines, its_places = [], []
        if mark and mark["title"]:
            yield mark["title"], [(start + mark.start("title"), start + mark.end("title"))]
        skipped = mark.end() if mark else len(line) - len(line.lstrip())
        if skipped < len(line):
            lines.append(line[skipped:])
            its_places.append((start + skipped, end))
    if lines:
        yield "\n".join(lines), its_places


def _definition(start: int, written: str, title: str) -> Iterator[Slot]:
    """Yield the slot of the title of a definition, which is at the end of its lines."""
    found = _TITLE_AT_END.search(written)
    if found and unescapeAll(found[1][1:-1]) == title:
        text = Title(found[1])
        if has_content(text.text):
            yield replacing(start + found.start(1), start + found.end(1), text.text, text.written)


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


class _Block:
    """The inline content of a block."""

    def __init__(
        self, text: str, places: Sequence[tuple[int, int]], inline: Inline, line_end: str, is_cell: bool
    ) -> None:
        self._text, self._places, self._inline = text, places, inline
        self._line_end, self._is_cell = line_end, is_cell

    def slots(self) -> Iterator[Slot]:
        """Yield its slot, if there is anything to translate."""
        own, inner = self._inline.text, self._inline.inner
        if has_content(own):
            yield Slot(own, self._fill, inner)
        elif inner:
            yield Slot(inner[0], partial(self._fill, own), inner[1:])

    def _fill(self, translation: str, *inner: str) -> list[Splice]:
        """Write the translation over the lines of the block."""
        if (translation, inner) == (self._inline.text, self._inline.inner):
            return []
        whole = self._inline.written(translation, inner)
        first, *behind_breaks = (whole.replace("|", "\\|") if self._is_cell else whole).split("\n")
        lines = [first, *map(_as_text, behind_breaks)]
        if len(self._places) > 1:
            width = max(_LEAST_WIDTH, *(end - start for start, end in self._places))
            lines = [line for one in lines for line in _wrapped(one, width)]
        written = (self._line_end + self._prefix()).join(lines).replace(GLUE, " ")
        return [Splice(self._places[0][0], self._places[-1][1], written)]

    def _prefix(self) -> str:
        """How each line but the first begins, such as `> `."""
        if len(self._places) == 1:
            return ""
        second = self._places[1][0]
        start = 1 + max(self._text.rfind(end, 0, second) for end in "\r\n")
        return self._text[start:second]


def _as_text(line: str) -> str:
    """Return a line behind a hard line break so that it does not begin another block."""
    mark = _MARK_OF_BLOCK.match(line)
    number = (mark["number"] or "") if mark else ""
    return f"{number}\\{line[len(number) :]}" if mark else line


def _wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines, none of which would begin another block, or end with a backslash: a hard line break."""
    lines = list[str]()
    for line in textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]:
        if lines and (_BLOCK_START.match(line) or lines[-1].endswith("\\")):
            lines[-1] += " " + line
        else:
            lines.append(line)
    return lines
