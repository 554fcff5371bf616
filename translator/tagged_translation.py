"""Translate texts with tags: sentences are translated without them, and alignment tells where the tags belong.

document.write(translate_units(translator, document.units))
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from translator.evaluation.alignment import AligningHead, word_weights
from translator.markup.projection import Alignment, project
from translator.markup.tagged import TaggedText
from translator.options import SearchOptions
from translator.text import Span, rejoin
from translator.text.places import Place
from translator.translate import DEFAULT_STYLE, Style, Translator
from translator.translate.receipt import Check


def translate_units(
    translator: Translator,
    units: Sequence[str],
    options: SearchOptions = SearchOptions(),  # noqa: B008 (frozen, so safe to share)
    style: Style = DEFAULT_STYLE,
) -> list[str]:
    """Translate texts with stand-ins; each stand-in occurs exactly once in the translation, and pairs stay nested.

    Raises InputError as `Translator.translate` does.
    """
    texts = list(map(TaggedText, units))
    translations = translator.translate([text.plain for text in texts], options, style=style)
    sentences = [one for translation in translations for one in translation.sentences]
    tagged = list(
        chain.from_iterable(
            text.sentences([(one.start, one.end) for one in translation.sentences])
            for text, translation in zip(texts, translations, strict=True)
        )
    )
    wanted = [number for number, one in enumerate(tagged) if one.tags]
    germans = [one.text for one in sentences]
    pairs = [(sentences[number].source, germans[number]) for number in wanted]
    for number, alignment in zip(wanted, alignments(translator, pairs), strict=True):
        one = sentences[number]
        germans[number] = project(
            one.source, tagged[number].tags, one.text, with_checks(alignment, one.checks)
        ).text
    found = iter(zip(tagged, germans, strict=True))
    written = []
    for unit, translation in zip(units, translations, strict=True):
        some = [next(found) for _ in translation.sentences]
        written.append(
            rejoin(unit, [Span(one.start, one.end) for one, _ in some], [german for _, german in some])
        )
    return written


def alignments(translator: Translator, pairs: Sequence[tuple[str, str]]) -> list[Alignment]:
    """Align each pair of a sentence and its translation."""
    if not pairs:
        return []
    by = AligningHead.of(translator)
    return [Alignment(*found) for found in word_weights(translator, pairs, by)]


def with_checks(alignment: Alignment, checks: Sequence[Check]) -> Alignment:
    """Return the alignment with what the check of a translation knows for certain, such as where a number went."""
    weights_TS = alignment.weights_TS.copy()
    for check in checks:
        if check.source and check.target:
            rows, columns = _inside(alignment.target, check.target), _inside(alignment.source, check.source)
            if any(columns):
                weights_TS[rows] = 0
                weights_TS[np.ix_(rows, columns)] = 1 / sum(columns)
    return Alignment(weights_TS, alignment.source, alignment.target)


def _inside(words: Sequence[Place], place: Place) -> list[bool]:
    return [start < place[1] and end > place[0] for start, end in words]
