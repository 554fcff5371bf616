"""A small English–German grammar; `make demo` trains a model to translate its sentences.

It reads like a German grammar: `lexicon` has the words and tables of endings, `syntax` builds phrases, clauses
and sentences, and `sampling` generates them at random. Each sentence is built once and rendered in both
languages, so every English sentence has exactly one translation, and a model that has learnt the rules can
reach a BLEU of 100 on unseen sentences.
"""

import random

from toy_grammar.lexicon import VOCABULARY
from toy_grammar.sampling import sample_sentence
from translator.errors import ConfigError

__all__ = ["MAX_PAIRS", "VOCABULARY", "Pair", "demo_pairs", "generate_pairs"]

Pair = tuple[str, str]
MAX_PAIRS = 50_000  # far below the number of possible sentences, so that sampling new ones stays fast


def generate_pairs(count: int, seed: int) -> list[Pair]:
    """Generate distinct English–German pairs, the same for the same seed.

    Raises ConfigError if `count` is below 0 or above MAX_PAIRS.
    """
    if not 0 <= count <= MAX_PAIRS:
        raise ConfigError(f"cannot generate {count} sentence pairs; ask for 0 to {MAX_PAIRS}")
    rng = random.Random(seed)
    pairs: dict[str, str] = {}
    while len(pairs) < count:
        sentence = sample_sentence(rng)
        pairs[sentence.english()] = sentence.german()
    return list(pairs.items())


def demo_pairs(train: int, test: int, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Generate training and test pairs; no English sentence is in both.

    Raises ConfigError if a number is below 0 or their sum is above MAX_PAIRS.
    """
    if train < 0 or test < 0:
        raise ConfigError(
            f"cannot generate {train} training and {test} test pairs; use numbers of at least 0"
        )
    pairs = generate_pairs(train + test, seed)
    return pairs[:train], pairs[train:]
