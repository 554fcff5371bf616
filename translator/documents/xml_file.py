"""Text files of XML in which only some places change; all other bytes stay as they are."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from html import escape

from translator.documents.slots import Slot, Splice, has_content
from translator.errors import InputError
from translator.markup.tokens import Token
from translator.markup.units import Unit, UnitBuilder
from translator.markup.xml_tokens import xml_tokens
from translator.text.encoding import EncodedText
from translator.text.places import Place

_ENCODING = re.compile(r"""<\?xml[^>]*?(?P<encoding>encoding\s*=\s*["'](?P<name>[A-Za-z0-9_.-]+)["'])""")
_CODE = frozenset(("bpt", "ept", "ph", "it", "ut", "hi"))
"""Elements of a segment that hold code, not text."""


class XmlFile:
    """The tokens of a file, and where its elements end."""

    def __init__(self, content: bytes, root: str) -> None:
        """Raises InputError if the file is not well-formed or its outermost element is not `root`."""
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
        unit, written = self._unit(source), self._written(source)
        if not has_content(unit.text) or (
            target and self._written(target).strip() not in ("", written.strip())
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
        if has_content(unit.text):
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

    def content(self, element: Token) -> Place:
        """Return the place of the content of an element, which is empty if the element is closed."""
        return element.end, element.end if element.is_closed else self._end(element).start

    def _written(self, element: Token) -> str:
        return self.source.text[slice(*self.content(element))]

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
