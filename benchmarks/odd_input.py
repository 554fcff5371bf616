"""Measure what unusual spelling costs in BLEU: capitals, headlines, missing full stops and typos.

    python benchmarks/odd_input.py dev/tatoeba-dev --models OLD NEW

`dev/tatoeba-dev` stands for the files `dev/tatoeba-dev.en` and `dev/tatoeba-dev.de`. Every sentence is changed by the
same code that augments training data (`train.py … --augmentation`). For input in capitals, the reference is in
capitals too.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from translator.data.augmentation import Changes, augment
from translator.errors import TranslatorError
from translator.evaluation.evaluate import check_parallel, read_lines, score
from translator.search import SearchOptions
from translator.translate import Translator

KINDS = {
    "unchanged": Changes(),
    "IN CAPITALS": Changes(casing="upper_case"),
    "Like A Headline": Changes(casing="title_case"),
    "in lower case": Changes(casing="lower_case"),
    "without a full stop": Changes(no_final_punctuation=True),
    "one or two tpyos": Changes(typos=True),
}


@dataclass(frozen=True)
class Options:
    """What to measure."""

    testset: tyro.conf.Positional[Path]
    """Test set: the path of its files without .en and .de."""
    models: tuple[Path | None, ...] = (None,)
    """Model folders to compare. None, the default, is the model in the package."""
    beam_size: int = 4
    seed: int = 1
    """Seed of the random changes."""


def measure(options: Options) -> dict[str, list[tuple[float, ...]]]:
    """Return BLEU and chrF2 of each model for each kind of input."""
    lines, references = (read_lines(f"{options.testset}.{language}") for language in ("en", "de"))
    check_parallel("lines", lines, references)
    translators = [Translator.load(model) for model in options.models]
    found: dict[str, list[tuple[float, ...]]] = {}
    for kind, changes in KINDS.items():
        random = np.random.default_rng(options.seed)
        changed = [augment(*pair, changes, random) for pair in zip(lines, references, strict=True)]
        found[kind] = []
        for translator in translators:
            translations = translator.translate(
                [source for source, _ in changed], SearchOptions(beam_size=options.beam_size)
            )
            scores = score([one.text for one in translations], [target for _, target in changed])
            found[kind].append(tuple(one.value for one in scores if one.name in ("BLEU", "chrF2")))
    return found


def show(found: dict[str, list[tuple[float, ...]]], options: Options, console: Console) -> None:
    """Print a row for each kind of input and a column for each model."""
    table = Table("input", title=f"{options.testset.name}: BLEU, chrF2")
    for model in options.models:
        table.add_column(str(model or "model in the package"), justify="right")
    for kind, scores in found.items():
        table.add_row(kind, *(", ".join(f"{value:.2f}" for value in one) for one in scores))
    console.print(table)


def main() -> int:
    """Measure and print. Returns 0 on success and 1 after reporting an error."""
    options = tyro.cli(Options, description=__doc__)
    try:
        show(measure(options), options, Console(width=None if sys.stdout.isatty() else 110))
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
