"""Find the tags in plain text: pairs such as `<b>…</b>` and `**…**`, those that end a sentence, and accelerators."""

import re
from collections.abc import Collection, Iterator, Sequence

from translator.markup.elements import BLOCKS
from translator.markup.tokens import Token
from translator.text.accelerators import find_accelerators
from translator.text.protected import ProtectedSpan, find_protected, name_of_tag, tag_pairs

_MAY_HOLD_TAGS = re.compile(r"<[/A-Za-z]|[*_~=|]\S")
_COPIED = ("code", "placeholder", "link", "path", "tag")


def text_tokens(text: str, blocks: Collection[str] = BLOCKS) -> list[Token]:
    """Return the tokens of plain text in order, without gaps; at most one, a text, if it has none of these tags.

    Everything else is text, including entities, line breaks, and other tags without a counterpart, unless `blocks` has
    their name: `<name>` may be a placeholder. The sign of an accelerator is a token without a width.
    """
    signs = find_accelerators(text)
    spans = find_protected(text) if signs or _MAY_HOLD_TAGS.search(text) else []
    marks = [*_tags(spans, blocks), *_signs(signs, spans)]
    found, position = list[Token](), 0
    for one in sorted(marks, key=lambda mark: mark.start):
        found += [*_text(text, position, one.start), one]
        position = one.end
    return [*found, *_text(text, position, len(text))]


def _tags(spans: Sequence[ProtectedSpan], blocks: Collection[str]) -> Iterator[Token]:
    tags = [one for one in spans if one.kind == "tag"]
    pairs = tag_pairs(tags)
    closing, in_pairs = set(pairs.values()), {*pairs, *pairs.values()}
    for number, tag in enumerate(tags):
        name = name_of_tag(tag.text)
        if number in in_pairs or name in blocks:
            closes = number in closing or tag.text.startswith("</")
            yield Token("end" if closes else "start", tag.start, tag.end, name)


def _signs(places: Sequence[int], spans: Sequence[ProtectedSpan]) -> Iterator[Token]:
    """Yield the signs of accelerators, except those in code and the like."""
    for place in places:
        if not any(one.start <= place < one.end for one in spans if one.kind in _COPIED):
            yield Token("other", place, place + 1)


def _text(text: str, start: int, end: int) -> Sequence[Token]:
    return [Token("text", start, end, text[start:end])] if start < end else []
