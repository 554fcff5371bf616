"""Training pairs with markup around words, which texts to translate have but sentence corpora lack.

Markup goes around text that corresponds on both sides without a word alignment: a word that occurs once on each side,
such as a name or another mark, or the clause before or after the only comma, colon or semicolon of each side.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

_WORD = re.compile(r"[\U000f0000-\U000f00ff]|(?<![\w'’])[^\W\d_]{3,}+(?![\w'’])")
_TWO_CLAUSES = re.compile(r"([^,;:]{5,}+)[,;:] ([^,;:]{5,}?)([.!?]?)")

Place = tuple[int, int]


def wrapped(
    english: str, german: str, marks: Mapping[str, str], random: np.random.Generator
) -> tuple[str, str] | None:
    """Return the pair with an opening and a closing mark around corresponding words; None if there are none."""
    choices = [*_common_words(english, german), *_clauses(english, german)]
    free = [number for number, mark in enumerate(marks["open"]) if mark not in english]
    if not choices or not free:
        return None
    places = choices[int(random.integers(len(choices)))]
    number = free[int(random.integers(len(free)))]
    first, second = (
        _enclosed(text, place, marks["open"][number], marks["close"][number])
        for text, place in zip((english, german), places, strict=True)
    )
    return first, second


def _common_words(english: str, german: str) -> Iterator[tuple[Place, Place]]:
    sides = [_once(text) for text in (english, german)]
    for word, place in sides[0].items():
        if word in sides[1]:
            yield place, sides[1][word]


def _once(text: str) -> dict[str, Place]:
    """Return the words that occur once in a text, and their places."""
    matches = list(_WORD.finditer(text))
    times = Counter(match[0] for match in matches)
    return {match[0]: match.span() for match in matches if times[match[0]] == 1}


def _clauses(english: str, german: str) -> Iterator[tuple[Place, Place]]:
    sides = [_TWO_CLAUSES.fullmatch(text) for text in (english, german)]
    if sides[0] and sides[1]:
        for group in (1, 2):
            yield sides[0].span(group), sides[1].span(group)


def _enclosed(text: str, place: Place, before: str, after: str) -> str:
    start, end = place
    return text[:start] + before + text[start:end] + after + text[end:]
