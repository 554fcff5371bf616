"""Explain a translation: its sentences, their pieces, every step of the search, and why the search ended."""

from dataclasses import dataclass

from translator.errors import InputError
from translator.search import ScoredTokens, SearchOptions, Step
from translator.text import normalise
from translator.translate import Translator


@dataclass(frozen=True)
class Explanation:
    """The search for the translation of one sentence."""

    source: str
    pieces: str
    """The source pieces that the model receives, in readable form."""
    steps: tuple[Step, ...]
    """Empty if the sentence is copied."""
    found: tuple[ScoredTokens, ...]
    """The n best hypotheses, best first."""
    translations: tuple[str, ...] = ()
    """The texts of the hypotheses, before any check."""


def explain(translator: Translator, text: str, options: SearchOptions, prefix: str = "") -> list[Explanation]:
    """Translate each sentence of a text separately, and record every step of the search.

    The first translation starts with `prefix`. Raises InputError as `Translator.translate` does, and if the text is
    empty.
    """
    if not text.strip():
        raise InputError("the text is empty; give an English text")
    explanations = []
    for sentence in translator.sentences(text, prefix):
        steps: list[Step] = []
        ids = list(sentence.tokens)
        forced = list(sentence.prefix)
        found = translator.search([ids], options, [forced], steps.append)[0] if ids else []
        source = translator.tokenizer.source
        pieces = source.readable(ids or source.encode_marked(normalise(sentence.text)))
        texts = tuple(translator.text_of(one.tokens, sentence) for one in found)
        explanations.append(Explanation(sentence.text, pieces, tuple(steps), tuple(found), texts))
    return explanations
