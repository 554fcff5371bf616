"""Excel workbooks (.xlsx): the strings of cells, comments and charts. Formulas, numbers and names stay.

Cells stay, too, if their text is the heading of a table, or is quoted in a formula, a list of choices or a filter.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from functools import partial

from lxml import etree
from lxml.etree import _Element as Element

from translator.documents.drawings import DRAWING_PARTS, read_drawing
from translator.documents.package import Package, PackagedDocument, XmlUnit
from translator.documents.runs import Item, RunFormat, look_of, read_paragraph
from translator.errors import InputError

_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_TEXTS = re.compile(r"xl/(?:sharedStrings|comments\d*|comments/comment\d+|worksheets/sheet\d+)\.xml")
_COMMENTS = "xl/comments"
_DRAWINGS = re.compile(rf"xl/{DRAWING_PARTS}")
_TABLES = re.compile(r"xl/tables/table\d+\.xml")
_WITH_FORMULAS = re.compile(r"xl/(?:workbook|worksheets/sheet\d+|tables/table\d+)\.xml")
_LITERAL = re.compile(r'"((?:[^"]|"")*+)"')


def _s(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"


_KEPT = frozenset(map(_s, ("rPh", "phoneticPr")))
_FORMULAS = tuple(
    map(
        _s,
        (
            "f",
            "formula",
            "formula1",
            "formula2",
            "definedName",
            "calculatedColumnFormula",
            "totalsRowFormula",
        ),
    )
)


def read_xlsx(content: bytes) -> PackagedDocument:
    """Read a workbook; raises InputError."""
    package = Package(content, "Excel")
    if "xl/workbook.xml" not in package.names:
        raise InputError("the file is no Excel file: it has no part xl/workbook.xml; check its name's ending")
    kept = _headings(package) | _quoted(package)
    texts = [
        (name, partial(_read_part, frozenset() if name.startswith(_COMMENTS) else kept))
        for name in package.names
        if _TEXTS.fullmatch(name)
    ]
    drawings = [(name, read_drawing) for name in package.names if _DRAWINGS.fullmatch(name)]
    return PackagedDocument(package, [*texts, *drawings])


def _headings(package: Package) -> frozenset[str]:
    """The headings of tables. A table whose heading differs from its cell is damaged for Excel."""
    tables = [package.parse(name) for name in package.names if _TABLES.fullmatch(name)]
    return frozenset(
        _comparable(column.get("name", "")) for table in tables for column in table.iter(_s("tableColumn"))
    )


def _quoted(package: Package) -> frozenset[str]:
    """The texts in formulas, lists of choices and filters. If cell A1 changed, `IF(A1="Open",…)` would be false.

    Results count, too: `IF(…,"Yes","No")` keeps the cells “Yes” and “No”.
    """
    found = set[str]()
    for name in filter(_WITH_FORMULAS.fullmatch, package.names):
        for element in package.parse(name).iter(*_FORMULAS, _s("filter")):
            literals = _LITERAL.findall(element.text or "")
            if element.tag == _s("filter"):
                literals = [element.get("val", "")]
            elif element.tag == _s("formula1"):  # "Open,Closed" is a list of choices
                literals += [choice for literal in literals for choice in literal.split(",")]
            found.update(_comparable(literal.replace('""', '"')) for literal in literals)
    return frozenset(found)


def _comparable(text: str) -> str:
    """Return a text as Excel compares it, without regard to case."""
    return " ".join(text.split()).casefold()


def _read_part(kept: frozenset[str], tree: etree._ElementTree) -> Iterator[XmlUnit]:
    for rich_text in tree.iter(_s("si"), _s("is"), _s("text")):
        items = list(_items(rich_text))
        if _comparable("".join(item.text for item in items)) in kept:
            continue
        unit = read_paragraph(rich_text, items, _FORMAT)
        if unit:
            yield unit


def _items(rich_text: Element) -> Iterator[Item]:
    for child in rich_text:
        if child.tag == _s("t"):
            yield Item("text", child.text or "", b"", child)
        elif child.tag == _s("r"):
            yield Item(
                "text", child.findtext(_s("t")) or "", look_of(child.find(_s("rPr")), frozenset()), child
            )


def _make_runs(text: str, like: Element) -> Iterator[Element]:
    element = like.makeelement(_s("t"))
    element.text = text
    if text != text.strip() or "\n" in text:
        element.set(_SPACE, "preserve")
    if like.tag == _s("t"):
        yield element
        return
    run = like.makeelement(_s("r"))
    properties = like.find(_s("rPr"))
    if properties is not None:
        run.append(deepcopy(properties))
    run.append(element)
    yield run


_FORMAT = RunFormat(_KEPT, _KEPT, _make_runs, lambda element, _: element)
