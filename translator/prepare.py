"""From text to a prepared folder: clean, train the tokenizer, encode.

Two passes over the text, so that no corpus ever has to fit into memory: the first cleans and draws the sentences for the
tokenizer, the second cleans again and encodes. With a given tokenizer there is only the second.
"""

import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from translator.corpus import CleaningRules, CorpusSpec, Deduplicator, DropCounts, DropReport, Pair, clean_pairs
from translator.errors import ConfigError, DataError
from translator.shards import CorpusEntry, IdBlock, PreparedWriter, check_is_free
from translator.tokenizer import Tokenizer, train_tokenizer

PAIRS_PER_BLOCK = 10_000
MIN_VOCAB_SIZE, MAX_VOCAB_SIZE = 8_000, 32_000

Progress = Callable[[str, int], None]
"""Called with what is being done and the number of pairs done so far, all corpora together."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PrepareReport:
    """What came out: the corpora as the manifest lists them, and what was dropped."""

    corpora: list[CorpusEntry]
    dev: list[CorpusEntry]
    drops: DropReport
    tokenizer_sha256: str


def prepare(
    corpora: Sequence[CorpusSpec],
    out: Path,
    *,
    vocab_size: int,
    dev: Sequence[CorpusSpec] = (),
    tokenizer: Path | None = None,
    rules: CleaningRules,
    seed: int,
    progress: Progress | None = None,
) -> PrepareReport:
    """Clean and encode corpora into the folder `out`; development sets are encoded as they are.

    `tokenizer` reuses a `tokenizer.model` instead of training one with `vocab_size` pieces.
    Raises `ConfigError` on a wrong setting, `DataError` when a corpus cannot be read, nothing is left of it, or `out` is
    in use.
    """
    _check(corpora, dev, vocab_size)
    check_is_free(out)
    count = _Counter(progress)
    if tokenizer is None:
        drawn = _draw_sentences(corpora, rules, seed, count)
        vocabulary = train_tokenizer(drawn, vocab_size, seed=seed)
    else:
        vocabulary = Tokenizer.load(tokenizer)
    drops, seen = DropReport(), Deduplicator()
    provenance = {"rules": asdict(rules), "seed": seed}
    with PreparedWriter(out, vocabulary, provenance) as writer:
        entries: dict[bool, list[CorpusEntry]] = {False: [], True: []}
        for spec, is_dev in itertools.chain(zip(corpora, itertools.repeat(False)), zip(dev, itertools.repeat(True))):
            counts = drops.corpora.setdefault(f"dev {spec.name}" if is_dev else spec.name, DropCounts())
            pairs = count.over(f"encoding {spec.name}", clean_pairs(spec, None if is_dev else rules, seen, counts))
            entry = writer.add(
                spec.name,
                _encode(pairs, vocabulary),
                weight=spec.weight,
                licence=spec.licence,
                drops=counts.dropped,
                dev=is_dev,
            )
            logger.info("%s: kept %d of %d pairs", spec.name, counts.kept, counts.read)
            if entry.pairs == 0:
                raise DataError(f"{spec.where}: no pair is left ({dict(counts.dropped)}); is this the right file?")
            entries[is_dev].append(entry)
    return PrepareReport(entries[False], entries[True], drops, vocabulary.sha256)


def _check(corpora: Sequence[CorpusSpec], dev: Sequence[CorpusSpec], vocab_size: int) -> None:
    if not MIN_VOCAB_SIZE <= vocab_size <= MAX_VOCAB_SIZE:
        raise ConfigError(f"vocab_size {vocab_size} is outside of {MIN_VOCAB_SIZE} to {MAX_VOCAB_SIZE}")
    if not corpora:
        raise ConfigError("no corpus given; name one or more to train on")
    for specs in (corpora, dev):
        names = [spec.name for spec in specs]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"two corpora are called {name}; write NAME=PATH for one of them")


class _Counter:
    """Counts pairs over several corpora and reports after each thousand."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._pairs = 0

    def over(self, stage: str, pairs: Iterator[Pair]) -> Iterator[Pair]:
        for pair in pairs:
            self._pairs += 1
            if self._progress and self._pairs % 1000 == 0:
                self._progress(stage, self._pairs)
            yield pair


def _draw_sentences(
    corpora: Sequence[CorpusSpec], rules: CleaningRules, seed: int, count: _Counter
) -> Iterator[str]:
    """Both sides of the good pairs, each pair with a probability proportional to its corpus's weight."""
    heaviest = max(spec.weight for spec in corpora)
    seen = Deduplicator()
    for index, spec in enumerate(corpora):
        random = np.random.default_rng((seed, index))
        share = spec.weight / heaviest
        pairs = count.over(f"reading {spec.name}", clean_pairs(spec, rules, seen, DropCounts()))
        for pair in pairs:
            if share == 1 or random.random() < share:
                yield from pair


def _encode(pairs: Iterator[Pair], tokenizer: Tokenizer) -> Iterator[IdBlock]:
    while block := list(itertools.islice(pairs, PAIRS_PER_BLOCK)):
        ids = tokenizer.encode_all([text for pair in block for text in pair])
        lengths_P2 = np.fromiter(map(len, ids), np.int64, len(ids)).reshape(-1, 2)
        yield np.fromiter(itertools.chain.from_iterable(ids), np.uint16, int(lengths_P2.sum())), lengths_P2
