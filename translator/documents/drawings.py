"""Text in drawings (DrawingML): slides, charts and diagrams.

A chart keeps copies of its categories and of the names of its series, which it shows until its data are edited.
"""

from collections.abc import Iterator
from copy import deepcopy
from functools import partial

from lxml import etree
from lxml.etree import _Element as Element

from translator.documents.package import XmlUnit
from translator.documents.runs import Item, RunFormat, look_of, read_paragraph
from translator.documents.slots import is_for_people

DRAWING_PARTS = r"(?:charts/chart|charts/chartEx|diagrams/data|diagrams/drawing|drawings/drawing)\d*\.xml"
"""The parts with drawings, below the folder of a document."""
_NAMESPACE = "http://schemas.openxmlformats.org/drawingml/2006/main"


def _a(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"


_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_NEW_CHART = "{http://schemas.microsoft.com/office/drawing/2014/chartex}"
_COPIES = {
    **dict.fromkeys((f"{_CHART}strCache", f"{_CHART}strLit", f"{_CHART}multiLvlStrCache"), f"{_CHART}v"),
    f"{_NEW_CHART}strDim": f"{_NEW_CHART}pt",
}
"""The elements that hold copies of texts in cells, and the element of each text."""
_PROPERTIES, _END = _a("pPr"), _a("endParaRPr")
_IGNORED_LOOKS = frozenset[str]()
_UNSEEN = frozenset(("lang", "altLang", "dirty", "err", "noProof", "smtClean", "bmk"))
"""Attributes that do not change how a run looks."""


def read_drawing(tree: etree._ElementTree) -> Iterator[XmlUnit]:
    """Yield the paragraphs of a part, and the copies of texts in cells."""
    for paragraph in tree.iter(_a("p")):
        unit = read_paragraph(paragraph, list(_items(paragraph)), _FORMAT)
        if unit:
            yield unit
    for copies in tree.iter(*_COPIES):
        for text in copies.iter(_COPIES[str(copies.tag)]):
            if is_for_people(text.text or ""):
                yield XmlUnit(text.text or "", partial(setattr, text, "text"))


def _items(paragraph: Element) -> Iterator[Item]:
    look, run = b"", None
    for child in paragraph:
        if child.tag == _a("r"):
            look, run = _look(child), child
            yield Item("text", child.findtext(_a("t")) or "", look, child)
        elif child.tag == _a("br"):
            yield Item("text", "\n", look, run if run is not None else child)
        elif child.tag == _a("fld"):
            yield Item("word", atoms=((None, child),))
        elif child.tag not in (_PROPERTIES, _END):
            yield Item("point", atoms=((None, child),))


def _look(run: Element) -> bytes:
    properties = run.find(_a("rPr"))
    if properties is None:
        return b""
    seen = deepcopy(properties)
    for name in _UNSEEN & set(map(str, seen.attrib)):
        del seen.attrib[name]
    return look_of(seen, _IGNORED_LOOKS)


def _make_runs(text: str, like: Element) -> Iterator[Element]:
    for number, line in enumerate(text.split("\n")):
        if number:
            yield _with_look("br", like)
        if line:
            run = _with_look("r", like)
            etree.SubElement(run, _a("t")).text = line
            yield run


def _with_look(name: str, like: Element) -> Element:
    element = like.makeelement(_a(name), nsmap=like.nsmap)
    properties = like.find(_a("rPr"))
    if properties is not None:
        element.append(deepcopy(properties))
    return element


_FORMAT = RunFormat(
    frozenset((_PROPERTIES, _END)), frozenset((_END,)), _make_runs, lambda element, _: element
)
