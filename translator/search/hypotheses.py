"""What a search knows of the vocabulary, and the hypotheses that it returns."""

import itertools
from dataclasses import dataclass


@dataclass(frozen=True)
class SpecialTokens:
    """The token ids that a search needs to know."""

    begin: int
    end: int
    forbidden: tuple[int, ...] = ()
    """Tokens that are never produced, such as padding."""
    first_byte: int | None = None
    """The piece for the byte 0x00. Those for the other 255 bytes follow it, and all later pieces are whole characters.
    The search then produces valid UTF-8 only. None if the vocabulary has no byte pieces."""
    reserved: range = range(0)
    """Pieces that occur only if `Task.required` asks for them."""
    pairs: tuple[tuple[int, int], ...] = ()
    """Reserved pieces that open and close a pair. Pairs nest: the last one opened is closed first, and none is closed
    before it is opened."""


@dataclass(frozen=True)
class ScoredTokens:
    """One finished hypothesis."""

    tokens: list[int]
    """Without the begin and end tokens."""
    token_log_probabilities: list[float]
    """Natural log-probability of each token given those before it; the end token's comes last."""
    score: float
    """Log-probability divided by the length penalty. Hypotheses are ranked by it."""

    @classmethod
    def with_totals(cls, tokens: list[int], totals: list[float], score: float) -> "ScoredTokens":
        """Build a hypothesis from cumulative log-probabilities, one per token."""
        each = [total - before for before, total in itertools.pairwise([0.0, *totals])]
        return cls(tokens, each, score)

    @property
    def log_probability(self) -> float:
        """Natural logarithm of P(tokens and the end token | source)."""
        return sum(self.token_log_probabilities)


def length_penalty(length: int, alpha: float) -> float:
    """lp(Y) of Wu et al. 2016, equation 14, for |Y| = `length`."""
    return float(((5 + length) / 6) ** alpha)
