"""Training pairs with markup around words: corpora of sentences hold hardly any, and texts to translate do.

What is put between two marks is what can be told to belong together without an alignment: a word that both sides have
once, such as a name or another mark, or the clause before or after the only comma, colon or semicolon of each side.
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
    """The pair with an opening and a closing mark around the same words on both sides; None where there are none."""
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
    """The words that a text has once, and where."""
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
