"""`translator prepare`."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from tyro.conf import UseAppendAction

from translator.commands import STDERR, STDOUT

if TYPE_CHECKING:
    from translator.corpus import DropReport


def prepare(
    *,
    corpus: UseAppendAction[tuple[str, ...]],
    out: Path,
    vocab_size: int = 16_000,
    dev: UseAppendAction[tuple[str, ...]] = (),
    tokenizer: Path | None = None,
    seed: int = 1,
) -> None:
    """Clean parallel text, train a tokenizer, and write compact training data.

    Args:
        corpus: [NAME=]WHERE[:WEIGHT][#LICENCE], once for each corpus. WHERE is a TSV or JSONL file, two files
            "X.en,X.de" or their common start "X" (each plain, .gz, .xz or .zst), a folder saved by `datasets`,
            or "hub:NAME:CONFIG:SPLIT" (hub:wmt/wmt14:de-en:train). WEIGHT says how often an epoch sees a pair.
        out: Folder to write; must be new or empty.
        vocab_size: Pieces of the tokenizer.
        dev: Development sets, in the same form, kept as they are; training reports loss and BLEU on them.
        tokenizer: Use this tokenizer.model instead of training one (for fine-tuning).
        seed: Chooses the sentences that the tokenizer is trained on.
    """
    from translator.corpus import CleaningRules, CorpusSpec
    from translator.prepare import prepare as prepare_corpora

    columns = (TextColumn("{task.description}"), TextColumn("{task.completed:,} pairs"), TimeElapsedColumn())
    with Progress(*columns, console=STDERR) as progress:
        task = progress.add_task("reading", total=None)
        report = prepare_corpora(
            [CorpusSpec.parse(text) for text in corpus],
            out,
            vocab_size=vocab_size,
            dev=[CorpusSpec.parse(text) for text in dev],
            tokenizer=tokenizer,
            rules=CleaningRules(),
            seed=seed,
            progress=lambda stage, pairs: progress.update(task, description=stage, completed=pairs),
        )
    STDOUT.print(_drop_table(report.drops))
    for warning in report.drops.warnings():
        STDERR.print(Text(f"warning: {warning}"))
    STDOUT.print(f"wrote {out}")


def _drop_table(drops: "DropReport") -> Table:
    heads, *rows = drops.rows()
    table = Table(title="Pairs read, kept and dropped")
    for index, head in enumerate(heads):
        table.add_column(head, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    return table
