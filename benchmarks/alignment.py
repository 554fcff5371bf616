"""Measure how well each cross-attention head aligns words, on hand-aligned sentences.

    python benchmarks/alignment.py [MODEL] [--record]

Prints the alignment error rate (AER) of every head, and of the mean of each layer's heads. With only sure links,
AER = 1 − 2·|A∩S| / (|A| + |S|) (Och & Ney 2003), where A are the links that `align` makes and S the links drawn by
hand. With --record, the best head is written to the model's card, where `align` looks it up.
"""

import itertools
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import tyro
from rich.console import Console
from rich.progress import track
from rich.table import Table

from translator.errors import TranslatorError
from translator.files.model_folder import write_card
from translator.translate import Translator, shipped_model
from translator.translate.alignment import (
    AligningHead,
    Link,
    Weights,
    best_links,
    by_words,
    head_attention,
    read_sides,
)

SAMPLE = Path(__file__).parent / "alignments.txt"
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Minimum attention weights of a link to try."""

WordLinks = set[tuple[int, int]]
"""Links of one sentence pair: the positions of a source word and a target word, from 0."""


@dataclass(frozen=True)
class Options:
    """What to measure."""

    model: tyro.conf.Positional[Path | None] = None
    """Model folder. The default is the model in the package."""
    record: bool = False
    """Write the best head to the model's card."""


def read_sample() -> tuple[list[tuple[str, str]], list[WordLinks]]:
    """Read the sentence pairs and their hand-drawn links."""
    pairs, links = [], []
    for line in SAMPLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            english, german, numbers = line.split(" | ")
            pairs.append((english, german))
            ends = [link.split("-") for link in numbers.split()]
            links.append({(int(source) - 1, int(target) - 1) for source, target in ends})
    return pairs, links


def error_rate(found: list[WordLinks], sure: list[WordLinks]) -> float:
    """Return the AER over all sentences, from 0 (best) to 1."""
    right = sum(len(a & s) for a, s in zip(found, sure, strict=True))
    return 1 - 2 * right / (sum(map(len, found)) + sum(map(len, sure)))


def measure(
    translator: Translator, pairs: list[tuple[str, str]], sure: list[WordLinks]
) -> dict[AligningHead, float]:
    """Return the AER of every head, read at either decoding step, for each threshold."""
    rates, sides = dict[AligningHead, float](), read_sides(translator, pairs)
    for layer in track(
        range(translator.config.alignment_layers), "reading layers", console=Console(stderr=True)
    ):
        each = [head_attention(translator, sides, layer, head) for head in range(translator.config.heads)]
        heads: dict[int | None, list[list[Weights]]] = {
            None: each,
            **{at: [one] for at, one in enumerate(each)},
        }
        for (head, attention), is_next_step in itertools.product(heads.items(), (False, True)):
            weights = by_words(sides, attention, is_next_step)
            for threshold in THRESHOLDS:
                found = [
                    word_links(best_links(weights_TS, source, target, threshold), source, target)
                    for weights_TS, source, target in weights
                ]
                rates[AligningHead(layer, head, is_next_step, threshold)] = error_rate(found, sure)
    return rates


def word_links(
    links: list[Link], source_words: list[tuple[int, int]], target_words: list[tuple[int, int]]
) -> WordLinks:
    """Convert links between character offsets to links between word positions."""
    return {(source_words.index(link.source), target_words.index(link.target)) for link in links}


def show(rates: dict[AligningHead, float], console: Console) -> None:
    """Print a row for each head, with its best threshold at either step."""
    table = Table(title="Alignment error rate on hand-aligned sentences (lower is better)")
    for name in ("layer", "head", "step that predicts the word", "step that reads the word"):
        table.add_column(name, justify="right")
    for layer, head in dict.fromkeys((by.layer, by.head) for by in rates):
        cells = []
        for is_next_step in (False, True):
            rate, threshold = min(
                (rate, by.least_weight)
                for by, rate in rates.items()
                if (by.layer, by.head, by.is_next_step) == (layer, head, is_next_step)
            )
            cells.append(f"{rate:.1%} (threshold {threshold})")
        table.add_row(str(layer), "mean" if head is None else str(head), *cells)
    console.print(table)


def main() -> int:
    """Measure and print. Returns 0 on success and 1 after reporting an error."""
    options = tyro.cli(Options, description=__doc__)
    try:
        translator = Translator.load(options.model, "cpu")
        pairs, sure = read_sample()
        rates = measure(translator, pairs, sure)
        show(rates, Console())
        best = min(rates, key=lambda by: rates[by])
        print(
            f"Best: {best}, AER {rates[best]:.1%} on {len(pairs)} sentences with {sum(map(len, sure))} links"
        )
        if options.record:
            recorded = {**asdict(best), "error_rate": round(rates[best], 4), "sentences": len(pairs)}
            write_card(options.model or shipped_model(), {**translator.card, "alignment": recorded})
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
