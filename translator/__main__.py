"""The command line: `translator prepare`, `translate`, `evaluate` and `demo`; training is `python train.py`.

Each command imports what it needs when it runs, so that --help and mistakes are answered at once.
"""

import itertools
import json
import logging
import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, NamedTuple

import tyro
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from tyro.conf import Positional, UseAppendAction, arg

from translator.errors import ConfigError, DataError, TranslatorError

if TYPE_CHECKING:
    from translator.corpus import DropReport
    from translator.evaluate import Evaluation
    from translator.search import SearchOptions

WINDOW_LINES = 1000
"""Lines of a file that are translated together; the output is written after each window."""
CHUNK_BYTES = 1 << 16
"""What is read at most at a time where text arrives bit by bit: from a pipe or a terminal."""
_STDOUT, _STDERR = Console(), Console(stderr=True)


class _TestSet(NamedTuple):
    name: str
    sources: list[str]
    references: list[str]


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
    with Progress(*columns, console=_STDERR) as progress:
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
    _STDOUT.print(_drop_table(report.drops))
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

    What comes through a pipe or is typed at a terminal is translated as it arrives.

    Args:
        file: File of UTF-8 text, or - for standard input.
        model: Model folder; by default the model that comes with the package.
        beam: Width of the beam; 1 is greedy and fastest.
        length_penalty: Larger favours longer translations; 0 compares plain probabilities.
        device: auto (a GPU if there is one), cpu, cuda or cuda:N.
    """
    from translator.search import SearchOptions
    from translator.translate import Translator

    options = SearchOptions(beam_size=beam, length_penalty=length_penalty)
    with _open_lines(file) as lines, _line_progress(file) as (progress, task):
        translator = Translator.load(model, device)
        number = 0
        for window in _windows(lines):
            texts = [_decode(line, number + place, file) for place, line in enumerate(window, start=1)]
            for translation in translator.translate(texts, options):
                sys.stdout.buffer.write(translation.text.encode())
            sys.stdout.buffer.flush()
            number += len(window)
            progress.advance(task, len(window))


def evaluate(
    *,
    source: Path | None = None,
    reference: Path | None = None,
    testset: str | None = None,
    model: UseAppendAction[tuple[Path, ...]] = (),
    hypothesis: UseAppendAction[tuple[Path, ...]] = (),
    beam: int = 4,
    length_penalty: float = 1.0,
    device: str = "auto",
    json_output: Annotated[bool, arg(name="json")] = False,
    record: bool = False,
) -> None:
    """Measure BLEU, chrF and TER of models or of finished translations; compare when there are several.

    Args:
        source: English lines; not needed for finished translations.
        reference: German lines.
        testset: A set by sacreBLEU's name instead (wmt14/full), fetched over the network.
        model: Model folder, once for each; by default the model that comes with the package.
        hypothesis: File of finished translations, once for each, to score beside or instead of models.
        beam: Width of the beam.
        length_penalty: Larger favours longer translations.
        device: auto (a GPU if there is one), cpu, cuda or cuda:N.
        json_output: Print JSON instead of tables.
        record: Write the scores onto the cards of the models.
    """
    from translator.card import record_scores
    from translator.search import SearchOptions
    from translator.translate import shipped_model

    _check_systems(model, hypothesis, record=record)
    options = SearchOptions(beam_size=beam, length_penalty=length_penalty)
    folders = list(model) or ([] if hypothesis else [shipped_model()])
    chosen = _read_testset(source, reference, testset, needs_source=bool(folders))
    # Files first: a mistake in one of them is told before a model has worked for minutes.
    finished = [_evaluate_file(path, chosen) for path in hypothesis]
    measured = [_evaluate_model(folder, device, options, chosen) for folder in folders]
    if record:
        for folder, one in zip(folders, measured, strict=True):
            record_scores(folder, one, options)
    _print_evaluations([*measured, *finished], chosen.references, as_json=json_output)


def demo(*, folder: Path | None = None, prompt: bool = True) -> None:
    """Train a tiny model on a toy grammar in about a minute, and translate what you type with it.

    Args:
        folder: Where to keep the data, the run and its log; by default a temporary folder.
        prompt: Ask for sentences afterwards.
    """
    from translator.demo import run_demo

    with tempfile.TemporaryDirectory() as temporary:
        run_demo(folder or Path(temporary), _STDOUT, prompt=prompt and sys.stdin.isatty())


def main() -> int:
    """Run one command; 0 when it did its work, 1 on an error that is told in one line, 2 on wrong options."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    arguments = sys.argv[1:]
    try:
        if not arguments:
            return _show_help()
        _run_command(arguments)
        sys.stdout.flush()
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of the output has left, as `head` does; there is nobody to tell.
        _discard_output()
        return 1
    except OSError as error:
        _discard_output()
        what = f"use {error.filename}" if error.filename else "write the output"
        print(f"error: cannot {what}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


def _run_command(arguments: Sequence[str]) -> None:
    tyro.extras.subcommand_cli_from_dict(
        {"prepare": prepare, "translate": translate, "evaluate": evaluate, "demo": demo},
        prog="translator",
        description="English→German translation: prepare data, translate, evaluate, or watch a model learn.",
        args=arguments,
    )


def _show_help() -> int:
    try:
        with redirect_stdout(sys.stderr):
            _run_command(["--help"])
    except SystemExit:
        pass
    return 2


def _discard_output() -> None:
    """Let what is still in the buffer of standard output vanish: at exit Python would fail to write it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _drop_table(drops: "DropReport") -> Table:
    heads, *rows = drops.rows()
    table = Table(title="Pairs read, kept and dropped")
    for index, head in enumerate(heads):
        table.add_column(head, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    return table


@contextmanager
def _open_lines(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        lines = Path(file).open("rb")  # noqa: SIM115 (what fails while it is open is no mistake in its name)
    except OSError as error:
        raise DataError(
            f"cannot read {file}: {error.strerror}; give a text file, or - for standard input"
        ) from error
    with lines:
        yield lines


def _windows(lines: BinaryIO) -> Iterator[list[bytes]]:
    """Yield lines to translate together: many of a file, which is fastest, and else those that have arrived."""
    if not stat.S_ISREG(os.fstat(lines.fileno()).st_mode):
        yield from _arriving_lines(lines.fileno())
        return
    while window := list(itertools.islice(lines, WINDOW_LINES)):
        yield window


def _arriving_lines(descriptor: int) -> Iterator[list[bytes]]:
    begun: list[bytes] = []  # of a line whose end has not arrived
    while chunk := os.read(descriptor, CHUNK_BYTES):
        complete, newline, rest = chunk.rpartition(b"\n")
        if newline:
            yield [line + newline for line in b"".join([*begun, complete]).split(newline)]
            begun.clear()
        begun.append(rest)
    if last := b"".join(begun):
        yield [last]


def _decode(line: bytes, number: int, file: str) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise DataError(
            f"line {number} of {file} is not UTF-8 ({error.reason} at byte {error.start}); convert the file first"
        ) from error


@contextmanager
def _line_progress(file: str) -> Iterator[tuple[Progress, TaskID]]:
    """A bar on standard error, if that is a terminal, with the time left where the number of lines is known."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("lines"), TimeRemainingColumn(),
    )  # fmt: skip
    is_shown = _STDERR.is_terminal and file != "-"
    with Progress(*columns, console=_STDERR, disable=not is_shown) as progress:
        yield progress, progress.add_task("translating", total=_count_lines(file) if is_shown else None)


def _count_lines(file: str) -> int | None:
    """The number of lines of a regular file; None for a pipe, which can be read only once."""
    if not Path(file).is_file():
        return None
    with Path(file).open("rb") as lines:
        return sum(1 for _ in lines)


def _check_systems(models: Sequence[Path], hypotheses: Sequence[Path], *, record: bool) -> None:
    known = set[Path]()
    for path in (*models, *hypotheses):
        if path.resolve() in known:
            raise ConfigError(f"{path} is given twice; give each model and each file once")
        known.add(path.resolve())
    if record and hypotheses and not models:
        raise ConfigError(
            "--record writes scores onto the cards of models, and there are only --hypothesis files; "
            "give a --model, or leave --record out"
        )


def _read_testset(
    source: Path | None, reference: Path | None, testset: str | None, *, needs_source: bool
) -> _TestSet:
    from translator import evaluate as evaluation

    if testset is not None and (source or reference):
        raise ConfigError(
            f"--testset {testset} and {source or reference} are two test sets; "
            "give either --testset, or --source and --reference"
        )
    if testset is not None:
        chosen = _TestSet(testset, *evaluation.load_testset(testset))
    elif reference is None or (source is None and needs_source):
        raise DataError(
            "no test set given; give --source and --reference files, or --testset with sacreBLEU's name"
        )
    else:
        sources = evaluation.read_lines(source) if source else []
        chosen = _TestSet(reference.stem, sources, evaluation.read_lines(reference))
    if chosen.sources or needs_source:
        evaluation.check_parallel("sources", chosen.sources, chosen.references)
    if (warning := evaluation.warn_if_tokenised(chosen.references)) is not None:
        _STDERR.print(f"warning: {warning}")
    return chosen


def _evaluate_model(folder: Path, device: str, options: "SearchOptions", testset: _TestSet) -> "Evaluation":
    from translator.evaluate import evaluate as evaluate_system
    from translator.translate import Translator

    translator = Translator.load(folder, device)
    columns = (
        TextColumn(f"{folder.name} on {testset.name}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_STDERR) as progress:
        task = progress.add_task("", total=None)

        def translate_all(texts: Sequence[str]) -> list[str]:
            translations = translator.translate(
                texts, options, lambda done, total: progress.update(task, completed=done, total=total)
            )
            return [translation.text for translation in translations]

        return evaluate_system(
            str(folder), testset.sources, testset.references, translate_all, testset=testset.name
        )


def _evaluate_file(path: Path, testset: _TestSet) -> "Evaluation":
    from translator.evaluate import Evaluation, read_lines, score

    hypotheses = read_lines(path)
    scores = tuple(score(hypotheses, testset.references))
    return Evaluation(str(path), testset.name, len(hypotheses), None, scores, tuple(hypotheses))


def _print_evaluations(found: list["Evaluation"], references: list[str], *, as_json: bool) -> None:
    from translator import evaluate as evaluation

    comparisons = []
    if len(found) > 1:
        comparisons = evaluation.compare({one.system: one.hypotheses for one in found}, references)
    if as_json:
        compared = evaluation.comparison_as_json(comparisons) if comparisons else {}
        print(json.dumps(evaluation.as_json(found) | compared, indent=2, ensure_ascii=False))
        return
    _STDOUT.print(evaluation.as_table(found))
    if comparisons:
        _STDOUT.print(evaluation.comparison_as_table(comparisons))


if __name__ == "__main__":
    sys.exit(main())
