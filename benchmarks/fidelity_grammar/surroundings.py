"""Whether the German words around the spans are sane: about as many as the grammar's own, German, and not repeated.

`GERMAN_FRAMES` has some of the grammar's sentences in German. From them follows how many words a sane translation has.
This finds nonsense such as loops and untranslated words, not wrong words.
"""

import math
import re
from collections import Counter
from functools import cache
from typing import Literal

from fidelity_grammar.german_frames import GERMAN_FRAMES

Fault = Literal["surplus words", "missing words", "English words", "repeated words", "only spans"]

_WORDS_OF_BOTH = """
    all an app backup bank boarding brand brown browser bug build bus butter button club code commit computer
    copyright d details display dose download editor emails experiment festival film form green hotel in index
    information lift limit links london madrid marketing maximum miller moment motor ms museum name park party per
    person post problem release sandwich savings server set so still tablet taxi team test tests text ticket total
    tour update valley variable version vitamin war was will wind winter
"""
_IN_GERMAN_TOO = frozenset(_WORDS_OF_BOTH.split())
"""Words of the frames that a German sentence may have, too."""
_ENGLISH_WORD = re.compile(r"[A-Za-z][A-Za-z'’]*")
_GERMAN_WORD = re.compile(r"[^\W\d_][^\W\d_'’]*")
_REPEATED = re.compile(r"(?<!\w)(?!(?:der|die|das|sie|was)\s)(\w{2,})\s+\1(?!\w)", re.IGNORECASE)
_SLOT = re.compile(r"\{[^}]*\}")
_LEAST_LETTERS = 4
"""Of a word that may not occur over and over again."""


def faults_around(english: str, german: str) -> tuple[Fault, ...]:
    """What is wrong with the words of a translation; both texts have signs in place of the spans."""
    wanted = [word.casefold() for word in _ENGLISH_WORD.findall(english)]
    words = [word.casefold() for word in _GERMAN_WORD.findall(german)]
    if not words:
        return ("only spans",) if wanted else ()
    faults: list[Fault] = []
    least, most = sane_lengths(len(wanted))
    if len(words) > most:
        faults.append("surplus words")
    if len(words) < least:
        faults.append("missing words")
    if any(word in wanted and word not in _IN_GERMAN_TOO for word in words):
        faults.append("English words")
    if _REPEATED.search(german) or _occurs_too_often(words, wanted):
        faults.append("repeated words")
    return tuple(faults)


@cache
def sane_lengths(english_words: int) -> tuple[int, int]:
    """Return the minimum and maximum number of German words for a number of English words.

    The allowed difference is the largest one in `GERMAN_FRAMES`. It grows in proportion for sentences that are longer
    than the average frame.
    """
    counts = [
        (
            len(_ENGLISH_WORD.findall(_SLOT.sub(" ", english))),
            len(_GERMAN_WORD.findall(_SLOT.sub(" ", german))),
        )
        for english, german in GERMAN_FRAMES
    ]
    more = [german - english for english, german in counts]
    average = sum(english for english, _ in counts) / len(counts)
    proportion = max(1, english_words / average)
    least = english_words + math.floor(min(more) * proportion)
    return max(1, least), english_words + math.ceil(max(more) * proportion)


def _occurs_too_often(words: list[str], wanted: list[str]) -> bool:
    """Whether a longer word occurs twice more often than any English word does."""
    usual = max(Counter(wanted).values(), default=0)
    return any(count > usual + 1 for word, count in Counter(words).items() if len(word) >= _LEAST_LETTERS)
