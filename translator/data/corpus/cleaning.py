"""Which pairs are good enough to learn from."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from translator.data.corpus.counts import DropCounts
from translator.data.corpus.spec import Pair
from translator.errors import ConfigError
from translator.text import normalise


@dataclass(frozen=True)
class CleaningRules:
    """The limits that `drop_reason` applies."""

    max_words: int = 200
    max_characters: int = 2_000
    max_length_ratio: float = 2.0
    """Longest allowed ratio of the longer side to the shorter, in characters, after adding 20 to the shorter."""
    max_extra_text: float = 1.5
    """How many times its usual length a side with more sentences than the other may have; lengths as above."""
    max_copied_words: int = 2
    """Identical sides of up to this many words count as a name or a shared word ("Debian Linux") and are kept."""
    max_alike: int = 2
    """How many pairs are kept that differ only in case, digits and punctuation."""

    def __post_init__(self) -> None:
        if (
            self.max_words < 1
            or self.max_characters < 1
            or self.max_length_ratio < 1
            or self.max_extra_text < 1
            or self.max_copied_words < 0
            or self.max_alike < 1
        ):
            raise ConfigError(f"{self}: all limits must be at least 1, max_copied_words at least 0")


# U+FFFD, control characters, and UTF-8 that was decoded as Windows-1252 ("Ã¤", "â€œ")
_DAMAGE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]"
    "|[ÃÂ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€[\x80-\xbfœ™˜“”¦]"
)
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
_LATIN_LETTER = re.compile("[A-Za-zªºÀ-ÖØ-öø-ʯᴀ-ᵥᵫ-ᵷḀ-ỿⁱⁿₐ-ₜⱠ-ⱿꜢ-ꟿﬀ-ﬆ]")
_PUNCTUATION = ".,;:!?()[]\"'„“”‚‘’«»…"
_ENGLISH = """
    the of and to is that it for with are be this you not or as on by from have your which can when if at we
    they there their would been were
"""
_GERMAN = """
    der und nicht ist das ein eine einen einem einer zu mit für auf sich dem von wird sind werden auch oder
    wenn nach bei sie ich wir durch kann zum zur über als aus wie nur noch haben
"""
ENGLISH_WORDS, GERMAN_WORDS = frozenset(_ENGLISH.split()), frozenset(_GERMAN.split())
"""Frequent words that do not exist in the other language."""
_MIN_WORDS_FOR_LANGUAGE = 6
_MIN_FUNCTION_WORDS = 3
_GRACE_CHARACTERS = 20
_USUAL_LENGTH_RATIO = 1.1
"""German to English."""
_SENTENCE_BREAK = re.compile(r"""[.!?…]["“”»’)\]]*\s["„“‚»‘(\[—\s-]*+[A-ZÄÖÜ]""")
_NOTE = re.compile(r"\[[^\[\]]{8,}(?:\]|$)")
"""A heading, a footnote or a stage direction in brackets."""


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
    if _has_extra_text(english, german, rules.max_extra_text):
        return "extra text"
    if len(english_words) > rules.max_copied_words and is_copied(english, german):
        return "copied"
    if _is_foreign_script(english) or _is_foreign_script(german):
        return "wrong script"
    if _reads_as(english_words, GERMAN_WORDS, ENGLISH_WORDS) or _reads_as(
        german_words, ENGLISH_WORDS, GERMAN_WORDS
    ):
        return "wrong language"
    return None


def _has_extra_text(english: str, german: str, max_ratio: float) -> bool:
    """Whether one side has a note in brackets that the other lacks, or more sentences and far too much text.

    Aligning books by sentences makes such pairs: a heading, a footnote or half a sentence belongs to the next pair.
    """
    rest, rest_german = _NOTE.sub("", english), _NOTE.sub("", german)
    if rest != english and not any(bracket in german for bracket in "[("):
        return _times_usual_length(rest, german) <= max_ratio
    if rest_german != german and not any(bracket in english for bracket in "[("):
        return _times_usual_length(english, rest_german) >= 1 / max_ratio
    times = _times_usual_length(english, german)
    if 1 / max_ratio <= times <= max_ratio:
        return False
    more_sentences = len(_SENTENCE_BREAK.findall(german)) - len(_SENTENCE_BREAK.findall(english))
    return more_sentences > 0 if times > 1 else more_sentences < 0


def _times_usual_length(english: str, german: str) -> float:
    return (len(german) + _GRACE_CHARACTERS) / (len(english) + _GRACE_CHARACTERS) / _USUAL_LENGTH_RATIO


def is_copied(english: str, german: str) -> bool:
    """Whether both sides are equal except for case and spaces; numbers and symbols alone may be."""
    same = english.casefold().split() == german.casefold().split()
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
    """Remember pairs by 64-bit hashes; among ten million, the odds of any false match are 1 in 90,000."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def drop_reason(self, pair: Pair, max_alike: int) -> str | None:
        """Return "duplicate" or "near-duplicate"; None for a pair to keep, which is remembered.

        If `max_alike` is 2, a pair that differs only in case, digits and punctuation from two kept pairs is a
        near-duplicate. Pairs without letters are never: in those, digits are all that matters.
        """
        exact = _digest("\t".join(pair))
        if exact in self._seen:
            return "duplicate"
        words = [" ".join(_WORD.findall(side.casefold())) for side in pair]
        if any(words):
            # Line breaks keep these apart from the pairs themselves, which have none.
            alike = (_digest("\n".join((*words, str(place)))) for place in range(max_alike))
            free = next((one for one in alike if one not in self._seen), None)
            if free is None:
                return "near-duplicate"
            self._seen.add(free)
        self._seen.add(exact)
        return None


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


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
        if reason is None:
            reason = seen.drop_reason(pair, rules.max_alike)
        if reason is None:
            yield pair
        else:
            counts.dropped[reason] += 1
