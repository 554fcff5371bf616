"""YAML: every string with words that is not a key is a unit; comments, anchors and layout stay."""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import yaml

from translator.documents.encoding import EncodedText
from translator.documents.slots import Slot, SlottedText, has_words, replacing
from translator.errors import InputError

_STRING = "tag:yaml.org,2002:str"
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
"""An anchor and a tag."""
_PLAIN_START = re.compile(r"[\w(«„“¿¡]")
_NOT_PLAIN = re.compile(r": |:\Z| #|[\n\[\]{},]|\s\Z")


def read_yaml(content: bytes) -> SlottedText:
    """Read YAML; raises InputError."""
    source = EncodedText.of(content)
    try:
        slots = sorted(_slots(source.text), key=lambda found: found[0])
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f" in line {place.line + 1}" if place else ""
        raise InputError(
            f"the file is not YAML: {getattr(error, 'problem', error)}{where}; correct it"
        ) from None
    return SlottedText(source, [slot for _, slot in slots])


def _slots(text: str) -> Iterator[tuple[int, Slot]]:
    for document in yaml.compose_all(text, Loader=yaml.SafeLoader):
        seen, todo = set[int](), [document]
        while todo:
            node: Any = todo.pop()
            if id(node) in seen:  # an alias
                continue
            seen.add(id(node))
            if isinstance(node, yaml.MappingNode):
                todo += [value for _, value in node.value]
            elif isinstance(node, yaml.SequenceNode):
                todo += node.value
            elif node.tag == _STRING and has_words(node.value):
                start, end = node.start_mark.index, node.end_mark.index
                if slot := _slot(text, start, end, node.value, node.style):
                    yield start, slot


def _slot(text: str, start: int, end: int, value: str, style: str | None) -> Slot | None:
    if style in ("|", ">"):
        return _block(text, start, end, value)
    properties = _PROPERTIES.match(text, start)
    assert properties
    start = properties.end()
    styles: dict[str | None, Callable[[str], str]] = {"'": _single, '"': _double, None: _plain}
    return replacing(start, end, value, styles[style])


def _block(text: str, start: int, end: int, value: str) -> Slot | None:
    """A block of lines: the header stays, and each line gets the indentation of the first one."""
    header = re.compile(r"(?:[&!]\S*\s+)*[|>][+-]?[ \t]*(?:#[^\n]*)?\r?\n").match(text, start)
    if not header:  # with an indentation of its own
        return None
    body = text[header.end() : end]
    indent = re.match(r"(?:[ \t]*\r?\n)*( +)", body)
    if not indent:
        return None
    is_folded = ">" in header[0].partition("#")[0]
    content = body.rstrip()
    line_end = "\r\n" if "\r\n" in body else "\n"
    return replacing(
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
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError:
            node = None
        if isinstance(node, yaml.ScalarNode) and node.tag == _STRING and node.value == text:
            return text
    return _double(text)
