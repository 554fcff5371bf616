"""Which pairs are good enough to learn from."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from translator.corpus.counts import DropCounts
from translator.corpus.spec import Pair
from translator.errors import ConfigError
from translator.text import normalise


@dataclass(frozen=True)
class CleaningRules:
    """The limits that `drop_reason` applies."""

    max_words: int = 200
    max_characters: int = 2_000
    max_length_ratio: float = 2.0
    """Longest allowed ratio of the longer side to the shorter, in characters, after adding 20 to the shorter."""
    max_copied_words: int = 2
    """Identical sides of up to this many words count as a name or a shared word ("Debian Linux") and are kept."""

    def __post_init__(self) -> None:
        if (
            self.max_words < 1
            or self.max_characters < 1
            or self.max_length_ratio < 1
            or self.max_copied_words < 0
        ):
            raise ConfigError(f"{self}: all limits must be at least 1, max_copied_words at least 0")


# U+FFFD, control characters, and UTF-8 that was decoded as Windows-1252 ("Ã¤", "â€œ")
_DAMAGE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]"
    "|[ÃÂ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€[\x80-\xbfœ™˜“”¦]"
)
_LETTER = re.compile(r"[^\W\d_]")
_LATIN_LETTER = re.compile("[A-Za-zªºÀ-ÖØ-öø-ʯᴀ-ᵥᵫ-ᵷḀ-ỿⁱⁿₐ-ₜⱠ-ⱿꜢ-ꟿﬀ-ﬆ]")
_PUNCTUATION = ".,;:!?()[]\"'„“”‚‘’«»…"
_ENGLISH_WORDS = """
    the of and to is that it for with are be this you not or as on by from have your which can when if at we
    they there their would been were
"""
_GERMAN_WORDS = """
    der und nicht ist das ein eine einen einem einer zu mit für auf sich dem von wird sind werden auch oder
    wenn nach bei sie ich wir durch kann zum zur über als aus wie nur noch haben
"""
_ENGLISH, _GERMAN = frozenset(_ENGLISH_WORDS.split()), frozenset(_GERMAN_WORDS.split())
_MIN_WORDS_FOR_LANGUAGE = 6
_MIN_FUNCTION_WORDS = 3
_GRACE_CHARACTERS = 20


def drop_reason(english: str, german: str, rules: CleaningRules) -> str | None:  # noqa: PLR0911 - one a rule
    """Return why a pair of stripped texts should be dropped, one of `REASONS`; None for a good pair."""
    if not english or not german:
        return "empty"
    if _DAMAGE.search(english) or _DAMAGE.search(german):
        return "encoding damage"
    shorter, longer = sorted((len(english), len(german)))
    english_words, german_words = english.split(), german.split()
    if longer > rules.max_characters or max(len(english_words), len(german_words)) > rules.max_words:
        return "too long"
    if longer > rules.max_length_ratio * (shorter + _GRACE_CHARACTERS):
        return "length ratio"
    if len(english_words) > rules.max_copied_words and _is_copied(english_words, german_words):
        return "copied"
    if _is_foreign_script(english) or _is_foreign_script(german):
        return "wrong script"
    if _reads_as(english_words, _GERMAN, _ENGLISH) or _reads_as(german_words, _ENGLISH, _GERMAN):
        return "wrong language"
    return None


def _is_copied(english_words: list[str], german_words: list[str]) -> bool:
    """Whether both sides are equal except for case and spaces; numbers and symbols alone may be."""
    english = " ".join(english_words)
    same = len(english_words) == len(german_words) and english.casefold() == " ".join(german_words).casefold()
    return same and _LETTER.search(english) is not None


def _is_foreign_script(text: str) -> bool:
    if text.isascii():
        return False
    letters = len(_LETTER.findall(text))
    return letters >= 4 and len(_LATIN_LETTER.findall(text)) * 2 < letters


def _reads_as(words: list[str], wrong: frozenset[str], right: frozenset[str]) -> bool:
    """Whether a longer text has several function words of the wrong language and none of the right one.

    Capitalised words do not count as evidence, since SQL is full of them (NOT NULL); nor do parts of identifiers.
    """
    if len(words) < _MIN_WORDS_FOR_LANGUAGE:
        return False
    bare = {word.strip(_PUNCTUATION) for word in words}
    return len(wrong & bare) >= _MIN_FUNCTION_WORDS and right.isdisjoint(map(str.lower, bare))


class Deduplicator:
    """Remember pairs by 64-bit hashes; among ten million, the odds of any false match are 1 in 370,000."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def is_new(self, pair: Pair) -> bool:
        """Return whether the pair is new, and remember it."""
        digest = hashlib.blake2b("\t".join(pair).encode(), digest_size=8).digest()
        before = len(self._seen)
        self._seen.add(int.from_bytes(digest))
        return len(self._seen) > before


def clean_pairs(
    pairs: Iterable[Pair], rules: CleaningRules, seen: Deduplicator, counts: DropCounts
) -> Iterator[Pair]:
    """Yield the good pairs and count the others; a pair in several corpora stays in the first.

    Both sides are normalised with `translator.text.normalise`, as the model's input and output should be.
    """
    for english, german in pairs:
        pair = normalise(english), normalise(german)
        reason = drop_reason(english, german, rules)
        if reason is None and not all(pair):
            reason = "empty"
        if reason is None and not seen.is_new(pair):
            reason = "duplicate"
        if reason is None:
            yield pair
        else:
            counts.dropped[reason] += 1
