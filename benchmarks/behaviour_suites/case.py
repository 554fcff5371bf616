"""Cases, and the judge, which finds faults in a German translation with regular expressions.

It shares no code with the translator.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

_ALIKE = str.maketrans({
    "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ",
    "\u2010": "-", "\u2011": "-", "\u00ad": None,
    "’": "'", "‘": "'", "\u02bc": "'",
    "ß": "ss", "ẞ": "SS",
})  # fmt: skip
"""Maps all kinds of spaces, hyphens and apostrophes to one each, and ß to ss, as in Swiss spelling."""

_ENGLISH = (
    r"(?-i:[Tt]he|[Aa]nd|[Ii]s|[Aa]re|[Ww]ere|[Oo]f|[Ww]ith|[Tt]o|[Ff]rom|[Hh]as|[Hh]ave|[Hh]is|[Ss]he|he|[Tt]hey|"
    r"[Yy]our?|[Oo]ur|[Mm]y|[Ff]or|[Oo]n|[Aa]t|[Ii]t|[Ww]e|[Tt]h(?:is|at|ere|eir)|[Ww]h(?:o|ich|en|ere)|[Dd]oes|"
    r"[Dd]id|[Dd]ear|[Hh]ad|[Bb]een|[Bb]ut|(?:[Ww]|[Cc]|[Ss]h)ould)"
)
"""English function words that do not exist in German. "IT" and "He!" do."""

_MAX_SHOWN_CHARACTERS = 60
"""Longest regular expression that is shown in full."""


@dataclass(frozen=True)
class Case:
    """An English text, and how to tell whether its translation is right.

    The regular expressions match whole words and ignore case.
    """

    source: str
    german: str
    """A right translation, one of many."""
    wanted: tuple[str, ...] = ()
    """Regular expressions that must all be found."""
    unwanted: tuple[str, ...] = ()
    """Regular expressions that must not be found."""
    sentences: int | None = None
    """How many sentences the translation must have; None if any number is right."""


@dataclass(frozen=True)
class Suite:
    """Cases that test one property."""

    name: str
    cases: tuple[Case, ...]


def case(source: str, german: str, *wanted: str, never: str = "") -> Case:
    """Make a case; `never` is a regular expression that must not be found."""
    return Case(source, german, wanted, (never,) if never else ())


def faults(one: Case, german: str) -> list[str]:
    """Describe what is wrong with a translation of a case; empty if it is right."""
    text = plain(german)
    if not re.search(r"\w", text):
        return ["is empty"]
    found = [f"lacks {_shortened(pattern)}" for pattern in one.wanted if not expression(pattern).search(text)]
    for pattern in (*one.unwanted, _ENGLISH):
        found += [f"has “{match[0].strip()}”" for match in [expression(pattern).search(text)] if match]
    if one.sentences is not None:
        found += _faults_of_length(one.source, one.sentences, text)
    return found


def _shortened(pattern: str) -> str:
    """The comment at the start of a regular expression; without one, its first characters."""
    if comment := re.match(r"\(\?#(.*?)\)", pattern):
        return comment[1]
    return pattern if len(pattern) <= _MAX_SHOWN_CHARACTERS else f"{pattern[:_MAX_SHOWN_CHARACTERS]}…"


def plain(text: str) -> str:
    """Normalise spaces, hyphens, apostrophes and ß, and join lines."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_ALIKE).split())


@cache
def expression(pattern: str) -> re.Pattern[str]:
    """Compile a pattern so that it matches only whole words and whole numbers: "2" is not found in "2,5" or "1.2"."""
    return re.compile(rf"(?<!\w)(?<!\d[.,:])(?:{pattern.replace('ß', 'ss')})(?!\w)(?![.,:]\d)", re.IGNORECASE)


_END = re.compile(r"[.!?…]+[\"“”„»«')\]]*(?=\s+[\"“„»«'(\[]*[A-ZÄÖÜ0-9]|\s*$)")
_ABBREVIATED = re.compile(
    r"(?:^|[\W\d])(?:[^\W\d]|Dr|Prof|Hr|Hrn|Fr|Mr|Mrs|Ms|Nr|No|Str|St|ca|bzw|usw|etc|evtl|ggf|inkl)$"
)
_COUNTED_NOUN = re.compile(
    r"\s+(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|"
    r"Jahrhunderts?|Jh)\b"
)


def count_sentences(text: str) -> int:
    """Count the sentences of a German text; the last one needs no full stop.

    A full stop after an abbreviation ("Dr.", "z. B.") or an ordinal ("4. März") ends no sentence.
    """
    count, end = 0, 0
    for match in _END.finditer(text):
        if match.end() < len(text.rstrip()) and _is_inner(text, match):
            continue
        count, end = count + 1, match.end()
    return count + bool(re.search(r"\w", text[end:]))


def _is_inner(text: str, match: re.Match[str]) -> bool:
    """Whether a full stop belongs to an abbreviation or an ordinal."""
    if match[0] != ".":
        return False
    before, after = text[: match.start()], text[match.end() :]
    return bool(_ABBREVIATED.search(before)) or bool(before[-1:].isdigit() and _COUNTED_NOUN.match(after))


def _faults_of_length(source: str, sentences: int, german: str) -> list[str]:
    """Describe a wrong number of sentences, or a number of words that shows that half is missing or repeated."""
    found, count = [], count_sentences(german)
    if count != sentences:
        found.append(f"has {count} sentences for {sentences}")
    words, wanted = (len(re.findall(r"\w+", text)) for text in (german, source))
    if not wanted / 2 <= words <= 2 * wanted:
        found.append(f"has {words} words for {wanted}")
    return found
