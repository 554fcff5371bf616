"""Byte-pair encoding with a file of merges (Sennrich et al. 2016)."""

import heapq
from functools import lru_cache
from itertools import pairwise

from translator.data.tokenizer.foreign import read_text
from translator.errors import DataError

END_OF_WORD = "</w>"
"""Ends the last piece of each word."""
_WORDS_KEPT, _LONGEST_KEPT = 50_000, 40


class Merges:
    """The pairs of pieces to merge, in the order in which they were learnt."""

    def __init__(self, name: str, content: bytes) -> None:
        """Raise DataError if the content is not a list of pairs in UTF-8."""
        *lines, rest = read_text(name, content).replace("\r\n", "\n").split("\n")
        if rest:
            raise DataError(f"{name} is incomplete: it ends within the line {rest!r}; download it again")
        pairs = [tuple(line.split()[:2]) for line in lines]
        wrong = next((number for number, pair in enumerate(pairs, start=1) if len(pair) < 2), None)
        if wrong is not None or not pairs:
            raise DataError(f"{name} is damaged: line {wrong or 1} is no pair of pieces; download it again")
        self._rank_of = {pair: rank for rank, pair in enumerate(pairs)}
        self._split_short = lru_cache(_WORDS_KEPT)(self._split)

    def split(self, word: str) -> tuple[str, ...]:
        """Return the pieces of a word, in O(n log n) of its characters."""
        return self._split_short(word) if len(word) <= _LONGEST_KEPT else self._split(word)

    def _split(self, word: str) -> tuple[str, ...]:
        """Merge all occurrences of the pair that was learnt first, then of the next one, and so on.

        `parts[i]` is the piece that starts at character i, or "" if none does.
        """
        parts = [*word[:-1], word[-1] + END_OF_WORD]
        before, after = list(range(-1, len(parts) - 1)), list(range(1, len(parts) + 1))
        ranks = map(self._rank_of.get, pairwise(parts))
        waiting = [(rank, left) for left, rank in enumerate(ranks) if rank is not None]
        heapq.heapify(waiting)
        while waiting:
            merged, rank = list[int](), waiting[0][0]
            while waiting and waiting[0][0] == rank:
                left = heapq.heappop(waiting)[1]
                right = after[left]
                if right < len(parts) and self._rank_of.get((parts[left], parts[right])) == rank:
                    parts[left], parts[right] = parts[left] + parts[right], ""
                    after[left] = after[right]
                    if after[left] < len(parts):
                        before[after[left]] = left
                    merged.append(left)
            # Only now: what these merges make possible waits until all of them are done.
            for start in {*merged, *(before[left] for left in merged)} - {-1}:
                if after[start] < len(parts):
                    new_rank = self._rank_of.get((parts[start], parts[after[start]]))
                    if new_rank is not None:
                        heapq.heappush(waiting, (new_rank, start))
        return tuple(filter(None, parts))
