"""Turn text into a prepared folder: clean, train the tokenizer, encode.

The text is read twice, so that no corpus has to fit into memory: once to sample the sentences that the
tokenizer learns from, and once to encode. If you pass a tokenizer, the text is read once.
"""

import itertools
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from translator.data.corpus import (
    CleaningRules,
    CorpusSpec,
    Deduplicator,
    DropCounts,
    DropReport,
    Pair,
    check_readable,
    clean_pairs,
    read_pairs,
)
from translator.data.shards import MAX_VOCAB_SIZE, CorpusEntry, IdBlock, PreparedWriter
from translator.data.tokenizer import Tokenizer, load_tokenizer, train_tokenizer
from translator.data.vocabulary import marks_of_classes
from translator.errors import ConfigError, DataError
from translator.text import normalise
from translator.text.formality import FORMALITIES, formalities_of
from translator.text.lexicon import Hinting, Lexicon
from translator.text.marks import MARK
from translator.text.protected import mark_pair
from translator.text.spelling import spelt_as_today

MIN_VOCAB_SIZE = 400
PROTECTED_SHARE = 0.9
"""The share of pairs with protected spans in which reserved pieces replace them. In use, spans are replaced.
The other pairs teach the model to read numbers anyway, since a text may have more spans than pieces."""
REGISTER_SHARE = {"formal": 0.6, "informal": 0.85}
"""The share of formal and informal pairs whose English starts with the piece for that register. The others leave the
choice to the model."""
NEUTRAL_REGISTER_SHARE = 0.06
"""The share of neutral pairs that start with a random register piece, to teach that it has no effect there."""
PAIRS_PER_BLOCK = 10_000

Progress = Callable[[str, int], None]
"""Called regularly with the current stage, such as "encoding news", and the number of pairs done in it."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PrepareReport:
    """What was written: the corpora as the manifest lists them, and what cleaning dropped."""

    corpora: list[CorpusEntry]
    dev: list[CorpusEntry]
    drops: DropReport
    tokenizer_sha256: str
    protected: "dict[str, ProtectedCounts]" = field(default_factory=dict)
    """The number of protected spans, by corpus name."""
    german: "dict[str, GermanCounts]" = field(default_factory=dict)
    """How the German is written, by corpus name."""


@dataclass
class ProtectedCounts:
    """How many pairs of a corpus have protected spans, and in how many of those both sides agree."""

    pairs: int = 0
    """Pairs with a span in the English."""
    marked_pairs: int = 0
    """Pairs with at least one marked span."""
    spans: int = 0
    """Spans in the pairs that `protected_share` selected."""
    marked_spans: int = 0
    """Spans with a counterpart in the German, replaced by a reserved piece on both sides."""


@dataclass
class GermanCounts:
    """How the German of a corpus is written."""

    respelt: int = 0
    """Pairs with pre-1996 spellings, which were modernised."""
    formal: int = 0
    """Pairs with Sie."""
    informal: int = 0
    """Pairs with du or ihr."""
    mixed: int = 0
    """Pairs with both, which were dropped."""


def prepare(
    corpora: Sequence[CorpusSpec],
    out: Path,
    *,
    vocab_size: int,
    dev: Sequence[CorpusSpec] = (),
    tokenizer: Path | None = None,
    lexicon: Path | None = None,
    rules: CleaningRules,
    seed: int,
    protected_share: float = PROTECTED_SHARE,
    progress: Progress | None = None,
) -> PrepareReport:
    """Clean and encode corpora into the new folder `out`; development sets keep all their pairs.

    Both sides are normalised, and pre-1996 German spellings are modernised. In a share of the pairs, reserved pieces
    replace the protected spans on which both sides agree, and a piece before the English says whether the German uses
    Sie or du. Pairs that use both are dropped. Development sets keep their German and get none of these pieces.
    `tokenizer` is a model folder, or a file `tokenizer.model`, whose tokenizer to reuse; without it, one with
    `vocab_size` pieces is trained.
    `lexicon` is the path of a file that `translator lexicon` wrote. Most rare source words get a hint from it; in
    development sets, all of them do.
    Raises `ConfigError` on settings that cannot work, and `DataError` if a corpus cannot be read, if cleaning leaves
    nothing of it, or if `out` is in use. Everything that can be checked up front is.
    """
    _check(corpora, dev, None if tokenizer else vocab_size, protected_share)
    vocabulary = load_tokenizer(tokenizer) if tokenizer else None
    hints = Lexicon.load(lexicon) if lexicon is not None else None
    preparation = _Preparation(rules, seed, protected_share, hints, progress or (lambda _stage, _pairs: None))
    provenance = {"rules": asdict(rules), "seed": seed, "protected_share": protected_share}
    with PreparedWriter(out, provenance) as writer:
        for spec in (*corpora, *dev):
            check_readable(spec)
        if vocabulary is None:
            vocabulary = train_tokenizer(preparation.sample_sentences(corpora), vocab_size, seed=seed)
        writer.add_tokenizer(vocabulary)
        if hints is not None:
            _check_reads_hints(vocabulary, lexicon, tokenizer)
            writer.add_lexicon(hints)
        report = preparation.encode(corpora, dev, vocabulary, writer)
        writer.provenance["formality"] = _formality(report.german.values())
        return report


def _formality(counts: Collection[GermanCounts]) -> dict[str, int]:
    return {
        "formal": sum(one.formal for one in counts),
        "informal": sum(one.informal for one in counts),
    }


class _Preparation:
    """The two passes over the text and the settings they share."""

    def __init__(
        self,
        rules: CleaningRules,
        seed: int,
        protected_share: float,
        lexicon: Lexicon | None,
        progress: Progress,
    ) -> None:
        self._rules = rules
        self._seed = seed
        self._protected_share = protected_share
        self._lexicon = lexicon
        self._progress = progress

    def sample_sentences(self, corpora: Sequence[CorpusSpec]) -> Iterator[str]:
        """Yield both sides of clean pairs without protected spans, sampled in proportion to the corpus weights."""
        heaviest = max(spec.weight for spec in corpora)
        seen = Deduplicator()
        for index, spec in enumerate(corpora):
            random = np.random.default_rng((self._seed, index))
            counts = DropCounts()
            for pair in clean_pairs(self._watched("reading", spec, counts), self._rules, seen, counts):
                if random.random() < spec.weight / heaviest:
                    marked = mark_pair(*pair, marks_of_classes(), random)
                    yield from (MARK.sub("", text) for text in (marked.english, marked.german))
            _check_something_is_left(spec, counts)

    def encode(
        self,
        corpora: Sequence[CorpusSpec],
        dev: Sequence[CorpusSpec],
        tokenizer: Tokenizer,
        writer: PreparedWriter,
    ) -> PrepareReport:
        """Write the corpora and the development sets."""
        report = PrepareReport([], [], DropReport(), tokenizer.sha256)
        seen = Deduplicator()
        for spec in corpora:
            counts = report.drops.corpora[spec.name] = DropCounts()
            good = clean_pairs(self._watched("encoding", spec, counts), self._rules, seen, counts)
            german = report.german[spec.name] = GermanCounts()
            good = _in_todays_german(good, german, counts)
            if tokenizer.marks:
                protected = report.protected[spec.name] = ProtectedCounts()
                random = np.random.default_rng((self._seed, len(report.corpora)))
                good = self._marked(good, tokenizer.marks, random, protected)
                random = np.random.default_rng((self._seed, len(report.corpora), 1))
                good = _with_formality(good, tokenizer.marks["register"], random, german)
            if self._lexicon is not None:
                random = np.random.default_rng((self._seed, len(report.corpora), 2))
                good = _with_hints(good, Hinting(self._lexicon, tokenizer.marks), random)
            report.corpora.append(_add(writer, spec, good, counts, tokenizer, dev=False))
        for spec in dev:
            counts = report.drops.corpora[f"dev {spec.name}"] = DropCounts()
            pairs = self._watched("encoding", spec, counts)
            normalised: Iterator[Pair] = ((normalise(english), german) for english, german in pairs)
            if self._lexicon is not None:
                normalised = _with_hints(normalised, Hinting(self._lexicon, tokenizer.marks))
            report.dev.append(_add(writer, spec, normalised, counts, tokenizer, dev=True))
        return report

    def _marked(
        self,
        pairs: Iterator[Pair],
        marks: Mapping[str, str],
        random: np.random.Generator,
        counts: ProtectedCounts,
    ) -> Iterator[Pair]:
        """Yield the pairs, with marks for the spans on which both sides agree in `protected_share` of them."""
        for english, german in pairs:
            pair, found = (english, german), mark_pair(english, german, marks, random)
            counts.pairs += found.spans > 0
            if found.spans and random.random() < self._protected_share:
                counts.spans += found.spans
                counts.marked_spans += found.agreeing
                counts.marked_pairs += found.agreeing > 0
                pair = found.english, found.german
            yield pair

    def _watched(self, stage: str, spec: CorpusSpec, counts: DropCounts) -> Iterator[Pair]:
        for pair in read_pairs(spec, counts):
            yield pair
            if counts.read % 1000 == 0:
                self._progress(f"{stage} {spec.name}", counts.read)
        self._progress(f"{stage} {spec.name}", counts.read)


def _in_todays_german(pairs: Iterator[Pair], german: GermanCounts, counts: DropCounts) -> Iterator[Pair]:
    """Yield the pairs in modern spelling, without those that mix Sie and du."""
    for english, text in pairs:
        if len(formalities_of(english, text)) > 1:
            german.mixed += 1
            counts.dropped["Sie and du"] += 1
            continue
        respelt = spelt_as_today(text)
        german.respelt += respelt != text
        yield english, respelt


def _with_formality(
    pairs: Iterator[Pair], marks: str, random: np.random.Generator, counts: GermanCounts
) -> Iterator[Pair]:
    """Yield the pairs, a share of them with a mark before the English that gives the register of the German."""
    for english, german in pairs:
        found = formalities_of(english, german)
        counts.formal += "formal" in found
        counts.informal += "informal" in found
        if found:
            (register,) = found
            is_marked = random.random() < REGISTER_SHARE[register]
        else:
            register = FORMALITIES[int(random.integers(2))]
            is_marked = random.random() < NEUTRAL_REGISTER_SHARE
        yield (marks[FORMALITIES.index(register)] + english if is_marked else english), german


def _with_hints(
    pairs: Iterator[Pair], hinting: Hinting, random: np.random.Generator | None = None
) -> Iterator[Pair]:
    """Yield the pairs with hints in the English: all hints, or a random choice if you pass a generator."""
    for english, german in pairs:
        hints = hinting.some_hints(english, random) if random else hinting.hints(english)
        yield hinting.insert(english, hints), german


def _check(
    corpora: Sequence[CorpusSpec], dev: Sequence[CorpusSpec], vocab_size: int | None, protected_share: float
) -> None:
    if vocab_size is not None and not MIN_VOCAB_SIZE <= vocab_size <= MAX_VOCAB_SIZE:
        raise ConfigError(f"vocab_size {vocab_size} must be between {MIN_VOCAB_SIZE} and {MAX_VOCAB_SIZE}")
    if not corpora:
        raise ConfigError("no corpus to prepare; name at least one")
    for specs in (corpora, dev):
        names = [spec.name for spec in specs]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"two corpora are named {name!r}; rename one of them with NEWNAME=PATH")
    if not 0 <= protected_share <= 1:
        raise ConfigError(f"protected_share is {protected_share}; use a value from 0 to 1")


def _check_reads_hints(vocabulary: Tokenizer, lexicon: Path | None, tokenizer: Path | None) -> None:
    if not vocabulary.marks:
        raise ConfigError(
            f"--lexicon {lexicon} needs a tokenizer with reserved pieces for hints, and {tokenizer} has "
            "none; omit --tokenizer to train one"
        )


def _add(
    writer: PreparedWriter,
    spec: CorpusSpec,
    pairs: Iterator[Pair],
    counts: DropCounts,
    tokenizer: Tokenizer,
    *,
    dev: bool,
) -> CorpusEntry:
    blocks = _encode_blocks(pairs, tokenizer)
    entry = writer.add(
        spec.name, blocks, weight=spec.weight, licence=spec.licence, drops=counts.dropped, dev=dev
    )
    logger.info("%s: %d of %d pairs kept", spec.name, counts.kept, counts.read)
    _check_something_is_left(spec, counts)
    return entry


def _check_something_is_left(spec: CorpusSpec, counts: DropCounts) -> None:
    if counts.kept == 0:
        reasons = ", ".join(f"{reason} {number}" for reason, number in counts.dropped.most_common())
        raise DataError(f"{spec.where}: all {counts.read} pairs were dropped ({reasons}); {counts.remedy}")


def _encode_blocks(pairs: Iterator[Pair], tokenizer: Tokenizer) -> Iterator[IdBlock]:
    while block := list(itertools.islice(pairs, PAIRS_PER_BLOCK)):
        source = tokenizer.source.encode_all_marked([english for english, _ in block])
        target = tokenizer.target.encode_all_marked([german for _, german in block])
        ids = list(itertools.chain.from_iterable(zip(source, target, strict=True)))
        lengths_P2 = np.fromiter(map(len, ids), np.int64, len(ids)).reshape(-1, 2)
        yield np.fromiter(itertools.chain.from_iterable(ids), np.uint16, int(lengths_P2.sum())), lengths_P2
