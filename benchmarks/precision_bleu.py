"""Measure what bf16 and int8 cost in BLEU, compared with fp32.

    python benchmarks/precision_bleu.py dev/newstest2013 dev/docs-dev

Each argument is a test set: `dev/docs-dev` stands for the files `dev/docs-dev.en` and `dev/docs-dev.de`.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import tyro
from rich.console import Console
from rich.table import Table

from translator.errors import TranslatorError
from translator.evaluation.evaluate import Evaluation, evaluate, read_lines
from translator.machine.device import choose_device, describe_device, has_fast_bf16, set_up_processor
from translator.search import SearchOptions
from translator.translate import Translator
from translator.translate.precision import Precision

MAX_LOSS = 0.2
"""BLEU points that a lower precision may lose."""


@dataclass(frozen=True)
class Options:
    """What to measure."""

    sets: tyro.conf.Positional[tuple[Path, ...]]
    """Test sets: the paths of their files without .en and .de."""
    precisions: tuple[Precision, ...] = ()
    """Precisions to compare with fp32. The default is all that are fast on the device."""
    model: Path | None = None
    """Model folder. The default is the model in the package."""
    device: str = "auto"
    beam_size: int = 4
    threads: int = 0
    """CPU threads. 0 uses all cores."""


def measure(options: Options) -> dict[tuple[str, str], Evaluation]:
    """Translate and score each test set in each precision. The keys are (test set, precision)."""
    search = SearchOptions(beam_size=options.beam_size)
    device = choose_device(options.device)
    is_fast: dict[Precision, bool] = {
        "bf16": has_fast_bf16(device),
        "int8": device.type == "cpu",
    }
    others = options.precisions or tuple(precision for precision in is_fast if is_fast[precision])
    evaluations: dict[tuple[str, str], Evaluation] = {}
    for precision in dict.fromkeys(("fp32", *others)):
        translator = Translator.load(options.model, options.device, precision=precision)

        def translate(sources: Sequence[str], translator: Translator = translator) -> list[str]:
            return [translation.text for translation in translator.translate(sources, search)]

        for path in options.sets:
            sources, references = read_lines(f"{path}.en"), read_lines(f"{path}.de")
            evaluations[path.name, precision] = evaluate(
                precision, sources, references, translate, testset=path.name
            )
    return evaluations


def show(evaluations: dict[tuple[str, str], Evaluation], console: Console) -> bool:
    """Print a row for each test set and precision. Returns whether every loss is within the limit."""
    table = Table(title="BLEU by precision")
    for heading in ("test set", "precision"):
        table.add_column(heading)
    for heading in ("BLEU", "difference to fp32", "sentences/s"):
        table.add_column(heading, justify="right")
    bleu = {
        key: next(one.value for one in evaluation.scores if one.name == "BLEU")
        for key, evaluation in evaluations.items()
    }
    change = {(name, precision): bleu[name, precision] - bleu[name, "fp32"] for name, precision in bleu}
    for name, precision in sorted(evaluations, key=lambda key: key[0]):
        table.add_row(
            name, precision, f"{bleu[name, precision]:.2f}", f"{change[name, precision]:+.2f}",
            f"{evaluations[name, precision].sentences_per_second:.1f}",
        )  # fmt: skip
    console.print(table)
    largest_loss = max(0.0, -min(change.values()))
    console.print(f"Largest loss: {largest_loss:.2f} BLEU (limit {MAX_LOSS})")
    return largest_loss <= MAX_LOSS


def main() -> int:
    """Measure and print. Returns 0 if every loss is within the limit, and 1 if one is not or on an error."""
    options = tyro.cli(Options, description=__doc__)
    console = Console(width=None if sys.stdout.isatty() else 110)
    try:
        set_up_processor(options.threads)
        console.print(f"{describe_device(choose_device(options.device))}, PyTorch {torch.__version__}")
        return 0 if show(measure(options), console) else 1
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
