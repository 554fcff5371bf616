"""Statistics of one corpus, from the lengths of all pairs and a sample of the text."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from translator.config import TrainingConfig
from translator.data.corpus.cleaning import ENGLISH_WORDS, GERMAN_WORDS, is_copied
from translator.data.shards import PreparedCorpus
from translator.data.tokenizer import Tokenizer
from translator.evaluation.evaluate import warn_if_tokenised
from translator.training.data_report.alignment import Shift, correlation, find_shift

SAMPLED_PAIRS = 1000
"""The number of pairs of each corpus to read as text."""

_FEWEST_NUMBERS, _FEWEST_FUNCTION_WORDS = 20, 20
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]+")
Texts = dict[int, tuple[str, str]]
"""English and German, by pair index."""


@dataclass(frozen=True)
class Finding:
    """The share of something among the sampled pairs, 0 to 1, and the index of an example."""

    share: float
    example: int | None


@dataclass(frozen=True)
class CorpusFigures:
    """Statistics of a corpus or development set; lengths are in tokens, (source, target)."""

    name: str
    pairs: int
    weight: float | None
    """None for a development set."""
    epoch_share: float
    """Share of the target tokens of an epoch, 0 to 1."""
    left_out: int
    """The number of pairs longer than `max_tokens_per_side`."""
    empty: int
    """The number of pairs with an empty side."""
    mean_lengths: tuple[float, float]
    percentile_99_lengths: tuple[int, int]
    length_correlation: float | None
    """Correlation of the logarithms of source and target lengths; None if lengths do not vary."""
    length_ratio_spread: float
    """Standard deviation of the logarithm of target length to source length."""
    shift: Shift | None
    copied: Finding
    """Pairs whose source and target are the same words."""
    tokenised_source: Finding
    tokenised_target: Finding
    german_source: Finding
    """Share of German among the function words of either language on the source side."""
    english_target: Finding
    numbers_found: Finding
    """Share of sources with numbers for which the target has at least one of them; the example has none."""
    has_enough_numbers: bool
    """Whether enough sources have numbers for `numbers_found` to be meaningful."""


def corpus_figures(
    corpus: PreparedCorpus,
    tokenizer: Tokenizer,
    training: TrainingConfig | None,
    epoch_share: float,
) -> CorpusFigures:
    """Compute the statistics of a corpus or, without `training`, of a development set."""
    lengths_P2 = corpus.lengths_P2 if len(corpus) else np.zeros((1, 2), np.uint16)
    log_P2 = np.log1p(lengths_P2, dtype=np.float64)
    texts = _sample(corpus, tokenizer)
    english, german = ({pair: sides[side] for pair, sides in texts.items()} for side in (0, 1))
    numbers = {pair: set(_NUMBER.findall(text)) for pair, text in english.items() if _NUMBER.search(text)}
    missing = _share(numbers, lambda pair: numbers[pair].isdisjoint(_NUMBER.findall(german[pair])))
    mean_2, longest_2 = lengths_P2.mean(axis=0), np.percentile(lengths_P2, 99, axis=0, method="lower")
    return CorpusFigures(
        name=corpus.name,
        pairs=len(corpus),
        weight=corpus.weight if training else None,
        epoch_share=epoch_share,
        left_out=len(corpus) - int(_fits(corpus, training).sum()) if training else 0,
        empty=int((corpus.lengths_P2.min(axis=1, initial=1) == 0).sum()),
        mean_lengths=(float(mean_2[0]), float(mean_2[1])),
        percentile_99_lengths=(int(longest_2[0]), int(longest_2[1])),
        length_correlation=correlation(log_P2[:, 0], log_P2[:, 1]),
        length_ratio_spread=float(np.std(log_P2[:, 1] - log_P2[:, 0])),
        shift=find_shift(log_P2),
        copied=_share(texts, lambda pair: is_copied(*texts[pair])),
        tokenised_source=_share(texts, lambda pair: warn_if_tokenised([english[pair]]) is not None),
        tokenised_target=_share(texts, lambda pair: warn_if_tokenised([german[pair]]) is not None),
        german_source=_wrong_language(english, wrong=GERMAN_WORDS, right=ENGLISH_WORDS),
        english_target=_wrong_language(german, wrong=ENGLISH_WORDS, right=GERMAN_WORDS),
        numbers_found=Finding(1 - missing.share, missing.example),
        has_enough_numbers=len(numbers) >= _FEWEST_NUMBERS,
    )


def _fits(corpus: PreparedCorpus, training: TrainingConfig) -> np.ndarray:
    """Return True for each pair that is not too long for training, counting EOS."""
    fits_P: np.ndarray = corpus.lengths_P2.max(axis=1, initial=0) < training.max_tokens_per_side
    return fits_P


def distinct_tokens(corpus: PreparedCorpus, training: TrainingConfig) -> int:
    """Return the number of target tokens available for training, including EOS."""
    lengths_N = corpus.lengths_P2[_fits(corpus, training), 1]
    return int(lengths_N.sum(dtype=np.int64)) + len(lengths_N)


def epoch_tokens(corpus: PreparedCorpus, training: TrainingConfig) -> float:
    """Return the average number of the corpus's target tokens per epoch."""
    return corpus.weight * distinct_tokens(corpus, training)


def _sample(corpus: PreparedCorpus, tokenizer: Tokenizer) -> Texts:
    random = np.random.default_rng(0)
    chosen = np.sort(random.choice(len(corpus), min(SAMPLED_PAIRS, len(corpus)), replace=False)).tolist()
    return {pair: pair_as_text(corpus, tokenizer, pair) for pair in chosen}


def pair_as_text(corpus: PreparedCorpus, tokenizer: Tokenizer, pair: int) -> tuple[str, str]:
    """Return the source and target of a pair as text."""
    source, target = corpus.pair(pair)
    return tokenizer.source.decode(source.tolist()), tokenizer.target.decode(target.tolist())


def _share(pairs: Iterable[int], matches: Callable[[int], bool]) -> Finding:
    checked = list(pairs)
    found = [pair for pair in checked if matches(pair)]
    return Finding(len(found) / max(1, len(checked)), found[0] if found else None)


def _wrong_language(lines: dict[int, str], *, wrong: frozenset[str], right: frozenset[str]) -> Finding:
    """Return the share of the wrong language among function words; 0 if there are too few to tell."""
    words = {pair: _WORD.findall(line.lower()) for pair, line in lines.items()}
    wrong_counts = {pair: sum(word in wrong for word in line) for pair, line in words.items()}
    wrong_words = sum(wrong_counts.values())
    all_words = wrong_words + sum(word in right for line in words.values() for word in line)
    if all_words < _FEWEST_FUNCTION_WORDS:
        return Finding(0.0, None)
    worst = max(wrong_counts, key=lambda pair: wrong_counts[pair])
    return Finding(wrong_words / all_words, worst if wrong_words else None)
