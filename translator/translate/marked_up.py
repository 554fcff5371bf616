"""Texts with tags: sentences are translated without them, and alignment tells where the tags belong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from translator.markup import MarkupOptions, read_markup, read_text
from translator.markup.attributes import Edited
from translator.markup.projection import Alignment
from translator.markup.sentences import MarkedUpSentence, WrittenSentence, sentences_of
from translator.markup.tagged import TaggedText
from translator.text.normalisation import normalise
from translator.text.places import Place
from translator.translate.alignment import WORD, align_words
from translator.translate.answers import Hypothesis, SentenceTranslation, Translation
from translator.translate.receipt import Check
from translator.translate.rules import nothing_to_begin
from translator.translate.sources import DEFAULT_STYLE, SourceSentence, Style, with_language

if TYPE_CHECKING:
    from translator.translate.translator import Translator

_MOST_COPIED_WORDS = 1_000
"""Copied text may be long, and its alignment takes the square of its words in memory."""


def written(
    translator: "Translator",
    sources: Sequence[SourceSentence],
    found: Sequence[tuple[Hypothesis, ...]],
) -> list[tuple[Hypothesis, ...]]:
    """Return the hypotheses as they stand in the text: with the tags of their sentences."""
    wanted = [
        (source.text, one if source.tokens and source.markup and source.markup.needs_alignment else None)
        for source, hypotheses in zip(sources, found, strict=True)
        for one in hypotheses
    ]
    aligned = iter(_alignments(translator, wanted))
    return [
        tuple(_written(source, one, next(aligned)) for one in hypotheses)
        for source, hypotheses in zip(sources, found, strict=True)
    ]


def _written(source: SourceSentence, hypothesis: Hypothesis, alignment: Alignment | None) -> Hypothesis:
    if source.markup is None:
        return hypothesis
    marked_up = MarkedUpTranslation.of(source.markup, hypothesis, alignment)
    return replace(hypothesis, text=marked_up.text, checks=marked_up.checks)


def as_sent(translation: Translation, edited: Edited) -> Translation:
    """Return a translation of edited markup with the offsets of the markup as it was sent."""
    sentences = (_sentence_as_sent(one, edited) for one in translation.sentences)
    return replace(translation, sentences=tuple(sentences))


def _sentence_as_sent(sentence: SentenceTranslation, edited: Edited) -> SentenceTranslation:
    """Return a sentence of edited markup with its offsets in the markup as it was sent."""
    start, end = edited.sent_place(sentence.start, sentence.end)

    def sent(check: Check) -> Check:
        if check.source is None:
            return check
        first, last = edited.sent_place(*(sentence.start + offset for offset in check.source))
        return replace(check, source=(first - start, last - start))

    hypotheses = (replace(one, checks=tuple(map(sent, one.checks))) for one in sentence.hypotheses)
    return replace(
        sentence, source=edited.sent[start:end], start=start, end=end, hypotheses=tuple(hypotheses)
    )


class Split(Protocol):
    """Splits a text into sentences, as `Translator.sentences` does."""

    def __call__(self, text: str, prefix: str, style: Style, /) -> list[SourceSentence]:
        """Return the sentences; the translation of the first one with words starts with `prefix`."""


def read_sentences_of_markup(
    markup: str, options: MarkupOptions, split: Split, style: Style = DEFAULT_STYLE, prefix: str = ""
) -> list[SourceSentence]:
    """Split a text into sentences. Those of HTML, XML and plain text with pairs of tags know their markup.

    The translation of the first sentence with words begins with `prefix`, which is plain text. Raises InputError as
    `split` does.
    """
    document = read_text(markup) if options.format == "text" else read_markup(markup, options)
    if document is None:
        return split(markup, prefix, style)
    units = [(unit, TaggedText(unit.text)) for unit in document.parts]
    style = with_language(style, " ".join(text.plain for _, text in units))
    known: dict[str, list[SourceSentence]] = {}
    found = list[SourceSentence]()
    for unit, text in units:
        sources = known.get(text.plain)
        if sources is None:
            sources = known[text.plain] = split(text.plain, "", style)
        if prefix and any(source.tokens for source in sources):
            sources, prefix = split(text.plain, prefix, style), ""
        marked_up = sentences_of(unit, text, [(one.span.start, one.span.end) for one in sources])
        found += (replace(one, markup=other) for one, other in zip(sources, marked_up, strict=True))
    if normalise(prefix):
        raise nothing_to_begin(markup, prefix)
    return found


@dataclass(frozen=True)
class MarkedUpTranslation:
    """A translation of a sentence of HTML or XML as markup; its offsets are in the markup of the sentence."""

    text: str
    checks: tuple[Check, ...]
    """Those of the plain sentence, and of each tag inside it."""
    _sentence: MarkedUpSentence
    _written: WrittenSentence

    @classmethod
    def of(cls, sentence: MarkedUpSentence, translation: Hypothesis, alignment: Alignment | None) -> Self:
        """Write a translation of the plain sentence as markup; without an alignment, it is a copy or needs none."""
        if alignment is None:
            alignment = copied_alignment(sentence.plain, translation)
        written = sentence.write(translation.text, alignment)
        found = cls(written.text, (), sentence, written)
        checks = [
            replace(
                check,
                source=check.source and found.source_place(check.source),
                target=check.target and found.target_place(check.target),
            )
            for check in translation.checks
        ]
        start = sentence.span.start
        for one in written.tags:
            source_place = one.source[0] - start, one.source[1] - start
            checks.append(Check("tag", "misplaced" if one.is_misplaced else "kept", source_place, one.target))
        return replace(found, checks=tuple(checks))

    def source_place(self, place: Place) -> Place:
        """Convert a place in the plain sentence."""
        start, end = self._sentence.source_place(*place)
        return start - self._sentence.span.start, end - self._sentence.span.start

    def target_place(self, place: Place) -> Place:
        """Convert a place in the plain translation."""
        return self._written.place(*place)


def _alignments(
    translator: "Translator", translations: Sequence[tuple[str, Hypothesis | None]]
) -> list[Alignment | None]:
    """Align sentences with their translations; None for those without."""
    pairs = [(source, one.text) for source, one in translations if one]
    found = iter(align_words(translator, pairs) if pairs else ())
    return [with_checks(Alignment(*next(found)[:3]), one) if one else None for _, one in translations]


def copied_alignment(source: str, translation: Hypothesis) -> Alignment:
    """Align a sentence with a copy, in which only numbers may have changed; empty for a very long one."""
    words = [[match.span() for match in WORD.finditer(text)] for text in (source, translation.text)]
    if max(map(len, words)) > _MOST_COPIED_WORDS:
        words = [[], []]
    weights_TS = np.eye(len(words[1]), len(words[0]), dtype=np.float32)
    return with_checks(Alignment(weights_TS, *words), translation)


def with_checks(alignment: Alignment, translation: Hypothesis) -> Alignment:
    """Return an alignment with what the check of the translation knows for certain, such as where a number went."""
    weights_TS = alignment.weights_TS.copy()
    for check in translation.checks:
        if check.source and check.target:
            rows, columns = _inside(alignment.target, check.target), _inside(alignment.source, check.source)
            if any(rows) and any(columns):
                weights_TS[rows] = 0
                weights_TS[np.ix_(rows, columns)] = 1 / sum(columns)
    return Alignment(weights_TS, alignment.source, alignment.target)


def _inside(words: Sequence[Place], place: Place) -> list[bool]:
    return [start < place[1] and end > place[0] for start, end in words]
