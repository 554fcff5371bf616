"""Stand-ins for tags: private-use characters that a markup or document format puts in a text in place of its tags.

    f"Click {opening(0)}here{closing(0)}.{lone(1)}"

The caller keeps what each one stands for. `translator.translate.marked_up` sets pairs aside while a text is
translated, and puts them at the words that translate theirs. A lone stand-in remains in the text, as a word that comes
through.
"""

import re

MOST_TAGS = 0x4000
"""How many stand-ins of each kind there are; a text with more tags has to be cut."""
_FIRST_OPENING = 0x100000
_FIRST_CLOSING = _FIRST_OPENING + MOST_TAGS
_FIRST_LONE = _FIRST_CLOSING + MOST_TAGS
STAND_IN_RANGE = f"{chr(_FIRST_OPENING)}-{chr(_FIRST_LONE + MOST_TAGS - 1)}"
"""All stand-ins, as a range in a character class of a regular expression."""
STAND_IN = re.compile(f"[{STAND_IN_RANGE}]")


def opening(number: int) -> str:
    """Return the stand-in for the opening tag of a pair."""
    return _character(_FIRST_OPENING, number)


def closing(number: int) -> str:
    """Return the stand-in for the closing tag of a pair."""
    return _character(_FIRST_CLOSING, number)


def lone(number: int) -> str:
    """Return the stand-in for a tag without a counterpart, such as `<br>`."""
    return _character(_FIRST_LONE, number)


def is_lone(text: str) -> bool:
    """Whether a text is the stand-in of a tag without a counterpart."""
    return len(text) == 1 and _FIRST_LONE <= ord(text) < _FIRST_LONE + MOST_TAGS


def pair_of(text: str) -> tuple[int, bool] | None:
    """Return the number of a pair, and whether the tag closes it; None unless `text` is one stand-in of a pair."""
    code = ord(text) if len(text) == 1 else 0
    if not _FIRST_OPENING <= code < _FIRST_LONE:
        return None
    return (code - _FIRST_OPENING) % MOST_TAGS, code >= _FIRST_CLOSING


def _character(first: int, number: int) -> str:
    if not 0 <= number < MOST_TAGS:
        raise ValueError(f"tag {number} is not between 0 and {MOST_TAGS - 1}; cut the text")
    return chr(first + number)
