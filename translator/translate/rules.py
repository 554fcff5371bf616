"""What a caller demands of translations, as the search needs it: in pieces."""

import reprlib
from collections.abc import Sequence

from translator.errors import InputError
from translator.search import PieceTexts
from translator.text import normalise
from translator.tokenizer import EOS_ID, RESERVED_PIECES, Tokenizer
from translator.translate.sources import SourceSentence

_FIRST_BYTE = EOS_ID + 1 + RESERVED_PIECES
_FIRST_LEARNT = _FIRST_BYTE + 256


def force_beginnings(
    beginnings: Sequence[str],
    texts: Sequence[str],
    parts: Sequence[Sequence[SourceSentence]],
    tokenizer: Tokenizer,
    max_positions: int | None,
) -> list[list[int]]:
    """What the translation of each sentence of the texts begins with; of those after a text's first, with nothing.

    The first is the first that is translated. Raises InputError where there is none, where there is not one
    beginning for each text, and on one that leaves no room in so many positions.
    """
    if len(beginnings) != len(texts):
        raise InputError(f"there are {len(beginnings)} prefixes for {len(texts)} texts; give one for each")
    ids = tokenizer.encode_all([normalise(beginning) for beginning in beginnings])
    forced: list[list[int]] = []
    for beginning, pieces, text, sentences in zip(beginnings, ids, texts, parts, strict=True):
        first = next((place for place, one in enumerate(sentences) if one.tokens), None)
        if pieces and first is None:
            raise InputError(
                f"there is nothing to translate in {reprlib.repr(text)}, which stays as it is and cannot begin with "
                f"{reprlib.repr(beginning)}; leave its prefix empty"
            )
        if max_positions is not None and len(pieces) >= max_positions:  # the end needs one, too
            raise InputError(
                f"the prefix {reprlib.repr(beginning)} has {len(pieces)} pieces, and the model can write "
                f"{max_positions - 1}; give a shorter one"
            )
        forced += [pieces if place == first else [] for place in range(len(sentences))]
    return forced


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
