"""Forced decoding: feed the tokens of a given translation to the model one by one, without a search."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from translator.engines.protocol import Engine, Floats, Ints, Rows, Session
from translator.search import SpecialTokens

PAIRS_AT_ONCE = 32
"""Pairs decoded together."""


def decode_forced(
    engine: Engine,
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    special: SpecialTokens,
) -> list[list[float]]:
    """Compute, for each pair, log P of every target token given those before it, including the end token.

    Sources and targets are tokens without begin and end. Probabilities are the same as in a search: normalised over all
    tokens except forbidden ones, whose log-probability is −∞.
    """
    found: list[list[float]] = [[] for _ in targets]
    ended = [[*target, special.end] for target in targets]
    steps = _steps(engine, sources, ended, special, lambda session, rows: session.distribution(rows))
    for pairs, log_probability_NV in steps:
        for pair, log_probability_V in zip(pairs, log_probability_NV, strict=True):
            found[pair].append(float(log_probability_V[ended[pair][len(found[pair])]]))
    return found


def forced_attention(
    engine: Engine,
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    special: SpecialTokens,
    layer: int,
    head: int,
) -> list[Floats]:
    """Compute, for each pair, the weights of one cross-attention head, (T, S), including both end tokens.

    Row t holds the weights at the step that predicts token t.
    """

    def attend(session: Session, rows: Rows) -> Floats:
        return session.attention(rows, layer, head)

    found: list[list[Floats]] = [[] for _ in targets]
    ended = [[*target, special.end] for target in targets]
    for pairs, weight_NS in _steps(engine, sources, ended, special, attend):
        for pair, weight_S in zip(pairs, weight_NS, strict=True):
            found[pair].append(weight_S[: len(sources[pair]) + 1].copy())
    return [np.stack(rows) for rows in found]


def _steps(
    engine: Engine,
    sources: Sequence[Sequence[int]],
    ended: Sequence[Sequence[int]],
    special: SpecialTokens,
    ask: Callable[[Session, Rows], Floats],
) -> Iterator[tuple[list[int], Floats]]:
    """Yield the session's output for each target position, with the pairs that its rows belong to."""
    for start in range(0, len(sources), PAIRS_AT_ONCE):
        session = engine.session()
        pairs = list(range(start, min(start + PAIRS_AT_ONCE, len(sources))))
        row_N: Ints = session.admit([[*sources[pair], special.end] for pair in pairs], 1)
        for place in range(max(len(ended[pair]) for pair in pairs)):
            row_N = row_N[[len(ended[pair]) > place for pair in pairs]]
            pairs = [pair for pair in pairs if len(ended[pair]) > place]
            tokens = [ended[pair][place - 1] if place else special.begin for pair in pairs]
            no_mask_N = np.zeros(len(pairs), dtype=np.int32)
            yield pairs, ask(session, Rows(row_N, row_N, np.array(tokens, dtype=np.int32), no_mask_N))
