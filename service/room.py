"""The model and the queue in front of it: loading, replacing, reviving, draining."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from typing import Annotated, Any, Protocol, Self, TypeVar

from fastapi import Depends
from starlette.requests import Request

from service.batcher import Batcher, Deadline, DeviceLost, Engine, QueueLimits, ResultCache, Work
from service.batcher.jobs import Job
from service.engine import EngineResult, ScoreKind, TranslatedWork, TranslateKind
from service.errors import NotReady, ReloadFailed
from service.metrics import Metrics
from service.settings import Settings
from translator.analysis.scoring import SentenceScore
from translator.errors import TranslatorError
from translator.search import SearchOptions
from translator.translate import DEFAULT_STYLE, SourceSentence, Style, Translation, assemble
from translator.translate.ladder import copied, place_in

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

_WARM_UP_SECONDS = 600.0  # the first decoding may compile kernels
_WARM_UP_TEXT = "Hello, world. How are you?"
_LONGEST_READ_AT_ONCE = 2_000
"""Characters: a longer text is split into sentences on another thread, so that other requests do not wait for that."""
_READERS = 2
"""Such threads: more would only take the interpreter from the thread that answers."""
_CHARACTERS_OF_A_TOKEN = 4
"""Of English, about: how much work a long text is taken for until it has been split."""
_CLOSING_SECONDS = 5.0
"""For what is decoded when nobody waits for it any more."""
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

    def sentences(self, text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> list[SourceSentence]:
        """The sentences of a text, whose translation begins with a prefix; those without tokens are copied.

        `style` says how numbers are written, and whether "you" is Sie or du.
        Raises InputError where the prefix cannot begin it.
        """
        ...

    def score_works(self, pairs: Sequence[tuple[str, str]]) -> list[Work]:
        """The work of scoring each translation; raises InputTooLong, and InputError where a source is empty."""
        ...


class Served:
    """A model, and the queue in front of it."""

    def __init__(self, engine: ServedEngine, batcher: Batcher[EngineResult], readers: Executor) -> None:
        self.engine, self.batcher = engine, batcher
        self._readers = readers
        self.users = 0
        """Requests that are being read or worked on."""

    @contextmanager
    def used(self) -> Iterator[Self]:
        """For a request, from its reading to its end: so long this model stays, even where another has taken over."""
        self.users += 1
        try:
            yield self
        finally:
            self.users -= 1

    @asynccontextmanager
    async def translating(
        self,
        texts: Sequence[str],
        prefixes: Sequence[str],
        kind: TranslateKind,
        deadline: Deadline,
        style: Style = DEFAULT_STYLE,
    ) -> AsyncIterator[tuple[list[list[SourceSentence]], AsyncGenerator[tuple[int, TranslatedWork]]]]:
        """The sentences of each text; and what becomes of them all, each with its place, as they come.

        The translation of each text begins with its prefix. Raises QueueFull, WorkerUnavailable, DeadlineExceeded
        and InputError at once, and later what `Job.arrival` raises. At the end nothing is done any more for what has
        not come.
        """
        with self.batcher.job(deadline) as job:

            def split() -> list[list[SourceSentence]]:
                pairs = zip(texts, prefixes, strict=True)
                return [
                    self.engine.sentences(text, prefix, style) for text, prefix in pairs if job.is_wanted()
                ]

            parts = await self._read(job, kind, sum(map(len, (*texts, *prefixes))), split)
            sentences = [sentence for some in parts for sentence in some]
            wanted = [place for place, sentence in enumerate(sentences) if sentence.tokens]
            works = [_work(sentences[place]) for place in wanted]
            self.batcher.put(job, kind, works)
            async with aclosing(_arrivals(job, kind, sentences, wanted)) as arrivals:
                yield parts, arrivals

    async def score(
        self, pairs: Sequence[tuple[str, str]], kind: ScoreKind, deadline: Deadline
    ) -> list[SentenceScore]:
        """The score of each pair, in order; raises what `translating` raises, InputTooLong and InputError."""
        characters = sum(len(text) for pair in pairs for text in pair)
        with self.batcher.job(deadline) as job:
            works = await self._read(job, kind, characters, lambda: self.engine.score_works(pairs))
            self.batcher.put(job, kind, works)
            found = dict([await job.arrival() for _ in works])
        return [score for place in range(len(works)) if isinstance(score := found[place], SentenceScore)]

    async def _read(
        self, job: Job[EngineResult], kind: Hashable, characters: int, read: Callable[[], _T]
    ) -> _T:
        """Split or count a text; a long one has to be admitted before, for it takes a while."""
        if characters <= _LONGEST_READ_AT_ONCE:
            result = read()
        else:
            self.batcher.expect(job, kind, characters // _CHARACTERS_OF_A_TOKEN)
            try:
                async with asyncio.timeout(job.deadline.left()):
                    result = await asyncio.get_running_loop().run_in_executor(self._readers, read)
            except TimeoutError:
                raise job.deadline.exceeded() from None
        if job.deadline.has_passed():
            raise job.deadline.exceeded()
        return result


def _work(sentence: SourceSentence) -> Work:
    tokens = len(sentence.tokens) + len(sentence.beginning)
    # The same words may be protected otherwise in another text: what stands around them tells what a number is.
    spans = tuple((*place_in(sentence, span), span.kind, span.german) for span in sentence.protected)
    return Work(sentence, tokens, (sentence.text, sentence.beginning, sentence.style, spans))


async def _arrivals(
    job: Job[EngineResult], kind: TranslateKind, sentences: Sequence[SourceSentence], wanted: Sequence[int]
) -> AsyncGenerator[tuple[int, TranslatedWork]]:
    """What becomes of each sentence; those at the places `wanted` are worked on, the others are copied."""
    for place, sentence in enumerate(sentences):
        if not sentence.tokens:
            yield place, TranslatedWork((copied(sentence),), () if kind.align else None)
    for _ in wanted:
        index, result = await job.arrival()
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
        self._failure: str | None = None
        self._load_engine, self._metrics, self._on_failure = load_engine, metrics, on_failure
        self._served: Served | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._replacing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._readers = ThreadPoolExecutor(_READERS, "reading")
        metrics.ready.set_function(lambda: float(self.is_ready))
        metrics.watch_queue(
            lambda: self._served.batcher.waiting_tokens if self._served else 0,
            lambda: self._served.batcher.waiting_sentences if self._served else 0,
            lambda: self._served.batcher.wait_seconds if self._served else 0,
        )

    async def open(self) -> None:
        """Load the model and decode once, so that the first user does not wait for it."""
        self._loop = asyncio.get_running_loop()
        try:
            async with self._replacing:
                await self._load()
        except TranslatorError as error:
            logger.error("the model could not be loaded: %s", error)  # the message says all there is to know
            self._fail("The model could not be loaded")
        except Exception:
            logger.exception("the model could not be loaded")
            self._fail("The model could not be loaded")

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
                self._later(self._retire(before))
            return served

    def reload_soon(self) -> None:
        """Begin to `reload`; may be called by a signal's handler."""

        async def reload() -> None:
            with suppress(ReloadFailed):  # it is in the log
                await self.reload()

        if self._loop:
            self._loop.call_soon_threadsafe(lambda: self._later(reload()))

    def begin_to_close(self) -> None:
        """From now on the service is not ready, but serves who comes all the same."""
        self._closing = True

    async def close(self) -> None:
        """Stop the workers; whoever waits for them has been waited for."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._served:
            await asyncio.to_thread(self._served.batcher.close, _CLOSING_SECONDS)
        self._readers.shutdown(wait=False, cancel_futures=True)

    @property
    def failed(self) -> bool:
        """Whether this process can never translate (any more)."""
        return self._failure is not None

    @property
    def is_ready(self) -> bool:
        """Whether to send requests here."""
        return (
            not self._closing
            and not self.failed
            and self._served is not None
            and self._served.batcher.is_running
        )

    def ready(self) -> Served:
        """What is served now; raises NotReady where it cannot translate now."""
        if self._failure is not None:
            raise NotReady(f"{self._failure}; the reason is in the service's log.")
        if self._served is None:
            raise NotReady("The model is being loaded. Try again in a few seconds.")
        if not self._served.batcher.is_running:
            raise NotReady("The service is stopping, or starting again after its worker died.")
        return self._served

    async def translate(
        self,
        texts: Sequence[str],
        options: SearchOptions = SearchOptions(),  # noqa: B008 (frozen, so safe to share)
        deadline: Deadline | None = None,
        style: Style = DEFAULT_STYLE,
    ) -> list[Translation]:
        """Return one translation for each text, in order; cancel it when the client leaves.

        Raises NotReady, and what `Served.translating` raises.
        """
        nothing = [""] * len(texts)
        with self.ready().used() as served:
            parts, results = await self.work(served, texts, nothing, TranslateKind(options), deadline, style)
        return [
            assemble(text, sentences, [result.hypotheses for result in found])
            for text, sentences, found in zip(texts, parts, results, strict=True)
        ]

    async def work(
        self,
        served: Served,
        texts: Sequence[str],
        prefixes: Sequence[str],
        kind: TranslateKind,
        deadline: Deadline | None = None,
        style: Style = DEFAULT_STYLE,
    ) -> tuple[list[list[SourceSentence]], list[list[TranslatedWork]]]:
        """The sentences of each text, and what became of them; raises what `Served.translating` raises."""
        deadline = deadline or Deadline.after(self.settings.deadline_seconds)
        async with served.translating(texts, prefixes, kind, deadline, style) as (parts, arrivals):
            results = {place: result async for place, result in arrivals}
        ordered = iter(results[place] for place in range(len(results)))
        return parts, [[next(ordered) for _ in sentences] for sentences in parts]

    async def _load(self) -> Served:
        """Load the model, and let it take over."""
        started = time.perf_counter()
        engine = await asyncio.to_thread(self._load_engine)
        self._served = served = await self._serve(engine)
        _collect_garbage()
        self._metrics.tell_model(engine.name, engine.device, engine.precision)
        seconds = time.perf_counter() - started
        logger.info("%s is ready on %s after %.1f s", engine.name, engine.device, seconds)
        return served

    async def _serve(self, engine: ServedEngine) -> Served:
        """Start the workers of an engine, and see that they work."""
        loop = asyncio.get_running_loop()

        def on_death(error: BaseException) -> None:  # on the thread that dies
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
            self._tell_result,
        )
        works = list(map(_work, engine.sentences(_WARM_UP_TEXT)))
        try:
            await batcher.run(TranslateKind(), works, Deadline.after(_WARM_UP_SECONDS))
            if not batcher.is_running:
                raise NotReady("the workers died")
        except BaseException:
            batcher.close(0)
            raise
        return Served(engine, batcher, self._readers)

    async def _retire(self, served: Served) -> None:
        """Close a model that another has taken the place of, when no request needs it any more."""
        deadline = Deadline.after(self.settings.deadline_seconds)
        while served.users and not deadline.has_passed():
            await asyncio.sleep(0.05)
        await asyncio.to_thread(served.batcher.close, _CLOSING_SECONDS)
        del served
        _collect_garbage()

    def _tell_result(self, result: EngineResult) -> None:
        if isinstance(result, TranslatedWork):
            best = result.hypotheses[0]
            self._metrics.tell_translation(best.rung, ((one.kind, one.verdict) for one in best.checks))

    def _on_death(self, batcher: Batcher[EngineResult], error: BaseException) -> None:
        if self._served and self._served.batcher is batcher and not self._closing:
            if isinstance(error, DeviceLost):
                self._fail("The device failed, and only a new process can use it; this one ends")
            else:
                self._later(self._revive(self._served))

    async def _revive(self, dead: Served) -> None:
        """Start new workers, again and again, after longer and longer pauses, until they work."""
        pause = _FIRST_REVIVAL_SECONDS
        while True:
            await asyncio.sleep(pause)
            async with self._replacing:
                if self._served is not dead:  # the model has been loaded anew meanwhile
                    return
                try:
                    self._served = await self._serve(dead.engine)
                except Exception:
                    pause = min(2 * pause, _LONGEST_REVIVAL_SECONDS)
                    logger.exception("the workers died again; the next try is in %.1f s", pause)
                else:
                    self._metrics.worker_restarts.inc()
                    logger.warning("new workers have taken over")
                    return

    def _fail(self, reason: str) -> None:
        self._failure = reason
        self._on_failure()

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._tasks.discard)


def _collect_garbage() -> None:
    """Free what a model left behind, and let later collections pass over what is there now.

    To go through all of it again and again would make requests wait for tenths of seconds.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


# A coroutine, as all dependencies are: FastAPI runs plain functions on a thread of its own, which then competes with
# the decoding ones.
async def _room(request: Request) -> ModelRoom:
    room: ModelRoom = request.app.state.room
    return room


Room = Annotated[ModelRoom, Depends(_room)]
"""The parameter of a route that needs the room."""
