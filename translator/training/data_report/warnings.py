"""Warnings that say what is wrong with the data, where, and what to do.

The thresholds are far from the values of eighteen healthy corpora (software, parliament, conversation, the
Bible, …), yet still catch damaged corpora after cleaning has removed their worst pairs.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from translator.config import TrainingConfig
from translator.data.shards import PreparedCorpus, PreparedData
from translator.data.tokenizer import SentencePieceTokenizer, Tokenizer
from translator.training.data_report.alignment import FEWEST_PAIRS
from translator.training.data_report.figures import CorpusFigures, distinct_tokens, pair_as_text
from translator.training.data_report.scan import MAX_PIECES, Scan

_MAX_COPIED, _MAX_TOKENISED, _MAX_WRONG_LANGUAGE, _MAX_EMPTY = 0.05, 0.1, 0.2, 0.001
_MAX_LEFT_OUT, _MAX_REPEATED, _MAX_DEV_SEEN, _MAX_UNUSED_PIECES = 0.05, 0.1, 0.01, 0.25
_MIN_TOKENS_PER_PARAMETER = 0.05  # Multi30k with the tiny preset has 0.2, the paper's base model on it 0.006
_MIN_NUMBERS_FOUND = 0.4  # 0.6 or more if the sides are aligned, below 0.2 if not
# Healthy corpora have a correlation of at least 0.84 and a spread of at most 0.26; shuffled and then cleaned pairs
# have a correlation of up to 0.55.
_MIN_CORRELATION, _MIN_RATIO_SPREAD = 0.6, 0.3


class Example:
    """Quote a pair, so that you can find it in the original files."""

    def __init__(self, corpus: PreparedCorpus, tokenizer: Tokenizer) -> None:
        self._corpus = corpus
        self._tokenizer = tokenizer

    def __call__(self, pair: int | None) -> str:
        """Return the pair and its index, in words."""
        if pair is None:
            return "no example"
        english, german = (
            text if len(text) <= 50 else text[:49] + "…"
            for text in pair_as_text(self._corpus, self._tokenizer, pair)
        )
        return f"pair {pair} (counted from 0) is “{english}” – “{german}”"


def _where(figures: CorpusFigures) -> str:
    return f"development set {figures.name}" if figures.weight is None else figures.name


def corpus_warnings(figures: CorpusFigures, training: TrainingConfig, example: Example) -> Iterator[str]:
    """Yield the warnings for one corpus or development set."""
    where = _where(figures)
    for warning in (
        _alignment_warning(figures, example),
        *_language_warnings(figures, example),
        *_text_warnings(figures, example),
        _left_out_warning(figures, training),
    ):
        if warning:
            yield f"{where}: {warning}"
    if figures.empty > _MAX_EMPTY * figures.pairs:
        yield (
            f"{where}: {figures.empty:,} of {figures.pairs:,} pairs have an empty side, which teaches the model "
            "to omit sentences or to make them up; remove them and prepare the data again."
        )


def _alignment_warning(figures: CorpusFigures, example: Example) -> str | None:
    if (shift := figures.shift) is not None:
        direction = "later" if shift.pairs > 0 else "earlier"
        return (
            f"from about pair {shift.first_pair:,} on, the lengths of the sources fit the targets "
            f"{abs(shift.pairs)} pair(s) {direction}: one side has a line too few or too many; "
            f"{example(shift.first_pair)}; compare the files from there on, and prepare them again."
        )
    correlation = figures.length_correlation
    if (
        figures.pairs >= FEWEST_PAIRS
        and correlation is not None
        and correlation < _MIN_CORRELATION
        and figures.length_ratio_spread > _MIN_RATIO_SPREAD
    ):
        return (
            "sources and targets do not seem to match: the correlation of their lengths is "
            f"{correlation:.2f}, and {_MIN_CORRELATION} or more is usual; {example(0)}; check that both sides "
            "are in the same order, and prepare them again."
        )
    numbers = figures.numbers_found
    if figures.has_enough_numbers and numbers.share < _MIN_NUMBERS_FOUND:
        return (
            "sources and targets do not seem to match: only "
            f"{percent(numbers.share)} of the sources with numbers share one with their target; "
            f"{example(numbers.example)}; check that both sides are in the same order, and prepare them again."
        )
    return None


def _language_warnings(figures: CorpusFigures, example: Example) -> Iterator[str]:
    source, target = figures.german_source, figures.english_target
    if min(source.share, target.share) > 0.5:
        yield (
            f"the sources are German and the targets English; {example(source.example)}; "
            "swap the two sides (English comes first) and prepare the data again."
        )
        return
    for side, language, finding in (("source", "German", source), ("target", "English", target)):
        if finding.share >= _MAX_WRONG_LANGUAGE:
            yield (
                f"{percent(finding.share)} of the function words on the {side} side are {language}; "
                f"{example(finding.example)}; remove pairs that are untranslated or have their sides swapped."
            )


def _text_warnings(figures: CorpusFigures, example: Example) -> Iterator[str]:
    if figures.copied.share >= _MAX_COPIED:
        yield (
            f"{percent(figures.copied.share)} of the targets are copies of their source; "
            f"{example(figures.copied.example)}; remove these pairs, which teach the model to leave "
            "sentences untranslated."
        )
    for side, finding in (("sources", figures.tokenised_source), ("targets", figures.tokenised_target)):
        if finding.share >= _MAX_TOKENISED:
            yield (
                f"{percent(finding.share)} of the {side} look tokenised "
                f'(" ,", " .", "@-@" or "&quot;"); {example(finding.example)}; '
                "detokenise the text, or translations will look like this, and prepare the data again."
            )


def _left_out_warning(figures: CorpusFigures, training: TrainingConfig) -> str | None:
    if figures.left_out < _MAX_LEFT_OUT * figures.pairs or not figures.left_out:
        return None
    return (
        f"{figures.left_out:,} of {figures.pairs:,} pairs ({percent(figures.left_out / figures.pairs)}) are left "
        f"out because they exceed max_tokens_per_side {training.max_tokens_per_side}; 99 % of the sides have up to "
        f"{max(figures.percentile_99_lengths) + 1} tokens; raise the limit, or split the pairs into sentences."
    )


def repeat_warnings(data: PreparedData, scans: Sequence[Scan]) -> Iterator[str]:
    """Yield a warning for each corpus in which many pairs repeat one of its own or of an earlier corpus."""
    if not scans:
        return
    hashes_N = np.concatenate([scan.hashes_P for scan in scans])
    _, first_U, group_N = np.unique(hashes_N, return_index=True, return_inverse=True)
    first_N = first_U[group_N]
    starts = np.cumsum([0, *map(len, data.corpora)])
    for corpus, start in zip(data.corpora, starts.tolist(), strict=False):
        repeats = start + np.flatnonzero(
            first_N[start : start + len(corpus)] < np.arange(start, start + len(corpus))
        )
        if len(repeats) <= _MAX_REPEATED * len(corpus):
            continue
        earlier = int(first_N[repeats[0]])
        home = int(np.searchsorted(starts, earlier, side="right")) - 1
        yield (
            f"{corpus.name}: {len(repeats):,} of {len(corpus):,} pairs ({percent(len(repeats) / len(corpus))}) are "
            f"duplicates; pair {repeats[0] - start} (counted from 0) is also pair "
            f"{earlier - starts[home]} of {data.corpora[home].name}; prepare the data with `translator prepare`, "
            "which keeps one of them; to make a corpus count more, give it a weight."
        )


def dev_warnings(data: PreparedData, scans: Sequence[Scan], dev_scans: Sequence[Scan]) -> Iterator[str]:
    """Yield warnings about missing, empty or contaminated development sets."""
    if not data.dev:
        yield (
            "there is no development set, so you cannot tell whether the model is still improving; "
            "prepare the data again with --dev."
        )
    for dev, dev_scan in zip(data.dev.values(), dev_scans, strict=True):
        where = f"development set {dev.name}"
        if not len(dev):
            yield f"{where} is empty; prepare the data again with a --dev that has pairs."
            continue
        seen = np.zeros(len(dev), bool)
        for scan in scans:
            seen |= np.isin(dev_scan.hashes_P, scan.hashes_P)
        if seen.mean() >= _MAX_DEV_SEEN:
            pair = int(seen.argmax())
            yield (
                f"{where}: {int(seen.sum()):,} of its {len(dev):,} pairs ({percent(float(seen.mean()))}) are also "
                f"training pairs, so its scores will be too good; {Example(dev, data.tokenizer)(pair)} and "
                f"is in {_home(dev_scan.hashes_P[pair], data, scans)}; remove them from one of the two."
            )


def _home(hash_of_pair: np.uint64, data: PreparedData, scans: Sequence[Scan]) -> str:
    return ", ".join(
        corpus.name
        for corpus, scan in zip(data.corpora, scans, strict=True)
        if (scan.hashes_P == hash_of_pair).any()
    )


def size_warnings(data: PreparedData, training: TrainingConfig, parameters: int) -> Iterator[str]:
    """Yield a warning if there is too little data for the model."""
    tokens = sum(distinct_tokens(corpus, training) for corpus in data.corpora)
    if tokens < _MIN_TOKENS_PER_PARAMETER * parameters:
        yield (
            f"{tokens:,} target tokens are too few for {parameters:,} parameters: with fewer than "
            f"{int(_MIN_TOKENS_PER_PARAMETER * parameters):,}, such a model memorises its pairs; use a "
            "smaller preset or more data, or start from a trained model (--init-from)."
        )


def vocabulary_warnings(tokenizer: Tokenizer, scans: Sequence[Scan]) -> Iterator[str]:
    """Yield a warning if much of the vocabulary never occurs; that of published weights is for all kinds of text."""
    if not isinstance(tokenizer, SentencePieceTokenizer):
        return
    counts = sum((scan.piece_counts for scan in scans), np.zeros(MAX_PIECES, np.int64))
    learnt = counts[tokenizer.learnt_ids]
    unused = np.flatnonzero(learnt == 0)
    if len(unused) > _MAX_UNUSED_PIECES * len(learnt):
        piece = tokenizer.piece(tokenizer.learnt_ids[int(unused[0])])
        yield (
            f"{len(unused):,} of the {len(learnt):,} pieces of the vocabulary ({percent(len(unused) / len(learnt))}) "
            f"never occur, for example “{piece}”: the tokenizer was trained on other text, or on so little that most "
            "pieces are fragments of longer ones; prepare the data again without --tokenizer, or with a smaller "
            "--vocab-size."
        )


def percent(share: float) -> str:
    """Format a share, 0 to 1, as a percentage."""
    return f"{100 * share:.1f} %"
