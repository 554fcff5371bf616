"""Which words translate each other: IBM model 1 (Brown et al. 1993), over arrays."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

ITERATIONS = 4
MAX_LINKS = 100_000_000
"""Pairs of words within pairs of sentences; some 40 bytes each while it runs."""
_NOTHING = 1e-4
"""The weight of a link to no English word."""
_LEAST_COUNT, _LEAST_PROBABILITY = 0.3, 0.03
_PARTS = 20


@dataclass(frozen=True)
class WordPairs:
    """Word ids of both sides of many sentences, one sentence after the other."""

    english_N: np.ndarray
    german_M: np.ndarray
    lengths_P2: np.ndarray
    """Words of either side of each pair."""


@dataclass(frozen=True)
class Translations:
    """What the words of one language become in the other: R pairs of words, sorted by their English."""

    english_R: np.ndarray
    german_R: np.ndarray
    count_R: np.ndarray
    """How often they are expected to translate each other."""
    probability_R: np.ndarray
    """Of the German word after the English one."""
    back_R: np.ndarray
    """The share of the German word's occurrences that come from the English one."""


def translations(pairs: WordPairs, tell: Callable[[str], None] = lambda stage: None) -> Translations:
    """The likely translations of all words, from the co-occurrences in sentences that translate each other.

    Of more than `MAX_LINKS` links the pairs with the fewest words are taken: they say the most.
    """
    tell("linking words")
    words_P2 = pairs.lengths_P2.astype(np.int64)
    chosen_P = _cheapest(words_P2.prod(axis=1))
    german_words = int(pairs.german_M.max(initial=0)) + 1
    keys_L = np.concatenate([
        _links(pairs, words_P2, part_P, german_words) for part_P in np.array_split(chosen_P, _PARTS)
    ])  # fmt: skip
    unique_R, link_L = np.unique(keys_L, return_inverse=True)
    del keys_L
    link_L = link_L.astype(np.int32)
    english_R, german_R = np.divmod(unique_R, german_words)
    # Links stand in groups: of a German word of a sentence, to all English words of that.
    size_G = np.repeat(words_P2[chosen_P, 0], words_P2[chosen_P, 1])
    probability_R = np.ones(len(unique_R))
    for iteration in range(ITERATIONS):
        tell(f"aligning words, {iteration + 1} of {ITERATIONS}")
        count_R = _expected_counts(probability_R, link_L, size_G)
        probability_R = count_R / np.bincount(english_R, weights=count_R)[english_R]
    back_R = count_R / np.bincount(german_R, weights=count_R)[german_R]
    likely_R = (count_R > _LEAST_COUNT) & (probability_R > _LEAST_PROBABILITY)
    return Translations(*(of[likely_R] for of in (english_R, german_R, count_R, probability_R, back_R)))


def _cheapest(links_P: np.ndarray) -> np.ndarray:
    """Pairs with links, in the order of the corpus, as many as there is room for."""
    order_P = np.argsort(links_P, kind="stable")
    order_P = order_P[links_P[order_P] > 0]
    return np.sort(order_P[: np.searchsorted(np.cumsum(links_P[order_P]), MAX_LINKS, side="right")])


def _links(pairs: WordPairs, words_P2: np.ndarray, chosen_C: np.ndarray, german_words: int) -> np.ndarray:
    """For each German word of some pairs, each English one: one number that tells both words."""
    starts_P2 = np.cumsum(words_P2, axis=0) - words_P2
    english_C, german_C = words_P2[chosen_C].T
    links_C = english_C * german_C
    within_L = np.arange(links_C.sum()) - np.repeat(np.cumsum(links_C) - links_C, links_C)
    german_L, english_L = np.divmod(within_L, np.repeat(english_C, links_C))
    english_L += np.repeat(starts_P2[chosen_C, 0], links_C)
    german_L += np.repeat(starts_P2[chosen_C, 1], links_C)
    keys_L: np.ndarray = pairs.english_N[english_L].astype(np.int64) * german_words + pairs.german_M[german_L]
    return keys_L


def _expected_counts(probability_R: np.ndarray, link_L: np.ndarray, size_G: np.ndarray) -> np.ndarray:
    """Share each German word among the English words of its sentence, by their probabilities."""
    count_R = np.zeros(len(probability_R))
    first_G = np.cumsum(size_G) - size_G
    for part_G in np.array_split(np.arange(len(size_G)), _PARTS):
        if not len(part_G):
            continue
        begin, end = first_G[part_G[0]], first_G[part_G[-1]] + size_G[part_G[-1]]
        share_L = probability_R[link_L[begin:end]]
        total_G = np.add.reduceat(share_L, first_G[part_G] - begin) + _NOTHING
        share_L /= np.repeat(total_G, size_G[part_G])
        count_R += np.bincount(link_L[begin:end], weights=share_L, minlength=len(count_R))
    return count_R
