"""What lower precision costs: BLEU of the model that comes with the package in fp32, bf16 and int8.

    python benchmarks/precision_bleu.py dev/newstest2013 dev/docs-dev

Each test set is named by the common start of its files, `X.en` and `X.de`.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import tyro
from rich.console import Console
from rich.table import Table

from translator.device import choose_device, describe_device, has_fast_bf16, set_up_processor
from translator.errors import TranslatorError
from translator.evaluate import Evaluation, evaluate, read_lines
from translator.search import SearchOptions
from translator.translate import Translator
from translator.translate.translator import Precision

MOST_LOST = 0.2
"""BLEU that a lower precision may cost."""


@dataclass(frozen=True)
class Options:
    """What to measure."""

    sets: tyro.conf.Positional[tuple[Path, ...]]
    """Test sets without their endings."""
    precisions: tuple[Precision, ...] = ()
    """Compared with fp32; by default all that the device is made for."""
    model: Path | None = None
    device: str = "auto"
    beam_size: int = 4
    threads: int = 0


def measure(options: Options) -> dict[tuple[str, str], Evaluation]:
    """What the model makes of each test set in each precision."""
    search = SearchOptions(beam_size=options.beam_size)
    device = choose_device(options.device)
    made_for: dict[Precision, bool] = {
        "bf16": has_fast_bf16(device),
        "int8": device.type == "cpu",
    }
    others = options.precisions or tuple(precision for precision, is_made in made_for.items() if is_made)
    found = {}
    for precision in dict.fromkeys(("fp32", *others)):
        translator = Translator.load(options.model, options.device, precision=precision)

        def translate(sources: Sequence[str], translator: Translator = translator) -> list[str]:
            return [translation.text for translation in translator.translate(sources, search)]

        for path in options.sets:
            sources, references = read_lines(f"{path}.en"), read_lines(f"{path}.de")
            found[path.name, precision] = evaluate(
                precision, sources, references, translate, testset=path.name
            )
    return found


def show(found: dict[tuple[str, str], Evaluation], console: Console) -> bool:
    """A row for each test set and precision; returns whether no one loses too much."""
    table = Table(title="BLEU by precision")
    for heading in ("test set", "precision"):
        table.add_column(heading)
    for heading in ("BLEU", "against fp32", "sentences/s"):
        table.add_column(heading, justify="right")
    bleu = {
        key: next(one.value for one in evaluation.scores if one.name == "BLEU")
        for key, evaluation in found.items()
    }
    change = {(name, precision): bleu[name, precision] - bleu[name, "fp32"] for name, precision in found}
    for name, precision in sorted(found, key=lambda key: key[0]):
        table.add_row(
            name, precision, f"{bleu[name, precision]:.2f}", f"{change[name, precision]:+.2f}",
            f"{found[name, precision].sentences_per_second:.1f}",
        )  # fmt: skip
    console.print(table)
    most_lost = -min(change.values())
    console.print(f"the most that is lost: {most_lost:.2f}, the limit: {MOST_LOST}")
    return most_lost <= MOST_LOST


def main() -> int:
    """Exit code: 0 when no precision loses more than the limit, 1 when one does or on an error."""
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
