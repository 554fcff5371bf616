"""Deadlines: “by Friday” is read as “until Friday”.

German says “bis” for both. A small model often takes “by” for “nach”, “von” or “am”, which moves the deadline.
"""

import re
from collections.abc import Mapping
from functools import cache

_WEEKDAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_PERIODS = (
    "year|month|week|day|decade|century|quarter|term|semester|season|spring|summer|autumn|fall|winter|afternoon"
    "|evening"
)
_NO_DEADLINE = re.compile(
    r"(?i:(?<!\w)(?:come|comes|coming|came|drop(?:s|ped|ping)?|stop(?:s|ped|ping)?|swing|go|goes|going|went"
    r"|pass(?:es|ed|ing)?"
    r"|divided?|multipl(?:y|ied)|increased?|decreased?|reduced?|raised?|lowered|cut|rose|fell|grew|exceeds?|exceeded))\s\Z"
)
"""Before “by”: a visit or a difference, as in “come by tomorrow” and “divided by 2000”."""
_LONGEST_WORD = 12


@cache
def _pattern(years: str, times: str) -> re.Pattern[str]:
    """Match a deadline; `years` and `times` are the marks of years, and those of times and dates."""
    day = rf"(?:(?:early|late|mid)[ -])?(?:{_MONTHS}|[{years}])|(?:(?:next|this) )?(?:{_WEEKDAYS})|[{times}]"
    return re.compile(
        rf"(?<![\w'’-])(?P<by>[Bb]y) (?:{day}|(?:next|this) (?:{_PERIODS})|tomorrow|tonight|noon|midday|midnight"
        rf"|(?:the |this )?(?:end|beginning|start|middle) of (?:(?:(?:the|this|next|that) )?(?:{_PERIODS})|{day}))"
        r"(?!\w|['’]s| [A-Z])"
        r"|(?<![\w'’-])(?P<by_then>by) then(?=[.,;:!?]|\Z)"
    )


def with_until(text: str, marks: Mapping[str, str]) -> str:
    """Replace “by” before a deadline by “until”. `marks` are those of the tokenizer by their class."""
    if "by " not in text and "By " not in text:
        return text
    return _pattern(marks["year"], marks["time"] + marks["date"]).sub(_until, text)


def _until(match: re.Match[str]) -> str:
    by = match["by"] or match["by_then"]
    start = match.start()
    if _NO_DEADLINE.search(match.string, max(0, start - _LONGEST_WORD), start):
        return match[0]
    return ("Until" if by == "By" else "until") + match[0][len(by) :]
