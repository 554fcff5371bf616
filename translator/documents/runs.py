"""Paragraphs of runs, as office formats have them: the text is in runs, each with its formatting.

Neighbouring runs of equal formatting are one text. The formatting that most of a paragraph has needs no tags. Texts
with another one are between a pair of tags.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from lxml import etree
from lxml.etree import _Element as Element

from translator.documents.package import XmlUnit
from translator.documents.slots import has_content
from translator.markup.units import Unit, UnitBuilder


@dataclass(frozen=True)
class Item:
    """A part of a paragraph.

    A `word` (a field, a picture) stands like a word, and a `point` (a bookmark, the mark of a note) has no width.
    `open` and `close` are the edges of what encloses other items, such as a hyperlink.
    """

    kind: Literal["text", "word", "point", "open", "close"]
    text: str = ""
    look: bytes = b""
    """The formatting of a text, comparable."""
    run: Element | None = None
    """A run with the formatting of the text."""
    atoms: tuple[tuple[Element | None, Element], ...] = ()
    """What is written for other kinds: elements, each with the run that it is in."""
    inside: Element | None = None
    """For `open` of an element around the others, the element that they are in: itself or a child."""


@dataclass(frozen=True)
class RunFormat:
    """How a format writes runs."""

    kept: frozenset[str]
    """Tags of the children of a paragraph that are not part of its text. Those in `last` come last, others first."""
    last: frozenset[str]
    make_runs: Callable[[str, Element], Iterator[Element]]
    """Makes the runs of a text, with the formatting of a given run."""
    wrap: Callable[[Element, Element], Element]
    """Puts an element into a run with the formatting of a given run."""


class _Mark(NamedTuple):
    """What a stand-in stands for; no item is the end of a text with a formatting of its own."""

    item: Item | None


def read_paragraph(paragraph: Element, items: Sequence[Item], format: RunFormat) -> XmlUnit | None:
    """Return the unit of a paragraph; None if there is nothing to translate."""
    texts = [number for number, item in enumerate(items) if item.kind == "text"]
    if not texts or not has_content("".join(items[number].text for number in texts)):
        return None
    found = _Paragraph(paragraph, items, format)
    return XmlUnit(found.unit.text, found.fill)


class _Paragraph:
    """The content of a paragraph."""

    def __init__(self, paragraph: Element, items: Sequence[Item], format: RunFormat) -> None:
        self._paragraph, self._format = paragraph, format
        first = next(number for number, item in enumerate(items) if item.kind != "point")
        last = next(number for number in reversed(range(len(items))) if items[number].kind != "point") + 1
        self._before, self._items, self._after = items[:first], items[first:last], items[last:]
        sizes = Counter[bytes]()
        for item in self._items:
            sizes[item.look] += len(item.text.strip())
        self._usual = max(
            (item for item in self._items if item.kind == "text"), key=lambda one: sizes[one.look]
        )
        self.unit = self._build()

    def _build(self) -> Unit[_Mark]:
        builder, opened = UnitBuilder[_Mark](), list[int]()
        look, pair = self._usual.look, -1
        for item in self._items:
            # Tags around a text end before what encloses it does, and spaces need no formatting of their own.
            wanted = (
                item.look
                if item.kind == "text"
                else look
                if item.kind in ("point", "word")
                else self._usual.look
            )
            if wanted != look and not (item.kind == "text" and not item.text.strip()):
                if look != self._usual.look:
                    builder.close(pair, _Mark(None))
                if wanted != self._usual.look:
                    pair = builder.open(_Mark(item))
                look = wanted
            match item.kind:
                case "text":
                    builder.add_text(item.text)
                case "open":
                    opened.append(builder.open(_Mark(item)))
                case "close":
                    builder.close(opened.pop(), _Mark(item))
                case "word":
                    builder.add_word(_Mark(item))
                case "point":
                    builder.add_point(_Mark(item))
        if look != self._usual.look:
            builder.close(pair, _Mark(None))
        return builder.build()

    def fill(self, translation: str) -> None:
        """Replace the content by that of a translation."""
        paragraph = self._paragraph
        written = list(self._written(translation))  # before anything is removed: runs are copied
        for child in list(paragraph):
            if child.tag not in self._format.kept:
                paragraph.remove(child)
        last = [child for child in paragraph if child.tag in self._format.last]
        for parent, element in written:
            parent.append(element)
        for child in last:
            paragraph.append(child)

    def _written(self, translation: str) -> Iterator[tuple[Element, Element]]:
        """Yield the new elements, each with the one that it goes into."""
        parents, runs = [self._paragraph], [self._run(self._usual)]
        for item in self._before:
            yield from self._atoms(item, self._paragraph)
        for text, mark in self.unit.pieces(translation):
            if text:
                for run in self._format.make_runs(text, runs[-1]):
                    yield parents[-1], run
            if mark is None:
                continue
            if mark.item is None:
                runs.pop()
            elif mark.item.kind == "text":
                runs.append(self._run(mark.item))
            elif mark.item.inside is not None:
                yield from self._enter(mark.item, parents)
            elif mark.item.kind == "close" and not mark.item.atoms:
                parents.pop()
            else:
                yield from self._atoms(mark.item, parents[-1])
        for item in self._after:
            yield from self._atoms(item, self._paragraph)

    def _enter(self, item: Item, parents: list[Element]) -> Iterator[tuple[Element, Element]]:
        [(_, element)] = item.atoms
        yield parents[-1], element
        assert item.inside is not None
        for child in list(item.inside):
            if child.tag not in self._format.kept:
                item.inside.remove(child)
        parents.append(item.inside)

    def _atoms(self, item: Item, parent: Element) -> Iterator[tuple[Element, Element]]:
        for run, element in item.atoms:
            yield parent, element if run is None else self._format.wrap(element, run)

    @staticmethod
    def _run(item: Item) -> Element:
        assert item.run is not None
        return item.run


def look_of(properties: Element | None, ignored: frozenset[str]) -> bytes:
    """Return what the properties of a run say about its looks, comparable; `ignored` tags do not count."""
    if properties is None:
        return b""
    counted = [child for child in properties if child.tag not in ignored]
    attributes = sorted((str(name), str(value)) for name, value in properties.attrib.items())
    if not counted and not attributes:
        return b""
    parts = [etree.tostring(child, method="c14n") for child in counted]
    return repr(attributes).encode() + b"".join(parts)
