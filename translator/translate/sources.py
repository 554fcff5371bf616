"""What a translator is asked: the sentences of a text, as the model is given them."""

from dataclasses import dataclass

from translator.text import Span, normalise, split_long, split_sentences
from translator.text.casing import is_in_capitals, usual_case
from translator.tokenizer import Tokenizer

MAX_PIECE_TOKENS = 160
"""Sentences longer than this, with their end token, are cut into pieces: the model has hardly seen longer ones."""
_LONGEST_WITHOUT_BLANKS = 50
"""Tokens: what has more and no blank among them is a key, an address, encoded data or no English, and is copied."""


@dataclass(frozen=True)
class SourceSentence:
    """A sentence of a text, or a piece of one that is too long for the model."""

    text: str
    span: Span
    """Where it stands in the text."""
    tokens: tuple[int, ...]
    """Its pieces in the usual casing, without an end token; none where there is nothing to translate: then it is
    copied."""
    is_part: bool
    """A piece of a sentence that is too long."""
    beginning: tuple[int, ...] = ()
    """The pieces that its translation is to begin with."""
    in_capitals: bool = False
    """So its translation will be, too."""


def read_sentences(text: str, tokenizer: Tokenizer, max_tokens: int) -> list[SourceSentence]:
    """The sentences of a text, those of more than `max_tokens` tokens in pieces.

    Raises InputError on a lone surrogate.
    """

    def read(part: str) -> list[int]:
        return tokenizer.encode(normalise(usual_case(part)))

    def count(part: str) -> int:
        return len(read(part))

    found = []
    for sentence in split_sentences(text):
        parts = split_long(text, sentence, count, max_tokens)
        for span in parts:
            source = text[span.start : span.end]
            tokens = read(source) if _has_words(source) else []
            if len(tokens) > _LONGEST_WITHOUT_BLANKS and not any(map(str.isspace, source)):
                tokens = []
            found.append(
                SourceSentence(
                    source, span, tuple(tokens), len(parts) > 1, in_capitals=is_in_capitals(source)
                )
            )
    return found


def _has_words(source: str) -> bool:
    """Numbers, punctuation and emoji alone are copied: there is nothing to translate, and much to get wrong."""
    return any(character.isalpha() for character in source)
