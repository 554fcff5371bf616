"""Prepare a sentence pair for the model, to compute scores, alignments and attention."""

from dataclasses import dataclass

from translator.data.tokenizer import Pieces
from translator.text import normalise_with_origins
from translator.text.casing import is_in_capitals, usual_case
from translator.text.lexicon import Hinting
from translator.text.places import Place
from translator.text.protected import mark_pair, origins
from translator.translate.sources import SourceEncoder


@dataclass(frozen=True)
class ReadSide:
    """One side of a pair."""

    ids: list[int]
    """Its pieces, without an end token."""
    normalised: str
    """The text that the pieces spell, with marks for reserved pieces and without hints."""
    places: list[Place]
    """Start and end of each piece in `normalised`. A hint has the range of its word."""
    origins: list[Place]
    """Start and end of each character of `normalised` in the given text."""


def read_pair(encoder: SourceEncoder, source: str, translation: str) -> tuple[ReadSide, ReadSide]:
    """Encode both sides, cased as for translation, with reserved pieces for spans that occur in both.

    Raises InputError on a lone surrogate.
    """
    tokenizer = encoder.tokenizer
    pair = mark_pair(source, translation, tokenizer.marks) if tokenizer.marks else None
    english, german = (pair.english, pair.german) if pair else (source, translation)
    usual = usual_case(german) if is_in_capitals(english) else german
    return (
        _read(
            tokenizer.source,
            usual_case(english),
            origins(source, pair.english_places if pair else ()),
            encoder.hinting,
        ),
        _read(tokenizer.target, usual, origins(translation, pair.german_places if pair else ())),
    )


def _read(pieces: Pieces, marked: str, places: list[Place], hinting: Hinting | None = None) -> ReadSide:
    normalised, characters = normalise_with_origins(marked)
    found = [(places[start][0], places[end - 1][1]) for start, end in characters]
    text, ranges = normalised, [(place, place + 1) for place in range(len(normalised))]
    if hinting:
        hints = hinting.hints(normalised)
        text = hinting.insert(normalised, hints)
        for hint in reversed(hints):
            ranges[hint.end : hint.end] = [(hint.start, hint.end)] * len(hinting.written(hint))
    ids, found_places = pieces.encode_placed(text)
    return ReadSide(ids, normalised, [_place(ranges, *one) for one in found_places], found)


def _place(ranges: list[Place], start: int, end: int) -> Place:
    """Where a piece is, which may be one of no characters."""
    if start < end:
        return ranges[start][0], ranges[end - 1][1]
    here = ranges[start - 1][1] if start else 0
    return here, here
