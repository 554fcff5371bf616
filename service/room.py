"""The model and the queue in front of it: loading, replacing, reviving, draining."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Hashable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends
from starlette.requests import Request

from service.batcher import Batcher, Engine, QueueLimits, ResultCache, Work
from service.engine import EngineResult, TranslatedWork, TranslateKind
from service.errors import NotReady, ReloadFailed
from service.metrics import Metrics
from service.settings import Settings
from translator.errors import TranslatorError
from translator.search import SearchOptions
from translator.translate import Hypothesis, SourceSentence, Translation, assemble

logger = logging.getLogger(__name__)

_WARM_UP_SECONDS = 600.0  # the first decoding may compile kernels
_WARM_UP_TEXT = "Hello, world. How are you?"
_LONGEST_READ_AT_ONCE = 2_000
"""Characters: a longer text is split into sentences on another thread, so that other requests do not wait for that."""
_FIRST_REVIVAL_SECONDS = 0.2
_LONGEST_REVIVAL_SECONDS = 30.0


class ServedEngine(Engine[EngineResult], Protocol):
    """What the service needs of an engine; `service.engine.TranslationEngine` is one."""

    @property
    def name(self) -> str:
        """Name of the model."""
        ...

    @property
    def device(self) -> str:
        """Where it runs: "cpu" or "cuda:0"."""
        ...

    @property
    def precision(self) -> str:
        """Of matrix products."""
        ...

    @property
    def card(self) -> Mapping[str, Any]:
        """The model card."""
        ...

    @property
    def batch_tokens(self) -> int:
        """Padded tokens that are best decoded together."""
        ...

    def sentences(self, text: str) -> list[SourceSentence]:
        """The sentences of a text; those without tokens are copied."""
        ...

    def score_work(self, source: str, target: str) -> Work:
        """The work of scoring a translation."""
        ...


@dataclass(frozen=True)
class Served:
    """A model, and the queue in front of it."""

    engine: ServedEngine
    batcher: Batcher[EngineResult]

    async def read(self, texts: Sequence[str]) -> list[list[SourceSentence]]:
        """The sentences of each text."""
        if sum(map(len, texts)) <= _LONGEST_READ_AT_ONCE:
            return list(map(self.engine.sentences, texts))
        return await asyncio.to_thread(lambda: list(map(self.engine.sentences, texts)))

    async def translate(
        self, sentences: Sequence[SourceSentence], kind: TranslateKind, deadline_seconds: float
    ) -> AsyncGenerator[tuple[int, TranslatedWork]]:
        """Yield what becomes of each sentence with its place, as they come; raises what `Batcher.stream` raises."""
        wanted = []
        for place, sentence in enumerate(sentences):
            if sentence.tokens:
                wanted.append(place)
            else:
                links = () if kind.align else None
                yield place, TranslatedWork((Hypothesis(sentence.text, 0.0),), links)
        works = [
            Work(sentences[place], len(sentences[place].tokens), sentences[place].text) for place in wanted
        ]
        async with aclosing(self.batcher.stream(kind, works, deadline_seconds)) as arrivals:
            async for index, result in arrivals:
                assert isinstance(result, TranslatedWork)
                yield wanted[index], result


class ModelRoom:
    """Whatever model is served now, from its loading to its draining."""

    def __init__(
        self,
        load_engine: Callable[[], ServedEngine],
        settings: Settings,
        metrics: Metrics,
        on_failure: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.failed = False
        self._load_engine, self._metrics, self._on_failure = load_engine, metrics, on_failure
        self._served: Served | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._replacing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        metrics.ready.set_function(lambda: float(self.is_ready))
        metrics.watch_queue(
            lambda: self._served.batcher.waiting_tokens if self._served else 0,
            lambda: self._served.batcher.waiting_sentences if self._served else 0,
        )

    async def open(self) -> None:
        """Load the model and decode once, so that the first user does not wait for it."""
        self._loop = asyncio.get_running_loop()
        try:
            await self._load()
        except TranslatorError as error:
            logger.error("the model could not be loaded: %s", error)  # the message says all there is to know
            self._fail()
        except Exception:
            logger.exception("the model could not be loaded")
            self._fail()

    def _fail(self) -> None:
        self.failed = True
        self._on_failure()

    async def reload(self) -> Served:
        """Load the model anew beside the one that is served, and let it take over; no request is lost.

        Raises ReloadFailed, and goes on with the old one, where that is not possible.
        """
        async with self._replacing:
            before = self._served
            try:
                served = await self._load()
            except Exception as error:
                logger.exception("the model could not be loaded anew; the old one is still served")
                reason = str(error) if isinstance(error, TranslatorError) else "the reason is in the log"
                raise ReloadFailed(f"The old model is still served, for: {reason}.") from error
            if before:
                self._later(asyncio.to_thread(before.batcher.close, self.settings.deadline_seconds))
            return served

    def reload_soon(self) -> None:
        """Begin to `reload`; may be called by a signal's handler."""

        async def reload() -> None:
            with suppress(ReloadFailed):  # it is in the log
                await self.reload()

        if self._loop:
            self._loop.call_soon_threadsafe(lambda: self._later(reload()))

    async def close(self) -> None:
        """Let what waits finish, within the time that a request may take."""
        self._closing = True
        if self._served:
            await asyncio.to_thread(self._served.batcher.close, self.settings.deadline_seconds)

    @property
    def is_ready(self) -> bool:
        """Whether it can translate now."""
        return self._served is not None and self._served.batcher.is_running

    def ready(self) -> Served:
        """What is served now; raises NotReady where it cannot translate now."""
        if self.failed:
            raise NotReady("The model could not be loaded; the reason is in the service's log.")
        if self._served is None:
            raise NotReady("The model is being loaded. Try again in a few seconds.")
        if not self._served.batcher.is_running:
            raise NotReady("The service is stopping, or starting again after its worker died.")
        return self._served

    async def translate(
        self,
        texts: Sequence[str],
        options: SearchOptions = SearchOptions(),  # noqa: B008 (frozen, so safe to share)
        deadline_seconds: float | None = None,
    ) -> list[Translation]:
        """Return one translation for each text, in order; cancel it when the client leaves.

        Raises NotReady, and what `Batcher.stream` raises.
        """
        parts, results = await self.work(texts, TranslateKind(options), deadline_seconds)
        return [
            assemble(text, sentences, [result.hypotheses for result in found])
            for text, sentences, found in zip(texts, parts, results, strict=True)
        ]

    async def work(
        self, texts: Sequence[str], kind: TranslateKind, deadline_seconds: float | None = None
    ) -> tuple[list[list[SourceSentence]], list[list[TranslatedWork]]]:
        """The sentences of each text, and what became of them; raises what `translate` raises."""
        served = self.ready()
        served.batcher.check()  # before the work of splitting
        parts = await served.read(texts)
        flat = [sentence for sentences in parts for sentence in sentences]
        results: dict[int, TranslatedWork] = {}
        deadline = deadline_seconds or self.settings.deadline_seconds
        async with aclosing(served.translate(flat, kind, deadline)) as arrivals:
            async for place, result in arrivals:
                results[place] = result
        ordered = iter(results[place] for place in range(len(flat)))
        return parts, [[next(ordered) for _ in sentences] for sentences in parts]

    async def _load(self) -> Served:
        """Load the model, and let it take over."""
        started = time.perf_counter()
        engine = await asyncio.to_thread(self._load_engine)
        self._served = served = await self._serve(engine)
        self._metrics.tell_model(engine.name, engine.device, engine.precision)
        seconds = time.perf_counter() - started
        logger.info("%s is ready on %s after %.1f s", engine.name, engine.device, seconds)
        return served

    async def _serve(self, engine: ServedEngine) -> Served:
        """Start the workers of an engine, and see that they work."""
        loop = asyncio.get_running_loop()

        def on_death() -> None:  # on the thread that dies
            loop.call_soon_threadsafe(self._on_death, batcher)

        batch_tokens = self.settings.batch_tokens or engine.batch_tokens
        batcher: Batcher[EngineResult] = Batcher(
            engine,
            QueueLimits(batch_tokens, self.settings.max_queued_tokens),
            ResultCache(self.settings.cache_sentences),
            self._metrics,
            on_death,
        )
        served = Served(engine, batcher)
        warm_up: Hashable = TranslateKind()
        works = [Work(sentence, len(sentence.tokens)) for sentence in engine.sentences(_WARM_UP_TEXT)]
        try:
            await batcher.run(warm_up, works, _WARM_UP_SECONDS)
        except Exception:
            batcher.close(0)
            raise
        return served

    def _on_death(self, batcher: Batcher[EngineResult]) -> None:
        if self._served and self._served.batcher is batcher and not self._closing:
            self._later(self._revive(self._served.engine))

    async def _revive(self, engine: ServedEngine) -> None:
        """Start new workers, again and again, after longer and longer pauses, until they work."""
        pause = _FIRST_REVIVAL_SECONDS
        while not self._closing:
            await asyncio.sleep(pause)
            self._metrics.worker_restarts.inc()
            try:
                self._served = await self._serve(engine)
            except Exception:
                pause = min(2 * pause, _LONGEST_REVIVAL_SECONDS)
                logger.exception("the workers died again; the next try is in %.1f s", pause)
            else:
                logger.warning("new workers have taken over")
                return

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._tasks.discard)


def _room(request: Request) -> ModelRoom:
    room: ModelRoom = request.app.state.room
    return room


Room = Annotated[ModelRoom, Depends(_room)]
"""The parameter of a route that needs the room."""
