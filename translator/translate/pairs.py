"""Prepare a given pair of sentences for the model: for scores, alignments and attention."""

from dataclasses import dataclass

from translator.text import normalise_with_origins
from translator.text.casing import is_in_capitals, usual_case
from translator.text.protected import mark_pair, origins
from translator.tokenizer import Tokenizer


@dataclass(frozen=True)
class ReadSide:
    """One side of a pair."""

    ids: list[int]
    """Its pieces, without an end token."""
    normalised: str
    """The text that they spell, with marks for reserved pieces."""
    origins: list[tuple[int, int]]
    """For each character of that, where it stands in the text that was given."""


def read_pair(tokenizer: Tokenizer, source: str, translation: str) -> tuple[ReadSide, ReadSide]:
    """Both sides, cased as for translation, with reserved pieces for spans that both have.

    Raises InputError on a lone surrogate.
    """
    pair = mark_pair(source, translation, tokenizer.marks) if tokenizer.marks else None
    english, german = (pair.english, pair.german) if pair else (source, translation)
    usual = usual_case(german) if is_in_capitals(english) else german
    return (
        _read(tokenizer, usual_case(english), origins(source, pair.english_places if pair else ())),
        _read(tokenizer, usual, origins(translation, pair.german_places if pair else ())),
    )


def _read(tokenizer: Tokenizer, marked: str, places: list[tuple[int, int]]) -> ReadSide:
    normalised, characters = normalise_with_origins(marked)
    found = [(places[start][0], places[end - 1][1]) for start, end in characters]
    return ReadSide(tokenizer.encode_marked(normalised), normalised, found)
