"""Word alignment by IBM model 1 (Brown et al. 1993), vectorised."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

ITERATIONS = 4
MAX_LINKS = 100_000_000
"""Limit on the word pairs within sentence pairs; each takes about 60 bytes of memory."""
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
    """The number of words on each side of each pair."""


@dataclass(frozen=True)
class Translations:
    """R pairs of words that translate each other, sorted by English word."""

    english_R: np.ndarray
    german_R: np.ndarray
    count_R: np.ndarray
    """The expected number of times that they translate each other."""
    probability_R: np.ndarray
    """P(German word | English word)."""
    back_R: np.ndarray
    """The share of the German word's occurrences that come from the English one."""


def translations(pairs: WordPairs, report: Callable[[str], None] = lambda stage: None) -> Translations:
    """Return the likely translations of all words.

    If there are more than `MAX_LINKS` links, the shortest pairs are used: they are the most informative.
    """
    report("linking words")
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
    # Links are grouped: all links of one German word in one sentence are adjacent.
    size_G = np.repeat(words_P2[chosen_P, 0], words_P2[chosen_P, 1])
    probability_R = np.ones(len(unique_R))
    for iteration in range(ITERATIONS):
        report(f"aligning words, {iteration + 1} of {ITERATIONS}")
        count_R = _expected_counts(probability_R, link_L, size_G)
        probability_R = count_R / np.bincount(english_R, weights=count_R)[english_R]
    back_R = count_R / np.bincount(german_R, weights=count_R)[german_R]
    likely_R = (count_R > _LEAST_COUNT) & (probability_R > _LEAST_PROBABILITY)
    return Translations(*(of[likely_R] for of in (english_R, german_R, count_R, probability_R, back_R)))


def _cheapest(links_P: np.ndarray) -> np.ndarray:
    """Return the shortest pairs within `MAX_LINKS`, in corpus order."""
    order_P = np.argsort(links_P, kind="stable")
    order_P = order_P[links_P[order_P] > 0]
    return np.sort(order_P[: np.searchsorted(np.cumsum(links_P[order_P]), MAX_LINKS, side="right")])


def _links(pairs: WordPairs, words_P2: np.ndarray, chosen_C: np.ndarray, german_words: int) -> np.ndarray:
    """Return all links of some pairs, grouped by German word; one number encodes both words."""
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
    """Distribute each German word over the English words of its sentence, by probability (the E step)."""
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
