"""Phrases that a small model translates word by word: “twice a week” as “zweimal eine Woche”."""

import re
from collections.abc import Mapping
from functools import cache

_PERIODS = "minute|hour|day|night|week|month|year"
_LENGTHS = "seconds?|minutes?|hours?|days?|nights?|weeks?|months?|years?"
_CURRENCIES = "dollars|euros|pounds|cents|pence"
_END = r"(?=[.,;:!?)]|\s*\Z| (?:and|or|but|in|at|on|for|with|to|by|if|when|from|because|while|until)(?!\w))"
"""Asserts that a phrase ends: “$5 a year earlier” is no rate."""
_NUMBER = "an?|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|several|many|some|a few|half an"
_GROUPS = "the|them|us|you|these|those|my|your|his|her|our|their"
_OFFER = r"(?= (?:\w+ ){1,3}?(?:offers?|invitations?|proposals?|requests?|applications?|job)(?!\w))"
_STAFF = "about|over|half|most|all|hundreds|thousands|workers|staff|employees|people"
_SUPPLIES = (
    "time|money|milk|fuel|petrol|gas|memory|space|disk space|paper|ink|food|water|power|ideas|patience|bread"
)

Rule = tuple[str, re.Pattern[str], str]
"""A substring of every match, checked first for speed; the pattern; its replacement."""


@cache
def _rules(amounts: str, numbers: str) -> tuple[Rule, ...]:
    """Return the rules. `amounts` are the marks of money and quantities, `numbers` those of numbers."""
    count = rf"(?:(?:about|over|almost|nearly|more than|at least) )?(?:{_NUMBER}|\d+|[{numbers}])"
    patterns = (
        (
            " a",
            rf"((?<![\w-])(?:once|[Tt]wice|(?<=[a-z] )times|{_CURRENCIES})|[{amounts}]) an? (?=(?:{_PERIODS}){_END})",
            r"\1 per ",
        ),
        ("/", rf"(?<=[{amounts}])/(?=(?:{_PERIODS}|quarter|person|user)(?![\w/-]))", " per "),
        (
            "very other ",
            rf"(?<!\w)(?<!than )(?<!like )(?<!from )([Ee]very) other (?=(?:{_PERIODS}|[A-Z][a-z]+day)(?!\w))",
            r"\1 second ",
        ),
        ("either of ", rf"(?<!\w)([Nn])either of (?={_GROUPS})", r"\1one of "),
        ("hardly any", r"(?<!\w)hardly any(?:one|body)(?!\w)", "almost nobody"),
        ("Hardly any", r"(?<!\w)Hardly any(?:one|body)(?!\w)", "Almost nobody"),
        ("been waiting for ", rf"(?<!\w)been waiting for (?=(?:{count} )?(?:{_LENGTHS}){_END})", "been waiting "),
        (
            "called off",
            r"(?<!\w)called off(?=[.,;:!?]|\s*\Z| (?:the|a|their|his|her|our|its|because|by|due)(?! coast| bench))",
            "cancelled",
        ),
        (
            "passed away",
            r"(?<!\w)passed away(?=[.,;:!?]|\s*\Z| (?:in|on|at|after|before|yesterday|last|peacefully))",
            "died",
        ),
        (
            "laid off",
            r"(?<!\w)(?:(?<=was )|(?<=were )|(?<=been )|(?<=being )"
            rf"|(?=laid off (?:\d|[{numbers}]|{_STAFF})))laid off(?!\w)",
            "dismissed",
        ),
        ("turned down", rf"(?<!\w)turned down{_OFFER}", "rejected"),
        (
            "ran out of ",
            rf"(?<!\w)(?<!never )(?<!obody )(?<!o one )ran out of (?=(?:{_SUPPLIES})(?!\w))",
            "had no more ",
        ),
    )  # fmt: skip
    return tuple((part, re.compile(pattern), instead) for part, pattern, instead in patterns)


def with_plain_phrases(text: str, marks: Mapping[str, str]) -> str:
    """Replace phrases by others that mean the same. `marks` are those of the tokenizer by their class."""
    for part, pattern, instead in _rules(marks["amount"], marks["number"]):
        if part in text:
            text = pattern.sub(instead, text)
    return text
