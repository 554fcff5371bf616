"""`translator prepare`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from tyro.conf import UseAppendAction, arg

from translator.commands import STDERR, STDOUT, OptionalPath
from translator.errors import ConfigError

if TYPE_CHECKING:
    from translator.data.corpus import CorpusSpec, DropReport
    from translator.data.prepare import GermanCounts, PrepareReport, ProtectedCounts

DEFAULT_VOCAB_SIZE = 16_000

_COLUMNS = (
    TextColumn("{task.description}", markup=False),
    TextColumn("{task.completed:,} pairs"),
    TimeElapsedColumn(),
)


def prepare(
    *,
    corpus: Annotated[UseAppendAction[tuple[str, ...]], arg(metavar="CORPUS")],
    out: Path,
    vocab_size: Annotated[
        int | None, arg(metavar="INT", help_behavior_hint=f"(default: {DEFAULT_VOCAB_SIZE})")
    ] = None,
    dev: Annotated[UseAppendAction[tuple[str, ...]], arg(metavar="CORPUS")] = (),
    tokenizer: OptionalPath = None,
    lexicon: OptionalPath = None,
    protected_share: float = 0.9,
    seed: int = 1,
) -> None:
    """Clean parallel text, train a tokenizer, and write compact training data.

    Args:
        corpus: [NAME=]WHERE[:WEIGHT][#LICENCE]. WHERE is a TSV or JSONL file, two files "X.en,X.de" or their common
            prefix "X" (each plain, .gz, .xz or .zst), a folder saved by `datasets`, or "hub:NAME:CONFIG:SPLIT"
            (hub:wmt/wmt14:de-en:train). WEIGHT is how often an epoch sees each pair.
        out: Folder to write; must be new or empty.
        vocab_size: Number of pieces of the tokenizer to train.
        dev: Development set, in the same form. It is kept unchanged; training reports loss and BLEU on it.
        tokenizer: Use the tokenizer of this model folder, or this tokenizer.model, instead of training one.
        lexicon: Add translations of rare words from this file as hints next to them; made by `translator lexicon`.
        protected_share: Share of the pairs with links, placeholders, numbers, dates and the like in which one reserved
            piece replaces each of them that both sides have. The model learns to place these pieces.
        seed: Random seed for the sentences to train the tokenizer on and the pairs that get reserved pieces.
    """
    from translator.data.corpus import CleaningRules, CorpusSpec
    from translator.data.prepare import prepare as prepare_corpora

    _check_tokenizer_options(vocab_size, tokenizer, seed)
    training_sets, dev_sets = ([CorpusSpec.parse(text) for text in texts] for texts in (corpus, dev))
    _check_dev_weights(dev, dev_sets)
    with Progress(*_COLUMNS, console=STDERR) as progress:
        task = progress.add_task("reading", total=None)
        report = prepare_corpora(
            training_sets,
            out,
            vocab_size=DEFAULT_VOCAB_SIZE if vocab_size is None else vocab_size,
            dev=dev_sets,
            tokenizer=tokenizer,
            lexicon=lexicon,
            rules=CleaningRules(),
            seed=seed,
            protected_share=protected_share,
            progress=lambda stage, pairs: progress.update(task, description=stage, completed=pairs),
        )
    _print_report(report)
    STDOUT.print(f"wrote {out}")


def _check_dev_weights(texts: Sequence[str], specs: Sequence["CorpusSpec"]) -> None:
    for text, spec in zip(texts, specs, strict=True):
        if spec.weight != 1:
            raise ConfigError(
                f"--dev {text} has a weight, but a development set is kept whole; leave the weight out"
            )


def _print_report(report: "PrepareReport") -> None:
    STDOUT.print(_drop_table(report.drops))
    if report.protected:
        STDOUT.print(_protected_table(report.protected))
    STDOUT.print(_german_table(report.german))
    for warning in report.drops.warnings():
        STDERR.print(Text(f"warning: {warning}"))


def _check_tokenizer_options(vocab_size: int | None, tokenizer: Path | None, seed: int) -> None:
    if not 0 <= seed < 1 << 32:
        raise ConfigError(f"--seed is {seed}; give 0 up to, not including, 2^32")
    if tokenizer is not None and vocab_size is not None:
        raise ConfigError(
            f"--vocab-size {vocab_size} is for training a tokenizer, but --tokenizer {tokenizer} has a size already; "
            "leave one of them out"
        )


def _drop_table(drops: "DropReport") -> Table:
    heads, *rows = drops.rows()
    table = Table(title="Pairs read, kept and dropped")
    for index, head in enumerate(heads):
        table.add_column(head, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    return table


def _protected_table(protected: "dict[str, ProtectedCounts]") -> Table:
    table = Table(title="Pairs with protected spans")
    for head in (
        "corpus",
        "pairs with spans",
        "of these, marked",
        "spans looked up",
        "on both sides",
    ):
        table.add_column(head, justify="right" if table.columns else "left")
    for name, counts in protected.items():
        numbers = counts.pairs, counts.marked_pairs, counts.spans, counts.marked_spans
        table.add_row(name, *(f"{number:,}" for number in numbers))
    return table


def _german_table(german: "dict[str, GermanCounts]") -> Table:
    table = Table(title="Spelling and formality of the German, in pairs")
    for head in ("corpus", "respelt to modern German", "with Sie", "with du or ihr", "with both, dropped"):
        table.add_column(head, justify="right" if table.columns else "left")
    for name, counts in german.items():
        numbers = (counts.respelt, counts.formal, counts.informal, counts.mixed)
        table.add_row(name, *(f"{number:,}" for number in numbers))
    return table
