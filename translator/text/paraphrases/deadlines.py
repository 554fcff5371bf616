"""Deadlines: “by Friday” is read as “until Friday”.

German says “bis” for both. A small model often takes “by” for “nach”, “von” or “am”, which moves the deadline.
"""

import re
from collections.abc import Mapping
from functools import cache

from translator.text.values.patterns import MONTHS

_WEEKDAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_NAMED_MONTHS = ("April", "May", "June", "August")
"""Those that are also names of people."""
_MONTHS = "|".join(MONTHS)
_CLEAR_MONTHS = "|".join(f"(?<!ed by ){month}" if month in _NAMED_MONTHS else month for month in MONTHS)
"""Months, but not “baked by April”."""
_PERIODS = "year|month|week|decade|century|quarter|term|semester|season|spring|summer|autumn|winter"
_NO_DEADLINE = re.compile(
    r"(?i:(?<!\w)(?:come|comes|coming|came|drop(?:s|ped|ping)?|stop(?:s|ped|ping)?|pop|call|swing|walk(?:s|ed)?|drive|drove|be"
    r"|stand|stands|stood|go|goes|going|went|pass(?:es|ed|ing)?|fl(?:y|ies|ew)|slipped|gets?|got|scraped"
    r"|mean|meant|means|followed|preceded|caused|surprised|shocked|inspired|covered|bound|judging|measured|denoted"
    r"|divided?|multipl(?:y|ied)|increased?|decreased?|reduced?|raised?|lowered|cut|rose|fell|grew|exceeds?|exceeded"
    r"|outnumbered|behind|up|down|ahead))\s\Z"
)
"""Before “by”: a visit, a cause or a difference, as in “come by tomorrow” and “divided by 2000”."""
_LONGEST_WORD = 14
_NEGATED = re.compile(
    r"(?i:(?<!\w)(?:not|never|no|nobody|none|cannot|unless|without|hardly)(?!\w)|n['’]t(?!\w))[^.;:!?\n]*\Z"
)
"""Before “by” in the same clause: “not until” is “erst”, the opposite of “not by”."""
_LONGEST_CLAUSE = 100


@cache
def _pattern(years: str, times: str) -> re.Pattern[str]:
    """Match a deadline; `years` and `times` are the marks of years, and those of times and dates."""
    part_of_year = rf"(?:early|late|mid)[ -](?:{_MONTHS}|[{years}])"
    day = rf"{part_of_year}|{_CLEAR_MONTHS}|[{years}]|(?:next )?(?:{_WEEKDAYS})|[{times}]"
    return re.compile(
        rf"(?<![\w'’-])(?P<by>[Bb]y) (?:{day}|next (?:{_PERIODS})|tomorrow|tonight|noon|midday|midnight"
        rf"|(?:the )?(?:end|beginning|start|middle) of (?:(?:(?:the|this|next) )?(?:{_PERIODS})|{day}))"
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
    if _NEGATED.search(match.string, max(0, start - _LONGEST_CLAUSE), start):
        return match[0]
    return ("Until" if by == "By" else "until") + match[0][len(by) :]
