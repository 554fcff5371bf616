"""A sentence with a checkable answer, and the judge: what is wrong with a German sentence, by regular expressions.

It uses nothing of the translator.
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
"""Blanks, hyphens and apostrophes are one kind each, and Swiss spelling is right, too."""

_ENGLISH = (
    r"(?-i:[Tt]he|[Aa]nd|[Ii]s|[Aa]re|[Ww]ere|[Oo]f|[Ww]ith|[Tt]o|[Ff]rom|[Hh]as|[Hh]ave|[Hh]is|[Ss]he|he|[Tt]hey|"
    r"[Yy]our?|[Oo]ur|[Mm]y|[Ff]or|[Oo]n|[Aa]t|[Ii]t|[Ww]e|[Tt]h(?:is|at|ere|eir)|[Ww]h(?:o|ich|en|ere)|[Dd]oes|"
    r"[Dd]id|[Dd]ear|[Hh]ad|[Bb]een|[Bb]ut|(?:[Ww]|[Cc]|[Ss]h)ould)"
)
"""Words of English grammar that German has not got. "IT" and "He!" are German."""

_SHOWN = 60
"""Characters of a regular expression that a reader is shown."""


@dataclass(frozen=True)
class Case:
    """An English text, and how to tell whether its German is right.

    The regular expressions match whole words, in small letters and capitals alike.
    """

    source: str
    german: str
    """A right translation, one of many."""
    wanted: tuple[str, ...] = ()
    """Regular expressions that must all be found."""
    unwanted: tuple[str, ...] = ()
    """Regular expressions that must not be found."""
    sentences: int | None = None
    """How many sentences the German must have, where that is asked."""


@dataclass(frozen=True)
class Suite:
    """Cases that ask for one thing."""

    name: str
    cases: tuple[Case, ...]


def case(source: str, german: str, *wanted: str, never: str = "") -> Case:
    """A case; `never` is a regular expression that must not be found."""
    return Case(source, german, wanted, (never,) if never else ())


def faults(one: Case, german: str) -> list[str]:
    """What is wrong with the German of a case, in words; nothing if it is right."""
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
    """The comment with which a regular expression begins, or its beginning."""
    if comment := re.match(r"\(\?#(.*?)\)", pattern):
        return comment[1]
    return pattern if len(pattern) <= _SHOWN else f"{pattern[:_SHOWN]}…"


def plain(text: str) -> str:
    """The text without differences that do not matter here, on one line."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_ALIKE).split())


@cache
def expression(pattern: str) -> re.Pattern[str]:
    """Whole words, and whole numbers: "2" is not found in "2,5" and "1.2"."""
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
    """Sentences of a German text by their full stops; a last one needs none.

    The full stop of an abbreviation ("Dr.", "z. B.") and of an ordinal ("4. März") ends nothing.
    """
    count, end = 0, 0
    for match in _END.finditer(text):
        if match.end() < len(text.rstrip()) and _is_inner(text, match):
            continue
        count, end = count + 1, match.end()
    return count + bool(re.search(r"\w", text[end:]))


def _is_inner(text: str, match: re.Match[str]) -> bool:
    """The full stop belongs to a word of the sentence."""
    if match[0] != ".":
        return False
    before, after = text[: match.start()], text[match.end() :]
    return bool(_ABBREVIATED.search(before)) or bool(before[-1:].isdigit() and _COUNTED_NOUN.match(after))


def _faults_of_length(source: str, sentences: int, german: str) -> list[str]:
    """Another number of sentences, or far fewer or more words, by which a lost or repeated half is found."""
    found, count = [], count_sentences(german)
    if count != sentences:
        found.append(f"has {count} sentences for {sentences}")
    words, wanted = (len(re.findall(r"\w+", text)) for text in (german, source))
    if not wanted / 2 <= words <= 2 * wanted:
        found.append(f"has {words} words for {wanted}")
    return found
