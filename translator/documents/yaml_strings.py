"""YAML: every string that is neither a key nor a bare number is a unit; comments, anchors and layout stay."""

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import yaml

from translator.documents.slots import Slot, SlottedText, is_for_people, replacing
from translator.errors import InputError
from translator.text.encoding import EncodedText

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, if PyYAML was built with it, is ten times as fast."""
_RESOLVER: Any = yaml.resolver.Resolver()
_STRING = "tag:yaml.org,2002:str"
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
"""An anchor and a tag."""
_PLAIN_START = re.compile(r"[\w(«„“¿¡]")
_NOT_PLAIN = re.compile(r": |:\Z| #|[\n\t\[\]{},]|\s\Z")


def read_yaml(content: bytes) -> SlottedText:
    """Read YAML; raises InputError."""
    source = EncodedText.of(content)
    try:
        slots = list(_slots(source.text))
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f" in line {place.line + 1}" if place else ""
        raise InputError(
            f"the file is not YAML: {getattr(error, 'problem', error)}{where}; correct it"
        ) from None
    return SlottedText(source, slots)


def _slots(text: str) -> Iterator[Slot]:
    """Yield the slots of strings that are no keys. Events, unlike nodes, need no recursion."""
    is_key: list[bool | None] = [None]  # of the next node, for each open mapping; None for a sequence
    for event in yaml.parse(text, Loader=_LOADER):
        match event:
            case yaml.MappingStartEvent():
                is_key.append(True)
                continue
            case yaml.SequenceStartEvent():
                is_key.append(None)
                continue
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                is_key.pop()
            case yaml.ScalarEvent():
                if not is_key[-1] and is_for_people(event.value) and _is_string(event):
                    yield from _slot(text, event)
            case yaml.AliasEvent():
                pass
            case _:
                continue
        if is_key[-1] is not None:
            is_key[-1] = not is_key[-1]


def _is_string(event: Any) -> bool:
    tag = event.tag
    if tag in (None, "!"):
        tag = _RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit)
    return bool(tag == _STRING)


def _slot(text: str, event: Any) -> Iterator[Slot]:
    start, end = event.start_mark.index, event.end_mark.index
    properties = _PROPERTIES.match(text, start)
    assert properties
    start = properties.end()
    if event.style in ("|", ">"):
        yield from _block(text, start, end, event.value)
    else:
        encode = {"'": _single, '"': _double}.get(event.style, _plain)
        yield replacing(start, end, event.value, encode)


def _block(text: str, start: int, end: int, value: str) -> Iterator[Slot]:
    """A block of lines: the header stays, and each line gets the indentation of the first one."""
    header = re.compile(r"[|>][+-]?[ \t]*(?:#[^\n]*)?\r?\n").match(text, start)
    if not header:  # with an indentation of its own
        return
    body = text[header.end() : end]
    indent = re.match(r"(?:[ \t]*\r?\n)*( +)", body)
    if not indent:
        return
    is_folded = text[start] == ">"
    content = body.rstrip()
    line_end = "\r\n" if "\r\n" in body else "\n"
    yield replacing(
        header.end(),
        header.end() + len(content),
        value.rstrip("\n"),
        partial(_lines, indent[1], line_end, is_folded),
    )


def _lines(indent: str, line_end: str, is_folded: bool, translation: str) -> str:
    text = re.sub(r"\n+", r"\g<0>\n", translation) if is_folded else translation
    return line_end.join(f"{indent}{line}" if line else "" for line in text.split("\n"))


def _single(text: str) -> str:
    return _double(text) if "\n" in text else "'" + text.replace("'", "''") + "'"


def _double(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _plain(text: str) -> str:
    """Write a text without quotes if it reads as the same text then."""
    if _PLAIN_START.match(text) and not _NOT_PLAIN.search(text):
        try:
            node = yaml.compose(text, Loader=_LOADER)
        except yaml.YAMLError:
            node = None
        if isinstance(node, yaml.ScalarNode) and node.tag == _STRING and node.value == text:
            return text
    return _double(text)
