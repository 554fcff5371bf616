"""Gettext catalogues (.po, .pot): empty translations are filled in. Others stay, and so do fuzzy ones.

An entry's `msgid` is a unit, and so is its `msgid_plural`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from translator.documents.language import is_english
from translator.documents.slots import Slot, SlottedText, Splice, has_content
from translator.errors import InputError
from translator.text.encoding import EncodedText

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
_FIELD = re.compile(
    r'(?P<name>msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)?[ \t]*(?P<string>"(?:[^"\\]|\\.)*")[ \t]*\Z'
)
_ESCAPE = re.compile(r"\\([0-7]{1,3}|x[0-9a-fA-F]{2}|.)")
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPED = {"\\": "\\\\", '"': '\\"', **{value: f"\\{name}" for name, value in _CONTROLS.items()}}
_CHARSET = re.compile(r"charset=([A-Za-z0-9_.:-]+)")
_LANGUAGE = re.compile(r'(?:"|\\n)Language:(?P<space>[ \t]*)(?P<code>[\w@.-]*)(?=[ \t]*(?:\\n|"))')
_LONGEST_LINE = 77


def read_po(content: bytes) -> SlottedText:
    """Read a catalogue in UTF-8; raises InputError on lines that are not gettext's."""
    charset = _CHARSET.search(content[:4096].decode("latin-1"))
    if charset and charset[1].lower().replace("-", "") not in ("utf8", "ascii", "usascii", "charset"):
        raise InputError(f"the catalogue is in {charset[1]}; convert it to UTF-8 with msgconv first")
    source = EncodedText.of(content)
    line_end = "\r\n" if "\r\n" in source.text else "\n"
    entries = list(_entries(source.text))
    languages = [splice for entry in entries if entry.is_header for splice in _language(source.text, entry)]
    return SlottedText(source, [slot for entry in entries for slot in entry.slots(line_end)], languages)


def _language(text: str, header: "_Entry") -> Iterator[Splice]:
    """Yield what makes the language of the translations German if the header says English or none."""
    place = header.fields["msgstr"]
    found = _LANGUAGE.search(text, place.start, place.end)
    if found and (not found["code"] or is_english(found["code"])):
        yield Splice(found.start("space"), found.end(), " de")


@dataclass
class _Field:
    """A string of an entry, which may be written over several lines."""

    start: int
    """Where its first line begins."""
    end: int
    """Where its last line ends, without the line end."""
    value: str


@dataclass
class _Entry:
    """A message."""

    fields: dict[str, _Field] = field(default_factory=dict)
    is_fuzzy: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether it has come to its translations, which are last."""
        return any(name.startswith("msgstr") for name in self.fields)

    @property
    def is_header(self) -> bool:
        """Whether it describes the file, instead of a message."""
        return not any(self.fields[name].value for name in ("msgid", "msgctxt") if name in self.fields) and (
            "msgstr" in self.fields
        )

    def slots(self, line_end: str) -> Iterator[Slot]:
        """Yield the units that have no translation yet."""
        source = self.fields.get("msgid")
        if source is None or not source.value or self.is_fuzzy:
            return  # the header has the source ""
        empty = [name for name, one in self.fields.items() if name.startswith("msgstr") and not one.value]
        singular = [name for name in empty if name in ("msgstr", "msgstr[0]")]
        plural = [name for name in empty if name not in singular]
        for name, targets in (("msgid", singular), ("msgid_plural", plural)):
            if targets and name in self.fields and has_content(self.fields[name].value):
                yield Slot(self.fields[name].value, partial(self._fill, targets, line_end))

    def _fill(self, targets: Sequence[str], line_end: str, translation: str) -> Iterator[Splice]:
        for name in targets:
            place = self.fields[name]
            yield Splice(place.start, place.end, _written(name, translation, line_end))


def _entries(text: str) -> Iterator[_Entry]:
    entry, last = _Entry(), ""
    for match in _LINE.finditer(text):
        line = match[0].rstrip("\r\n")
        start, end = match.start(), match.start() + len(line)
        if not line.strip() or line.startswith("#"):
            if entry.is_complete:
                yield entry
                entry, last = _Entry(), ""
            entry.is_fuzzy |= line.startswith("#,") and "fuzzy" in line
            continue
        found = _FIELD.match(line)
        if not found or not (found["name"] or last):
            number = text.count("\n", 0, start) + 1
            raise InputError(
                f"line {number} is not one of a gettext catalogue; check the file with msgfmt -c"
            )
        value = _unescaped(found["string"][1:-1])
        if not found["name"]:
            entry.fields[last].end = end
            entry.fields[last].value += value
            continue
        if found["name"] in ("msgctxt", "msgid") and entry.is_complete:
            yield entry
            entry = _Entry()
        last = found["name"]
        entry.fields[last] = _Field(start, end, value)
    yield entry


def _unescaped(string: str) -> str:
    def character(found: re.Match[str]) -> str:
        code = found[1]
        if code[0] in "01234567":
            return chr(int(code, 8))
        if code[0] == "x" and len(code) == 3:
            return chr(int(code[1:], 16))
        return _CONTROLS.get(code, code)

    return _ESCAPE.sub(character, string)


def _written(name: str, translation: str, line_end: str) -> str:
    """Write a field as gettext's tools do: a string with line breaks, or a long one, below an empty one."""
    lines = [line for line in re.split(r"(?<=\n)", translation) if line] or [""]
    strings = [part for line in lines for part in _parts(line)]
    if len(strings) > 1 or len(name) + len(strings[0]) > _LONGEST_LINE:
        strings.insert(0, "")
    return f"{name} " + line_end.join(f'"{string}"' for string in strings)


def _parts(line: str) -> Iterator[str]:
    """Cut a line behind spaces so that each part fits into a line of the file."""
    part = ""
    for word in re.findall(r"\S*\s*", line):
        escaped = "".join(_ESCAPED.get(character, character) for character in word)
        if part and len(part) + len(escaped) > _LONGEST_LINE:
            yield part
            part = ""
        part += escaped
    if part:
        yield part
