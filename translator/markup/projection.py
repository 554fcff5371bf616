"""Put the tags of a sentence into its translation, at the words that translate the words beside them in the source.

The translation is that of the sentence without tags, so tags cannot change it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from translator.markup.tagged import InnerTag
from translator.text.places import Place, is_word_character

Weights = npt.NDArray[np.float32]

_MOST_TAGS = 400
"""Beyond that, which no real sentence has, tags are not placed by words; it would take long."""
_LEAST_WEIGHT = 0.2
"""Below it, a word of the translation does not count as coming from a word of the source."""
_COST = 0.05
"""What such a word costs, so that a pair begins and ends with words that belong to it."""
_FARTHEST_WORDS = 4
"""How far to look for a word that has a counterpart."""


@dataclass(frozen=True)
class Alignment:
    """Which words of a sentence the words of its translation come from."""

    weights_TS: Weights
    """For each word of the translation, the share that comes from each word of the sentence."""
    source: Sequence[Place]
    """The places of the words in the sentence."""
    target: Sequence[Place]


class Projected(NamedTuple):
    """A translation with tags."""

    text: str
    offsets: list[int]
    """Where each character of the translation stands in the text."""


def project(source: str, tags: Sequence[InnerTag], target: str, alignment: Alignment) -> Projected:
    """Put the tags of a sentence into its translation: each exactly once, and pairs nested as in the source.

    A pair encloses the run of words that best corresponds to the words that it encloses in the source.
    """
    if source == target or len(tags) > _MOST_TAGS or not alignment.target:
        return _in_order(source, tags, target)
    root = _tree(tags, len(source))
    offsets = sorted({tag.offset for tag in tags})
    _Placing(source, target, _with_split_words(source, target, alignment, offsets)).place(root)
    return _written(root, target)


class _Writer:
    """Writes a translation and tags in their order."""

    def __init__(self, target: str) -> None:
        self._target, self._position, self._length = target, 0, 0
        self._parts: list[str] = []
        self._offsets: list[int] = []
        self._leading: list[str] = []
        """What was between a tag and the sentence behind it, if the tag no longer stands there."""
        self._trailing: list[str] = []

    def write_up_to(self, position: int) -> None:
        """Write the translation up to a position."""
        part = self._target[self._position : position]
        self._parts.append(part)
        self._offsets += range(self._length, self._length + len(part))
        self._length += len(part)
        self._position += len(part)

    def write_tag(self, tag: InnerTag | None) -> None:
        """Write a tag at the current position; what is around the sentence stays around it."""
        if tag is None:
            return
        before, after = tag.before, tag.after
        if self._position < len(self._target):
            self._trailing.append(before)
            before = ""
        if self._position > 0:
            self._leading.append(after)
            after = ""
        self._parts.append(before + tag.stand_in + after)
        self._length += len(self._parts[-1])

    def finish(self) -> Projected:
        """Write the rest of the translation, and return all."""
        self.write_up_to(len(self._target))
        leading = "".join(self._leading)
        offsets = [len(leading) + offset for offset in self._offsets]
        return Projected("".join((leading, *self._parts, *self._trailing)), offsets)


def _in_order(source: str, tags: Sequence[InnerTag], target: str) -> Projected:
    """Write the tags at their offsets in the source."""
    writer = _Writer(target)
    for tag in tags:
        writer.write_up_to(tag.offset if tag.offset < len(source) else len(target))
        writer.write_tag(tag)
    return writer.finish()


@dataclass(eq=False)
class _Node:
    """A pair of tags, or one of which the sentence holds only one tag."""

    start: int
    end: int
    opening: InnerTag | None = None
    closing: InnerTag | None = None
    inner: list["_Node"] = field(default_factory=list)
    low: int = 0
    """Where it starts in the translation."""
    high: int = 0
    pair: int = -1

    @property
    def is_point(self) -> bool:
        return self.start >= self.end


def _tree(tags: Sequence[InnerTag], length: int) -> _Node:
    """Nest the pairs. A tag whose counterpart is in another sentence encloses all up to that edge of the sentence."""
    root = _Node(0, length)
    opened, is_open = [root], set[int]()
    for tag in tags:
        if not tag.closes:
            opened.append(_Node(tag.offset, length, tag, pair=tag.pair))
            is_open.add(tag.pair)
            continue
        if tag.pair not in is_open:
            node = _Node(0, tag.offset, None, tag, opened[-1].inner)
            opened[-1].inner = [node]
            continue
        while True:
            node = opened.pop()
            opened[-1].inner.append(node)
            is_open.discard(node.pair)
            if node.pair == tag.pair:
                node.end, node.closing = tag.offset, tag
                break
    while len(opened) > 1:
        node = opened.pop()
        opened[-1].inner.append(node)
    return root


class _Placing:
    """Finds the place of each pair in the translation, outer ones first."""

    def __init__(self, source: str, target: str, alignment: Alignment) -> None:
        self._source, self._target, self._weights_TS = source, target, alignment.weights_TS
        self._source_starts, self._source_ends = _starts_and_ends(alignment.source)
        self._starts, self._ends = _starts_and_ends(alignment.target)
        self._is_wordy_S, self._is_wordy_T = (
            _are_wordy(source, alignment.source),
            _are_wordy(target, alignment.target),
        )

    def place(self, root: _Node) -> None:
        """Place all nodes below the root, which is the whole translation."""
        root.low, root.high = 0, len(self._target)
        todo = [root]
        while todo:
            outer = todo.pop()
            is_free_T = (self._starts >= outer.low) & (self._ends <= outer.high)
            placed = list[_Node]()
            # Pairs come first, so that what has no width can keep out of them.
            for node in [one for one in outer.inner if not one.is_point]:
                if node.closing is None:  # it encloses all up to the end
                    is_free_T &= self._starts >= max((one.high for one in placed), default=0)
                node.low, node.high = self._pair(node, outer, placed, is_free_T)
                is_free_T &= (self._starts >= node.high) | (self._ends <= node.low)
                placed.append(node)
            for node in [one for one in outer.inner if one.is_point]:
                node.low = node.high = self._point(node.start, outer, placed)
            outer.inner.sort(key=lambda one: (one.low, one.high))
            todo += outer.inner

    def _is_inside(self, node: _Node) -> npt.NDArray[np.bool_]:
        """Which words of the source are inside a pair, at least in part."""
        return (self._source_ends > node.start) & (self._source_starts < node.end)

    def _pair(
        self, node: _Node, outer: _Node, placed: Sequence[_Node], is_free_T: npt.NDArray[np.bool_]
    ) -> Place:
        is_inside_S = self._is_inside(node)
        if (is_inside_S >= self._is_inside(outer)).all() and len(outer.inner) == 1:
            return outer.low, outer.high
        inside_T = self._weights_TS[:, is_inside_S].sum(axis=1)
        gain_T = inside_T - self._weights_TS[:, ~is_inside_S].sum(axis=1)
        gain_T[inside_T < _LEAST_WEIGHT] -= _COST
        gain_T[~is_free_T] = -np.inf
        first, last = _best_run(gain_T, to_start=node.opening is None, to_end=node.closing is None)
        if first > last:
            first = last = self._best_word(node, inside_T, is_free_T)
        if first < 0:
            low = high = self._point(node.start, outer, placed) if node.closing else outer.high
        else:
            first, last = self._without_punctuation(node, first, last)
            low, high = int(self._starts[first]), int(self._ends[last])
            low, high = self._with_spaces(node, low, high, outer, placed)
        return outer.low if node.opening is None else low, outer.high if node.closing is None else high

    def _without_punctuation(self, node: _Node, first: int, last: int) -> tuple[int, int]:
        """Leave punctuation at either end of a run outside unless the pair encloses some there in the source."""
        inside = self._source[node.start : node.end].strip()
        while first < last and inside[:1].isalnum() and not self._is_wordy_T[first]:
            first += 1
        while first < last and inside[-1:].isalnum() and not self._is_wordy_T[last]:
            last -= 1
        return first, last

    def _best_word(self, node: _Node, inside_T: Weights, is_free_T: npt.NDArray[np.bool_]) -> int:
        """Return the word that most likely belongs into a pair; -1 if another pair has it, or if no word is left."""
        if inside_T.max(initial=0) >= _LEAST_WEIGHT and not is_free_T[inside_T.argmax()]:
            return -1
        candidates = np.flatnonzero(is_free_T & self._is_wordy_T)
        if not len(candidates):
            candidates = np.flatnonzero(is_free_T)
        if not len(candidates):
            return -1
        middle = (node.start + node.end) / 2 / max(1, len(self._source)) * len(self._target)
        distance = np.abs((self._starts[candidates] + self._ends[candidates]) / 2 - middle)
        return int(candidates[np.lexsort((distance, -inside_T[candidates].round(1)))[0]])

    def _with_spaces(self, node: _Node, low: int, high: int, outer: _Node, placed: Sequence[_Node]) -> Place:
        """Extend a place over the space at either end if the pair encloses one there in the source."""
        if self._source[node.start : node.start + 1].isspace() and low > outer.low:
            is_free = not any(one.low < low <= one.high for one in placed)
            low -= is_free and self._target[low - 1].isspace()
        if self._source[node.end - 1 : node.end].isspace() and high < outer.high:
            is_free = not any(one.low <= high < one.high for one in placed)
            high += is_free and self._target[high].isspace()
        return low, high

    def _point(self, offset: int, outer: _Node, pairs: Sequence[_Node]) -> int:
        """Find the place of something without a width: behind the word before it, or else before the word behind it.

        If it is inside a word, such as the sign of an accelerator, it goes before it.
        """
        before, after = self._source[offset - 1 : offset], self._source[offset : offset + 1]
        is_inside_word = is_word_character(before) and is_word_character(after)
        follows = not ((before.isspace() or is_inside_word) and after.strip()) and offset > 0
        if offset in (outer.start, outer.end):
            place = outer.low if offset == outer.start else outer.high
        else:
            place = self._beside(offset, follows)
        place = min(max(place, outer.low), outer.high)
        for one in pairs:
            if one.low <= place <= one.high:
                return one.high if one.end <= offset else one.low
        return place

    def _beside(self, offset: int, follows: bool) -> int:
        """Return where the word before an offset ends in the translation, or where the word behind it starts."""
        if follows:
            words = np.flatnonzero(self._source_starts < offset)[::-1]
        else:
            words = np.flatnonzero(self._source_ends > offset)
        weights_TS = self._weights_TS
        if len(words) and self._is_wordy_S[words[0]] and self._is_wordy_T.any():
            words = words[self._is_wordy_S[words]]
            weights_TS = weights_TS * self._is_wordy_T[:, None]
        for word in words[:_FARTHEST_WORDS]:
            if weights_TS[:, word].max(initial=0) >= _LEAST_WEIGHT:
                found = int(weights_TS[:, word].argmax())
                return int(self._ends[found] if follows else self._starts[found])
        if follows:
            return 0
        wordy = self._starts[self._is_wordy_T]
        return int(wordy[-1]) if len(wordy) else len(self._target)


def _with_split_words(source: str, target: str, alignment: Alignment, offsets: Sequence[int]) -> Alignment:
    """Split words that have tags inside, such as H2O, if the translation has the same word."""
    weights_TS, source_words, target_words = (
        alignment.weights_TS,
        list(alignment.source),
        list(alignment.target),
    )
    for place in reversed(range(len(source_words))):
        start, end = source_words[place]
        cuts = offsets[bisect_right(offsets, start) : bisect_left(offsets, end)]
        if not cuts or not target_words:
            continue
        same = int(weights_TS[:, place].argmax())
        low, high = target_words[same]
        if (
            source[start:end].upper() != target[slice(*target_words[same])].upper()
            or end - start != high - low
        ):
            continue
        edges = [start, *cuts, end]
        source_words[place : place + 1] = pairwise(edges)
        target_words[same : same + 1] = [
            (low + one - start, low + other - start) for one, other in pairwise(edges)
        ]
        weights_TS = np.insert(weights_TS, [place] * len(cuts), 0, axis=1)
        weights_TS = np.insert(weights_TS, [same] * len(cuts), 0, axis=0)
        weights_TS[same : same + len(edges) - 1] = 0
        weights_TS[same : same + len(edges) - 1, place : place + len(edges) - 1] = np.eye(len(edges) - 1)
    return Alignment(weights_TS, source_words, target_words)


def _are_wordy(text: str, places: Sequence[Place]) -> npt.NDArray[np.bool_]:
    """Which words have letters or digits, unlike punctuation."""
    return np.array([any(map(str.isalnum, text[slice(*place)])) for place in places], bool)


def _starts_and_ends(places: Sequence[Place]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    places_W2 = np.array(places, dtype=np.int64).reshape(-1, 2)
    return places_W2[:, 0], places_W2[:, 1]


def _best_run(gain_T: Weights, *, to_start: bool, to_end: bool) -> tuple[int, int]:
    """Return the first and the last word of the run with the largest positive sum; (0, -1) if no sum is positive.

    The run may have to begin with the first word, or to end with the last one.
    """
    best, found, total, begin = 0.0, (0, -1), 0.0, 0
    for word, gain in enumerate(gain_T.tolist()):
        if total <= 0 and not to_start:
            total, begin = 0.0, word
        total += gain
        if total > best and (not to_end or word == len(gain_T) - 1):
            best, found = total, (begin, word)
    return found


def _written(root: _Node, target: str) -> Projected:
    """Write the translation with the tags of a tree."""
    writer = _Writer(target)
    todo: list[tuple[_Node, bool]] = [(root, True)]
    while todo:
        node, begins = todo.pop()
        writer.write_up_to(node.low if begins else node.high)
        writer.write_tag(node.opening if begins else node.closing)
        if begins:
            todo.append((node, False))
            todo += ((one, True) for one in reversed(node.inner))
    return writer.finish()
