"""Compare `translator translate` with and without Ray: start-up, lines per second, and processor time.

    python benchmarks/ray_speed.py dev/newstest2013.en --lines 200000 --rounds 2

The sentences are repeated up to the number of lines, with a number in front, so that no two are the same. Each round
runs every way once, so that changes of the machine's speed meet all of them. Start-up is the time for one line, lines
per second are those of the rest of the time. Processor time is that of all processes, Ray's included.
"""

import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

ROOT = Path(__file__).parents[1]
WAYS = {
    "plain, 1 process": ("local", 1),
    "Ray, 1 worker": ("ray", 1),
    "plain, 2 processes": ("local", 2),
    "Ray, 2 workers": ("ray", 2),
}
SAMPLING_SECONDS = 0.2
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Options:
    """What to translate, and how often."""

    sentences: Positional[Path]
    """A file of English sentences."""
    lines: int = 20_000
    """Number of lines."""
    rounds: int = 3
    """How often each way runs."""
    beam: int = 1
    """Beam size."""
    model: Annotated[Path | None, tyro.conf.arg(help_behavior_hint="")] = None
    """Model folder; by default the model in the package."""


@dataclass(frozen=True)
class Cost:
    """What a run took."""

    seconds: float
    processor_seconds: float


def processor_seconds(process: int) -> dict[int, float]:
    """Return the processor time of a process and of each of its descendants that lives."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except FileNotFoundError:  # it has just ended
        return {}
    used = {process: (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND}
    for child in children:
        used |= processor_seconds(int(child))
    return used


def run(options: Options, engine: str, processes: int, file: Path, out: Path) -> Cost:
    """Translate a file; raises CalledProcessError if that fails."""
    command = (
        *(sys.executable, "-m", "translator", "translate", file, "--out", out, "--beam", str(options.beam)),
        *("--device", "cpu", "--engine", engine, "--processes", str(processes)),
        *(("--model", options.model) if options.model else ()),
    )
    return spend(command, processes)


def spend(command: Sequence[str | Path], threads: int) -> Cost:
    """Run a command, whose processes use that many threads each; raises CalledProcessError if it fails."""
    used: dict[int, float] = {}
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": str(threads)}, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            used |= processor_seconds(process.pid)
            time.sleep(SAMPLING_SECONDS)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(seconds, sum(used.values()))


def measure(options: Options, folder: Path) -> dict[str, tuple[list[Cost], list[Cost]]]:
    """Return what each way took in each round, for one line and for all lines."""
    sentences = [line.strip() for line in options.sentences.read_text(encoding="utf-8").splitlines()]
    numbered = (f"{number}: {line}\n" for number, line in enumerate(itertools.cycle(sentences)))
    one, all_lines = folder / "one.en", folder / "all.en"
    one.write_text(f"{sentences[0]}\n", encoding="utf-8")
    with all_lines.open("w", encoding="utf-8") as file:
        file.writelines(itertools.islice(numbered, options.lines))
    found: dict[str, tuple[list[Cost], list[Cost]]] = {way: ([], []) for way in WAYS}
    for number, (way, (engine, processes)) in itertools.product(range(options.rounds), WAYS.items()):
        for costs, text in zip(found[way], (one, all_lines), strict=True):
            costs.append(run(options, engine, processes, text, folder / f"{way}{number}{text.stem}"))
    return found


def main() -> None:
    """Measure and print."""
    options = tyro.cli(Options, description=__doc__)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options, Path(folder))
    print(f"{options.lines} lines, median of {options.rounds} rounds\n")
    print("| | start-up (s) | lines/s | processor time (ms a line) |\n|---|---|---|---|")
    for way, (one, all_lines) in found.items():
        start = statistics.median(cost.seconds for cost in one)
        rate = options.lines / (statistics.median(cost.seconds for cost in all_lines) - start)
        processor = statistics.median(
            cost.processor_seconds - first.processor_seconds
            for cost, first in zip(all_lines, one, strict=True)
        )
        print(f"| {way} | {start:.1f} | {rate:.0f} | {1000 * processor / options.lines:.2f} |")


if __name__ == "__main__":
    main()
