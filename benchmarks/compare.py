"""Compare the Transformer with what it replaced and what came of it, trained on the same data for the same cost.

    make compare
    make compare COMPARE=small DATA=pairs.tsv

Trains a recurrent network with attention, a decoder-only model, the Transformer, and the Transformer with one part
changed or taken out. All see the same data, tokenizer, loss, search and evaluator, and each training costs the same
number of operations. Then writes a page with plots. After an interruption, repeat the command:
finished trainings are kept.
"""

import concurrent.futures
import multiprocessing
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro
from comparison.page import write_page
from comparison.training import Result, Task, begin, held_out, is_begun, prepare_pairs, train
from comparison.variants import ABLATIONS, ARCHITECTURES
from demo import write_corpus

from translator.data.corpus import CorpusSpec
from translator.errors import TranslatorError
from translator.machine.processor import usable_cores

VOCAB_SIZE = 8000
"""Pieces of the vocabulary for real text; the toy grammar has fewer."""
FLOPS = {"tiny": 1.5e12, "small": 4e13}
"""The default cost of each training."""


@dataclass(frozen=True)
class Options:
    """What to compare."""

    out: Path
    """Folder for the data, the results and the page, index.html."""
    size: Literal["tiny", "small"] = "tiny"
    """The presets to compare."""
    data: str | None = None
    """Corpus of pairs, as for `translator prepare --corpus`; by default a toy grammar."""
    flops: float | None = None
    """Operations of each training; by default 1.5e12 for tiny and 4e13 for small."""
    seeds: tuple[int, ...] = (1,)
    """Each model is trained once for each seed."""
    ablations: bool = True
    """Whether to train the Transformer with parts changed as well."""


def prepare_data(options: Options) -> None:
    """Prepare the data; raises ConfigError if the folder holds a comparison with other settings."""
    settings = {"size": options.size, "data": options.data, "flops": options.flops or FLOPS[options.size]}
    if is_begun(options.out, settings):
        return
    options.out.mkdir(parents=True, exist_ok=True)
    if options.data is None:
        write_corpus(options.out)
    else:
        prepare_pairs(CorpusSpec.parse(options.data), options.out, VOCAB_SIZE)
    begin(options.out, settings)


def compare(options: Options) -> Path:
    """Train all models, as many at a time as there are cores, and write the page; returns its path."""
    prepare_data(options)
    variants = [*ARCHITECTURES, *(ABLATIONS if options.ablations else ())]
    tasks = [
        Task(variant.name, seed, options.size, options.flops or FLOPS[options.size], options.out)
        for variant in variants
        for seed in options.seeds
    ]
    # Each training has a process of its own, because the threads and random numbers of PyTorch belong to a process.
    with concurrent.futures.ProcessPoolExecutor(
        usable_cores(), multiprocessing.get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        results = list(pool.map(train, tasks))
    return write_page(options.out / "index.html", _by_variant(results), held_out(options.out), options.data)


def _by_variant(results: list[Result]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.variant, []).append(result)
    return found


def main() -> int:
    """Compare; returns 0 on success and 1 after reporting an error."""
    try:
        print(f"wrote {compare(tyro.cli(Options, description=__doc__))}")
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
