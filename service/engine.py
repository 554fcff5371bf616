"""Adapts the translator to the queue: sentences join while others are being translated, and finish one by one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.batcher import DeviceLost, OutOfMemory, WorkItem
from translator.evaluation.scoring import SentenceScore, encode_pair, score_encoded
from translator.markup.projection import Alignment
from translator.search import SearchOptions
from translator.search.feed import Awaited, Feed
from translator.translate import DEFAULT_STYLE, Hypothesis, Protection, SourceSentence, Style, Translator
from translator.translate.alignment import Link, align_words
from translator.translate.forced import PAIRS_AT_ONCE
from translator.translate.marked_up import with_checks

_BATCH_TOKENS = {"cpu": 4_096, "cuda": 65_536}
"""Tokens times rows that keep the device busy; more would only make each sentence slower."""
_MOST_NEWCOMERS = {"cpu": 16, "cuda": 256}
"""Sentences that join between two steps: nothing can interrupt their encoding, and the others wait for it."""


@dataclass(frozen=True)
class TranslateKind:
    """Translate a sentence; items are SourceSentences."""

    options: SearchOptions = field(default_factory=SearchOptions)
    align: bool = False
    """Whether to align the words of the sentence and of its translation."""


@dataclass(frozen=True)
class ScoreKind:
    """Score a given translation; items are EncodedPairs."""

    length_penalty: float


@dataclass(frozen=True, slots=True)
class TranslationResult:
    """The result for a SourceSentence."""

    hypotheses: tuple[Hypothesis, ...]
    links: tuple[Link, ...] | None = None
    """Offsets are in the sentence and in its best translation; None if no alignment was requested."""
    alignments: tuple[Alignment, ...] = ()
    """That of each hypothesis, if the sentence has tags."""


EngineResult = TranslationResult | SentenceScore


class TranslationEngine:
    """The engine behind the queue; its methods are called from several threads at once."""

    def __init__(self, translator: Translator) -> None:
        self.translator = translator
        self.name, self.device = translator.name, translator.device
        self.precision: str = translator.precision
        self.protection: Protection = translator.protection
        self.card: Mapping[str, Any] = translator.card

    @property
    def workers(self) -> int:
        """How many threads work at the same time, each on its own sentences."""
        return self.translator.threads

    @property
    def batch_tokens(self) -> int:
        """The best number of tokens times rows to decode together."""
        return _BATCH_TOKENS[self._device_type]

    @property
    def _device_type(self) -> str:
        return self.device.partition(":")[0]

    def sentences(self, text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> list[SourceSentence]:
        """Split a text into sentences; its translation starts with `prefix`. Sentences without tokens are copied.

        `style` says how numbers are written, and whether "you" is Sie or du.
        Raises InputError if the translation cannot start with the prefix.
        """
        return self.translator.sentences(text, prefix, style)

    def scoring_items(self, pairs: Sequence[tuple[str, str]]) -> list[WorkItem]:
        """Prepare each pair for scoring; raises what `encode_pair` raises, which numbers the pairs from 0."""
        encoded = [encode_pair(self.translator, pair, number) for number, pair in enumerate(pairs)]
        return [WorkItem(pair, pair.tokens) for pair in encoded]

    def rows(self, kind: Hashable) -> int:
        """How many rows each item of this kind takes."""
        return kind.options.beam_size if isinstance(kind, TranslateKind) else 1

    def process(self, kind: Hashable, feed: Feed[Any, EngineResult]) -> None:
        """Work on items of a kind, as long as the feed has any.

        Raises OutOfMemory if there is too little memory for the items in progress, and DeviceLost if a GPU fails.
        """
        try:
            self._process(kind, feed)
        except (MemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                if _is_gpu_failure(error):  # it stays unusable until the process ends
                    raise DeviceLost(str(error)) from error
                raise
        else:
            return
        # Raised here, where no traceback keeps the tensors alive.
        raise OutOfMemory("There is not enough memory for this text. Send less at once.")

    def _process(self, kind: Hashable, feed: Feed[Any, EngineResult]) -> None:
        if isinstance(kind, TranslateKind):
            self.translator.translate_feed(self._aligned(feed, kind.align), kind.options)
        elif isinstance(kind, ScoreKind):
            # Between two batches, pairs that nobody waits for any more are dropped.
            while pairs := feed(PAIRS_AT_ONCE):
                scores = score_encoded(self.translator, [pair.item for pair in pairs], kind.length_penalty)
                for pair, result in zip(pairs, scores, strict=True):
                    pair.finish(result)
        else:
            raise TypeError(f"{type(kind).__name__} is not a kind of work")

    def _aligned(
        self, feed: Feed[SourceSentence, TranslationResult], with_links: bool
    ) -> Feed[SourceSentence, tuple[Hypothesis, ...]]:
        """Wrap a feed so that it gets hypotheses, aligned if links are wanted or if the sentence has tags.

        Sentences that finish in one step are aligned together.
        """
        found: list[_Translated] = []
        most_newcomers = _MOST_NEWCOMERS[self._device_type]

        def finish(one: _Translated) -> None:
            if with_links or needs_alignment(one.item):
                found.append(one)
            else:
                one.awaited.finish(TranslationResult(one.hypotheses))

        def align_found() -> None:
            wanted = [one for one in found if one.is_wanted()]
            found.clear()
            for one, result in zip(wanted, self._results(wanted, with_links), strict=True):
                one.awaited.finish(result)

        def take(room: int) -> list[_Translated]:
            align_found()
            return [_Translated(one, finish) for one in feed(min(room, most_newcomers))]

        return take

    def _results(self, translated: Sequence[_Translated], with_links: bool) -> Iterator[TranslationResult]:
        """Align translated sentences: the best hypothesis for links, and all of them for tags."""
        wanted = [
            (one.item.text, hypothesis.text)
            for one in translated
            for hypothesis in one.hypotheses[: None if needs_alignment(one.item) else 1]
        ]
        pairs = iter(align_words(self.translator, wanted) if wanted else ())
        for one in translated:
            best, *others = [
                next(pairs) for _ in (one.hypotheses if needs_alignment(one.item) else one.hypotheses[:1])
            ]
            links = tuple(best.links) if with_links else None
            if needs_alignment(one.item):
                found = zip((best, *others), one.hypotheses, strict=True)
                alignments = tuple(with_checks(Alignment(*pair[:3]), other) for pair, other in found)
                yield TranslationResult(one.hypotheses, links, alignments)
            else:
                yield TranslationResult(one.hypotheses, links)


class _Translated:
    """A sentence of a feed, passed to `then` with its hypotheses."""

    def __init__(
        self, awaited: Awaited[SourceSentence, TranslationResult], then: Callable[[_Translated], None]
    ) -> None:
        self.awaited, self.item, self.is_wanted = awaited, awaited.item, awaited.is_wanted
        self._then = then
        self.hypotheses: tuple[Hypothesis, ...] = ()

    def finish(self, hypotheses: tuple[Hypothesis, ...]) -> None:
        self.hypotheses = hypotheses
        self._then(self)


def needs_alignment(sentence: SourceSentence) -> bool:
    """Whether a sentence has tags or spaces that have to be placed in its translation."""
    return sentence.markup is not None and sentence.markup.needs_alignment


def _is_out_of_memory(error: Exception) -> bool:
    # PyTorch has a special exception only for GPUs; on a CPU, and in CUDA's libraries, only the message shows it.
    phrases = ("DefaultCPUAllocator", "can't allocate memory", "out of memory", "ALLOC_FAILED")
    is_in_message = any(phrase in str(error) for phrase in phrases)
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or is_in_message


def _is_gpu_failure(error: Exception) -> bool:
    # Checked by name, because PyTorch may not be installed or loaded.
    return "AcceleratorError" in (kind.__name__ for kind in type(error).__mro__)
