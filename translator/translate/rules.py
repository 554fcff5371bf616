"""Convert a caller's constraints to pieces for the search."""

import reprlib
from collections.abc import Sequence
from dataclasses import replace

from translator.data.tokenizer import Tokenizer
from translator.errors import InputError
from translator.text import normalise
from translator.text.casing import upper_case
from translator.text.german import GermanText
from translator.text.places import Place
from translator.text.protected import PlacedSpan, replaced
from translator.translate.sources import SourceSentence


def force_prefix(
    prefix: str,
    text: str,
    sentences: Sequence[SourceSentence],
    tokenizer: Tokenizer,
    max_positions: int | None,
) -> list[SourceSentence]:
    """Force the translation of the first sentence that has words to start with `prefix`.

    Raises InputError if no sentence has words, if the prefix does not fit into `max_positions`, or if the vocabulary
    lacks some of its characters.
    """
    begun = list(sentences)
    if not normalise(prefix):
        return begun
    first = next((place for place, one in enumerate(sentences) if one.tokens), None)
    if first is None:
        raise nothing_to_begin(text, prefix)
    marked, placed = _mark_prefix(prefix, begun[first])
    pieces = tuple(tokenizer.target.encode_marked(normalise(marked)))
    if tokenizer.unk_id in pieces:
        raise InputError(
            f"the prefix {reprlib.repr(prefix)} has characters that the model cannot write; give one without them"
        )
    if max_positions is not None and len(pieces) >= max_positions:  # the end token needs one, too
        raise InputError(
            f"the prefix {reprlib.repr(prefix)} has {len(pieces)} pieces, but the model can write at most "
            f"{max_positions - 1}; give a shorter one"
        )
    in_capitals = begun[first].in_capitals and prefix == upper_case(prefix)
    begun[first] = replace(begun[first], prefix=pieces, placed=placed, in_capitals=in_capitals)
    return begun


def nothing_to_begin(text: str, prefix: str) -> InputError:
    """Return the error for a prefix of a text without words."""
    return InputError(
        f"there is nothing to translate in {reprlib.repr(text)}, which stays as it is and cannot begin with "
        f"{reprlib.repr(prefix)}; leave its prefix empty"
    )


def _mark_prefix(prefix: str, sentence: SourceSentence) -> tuple[str, tuple[PlacedSpan, ...]]:
    """Replace protected spans in the prefix with marks; the translation writes them as the prefix does."""
    german, placed = GermanText(prefix), list(sentence.placed)
    found: list[tuple[Place, str]] = []
    for number, one in enumerate(placed):
        place = german.take(one.span.value) if one.span.value else german.take_text(one.span.text)
        if place:
            letters = prefix[slice(*place)]
            placed[number] = PlacedSpan(one.mark, replace(one.span, text=letters, german=letters))
            found.append((place, one.mark))
    found.sort()
    return replaced(prefix, [place for place, _ in found], [mark for _, mark in found]), tuple(placed)
