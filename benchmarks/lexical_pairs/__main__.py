"""Generate training pairs for numbers, times, dates, letters, countries and everyday words.

    python benchmarks/lexical_pairs OUT.tsv.xz --count 60000 --seed 1 --without dev/*.en test/*.en

Each line is English<TAB>German, which `translator prepare --corpus` reads. The ending of the file name selects the
compression. Sentences of `behaviour.py` are left out, so that they remain a fair test.
"""

import gzip
import lzma
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TextIO

import tyro

# Python puts this folder on the path. The imports below need its parent, which holds the packages.
sys.path[0] = str(Path(__file__).parents[1])

from behaviour_suites import SUITES  # noqa: E402 (needs the path above)

from lexical_pairs.drawing import generate, words_of  # noqa: E402 (needs the path above)

_OPENERS: dict[str, Callable[..., TextIO]] = {".xz": lzma.open, ".gz": gzip.open}


@dataclass(frozen=True)
class Options:
    """What to write."""

    out: Annotated[Path, tyro.conf.Positional]
    """File for the pairs: .tsv, .tsv.xz or .tsv.gz."""
    count: int = 60_000
    """Number of distinct pairs."""
    seed: int = 1
    """The same seed gives the same pairs."""
    without: tuple[Path, ...] = ()
    """Development and test sets whose sentences are left out: English files with one sentence per line."""
    show: int = 0
    """Number of pairs to print as examples."""


def main() -> None:
    """Write the pairs and print their number for each topic."""
    options = tyro.cli(Options, description=__doc__)
    lines = [line for path in options.without for line in path.read_text(encoding="utf-8").splitlines()]
    lines += [case.source for suite in SUITES.values() for case in suite.cases]
    pairs = generate(options.count, options.seed, excluded=set(map(words_of, lines)))
    with _OPENERS.get(options.out.suffix, open)(options.out, "wt", encoding="utf-8") as out:
        out.writelines(f"{pair.english}\t{pair.german}\n" for pair in pairs)
    topics = Counter(pair.frame.topic for pair in pairs)
    for topic, number in topics.most_common():
        frames = len({pair.frame for pair in pairs if pair.frame.topic == topic})
        print(f"{topic:20} {number:6} pairs from {frames} frames")
    print(f"{'total':20} {len(pairs):6} pairs")
    for pair in pairs[: options.show]:
        print(f"{pair.english}\t{pair.german}")


main()
