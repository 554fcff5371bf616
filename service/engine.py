"""The translator as the queue sees it: sentences in, results out, one batch at a time."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.batcher import DeviceLost, OutOfMemory, Work
from translator.analysis.alignment import Link, align
from translator.analysis.scoring import MAX_SCORED_TOKENS, SentenceScore, score
from translator.errors import InputError, InputTooLong
from translator.search import SearchOptions
from translator.text import normalise
from translator.text.protected import NumberStyle
from translator.translate import Hypothesis, SourceSentence, Translator
from translator.watch import Converting, Watch

_BATCH_TOKENS = {"cpu": 4_096, "cuda": 65_536}
"""Padded tokens that keep the device busy: more would only let others wait longer."""
_PAIRS_AT_ONCE = 32
"""That are scored or aligned before it is asked again which of them somebody still waits for."""


@dataclass(frozen=True)
class TranslateKind:
    """Translate a sentence; items are SourceSentences."""

    options: SearchOptions = field(default_factory=SearchOptions)
    align: bool = False
    """Say which words became which."""
    has_prefixes: bool = False
    """Some translations begin as demanded: on a GPU that takes a slower search, and nobody else should share it."""


@dataclass(frozen=True)
class ScoreKind:
    """Score a translation that is given; items are pairs of a source and its translation."""

    length_penalty: float


@dataclass(frozen=True, slots=True)
class TranslatedWork:
    """What becomes of a SourceSentence."""

    hypotheses: tuple[Hypothesis, ...]
    links: tuple[Link, ...] | None = None
    """With offsets in the sentence and in its best translation; None if nobody asked."""


EngineResult = TranslatedWork | SentenceScore


class TranslationEngine:
    """What the queue works with; from several threads at the same time."""

    def __init__(self, translator: Translator) -> None:
        self.translator = translator

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.translator.name

    @property
    def device(self) -> str:
        """Where it runs: "cpu" or "cuda:0"."""
        return self.translator.device

    @property
    def precision(self) -> str:
        """Of matrix products: "fp32", "bf16" or "int8"."""
        return self.translator.precision

    @property
    def card(self) -> Mapping[str, Any]:
        """The model card."""
        return self.translator.card

    @property
    def workers(self) -> int:
        """How many batches to work on at the same time."""
        return self.translator.threads

    @property
    def batch_tokens(self) -> int:
        """Padded tokens that are best decoded together."""
        return _BATCH_TOKENS[self.device.partition(":")[0]]

    def sentences(self, text: str, prefix: str = "", numbers: NumberStyle = "german") -> list[SourceSentence]:
        """The sentences of a text, whose translation begins with a prefix; those without tokens are copied.

        `numbers` says how the translation writes numbers, money, times and dates.
        Raises InputError where the prefix cannot begin it.
        """
        return self.translator.sentences(text, prefix, numbers)

    def score_works(self, pairs: Sequence[tuple[str, str]]) -> list[Work]:
        """The work of scoring each translation.

        Raises InputError where a source has no pieces, InputTooLong where a side has more than can be scored.
        """
        works = []
        for number, pair in enumerate(pairs):
            counts = [self.translator.count_tokens(normalise(text)) for text in pair]
            if not counts[0]:
                raise InputError(f"Sentence {number} of source is empty; give a sentence.")
            if max(counts) > MAX_SCORED_TOKENS:
                raise InputTooLong(
                    f"Pair {number} has {max(counts)} pieces in a sentence; the limit is {MAX_SCORED_TOKENS}. "
                    "Score it sentence by sentence."
                )
            works.append(Work(pair, sum(counts)))
        return works

    def rows(self, kind: Hashable) -> int:
        """How many rows of a batch each item of that kind takes."""
        return kind.options.beam_size if isinstance(kind, TranslateKind) else 1

    def process(self, kind: Hashable, items: Sequence[Any], watch: Watch[EngineResult]) -> None:
        """Work on a batch; raises OutOfMemory where there is too little memory for it, DeviceLost where a GPU fails."""
        try:
            self._process(kind, items, watch)
        except (MemoryError, RuntimeError) as error:
            if not _is_about_memory(error):
                if _is_about_gpu(error):  # until the process ends, whatever is asked of it
                    raise DeviceLost(str(error)) from error
                raise
        else:
            return
        # Here, where nothing holds on to what was computed.
        raise OutOfMemory("There is not enough memory for this text. Send less at once.")

    def _process(self, kind: Hashable, items: Sequence[Any], watch: Watch[EngineResult]) -> None:
        if isinstance(kind, TranslateKind):
            if not kind.align:
                self.translator.translate_batch(items, kind.options, Converting(watch, _translated))
                return
            aligned = _Aligned(watch, self.translator, items)
            self.translator.translate_batch(items, kind.options, aligned)
            aligned.flush()
        elif isinstance(kind, ScoreKind):
            for places in _wanted(range(len(items)), watch):
                scores = score(self.translator, [items[place] for place in places], kind.length_penalty)
                for place, result in zip(places, scores, strict=True):
                    watch.finished(place, result)
        else:
            raise TypeError(f"{type(kind).__name__} is no kind of work")


def _translated(_place: int, hypotheses: tuple[Hypothesis, ...]) -> EngineResult:
    return TranslatedWork(hypotheses)


class _Aligned:
    """Takes hypotheses, and passes them on aligned: the first at once, then twice as many together each time.

    To align several together is faster; but nobody should wait for the first sentence until the last one is done.
    """

    def __init__(
        self, watch: Watch[EngineResult], translator: Translator, items: Sequence[SourceSentence]
    ) -> None:
        self.is_wanted, self._watch = watch.is_wanted, watch
        self._translator, self._items = translator, items
        self._waiting: dict[int, tuple[Hypothesis, ...]] = {}
        self._together = 1

    def finished(self, place: int, hypotheses: tuple[Hypothesis, ...]) -> None:
        self._waiting[place] = hypotheses
        if len(self._waiting) >= self._together:
            self._together *= 2
            self.flush()

    def flush(self) -> None:
        """Pass on all that waits."""
        waiting, self._waiting = self._waiting, {}
        for places in _wanted(list(waiting), self._watch):
            pairs = [(self._items[place].text, waiting[place][0].text) for place in places]
            for place, links in zip(places, align(self._translator, pairs), strict=True):
                self._watch.finished(place, TranslatedWork(waiting[place], tuple(links)))


def _wanted(places: Sequence[int], watch: Watch[EngineResult]) -> Iterator[list[int]]:
    """Some places after the others, and of those each that is wanted when it is its turn."""
    for first in range(0, len(places), _PAIRS_AT_ONCE):
        if wanted := [place for place in places[first : first + _PAIRS_AT_ONCE] if watch.is_wanted(place)]:
            yield wanted


def _is_about_memory(error: Exception) -> bool:
    # PyTorch has an exception of its own on a GPU only; on a CPU, and in CUDA's libraries, it is said in words.
    said = ("DefaultCPUAllocator", "can't allocate memory", "out of memory", "ALLOC_FAILED")
    is_said = any(words in str(error) for words in said)
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or is_said


def _is_about_gpu(error: Exception) -> bool:
    # By its name: PyTorch is not loaded where it does not compute.
    return "AcceleratorError" in (kind.__name__ for kind in type(error).__mro__)
