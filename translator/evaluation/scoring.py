"""Score given translations by the probability that the model assigns to them.

Scores are computed in the translator's precision.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from translator.data.tokenizer import EOS_ID
from translator.errors import InputError, InputTooLong
from translator.evaluation.forced import decode_forced
from translator.search import length_penalty
from translator.translate import MAX_PIECE_TOKENS, Translator
from translator.translate.pairs import read_pair

MAX_SCORED_TOKENS = 4 * MAX_PIECE_TOKENS
"""Maximum tokens of a source or a translation. More can only be a mistake, and memory grows with the square."""
_PAIRS_AT_ONCE = 32


@dataclass(frozen=True)
class TokenScore:
    """One piece of a translation."""

    piece: str
    """As SentencePiece writes it; "</s>" is the end."""
    log_probability: float
    """Natural log-probability, given the source and the pieces before it."""


@dataclass(frozen=True)
class SentenceScore:
    """A translation with its probability under the model."""

    tokens: tuple[TokenScore, ...]
    """Including the end token."""
    score: float
    """Log-probability divided by the length penalty."""

    @property
    def log_probability(self) -> float:
        """Natural logarithm of P(translation | source)."""
        return sum(token.log_probability for token in self.tokens)


def score(
    translator: Translator, pairs: Sequence[tuple[str, str]], penalty_exponent: float = 1.0
) -> Iterator[SentenceScore]:
    """Score pairs of a source and its translation, each as one sentence; `penalty_exponent` is the search's α.

    Raises InputTooLong if a side has more than MAX_SCORED_TOKENS, and InputError if a source is empty.
    """
    for first in range(0, len(pairs), _PAIRS_AT_ONCE):
        some = pairs[first : first + _PAIRS_AT_ONCE]
        sides = [read_pair(translator.source_encoder, *pair) for pair in some]
        for number, (source, translation) in enumerate(sides, start=first + 1):
            _check(source.ids, "source", number)
            _check(translation.ids, "translation", number)
        sources, targets = ([pair[side].ids for pair in sides] for side in (0, 1))
        forced = decode_forced(translator.engine, sources, targets, translator.special)
        for target, row in zip(targets, forced, strict=True):
            pieces = [translator.tokenizer.piece(token) for token in (*target, EOS_ID)]
            tokens = tuple(map(TokenScore, pieces, row))
            yield SentenceScore(tokens, sum(row) / length_penalty(len(row), penalty_exponent))


def _check(ids: Sequence[int], side: str, number: int) -> None:
    if not ids and side == "source":
        raise InputError(f"source {number} is empty; give a sentence")
    if len(ids) > MAX_SCORED_TOKENS:
        raise InputTooLong(
            f"{side} {number} has {len(ids)} pieces, more than {MAX_SCORED_TOKENS}; score it sentence by sentence"
        )
