"""What a search is asked for, and what it answers."""

import itertools
import math
from dataclasses import dataclass

from translator.errors import InputError

MAX_BEAM_SIZE = 64


@dataclass(frozen=True)
class Sampling:
    """Draw tokens at random instead of searching for the likeliest; raises InputError on values that cannot work."""

    temperature: float = 1.0
    """Logits are divided by it: below 1 the likely tokens become likelier."""
    top_k: int = 0
    """Sample only from the k likeliest tokens; 0 samples from all."""
    top_p: float = 1.0
    """Draw from the fewest likeliest tokens that have this probability together (Holtzman et al. 2020)."""
    seed: int = 0
    """With the same seed, a sentence gets the same translation again, whatever else is in its batch."""

    def __post_init__(self) -> None:
        if not 0.01 <= self.temperature <= 100:
            raise InputError(f"temperature is {self.temperature}; give 0.01 to 100")
        if self.top_k < 0:
            raise InputError(f"top_k is {self.top_k}; give 1 or more, or 0 to draw from all tokens")
        if not 0 < self.top_p <= 1:
            raise InputError(f"top_p is {self.top_p}; give more than 0, up to 1")
        if not 0 <= self.seed < 2**63:
            raise InputError(f"seed is {self.seed}; give 0 or more, below 2^63")


@dataclass(frozen=True)
class SearchOptions:
    """How to search; raises InputError on values that cannot work."""

    beam_size: int = 4
    """Hypotheses kept per sentence; 1 is greedy search."""
    length_penalty: float = 1.0
    """α: 0 compares plain log-probabilities and favours short translations, larger favours longer ones."""
    n_best: int = 1
    """Hypotheses returned per sentence, best first. A translator returns fewer where some of them read the same, in
    other pieces: of these, the best."""
    min_length_factor: float = 0.0
    """A translation has at least this many tokens for each token of the source, as far as other limits allow."""
    max_length_factor: float = 2.0
    """A translation has at most this many tokens for each token of the source, and ten more."""
    no_repeat_ngram: int = 0
    """No n-gram of this size occurs twice in a translation; 0 allows repetition."""
    banned: tuple[str, ...] = ()
    """Words or phrases that occur in no sentence's translation where a word begins, in just these letters: "Haus" also
    bans "Hausarzt", "(Haus)" and "Reihen-Haus", but not "Hochhaus". What is copied may have them, and a prefix."""
    sampling: Sampling | None = None
    """Draw `beam_size` translations at random, and return the best of them, instead of searching."""

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
        """Length limit of a translation, its end token included.

        By default ample for German, yet no room for endless repetition.
        """
        return math.ceil(self.max_length_factor * source_tokens) + 10

    def min_target_tokens(self, source_tokens: int) -> int:
        """The least tokens of a translation, its end token not included."""
        return math.ceil(self.min_length_factor * source_tokens)


@dataclass(frozen=True)
class SpecialTokens:
    """Ids that the search must know."""

    begin: int
    end: int
    forbidden: tuple[int, ...] = ()
    """Never produced: padding and the like."""
    first_byte: int | None = None
    """The piece for the byte 0x00, followed by those for the other 255; all later pieces are whole characters. A
    search then writes valid UTF-8 only. None: the vocabulary has no pieces for bytes."""
    reserved: range = range(0)
    """Pieces that occur only where `Constraints.required` asks for them."""
    pairs: tuple[tuple[int, int], ...] = ()
    """Reserved pieces that open and close something: what was opened last is closed first, and nothing is closed
    before it was opened."""


@dataclass(frozen=True)
class ScoredTokens:
    """One finished hypothesis."""

    tokens: list[int]
    """Without begin and end token."""
    token_log_probabilities: list[float]
    """Natural logarithm of the model's probability of each token after those before it, the end token's last."""
    score: float
    """The log-probability over the length penalty; what hypotheses are ranked by."""

    @classmethod
    def with_totals(cls, tokens: list[int], totals: list[float], score: float) -> "ScoredTokens":
        """Of the log-probabilities of all tokens up to each one."""
        each = [total - before for before, total in itertools.pairwise([0.0, *totals])]
        return cls(tokens, each, score)

    @property
    def log_probability(self) -> float:
        """Natural logarithm of P(tokens and the end token | source)."""
        return sum(self.token_log_probabilities)


def length_penalty(length: int, alpha: float) -> float:
    """lp(Y) of Wu et al. 2016, equation 14, for |Y| = `length`."""
    return float(((5 + length) / 6) ** alpha)
