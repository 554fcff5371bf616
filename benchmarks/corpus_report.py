"""What each corpus adds to a mix: its size, the words of the development sets it covers, and what it repeats.

    python benchmarks/corpus_report.py --corpus a.tsv.xz --corpus b.tsv:0.5 --dev dev/docs-dev --samples FOLDER

Corpora and development sets are named as for `translator prepare`, and cleaned by the same rules. The columns:

- dropped: the share that cleaning drops, duplicates aside; the other columns are about the rest
- tokens: target tokens in millions, by the vocabulary of the model in the package
- of an epoch: the share of its target tokens, by the weights
- length: target tokens per pair
- types, running: the share of the words of the English sides of the development sets that occur in the English of the
  corpus, each word counted once or as often as it occurs there
- only here: how many of these words no other corpus has
- elsewhere: the share of pairs that another corpus has, too
- duplicates, near-duplicates: what `translator prepare` drops of it, in the order of the corpora. Near-duplicates have
  the same words, in any case and with any digits and punctuation, as two pairs before them.
- copies: the share of pairs with the same words on both sides

FOLDER gets a random sample of 50 pairs of each corpus to read.
"""

import itertools
import random
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tyro
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from translator.data.corpus import (
    CleaningRules,
    CorpusSpec,
    Deduplicator,
    DropCounts,
    Pair,
    check_readable,
    drop_reason,
    read_pairs,
)
from translator.data.tokenizer import SentencePieceTokenizer
from translator.errors import ConfigError, DataError, TranslatorError
from translator.text import normalise
from translator.text.lexicon import WORD

SEED = 1
SAMPLED_PAIRS = 50
PAIRS_PER_BLOCK = 1000
TOKENIZER = Path(__file__).with_name("vocabulary-12000.model")
RULES = CleaningRules()
REPEATS = ("duplicate", "near-duplicate")
HEADS = (
    "corpus", "weight", "pairs", "dropped", "tokens", "of an epoch", "length", "types", "running", "only here",
    "elsewhere", "duplicates", "near-duplicates", "copies",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """What to report on."""

    corpus: tyro.conf.UseAppendAction[tuple[str, ...]]
    """[NAME=]WHERE[:WEIGHT][#LICENCE], as for `translator prepare`; once for each corpus."""
    dev: tyro.conf.UseAppendAction[tuple[str, ...]]
    """Development set, in the same form; once for each."""
    samples: Path
    """Folder for the samples."""


@dataclass
class Figures:
    """Figures of a corpus."""

    name: str
    weight: float
    dropped: float = 0.0
    """The share of pairs that cleaning drops, duplicates aside."""
    pairs: int = 0
    tokens: int = 0
    copies: int = 0
    repeats: Counter[str] = field(default_factory=Counter)
    """The number of duplicates and near-duplicates."""
    words: set[str] = field(default_factory=set)
    """The words of the development sets that occur."""
    hashes: "array[int]" = field(default_factory=lambda: array("q"))
    """One for each pair."""
    sample: list[Pair] = field(default_factory=list)


def words_of(english: str) -> list[str]:
    """Return the words of a text in lower case."""
    return WORD.findall(english.replace("’", "'").lower())


def count_words(dev: Iterable[CorpusSpec]) -> Counter[str]:
    """Count the words of the English sides."""
    return Counter(
        word
        for spec in dev
        for english, _ in read_pairs(spec, DropCounts())
        for word in words_of(normalise(english))
    )


class Reader:
    """Reads corpora one after the other, each pair once."""

    def __init__(
        self, dev_words: Counter[str], tokenizer: SentencePieceTokenizer, progress: Callable[[str, int], None]
    ) -> None:
        self._dev_words = dev_words
        self._tokenizer = tokenizer
        self._progress = progress
        self._seen = Deduplicator()

    def read(self, spec: CorpusSpec) -> Figures:
        """Return the figures of a corpus; raises `DataError` if it has no clean pair."""
        figures, choose, counts = Figures(spec.name, spec.weight), random.Random(SEED), DropCounts()
        good = (pair for pair in read_pairs(spec, counts) if drop_reason(*pair, RULES) is None)
        pairs = ((normalise(english), normalise(german)) for english, german in good)
        while block := list(itertools.islice(pairs, PAIRS_PER_BLOCK)):
            for pair in block:
                self._count(pair, figures, choose)
            figures.tokens += sum(map(len, self._tokenizer.encode_all([german for _, german in block])))
            self._progress(f"reading {spec.name}", figures.pairs)
        figures.dropped = 1 - figures.pairs / max(1, counts.read)
        if not figures.pairs:
            raise DataError(f"cleaning leaves nothing of {spec.where}; is this the right file?")
        return figures

    def _count(self, pair: Pair, figures: Figures, choose: random.Random) -> None:
        english, german = pair
        figures.pairs += 1
        figures.words |= self._dev_words.keys() & words_of(english)
        figures.copies += english.casefold() == german.casefold()
        figures.hashes.append(hash(pair))
        if reason := self._seen.drop_reason(pair, RULES.max_alike):
            figures.repeats[reason] += 1
        # Reservoir sampling: every pair so far is in the sample with the same probability.
        if len(figures.sample) < SAMPLED_PAIRS:
            figures.sample.append(pair)
        elif (place := choose.randrange(figures.pairs)) < SAMPLED_PAIRS:
            figures.sample[place] = pair


def shares_elsewhere(corpora: Sequence[Figures]) -> list[float]:
    """Return the share of each corpus's pairs that another corpus has, too."""
    hashes = [np.unique(np.array(one.hashes)) for one in corpora]
    found, times = np.unique(np.concatenate(hashes), return_counts=True)
    repeated = found[times > 1]
    return [float(np.isin(np.array(one.hashes), repeated).mean()) for one in corpora]


def table(corpora: Sequence[Figures], dev_words: Counter[str]) -> Table:
    """Return a row for each corpus, and one for all."""
    result = Table(title="Corpora")
    for head in HEADS:
        result.add_column(head, justify="right" if result.columns else "left")
    epoch = sum(one.weight * one.tokens for one in corpora)
    homes = Counter(word for one in corpora for word in one.words)
    for one, elsewhere in zip(corpora, shares_elsewhere(corpora), strict=True):
        only_here = sum(homes[word] == 1 for word in one.words)
        epoch_share = percent(one.weight * one.tokens / epoch)
        shares = (elsewhere, *(one.repeats[reason] / one.pairs for reason in REPEATS), one.copies / one.pairs)
        result.add_row(
            one.name, f"{one.weight:g}", f"{one.pairs:,}", percent(one.dropped), f"{one.tokens / 1e6:.2f}", epoch_share,
            f"{one.tokens / one.pairs:.1f}", *coverage(one.words, dev_words), f"{only_here:,}", *map(percent, shares),
        )  # fmt: skip
    pairs, tokens = sum(one.pairs for one in corpora), sum(one.tokens for one in corpora)
    mean_length = f"{tokens / pairs:.1f}"
    result.add_row(
        "all", "", f"{pairs:,}", "", f"{tokens / 1e6:.2f}", "", mean_length, *coverage(homes, dev_words)
    )
    return result


def coverage(words: Collection[str], dev_words: Counter[str]) -> tuple[str, str]:
    """Return the covered share of the words of the development sets: of types, and of running words."""
    running = sum(dev_words[word] for word in words)
    return percent(len(words) / len(dev_words)), percent(running / dev_words.total())


def percent(share: float) -> str:
    """Format a share, 0 to 1, as a percentage."""
    return f"{100 * share:.1f} %"


def write_sample(figures: Figures, folder: Path) -> None:
    """Write numbered pairs, the German below the English."""
    lines = (
        f"{number}. {english}\n   {german}\n" for number, (english, german) in enumerate(figures.sample, 1)
    )
    (folder / f"{figures.name}.txt").write_text("".join(lines), encoding="utf-8")


def report(options: Options, console: Console) -> None:
    """Read the corpora, write the samples and print the table."""
    corpora, dev = ([CorpusSpec.parse(one) for one in some] for some in (options.corpus, options.dev))
    if not corpora or not dev:
        raise ConfigError("a report needs a corpus and a development set; name them with --corpus and --dev")
    for spec in (*corpora, *dev):
        check_readable(spec)
    tokenizer = SentencePieceTokenizer.load(TOKENIZER)
    options.samples.mkdir(parents=True, exist_ok=True)
    dev_words = count_words(dev)
    columns = (TextColumn("{task.description}", markup=False), TextColumn("{task.completed:,} pairs"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task("reading", total=None)
        reader = Reader(
            dev_words,
            tokenizer,
            lambda stage, pairs: progress.update(task, description=stage, completed=pairs),
        )
        figures = [reader.read(spec) for spec in corpora]
    for one in figures:
        write_sample(one, options.samples)
    console.print(table(figures, dev_words))


def main() -> int:
    """Exit code: 0, or 1 on an error."""
    options = tyro.cli(Options, description=__doc__)
    try:
        report(options, Console(width=None if sys.stdout.isatty() else 200))
    except (TranslatorError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
