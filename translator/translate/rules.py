"""What a caller demands of translations, as the search needs it: in pieces."""

import reprlib
from collections.abc import Sequence
from dataclasses import replace

from translator.errors import InputError
from translator.search import PieceTexts
from translator.text import normalise
from translator.text.casing import upper_case
from translator.tokenizer import EOS_ID, RESERVED_PIECES, Tokenizer
from translator.translate.sources import SourceSentence

_FIRST_BYTE = EOS_ID + 1 + RESERVED_PIECES
_FIRST_LEARNT = _FIRST_BYTE + 256


def begin_with(
    prefix: str,
    text: str,
    sentences: Sequence[SourceSentence],
    tokenizer: Tokenizer,
    max_positions: int | None,
) -> list[SourceSentence]:
    """The sentences of a text, the translation of the first of which that is translated begins with `prefix`.

    Raises InputError where there is none, and on a prefix that leaves no room in so many positions.
    """
    pieces = tuple(tokenizer.encode(normalise(prefix)))
    begun = list(sentences)
    if not pieces:
        return begun
    first = next((place for place, one in enumerate(sentences) if one.tokens), None)
    if first is None:
        raise InputError(
            f"there is nothing to translate in {reprlib.repr(text)}, which stays as it is and cannot begin with "
            f"{reprlib.repr(prefix)}; leave its prefix empty"
        )
    if max_positions is not None and len(pieces) >= max_positions:  # the end needs one, too
        raise InputError(
            f"the prefix {reprlib.repr(prefix)} has {len(pieces)} pieces, and the model can write "
            f"{max_positions - 1}; give a shorter one"
        )
    in_capitals = begun[first].in_capitals and prefix == upper_case(prefix)
    begun[first] = replace(begun[first], beginning=pieces, in_capitals=in_capitals)
    return begun


def piece_texts(tokenizer: Tokenizer) -> PieceTexts:
    """What each piece of the vocabulary adds to a text."""
    return PieceTexts(
        [
            *[b""] * _FIRST_BYTE,
            *(bytes([byte]) for byte in range(256)),
            *(
                tokenizer.piece(piece).replace("▁", " ").encode()
                for piece in range(_FIRST_LEARNT, tokenizer.vocab_size)
            ),
        ]
    )
