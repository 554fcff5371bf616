"""Non-breaking spaces. The model does not know them, so the German gets them where it has the same neighbours."""

import re
from bisect import bisect_left, bisect_right
from itertools import pairwise

import numpy as np

from translator.markup.marked_up import KEPT_SPACES
from translator.markup.projection import Alignment

_NO_BREAK = re.compile(f"[{KEPT_SPACES}]")
_CHUNK = re.compile(r"\S+")
_LEAST_WEIGHT = 0.2
"""Below it, a neighbour in the translation does not count as coming from that in the source."""


def with_kept_spaces(source: str, target: str, alignment: Alignment) -> str:
    """Return a translation with the non-breaking spaces of its source in place of spaces; its length stays.

    One is kept if the chunks on both sides of a space come from those on both sides of it, in either order, as in
    `May 12` and `12. Mai`.
    """
    chunks = [match.span() for match in _CHUNK.finditer(target)]
    if source == target or len(chunks) < 2 or not alignment.source or not alignment.target:
        return target
    weights_CS = np.zeros((len(chunks), len(alignment.source)), np.float32)
    first_chunks = [start for start, _ in chunks]
    for weights_S, (start, end) in zip(alignment.weights_TS, alignment.target, strict=True):
        # A protected span is one word, which may be several chunks.
        covered = slice(bisect_right(first_chunks, start) - 1, bisect_left(first_chunks, end))
        weights_CS[covered] = np.maximum(weights_CS[covered], weights_S)
    is_free = np.array([target[end:start] == " " for (_, end), (start, _) in pairwise(chunks)])
    written = list(target)
    for match in _NO_BREAK.finditer(source):
        left_C, right_C = (
            weights_CS[:, words].sum(axis=1) for words in _beside(source, match.start(), alignment)
        )
        in_order, swapped = np.minimum(left_C[:-1], right_C[1:]), np.minimum(right_C[:-1], left_C[1:])
        weights = np.maximum(in_order, swapped) * is_free
        best = int(weights.argmax())
        if weights[best] >= _LEAST_WEIGHT:
            written[chunks[best][1]] = match[0]
            is_free[best] = False
    return "".join(written)


def _beside(source: str, place: int, alignment: Alignment) -> tuple[list[int], list[int]]:
    """Return the numbers of the words on either side of the space at `place`, up to the next white space."""
    start, end = place, place + 1
    while start > 0 and not source[start - 1].isspace():
        start -= 1
    while end < len(source) and not source[end].isspace():
        end += 1
    places = list(enumerate(alignment.source))
    left = [number for number, (first, last) in places if first < place and last > start]
    return left, [number for number, (first, last) in places if first < end and last > place + 1]


def has_kept_spaces(text: str) -> bool:
    """Whether there are non-breaking spaces inside a sentence."""
    return bool(_NO_BREAK.search(text))
