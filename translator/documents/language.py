"""What marks a document, or parts of it, as English.

In a translation, these marks become German. Otherwise, office programs would underline all words as misspelt, and
readers and browsers would read them aloud with English sounds.
"""

from lxml import etree
from lxml.etree import _Element as Element

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_FORMATTING = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_TAG = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}rfc-language-tag"


def is_english(code: str | None) -> bool:
    """Whether a code such as `en-US` is one of English."""
    return (code or "").strip().lower().replace("_", "-").partition("-")[0] in ("en", "eng")


def mark_german(tree: etree._ElementTree) -> bool:
    """Mark as German what a part of an office document marks as English; returns whether there was anything."""
    english = [element for element in tree.iter(etree.Element) if _is_marked(element)]
    for element in english:
        if element.tag == f"{_WORD}lang":
            element.set(f"{_WORD}val", "de-DE")
        elif element.tag.startswith(_DRAWING):
            element.set("lang", "de-DE")
        else:
            element.set(f"{_FORMATTING}language", "de")
            if element.get(f"{_FORMATTING}country", "none") != "none":
                element.set(f"{_FORMATTING}country", "DE")
            element.attrib.pop(_TAG, None)  # says more than the two others, such as the spelling of Oxford
    return bool(english)


def _is_marked(element: Element) -> bool:
    if element.tag == f"{_WORD}lang":
        return is_english(element.get(f"{_WORD}val"))
    name = "lang" if str(element.tag).startswith(_DRAWING) else f"{_FORMATTING}language"
    return is_english(element.get(name))
