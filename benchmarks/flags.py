"""What the flags of a translation are worth: chrF of the sentences that have one, beside the others.

    python benchmarks/flags.py dev/newstest2013 dev/docs-dev

Each test set is named by the common start of its files, `X.en` and `X.de`.
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

from translator.analysis.quality import LOW_CONFIDENCE, flags
from translator.device import set_up_processor
from translator.errors import TranslatorError
from translator.evaluate import read_lines
from translator.translate import Translator


@dataclass(frozen=True)
class Options:
    """What to measure."""

    sets: tyro.conf.Positional[tuple[Path, ...]]
    """Test sets without their endings."""
    model: Path | None = None
    threads: int = 0


def measure(options: Options) -> tuple[list[tuple[float, float]], dict[str, list[float]]]:
    """Confidence and chrF of every sentence; and the chrF of those with each flag, and with none."""
    translator = Translator.load(options.model, "cpu")
    by_confidence: list[tuple[float, float]] = []
    by_flag: dict[str, list[float]] = defaultdict(list)
    for path in options.sets:
        sources, references = read_lines(f"{path}.en"), read_lines(f"{path}.de")
        for translation, reference in zip(translator.translate(sources), references, strict=True):
            if len(translation.sentences) == 1:  # the reference is of one sentence
                [sentence] = translation.sentences
                chrf = sentence_chrf(sentence.text, [reference]).score
                by_confidence.append((sentence.hypotheses[0].confidence, chrf))
                for flag in flags(sentence.source, sentence.hypotheses[0], sentence.is_part) or ["none"]:
                    by_flag[flag].append(chrf)
    return sorted(by_confidence), by_flag


def show(by_confidence: list[tuple[float, float]], by_flag: dict[str, list[float]], console: Console) -> None:
    """A row for each tenth of the sentences by confidence, and one for each flag."""
    table = Table(title="chrF by the model's confidence, a tenth of the sentences in each row")
    for heading in ("mean log-probability of a piece", "mean chrF", "chrF below 30"):
        table.add_column(heading, justify="right")
    tenth = max(1, len(by_confidence) // 10)
    for start in range(0, 10 * tenth, tenth):
        some = by_confidence[start : start + tenth]
        table.add_row(f"{some[0][0]:.2f} to {some[-1][0]:.2f}", *_figures([chrf for _, chrf in some]))
    console.print(table)
    table = Table(title=f"chrF by flag (low_confidence: below {LOW_CONFIDENCE})")
    for heading in ("flag", "sentences", "mean chrF", "chrF below 30"):
        table.add_column(heading, justify="left" if heading == "flag" else "right")
    for flag, chrf in sorted(by_flag.items()):
        table.add_row(flag, f"{len(chrf):,}", *_figures(chrf))
    console.print(table)


def _figures(chrf: list[float]) -> tuple[str, str]:
    return f"{statistics.mean(chrf):.1f}", f"{sum(value < 30 for value in chrf) / len(chrf):.0%}"


def main() -> int:
    """Exit code: 0, or 1 on an error."""
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
