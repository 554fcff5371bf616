"""Formats of translators in XML: XLIFF (1.2 and 2), TMX, and RESX of .NET; all bytes but the translations stay.

XLIFF and TMX: segments without a German text get one. RESX: the values of strings are replaced.
"""

from collections.abc import Iterator

from translator.documents.slots import Slot, SlottedText, Splice, is_for_people
from translator.documents.xml_file import XmlFile
from translator.markup.tokens import Token


def read_xliff(content: bytes) -> SlottedText:
    """Read XLIFF; raises InputError."""
    document = XmlFile(content, "xliff")
    slots = list[Slot]()
    for segment in document.elements("trans-unit", "segment"):
        source, targets = document.inside(segment, "source"), document.inside(segment, "target")
        if source and segment.attributes.get("translate") != "no":
            slots += document.filling(source[0], targets[0] if targets else None)
    return SlottedText(document.source, slots, list(_target_languages(document)))


def _target_languages(document: XmlFile) -> Iterator[Splice]:
    """Yield the attribute for the language of the translations, for elements that have only that of the sources."""
    for name, source, target in (
        ("file", "source-language", "target-language"),
        ("xliff", "srcLang", "trgLang"),
    ):
        for element in document.elements(name):
            if source in element.attributes and target not in element.attributes:
                place = element.start + 1 + len(element.value)
                yield Splice(place, place, f' {target}="de"')


def read_tmx(content: bytes) -> SlottedText:
    """Read a translation memory; raises InputError."""
    document = XmlFile(content, "tmx")
    slots = list[Slot]()
    for unit in document.elements("tu"):
        variants = {_language(variant): variant for variant in document.inside(unit, "tuv")}
        english, german = variants.get("en"), variants.get("de")
        segments = document.inside(english, "seg") if english else []
        if segments and german is None:
            slots += document.new_variant(english, segments[0])
        elif segments and german and (targets := document.inside(german, "seg")):
            slots += document.filling(segments[0], targets[0])
    return SlottedText(document.source, slots)


def read_resx(content: bytes) -> SlottedText:
    """Read resources of .NET; raises InputError."""
    document = XmlFile(content, "root")
    slots = list[Slot]()
    for data in document.elements("data"):
        name = data.attributes.get("name", "")
        values = document.inside(data, "value")
        # Others are numbers, pictures, and names that the designer of forms needs.
        if values and not {"type", "mimetype"} & data.attributes.keys() and not name.startswith(">>"):
            slots += [slot for slot in document.replacing(values[0]) if is_for_people(slot.text)]
    return SlottedText(document.source, slots)


def _language(variant: Token) -> str:
    code = variant.attributes.get("xml:lang") or variant.attributes.get("lang", "")
    return code.partition("-")[0].partition("_")[0].lower()
