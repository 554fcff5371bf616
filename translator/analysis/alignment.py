"""Which words of a translation come from which words of its source, as the decoder's attention has it.

A head of cross-attention often looks at the source words that it is translating (Garg et al. 2019). Which head does
so best is measured on hand-aligned sentences (benchmarks/alignment.py) and stands on the model's card.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import torch
from torch import Tensor

from translator.forced import decode_forced
from translator.text import normalise
from translator.tokenizer import PAD_ID, Tokenizer
from translator.translate import Translator

WORD = re.compile(r"\w+(?:[-'’.,]\w+)*|[^\w\s]")
"""A word, number or compound; or one mark of punctuation."""
_PAIRS_AT_ONCE = 32

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Link:
    """A word of the source and the word of the translation that it became, as character offsets."""

    source: Span
    target: Span
    weight: float
    """The share of the target word's attention that goes to the source word, 0 to 1."""


@dataclass(frozen=True)
class AligningHead:
    """Where in the model alignments are read."""

    layer: int
    """Of the decoder, from 0."""
    head: int | None
    """From 0; None is the mean of all."""
    is_next_step: bool
    """Read the attention of the step that takes the token in, instead of the one that puts it out."""
    least_weight: float
    """Weaker links are left out."""

    @classmethod
    def of(cls, translator: Translator) -> "AligningHead":
        """The one on the model's card; where nobody measured it, all heads of the last layer."""
        recorded: dict[str, Any] | None = translator.card.get("alignment")
        if recorded is None:
            return cls(len(translator.model.decoder) - 1, None, is_next_step=False, least_weight=0.2)
        return cls(recorded["layer"], recorded["head"], recorded["is_next_step"], recorded["least_weight"])


def align(
    translator: Translator, pairs: Sequence[tuple[str, str]], by: AligningHead | None = None
) -> list[list[Link]]:
    """The links of each pair of a sentence and its translation, in the order of the translation."""
    by = by or AligningHead.of(translator)
    return [
        best_links(weights_TS, source_words, target_words, by.least_weight)
        for weights_TS, source_words, target_words in word_weights(translator, pairs, by)
    ]


def word_weights(
    translator: Translator, pairs: Sequence[tuple[str, str]], by: AligningHead
) -> list[tuple[Tensor, list[Span], list[Span]]]:
    """For each pair, what each word of the translation weighs each word of the source; and the places of both."""
    found = []
    for first in range(0, len(pairs), _PAIRS_AT_ONCE):
        some = pairs[first : first + _PAIRS_AT_ONCE]
        sides = [[normalise(text) for text in texts] for texts in zip(*some, strict=True)]
        sources, targets = (translator.tokenizer.encode_all(texts) for texts in sides)
        forced = decode_forced(
            translator.model, sources, targets, translator.special, PAD_ID, with_attention=True
        )
        attention_BHTS = forced.attention[f"decoder.{by.layer}.cross_attention"].float().cpu()
        attention_BTS = attention_BHTS.mean(1) if by.head is None else attention_BHTS[:, by.head]
        for (source, target), source_ids, target_ids, attention_TS in zip(
            some, sources, targets, attention_BTS, strict=True
        ):
            step = int(by.is_next_step)
            pieces_TS = attention_TS[step : step + len(target_ids), : len(source_ids)]
            source_words, source_share = _shares(source, source_ids, translator.tokenizer)
            target_words, target_share = _shares(target, target_ids, translator.tokenizer)
            target_mean = target_share / target_share.sum(dim=1, keepdim=True).clamp(min=1e-9)
            found.append((target_mean @ pieces_TS @ source_share.T, source_words, target_words))
    return found


def best_links(
    weights_TS: Tensor, source_words: list[Span], target_words: list[Span], least_weight: float
) -> list[Link]:
    """Each target word's strongest source word, where that is strong enough."""
    if not source_words or not target_words:
        return []
    strongest = weights_TS.max(dim=1)
    return [
        Link(source_words[place], target, weight)
        for target, weight, place in zip(
            target_words, strongest.values.tolist(), strongest.indices.tolist(), strict=True
        )
        if weight >= least_weight
    ]


def _shares(text: str, ids: list[int], tokenizer: Tokenizer) -> tuple[list[Span], Tensor]:
    """The words of a text, and how much of each piece belongs to each of them: (words, pieces)."""
    normalised = normalise(text)
    spans = [match.span() for match in WORD.finditer(normalised)]
    share = torch.zeros(len(spans), len(ids))
    for piece, (start, end) in enumerate(tokenizer.spans(ids)):
        for word, (word_start, word_end) in enumerate(spans):
            common = min(end, word_end) - max(start, word_start)
            if common > 0:
                share[word, piece] = common
    share = share / share.sum(dim=0, keepdim=True).clamp(min=1)
    return [_original_span(span, normalised, text) for span in spans], share


def _original_span(span: Span, normalised: str, text: str) -> Span:
    """Where characters of the normalised text stand in the text itself.

    What normalisation has changed takes the place between its unchanged neighbours.
    """
    if normalised == text:
        return span
    blocks = SequenceMatcher(None, normalised, text, autojunk=False).get_matching_blocks()
    start, end = 0, len(text)
    for block in blocks:  # in order; the last one is empty, at the end of both
        if block.a <= span[0]:
            start = block.b + min(span[0] - block.a, block.size)
        if span[1] <= block.a + block.size:
            end = block.b + max(span[1] - block.a, 0)
            break
    return start, end
