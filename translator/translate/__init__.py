"""Strings in, German out, in the same order: split, encode, search, rejoin.

Reading order: `sources`, `rules`, `searches`, `receipt`, `answers`, `ladder`, `precision`, `translator`.
"""

from translator.translate.answers import Hypothesis, SentenceTranslation, Translation, assemble
from translator.translate.precision import resolve_precision, shipped_model
from translator.translate.sources import DEFAULT_STYLE, MAX_PIECE_TOKENS, SourceSentence, Style
from translator.translate.translator import Protection, Translator

__all__ = [
    "DEFAULT_STYLE",
    "MAX_PIECE_TOKENS",
    "Hypothesis",
    "Protection",
    "SentenceTranslation",
    "SourceSentence",
    "Style",
    "Translation",
    "Translator",
    "assemble",
    "resolve_precision",
    "shipped_model",
]
