"""What the lexicon of a model is worth: how many words get a hint, how many hints are right, and BLEU without them.

    python benchmarks/hints.py dev/tatoeba-dev dev/docs-dev --model FOLDER

Each test set is named by the common start of its files, `X.en` and `X.de`. A hint counts as right if a word of the
reference begins with its first letters, so that inflected forms count and synonyms do not.
"""

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Console
from rich.table import Table

from translator.checkpoint import load_model, save_model
from translator.errors import ConfigError, TranslatorError
from translator.evaluate import check_parallel, read_lines, score
from translator.text.lexicon import WORD, Hinting
from translator.translate import Style, Translator, shipped_model

_ENDING = 3
"""Letters that may differ at the end of a word."""


@dataclass(frozen=True)
class Options:
    """What to measure."""

    sets: tyro.conf.Positional[tuple[Path, ...]]
    """Test sets without their endings."""
    model: Path | None = None
    """Model folder; by default the model that comes with the package."""


def count_hints(hinting: Hinting, sources: list[str], references: list[str]) -> tuple[float, float]:
    """The share of words with a hint, and the share of hints that are right."""
    words = hints = right = 0
    for source, reference in zip(sources, references, strict=True):
        german = [word.lower() for word in WORD.findall(reference)]
        words += len(WORD.findall(source))
        for hint in hinting.hints(source):
            stem = hint.german.lower()[: max(4, len(hint.german) - _ENDING)]
            hints += 1
            right += any(word.startswith(stem) for word in german)
    return hints / max(1, words), right / max(1, hints)


def measure(translator: Translator, sources: list[str], references: list[str]) -> tuple[float, float, float]:
    """BLEU, chrF2 and seconds with beam 4; the model chooses the formality."""
    start = time.perf_counter()
    translations = translator.translate(sources, style=Style(formality="auto"))
    seconds = time.perf_counter() - start
    scores = {one.name: one.value for one in score([one.text for one in translations], references)}
    return scores["BLEU"], scores["chrF2"], seconds


def show(options: Options, console: Console) -> None:
    """Print a column for each set."""
    folder = load_model(options.model or shipped_model())
    if folder.lexicon is None:
        raise ConfigError(f"{options.model} has no lexicon; give a model that was trained with one")
    hinting = Hinting(folder.lexicon, folder.tokenizer.marks)
    rows: dict[str, list[str]] = {
        name: []
        for name in ("words with a hint", "hints that are right", "without the lexicon", "with it", "time")
    }
    with tempfile.TemporaryDirectory() as temporary:
        plain = Path(temporary) / "plain"
        save_model(plain, folder.model.config, folder.model.state_dict(), folder.tokenizer, folder.card)
        translators = Translator.load(plain, "cpu"), Translator.load(options.model, "cpu")
    for name in options.sets:
        sources, references = (read_lines(f"{name}.{language}") for language in ("en", "de"))
        check_parallel("lines", sources, references)
        shares = count_hints(hinting, sources, references)
        without, with_it = (measure(one, sources, references) for one in translators)
        cells = (
            *(f"{share:.1%}" for share in shares),
            *(f"{bleu:.2f}, {chrf:.2f}" for bleu, chrf, _ in (without, with_it)),
            f"{with_it[2] / without[2]:.2f}",
        )
        for row, cell in zip(rows.values(), cells, strict=True):
            row.append(cell)
    table = Table("", *(one.name for one in options.sets), title="BLEU and chrF2; time as a multiple")
    for row_name, row in rows.items():
        table.add_row(row_name, *row)
    console.print(table)


def main() -> int:
    """Exit code: 0 when measured, 1 on an error."""
    options = tyro.cli(Options, description=__doc__)
    try:
        show(options, Console(width=None if sys.stdout.isatty() else 110))
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
