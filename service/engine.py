"""The translator as the queue sees it: sentences in, results out, one batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from service.batcher import OutOfMemory, Watch, Work
from translator.analysis.alignment import Link, align
from translator.analysis.scoring import SentenceScore, score
from translator.search import SearchOptions
from translator.translate import Hypothesis, SourceSentence, Translator

_BATCH_TOKENS = {"cpu": 4_096, "cuda": 65_536}
"""Padded tokens that keep the device busy: more would only let others wait longer."""


@dataclass(frozen=True)
class TranslateKind:
    """Translate a sentence; items are SourceSentences."""

    options: SearchOptions = field(default_factory=SearchOptions)
    align: bool = False
    """Say which words became which."""


@dataclass(frozen=True)
class ScoreKind:
    """Score a translation that is given; items are pairs of a source and its translation."""

    length_penalty: float


@dataclass(frozen=True)
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
        return self.translator.batches_at_once

    @property
    def batch_tokens(self) -> int:
        """Padded tokens that are best decoded together."""
        return _BATCH_TOKENS[self.device.partition(":")[0]]

    def sentences(self, text: str) -> list[SourceSentence]:
        """The sentences of a text; those without tokens are copied."""
        return self.translator.sentences(text)

    def score_work(self, source: str, target: str) -> Work:
        """The work of scoring a translation."""
        tokens = self.translator.count_tokens(source) + self.translator.count_tokens(target)
        return Work((source, target), max(1, tokens))

    def rows(self, kind: Hashable) -> int:
        """How many rows of a batch each item of that kind takes."""
        return kind.options.beam_size if isinstance(kind, TranslateKind) else 1

    def process(self, kind: Hashable, items: Sequence[Any], watch: Watch[EngineResult]) -> None:
        """Work on a batch; raises OutOfMemory where it needs more memory than there is."""
        try:
            if isinstance(kind, TranslateKind):
                self._translate(kind, items, watch)
            elif isinstance(kind, ScoreKind):
                for place, result in enumerate(score(self.translator, items, kind.length_penalty)):
                    watch.finished(place, result)
            else:
                raise TypeError(f"{type(kind).__name__} is no kind of work")
        except (MemoryError, RuntimeError) as error:
            if not _is_about_memory(error):
                raise
            raise OutOfMemory("There is not enough memory for this text. Send less at once.") from error

    def _translate(
        self, kind: TranslateKind, items: Sequence[SourceSentence], watch: Watch[EngineResult]
    ) -> None:
        if not kind.align:
            self.translator.translate_batch(items, kind.options, _AsWork(watch.is_wanted, watch.finished))
            return
        found: dict[int, TranslatedWork] = {}
        self.translator.translate_batch(items, kind.options, _AsWork(watch.is_wanted, found.__setitem__))
        pairs = [(items[place].text, result.hypotheses[0].text) for place, result in found.items()]
        for (place, result), links in zip(found.items(), align(self.translator, pairs), strict=True):
            watch.finished(place, replace(result, links=tuple(links)))


class _AsWork:
    """Takes hypotheses, and passes them on as TranslatedWork."""

    def __init__(
        self, is_wanted: Callable[[int], bool], finished: Callable[[int, TranslatedWork], None]
    ) -> None:
        self.is_wanted, self._finished = is_wanted, finished

    def finished(self, place: int, hypotheses: tuple[Hypothesis, ...]) -> None:
        self._finished(place, TranslatedWork(hypotheses))


def _is_about_memory(error: Exception) -> bool:
    # PyTorch has an exception of its own on a GPU only; on a CPU its allocator says it in words.
    is_allocator = "DefaultCPUAllocator" in str(error) or "can't allocate memory" in str(error)
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or is_allocator
