"""From text to a prepared folder: clean, train the tokenizer, encode.

The text is read twice, so that no corpus has to fit into memory: once to draw the sentences from which the
tokenizer learns, once to encode. With a given tokenizer it is read once.
"""

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from translator.corpus import (
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
from translator.errors import ConfigError, DataError
from translator.shards import MAX_VOCAB_SIZE, CorpusEntry, IdBlock, PreparedWriter
from translator.text import normalise
from translator.text.formality import FORMALITIES, formalities_of
from translator.text.lexicon import Hinting, Lexicon
from translator.text.protected import mark_pair
from translator.text.spelling import spelt_as_today
from translator.text.wrapped import wrapped
from translator.tokenizer import MARKS, Tokenizer, train_tokenizer
from translator.vocabulary import marks_of_classes

MIN_VOCAB_SIZE = 400
WRAPPED_SHARE = 0.05
"""Of all pairs, the share in which markup is put around some words, where words of both sides are known to belong
together."""
PROTECTED_SHARE = 0.9
"""Of the pairs with protected spans, the share in which reserved pieces stand for them. The model sees only such pairs
later; the others teach it to read numbers all the same, for there may be more spans than pieces."""
TOLD_SHARE = {"formal": 0.6, "informal": 0.85}
"""Of the pairs that are formal or informal, the share whose English begins with the piece that tells which. The others
leave the choice to the model."""
TOLD_FOR_NOTHING_SHARE = 0.06
"""Of the pairs that are neither, the share that has either of these pieces, so that it means nothing there."""
PAIRS_PER_BLOCK = 10_000

Progress = Callable[[str, int], None]
"""Called now and then with what is being done, as "encoding news", and how many of its pairs are done."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PrepareReport:
    """What was made: the corpora as the manifest lists them, and what cleaning dropped."""

    corpora: list[CorpusEntry]
    dev: list[CorpusEntry]
    drops: DropReport
    tokenizer_sha256: str
    protected: "dict[str, ProtectedCounts]" = field(default_factory=dict)
    """For each corpus, how many spans are protected."""
    german: "dict[str, GermanCounts]" = field(default_factory=dict)
    """For each corpus, how its German is written."""


@dataclass
class ProtectedCounts:
    """How many pairs of a corpus have protected spans, and in how many both sides agree on them."""

    pairs: int = 0
    """With a span in the English."""
    marked_pairs: int = 0
    spans: int = 0
    """In pairs that were chosen by the share."""
    wrapped_pairs: int = 0
    """With markup put around some words of both sides."""
    marked_spans: int = 0
    """With a counterpart in the German, so that a reserved piece stands for them on both sides."""


@dataclass
class GermanCounts:
    """How the German of a corpus is written."""

    respelt: int = 0
    """Pairs with words in the spelling before 1996, which were respelt."""
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
    """Clean and encode corpora into the new folder `out`; of development sets, no pair is left out.

    Both sides are normalised, and German from before 1996 is spelt as today. In a share of the pairs reserved pieces
    stand for the protected spans on which both sides agree, and a piece before the English tells whether the German has
    Sie or du. Pairs with both are dropped. Development sets keep their German, and have no such pieces.
    `tokenizer` names a `tokenizer.model` to reuse; without it, one of `vocab_size` pieces is trained.
    `lexicon` names a file that `translator lexicon` wrote: most rare words of the sources get a hint from it, and all
    those of the development sets.
    Raises `ConfigError` on settings that cannot work, `DataError` when a corpus cannot be read, when nothing
    of it is left, or when `out` is in use. What can be checked is checked before the long work.
    """
    _check(corpora, dev, None if tokenizer else vocab_size)
    if not 0 <= protected_share <= 1:
        raise ConfigError(f"protected_share is {protected_share}; give 0 to 1")
    vocabulary = Tokenizer.load(tokenizer) if tokenizer else None
    hints = Lexicon.load(lexicon) if lexicon else None
    preparation = _Preparation(rules, seed, protected_share, hints, progress or (lambda _stage, _pairs: None))
    provenance = {"rules": asdict(rules), "seed": seed, "protected_share": protected_share}
    with PreparedWriter(out, provenance) as writer:
        for spec in (*corpora, *dev):
            check_readable(spec)
        if vocabulary is None:
            vocabulary = train_tokenizer(preparation.draw_sentences(corpora), vocab_size, seed=seed)
        if hints and not vocabulary.marks:
            raise ConfigError(
                f"--lexicon {lexicon} needs a tokenizer with reserved pieces for hints, and {tokenizer} has none; "
                "leave --tokenizer out to train one"
            )
        writer.add_tokenizer(vocabulary)
        if hints:
            writer.add_lexicon(hints)
        report = preparation.encode(corpora, dev, vocabulary, writer)
        counts = report.german.values()
        writer.provenance["formality"] = {
            "formal": sum(one.formal for one in counts),
            "informal": sum(one.informal for one in counts),
        }
        return report


class _Preparation:
    """The two passes over the text, with the settings that they share."""

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

    def draw_sentences(self, corpora: Sequence[CorpusSpec]) -> Iterator[str]:
        """Both sides of good pairs, each pair as likely as the weight of its corpus says, without protected spans."""
        heaviest = max(spec.weight for spec in corpora)
        seen = Deduplicator()
        for index, spec in enumerate(corpora):
            random = np.random.default_rng((self._seed, index))
            counts = DropCounts()
            for pair in clean_pairs(self._watched("reading", spec, counts), self._rules, seen, counts):
                if random.random() < spec.weight / heaviest:
                    marked = mark_pair(*pair, marks_of_classes(), random)
                    yield from (MARKS.sub("", text) for text in (marked.english, marked.german))
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
            if self._lexicon:
                random = np.random.default_rng((self._seed, len(report.corpora), 2))
                good = _with_hints(good, Hinting(self._lexicon, tokenizer.marks), random)
            report.corpora.append(_add(writer, spec, good, counts, tokenizer, dev=False))
        for spec in dev:
            counts = report.drops.corpora[f"dev {spec.name}"] = DropCounts()
            pairs = self._watched("encoding", spec, counts)
            normalised: Iterator[Pair] = ((normalise(english), german) for english, german in pairs)
            if self._lexicon:
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
        """The pairs with marks for the spans on which both sides agree, in the share that is wanted."""
        for english, german in pairs:
            pair, found = (english, german), mark_pair(english, german, marks, random)
            counts.pairs += found.spans > 0
            if found.spans and random.random() < self._protected_share:
                counts.spans += found.spans
                counts.marked_spans += found.agreeing
                counts.marked_pairs += found.agreeing > 0
                pair = found.english, found.german
            with_markup = None
            if random.random() < WRAPPED_SHARE * self._protected_share:
                with_markup = wrapped(*pair, marks, random)
                counts.wrapped_pairs += with_markup is not None
            yield with_markup or pair

    def _watched(self, stage: str, spec: CorpusSpec, counts: DropCounts) -> Iterator[Pair]:
        for pair in read_pairs(spec, counts):
            yield pair
            if counts.read % 1000 == 0:
                self._progress(f"{stage} {spec.name}", counts.read)
        self._progress(f"{stage} {spec.name}", counts.read)


def _in_todays_german(pairs: Iterator[Pair], german: GermanCounts, counts: DropCounts) -> Iterator[Pair]:
    """The pairs in the spelling of today, without those that mix Sie and du."""
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
    """The pairs, of which a share has a mark before the English that tells whether the German is formal."""
    for english, german in pairs:
        shown = formalities_of(english, german)
        counts.formal += "formal" in shown
        counts.informal += "informal" in shown
        if shown:
            (told,) = shown
            is_told = random.random() < TOLD_SHARE[told]
        else:
            told = FORMALITIES[int(random.integers(2))]
            is_told = random.random() < TOLD_FOR_NOTHING_SHARE
        yield (marks[FORMALITIES.index(told)] + english if is_told else english), german


def _with_hints(
    pairs: Iterator[Pair], hinting: Hinting, random: np.random.Generator | None = None
) -> Iterator[Pair]:
    """The pairs with hints in the English: all of them, or those that the generator chooses."""
    for english, german in pairs:
        hints = hinting.some_hints(english, random) if random else hinting.hints(english)
        yield hinting.insert(english, hints), german


def _check(corpora: Sequence[CorpusSpec], dev: Sequence[CorpusSpec], vocab_size: int | None) -> None:
    if vocab_size is not None and not MIN_VOCAB_SIZE <= vocab_size <= MAX_VOCAB_SIZE:
        raise ConfigError(f"vocab_size {vocab_size} must be between {MIN_VOCAB_SIZE} and {MAX_VOCAB_SIZE}")
    if not corpora:
        raise ConfigError("no corpus to prepare; name at least one")
    for specs in (corpora, dev):
        names = [spec.name for spec in specs]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"two corpora are called {name!r}; call one of them NEWNAME=PATH")


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
        raise DataError(f"{spec.where}: none of its {counts.read} pairs is left ({reasons}); {counts.remedy}")


def _encode_blocks(pairs: Iterator[Pair], tokenizer: Tokenizer) -> Iterator[IdBlock]:
    while block := list(itertools.islice(pairs, PAIRS_PER_BLOCK)):
        ids = tokenizer.encode_all_marked([text for pair in block for text in pair])
        lengths_P2 = np.fromiter(map(len, ids), np.int64, len(ids)).reshape(-1, 2)
        yield np.fromiter(itertools.chain.from_iterable(ids), np.uint16, int(lengths_P2.sum())), lengths_P2
