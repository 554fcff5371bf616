"""Measure how well quality flags and confidence find bad translations, by the chrF of the flagged sentences.

    python benchmarks/flags.py dev/newstest2013 dev/docs-dev

Each argument is a test set: `dev/docs-dev` stands for the files `dev/docs-dev.en` and `dev/docs-dev.de`.
"""

import statistics
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Console
from rich.table import Table
from sacrebleu import sentence_chrf

from translator.errors import TranslatorError
from translator.evaluation.evaluate import read_lines
from translator.evaluation.quality import LOW_CONFIDENCE, flags
from translator.machine.device import set_up_processor
from translator.translate import Translator


@dataclass(frozen=True)
class Options:
    """What to measure."""

    sets: tyro.conf.Positional[tuple[Path, ...]]
    """Test sets: the paths of their files without .en and .de."""
    model: Path | None = None
    """Model folder. The default is the model in the package."""
    threads: int = 0
    """CPU threads. 0 uses all cores."""


def measure(options: Options) -> tuple[list[tuple[float, float]], dict[str, list[float]]]:
    """Return confidence and chrF of each sentence, and the chrF values of the sentences with each flag or none."""
    translator = Translator.load(options.model, "cpu")
    by_confidence: list[tuple[float, float]] = []
    by_flag: dict[str, list[float]] = defaultdict(list)
    for path in options.sets:
        sources, references = read_lines(f"{path}.en"), read_lines(f"{path}.de")
        for translation, reference in zip(translator.translate(sources), references, strict=True):
            # A reference cannot be divided among the sentences of its line, so lines with several are left out.
            if len(translation.sentences) == 1:
                [sentence] = translation.sentences
                chrf = sentence_chrf(sentence.text, [reference]).score
                by_confidence.append((sentence.hypotheses[0].confidence, chrf))
                found = flags(sentence.source, sentence.hypotheses[0], sentence.is_part)
                for flag in found or ("none",):
                    by_flag[flag].append(chrf)
    return sorted(by_confidence), by_flag


def show(by_confidence: list[tuple[float, float]], by_flag: dict[str, list[float]], console: Console) -> None:
    """Print chrF by decile of confidence, and chrF by flag."""
    table = Table(title="chrF by the model's confidence (each row holds a tenth of the sentences)")
    for heading in ("mean log-probability per token", "mean chrF", "chrF below 30"):
        table.add_column(heading, justify="right")
    tenth = max(1, len(by_confidence) // 10)
    for start in range(0, min(10 * tenth, len(by_confidence)), tenth):
        some = by_confidence[start : start + tenth]
        table.add_row(f"{some[0][0]:.2f} to {some[-1][0]:.2f}", *_figures([chrf for _, chrf in some]))
    console.print(table)
    table = Table(title=f"chrF by flag (low_confidence means below {LOW_CONFIDENCE})")
    for heading in ("flag", "sentences", "mean chrF", "chrF below 30"):
        table.add_column(heading, justify="left" if heading == "flag" else "right")
    for flag, chrf in sorted(by_flag.items()):
        table.add_row(flag, f"{len(chrf):,}", *_figures(chrf))
    console.print(table)


def _figures(chrf: list[float]) -> tuple[str, str]:
    return f"{statistics.mean(chrf):.1f}", f"{sum(value < 30 for value in chrf) / len(chrf):.0%}"


def main() -> int:
    """Measure and print. Returns 0 on success and 1 after reporting an error."""
    options = tyro.cli(Options, description=__doc__)
    try:
        set_up_processor(options.threads)
        show(*measure(options), Console(width=None if sys.stdout.isatty() else 110))
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
