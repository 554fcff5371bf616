"""A model and the queue in front of it: it translates and scores the texts of requests."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any, Protocol, Self, TypeVar

from service.batcher import Batcher, Deadline, Engine, WorkItem
from service.batcher.jobs import Job
from service.engine import EngineResult, ScoreKind, TranslateKind, TranslationResult, needs_alignment
from service.schemas.translation import TranslateRequest
from service.schemas.translation_answer import TranslatedText
from service.shared_cache import SharedCache
from translator.evaluation.scoring import SentenceScore
from translator.translate import DEFAULT_STYLE, Protection, SourceSentence, Style
from translator.translate.answers import copied
from translator.translate.marked_up import read_sentences_of_markup
from translator.translate.sources import place_in

_T = TypeVar("_T")

MAX_INLINE_SENTENCES = 100
"""In sentences; a longer answer is built on another thread. One of 10,000 takes a third of a second."""
_MAX_INLINE_CHARACTERS = 300
"""In characters, which take up to 5 ms. A longer text is split into sentences on another thread, so that other requests
do not wait for it, and the service learns meanwhile which clients have left."""
_CHARACTERS_PER_TOKEN = 4
"""Roughly, in English; estimates the work in a long text until it has been split."""


class ServedEngine(Engine[EngineResult], Protocol):
    """What the service needs from an engine; `service.engine.TranslationEngine` implements it."""

    name: str
    """Name of the model."""
    device: str
    """Where it runs: "cpu" or "cuda:0"."""
    precision: str
    """Number format of the matrix products."""
    protection: Protection
    """How links, numbers and markup come through."""
    card: Mapping[str, Any]
    """The model card."""

    @property
    def batch_tokens(self) -> int:
        """The best number of tokens times rows to decode together."""
        ...

    def sentences(self, text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> list[SourceSentence]:
        """Split a text into sentences; its translation starts with `prefix`. Sentences without tokens are copied.

        `style` says how numbers are written, and whether "you" is Sie or du.
        Raises InputError if the translation cannot start with the prefix.
        """
        ...

    def scoring_items(self, pairs: Sequence[tuple[str, str]]) -> list[WorkItem]:
        """Prepare each pair for scoring; raises InputTooLong, or InputError if a source is empty."""
        ...


class LoadedModel:
    """A loaded model and the queue in front of it."""

    def __init__(
        self,
        engine: ServedEngine,
        batcher: Batcher[EngineResult],
        preparing: Executor,
        shared: SharedCache | None = None,
    ) -> None:
        """`shared` is the cache of the batcher, if replicas share it."""
        self.engine, self.batcher = engine, batcher
        self._preparing, self._shared = preparing, shared
        self.cache_name = shared.model if shared else None
        """What its results depend on besides their keys; None if replicas do not share them."""
        self.users = 0
        """Requests that use it now."""

    @contextmanager
    def in_use(self) -> Iterator[Self]:
        """Keep this model alive for the length of a request, even if another model takes over meanwhile."""
        self.users += 1
        try:
            yield self
        finally:
            self.users -= 1

    async def translate(self, body: TranslateRequest, deadline: Deadline) -> list[TranslatedText]:
        """Translate each text, in order; raises what `translating` raises."""
        async with self.translating(body, deadline) as (sentences_of_texts, arriving):
            results = {index: result async for index, result in arriving}

        def answer() -> list[TranslatedText]:
            ordered = iter(results[index] for index in range(len(results)))
            return [
                TranslatedText.of(text, sentences, [next(ordered) for _ in sentences])
                for text, sentences in zip(body.texts, sentences_of_texts, strict=True)
            ]

        return answer() if len(results) <= MAX_INLINE_SENTENCES else await asyncio.to_thread(answer)

    @asynccontextmanager
    async def translating(
        self, body: TranslateRequest, deadline: Deadline
    ) -> AsyncIterator[tuple[list[list[SourceSentence]], AsyncGenerator[tuple[int, TranslationResult]]]]:
        """Enter with the sentences of each text, and with the results as they arrive, each with its sentence's index.

        The index counts the sentences of all texts. Raises QueueFull, WorkerUnavailable, DeadlineExceeded and
        InputError on entry, and later whatever `Job.next_result` raises. On exit, unfinished work is cancelled.
        """
        kind = body.kind
        # Check admission again: splitting takes time, and the queue may have filled since the request arrived.
        with self.batcher.job(deadline, kind) as job:

            def split() -> list[list[SourceSentence]]:
                pairs = zip(body.texts, body.prefixes, strict=True)
                return [self._split(body, text, prefix) for text, prefix in pairs if job.is_wanted()]

            sentences_of_texts = await self._prepare(job, kind, body.characters, split)
            sentences = list(itertools.chain.from_iterable(sentences_of_texts))
            with_tokens = [index for index, sentence in enumerate(sentences) if sentence.tokens]
            items = [work_item(sentences[index]) for index in with_tokens]
            if self._shared is not None:
                shared = [item for item in items if not needs_alignment(item.payload)]
                await self._shared.fetch([(kind, item.key) for item in shared])
            self.batcher.put(job, kind, items)
            async with aclosing(_results(job, kind, sentences, with_tokens)) as arriving:
                yield sentences_of_texts, arriving

    def _split(self, body: TranslateRequest, text: str, prefix: str) -> list[SourceSentence]:
        """Split a text into sentences."""
        return read_sentences_of_markup(text, body.markup, self.engine.sentences, body.style, prefix)

    async def score(
        self, pairs: Sequence[tuple[str, str]], kind: ScoreKind, deadline: Deadline
    ) -> list[SentenceScore]:
        """Score each pair, in order; raises what `translating` raises, InputTooLong and InputError."""
        characters = sum(len(text) for pair in pairs for text in pair)
        with self.batcher.job(deadline, kind) as job:
            items = await self._prepare(job, kind, characters, lambda: self.engine.scoring_items(pairs))
            self.batcher.put(job, kind, items)
            results = dict([await job.next_result() for _ in items])
        return [score for index in range(len(items)) if isinstance(score := results[index], SentenceScore)]

    async def _prepare(
        self,
        job: Job[EngineResult],
        kind: Hashable,
        characters: int,
        prepare: Callable[[], _T],
    ) -> _T:
        """Run `prepare`, which splits texts or counts their tokens; on another thread if that takes a while.

        A text that takes a while is admitted first.
        """
        if characters <= _MAX_INLINE_CHARACTERS:
            result = prepare()
        else:
            self.batcher.reserve(job, kind, characters // _CHARACTERS_PER_TOKEN)
            try:
                async with asyncio.timeout(job.deadline.seconds_left()):
                    result = await asyncio.get_running_loop().run_in_executor(self._preparing, prepare)
            except TimeoutError:
                raise job.deadline.exceeded() from None
        if job.deadline.has_passed():
            raise job.deadline.exceeded()
        return result


def work_item(sentence: SourceSentence) -> WorkItem:
    """Return a sentence as an item of the queue; equal keys have equal results."""
    tokens = len(sentence.tokens) + len(sentence.prefix)
    # The same words may have other protected spans in another text: the context decides what a number means. Of a
    # glossary, only the terms in the sentence count.
    spans = tuple(
        (*place_in(sentence, span), span.kind, span.german, span.term) for span in sentence.protected
    )
    style = replace(sentence.style, glossary=None)
    # Results for sentences with tags or non-breaking spaces have alignments.
    key = sentence.text, sentence.prefix, style, spans, needs_alignment(sentence)
    return WorkItem(sentence, tokens, key)


async def _results(
    job: Job[EngineResult],
    kind: TranslateKind,
    sentences: Sequence[SourceSentence],
    with_tokens: Sequence[int],
) -> AsyncGenerator[tuple[int, TranslationResult]]:
    """Yield each result with its sentence's index; only the sentences at `with_tokens` are in the job."""
    for index, sentence in enumerate(sentences):
        if not sentence.tokens:
            yield index, TranslationResult((copied(sentence),), () if kind.align else None)
    for _ in with_tokens:
        index_in_job, result = await job.next_result()
        assert isinstance(result, TranslationResult)
        yield with_tokens[index_in_job], result
