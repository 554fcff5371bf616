"""Whether a sentence's translation depends on what stands beside it, and on the way it came in.

    python benchmarks/exactness.py some.en
    python benchmarks/exactness.py some.en --precisions fp32 int8 bf16 --count 500

Every line is translated alone; then in batches of 7 and 32, shuffled, by the command line, by the evaluator and by the
server. The tables say how many translations are the same, letter by letter, and how far the scores of the others are
apart. benchmarks/README.md tells what came out.
"""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
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

from translator.errors import TranslatorError
from translator.evaluate import read_lines
from translator.inference import Precision
from translator.search import SearchOptions
from translator.translate import Translator

ROOT = Path(__file__).parents[1]
CLIENTS = 16
SEED = 1


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


def by_command_line(precision: Precision, beam: int) -> Way:
    """Through `translator translate --json`."""

    def translate(lines: list[str]) -> list[Answer]:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "in.en").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "translator", "translate", Path(folder) / "in.en"),
                    *("--precision", precision, "--beam", str(beam), "--json"),
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
        with urllib.request.urlopen(request) as response:
            translation = json.load(response)["translations"][0]
        return Answer(translation["text"], translation["score"])

    def translate(lines: list[str]) -> list[Answer]:
        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(ask, lines))

    return translate


@contextmanager
def server(precision: Precision) -> Iterator[str]:
    """A server of its own; its address."""
    environment = {**os.environ, "TRANSLATOR_PRECISION": precision, "TRANSLATOR_PORT": "0"}
    with subprocess.Popen(
        [sys.executable, "-m", "service"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr
            yield next(
                found[0].rstrip("/") for line in process.stderr if (found := re.search(r"http://\S+", line))
            )
        finally:
            process.terminate()
            process.communicate()


def compare(expected: list[Answer], found: list[Answer]) -> tuple[float, float]:
    """The share of texts that are the same, and the largest difference of the others' scores."""
    pairs = list(zip(expected, found, strict=True))
    different = [abs(one.score - other.score) for one, other in pairs if one.text != other.text]
    return 1 - len(different) / len(pairs), max(different, default=0.0)


def main() -> int:
    """Exit code: 0 when compared, 1 on an error."""
    console = Console(width=None if sys.stdout.isatty() else 100)
    try:
        options = tyro.cli(Options, description=__doc__)
        lines = [line for line in read_lines(options.sentences) if line.strip()][: options.count]
        search = SearchOptions(beam_size=options.beam)
        for precision in options.precisions:
            translator = Translator.load(device="cpu", precision=precision)
            expected = in_batches(translator, search, 1)(lines)
            with server(precision) as url:
                ways = {
                    "batches of 7": in_batches(translator, search, 7),
                    "batches of 32": in_batches(translator, search, 32),
                    "batches of 32, shuffled": shuffled(in_batches(translator, search, 32)),
                    "evaluator (all at once)": in_batches(translator, search, len(lines)),
                    "command line": by_command_line(precision, options.beam),
                    f"server, {CLIENTS} clients": by_server(url, options.beam),
                }
                table = Table(
                    title=f"{len(lines)} lines in {precision}, beam {options.beam}: beside one by one"
                )
                table.add_column("way")
                table.add_column("same text", justify="right")
                table.add_column("largest difference of other scores", justify="right")
                for name, way in ways.items():
                    same, difference = compare(expected, way(lines))
                    table.add_row(name, f"{same:.1%}", f"{difference:.1e}" if same < 1 else "")
            console.print(table)
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
