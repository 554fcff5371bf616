"""Writes training pairs for numbers, times, dates, letters, countries and everyday words.

    python benchmarks/lexical_pairs OUT.tsv.xz --count 60000 --seed 1 --without dev/*.en test/*.en

Each line is English<TAB>German, as `translator prepare --corpus` reads it. Compression goes by the file's ending. No
sentence of `behaviour.py` is written.
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

sys.path[0] = str(
    Path(__file__).parents[1]
)  # Python puts this folder itself there, which does not hold the packages

from behaviour_suites import SUITES  # noqa: E402 (the path above is needed first)

from lexical_pairs.drawing import generate, words_of  # noqa: E402 (see above)

_OPENERS: dict[str, Callable[..., TextIO]] = {".xz": lzma.open, ".gz": gzip.open}


@dataclass(frozen=True)
class Options:
    """What to write."""

    out: Annotated[Path, tyro.conf.Positional]
    """File for the pairs: .tsv, .tsv.xz or .tsv.gz."""
    count: int = 60_000
    """Pairs, all distinct."""
    seed: int = 1
    """The same seed writes the same pairs."""
    without: tuple[Path, ...] = ()
    """English files, one sentence a line, none of which may be written: development and test sets."""
    show: int = 0
    """Random pairs to print."""


def main() -> None:
    """Write the pairs and print how many there are of each topic."""
    options = tyro.cli(Options, description=__doc__)
    lines = [line for path in options.without for line in path.read_text(encoding="utf-8").splitlines()]
    lines += [case.source for suite in SUITES.values() for case in suite.cases]
    pairs = generate(options.count, options.seed, excluded=set(map(words_of, lines)))
    with _OPENERS.get(options.out.suffix, open)(options.out, "wt", encoding="utf-8") as out:
        out.writelines(f"{pair.english}\t{pair.german}\n" for pair in pairs)
    topics = Counter(pair.frame.topic for pair in pairs)
    for topic, number in topics.most_common():
        frames = len({pair.frame for pair in pairs if pair.frame.topic == topic})
        print(f"{topic:20} {number:6} pairs of {frames} frames")
    print(f"{'in all':20} {len(pairs):6} pairs")
    for pair in pairs[: options.show]:
        print(f"{pair.english}\t{pair.german}")


main()
