"""Find the marks that Markdown and chats have: **bold**, *italic*, _italic_, ~~struck out~~, ==marked==, ||hidden||."""

import re
from collections.abc import Iterator

from translator.text.places import Place, is_word_character

_MARKS_OR_CODE = re.compile(r"`[^`\n]{1,200}`|\n|(?P<marks>\*++|_++|~~++|==++|\|\|++)")
_MAY_HOLD_MARKS = re.compile(r"[*_]|~~|==|\|\|")
_IDENTIFIER = re.compile(r"(?=\D*+\d)\w++")
_NAME = re.compile(r"\w*")
_LONGEST_MARKS = 3
_DEEPEST = 10


def find_emphasis(text: str) -> list[tuple[Place, Place]]:
    """Return the places of the opening and the closing marks of each emphasis, in order of the closing marks.

    An opening mark follows no word and a closing mark precedes none. Both stand on one line, with no space inside
    them. Identifiers such as `_x1_` and `__init__` are no emphasis.
    """
    return list(_pairs(text)) if _MAY_HOLD_MARKS.search(text) else []


def _pairs(text: str) -> Iterator[tuple[Place, Place]]:
    opened: list[re.Match[str]] = []
    for match in _MARKS_OR_CODE.finditer(text):
        if match["marks"] is None or len(match[0]) > _LONGEST_MARKS:
            opened = [] if match[0] == "\n" else opened
            continue
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        opening = _opening(opened, match) if before.strip() and not is_word_character(after) else None
        if opening is not None and _is_emphasis(opened[opening], match):
            yield opened[opening].span(), match.span()
            del opened[opening:]
        elif after.strip() and not is_word_character(before) and before not in ("/", "\\"):
            opened = [*opened, match][-_DEEPEST:]


def _opening(opened: list[re.Match[str]], closing: re.Match[str]) -> int | None:
    """Return the index of the last opening marks that equal the closing ones."""
    return next((one for one in reversed(range(len(opened))) if opened[one][0] == closing[0]), None)


def _is_emphasis(opening: re.Match[str], closing: re.Match[str]) -> bool:
    inside = opening.string[opening.end() : closing.start()]
    if not inside or (opening[0][0] == "_" and _IDENTIFIER.fullmatch(inside)):
        return False
    return opening[0] != "__" or not _NAME.fullmatch(inside)
