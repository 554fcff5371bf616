"""Words of parallel sentences as integer ids."""

from array import array
from collections.abc import Sequence

import numpy as np

from translator.data.lexicon_learning.word_alignment import WordPairs
from translator.text.lexicon import WORD
from translator.text.spelling import spelt_as_today

MAX_WORDS = 45
"""Sentences with more words on a side are left out: they are hard to align, and slow."""
COMMON_WORDS = 100
"""The most frequent words of each language, at most 1 % of its vocabulary, are not aligned: they are everywhere."""


class ParallelWords:
    """The words of parallel sentences as integer ids."""

    def __init__(self) -> None:
        self.english, self.german = Words(), Words()
        self._lengths = array("i")
        self._weights = array("f")

    @property
    def pairs(self) -> int:
        """The number of pairs."""
        return len(self._weights)

    def add(self, source: str, target: str, weight: float) -> None:
        """Add a pair, unless a side has no words or too many."""
        english, german = WORD.findall(source.replace("’", "'")), WORD.findall(spelt_as_today(target))
        if not all(0 < len(side) <= MAX_WORDS for side in (english, german)):
            return
        self.english.add(english)
        self.german.add(german)
        self._lengths.extend((len(english), len(german)))
        self._weights.append(weight)

    @property
    def lengths_P2(self) -> np.ndarray:
        """The number of words on each side of each pair."""
        return np.array(self._lengths, np.int32).reshape(-1, 2)

    def use_casing_within_sentences(self) -> None:
        """Lower-case the first word of a sentence if it is mostly in lower case elsewhere."""
        for side, words in enumerate((self.english, self.german)):
            words.use_casing_within_sentences(self.lengths_P2[:, side])

    def english_counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the count of each English word in the corpora, and per epoch in any casing."""
        ids_N, words = self.english.ids_N, list(self.english.number)
        weight_N = np.repeat(np.array(self._weights, np.float32), self.lengths_P2[:, 0])
        epoch_W = np.bincount(ids_N, weights=weight_N, minlength=len(words))
        lower_W = np.array([self.english.number.get(word.lower(), place) for place, word in enumerate(words)])
        all_W = np.bincount(lower_W, weights=epoch_W, minlength=len(words))[lower_W]
        return np.bincount(ids_N, minlength=len(words)), all_W

    def without_common_words(self) -> WordPairs:
        """Return all words except the most frequent ones."""
        kept, lengths_P2 = list[np.ndarray](), self.lengths_P2
        rest_P2 = np.empty_like(lengths_P2)
        for side, words in enumerate((self.english, self.german)):
            is_kept_N = ~np.isin(words.ids_N, words.most_common())
            kept.append(words.ids_N[is_kept_N])
            pair_N = np.repeat(np.arange(len(lengths_P2)), lengths_P2[:, side])
            rest_P2[:, side] = np.bincount(pair_N[is_kept_N], minlength=len(lengths_P2))
        return WordPairs(kept[0], kept[1], rest_P2)


class Words:
    """The words of one language as integer ids, in text order."""

    def __init__(self) -> None:
        self.number: dict[str, int] = {}
        self._ids = array("i")

    def add(self, words: Sequence[str]) -> None:
        """Add the words of a sentence."""
        number = self.number
        self._ids.extend([number.setdefault(word, len(number)) for word in words])

    @property
    def ids_N(self) -> np.ndarray:
        """All word ids, concatenated."""
        return np.frombuffer(self._ids, np.int32)

    def most_common(self) -> np.ndarray:
        """Return the ids of the most frequent words."""
        number = min(COMMON_WORDS, max(1, len(self.number) // 100))
        return np.argsort(-np.bincount(self.ids_N), kind="stable")[:number]

    def use_casing_within_sentences(self, lengths_P: np.ndarray) -> None:
        """Lower-case the first word of each sentence if it is mostly in lower case elsewhere."""
        ids_N = self.ids_N.copy()
        first_P = (np.cumsum(lengths_P) - lengths_P)[lengths_P > 1]
        inside_W = np.bincount(np.delete(ids_N, first_P), minlength=len(self.number))
        usual_W = np.arange(len(self.number), dtype=np.int32)
        for word, number in self.number.items():
            lower = self.number.get(word[0].lower() + word[1:])
            if lower is not None and inside_W[lower] > inside_W[number]:
                usual_W[number] = lower
        ids_N[first_P] = usual_W[ids_N[first_P]]
        self._ids = array("i", ids_N.tobytes())
