"""Score given translations by the probability that the model assigns to them.

Scores are computed in the translator's precision.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from translator.errors import InputError, InputTooLong
from translator.search import length_penalty
from translator.translate import MAX_PIECE_TOKENS, Translator
from translator.translate.forced import PAIRS_AT_ONCE, decode_forced
from translator.translate.pairs import read_pair

MAX_SCORED_TOKENS = 4 * MAX_PIECE_TOKENS
"""Maximum tokens of a source or a translation. More can only be a mistake, and memory grows with the square."""


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


@dataclass(frozen=True)
class EncodedPair:
    """A source and its translation, in pieces without end tokens."""

    source: list[int]
    target: list[int]

    @property
    def tokens(self) -> int:
        """The pieces of both sides, which measure the work of scoring."""
        return len(self.source) + len(self.target)


def encode_pair(translator: Translator, pair: tuple[str, str], number: int) -> EncodedPair:
    """Encode a source and its translation, each as one sentence; errors call the pair by its number.

    Raises InputTooLong if a side has more than MAX_SCORED_TOKENS, and InputError if the source is empty or the
    vocabulary lacks characters of the translation.
    """
    source, target = (side.ids for side in read_pair(translator.source_encoder, *pair))
    if not source:
        raise InputError(f"source {number} is empty; give a sentence")
    for side, ids in (("source", source), ("translation", target)):
        if len(ids) > MAX_SCORED_TOKENS:
            raise InputTooLong(
                f"{side} {number} has {len(ids)} pieces, more than {MAX_SCORED_TOKENS}; score it sentence by sentence"
            )
    if translator.tokenizer.unk_id in target:
        raise InputError(
            f"translation {number} has characters that the model cannot write; give one without them"
        )
    return EncodedPair(source, target)


def score(
    translator: Translator, pairs: Sequence[tuple[str, str]], penalty_exponent: float = 1.0
) -> Iterator[SentenceScore]:
    """Score pairs of a source and its translation, each as one sentence; `penalty_exponent` is the search's α.

    Raises what `encode_pair` raises; it numbers the pairs from 1.
    """
    for first in range(0, len(pairs), PAIRS_AT_ONCE):
        some = enumerate(pairs[first : first + PAIRS_AT_ONCE], start=first + 1)
        encoded = [encode_pair(translator, pair, number) for number, pair in some]
        yield from score_encoded(translator, encoded, penalty_exponent)


def score_encoded(
    translator: Translator, pairs: Sequence[EncodedPair], penalty_exponent: float
) -> Iterator[SentenceScore]:
    """Score pairs together."""
    sources, targets = [pair.source for pair in pairs], [pair.target for pair in pairs]
    scored = decode_forced(translator.engine, sources, targets, translator.special)
    for target, log_probabilities in zip(targets, scored, strict=True):
        pieces = [translator.tokenizer.target.piece(token) for token in (*target, translator.special.end)]
        penalty = length_penalty(len(log_probabilities), penalty_exponent)
        tokens = tuple(map(TokenScore, pieces, log_probabilities))
        yield SentenceScore(tokens, sum(log_probabilities) / penalty)
