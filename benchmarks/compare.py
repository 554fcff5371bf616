"""Compare the Transformer with what it replaced and what came of it, trained on the same data for the same cost.

    make compare
    make compare COMPARE=small DATA=pairs.tsv

Trains a recurrent network with attention, a decoder-only model, the Transformer, and the Transformer with one part
changed or taken out. All see the same data, tokenizer, loss, search and evaluator, and each training costs the same
number of operations. Then writes a page with plots. After an interruption, repeat the command: finished trainings are
kept, and an unfinished one starts again.
"""

import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro
from comparison.page import write_page
from comparison.training import Result, Task, begin, held_out, is_begun, prepare_pairs, train
from comparison.variants import ABLATIONS, ARCHITECTURES
from demo import write_corpus

from translator.config.declarations import require
from translator.data.corpus import CorpusSpec
from translator.errors import TranslatorError
from translator.machine.parallel import work_in_order
from translator.machine.processor import usable_cores

FLOPS = {"tiny": 1.5e12, "small": 3e13}
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
    vocab_size: int = 8000
    """Pieces of the vocabulary for `data`; the toy grammar has its own number."""
    flops: float | None = None
    """Operations of each training; by default 1.5e12 for tiny and 3e13 for small."""
    seeds: tuple[int, ...] = (1,)
    """Each model is trained once for each seed."""
    ablations: bool = True
    """Whether to train the Transformer with parts changed as well."""
    processes: int = 0
    """Trainings at a time; 0 is one for each core."""

    def __post_init__(self) -> None:
        require(self.flops is None or self.flops > 0, f"flops is {self.flops}; give more than 0")
        require(
            self.processes >= 0, f"processes is {self.processes}; give 1 or more, or 0 for one for each core"
        )
        require(
            len(self.seeds) == len(set(self.seeds)) > 0,
            f"seeds are {self.seeds}; give one or more, each once",
        )

    @property
    def flops_each(self) -> float:
        """The operations of each training."""
        return self.flops or FLOPS[self.size]


def prepare_data(options: Options) -> None:
    """Prepare the data; raises ConfigError if the folder holds a comparison with other settings."""
    settings = {"size": options.size, "data": options.data, "flops": options.flops_each}
    if options.data is not None:
        settings["vocab_size"] = options.vocab_size
    if is_begun(options.out, settings):
        return
    if options.data is None:
        options.out.mkdir(parents=True, exist_ok=True)
        write_corpus(options.out)
    else:
        prepare_pairs(CorpusSpec.parse(options.data), options.out, options.vocab_size)
    begin(options.out, settings)


def make_trainer() -> Callable[[Task], Result]:
    """Return what trains a model, for a process of its own."""
    return train


def compare(options: Options) -> Path:
    """Train all models, several at a time, and write the page; returns its path."""
    prepare_data(options)
    variants = [*ARCHITECTURES, *(ABLATIONS if options.ablations else ())]
    tasks = [
        Task(variant.name, seed, options.size, options.flops_each, options.out)
        for variant in variants
        for seed in options.seeds
    ]
    processes = min(options.processes or usable_cores(), len(tasks))
    with closing(work_in_order(make_trainer, tasks, processes)) as trained:
        results = list(trained)
    return write_page(options.out / "index.html", _by_variant(results), held_out(options.out), options.data)


def _by_variant(results: list[Result]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.variant, []).append(result)
    return found


def main() -> int:
    """Compare; returns 0 on success, 1 after reporting an error, and 130 after Ctrl-C."""
    try:
        print(f"wrote {compare(tyro.cli(Options, description=__doc__))}")
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: cannot use {error.filename or 'the disk'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; repeat the command to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
