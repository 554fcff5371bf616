"""The options of a search, and the hypotheses that it returns."""

import itertools
import math
from dataclasses import dataclass

from translator.errors import InputError

MAX_BEAM_SIZE = 64


@dataclass(frozen=True)
class Sampling:
    """Sample tokens at random instead of searching for the most likely; raises InputError on invalid values."""

    temperature: float = 1.0
    """Divides the logits. Values below 1 make likely tokens more likely."""
    top_k: int = 0
    """Sample from the k most likely tokens only; 0 samples from all."""
    top_p: float = 1.0
    """Sample from the smallest set of most likely tokens whose probabilities sum to at least this much (Holtzman et
    al. 2020)."""
    seed: int = 0
    """The same seed gives a sentence the same translation, whatever else is in its batch."""

    def __post_init__(self) -> None:
        if not 0.01 <= self.temperature <= 100:
            raise InputError(f"temperature is {self.temperature}; give 0.01 to 100")
        if self.top_k < 0:
            raise InputError(f"top_k is {self.top_k}; give 1 or more, or 0 to sample from all tokens")
        if not 0 < self.top_p <= 1:
            raise InputError(f"top_p is {self.top_p}; give more than 0, up to 1")
        if not 0 <= self.seed < 2**63:
            raise InputError(f"seed is {self.seed}; give 0 or more, below 2^63")


@dataclass(frozen=True)
class SearchOptions:
    """How to search; raises InputError on invalid values."""

    beam_size: int = 4
    """Hypotheses kept per sentence; 1 is greedy search."""
    length_penalty: float = 1.0
    """α. 0 compares plain log-probabilities, which favours short translations; larger values favour longer ones."""
    n_best: int = 1
    """Hypotheses returned per sentence, best first. A translator returns fewer if some have the same text in different
    pieces: it keeps the best of them."""
    min_length_factor: float = 0.0
    """Minimum tokens of a translation per source token, as far as other limits allow."""
    max_length_factor: float = 2.0
    """Maximum tokens of a translation per source token; ten more are always allowed."""
    no_repeat_ngram: int = 0
    """No n-gram of this size occurs twice in a translation; 0 allows repetition."""
    banned: tuple[str, ...] = ()
    """Words or phrases that must not occur in a translation at the start of a word. Case matters. "Haus" also bans
    "Hausarzt", "(Haus)" and "Reihen-Haus", but not "Hochhaus". Copied text and prefixes may contain them."""
    sampling: Sampling | None = None
    """Sample `beam_size` translations at random and return the best of them, instead of searching."""

    def __post_init__(self) -> None:
        if not 1 <= self.beam_size <= MAX_BEAM_SIZE:
            raise InputError(f"beam_size is {self.beam_size}; give 1 to {MAX_BEAM_SIZE}")
        if not 0 <= self.length_penalty <= 5:
            raise InputError(f"length_penalty is {self.length_penalty}; give 0 to 5")
        if not 1 <= self.n_best <= self.beam_size:
            raise InputError(
                f"n_best is {self.n_best}; give 1 up to the beam_size, which is {self.beam_size}"
            )
        if not 0.1 <= self.max_length_factor <= 10:
            raise InputError(f"max_length_factor is {self.max_length_factor}; give 0.1 to 10")
        if not 0 <= self.min_length_factor <= self.max_length_factor:
            raise InputError(
                f"min_length_factor is {self.min_length_factor}; give 0 up to the max_length_factor, "
                f"which is {self.max_length_factor}"
            )
        if self.no_repeat_ngram < 0:
            raise InputError(f"no_repeat_ngram is {self.no_repeat_ngram}; give 1 or more, or 0 to allow all")
        if not all(phrase.strip() for phrase in self.banned):
            raise InputError("banned has an empty phrase; give words, or leave it out")

    def max_target_tokens(self, source_tokens: int) -> int:
        """Maximum length of a translation in tokens, including the end token.

        The default is ample for German but leaves no room for endless repetition.
        """
        return math.ceil(self.max_length_factor * source_tokens) + 10

    def min_target_tokens(self, source_tokens: int) -> int:
        """Minimum length of a translation in tokens, excluding the end token."""
        return math.ceil(self.min_length_factor * source_tokens)


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
