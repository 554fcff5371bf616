"""The command line: `translator prepare | translate | evaluate | demo`; training is `python train.py`."""

import itertools
import json
import logging
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TextIO

import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from tyro.conf import Positional, UseAppendAction, arg

from translator.errors import DataError, TranslatorError

WINDOW_LINES = 1000
"""Lines of a file that are translated together; the output is written after each window."""


def prepare(
    *,
    corpus: UseAppendAction[list[str]],
    out: Path,
    vocab_size: int = 16_000,
    dev: UseAppendAction[list[str]] = [],  # noqa: B006 (tyro reads it, nothing writes it)
    tokenizer: Path | None = None,
    max_words: int | None = None,
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
        max_words: Drop pairs with more words on a side.
        seed: Chooses the sentences that the tokenizer is trained on.
    """
    from translator.corpus import CleaningRules, CorpusSpec  # noqa: PLC0415 (each command loads what it needs)
    from translator.prepare import prepare as prepare_corpora  # noqa: PLC0415

    rules = CleaningRules() if max_words is None else CleaningRules(max_words=max_words)
    with Progress(
        TextColumn("{task.description}"), TextColumn("{task.completed:,} pairs"), TimeElapsedColumn(), console=_STDERR
    ) as progress:
        task = progress.add_task("reading", total=None)
        report = prepare_corpora(
            [CorpusSpec.parse(text) for text in corpus],
            out,
            vocab_size=vocab_size,
            dev=[CorpusSpec.parse(text) for text in dev],
            tokenizer=tokenizer,
            rules=rules,
            seed=seed,
            progress=lambda stage, pairs: progress.update(task, description=stage, completed=pairs),
        )
    heads, *rows = report.drops.rows()
    table = Table(title="Pairs read, kept and dropped")
    for index, head in enumerate(heads):
        table.add_column(head, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    _STDOUT.print(table)
    _STDOUT.print(f"wrote {out}")


def translate(
    file: Positional[str] = "-",
    /,
    *,
    model: Path | None = None,
    beam: int = 4,
    length_penalty: float = 1.0,
    device: str = "auto",
) -> None:
    """Translate a file or standard input, line by line, to standard output; the line structure stays.

    Args:
        file: File of UTF-8 text, or - for standard input.
        model: Model folder; by default the model that comes with the package.
        beam: Width of the beam; 1 is greedy and fastest.
        length_penalty: Larger favours longer translations; 0 compares plain probabilities.
        device: auto (a GPU if there is one), cpu, cuda or cuda:N.
    """
    from translator.search import SearchOptions  # noqa: PLC0415
    from translator.translate import Translator  # noqa: PLC0415

    options = SearchOptions(beam_size=beam, length_penalty=length_penalty)
    translator = Translator.load(model, device)
    output = open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False)  # noqa: SIM115, PTH123
    with _open_text(file) as lines, _line_progress(file) as progress:
        task = progress.add_task("translating", total=None if file == "-" else _count_lines(file))
        # At a terminal each line is answered at once; a file is translated in windows, which is faster.
        size = 1 if lines.isatty() else WINDOW_LINES
        for window in _windows(_numbered_lines(lines, file), size):
            for translation in translator.translate(window, options):
                output.write(translation.text)
            output.flush()
            progress.advance(task, len(window))


def evaluate(
    *,
    source: Path | None = None,
    reference: Path | None = None,
    testset: str | None = None,
    model: list[Path] = [],  # noqa: B006
    hypothesis: list[Path] = [],  # noqa: B006
    beam: int = 4,
    length_penalty: float = 1.0,
    device: str = "auto",
    json_output: Annotated[bool, arg(name="json")] = False,
    record: bool = False,
) -> None:
    """Measure BLEU, chrF and TER of models or of finished translations; compare when there are several.

    Args:
        source: English lines; not needed for hypotheses.
        reference: German lines.
        testset: A set by sacreBLEU's name instead (wmt14/full), fetched over the network.
        model: Model folders; by default the model that comes with the package.
        hypothesis: Files with finished translations to score beside or instead of models.
        beam: Width of the beam.
        length_penalty: Larger favours longer translations.
        device: auto (a GPU if there is one), cpu, cuda or cuda:N.
        json_output: Print JSON instead of tables.
        record: Write the scores onto the card of the model.
    """
    from translator.evaluation_command import run  # noqa: PLC0415
