"""Split XML into tokens with expat.

Expat loads nothing here: without handlers for them, it skips document types and external entities, and passes entities
on unexpanded. The markup may be a document or a part of one, and may use entities that it does not declare.
"""

from collections.abc import Iterator, Sequence
from html import unescape
from typing import NamedTuple
from xml.parsers import expat

import numpy as np

from translator.markup.tokens import Token, TokenKind

_BEFORE, _AFTER = "<root>", "</root>"
_PROLOGUE = ("<?xml ", "<!DOCTYPE")


class _Event(NamedTuple):
    """What expat reports, from an offset in bytes to that of the next event."""

    byte: int
    kind: TokenKind
    value: str = ""
    attributes: dict[str, str] | None = None


def xml_tokens(markup: str) -> list[Token] | None:
    """Return the tokens of XML in order, without gaps; None if it is not well-formed."""
    is_document = markup.lstrip().startswith(_PROLOGUE)
    before, after = ("", "") if is_document else (_BEFORE, _AFTER)
    whole = f"{before}{markup}{after}".encode()
    try:
        events = _Reader().read(whole)
    except expat.ExpatError:
        return None
    inner = events if is_document else events[1:-1]
    if not inner:
        return []
    ends = _characters_before(whole)[[*(event.byte for event in inner[1:]), len(whole) - len(after)]]
    return list(_tokens(inner, (ends - len(before)).tolist()))


def _tokens(events: Sequence[_Event], ends: Sequence[int]) -> Iterator[Token]:
    start, is_closed = 0, False
    for number, (event, end) in enumerate(zip(events, ends, strict=True)):
        if is_closed:  # the end tag of an element such as <br/>, which has no characters
            is_closed = False
            continue
        is_closed = event.kind == "start" and events[number + 1].kind == "end" and ends[number + 1] == end
        yield Token(event.kind, start, end, event.value, event.attributes or {}, is_closed=is_closed)
        start = end


class _Reader:
    """Collects the events of a document."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = False  # each entity is an event of its own
        self._parser.UseForeignDTD(True)  # then entities may be declared elsewhere
        self._parser.StartElementHandler = lambda name, given: self._add("start", name, given)
        self._parser.EndElementHandler = lambda name: self._add("end", name)
        self._parser.CharacterDataHandler = self._characters
        self._parser.SkippedEntityHandler = self._entity
        self._parser.StartCdataSectionHandler = lambda: self._cdata(True)
        self._parser.EndCdataSectionHandler = lambda: self._cdata(False)
        self._parser.DefaultHandler = self._rest
        self._is_in_cdata = False
        self._events: list[_Event] = []

    def read(self, whole: bytes) -> list[_Event]:
        """Return the events; raises ExpatError if the document is not well-formed."""
        self._parser.Parse(whole, True)
        return self._events

    def _add(self, kind: TokenKind, value: str = "", attributes: dict[str, str] | None = None) -> None:
        self._events.append(_Event(self._parser.CurrentByteIndex, kind, value, attributes))

    def _characters(self, text: str) -> None:
        if self._is_in_cdata:
            self._add("other")
        else:
            self._add("text", text)

    def _entity(self, name: str, is_parameter: bool) -> None:
        reference = f"&{name};"
        character = unescape(reference)
        if character == reference:
            self._add("entity", reference)
        else:
            self._add("text", character)

    def _rest(self, data: str) -> None:
        if data.startswith("&"):
            self._add("entity", data)
        else:
            self._add("other")

    def _cdata(self, begins: bool) -> None:
        self._is_in_cdata = begins
        self._add("other")


def _characters_before(whole: bytes) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return how many characters precede each byte, and the end."""
    starts = (np.frombuffer(whole, dtype=np.uint8) & 0xC0) != 0x80
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(starts)])
