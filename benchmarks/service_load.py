"""Measure the service under load. Prints a table of cases with their results and limits.

    python benchmarks/service_load.py dev/docs-dev.en            # or: make bench-service SENTENCES=dev/docs-dev.en

Each case starts the service, with the model in the package or, where only the service itself matters, with an echo in
its place. Run nothing else on the machine meanwhile, because the load comes from the same machine.
"""

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import tyro
from load_test.disconnects import disconnects
from load_test.overload import half_load, overload
from load_test.results import Result
from load_test.robustness import isolation, memory
from load_test.speed import latency, liveness, throughput
from rich.console import Console
from rich.table import Table

from translator.errors import TranslatorError
from translator.evaluation.evaluate import read_lines
from translator.machine.device import choose_device, describe_device, set_up_processor
from translator.translate import Translator

Case = Literal[
    "throughput", "latency", "isolation", "half-load", "overload", "memory", "disconnects", "liveness"
]


@dataclass(frozen=True)
class Options:
    """What to measure, and for how long."""

    sentences: tyro.conf.Positional[Path]
    """A file with an English sentence on each line."""
    seconds: float = 60.0
    """Time for which a case sends its load."""
    rounds: int = 3
    """Rounds in which the service and the engine alone take turns."""
    requests: int = 10_000
    """Requests of the memory case."""
    cases: tuple[Case, ...] = get_args(Case)
    """Cases to run. The default is all of them."""


def runners(options: Options, lines: list[str]) -> dict[Case, Callable[[], list[Result]]]:
    """Return the function that runs each case."""
    seconds, load = options.seconds, functools.cache(Translator.load)
    return {
        "throughput": lambda: throughput(load(), lines, options.rounds, seconds),
        "latency": lambda: latency(load(), options.rounds),
        "isolation": lambda: isolation(seconds),
        "half-load": lambda: half_load(lines, seconds),
        "overload": lambda: overload(lines, seconds),
        "memory": lambda: memory(options.requests),
        "disconnects": lambda: disconnects(load(), lines),
        "liveness": lambda: liveness(lines, seconds),
    }


def main() -> int:
    """Measure and print. Returns 0 if every limit is met, and 1 if one is not or on an error."""
    options = tyro.cli(Options, description=__doc__)
    try:
        lines = [line for line in read_lines(options.sentences) if line.strip()][:1024]
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    set_up_processor(0)
    table = Table(title=f"The service under load: {describe_device(choose_device('auto'))}")
    for heading in ("case", "measurement", "result", "limit", "met"):
        table.add_column(heading)
    are_met = True
    for case, run in runners(options, lines).items():
        for one in run() if case in options.cases else ():
            table.add_row(case, one.measurement, one.result, one.limit, "yes" if one.is_met else "NO")
            are_met &= one.is_met
            print(f"{case}: {one.measurement}: {one.result}", file=sys.stderr)
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    return 0 if are_met else 1


if __name__ == "__main__":
    sys.exit(main())
