"""Make training pairs look like user input: upper case, lower case, headline case, no full stop, typos.

Corpora contain few such sentences, and a model that has not seen any translates them badly.
"""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from translator.config import AugmentationConfig
from translator.text.casing import lower_case, title_case, upper_case
from translator.text.opaque import find_opaque

Casing = Literal["upper_case", "title_case", "lower_case"]

_CASINGS: tuple[Casing, ...] = ("upper_case", "title_case", "lower_case")

_FINAL_PUNCTUATION = re.compile(r"(?<=[^\s.!?…])(?:\.|[!?]+)\Z")  # not an ellipsis, which has a meaning
# A typo in a name would teach the model not to copy names; one in a short word would make a different word.
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
    """The changes to apply to a pair."""

    casing: Casing | None = None
    no_final_punctuation: bool = False
    typos: bool = False


def sample_changes(config: AugmentationConfig, pairs: int, random: np.random.Generator) -> dict[int, Changes]:
    """Choose which of the `pairs` pairs to change, and how; return the changes by pair index."""
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
    """Apply the changes to a pair, as far as they fit it."""
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


def without_final_punctuation(source: str, target: str) -> tuple[str, str]:
    """Remove the final . ! ? from both texts, or from neither if only one has it."""
    ends = [_FINAL_PUNCTUATION.search(text) for text in (source, target)]
    if ends[0] and ends[1]:
        return source[: ends[0].start()], target[: ends[1].start()]
    return source, target


def with_typos(text: str, random: np.random.Generator) -> str:
    """Misspell one or two of the longer lower-case words in an English text, if it has any."""
    copied = [(span.start, span.end) for span in find_opaque(text)]
    words = [
        word
        for word in _LONG_LOWER_CASE_WORD.finditer(text)
        if not any(start < word.end() and word.start() < end for start, end in copied)
    ]
    if not words:
        return text
    number = min(len(words), int(random.integers(1, 3)))
    chosen = np.sort(random.choice(len(words), number, replace=False))
    for index in chosen[::-1]:  # from the end, so that earlier positions stay valid
        start, end = words[index].span()
        text = text[:start] + misspell(text[start:end], random) + text[end:]
    return text


def misspell(word: str, random: np.random.Generator) -> str:
    """Swap, drop or double a letter in a word of two or more letters a to z, or replace it by a neighbouring key.

    The first letter can only be swapped: people rarely mistype the start of a word.
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
