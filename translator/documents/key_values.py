"""Resources in lines: Java's .properties and Apple's .strings. Keys and comments stay."""

import re
from collections.abc import Callable

from translator.documents.slots import SlottedText, is_for_people, replacing
from translator.errors import InputError
from translator.text.encoding import EncodedText

_PROPERTY = re.compile(
    r"(?m)^[ \t\f]*+(?![#!\r\n])(?:[^\\\r\n:= \t\f]|\\.)++(?:[ \t\f]*+[:=])?[ \t\f]*+"
    r"(?P<value>(?:[^\\\r\n]|\\(?:\r\n|[\s\S]))*+)"
)
_PROPERTY_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(?:\r\n|\r|\n)[ \t\f]*|(.))", re.DOTALL)
_STRING = re.compile(
    r'/\*[\s\S]*?\*/|//[^\r\n]*|(?P<key>"(?:[^"\\]|\\[\s\S])*+"|[\w.-]+)\s*=\s*(?P<value>"(?:[^"\\]|\\[\s\S])*+")'
)
_STRING_ESCAPE = re.compile(r"\\(?:U([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def read_properties(content: bytes) -> SlottedText:
    """Read Java's properties in UTF-8 or Latin-1; raises InputError. New characters beyond ASCII are escaped."""
    try:
        source = EncodedText.of(content)
    except InputError:
        source = EncodedText(content.decode("latin-1"), encoding="latin-1")
    is_ascii = source.encoding == "latin-1" or source.text.isascii()
    slots = []
    for found in _PROPERTY.finditer(source.text):
        value = _unescaped(found["value"], _PROPERTY_ESCAPE)
        if is_for_people(value):
            encode: Callable[[str], str] = _ascii_property if is_ascii else _property
            slots.append(replacing(*found.span("value"), value, encode))
    return SlottedText(source, slots)


def read_strings(content: bytes) -> SlottedText:
    """Read strings of an Apple program; raises InputError."""
    source = EncodedText.of(content)
    slots = []
    for found in _STRING.finditer(source.text):
        if found["key"] and is_for_people(value := _unescaped(found["value"][1:-1], _STRING_ESCAPE)):
            slots.append(replacing(*found.span("value"), value, _string))
    return SlottedText(source, slots)


def _unescaped(written: str, escapes: re.Pattern[str]) -> str:
    def character(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        return _CONTROLS.get(found[2], found[2]) if found[2] else ""

    text = escapes.sub(character, written)
    return _SURROGATES.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)


def _property(text: str) -> str:
    written = text.replace("\\", "\\\\")
    for name, control in _CONTROLS.items():
        written = written.replace(control, f"\\{name}")
    return f"\\{written}" if written.startswith(" ") else written


def _ascii_property(text: str) -> str:
    units = _property(text).encode("utf-16-be")
    pairs = (int.from_bytes(units[place : place + 2]) for place in range(0, len(units), 2))
    return "".join(chr(code) if code < 0x80 else f"\\u{code:04x}" for code in pairs)


def _string(text: str) -> str:
    written = text.replace("\\", "\\\\").replace('"', '\\"')
    for name, control in _CONTROLS.items():
        written = written.replace(control, f"\\{name}")
    return f'"{written}"'
