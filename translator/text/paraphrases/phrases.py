"""Phrases that a small model translates word by word: “twice a week” as “zweimal eine Woche”."""

import re
from collections.abc import Mapping
from functools import cache

_PERIODS = "second|minute|hour|day|night|week|month|year"
_LENGTHS = "seconds?|minutes?|hours?|days?|nights?|weeks?|months?|years?|ages"
_CURRENCIES = "dollars|euros|pounds|cents|pence"

Rule = tuple[str, re.Pattern[str], str]
"""A part of all matches, by which they are found quickly, the pattern, and its replacement."""


@cache
def _rules(amounts: str) -> tuple[Rule, ...]:
    """Return the rules; `amounts` are the marks of money and quantities."""
    patterns = (
        (
            " a",
            rf"((?<![\w-])(?:[Oo]nce|[Tt]wice|times|{_CURRENCIES})|[{amounts}])"
            rf" an? (?=(?:{_PERIODS})(?![\w'’-]|\s(?:has|had|is|was)\b))",
            r"\1 per ",
        ),
        ("very other ", rf"(?<!\w)([Ee]very) other (?={_PERIODS}|[A-Z][a-z]+day)", r"\1 second "),
        (
            "either of ",
            r"(?<!\w)neither of (?=the|them|us|you|these|those|my|your|his|her|our|their)",
            "none of ",
        ),
        (
            "either of ",
            r"(?<!\w)Neither of (?=the|them|us|you|these|those|my|your|his|her|our|their)",
            "None of ",
        ),
        ("ardly any", r"(?<!\w)hardly any(?:one|body)(?!\w)", "almost nobody"),
        ("ardly any", r"(?<!\w)Hardly any(?:one|body)(?!\w)", "Almost nobody"),
        (
            "waiting for ",
            rf"(?<!\w)been waiting for (?=(?:[\w-]+ |\W ){{1,3}}(?:{_LENGTHS})(?!\w))",
            "been waiting ",
        ),
    )
    return tuple((part, re.compile(pattern), instead) for part, pattern, instead in patterns)


def with_plain_phrases(text: str, marks: Mapping[str, str]) -> str:
    """Replace phrases by others that mean the same. `marks` are those of the tokenizer by their class."""
    for part, pattern, instead in _rules(marks["amount"]):
        if part in text:
            text = pattern.sub(instead, text)
    return text
