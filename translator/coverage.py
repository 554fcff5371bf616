"""Rank finished translations by what they leave out of their source, too (Wu et al. 2016, section 7)."""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from translator.forced import forced_attention
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

    The paper has one attention from decoder to encoder; here it is the mean over the heads of the last layer. It is the
    attention of one model in the precision of its weights: where several decide together, `model` is the first one.
    """
    pairs = [
        (source, one.tokens) for source, hypotheses in zip(sources, found, strict=True) for one in hypotheses
    ]
    rows, targets = [source for source, _ in pairs], [target for _, target in pairs]
    last = f"decoder.{len(model.decoder) - 1}.cross_attention"
    coverage = (
        beta * coverage_score(weights[last].mean(dim=0)[:, :-1])  # all but the end of the source
        for weights in forced_attention(model, rows, targets, special, pad, [last])
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
