"""A translator's results: the hypotheses of sentences, assembled into texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from translator.text import rejoin
from translator.text.formality import Formality, forms_of_address
from translator.text.protected import replaced
from translator.translate.receipt import Check, check
from translator.translate.sources import SourceSentence, place_in, written_form

Rung = Literal["first", "next", "forced", "parts", "copied"]
"""Which rung of the ladder produced a translation; see `translator.translate.ladder`."""

_MAX_CONFIDENCE_LOSS = 1.5
"""Nats per piece by which a repaired translation may be less likely than the first one. Beyond that, it is nonsense."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One German version of a sentence."""

    text: str
    score: float
    """Natural log-probability divided by the length penalty; 0 for copied text."""
    confidence: float = 0.0
    """Mean natural log-probability of its pieces, without the length penalty; 0 for copied text."""
    pieces: tuple[str, ...] = ()
    """The pieces as SentencePiece writes them, ending with "</s>"; empty for copied text."""
    token_log_probabilities: tuple[float, ...] = ()
    """The model's natural log-probability of each piece, given the source and the pieces before it."""
    checks: tuple[Check, ...] = ()
    """What happened to each protected span."""
    rung: Rung = "first"


def copied(source: SourceSentence) -> Hypothesis:
    """The source with its numbers in German form."""
    places = [place_in(source, span) for span in source.protected]
    text = replaced(source.text, places, [written_form(source, span) for span in source.protected])
    return Hypothesis(text, 0.0, checks=check_of(source, text), rung="copied" if source.tokens else "first")


def check_of(source: SourceSentence, text: str) -> tuple[Check, ...]:
    """Check a translation of a sentence."""
    numbers, asked = source.style.numbers, source.style.formality
    found = check(
        source.text, source.span.start, source.protected, text, numbers, counts_terms=source.has_german
    )
    return found if asked == "auto" else (*found, *_check_formality(source.text, text, asked))


def _check_formality(source: str, text: str, asked: Formality) -> Iterator[Check]:
    """Report a pronoun of the form of address that was not asked for, and one of each if the text mixes both."""
    forms = forms_of_address(source, text)
    if set(forms) - {asked}:
        yield from (Check("formality", "extra", None, place) for place in sorted(forms.values()))


def has_fault(hypothesis: Hypothesis) -> bool:
    """Whether any check fails."""
    return any(one.is_fault for one in hypothesis.checks)


def is_plausible(repaired: Hypothesis, first: Hypothesis) -> bool:
    """Whether a translation from another search is about as likely as the first one."""
    return (
        repaired.rung in ("parts", "copied") or repaired.confidence >= first.confidence - _MAX_CONFIDENCE_LOSS
    )


@dataclass(frozen=True)
class SentenceTranslation:
    """A sentence, or part of an over-long one, and its translations."""

    source: str
    start: int
    """Offset of its first character in the text."""
    end: int
    hypotheses: tuple[Hypothesis, ...]
    """Best first."""
    is_part: bool = False
    """Whether it is part of a sentence that is too long for the model."""
    is_copied: bool = False
    """Whether it was copied without the model, because there is nothing to translate."""
    language: str = "en"
    """Its language (ISO 639); a sentence in another one than English is copied."""

    @property
    def text(self) -> str:
        """The best translation."""
        return self.hypotheses[0].text

    @property
    def checks(self) -> tuple[Check, ...]:
        """What happened to each protected span in the best translation."""
        return self.hypotheses[0].checks

    @property
    def rung(self) -> Rung:
        """The rung that produced the best translation."""
        return self.hypotheses[0].rung

    @property
    def score(self) -> float:
        """The score of the best translation."""
        return self.hypotheses[0].score


@dataclass(frozen=True)
class Translation:
    """A translated text: its sentences, with the original whitespace between their translations."""

    text: str
    sentences: tuple[SentenceTranslation, ...]

    @property
    def score(self) -> float:
        """The mean score of the sentences; 0 if there are none."""
        return sum(sentence.score for sentence in self.sentences) / max(1, len(self.sentences))


def assemble(
    text: str, sentences: Sequence[SourceSentence], hypotheses: Sequence[tuple[Hypothesis, ...]]
) -> Translation:
    """Assemble the translation of a text from the hypotheses of its sentences."""
    translated = tuple(
        SentenceTranslation(
            source.original,
            source.original_span.start,
            source.original_span.end,
            found,
            source.is_part,
            not source.tokens,
            source.language,
        )
        for source, found in zip(sentences, hypotheses, strict=True)
    )
    spans = [source.original_span for source in sentences]
    return Translation(rejoin(text, spans, [sentence.text for sentence in translated]), translated)
