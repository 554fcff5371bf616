"""Training pairs as people write them: in capitals, in small letters, as a headline, without a full stop, misspelt.

Corpora hold few such sentences, and a model that has not seen any translates them badly.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from translator.config import AugmentationConfig

Casing = Literal["upper_case", "title_case", "lower_case"]

_CASINGS: tuple[Casing, ...] = ("upper_case", "title_case", "lower_case")

# What is not language but copied: whatever is in here stays as it is.
_COPIED = re.compile(
    "("
    + "|".join((
        r"</?[a-zA-Z!][^<>]*>",  # tags
        r"&#?\w+;",
        r"\$?\{+[^{}]*\}+",
        r"%\w+%",
        r"(?<!\d)%(?:\d+\$|\(\w+\))?[-+0#]*\d*(?:\.\d+)?[hlz]*[a-zA-Z@]",  # printf, but not "20%off"
        r"\\\w+",
        r"\b[a-zA-Z][a-zA-Z0-9+-]*://\S*[\w/]",
        r"\bwww\.\S*[\w/]",
        r"(?<![\w.+-])[\w.+-]+@\w[\w-]*(?:\.\w[\w-]*)*",
        r"(?<![\w-])\w[\w-]+(?:\.\w[\w-]+)+(?:/\S*[\w/])?",  # domains and files, but not "e.g." or "z.B."
        r"\b\w+_\w+\b",
    ))
    + ")"
)  # fmt: skip
_FINAL_PUNCTUATION = re.compile(r"(?<=[^\s.!?…])(?:\.|[!?]+)\Z")  # an ellipsis is meant
_WORD = re.compile(r"(?<!\w)(?<!\w['’])[^\W\d_][\w'’]*")
# A typo in a name would teach that names are not copied, and one in a short word makes another word of it.
_LONG_LOWER_CASE_WORD = re.compile(r"(?<!\w)[a-z]{4,}(?!\w)")

_KEYS = {
    letter: (column + shift, row)
    for row, (letters, shift) in enumerate((("qwertyuiop", 0.0), ("asdfghjkl", 0.25), ("zxcvbnm", 0.75)))
    for column, letter in enumerate(letters)
}
_NEIGHBOURS = {
    letter: "".join(
        other
        for other, (x, y) in _KEYS.items()
        if other != letter and abs(x - _KEYS[letter][0]) <= 1 and abs(y - _KEYS[letter][1]) <= 1
    )
    for letter in _KEYS
}


@dataclass(frozen=True)
class Changes:
    """What is to be done to a pair."""

    casing: Casing | None = None
    no_final_punctuation: bool = False
    typos: bool = False


def draw_changes(config: AugmentationConfig, pairs: int, random: np.random.Generator) -> dict[int, Changes]:
    """Which of so many pairs are changed, and how."""
    chance_P3 = random.random((pairs, 3))
    bounds = np.cumsum([getattr(config, casing) for casing in _CASINGS])
    casing_P = np.searchsorted(bounds, chance_P3[:, 0], side="right")
    bare_P = chance_P3[:, 1] < config.no_final_punctuation
    typos_P = chance_P3[:, 2] < config.typos
    hit_P = (casing_P < len(_CASINGS)) | bare_P | typos_P
    return {
        pair: Changes((*_CASINGS, None)[casing_P[pair]], bool(bare_P[pair]), bool(typos_P[pair]))
        for pair in np.flatnonzero(hit_P).tolist()
    }


def augment(source: str, target: str, changes: Changes, random: np.random.Generator) -> tuple[str, str]:
    """The pair after its changes; one to which none of them applies comes back as it was."""
    if changes.typos:
        source = with_typos(source, random)
    if changes.no_final_punctuation:
        source, target = without_final_punctuation(source, target)
    match changes.casing:
        case "upper_case":
            return upper_case(source), upper_case(target)
        case "title_case":
            return title_case(source), target
        case "lower_case":
            return lower_case(source), target
    return source, target


def upper_case(text: str) -> str:
    """The text in capitals, with "SS" for "ß"."""
    return _outside_copied(text, str.upper)


def title_case(text: str) -> str:
    """The text with a capital on each word, like a headline; words that have capitals keep theirs."""
    return _outside_copied(text, lambda part: _WORD.sub(lambda word: _with_capital(word[0]), part))


def lower_case(text: str) -> str:
    """The text in small letters."""
    return _outside_copied(text, str.lower)


def without_final_punctuation(source: str, target: str) -> tuple[str, str]:
    """Both texts without the . ! ? at their ends, or both as they are where one of them has none."""
    ends = [_FINAL_PUNCTUATION.search(text) for text in (source, target)]
    if ends[0] and ends[1]:
        return source[: ends[0].start()], target[: ends[1].start()]
    return source, target


def with_typos(text: str, random: np.random.Generator) -> str:
    """The English text with one or two of its longer lower-case words misspelt, if it has any."""
    copied = [match.span() for match in _COPIED.finditer(text)]
    words = [
        word
        for word in _LONG_LOWER_CASE_WORD.finditer(text)
        if not any(start < word.end() and word.start() < end for start, end in copied)
    ]
    if not words:
        return text
    number = min(len(words), int(random.integers(1, 3)))
    chosen = np.sort(random.choice(len(words), number, replace=False))
    for index in chosen[::-1]:  # from the end, so that the places before stay right
        start, end = words[index].span()
        text = text[:start] + misspell(text[start:end], random) + text[end:]
    return text


def misspell(word: str, random: np.random.Generator) -> str:
    """A word of two or more letters a to z with one of them swapped, dropped, doubled, or a key beside it.

    The first letter is at most swapped: who mistypes a word rarely does so at its beginning.
    """
    place = int(random.integers(1, len(word)))
    before, letter, rest = word[:place], word[place], word[place + 1 :]
    kind = random.choice(("swap", "drop", "double", "replace"))
    if kind == "swap" and before[-1] != letter:
        return before[:-1] + letter + before[-1] + rest
    if kind == "double":
        return before + 2 * letter + rest
    if kind == "replace":
        return before + str(random.choice(list(_NEIGHBOURS[letter]))) + rest
    return before + rest


def _outside_copied(text: str, change: Callable[[str], str]) -> str:
    parts = _COPIED.split(text)  # every second one is copied
    parts[::2] = map(change, parts[::2])
    return "".join(parts)


def _with_capital(word: str) -> str:
    return word[0].title() + word[1:] if word.islower() else word
