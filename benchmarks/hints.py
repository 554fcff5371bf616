"""Measure how much a model's lexicon helps: words with a hint, right hints, and BLEU with and without the lexicon.

    python benchmarks/hints.py dev/tatoeba-dev dev/docs-dev --model FOLDER

Each argument is a test set: `dev/docs-dev` stands for the files `dev/docs-dev.en` and `dev/docs-dev.de`. A hint counts
as right if a word of the reference begins with the stem of the hint. So inflected forms count and synonyms do not.
"""

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Console
from rich.table import Table

from translator.errors import ConfigError, TranslatorError
from translator.evaluation.evaluate import check_parallel, read_lines, score
from translator.text.lexicon import WORD, Hinting
from translator.training.checkpoint import load_model, save_model
from translator.translate import Style, Translator, shipped_model

_MAX_ENDING_LETTERS = 3
"""Letters at the end of a word that may differ."""


@dataclass(frozen=True)
class Options:
    """What to measure."""

    sets: tyro.conf.Positional[tuple[Path, ...]]
    """Test sets: the paths of their files without .en and .de."""
    model: Path | None = None
    """Model folder. The default is the model in the package."""


def count_hints(hinting: Hinting, sources: list[str], references: list[str]) -> tuple[float, float]:
    """Return the share of words that have a hint, and the share of hints that are right."""
    words = hints = right = 0
    for source, reference in zip(sources, references, strict=True):
        german = [word.lower() for word in WORD.findall(reference)]
        words += len(WORD.findall(source))
        for hint in hinting.hints(source):
            stem = hint.german.lower()[: max(4, len(hint.german) - _MAX_ENDING_LETTERS)]
            hints += 1
            right += any(word.startswith(stem) for word in german)
    return hints / max(1, words), right / max(1, hints)


def measure(translator: Translator, sources: list[str], references: list[str]) -> tuple[float, float, float]:
    """Translate with the default search, letting the model choose du or Sie. Returns BLEU, chrF2 and seconds."""
    start = time.perf_counter()
    translations = translator.translate(sources, style=Style(formality="auto"))
    seconds = time.perf_counter() - start
    scores = {one.name: one.value for one in score([one.text for one in translations], references)}
    return scores["BLEU"], scores["chrF2"], seconds


def show(options: Options, console: Console) -> None:
    """Measure each test set with and without the lexicon, and print a column for each."""
    folder = load_model(options.model or shipped_model())
    if folder.lexicon is None:
        raise ConfigError(f"{options.model} has no lexicon; choose a model that was trained with one")
    hinting = Hinting(folder.lexicon, folder.tokenizer.marks)
    rows: dict[str, list[str]] = {
        name: []
        for name in ("words with a hint", "right hints", "without lexicon", "with lexicon", "relative time")
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
    title = "BLEU and chrF2, and the time with the lexicon divided by the time without"
    table = Table("", *(one.name for one in options.sets), title=title)
    for row_name, row in rows.items():
        table.add_row(row_name, *row)
    console.print(table)


def main() -> int:
    """Measure and print. Returns 0 on success and 1 after reporting an error."""
    options = tyro.cli(Options, description=__doc__)
    try:
        show(options, Console(width=None if sys.stdout.isatty() else 110))
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
