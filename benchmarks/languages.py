"""How often English is taken for another language, and German for English.

    python benchmarks/languages.py --english corpus.tsv.xz dev.en --german dev.de

Reads lines of text, plain or compressed; of TSV files, the first column. Lines of a single word are left out, as one
word may be in any language.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from translator.data.corpus.lines import read_lines
from translator.text.language import detect_language

_SHOWN = 10


def main() -> None:
    """Print the table."""
    arguments = _arguments()
    table = Table("language", "lines", "mistaken", "µs a line", "some of them")
    for language, files in (("en", arguments.english), ("de", arguments.german)):
        lines = list(_lines(files, arguments.most))
        started = time.perf_counter()
        mistaken = [line for line in lines if detect_language(line)[0] != language]
        each = (time.perf_counter() - started) / max(1, len(lines)) * 1e6
        some = "\n".join(line[:60] for line in mistaken[:: max(1, len(mistaken) // _SHOWN)][:_SHOWN])
        table.add_row(language, f"{len(lines):,}", str(len(mistaken)), f"{each:.0f}", some)
    Console().print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--english", nargs="+", type=Path, default=[], help="files of English lines")
    parser.add_argument("--german", nargs="+", type=Path, default=[], help="files of German lines")
    parser.add_argument("--most", type=int, default=4_000, help="lines to read of each file")
    return parser.parse_args()


def _lines(files: Sequence[Path], most: int) -> Iterator[str]:
    for file in files:
        for line in islice(read_lines(file), most):
            text = line.partition("\t")[0]
            if len(text.split()) > 1:
                yield text


if __name__ == "__main__":
    main()
