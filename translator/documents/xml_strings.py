"""Formats of translators in XML: XLIFF (1.2 and 2), TMX, and RESX of .NET; all bytes but the translations stay.

XLIFF and TMX: segments without a German text get one. RESX: the values of strings are replaced.
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from html import escape

from translator.documents.encoding import EncodedText
from translator.documents.slots import Slot, SlottedText, Splice, has_content, is_for_people
from translator.errors import InputError
from translator.markup.tokens import Token
from translator.markup.units import Unit, UnitBuilder
from translator.markup.xml_tokens import xml_tokens

_ENCODING = re.compile(r"""<\?xml[^>]*?(?P<encoding>encoding\s*=\s*["'](?P<name>[A-Za-z0-9_.-]+)["'])""")
_CODE = frozenset(("bpt", "ept", "ph", "it", "ut", "hi"))
"""Elements of a segment that hold code, not text."""


def read_xliff(content: bytes) -> SlottedText:
    """Read XLIFF; raises InputError."""
    document = _Document(content, "xliff")
    slots = list[Slot]()
    for segment in document.elements("trans-unit", "segment"):
        source, targets = document.inside(segment, "source"), document.inside(segment, "target")
        if source and segment.attributes.get("translate") != "no":
            slots += document.filling(source[0], targets[0] if targets else None)
    return SlottedText(document.source, slots)


def read_tmx(content: bytes) -> SlottedText:
    """Read a translation memory; raises InputError."""
    document = _Document(content, "tmx")
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
    document = _Document(content, "root")
    slots = list[Slot]()
    for data in document.elements("data"):
        name = data.attributes.get("name", "")
        values = document.inside(data, "value")
        # Others are numbers, pictures, and names that the designer of forms needs.
        if values and not {"type", "mimetype"} & data.attributes.keys() and not name.startswith(">>"):
            slots += document.replacing(values[0])
    return SlottedText(document.source, slots)


def _language(variant: Token) -> str:
    code = variant.attributes.get("xml:lang") or variant.attributes.get("lang", "")
    return code.partition("-")[0].partition("_")[0].lower()


class _Document:
    """The tokens of a file, and where its elements end."""

    def __init__(self, content: bytes, root: str) -> None:
        self.source = EncodedText.of(content)
        declared = _ENCODING.match(self.source.text)
        if declared and not self.source.mark and declared["name"].lower() not in ("utf-8", "us-ascii"):
            raise InputError(f"the file is in {declared['name']}; save it as UTF-8 first")
        text = self.source.text
        if declared:  # the text is no longer in that encoding
            start, end = declared.span("encoding")
            text = text[:start] + " " * (end - start) + text[end:]
        tokens = xml_tokens(text) if text.strip() else []
        if tokens is None:
            raise InputError("the file is not well-formed XML; correct it first")
        self._tokens = tokens
        self._numbers = {token.start: number for number, token in enumerate(tokens)}
        self._ends = self._matched()
        names = [_local(token) for token in tokens if token.kind == "start"]
        if text.strip() and names[:1] != [root]:
            found = names[0][:30] if names else "missing"
            raise InputError(f"the file's root is {found}, not {root}; check its name's ending")

    def _matched(self) -> dict[int, int]:
        """For the number of each start tag, that of its end tag, or its own if it is closed."""
        opened, ends = list[int](), dict[int, int]()
        for number, token in enumerate(self._tokens):
            if token.kind == "start" and token.is_closed:
                ends[number] = number
            elif token.kind == "start":
                opened.append(number)
            elif token.kind == "end":
                ends[opened.pop()] = number
        return ends

    def elements(self, *names: str) -> Iterator[Token]:
        """Yield the start tags of elements, in order."""
        return (token for token in self._tokens if token.kind == "start" and _local(token) in names)

    def inside(self, element: Token, name: str) -> list[Token]:
        """Return the start tags of the children of an element that have a name."""
        number, found = self._numbers[element.start], list[Token]()
        place, end = number + 1, self._ends[number]
        while place < end:
            token = self._tokens[place]
            if token.kind == "start":
                if _local(token) == name:
                    found.append(token)
                place = self._ends[self._numbers[token.start]]
            place += 1
        return found

    def filling(self, source: Token, target: Token | None) -> Iterator[Slot]:
        """Yield the slot of a segment, unless it has a translation other than the source."""
        unit, written = self._unit(source), self._content(source)
        if not has_content(unit.text) or (
            target and self._content(target).strip() not in ("", written.strip())
        ):
            return
        if target is None:
            end = self._end(source).end
            before = self.source.text[: source.start]
            space = before[len(before.rstrip()) :]
            prefix = source_prefix(self.source.text[source.start : source.end])
            yield Slot(
                unit.text, partial(_fill, unit, end, end, f"{space}<{prefix}target>", f"</{prefix}target>")
            )
        else:
            yield self._slot(unit, target)

    def new_variant(self, variant: Token | None, segment: Token) -> Iterator[Slot]:
        """Yield the slot of a unit of a memory without German."""
        assert variant
        unit, end = self._unit(segment), self._end(variant).end
        before = self.source.text[: variant.start]
        space = before[len(before.rstrip()) :]
        if has_content(unit.text):
            yield Slot(
                unit.text, partial(_fill, unit, end, end, f'{space}<tuv xml:lang="de"><seg>', "</seg></tuv>")
            )

    def replacing(self, value: Token) -> Iterator[Slot]:
        """Yield the slot of a text that its translation replaces."""
        unit = self._unit(value)
        if is_for_people(unit.text):
            slot = self._slot(unit, value)
            yield Slot(
                unit.text, lambda translation: [] if translation == unit.text else slot.fill(translation)
            )

    def _slot(self, unit: Unit[str], target: Token) -> Slot:
        """The slot whose translation becomes the content of an element."""
        if target.is_closed:
            tag = self.source.text[target.start : target.end].removesuffix("/>").rstrip()
            name = tag[1:].split()[0]
            return Slot(unit.text, partial(_fill, unit, target.start, target.end, f"{tag}>", f"</{name}>"))
        return Slot(unit.text, partial(_fill, unit, target.end, self._end(target).start, "", ""))

    def _end(self, element: Token) -> Token:
        return self._tokens[self._ends[self._numbers[element.start]]]

    def _content(self, element: Token) -> str:
        return "" if element.is_closed else self.source.text[element.end : self._end(element).start]

    def _unit(self, element: Token) -> Unit[str]:
        """The content of an element as a unit."""
        builder, opened = UnitBuilder[str](), list[int]()
        number = self._numbers[element.start]
        place, end = number + 1, self._ends[number]
        while place < end:
            token = self._tokens[place]
            written = self.source.text[token.start : token.end]
            if token.kind == "text":
                builder.add_text(token.value)
            elif token.kind == "end":
                builder.close(opened.pop(), written)
            elif token.kind == "start" and not token.is_closed and _local(token) not in _CODE:
                opened.append(builder.open(written))
            else:
                last = self._ends[place] if token.kind == "start" else place
                builder.add_word(self.source.text[token.start : self._tokens[last].end])
                place = last
            place += 1
        return builder.build()


def source_prefix(tag: str) -> str:
    """Return the prefix of a tag with its colon, such as `x:` of `<x:source>`; "" if it has none."""
    name = re.split(r"[\s/>]", tag[1:])[0]
    return name[: name.rfind(":") + 1]


def _local(token: Token) -> str:
    return token.value.rpartition(":")[2]


def _fill(
    unit: Unit[str], start: int, end: int, before: str, after: str, translation: str
) -> Sequence[Splice]:
    parts = [before]
    for text, tag in unit.pieces(translation):
        parts += escape(text, quote=False), tag or ""
    return [Splice(start, end, "".join(parts) + after)]
