"""Flag translations that a reader should treat with caution, based on measured signals."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

from translator.text.places import Place
from translator.text.protected import replaced
from translator.text.values import ValueKind
from translator.translate import Hypothesis
from translator.translate.receipt import CheckKind

Flag = Literal[
    "not_english",
    "copied_source",
    "repetition",
    "too_long_split",
    "low_confidence",
    "number_mismatch",
    "placeholder_lost",
    "markup_lost",
    "term_mismatch",
    "formality_mismatch",
    "broken_characters",
    "translated_in_parts",
]

LOW_CONFIDENCE = -0.9
"""Mean log-probability per piece, below which translations by the shipped model are clearly worse.

Measured by `benchmarks/flags.py`. The right threshold depends on the model.
"""
_FEWEST_COPIED_WORDS = 4
_COPIED_SHARE = 0.7
_FEWEST_REPEATS = 3
_LONGEST_REPEATED = 8

_WORD = re.compile(r"[^\W\d_]+")
_FLAGS_OF_KINDS: dict[CheckKind, Flag] = {
    **dict.fromkeys(get_args(ValueKind), "number_mismatch"),
    "tag": "markup_lost",
    "entity": "markup_lost",
    "term": "term_mismatch",
    "formality": "formality_mismatch",
    "character": "broken_characters",
}


def flags(source: str, hypothesis: Hypothesis, is_part: bool, language: str = "en") -> list[Flag]:
    """The flags of a sentence's best translation; `is_part` marks part of a sentence that was too long.

    A sentence in another language than English was copied on purpose.
    """
    if language != "en":
        return ["not_english"]
    found: list[Flag] = []
    is_copy = hypothesis.rung == "copied" or is_untranslated(source, hypothesis)
    if is_copy or is_copied(*_outside_of_spans(source, hypothesis)):
        found.append("copied_source")
    if repeats(hypothesis.text) > max(_FEWEST_REPEATS - 1, repeats(source)):
        found.append("repetition")
    if is_part:
        found.append("too_long_split")
    if hypothesis.confidence < LOW_CONFIDENCE:
        found.append("low_confidence")
    faults = {flag_of_fault(one.kind) for one in hypothesis.checks if one.is_fault}
    found += [flag for flag in get_args(Flag) if flag in faults]
    if hypothesis.rung == "parts":
        found.append("translated_in_parts")
    return found


def flag_of_fault(kind: CheckKind) -> Flag:
    """The flag for a failed check of this kind."""
    return _FLAGS_OF_KINDS.get(kind, "placeholder_lost")


def is_untranslated(source: str, hypothesis: Hypothesis) -> bool:
    """Whether a source with words was never passed to the model, such as a long one without whitespace.

    Links, numbers and other protected spans do not count as words: they are correct as they are.
    """
    is_from_model = hypothesis.pieces or hypothesis.score
    given, copy = _outside_of_spans(source, hypothesis)
    return not is_from_model and given == copy and bool(_words(given))


def is_copied(source: str, translation: str) -> bool:
    """Whether most words of a translation also occur in its source, if it is longer than a name or two."""
    words, given = _words(translation), set(_words(source))
    if len(words) < _FEWEST_COPIED_WORDS:
        return False
    return sum(word in given for word in words) >= _COPIED_SHARE * len(words)


def repeats(text: str) -> int:
    """The highest number of times in a row that any sequence of up to 8 words occurs in a text."""
    words = _words(text)
    longest = range(1, min(_LONGEST_REPEATED, len(words)) + 1)
    return max((_run(words, length) for length in longest), default=0)


def _run(words: Sequence[str], length: int) -> int:
    """The highest number of times in a row that any sequence of `length` words occurs."""
    most = same = 0
    for place in range(length, len(words)):
        same = same + 1 if words[place] == words[place - length] else 0
        most = max(most, same)
    return 1 + most // length


def _outside_of_spans(source: str, hypothesis: Hypothesis) -> tuple[str, str]:
    """The source and its translation without the protected spans, which are often the same in both.

    Words in another script stay, because copying them is worth a warning.
    """
    checks = [one for one in hypothesis.checks if one.kind != "foreign"]
    return (
        _without(source, (one.source for one in checks)),
        _without(hypothesis.text, (one.target for one in checks)),
    )


def _without(text: str, places: Iterable[Place | None]) -> str:
    known = sorted(place for place in places if place is not None)
    return replaced(text, known, [" "] * len(known))


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
