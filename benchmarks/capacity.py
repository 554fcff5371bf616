"""Write docs/capacity.md: what a load needs in cores, hours and money, from figures measured on this machine.

    python benchmarks/capacity.py --out docs/capacity.md             # measures for some minutes, then writes the page
    python benchmarks/capacity.py --figures docs/capacity.json --price-per-core-hour 0.02 --tokens-per-sentence 40

The second command prints the page from recorded figures and the assumptions that it is given.

What is measured is processor time, which other programs on the machine change less than wall time. With --out, the
figures and assumptions are recorded beside the page, in a file that ends in .json.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from behaviour_suites import SUITES
from capacity_plan.figures import MIN_REQUESTS, Figures, measure
from capacity_plan.needs import Assumptions
from capacity_plan.page import write

from translator.errors import ConfigError, TranslatorError
from translator.evaluation.evaluate import read_lines


@dataclass(frozen=True)
class Options:
    """What to measure, and what to assume."""

    assumptions: Annotated[Assumptions, tyro.conf.arg(name="")] = field(default_factory=Assumptions)
    """Assumptions."""
    sentences: Path | None = None
    """File with an English sentence on each line; by default those of benchmarks/behaviour_suites, which are short."""
    lines: int = 5_000
    """Lines of the corpus to translate."""
    requests: int = 4_000
    """Requests to send to the service, at least 16."""
    figures: Path | None = None
    """Recorded figures to use; nothing is measured."""
    out: Path | None = None
    """File for the page; by default it is printed."""

    def __post_init__(self) -> None:
        for name, value, least in (("lines", self.lines, 1), ("requests", self.requests, MIN_REQUESTS)):
            if value < least:
                raise ConfigError(f"--{name} is {value}; give at least {least}")


def read_sentences(path: Path | None) -> list[str]:
    """Return the sentences to measure with."""
    if path is None:
        return [case.source for suite in SUITES.values() for case in suite.cases]
    return [line for line in read_lines(path) if line.strip()]


def read_record(path: Path) -> tuple[Figures, Assumptions]:
    """Return the figures and assumptions behind a page."""
    recorded = json.loads(path.read_text(encoding="utf-8"))
    return Figures(**recorded["figures"]), Assumptions(**recorded["assumptions"])


def main() -> int:
    """Measure and write. Returns 0 on success and 1 after reporting an error."""
    try:
        options = tyro.cli(Options, description=__doc__)
        if options.figures:
            figures, _ = read_record(options.figures)
        else:
            name = options.sentences.name if options.sentences else ""
            figures = measure(name, read_sentences(options.sentences), options.lines, options.requests)
    except (TranslatorError, subprocess.CalledProcessError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    page = write(figures, options.assumptions)
    if options.out is None:
        print(page, end="")
        return 0
    record = {"figures": asdict(figures), "assumptions": asdict(options.assumptions)}
    options.out.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    options.out.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
