"""Whether a sentence's translation depends on what stands beside it, and on the way it came in.

    python benchmarks/exactness.py some.en
    python benchmarks/exactness.py some.en --precisions fp32 int8 bf16 --count 500

Every line is translated alone; then in batches of 7 and 32, shuffled, by the function behind `translator evaluate`, by
the command line, and by the server. The tables say how many translations are the same, letter by letter, and how far
scores are apart at most. It fails where fewer than 99.8 % are the same, or where the score of another one is more than
1e-4 apart. benchmarks/README.md tells what came out.
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
from translator.evaluate import read_lines
from translator.search import SearchOptions
from translator.translate import Translation, Translator
from translator.translate.translator import Precision

ROOT = Path(__file__).parents[1]
DEVICE = "cpu"
"""Sums of a GPU come in another order for each shape, so there is nothing exact to compare."""
CLIENTS = 16
TIMEOUT_SECONDS = 60
SEED = 1
LEAST_SAME = 0.998
"""The share of the texts that have to be the same."""
MOST_APART = 1e-4
"""How far the scores of the others may be apart."""
ROUNDING = {"command line (4 digits)": 5e-5}
"""What a way rounds off."""


@dataclass(frozen=True)
class Options:
    """What to compare."""

    sentences: tyro.conf.Positional[Path]
    """English lines."""
    count: int = 500
    """The first so many lines with anything on them."""
    beam: int = 4
    precisions: tuple[Precision, ...] = ("fp32", "int8")


@dataclass(frozen=True)
class Answer:
    """A text and its score."""

    text: str
    score: float


Way = Callable[[list[str]], list[Answer]]
"""A way to have lines translated."""


def in_batches(translator: Translator, search: SearchOptions, size: int) -> Way:
    """So many lines at a time."""

    def translate(lines: list[str]) -> list[Answer]:
        answers = []
        for start in range(0, len(lines), size):
            found = translator.translate(lines[start : start + size], search)
            answers += [Answer(one.text, one.score) for one in found]
        return answers

    return translate


def shuffled(way: Way) -> Way:
    """The same in another order."""

    def translate(lines: list[str]) -> list[Answer]:
        order = list(range(len(lines)))
        random.Random(SEED).shuffle(order)
        answers = way([lines[place] for place in order])
        return [answer for _, answer in sorted(zip(order, answers, strict=True), key=lambda pair: pair[0])]

    return translate


class _Remembering:
    """A translator that keeps what it has answered."""

    def __init__(self, translator: Translator) -> None:
        self.name, self.answers = translator.name, list[Translation]()
        self._translator = translator

    def translate(self, texts: list[str], *others: Any) -> list[Translation]:
        self.answers = self._translator.translate(texts, *others)
        return self.answers


def by_evaluator(translator: Translator, search: SearchOptions) -> Way:
    """Through the function behind `translator evaluate`, which itself prints no translations."""

    def translate(lines: list[str]) -> list[Answer]:
        remembering = _Remembering(translator)
        testset = _TestSet("lines", lines, lines)
        evaluation = _evaluate_model(remembering, search, testset)  # type: ignore[arg-type]  # no more is asked of it
        return [
            Answer(text, answer.score)
            for text, answer in zip(evaluation.hypotheses, remembering.answers, strict=True)
        ]

    return translate


def by_command_line(precision: Precision, beam: int) -> Way:
    """Through `translator translate --json`."""

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


def by_server(url: str, beam: int) -> Way:
    """Through `POST /translate`, from several clients at once."""

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
    """A server of its own; its address."""
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
            pass  # the model is being loaded
    raise TranslatorError(f"the server ended: {log.read_text(encoding='utf-8')}")


@dataclass(frozen=True)
class Comparison:
    """A way beside one by one."""

    same: float
    """The share of texts that are the same."""
    apart: float
    """The largest difference of scores."""
    others_apart: float
    """That of the texts that are not the same."""

    @classmethod
    def of(cls, expected: list[Answer], found: list[Answer]) -> "Comparison":
        """Text by text."""
        pairs = list(zip(expected, found, strict=True))
        apart = [abs(one.score - other.score) for one, other in pairs]
        differs = [one.text != other.text for one, other in pairs]
        others = [distance for distance, is_other in zip(apart, differs, strict=True) if is_other]
        return cls(1 - sum(differs) / len(pairs), max(apart), max(others, default=0.0))

    def is_exact(self, rounding: float = 0.0) -> bool:
        """Whether it is within the limits."""
        return self.same >= LEAST_SAME and self.others_apart <= MOST_APART + rounding


def compare_ways(lines: list[str], precision: Precision, beam: int, console: Console) -> bool:
    """Print a row for each way; returns whether all are exact."""
    translator = Translator.load(device=DEVICE, precision=precision)
    search = SearchOptions(beam_size=beam)
    expected = in_batches(translator, search, 1)(lines)
    table = Table(title=f"{len(lines)} lines in {precision}, beam {beam}: beside one by one")
    table.add_column("way")
    for heading in ("same text", "largest difference of scores", "of other texts", "exact"):
        table.add_column(heading, justify="right")
    are_exact = []
    with server(precision) as url:
        ways = {
            "batches of 7": in_batches(translator, search, 7),
            "batches of 32": in_batches(translator, search, 32),
            "batches of 32, shuffled": shuffled(in_batches(translator, search, 32)),
            "evaluator": by_evaluator(translator, search),
            "command line (4 digits)": by_command_line(precision, beam),
            f"server, {CLIENTS} clients": by_server(url, beam),
        }
        for name, way in ways.items():
            found = Comparison.of(expected, way(lines))
            are_exact.append(found.is_exact(ROUNDING.get(name, 0.0)))
            table.add_row(
                name, f"{found.same:.1%}", f"{found.apart:.1e}", f"{found.others_apart:.1e}",
                "yes" if are_exact[-1] else "NO",
            )  # fmt: skip
    console.print(table)
    return all(are_exact)


def main() -> int:
    """Exit code: 0 when all ways are exact, 1 when one is not or on an error."""
    console = Console(width=None if sys.stdout.isatty() else 100)
    try:
        options = tyro.cli(Options, description=__doc__)
        lines = [line for line in read_lines(options.sentences) if line.strip()][: options.count]
        are_exact = [
            compare_ways(lines, precision, options.beam, console) for precision in options.precisions
        ]
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0 if all(are_exact) else 1


if __name__ == "__main__":
    sys.exit(main())
