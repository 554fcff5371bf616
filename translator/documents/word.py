"""Word documents (.docx): paragraphs of the text, tables, text boxes, headers, footers, notes and comments."""

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy

from lxml import etree
from lxml.etree import _Element as Element

from translator.documents.drawings import DRAWING_PARTS, read_drawing
from translator.documents.package import Package, PackagedDocument, XmlUnit, no_texts
from translator.documents.runs import Item, RunFormat, look_of, read_paragraph
from translator.errors import InputError

_NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_MATHS = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_PARTS = re.compile(r"word/(?:document\d*|header\d+|footer\d+|footnotes|endnotes|comments)\.xml")
_STYLES = "word/styles.xml"
_DRAWINGS = re.compile(rf"word/{DRAWING_PARTS}")


def _w(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"


_PROPERTIES = frozenset(map(_w, ("pPr", "sdtPr", "sdtEndPr", "smartTagPr", "customXmlPr")))
_AROUND = frozenset(map(_w, ("hyperlink", "ins", "moveTo", "smartTag", "sdt", "customXml", "dir", "bdo")))
_DROPPED = frozenset(map(_w, ("proofErr", "lastRenderedPageBreak", "rPr", "softHyphen")))
_CHARACTERS = {_w("tab"): "\t", _w("cr"): "\n", _w("noBreakHyphen"): "\u2011"}
_WORDS = frozenset((_w("sym"), _w("fldSimple"), f"{_MATHS}oMath", f"{_MATHS}oMathPara"))
_IGNORED_LOOKS = frozenset(map(_w, ("lang", "noProof", "rsid")))
_INLINE = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}inline"


def read_docx(content: bytes) -> PackagedDocument:
    """Read a document; raises InputError."""
    package = Package(content, "Word")
    names = package.names
    if "word/document.xml" not in names and not any(name.startswith("word/") for name in names):
        raise InputError(
            "the file is no Word file: it has no part word/document.xml; check its name's ending"
        )
    texts = [(name, _read_part) for name in names if _PARTS.fullmatch(name)]
    drawings = [(name, read_drawing) for name in names if _DRAWINGS.fullmatch(name)]
    styles = [(name, no_texts) for name in names if name == _STYLES]
    return PackagedDocument(package, [*texts, *drawings, *styles])


def _read_part(tree: etree._ElementTree) -> Iterator[XmlUnit]:
    for paragraph in tree.iter(_w("p")):
        unit = read_paragraph(paragraph, list(_items(paragraph)), _FORMAT)
        if unit:
            yield unit


def _items(container: Element) -> Iterator[Item]:
    """Yield the items of a paragraph, or of an element in it."""
    atoms = list(_atoms(container))
    number = 0
    while number < len(atoms):
        run, element = atoms[number]
        end = _field_end(atoms, number)
        if end:
            yield from _field(atoms[number:end])
            number = end
            continue
        yield from _item(run, element)
        number += 1


def _atoms(container: Element) -> Iterator[tuple[Element | None, Element]]:
    """Yield what is in the runs, and what stands between runs."""
    for child in container:
        if child.tag == _w("r"):
            yield from ((child, part) for part in child if part.tag not in _DROPPED)
        elif child.tag not in _PROPERTIES and child.tag not in _DROPPED:
            yield None, child


def _item(run: Element | None, element: Element) -> Iterator[Item]:
    tag = element.tag
    if run is not None and (text := _text_of(element)) is not None:
        yield Item("text", text, look_of(run.find(_w("rPr")), _IGNORED_LOOKS), run)
    elif tag in _AROUND:
        content = element.find(_w("sdtContent")) if tag == _w("sdt") else element
        inner = [] if content is None else list(_items(content))
        if any(item.kind == "text" for item in inner):
            yield Item("open", atoms=((None, element),), inside=content)
            yield from inner
            yield Item("close")
        else:
            yield Item("word" if inner else "point", atoms=((run, element),))
    else:
        is_word = tag in _WORDS or (tag == _w("drawing") and element.find(_INLINE) is not None)
        yield Item("word" if is_word else "point", atoms=((run, element),))


def _text_of(element: Element) -> str | None:
    """Return the characters that an element of a run stands for; None if it is something else."""
    if element.tag == _w("t"):
        return element.text or ""
    if element.tag == _w("br") and element.get(_w("type"), "textWrapping") == "textWrapping":
        return "\n"
    return _CHARACTERS.get(str(element.tag))


_Atoms = Sequence[tuple[Element | None, Element]]


def _field_end(atoms: _Atoms, start: int) -> int:
    """Return the number of the atom after a field that begins here; 0 if none does, or if it ends elsewhere."""
    depth = 0
    for number in range(start, len(atoms)):
        element = atoms[number][1]
        kind = element.get(_w("fldCharType")) if element.tag == _w("fldChar") else None
        depth += (kind == "begin") - (kind == "end")
        if depth <= 0:
            return number + 1 if kind == "end" and number > start else 0
    return 0


def _field(atoms: _Atoms) -> Iterator[Item]:
    """Yield the items of a field: a link around its text, or one word, whose text Word computes."""
    code = "".join(element.text or "" for _, element in atoms if element.tag == _w("instrText"))
    separator = next(
        (n for n, (_, one) in enumerate(atoms) if one.get(_w("fldCharType")) == "separate"), None
    )
    if code.split()[:1] != ["HYPERLINK"] or separator is None:
        yield Item("word", atoms=tuple(atoms))
        return
    inner = [item for run, element in atoms[separator + 1 : -1] for item in _item(run, element)]
    yield Item("open", atoms=tuple(atoms[: separator + 1]))
    yield from inner
    yield Item("close", atoms=(atoms[-1],))


def _make_runs(text: str, like: Element) -> Iterator[Element]:
    run = _empty_run(like)
    for part in re.split(r"([\t\n\u2011])", text):
        if part in ("\t", "\n", "\u2011"):
            etree.SubElement(run, _w({"\t": "tab", "\n": "br", "\u2011": "noBreakHyphen"}[part]))
        elif part:
            element = etree.SubElement(run, _w("t"))
            element.text = part
            if part != part.strip():
                element.set(_SPACE, "preserve")
    yield run


def _wrap(element: Element, like: Element) -> Element:
    run = _empty_run(like)
    run.append(element)
    return run


def _empty_run(like: Element) -> Element:
    run = like.makeelement(_w("r"), nsmap=like.nsmap)
    properties = like.find(_w("rPr"))
    if properties is not None:
        run.append(deepcopy(properties))
    return run


_FORMAT = RunFormat(_PROPERTIES, frozenset(), _make_runs, _wrap)
