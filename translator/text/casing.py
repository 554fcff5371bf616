"""Change the case of text, and restore the usual case of text in capitals or headline case."""

import re
from collections.abc import Callable
from functools import lru_cache

from translator.text.opaque import find_opaque

_WORD = re.compile(r"(?<!\w)(?<!\w['’])[^\W\d_][\w'’]*")
_FIRST_PERSON = re.compile(r"(?<![\w'’])i(?!\w)")
_LEAST_LETTERS = 5
"""Minimum length of a single word in capitals; a shorter one may be an abbreviation."""
_LEAST_WORDS = 3
"""Minimum number of capitalised words in a headline."""
_SMALL_WORDS = frozenset({
    "a", "an", "the", "and", "or", "but", "nor", "of", "in", "on", "at", "to", "for", "by", "with", "from", "as",
    "am", "is", "are", "was", "were", "be", "been", "do", "does", "did", "not", "no", "your", "you", "my", "we", "our",
    "they", "them", "their", "he", "she", "his", "her", "it", "its", "this", "that", "these", "those", "what",
    "when", "where", "which", "who", "why", "how", "can", "could", "will", "would", "should", "must", "may", "have",
    "has", "had", "if", "so", "than", "then", "there", "here", "up", "out", "about", "into", "over",
})  # fmt: skip
"""English words that are capitalised only at the start of a sentence, in headlines and in few names."""
_IN_SMALL_LETTERS = re.compile(r"(?<!\S)[a-z]+(?=[.,;:!?]?(?:\s|\Z))")
_SIGNS_OF_HEADLINES = _SMALL_WORDS - {"the", "no"}  # The Hague, Number 5
_CAPITAL = re.compile(r"[^\W\d_a-z]")
"""Any letter other than a to z."""
_IN_BETWEEN = re.compile(r"(?<=[\w,'’] )[A-Z][a-z]*(?![^\s,?!])")
"""A word with one capital that does not start a sentence."""
_MAYBE_IN_BETWEEN = re.compile(r"(?<=[\w,'’] )[A-Z][a-z]*")
"""A cheap test: matches all those words, and others."""


def upper_case(text: str) -> str:
    """Return the text in upper case, with "SS" for "ß"."""
    return _outside_copied(text, str.upper)


def title_case(text: str) -> str:
    """Return the text with each word capitalised, like a headline; words with capitals stay unchanged."""
    return _outside_copied(text, lambda part: _WORD.sub(lambda word: _with_capital(word[0]), part))


def lower_case(text: str) -> str:
    """Return the text in lower case."""
    return _outside_copied(text, str.lower)


def is_in_capitals(text: str) -> bool:
    """Whether all words are in capitals; a single short word does not count, since it may be an abbreviation."""
    # True of nearly every text, so that it needs no closer look.
    if _IN_SMALL_LETTERS.search(text) or not _CAPITAL.search(text):
        return False
    words = [word for part in _parts(text)[::2] for word in _WORD.findall(part)]
    is_enough = len(words) > 1 or any(len(word) >= _LEAST_LETTERS for word in words)
    return is_enough and all(map(str.isupper, words))


def begins_with_capital(text: str) -> bool:
    """Whether the first letter or digit is a capital."""
    return next((character.isupper() for character in text if character.isalnum()), False)


def is_headline(text: str) -> bool:
    """Whether Each Word Is Capitalised, including a function word, so that it is not just a list of names."""
    if any(word[0] not in _SMALL_WORDS for word in _IN_SMALL_LETTERS.finditer(text)):
        return False
    if not any(word.lower() in _SIGNS_OF_HEADLINES for word in _MAYBE_IN_BETWEEN.findall(text)):
        return False
    parts = _parts(text)[::2]
    words = [word for part in parts for word in _WORD.findall(part)]
    capitals = [word for word in words if word != word.lower()]
    return (
        len(capitals) >= _LEAST_WORDS
        and all(word in _SMALL_WORDS for word in words if word == word.lower())
        and any(word.lower() in _SIGNS_OF_HEADLINES for part in parts for word in _IN_BETWEEN.findall(part))
    )


def usual_case(text: str) -> str:
    """Convert English text in capitals or headline case to sentence case; return other text unchanged.

    The length does not change.
    """
    if is_in_capitals(text):
        small = _outside_copied(text, _in_small_letters)
    elif is_headline(text):
        small = _outside_copied(text, lambda part: _WORD.sub(_without_capital, part))
    else:
        return text
    first = _WORD.search(small)
    place = first.start() if first else 0
    return small[:place] + text[place] + small[place + 1 :]


def _in_small_letters(text: str) -> str:
    """Return the text in lower case, with the same number of characters and “I” in upper case."""
    small = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
    return _FIRST_PERSON.sub("I", small)


def _without_capital(word: re.Match[str]) -> str:
    """Lower-case a word if only its first letter is a capital; leave others, such as "NASA" and "iPhone"."""
    return word[0] if word[0][1:] != word[0][1:].lower() else _in_small_letters(word[0])


@lru_cache(maxsize=2)  # callers check the case of a text, then change it
def _parts(text: str) -> tuple[str, ...]:
    """Split the text; every second part, such as a link, code or placeholder, must keep its case."""
    parts, position = list[str](), 0
    for span in find_opaque(text):
        parts += text[position : span.start], text[span.start : span.end]
        position = span.end
    return (*parts, text[position:])


def _outside_copied(text: str, change: Callable[[str], str]) -> str:
    parts = list(_parts(text))
    parts[::2] = map(change, parts[::2])
    return "".join(parts)


def _with_capital(word: str) -> str:
    return word[0].title() + word[1:] if word.islower() else word
