"""Placeholders that stand for a number, as in “%d files”."""

import re

_PRINTF = re.compile(r"%(?:\d{1,2}\$|\(\w+\)|<\w+>)?[-+ 0#,']*\d*(?:hh?|ll?|[Lqjzt])?[diu]")
_FORMATTED = re.compile(r"\{\s*\w+\s*,\s*number\b[^{}]*\}")
_NAME = re.compile(r"\W*(?P<name>[\w.]+?)(?::[^{}]*)?\W*")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_NUMBERS = frozenset(
    ("n", "num", "number", "count", "total", "max", "min", "limit", "days", "hours", "minutes", "seconds")
)
"""The last word of the name of such a placeholder: `{count}`, `%{file_count}`, `{page.total}`."""


def stands_for_number(placeholder: str) -> bool:
    """Whether a placeholder stands for a number, so that the words around it are those around a number.

    It does if its form says so, as that of `%d`, or its name, as that of `{count}`.
    """
    if placeholder == "#" or _PRINTF.fullmatch(placeholder) or _FORMATTED.fullmatch(placeholder):
        return True
    named = _NAME.fullmatch(placeholder)
    words = _WORD.findall(named["name"]) if named else []
    return bool(words) and words[-1].lower() in _NUMBERS
