"""Units as XML and back: the translator reads their tags as those of XML.

xml_of(["Hello!", "Click ⟨here⟩"])        # "<u>Hello!</u><u>Click <g0>here</g0></u>"; ⟨⟩ are stand-ins of a pair
units_of("<u>Hallo!</u><u><g0>Hier</g0> klicken</u>")       # ["Hallo!", "⟨Hier⟩ klicken"]
"""

import re
from collections.abc import Iterable, Iterator

from translator.markup import MarkupOptions
from translator.text.stand_ins import STAND_IN, closing, lone, opening, pair_of

UNIT_MARKUP = MarkupOptions("xml", splitting=frozenset(("u",)), finds_structure=False)
"""How to read such XML: only units end sentences."""
BETWEEN_UNITS = "</u><u>"

_SPECIAL = re.compile(f"[&<>]|{STAND_IN.pattern}")
_WRITTEN = re.compile(r"<(?P<end>/?)g(?P<pair>\d+)>|<x(?P<lone>\d+)/>|&(?P<name>amp|lt|gt);")
_NAMES = {"&": "amp", "<": "lt", ">": "gt"}
_CHARACTERS = {name: character for character, name in _NAMES.items()}
_FIRST_LONE = ord(lone(0))


def parts_of(units: Iterable[str], most_characters: int) -> Iterator[list[str]]:
    """Cut units into parts of at most `most_characters`; a longer unit is a part of its own."""
    part, size = list[str](), 0
    for unit in units:
        if part and size + len(unit) > most_characters:
            yield part
            part, size = [], 0
        part.append(unit)
        size += len(unit)
    if part:
        yield part


def xml_of(units: Iterable[str]) -> str:
    """Return units with elements in place of their stand-ins."""

    def written(found: re.Match[str]) -> str:
        character = found[0]
        if character in _NAMES:
            return f"&{_NAMES[character]};"
        if pair := pair_of(character):
            return f"<{'/' if pair[1] else ''}g{pair[0]}>"
        return f"<x{ord(character) - _FIRST_LONE}/>"

    return f"<u>{BETWEEN_UNITS.join(_SPECIAL.sub(written, unit) for unit in units)}</u>"


def units_of(xml: str) -> list[str]:
    """Return the units of XML that is a translation of what `xml_of` returned."""

    def character(found: re.Match[str]) -> str:
        if found["name"]:
            return _CHARACTERS[found["name"]]
        if found["lone"]:
            return lone(int(found["lone"]))
        number = int(found["pair"])
        return closing(number) if found["end"] else opening(number)

    whole = xml.removeprefix("<u>").removesuffix("</u>")
    return [_WRITTEN.sub(character, unit) for unit in whole.split(BETWEEN_UNITS)]
