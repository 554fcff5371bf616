"""Inspect prepared data before you spend hours on training: statistics of every corpus, and warnings to act on.

Cleaning judges one pair at a time. This package looks for problems that cleaning cannot see: misaligned sides,
swapped languages, text that is already tokenised, development pairs in the training data. It uses the lengths and
ids of all pairs, and for checks that need text, a fixed random sample of each corpus.
"""

import sys
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from translator.config import Config, TrainingConfig
from translator.data.shards import PreparedData
from translator.model.interface import TranslationModel
from translator.training.data_report.figures import CorpusFigures, corpus_figures, epoch_tokens
from translator.training.data_report.scan import scan
from translator.training.data_report.warnings import (
    Example,
    corpus_warnings,
    dev_warnings,
    percent,
    repeat_warnings,
    size_warnings,
    vocabulary_warnings,
)


@dataclass(frozen=True)
class DataReport:
    """Statistics of all data, and warnings that say what is wrong, where, and what to do."""

    corpora: tuple[CorpusFigures, ...]
    dev: tuple[CorpusFigures, ...]
    warnings: tuple[str, ...]

    def table(self) -> Table:
        """Return a table with a row for each corpus and development set."""
        table = Table(title="Training data", caption="lengths in tokens, English / German")
        table.add_column("corpus", overflow="fold")
        heads = ("weight", "pairs", "of an epoch", "mean length", "99 % up to")
        for head in (*heads, "length correlation", "copied", "tokenised", "left out"):
            table.add_column(head, justify="right")
        for figures in (*self.corpora, *self.dev):
            table.add_row(*map(Text, _cells(figures)))
        return table


def inspect_data(
    data: PreparedData, training: TrainingConfig, parameters: int, *, is_fine_tuning: bool = False
) -> DataReport:
    """Inspect prepared data for the training of a model with this many parameters.

    In fine-tuning, little data and unused pieces of the vocabulary are normal, so there are no warnings about
    them. Raises `DataError` if the data has ids outside the vocabulary of its tokenizer.
    """
    scans = [scan(corpus, data.tokenizer) for corpus in data.corpora]
    dev_scans = [scan(corpus, data.tokenizer) for corpus in data.dev.values()]
    tokens_of_corpora = [epoch_tokens(corpus, training) for corpus in data.corpora]
    whole_epoch = sum(tokens_of_corpora) or 1.0
    corpora = tuple(
        corpus_figures(corpus, data.tokenizer, training, tokens / whole_epoch)
        for corpus, tokens in zip(data.corpora, tokens_of_corpora, strict=True)
    )
    dev = tuple(corpus_figures(corpus, data.tokenizer, None, 0.0) for corpus in data.dev.values())
    warnings = [
        warning
        for corpus, figures in zip((*data.corpora, *data.dev.values()), (*corpora, *dev), strict=True)
        for warning in corpus_warnings(figures, training, Example(corpus, data.tokenizer))
    ]
    warnings += repeat_warnings(data, scans)
    warnings += dev_warnings(data, scans, dev_scans)
    if not is_fine_tuning:
        warnings += size_warnings(data, training, parameters)
        warnings += vocabulary_warnings(data.tokenizer, scans)
    return DataReport(corpora, dev, tuple(warnings))


def _cells(figures: CorpusFigures) -> tuple[str, ...]:
    is_dev = figures.weight is None
    correlation = figures.length_correlation
    return (
        f"dev {figures.name}" if is_dev else figures.name,
        "" if figures.weight is None else f"{figures.weight:g}",
        f"{figures.pairs:,}",
        "" if is_dev else percent(figures.epoch_share),
        " / ".join(f"{length:.1f}" for length in figures.mean_lengths),
        " / ".join(str(length) for length in figures.percentile_99_lengths),
        "" if correlation is None else f"{correlation:.2f}",
        percent(figures.copied.share),
        percent(max(figures.tokenised_source.share, figures.tokenised_target.share)),
        "" if is_dev else percent(figures.left_out / max(1, figures.pairs)),
    )


def print_data_report(
    data: PreparedData, config: Config, model: TranslationModel, *, is_fine_tuning: bool
) -> None:
    """Print the statistics and warnings of `inspect_data`."""
    parameters = sum(parameter.numel() for parameter in model.parameters())
    report = inspect_data(data, config.training, parameters, is_fine_tuning=is_fine_tuning)
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(report.table())
    for warning in report.warnings:
        # Text, not a string: brackets in quoted pairs are not markup.
        console.print(Text(f"warning: {warning}"))
