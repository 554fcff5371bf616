"""The model and the queue in front of it: loading, replacing, reviving, draining."""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from typing import Annotated, Any, Protocol, Self, TypeVar

from fastapi import Depends
from starlette.requests import Request

from service.batcher import Batcher, Deadline, DeviceLost, Engine, QueueLimits, ResultCache, WorkItem
from service.batcher.jobs import Job
from service.engine import EngineResult, ScoreKind, TranslateKind, TranslationResult, has_tags
from service.errors import NotReady, ReloadFailed
from service.metrics import Metrics
from service.schemas.translation import TranslatedText, TranslateRequest
from service.settings import Settings
from translator.errors import TranslatorError
from translator.evaluation.scoring import SentenceScore
from translator.tagged_translation import read_sentences_of_markup
from translator.translate import DEFAULT_STYLE, SourceSentence, Style
from translator.translate.answers import copied
from translator.translate.sources import place_in

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

_WARM_UP_SECONDS = 600.0  # the first decoding may compile kernels
_WARM_UP_TEXT = "Hello, world. How are you?"
MAX_INLINE_SENTENCES = 100
"""In sentences; a longer answer is built on another thread. One of 10,000 takes a third of a second."""
_MAX_INLINE_CHARACTERS = 2_000
"""In characters; a longer text is split into sentences on another thread, so that other requests do not wait for it."""
_PREPARING_THREADS = 2
"""Threads that split long texts; more would only take the interpreter from the thread that answers requests."""
_CHARACTERS_PER_TOKEN = 4
"""Roughly, in English; estimates the work in a long text until it has been split."""
_CLOSING_SECONDS = 5.0
"""How long to wait for decoding that nobody waits for any more."""
_FIRST_REVIVAL_SECONDS = 0.2
_MAX_REVIVAL_SECONDS = 30.0
_MAX_REVIVALS = 10  # in about two minutes


class ServedEngine(Engine[EngineResult], Protocol):
    """What the service needs from an engine; `service.engine.TranslationEngine` implements it."""

    name: str
    """Name of the model."""
    device: str
    """Where it runs: "cpu" or "cuda:0"."""
    precision: str
    """Number format of the matrix products."""
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

    def __init__(self, engine: ServedEngine, batcher: Batcher[EngineResult], preparing: Executor) -> None:
        self.engine, self.batcher = engine, batcher
        self._preparing = preparing
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
        with self.batcher.job(deadline) as job:

            def split() -> list[list[SourceSentence]]:
                pairs = zip(body.texts, body.prefixes, strict=True)
                return [self._split(body, text, prefix) for text, prefix in pairs if job.is_wanted()]

            sentences_of_texts = await self._prepare(job, kind, body.characters, split)
            sentences = list(itertools.chain.from_iterable(sentences_of_texts))
            with_tokens = [index for index, sentence in enumerate(sentences) if sentence.tokens]
            self.batcher.put(job, kind, [_item(sentences[index]) for index in with_tokens])
            async with aclosing(_results(job, kind, sentences, with_tokens)) as arriving:
                yield sentences_of_texts, arriving

    def _split(self, body: TranslateRequest, text: str, prefix: str) -> list[SourceSentence]:
        """Split a text into sentences."""
        if body.markup is None:
            return self.engine.sentences(text, prefix, body.style)
        return read_sentences_of_markup(text, body.markup, self.engine.sentences, body.style, prefix)

    async def score(
        self, pairs: Sequence[tuple[str, str]], kind: ScoreKind, deadline: Deadline
    ) -> list[SentenceScore]:
        """Score each pair, in order; raises what `translating` raises, InputTooLong and InputError."""
        characters = sum(len(text) for pair in pairs for text in pair)
        with self.batcher.job(deadline) as job:
            items = await self._prepare(job, kind, characters, lambda: self.engine.scoring_items(pairs))
            self.batcher.put(job, kind, items)
            results = dict([await job.next_result() for _ in items])
        return [score for index in range(len(items)) if isinstance(score := results[index], SentenceScore)]

    async def _prepare(
        self, job: Job[EngineResult], kind: Hashable, characters: int, prepare: Callable[[], _T]
    ) -> _T:
        """Run `prepare`, which splits texts or counts their tokens; a long text takes a while and is admitted first."""
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


def _item(sentence: SourceSentence) -> WorkItem:
    tokens = len(sentence.tokens) + len(sentence.prefix)
    # The same words may have other protected spans in another text: the context decides what a number means. Of a
    # glossary, only the terms in the sentence count.
    spans = tuple(
        (*place_in(sentence, span), span.kind, span.german, span.term) for span in sentence.protected
    )
    style = replace(sentence.style, glossary=None)
    read = sentence.tokens if sentence.style.glossary else ()
    # Results for sentences with tags have alignments.
    key = sentence.text, sentence.prefix, style, spans, read, has_tags(sentence)
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


class ModelManager:
    """Loads, replaces and drains the model that is currently served."""

    def __init__(
        self,
        load_engine: Callable[[], ServedEngine],
        settings: Settings,
        metrics: Metrics,
        on_failure: Callable[[], None],
    ) -> None:
        self.settings = settings
        self._failure: str | None = None
        self._load_engine, self._metrics, self._on_failure = load_engine, metrics, on_failure
        self._model: LoadedModel | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._replace_lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._preparing = ThreadPoolExecutor(_PREPARING_THREADS, "preparing")
        metrics.ready.set_function(lambda: float(self.is_ready))
        metrics.watch_queue(
            lambda: self._model.batcher.waiting_tokens if self._model else 0,
            lambda: self._model.batcher.waiting_sentences if self._model else 0,
            lambda: self._model.batcher.wait_seconds if self._model else 0,
        )

    async def open(self) -> None:
        """Load the model and decode once, so that the first request does not wait for the warm-up."""
        self._loop = asyncio.get_running_loop()
        try:
            async with self._replace_lock:
                await self._load()
        except TranslatorError as error:
            logger.error(
                "the model could not be loaded: %s", error
            )  # the message is enough without a traceback
            self._fail("The model could not be loaded")
        except Exception:
            logger.exception("the model could not be loaded")
            self._fail("The model could not be loaded")

    async def reload(self) -> LoadedModel:
        """Load the model again beside the current one and let it take over; no request is lost.

        If that fails, raises ReloadFailed and keeps serving the old one.
        """
        async with self._replace_lock:
            before = self._model
            try:
                model = await self._load()
            except Exception as error:
                logger.exception("reloading the model failed; the old one is still served")
                reason = str(error) if isinstance(error, TranslatorError) else "the reason is in the log"
                raise ReloadFailed(
                    f"Reloading failed: {reason.removesuffix('.')}. The old model is still served."
                ) from error
            if before:
                self._in_background(self._retire(before))
            return model

    def reload_soon(self) -> None:
        """Start a `reload`; safe to call from a signal handler."""

        async def reload() -> None:
            with suppress(ReloadFailed):  # `reload` has logged it
                await self.reload()

        if self._loop:
            self._loop.call_soon_threadsafe(lambda: self._in_background(reload()))

    def start_closing(self) -> None:
        """Report the service as not ready from now on, but still serve requests."""
        self._closing = True

    async def close(self) -> None:
        """Stop the workers; call it when all requests have been answered."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._model:
            await asyncio.to_thread(self._model.batcher.close, _CLOSING_SECONDS)
        self._preparing.shutdown(wait=False, cancel_futures=True)

    @property
    def has_failed(self) -> bool:
        """Whether this process can no longer translate."""
        return self._failure is not None

    @property
    def is_ready(self) -> bool:
        """Whether this process should be sent requests."""
        return (
            not self._closing
            and not self.has_failed
            and self._model is not None
            and self._model.batcher.is_running
        )

    def current_model(self) -> LoadedModel:
        """Return the current model; raises NotReady if it cannot translate now."""
        if self._failure is not None:
            raise NotReady(f"{self._failure}; the reason is in the service's log.")
        if self._model is None:
            raise NotReady("The model is being loaded. Try again in a few seconds.")
        if not self._model.batcher.is_running:
            raise NotReady(
                "The service is stopping, or restarting after its workers died. Try again in a few seconds."
            )
        return self._model

    async def _load(self) -> LoadedModel:
        """Load the model and let it take over."""
        started = time.perf_counter()
        engine = await asyncio.to_thread(self._load_engine)
        self._model = model = await self._start_workers(engine)
        _collect_garbage()
        self._metrics.set_model(engine.name, engine.device, engine.precision)
        seconds = time.perf_counter() - started
        logger.info("%s is ready on %s after %.1f s", engine.name, engine.device, seconds)
        return model

    async def _start_workers(self, engine: ServedEngine) -> LoadedModel:
        """Start the workers of an engine and check that they work."""
        loop = asyncio.get_running_loop()

        def on_death(error: BaseException) -> None:  # called on the dying thread
            loop.call_soon_threadsafe(self._on_death, batcher, error)

        batcher: Batcher[EngineResult] = Batcher(
            engine,
            QueueLimits(
                self.settings.batch_tokens or engine.batch_tokens,
                self.settings.max_queued_tokens,
                self.settings.max_wait_seconds,
            ),
            ResultCache(self.settings.cache_sentences),
            self._metrics,
            on_death,
            self._count_result,
        )
        items = list(map(_item, engine.sentences(_WARM_UP_TEXT)))
        try:
            await batcher.run(TranslateKind(), items, Deadline.after(_WARM_UP_SECONDS))
            if not batcher.is_running:
                raise NotReady("the workers died")
        except BaseException:
            batcher.close(0)
            raise
        return LoadedModel(engine, batcher, self._preparing)

    async def _retire(self, model: LoadedModel) -> None:
        """Close a model that has been replaced, once no request uses it any more."""
        deadline = Deadline.after(self.settings.deadline_seconds)
        while model.users and not deadline.has_passed():
            await asyncio.sleep(0.05)
        await asyncio.to_thread(model.batcher.close, _CLOSING_SECONDS)
        del model
        _collect_garbage()

    def _count_result(self, result: EngineResult) -> None:
        if isinstance(result, TranslationResult):
            best = result.hypotheses[0]
            self._metrics.count_translation(best.rung, ((one.kind, one.verdict) for one in best.checks))

    def _on_death(self, batcher: Batcher[EngineResult], error: BaseException) -> None:
        if self._model and self._model.batcher is batcher and not self._closing:
            if isinstance(error, DeviceLost):
                self._fail("The device failed and only a new process can use it; this one exits")
            else:
                self._in_background(self._revive(self._model))

    async def _revive(self, dead: LoadedModel) -> None:
        """Start new workers. While they die again, wait longer and retry; in the end, give up and exit."""
        pause = _FIRST_REVIVAL_SECONDS
        for number in range(1, _MAX_REVIVALS + 1):
            await asyncio.sleep(pause)
            async with self._replace_lock:
                if self._model is not dead:  # another model has been loaded meanwhile
                    return
                try:
                    self._model = await self._start_workers(dead.engine)
                except Exception:
                    pause = min(2 * pause, _MAX_REVIVAL_SECONDS)
                    logger.exception("the workers died again, at attempt %d of %d", number, _MAX_REVIVALS)
                else:
                    self._metrics.worker_restarts.inc()
                    logger.warning("new workers have taken over")
                    return
        self._fail("The workers died again and again; this process exits")

    def _fail(self, reason: str) -> None:
        self._failure = reason
        self._on_failure()

    def _in_background(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # the loop itself keeps only weak references to tasks
        task.add_done_callback(self._tasks.discard)


def _collect_garbage() -> None:
    """Free what a model left behind, and exclude everything alive now from later collections.

    Traversing all of it in every collection would delay requests by tenths of a second.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


# A coroutine, like all dependencies: FastAPI runs plain functions on another thread, which would compete with the
# decoding threads.
async def _manager(request: Request) -> ModelManager:
    manager: ModelManager = request.app.state.manager
    return manager


Manager = Annotated[ModelManager, Depends(_manager)]
"""Type of the parameter of a route that needs the model."""
