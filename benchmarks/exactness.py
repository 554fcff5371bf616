"""Check that a translation depends neither on the other sentences of its batch nor on the interface it came through.

    python benchmarks/exactness.py some.en
    python benchmarks/exactness.py some.en --precisions fp32 int8 bf16 --count 500

Every line is translated alone. Then all lines are translated in batches of 7 and 32, in shuffled batches, by the
function behind `translator evaluate`, by the command line, and by the server. The tables show the share of translations
that are identical to those of single lines, and the largest difference in scores. The program fails if fewer than
99.8 % are identical, or if the score of a differing translation differs by more than 1e-4. benchmarks/README.md reports
the results.
"""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console
from rich.table import Table

from translator.commands.evaluate import _evaluate_model, _TestSet
from translator.errors import TranslatorError
from translator.evaluation.evaluate import read_lines
from translator.search import SearchOptions
from translator.translate import Style, Translation, Translator
from translator.translate.precision import Precision

ROOT = Path(__file__).parents[1]
DEVICE = "cpu"
"""A GPU adds numbers in a different order for each shape, so its results cannot be exact."""
CLIENTS = 16
TIMEOUT_SECONDS = 60
SEED = 1
MIN_SAME = 0.998
"""Share of the translations that must be identical."""
MAX_SCORE_DIFFERENCE = 1e-4
"""Limit for the scores of the other translations."""
ROUNDING = {"command line (4 digits)": 5e-5}
"""The rounding error of the scores that a method reports."""


@dataclass(frozen=True)
class Options:
    """What to compare."""

    sentences: tyro.conf.Positional[Path]
    """A file with an English sentence on each line."""
    count: int = 500
    """Lines to translate, from the beginning of the file. Blank lines do not count."""
    beam: int = 4
    precisions: tuple[Precision, ...] = ("fp32", "int8")


@dataclass(frozen=True)
class Answer:
    """A translation and its score."""

    text: str
    score: float


Method = Callable[[list[str]], list[Answer]]
"""A way to translate lines."""


def in_batches(translator: Translator, search: SearchOptions, size: int) -> Method:
    """Translate `size` lines at a time."""

    def translate(lines: list[str]) -> list[Answer]:
        answers = []
        for start in range(0, len(lines), size):
            found = translator.translate(lines[start : start + size], search)
            answers += [Answer(one.text, one.score) for one in found]
        return answers

    return translate


def shuffled(method: Method) -> Method:
    """Translate the lines in random order. The answers are in the original order."""

    def translate(lines: list[str]) -> list[Answer]:
        order = list(range(len(lines)))
        random.Random(SEED).shuffle(order)
        answers = method([lines[place] for place in order])
        return [answer for _, answer in sorted(zip(order, answers, strict=True), key=lambda pair: pair[0])]

    return translate


class _Recorder:
    """A translator that records its answers."""

    def __init__(self, translator: Translator) -> None:
        self.name, self.answers = translator.name, list[Translation]()
        self._translator = translator

    def translate(self, texts: list[str], *others: Any, **named: Any) -> list[Translation]:
        self.answers = self._translator.translate(texts, *others, **named)
        return self.answers


def by_evaluator(translator: Translator, search: SearchOptions) -> Method:
    """Translate with the function behind `translator evaluate`. The command itself prints no translations."""

    def translate(lines: list[str]) -> list[Answer]:
        recorder = _Recorder(translator)
        testset = _TestSet("lines", lines, lines)
        evaluation = _evaluate_model(recorder, search, Style(), testset)  # type: ignore[arg-type]  # a stand-in
        return [
            Answer(text, answer.score)
            for text, answer in zip(evaluation.hypotheses, recorder.answers, strict=True)
        ]

    return translate


def by_command_line(precision: Precision, beam: int) -> Method:
    """Translate with `translator translate --json`."""

    def translate(lines: list[str]) -> list[Answer]:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "in.en").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "translator", "translate", Path(folder) / "in.en"),
                    *("--device", DEVICE, "--precision", precision, "--beam", str(beam), "--json"),
                ],
                stdout=subprocess.PIPE,
                cwd=ROOT,
                check=True,
            )
        return [_mean_score(json.loads(record)) for record in done.stdout.splitlines()]

    return translate


def _mean_score(record: dict[str, Any]) -> Answer:
    scores = [sentence["translations"][0]["score"] for sentence in record["sentences"]]
    return Answer(record["text"], sum(scores) / max(1, len(scores)))


def by_server(url: str, beam: int) -> Method:
    """Translate with `POST /translate`, from several clients at once."""

    def ask(line: str) -> Answer:
        body = json.dumps({"text": line, "beam_size": beam}).encode()
        request = urllib.request.Request(f"{url}/translate", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            translation = json.load(response)["translations"][0]
        return Answer(translation["text"], translation["score"])

    def translate(lines: list[str]) -> list[Answer]:
        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(ask, lines))

    return translate


@contextmanager
def server(precision: Precision) -> Iterator[str]:
    """Run a server while the context is active. Yields its address."""
    environment = {
        **os.environ,
        "TRANSLATOR_DEVICE": DEVICE,
        "TRANSLATOR_PRECISION": precision,
        "TRANSLATOR_PORT": "0",
        "TRANSLATOR_ACCESS_LOG": "false",
    }
    with (
        tempfile.NamedTemporaryFile("w+") as log,
        subprocess.Popen([sys.executable, "-m", "service"], cwd=ROOT, env=environment, stderr=log) as process,
    ):
        try:
            yield _address_when_ready(process, Path(log.name))
        finally:
            process.terminate()


def _address_when_ready(process: "subprocess.Popen[bytes]", log: Path) -> str:
    while process.poll() is None:
        time.sleep(0.2)
        found = re.search(r"http://[^\s/]+", log.read_text(encoding="utf-8"))
        try:
            if found and urllib.request.urlopen(f"{found[0]}/readyz", timeout=TIMEOUT_SECONDS):
                return found[0]
        except urllib.error.HTTPError:
            pass  # the model is still loading
    raise TranslatorError(
        f"the server stopped before it was ready. Its log:\n{log.read_text(encoding='utf-8')}"
    )


@dataclass(frozen=True)
class Comparison:
    """The answers of a method, compared with those of single lines."""

    same: float
    """Share of the translations that are identical, 0 to 1."""
    score_difference: float
    """Largest difference between two scores."""
    score_difference_of_others: float
    """Largest difference between the scores of translations that are not identical."""

    @classmethod
    def of(cls, expected: list[Answer], found: list[Answer]) -> "Comparison":
        """Compare the answers line by line."""
        pairs = list(zip(expected, found, strict=True))
        differences = [abs(one.score - other.score) for one, other in pairs]
        others = [
            difference
            for difference, (one, other) in zip(differences, pairs, strict=True)
            if one.text != other.text
        ]
        return cls(1 - len(others) / len(pairs), max(differences), max(others, default=0.0))

    def is_exact(self, rounding: float = 0.0) -> bool:
        """Whether the answers are within the limits."""
        return self.same >= MIN_SAME and self.score_difference_of_others <= MAX_SCORE_DIFFERENCE + rounding


def compare_methods(lines: list[str], precision: Precision, beam: int, console: Console) -> bool:
    """Print a row for each method. Returns whether all of them are exact."""
    translator = Translator.load(device=DEVICE, precision=precision)
    search = SearchOptions(beam_size=beam)
    expected = in_batches(translator, search, 1)(lines)
    table = Table(title=f"{len(lines)} lines in {precision}, beam {beam}, compared with one line at a time")
    table.add_column("method")
    for heading in ("same text", "max. score difference", "where texts differ", "exact"):
        table.add_column(heading, justify="right")
    are_exact = []
    with server(precision) as url:
        methods = {
            "batches of 7": in_batches(translator, search, 7),
            "batches of 32": in_batches(translator, search, 32),
            "batches of 32, shuffled": shuffled(in_batches(translator, search, 32)),
            "evaluator": by_evaluator(translator, search),
            "command line (4 digits)": by_command_line(precision, beam),
            f"server, {CLIENTS} clients": by_server(url, beam),
        }
        for name, method in methods.items():
            found = Comparison.of(expected, method(lines))
            are_exact.append(found.is_exact(ROUNDING.get(name, 0.0)))
            table.add_row(
                name, f"{found.same:.1%}", f"{found.score_difference:.1e}",
                f"{found.score_difference_of_others:.1e}", "yes" if are_exact[-1] else "NO",
            )  # fmt: skip
    console.print(table)
    return all(are_exact)


def main() -> int:
    """Compare all methods. Returns 0 if all are exact, and 1 if one is not or on an error."""
    console = Console(width=None if sys.stdout.isatty() else 100)
    try:
        options = tyro.cli(Options, description=__doc__)
        lines = [line for line in read_lines(options.sentences) if line.strip()][: options.count]
        are_exact = [
            compare_methods(lines, precision, options.beam, console) for precision in options.precisions
        ]
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0 if all(are_exact) else 1


if __name__ == "__main__":
    sys.exit(main())
