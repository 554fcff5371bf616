"""Sentences on what is wrong with the data, where, and what to do.

The thresholds stand well apart from what eighteen healthy corpora show (software, parliament, conversation,
the Bible …), even where cleaning has taken the worst pairs out of damaged ones.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from translator.config import TrainingConfig
from translator.data_report.alignment import FEWEST_PAIRS
from translator.data_report.figures import CorpusFigures, distinct_tokens, read_pair
from translator.data_report.scan import MAX_PIECES, Scan
from translator.shards import PreparedCorpus, PreparedData
from translator.tokenizer import Tokenizer

_MAX_COPIED, _MAX_TOKENISED, _MAX_WRONG_LANGUAGE, _MAX_EMPTY = 0.05, 0.1, 0.2, 0.001
_MAX_LEFT_OUT, _MAX_REPEATED, _MAX_DEV_SEEN, _MAX_UNUSED_PIECES = 0.05, 0.1, 0.01, 0.25
_MIN_TOKENS_PER_PARAMETER = 0.05  # Multi30k with the tiny preset has 0.2, the paper's base model on it 0.006
_MIN_NUMBERS_FOUND = 0.4  # 0.6 and more where the sides belong together, below 0.2 where they do not
# 0.84 and more, and 0.26 at most, in healthy corpora; pairs that were shuffled and cleaned have up to 0.55
_MIN_CORRELATION, _MIN_RATIO_SPREAD = 0.6, 0.3


class Example:
    """Quotes a pair, so that it can be found in the files that the data was made of."""

    def __init__(self, corpus: PreparedCorpus, tokenizer: Tokenizer) -> None:
        self._corpus = corpus
        self._tokenizer = tokenizer

    def __call__(self, pair: int | None) -> str:
        """The pair and its number."""
        if pair is None:
            return "no example"
        english, german = (
            text if len(text) <= 50 else text[:49] + "…"
            for text in read_pair(self._corpus, self._tokenizer, pair)
        )
        return f"pair {pair} (counted from 0) is “{english}” – “{german}”"


def _where(figures: CorpusFigures) -> str:
    return f"development set {figures.name}" if figures.weight is None else figures.name


def corpus_warnings(figures: CorpusFigures, training: TrainingConfig, example: Example) -> Iterator[str]:
    """What is wrong in one corpus or development set."""
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
            f"{where}: {figures.empty:,} of {figures.pairs:,} pairs have a side without any text, which teaches "
            "to leave sentences out or to make them up; remove them and prepare the data again."
        )


def _alignment_warning(figures: CorpusFigures, example: Example) -> str | None:
    if (shift := figures.shift) is not None:
        direction = "further on" if shift.pairs > 0 else "before"
        return (
            f"from about pair {shift.first_pair:,} on, the lengths of the sources fit the targets "
            f"{abs(shift.pairs)} pair(s) {direction}: a line is missing or too many on one side; "
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
            "sources and targets do not seem to belong together: the correlation of their lengths is "
            f"{correlation:.2f}, and {_MIN_CORRELATION} or more is usual; {example(0)}; check that both sides "
            "are in the same order, and prepare them again."
        )
    numbers = figures.numbers_found
    if figures.has_numbers_enough and numbers.share < _MIN_NUMBERS_FOUND:
        return (
            "sources and targets do not seem to belong together: only "
            f"{percent(numbers.share)} of the sources with numbers have one of them in the target, too; "
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
                f"{example(finding.example)}; remove what is not translated, or not in the right order."
            )


def _text_warnings(figures: CorpusFigures, example: Example) -> Iterator[str]:
    if figures.copied.share >= _MAX_COPIED:
        yield (
            f"{percent(figures.copied.share)} of the targets are copies of their source; "
            f"{example(figures.copied.example)}; remove these pairs, for a model learns from them to leave "
            "sentences untranslated."
        )
    for side, finding in (("sources", figures.tokenised_source), ("targets", figures.tokenised_target)):
        if finding.share >= _MAX_TOKENISED:
            yield (
                f"{percent(finding.share)} of the {side} look tokenised "
                f'(" ,", " .", "@-@" or "&quot;"); {example(finding.example)}; '
                "detokenise the text, since translations will look like it, and prepare the data again."
            )


def _left_out_warning(figures: CorpusFigures, training: TrainingConfig) -> str | None:
    if figures.left_out < _MAX_LEFT_OUT * figures.pairs or not figures.left_out:
        return None
    return (
        f"{figures.left_out:,} of {figures.pairs:,} pairs ({percent(figures.left_out / figures.pairs)}) are left "
        f"out, longer than max_tokens_per_side {training.max_tokens_per_side}; 99 % of the sides have up to "
        f"{max(figures.percentile_99_lengths) + 1} tokens: raise it, or split the pairs into sentences."
    )


def repeat_warnings(data: PreparedData, scans: Sequence[Scan]) -> Iterator[str]:
    """One for each corpus of which many pairs were there before, in itself or in an earlier corpus."""
    if not scans:
        return
    hashes_N = np.concatenate([scan.hashes_P for scan in scans])
    _, first_U, group_N = np.unique(hashes_N, return_index=True, return_inverse=True)
    first_N = first_U[group_N]
    begins = np.cumsum([0, *map(len, data.corpora)])
    for corpus, begin in zip(data.corpora, begins.tolist(), strict=False):
        repeats = begin + np.flatnonzero(
            first_N[begin : begin + len(corpus)] < np.arange(begin, begin + len(corpus))
        )
        if len(repeats) <= _MAX_REPEATED * len(corpus):
            continue
        earlier = int(first_N[repeats[0]])
        home = int(np.searchsorted(begins, earlier, side="right")) - 1
        yield (
            f"{corpus.name}: {len(repeats):,} of {len(corpus):,} pairs ({percent(len(repeats) / len(corpus))}) are "
            f"there a second time; pair {repeats[0] - begin} (counted from 0) is also pair "
            f"{earlier - begins[home]} of {data.corpora[home].name}; prepare the data with `translator prepare`, "
            "which keeps one of them, and give a corpus that shall count more a weight."
        )


def dev_warnings(data: PreparedData, scans: Sequence[Scan], dev_scans: Sequence[Scan]) -> Iterator[str]:
    """What is wrong with the development sets as such."""
    if not data.dev:
        yield (
            "there is no development set, so nothing will show whether the model still gets better; "
            "prepare the data again with --dev."
        )
    for dev, dev_scan in zip(data.dev.values(), dev_scans, strict=True):
        where = f"development set {dev.name}"
        if not len(dev):
            yield f"{where}: it is empty; prepare the data again, with a --dev that has pairs."
            continue
        seen = np.zeros(len(dev), bool)
        for scan in scans:
            seen |= np.isin(dev_scan.hashes_P, scan.hashes_P)
        if seen.mean() >= _MAX_DEV_SEEN:
            pair = int(seen.argmax())
            yield (
                f"{where}: {int(seen.sum()):,} of its {len(dev):,} pairs ({percent(float(seen.mean()))}) are also "
                f"training pairs, so its scores will be too good; {Example(dev, data.tokenizer)(pair)} and "
                f"is in {_home(dev_scan.hashes_P[pair], data, scans)}; take them out of one of both."
            )


def _home(hash_of_pair: np.uint64, data: PreparedData, scans: Sequence[Scan]) -> str:
    return ", ".join(
        corpus.name
        for corpus, scan in zip(data.corpora, scans, strict=True)
        if (scan.hashes_P == hash_of_pair).any()
    )


def size_warnings(data: PreparedData, training: TrainingConfig, parameters: int) -> Iterator[str]:
    """One where there is too little data for the model."""
    tokens = sum(distinct_tokens(corpus, training) for corpus in data.corpora)
    if tokens < _MIN_TOKENS_PER_PARAMETER * parameters:
        yield (
            f"{tokens:,} target tokens to learn from are few for {parameters:,} parameters: with less than "
            f"{int(_MIN_TOKENS_PER_PARAMETER * parameters):,}, such a model learns its pairs by heart; take a "
            "smaller preset or more data, or begin with a trained model (--init-from)."
        )


def vocabulary_warnings(tokenizer: Tokenizer, scans: Sequence[Scan]) -> Iterator[str]:
    """One where much of the vocabulary never occurs."""
    counts = sum((scan.piece_counts for scan in scans), np.zeros(MAX_PIECES, np.int64))
    learnt = counts[tokenizer.first_learnt_id : tokenizer.vocab_size]
    unused = np.flatnonzero(learnt == 0)
    if len(unused) > _MAX_UNUSED_PIECES * len(learnt):
        piece = tokenizer.piece(tokenizer.first_learnt_id + int(unused[0]))
        yield (
            f"{len(unused):,} of the {len(learnt):,} pieces of the vocabulary ({percent(len(unused) / len(learnt))}) "
            f"never occur, for example “{piece}”: the tokenizer was made for other text, or for so little that most "
            "pieces are halves of longer ones; prepare the data again without --tokenizer, or with a smaller "
            "--vocab-size."
        )


def percent(share: float) -> str:
    """A share, 0 to 1, for people."""
    return f"{100 * share:.1f} %"
