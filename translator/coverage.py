"""Rank finished translations by what they leave out of their source, too (Wu et al. 2016, section 7)."""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from translator.forced import decode_forced
from translator.model import Transformer
from translator.search import ScoredTokens, SpecialTokens

_LEAST_ATTENTION = 1e-10
"""So that a word which nothing attends to costs much, and not everything."""


def rank_by_coverage(
    model: Transformer,
    sources: Sequence[list[int]],
    found: Sequence[list[ScoredTokens]],
    special: SpecialTokens,
    pad: int,
    beta: float,
) -> list[list[ScoredTokens]]:
    """The hypotheses of each sentence, whose scores now include the coverage, best first.

    The paper has one attention from decoder to encoder; here it is the mean over the heads of the last layer.
    """
    pairs = [
        (source, one.tokens) for source, hypotheses in zip(sources, found, strict=True) for one in hypotheses
    ]
    if not pairs:
        return [[] for _ in found]
    rows, targets = [source for source, _ in pairs], [target for _, target in pairs]
    forced = decode_forced(model, rows, targets, special, pad, with_attention=True)
    attention_BTS = forced.attention[f"decoder.{len(model.decoder) - 1}.cross_attention"].mean(dim=1)
    coverage = iter(
        beta * coverage_score(attention_TS[: len(target) + 1, : len(source)])
        for attention_TS, (source, target) in zip(attention_BTS, pairs, strict=True)
    )
    return [
        sorted(
            (replace(one, score=one.score + next(coverage)) for one in hypotheses), key=lambda one: -one.score
        )
        for hypotheses in found
    ]


def coverage_score(attention_TS: Tensor) -> float:
    """Σ_i log min(Σ_j p_ij, 1) of equation 14: 0 where every source token got its share, and less elsewhere."""
    return float(attention_TS.sum(dim=0).clamp(_LEAST_ATTENTION, 1.0).log().sum())
