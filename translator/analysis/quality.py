"""What a reader of a translation should be careful about, by signals that were measured."""

import re
from collections.abc import Sequence
from typing import Literal

from translator.translate import Hypothesis

Flag = Literal["copied_source", "repetition", "too_long_split", "low_confidence"]

LOW_CONFIDENCE = -0.9
"""Mean log-probability of the pieces below which translations by the model in the package are clearly worse.

`benchmarks/flags.py` measures it; another model may be surer or less sure of itself, and then this is another number.
"""
_FEWEST_COPIED_WORDS = 4
_COPIED_SHARE = 0.7
_FEWEST_REPEATS = 3
_LONGEST_REPEATED = 8

_WORD = re.compile(r"[^\W\d_]+")


def flags(source: str, hypothesis: Hypothesis, is_part: bool) -> list[Flag]:
    """What holds of a sentence's best translation; a piece of a sentence that was too long `is_part`."""
    found: list[Flag] = []
    if is_untranslated(source, hypothesis) or is_copied(source, hypothesis.text):
        found.append("copied_source")
    if repeats(hypothesis.text) > max(_FEWEST_REPEATS - 1, repeats(source)):
        found.append("repetition")
    if is_part:
        found.append("too_long_split")
    if hypothesis.confidence < LOW_CONFIDENCE:
        found.append("low_confidence")
    return found


def is_untranslated(source: str, hypothesis: Hypothesis) -> bool:
    """Whether a source with words never went through the model: as a long one without blanks does not."""
    return hypothesis == Hypothesis(source, 0.0) and bool(_words(source))


def is_copied(source: str, translation: str) -> bool:
    """Whether most words of a translation stand in its source, where it has more than a name or two."""
    words, given = _words(translation), set(_words(source))
    if len(words) < _FEWEST_COPIED_WORDS:
        return False
    return sum(word in given for word in words) >= _COPIED_SHARE * len(words)


def repeats(text: str) -> int:
    """How many times in a row the most repeated sequence of up to 8 words stands in a text."""
    words = _words(text)
    longest = range(1, min(_LONGEST_REPEATED, len(words)) + 1)
    return max((_run(words, length) for length in longest), default=0)


def _run(words: Sequence[str], length: int) -> int:
    """How many times in a row a sequence of so many words stands there at most."""
    most = same = 0
    for place in range(length, len(words)):
        same = same + 1 if words[place] == words[place - length] else 0
        most = max(most, same)
    return 1 + most // length


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
