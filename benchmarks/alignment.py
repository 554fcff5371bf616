"""How well the heads of cross-attention align words: error rates on hand-aligned sentences.

    python benchmarks/alignment.py [MODEL] [--record]

For every head, and for the mean of each layer's heads, the alignment error rate (AER; Och & Ney 2003, all links
being sure ones: 1 − 2·|A∩S| / (|A| + |S|)) of the links that `translator.analysis.align` would make.
--record writes the best one onto the model's card, where `align` looks it up.
"""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import tyro
from rich.console import Console
from rich.table import Table

from translator.analysis.alignment import AligningHead, Link, best_links, word_weights
from translator.errors import TranslatorError
from translator.model_folder import write_card
from translator.translate import Translator, shipped_model

SAMPLE = Path(__file__).parent / "alignments.txt"
LEAST_WEIGHTS = (0.1, 0.2, 0.3, 0.4, 0.5)

Places = set[tuple[int, int]]


@dataclass(frozen=True)
class Options:
    """What to measure."""

    model: tyro.conf.Positional[Path | None] = None
    """Model folder; by default the model that comes with the package."""
    record: bool = False
    """Write the best head onto the model's card."""


def read_sample() -> tuple[list[tuple[str, str]], list[Places]]:
    """The sentence pairs, and the links between the places of their words, from 0."""
    pairs, links = [], []
    for line in SAMPLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            english, german, numbers = line.split(" | ")
            pairs.append((english, german))
            ends = [link.split("-") for link in numbers.split()]
            links.append({(int(source) - 1, int(target) - 1) for source, target in ends})
    return pairs, links


def error_rate(found: list[Places], sure: list[Places]) -> float:
    """AER over all sentences, 0 (best) to 1."""
    right = sum(len(a & s) for a, s in zip(found, sure, strict=True))
    return 1 - 2 * right / (sum(map(len, found)) + sum(map(len, sure)))


def measure(
    translator: Translator, pairs: list[tuple[str, str]], sure: list[Places]
) -> dict[AligningHead, float]:
    """The error rate of every head, read at either step, at several least weights."""
    rates = {}
    heads: list[int | None] = [None, *range(translator.config.heads)]
    for layer in range(translator.config.decoder_layers):
        for head in heads:
            for is_next_step in (False, True):
                weights = word_weights(translator, pairs, AligningHead(layer, head, is_next_step, 0.0))
                for least in LEAST_WEIGHTS:
                    found = [
                        places(best_links(weights_TS, *words, least), *words)
                        for weights_TS, *words in weights
                    ]
                    rates[AligningHead(layer, head, is_next_step, least)] = error_rate(found, sure)
    return rates


def places(
    links: list[Link], source_words: list[tuple[int, int]], target_words: list[tuple[int, int]]
) -> Places:
    """Character offsets as numbers of words."""
    return {(source_words.index(link.source), target_words.index(link.target)) for link in links}


def show(rates: dict[AligningHead, float], console: Console) -> None:
    """A row for each head, at its best least weight."""
    table = Table(title="Alignment error rate, hand-aligned sentences")
    for name in ("layer", "head", "step that puts the word out", "step that takes it in"):
        table.add_column(name, justify="right")
    for layer, head in dict.fromkeys((by.layer, by.head) for by in rates):
        cells = []
        for is_next_step in (False, True):
            rate, least = min(
                (rate, by.least_weight)
                for by, rate in rates.items()
                if (by.layer, by.head, by.is_next_step) == (layer, head, is_next_step)
            )
            cells.append(f"{rate:.1%} (from {least})")
        table.add_row(str(layer), "mean" if head is None else str(head), *cells)
    console.print(table)


def main() -> int:
    """Measure and print; 1 on an error that is told in one line."""
    options = tyro.cli(Options, description=__doc__)
    try:
        translator = Translator.load(options.model, "cpu")
        pairs, sure = read_sample()
        rates = measure(translator, pairs, sure)
        show(rates, Console())
        best = min(rates, key=lambda by: rates[by])
        print(f"best: {best}, {rates[best]:.1%} on {len(pairs)} sentences, {sum(map(len, sure))} links")
        if options.record:
            recorded = {**asdict(best), "error_rate": round(rates[best], 4), "sentences": len(pairs)}
            write_card(options.model or shipped_model(), {**translator.card, "alignment": recorded})
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
