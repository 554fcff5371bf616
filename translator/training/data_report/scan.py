"""One pass over all ids of a corpus, to find equal pairs and count pieces."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from translator.data.shards import PreparedCorpus
from translator.data.tokenizer import Tokenizer
from translator.errors import DataError

MAX_PIECES = 1 << 16
_TOKENS_AT_A_TIME = 1 << 18


@dataclass(frozen=True)
class Scan:
    """The result of one pass over all ids of a corpus."""

    hashes_P: np.ndarray
    """A 64-bit hash of each pair: among ten million pairs, the odds of any false match are 1 in 370,000."""
    piece_counts: np.ndarray


def scan(corpus: PreparedCorpus, tokenizer: Tokenizer) -> Scan:
    """Hash every pair and count pieces; a hash is the sum, over its ids, of a random number per id × one per place."""
    random = np.random.default_rng(0)
    of_piece = random.integers(1 << 64, size=MAX_PIECES, dtype=np.uint64)
    longest = int(corpus.lengths_P2.max(initial=0))
    # one row per place, so that its numbers do not depend on the longest pair of a corpus
    of_place_L2 = random.integers(1 << 64, size=(longest, 2), dtype=np.uint64) | np.uint64(1)
    hashes_P, counts = np.zeros(len(corpus), np.uint64), np.zeros(MAX_PIECES, np.int64)
    for pairs_R in _blocks(corpus.lengths_P2):
        for side in (0, 1):
            ids_N, lengths_R = corpus.gather(pairs_R, target=bool(side))
            counts += np.bincount(ids_N, minlength=MAX_PIECES)
            ends_R = np.cumsum(lengths_R)
            places_N = np.arange(len(ids_N)) - np.repeat(ends_R - lengths_R, lengths_R)
            sums_N = np.concatenate(
                ([np.uint64(0)], np.cumsum(of_piece[ids_N] * of_place_L2[places_N, side]))
            )
            hashes_P[pairs_R] += sums_N[ends_R] - sums_N[ends_R - lengths_R]
    if counts[tokenizer.vocab_size :].any():
        raise DataError(
            f"{corpus.name}: piece id {np.flatnonzero(counts)[-1]} is outside the vocabulary, 0 to "
            f"{tokenizer.vocab_size - 1}; prepare the data again with the right tokenizer"
        )
    return Scan(hashes_P, counts)


def _blocks(lengths_P2: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the indices of consecutive pairs, in blocks whose tokens take little memory."""
    ends_P = np.cumsum(lengths_P2.sum(axis=1, dtype=np.int64))
    start = 0
    while start < len(ends_P):
        before = ends_P[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(ends_P, before + _TOKENS_AT_A_TIME, side="right")))
        yield np.arange(start, end)
        start = end
