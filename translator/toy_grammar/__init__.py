"""A small English–German grammar, whose sentences `make demo` learns to translate.

It reads like a German grammar: `lexicon` holds the words and the tables of endings, `syntax` builds phrases,
clauses and sentences, `drawing` draws them at random. A sentence is built once and then said in both
languages, so each English sentence has exactly one translation, and a model that has learnt the rules can
reach a BLEU of 100 on sentences that it has never seen.
"""

import random

from translator.errors import ConfigError
from translator.toy_grammar.drawing import draw_sentence
from translator.toy_grammar.lexicon import VOCABULARY

__all__ = ["MAX_PAIRS", "VOCABULARY", "Pair", "demo_pairs", "generate_pairs"]

Pair = tuple[str, str]
MAX_PAIRS = 50_000  # far below the number of sentences there are, so that drawing new ones stays quick


def generate_pairs(count: int, seed: int) -> list[Pair]:
    """Draw distinct English–German pairs, the same for the same seed.

    Raises ConfigError for a count below 0 or above MAX_PAIRS.
    """
    if not 0 <= count <= MAX_PAIRS:
        raise ConfigError(f"cannot draw {count} sentence pairs: ask for 0 to {MAX_PAIRS}")
    rng = random.Random(seed)
    pairs: dict[str, str] = {}
    while len(pairs) < count:
        sentence = draw_sentence(rng)
        pairs[sentence.english()] = sentence.german()
    return list(pairs.items())


def demo_pairs(train: int, test: int, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Draw training and test pairs; no English sentence is in both.

    Raises ConfigError for a number below 0, or more than MAX_PAIRS in all.
    """
    if train < 0 or test < 0:
        raise ConfigError(f"cannot draw {train} training and {test} test pairs: neither may be below 0")
    pairs = generate_pairs(train + test, seed)
    return pairs[:train], pairs[train:]
