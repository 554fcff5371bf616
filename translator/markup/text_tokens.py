"""Find the tags in plain text that come in pairs, such as `<b>…</b>` and `**…**`, and those that end a sentence."""

import re
from collections.abc import Sequence

from translator.markup.elements import BLOCKS
from translator.markup.tokens import Token
from translator.text.protected import find_protected, name_of_tag, tag_pairs

_MAY_HOLD_TAGS = re.compile(r"<[/A-Za-z]|[*_~]\S")


def text_tokens(text: str) -> list[Token]:
    """Return the tokens of plain text in order, without gaps; at most one, a text, if it has none of these tags.

    Everything else is text, including entities, line breaks, and other tags without a counterpart: `<name>` may be a
    placeholder.
    """
    tags = [one for one in find_protected(text) if one.kind == "tag"] if _MAY_HOLD_TAGS.search(text) else []
    pairs = tag_pairs(tags)
    closing, in_pairs = set(pairs.values()), {*pairs, *pairs.values()}
    found, position = list[Token](), 0
    for number, tag in enumerate(tags):
        name = name_of_tag(tag.text)
        if number in in_pairs or name in BLOCKS:
            closes = number in closing or tag.text.startswith("</")
            found += _text(text, position, tag.start)
            found.append(Token("end" if closes else "start", tag.start, tag.end, name))
            position = tag.end
    return [*found, *_text(text, position, len(text))]


def _text(text: str, start: int, end: int) -> Sequence[Token]:
    return [Token("text", start, end, text[start:end])] if start < end else []
