"""How a translation came about: the sentences, their pieces, every step of the search, and why it ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from translator.errors import InputError
from translator.search import ScoredTokens, SearchOptions, Step
from translator.text import normalise
from translator.tokenizer import Tokenizer
from translator.translate import Translator


@dataclass(frozen=True)
class Explanation:
    """The search for the translation of one sentence."""

    source: str
    pieces: str
    """Of the source, as the model gets them, readably."""
    steps: tuple[Step, ...]
    """Empty for what is copied."""
    found: tuple[ScoredTokens, ...]
    """The n best, best first."""
    translations: tuple[str, ...] = ()
    """Their texts, before any check."""


def explain(translator: Translator, text: str, options: SearchOptions, prefix: str = "") -> list[Explanation]:
    """Search for the translation of each sentence of a text, alone, and look on.

    The first begins with `prefix`. Raises InputError as `Translator.translate` does, and where there is no text.
    """
    if not text.strip():
        raise InputError("the text is empty; give an English one")
    explanations = []
    for sentence in translator.sentences(text, prefix):
        steps: list[Step] = []
        ids = list(sentence.tokens)
        beginning = list(sentence.beginning)
        found = translator.search([ids], options, [beginning], steps.append)[0] if ids else []
        read = ids or translator.tokenizer.encode(normalise(sentence.text))
        pieces = readable_pieces(translator.tokenizer, read)
        texts = tuple(translator.text_of(one.tokens, sentence) for one in found)
        explanations.append(Explanation(sentence.text, pieces, tuple(steps), tuple(found), texts))
    return explanations


def readable_pieces(tokenizer: Tokenizer, ids: Sequence[int]) -> str:
    """Text with a · between the pieces of a word."""
    return "·".join(map(tokenizer.piece, ids)).replace("·▁", " ").replace("▁", "")
