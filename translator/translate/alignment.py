"""Align the words of a translation with those of its source, using the decoder's attention.

A cross-attention head often attends to the source word being translated (Garg et al. 2019). The best head is found on
hand-aligned sentences (benchmarks/alignment.py) and recorded on the model's card.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from translator.translate.forced import forced_attention
from translator.translate.pairs import ReadSide, read_pair

if TYPE_CHECKING:
    from translator.translate.translator import Translator

WORD = re.compile(r"\w+(?:[-'’.,]\w+)*|[^\w\s]")
"""A word, number or compound, or a single punctuation mark."""

Span = tuple[int, int]
Weights = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Link:
    """A word of the source and its word in the translation, as character offsets."""

    source: Span
    target: Span
    weight: float
    """The share of the target word's attention that goes to the source word, 0 to 1."""


@dataclass(frozen=True)
class AligningHead:
    """The attention head from which alignments are read."""

    layer: int
    """Decoder layer, from 0."""
    head: int | None
    """Head, from 0; None for the mean of all heads."""
    is_next_step: bool
    """Whether to read the attention at the step that receives the token as input, not the one that predicts it."""
    least_weight: float
    """Minimum weight of a link; weaker ones are left out."""

    @classmethod
    def of(cls, translator: "Translator") -> "AligningHead":
        """The head on the model's card; if there is none, the mean of all heads of the last layer."""
        recorded: dict[str, Any] | None = translator.card.get("alignment")
        if recorded is None:
            return cls(translator.config.alignment_layers - 1, None, is_next_step=False, least_weight=0.2)
        return cls(recorded["layer"], recorded["head"], recorded["is_next_step"], recorded["least_weight"])


class AlignedPair(NamedTuple):
    """A sentence and its translation, word by word."""

    weights_TS: Weights
    """For each word of the translation, the attention to each word of the sentence."""
    source: list[Span]
    """The offsets of the words in the sentence."""
    target: list[Span]
    links: list[Link]
    """In the order of the translation."""


def align_words(
    translator: "Translator", pairs: Sequence[tuple[str, str]], by: AligningHead | None = None
) -> list[AlignedPair]:
    """Align each pair of a sentence and its translation."""
    by = by or AligningHead.of(translator)
    return [
        AlignedPair(*found, best_links(*found, by.least_weight))
        for found in word_weights(translator, pairs, by)
    ]


def align(
    translator: "Translator", pairs: Sequence[tuple[str, str]], by: AligningHead | None = None
) -> list[list[Link]]:
    """Return the links of each pair of a sentence and its translation."""
    return [pair.links for pair in align_words(translator, pairs, by)]


def word_weights(
    translator: "Translator", pairs: Sequence[tuple[str, str]], by: AligningHead
) -> list[tuple[Weights, list[Span], list[Span]]]:
    """For each pair, the attention of each target word to each source word, and the offsets of both.

    Both sides are cased as for translation.
    """
    heads = range(translator.config.heads) if by.head is None else [by.head]
    sides = read_sides(translator, pairs)
    return by_words(
        sides, [head_attention(translator, sides, by.layer, head) for head in heads], by.is_next_step
    )


def read_sides(translator: "Translator", pairs: Sequence[tuple[str, str]]) -> list[tuple[ReadSide, ReadSide]]:
    """Read both sides of each pair as for translation."""
    return [read_pair(translator.source_encoder, *pair) for pair in pairs]


def head_attention(
    translator: "Translator", sides: Sequence[tuple[ReadSide, ReadSide]], layer: int, head: int
) -> list[Weights]:
    """For each pair, the attention of a head at each decoding step, (T, S), in pieces."""
    sources, targets = ([pair[side].ids for pair in sides] for side in (0, 1))
    return forced_attention(translator.engine, sources, targets, translator.special, layer, head)


def by_words(
    sides: Sequence[tuple[ReadSide, ReadSide]], heads: Sequence[Sequence[Weights]], is_next_step: bool
) -> list[tuple[Weights, list[Span], list[Span]]]:
    """Return the mean of the attention of heads in words, as `word_weights` does."""
    found = []
    for (source, target), *weights in zip(sides, *heads, strict=True):
        attention_TS, step = np.mean(weights, axis=0), int(is_next_step)
        pieces_TS = attention_TS[step : step + len(target.ids), : len(source.ids)]
        source_words, source_share = _shares(source)
        target_words, target_share = _shares(target)
        target_mean = target_share / target_share.sum(axis=1, keepdims=True).clip(min=1e-9)
        found.append((target_mean @ pieces_TS @ source_share.T, source_words, target_words))
    return found


def best_links(
    weights_TS: Weights, source_words: list[Span], target_words: list[Span], least_weight: float
) -> list[Link]:
    """Link each target word to its strongest source word, unless the weight is below `least_weight`."""
    if not source_words or not target_words:
        return []
    strongest_T = weights_TS.argmax(axis=1)
    return [
        Link(source_words[place], target, weight)
        for target, weight, place in zip(
            target_words, weights_TS.max(axis=1).tolist(), strongest_T.tolist(), strict=True
        )
        if weight >= least_weight
    ]


def _shares(side: ReadSide) -> tuple[list[Span], Weights]:
    """The words of a text, and the share of each piece that belongs to each word: (words, pieces)."""
    words = [match.span() for match in WORD.finditer(side.normalised)]
    words_W2, pieces_P2 = (np.array(spans, dtype=np.int64).reshape(-1, 2) for spans in (words, side.places))
    common_WP = np.minimum(words_W2[:, 1:], pieces_P2[:, 1]) - np.maximum(words_W2[:, :1], pieces_P2[:, 0])
    share = common_WP.clip(min=0).astype(np.float32)
    share = share / share.sum(axis=0, keepdims=True).clip(min=1)
    return [(side.origins[start][0], side.origins[end - 1][1]) for start, end in words], share
