"""What a translator answers: hypotheses of sentences, put together to texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from translator.text import rejoin
from translator.translate.receipt import Check
from translator.translate.sources import SourceSentence

Rung = Literal["first", "next", "forced", "parts", "copied"]
"""Which rung of the ladder produced a translation; see `translator.translate.ladder`."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One German version of a sentence."""

    text: str
    score: float
    """Log-probability (natural) over the length penalty; 0 for what is copied."""
    confidence: float = 0.0
    """Mean log-probability (natural) of its pieces, whatever the length penalty; 0 for what is copied."""
    pieces: tuple[str, ...] = ()
    """As SentencePiece writes them, and at last the end, "</s>"; none of what is copied."""
    token_log_probabilities: tuple[float, ...] = ()
    """Natural logarithm of the model's probability of each piece, after the source and the pieces before it."""
    checks: tuple[Check, ...] = ()
    """What became of everything that must come through."""
    rung: Rung = "first"


@dataclass(frozen=True)
class SentenceTranslation:
    """A sentence, or a piece of an over-long one, and its translations."""

    source: str
    start: int
    """Offset of its first character in the text."""
    end: int
    hypotheses: tuple[Hypothesis, ...]
    """Best first."""
    is_part: bool = False
    """A piece of a sentence that is too long for the model."""
    is_copied: bool = False
    """There was nothing to translate, and the model has not seen it."""

    @property
    def text(self) -> str:
        """The best translation."""
        return self.hypotheses[0].text

    @property
    def checks(self) -> tuple[Check, ...]:
        """What became of everything that must come through, in the best translation."""
        return self.hypotheses[0].checks

    @property
    def rung(self) -> Rung:
        """How the best translation came about."""
        return self.hypotheses[0].rung

    @property
    def score(self) -> float:
        """The score of the best translation."""
        return self.hypotheses[0].score


@dataclass(frozen=True)
class Translation:
    """A translated text: its sentences, and their translations between the original whitespace."""

    text: str
    sentences: tuple[SentenceTranslation, ...]

    @property
    def score(self) -> float:
        """The mean score of the sentences; 0 for a text without any."""
        return sum(sentence.score for sentence in self.sentences) / max(1, len(self.sentences))


def assemble(
    text: str, sentences: Sequence[SourceSentence], hypotheses: Sequence[tuple[Hypothesis, ...]]
) -> Translation:
    """The translation of a text, of the hypotheses of its sentences."""
    translated = tuple(
        SentenceTranslation(
            source.text, source.span.start, source.span.end, found, source.is_part, not source.tokens
        )
        for source, found in zip(sentences, hypotheses, strict=True)
    )
    spans = [source.span for source in sentences]
    return Translation(rejoin(text, spans, [sentence.text for sentence in translated]), translated)
