"""One pass over all ids of a corpus: which pairs are the same, and which pieces occur."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from translator.errors import DataError
from translator.shards import PreparedCorpus
from translator.tokenizer import Tokenizer

MAX_PIECES = 1 << 16
_TOKENS_AT_A_TIME = 1 << 18


@dataclass(frozen=True)
class Scan:
    """What one pass over all ids of a corpus leaves behind."""

    hashes_P: np.ndarray
    """64 bits of each pair: among ten million pairs, the odds of any false hit are 1 in 370,000."""
    piece_counts: np.ndarray


def scan(corpus: PreparedCorpus, tokenizer: Tokenizer) -> Scan:
    """Hash every pair: the sum of a random number for each id, times a random odd one for its place."""
    random = np.random.default_rng(0)
    of_piece = random.integers(1 << 64, size=MAX_PIECES, dtype=np.uint64)
    longest = int(corpus.lengths_P2.max(initial=0))
    # place by place, so that the numbers of a place are the same whatever the longest pair of a corpus
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
            f"{corpus.name}: piece id {np.flatnonzero(counts)[-1]} is outside of the vocabulary, 0 to "
            f"{tokenizer.vocab_size - 1}; prepare the data again, with the tokenizer that it shall have"
        )
    return Scan(hashes_P, counts)


def _blocks(lengths_P2: np.ndarray) -> Iterator[np.ndarray]:
    """Numbers of consecutive pairs, so many at a time that their tokens take little memory."""
    ends_P = np.cumsum(lengths_P2.sum(axis=1, dtype=np.int64))
    begin = 0
    while begin < len(ends_P):
        before = ends_P[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends_P, before + _TOKENS_AT_A_TIME, side="right")))
        yield np.arange(begin, end)
        begin = end
