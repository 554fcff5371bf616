"""Translate texts with tags: sentences are translated without them, and alignment tells where the tags belong.

translate_markup(translator, "<p>Click <b>here</b>.</p>").text   # HTML or XML

xml = translate_markup(translator, xml_of(document.units), markup_options=UNIT_MARKUP).text
document.write(units_of(xml))                                    # any other document, by `unit_xml`
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np

from translator.evaluation.alignment import WORD, align_words
from translator.markup import MarkupOptions, read_markup
from translator.markup.attributes import Edited, read_attributes
from translator.markup.projection import Alignment
from translator.markup.sentences import MarkedUpSentence, WrittenSentence, sentences_of
from translator.markup.tagged import TaggedText
from translator.options import SearchOptions
from translator.text import Span, rejoin
from translator.text.normalisation import normalise
from translator.text.places import Place
from translator.translate import (
    DEFAULT_STYLE,
    Hypothesis,
    SentenceTranslation,
    SourceSentence,
    Style,
    Translation,
    Translator,
)
from translator.translate.receipt import Check
from translator.translate.rules import nothing_to_begin
from translator.translate.sources import with_language

_MOST_COPIED_WORDS = 1_000
"""Copied text may be long, and its alignment takes the square of its words in memory."""


def translate_markup(
    translator: Translator,
    markup: str,
    options: SearchOptions = SearchOptions(),  # noqa: B008 (frozen, so safe to share)
    style: Style = DEFAULT_STYLE,
    markup_options: MarkupOptions = MarkupOptions(),  # noqa: B008 (frozen, too)
) -> Translation:
    """Translate HTML or XML; all offsets and texts in the translation are those of markup.

    What is between two sentences stays as it is, except attributes if they are to be translated. Raises InputError as
    `Translator.translate` does.
    """
    if not markup_options.with_attributes:
        return _translate_markup(translator, markup, options, style, markup_options)
    attributes = read_attributes(markup, markup_options)
    translations = translator.translate([one.text for one in attributes], options, style=style)
    edited = Edited(markup, attributes, [one.text for one in translations])
    found = _translate_markup(translator, edited.markup, options, style, markup_options)
    return replace(found, sentences=tuple(_as_sent(one, edited) for one in found.sentences))


def _as_sent(sentence: SentenceTranslation, edited: Edited) -> SentenceTranslation:
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


def _translate_markup(
    translator: Translator, markup: str, options: SearchOptions, style: Style, markup_options: MarkupOptions
) -> Translation:
    sources = read_sentences_of_markup(markup, markup_options, translator.sentences, style)
    found = translator.translate_sentences(sources, options)
    wanted = [
        (source.text, one if source.tokens and source.markup and source.markup.needs_alignment else None)
        for source, hypotheses in zip(sources, found, strict=True)
        for one in hypotheses
    ]
    aligned = iter(alignments(translator, wanted))
    sentences = []
    for source, hypotheses in zip(sources, found, strict=True):
        assert source.markup
        written = [MarkedUpTranslation.of(source.markup, one, next(aligned)) for one in hypotheses]
        sentences.append(
            SentenceTranslation(
                source.markup.markup,
                source.markup.span.start,
                source.markup.span.end,
                tuple(
                    replace(one, text=other.text, checks=other.checks)
                    for one, other in zip(hypotheses, written, strict=True)
                ),
                source.is_part,
                not source.tokens,
                source.language,
            )
        )
    spans = [Span(one.start, one.end) for one in sentences]
    return Translation(rejoin(markup, spans, [one.text for one in sentences]), tuple(sentences))


class Split(Protocol):
    """Splits a text into sentences, as `Translator.sentences` does."""

    def __call__(self, text: str, prefix: str, style: Style, /) -> list[SourceSentence]:
        """Return the sentences; the translation of the first one with words starts with `prefix`."""


def read_sentences_of_markup(
    markup: str, options: MarkupOptions, split: Split, style: Style = DEFAULT_STYLE, prefix: str = ""
) -> list[SourceSentence]:
    """Split HTML or XML into sentences, which know their markup.

    The translation of the first sentence with words begins with `prefix`, which is plain text. Raises InputError as
    `split` does.
    """
    units = [(unit, TaggedText(unit.text)) for unit in read_markup(markup, options).parts]
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


def alignments(
    translator: Translator, translations: Sequence[tuple[str, Hypothesis | None]]
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
