"""OpenDocument (.odt): paragraphs and headings, with those in tables, frames, headers and notes."""

import re
from collections.abc import Iterator
from functools import partial

from lxml import etree
from lxml.etree import _Element as Element

from translator.documents.package import Package, PackagedDocument, XmlUnit
from translator.documents.slots import has_content
from translator.errors import InputError
from translator.markup.units import Unit, UnitBuilder

_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_MOST_SPACES = 1_000
_PARTS = ("content.xml", "styles.xml")


def _t(name: str) -> str:
    return f"{{{_TEXT}}}{name}"


_AROUND = frozenset(map(_t, ("span", "a", "meta", "ruby-base")))
_WITHOUT_WIDTH = frozenset(
    map(
        _t,
        (
            "bookmark", "bookmark-start", "bookmark-end", "note", "reference-mark", "reference-mark-start",
            "reference-mark-end", "soft-page-break", "change", "change-start", "change-end", "alphabetical-index-mark",
        ),
    )
)  # fmt: skip
_COMMENTS = frozenset((f"{{{_OFFICE}}}annotation", f"{{{_OFFICE}}}annotation-end"))
_CONTROLS = {_t("tab"): "\t", _t("line-break"): "\n"}
_WRITTEN = re.compile(r"(?<=[ \t\n])(?P<spaces> +)|[\t\n]")


def read_open_document(content: bytes) -> PackagedDocument:
    """Read a document; raises InputError."""
    package = Package(content, "OpenDocument")
    if "content.xml" not in package.names:
        raise InputError(
            "the file is no OpenDocument file: it has no part content.xml; check its name's ending"
        )
    if "META-INF/manifest.xml" in package.names and b"encryption-data" in package.read(
        "META-INF/manifest.xml"
    ):
        raise InputError("the file is protected by a password; save it without one")
    return PackagedDocument(package, [(name, _read_part) for name in _PARTS if name in package.names])


def _read_part(tree: etree._ElementTree) -> Iterator[XmlUnit]:
    for paragraph in tree.iter(_t("p"), _t("h")):
        builder = UnitBuilder[Element]()
        _read(paragraph, builder)
        unit = builder.build()
        if has_content(unit.text):
            yield XmlUnit(unit.text, partial(_fill, paragraph, unit))


def _read(parent: Element, builder: UnitBuilder[Element]) -> None:
    """Add the content of an element."""
    builder.add_text(_joined(parent.text))
    for child in parent:
        if child.tag == _t("s"):
            builder.add_text(" " * min(int(child.get(_t("c"), "1")), _MOST_SPACES))
        elif child.tag in _CONTROLS:
            builder.add_text(_CONTROLS[str(child.tag)])
        elif child.tag in _AROUND:
            number = builder.open(child)
            _read(child, builder)
            builder.close(number, child)
        elif child.tag in _WITHOUT_WIDTH or child.tag in _COMMENTS or not isinstance(child.tag, str):
            builder.add_point(child)
        else:
            builder.add_word(child)
        builder.add_text(_joined(child.tail))


def _joined(text: str | None) -> str:
    """White space in the XML is one space; more of it is written as elements."""
    return re.sub(r"[ \t\r\n]+", " ", text or "")


def _fill(paragraph: Element, unit: Unit[Element], translation: str) -> None:
    """Replace the content of a paragraph by that of a translation."""
    pieces = list(unit.pieces(translation))
    _empty(paragraph)
    opened, last = [paragraph], " "  # spaces at the start have to be elements
    for text, element in pieces:
        _add_text(opened[-1], last, text)
        last = text[-1:] or last
        if element is None:
            continue
        if element is opened[-1]:
            opened.pop()
            continue
        element.tail = None
        opened[-1].append(element)
        if element.tag in _AROUND:
            _empty(element)
            opened.append(element)


def _empty(element: Element) -> None:
    for child in list(element):
        element.remove(child)
    element.text = None


def _add_text(parent: Element, before: str, added: str) -> None:
    """Append text behind the character `before`; further spaces, tabs and line breaks are elements."""
    text, position = before + added, 1
    for found in _WRITTEN.finditer(text, 1):
        _append(parent, text[position : found.start()])
        position = found.end()
        if found["spaces"]:
            etree.SubElement(parent, _t("s")).set(_t("c"), str(len(found["spaces"])))
        else:
            etree.SubElement(parent, _t("tab" if found[0] == "\t" else "line-break"))
    _append(parent, text[position:])


def _append(parent: Element, text: str) -> None:
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text or None
    else:
        parent.text = (parent.text or "") + text or None
