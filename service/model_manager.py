"""The model that is served: loading, replacing, reviving, draining."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from service.batcher import Batcher, Deadline, DeviceLost, QueueLimits, ResultCache
from service.engine import EngineResult, TranslateKind, TranslationResult
from service.errors import NotReady, ReloadFailed
from service.loaded_model import LoadedModel, ServedEngine, work_item
from service.metrics import Metrics
from service.settings import Settings
from service.shared_cache import SharedCache, SharedResults
from translator.errors import TranslatorError
from translator.files.model_folder import model_sha256
from translator.translate import shipped_model

logger = logging.getLogger(__name__)

_PACKAGE = "en-de-translator"
_WARM_UP_SECONDS = 600.0  # the first decoding may compile kernels
_WARM_UP_TEXT = "Hello, world. How are you?"
_PREPARING_THREADS = 2
"""Threads that split long texts; more would only take the interpreter from the thread that answers requests."""
_CLOSING_SECONDS = 5.0
"""How long to wait for decoding that nobody waits for any more."""
_FIRST_REVIVAL_SECONDS = 0.2
_MAX_REVIVAL_SECONDS = 30.0
_MAX_REVIVALS = 10  # in about two minutes


class ModelManager:
    """Loads, replaces and drains the model that is currently served."""

    def __init__(
        self,
        load_engine: Callable[[], ServedEngine],
        settings: Settings,
        metrics: Metrics,
        on_failure: Callable[[], None],
        shared: SharedResults | None = None,
    ) -> None:
        self.settings, self._shared = settings, shared
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
    def is_closing(self) -> bool:
        """Whether the process is about to end."""
        return self._closing

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
        engine, cache_name = await asyncio.to_thread(self._load_with_cache_name)
        self._model = model = await self._start_workers(engine, cache_name)
        _collect_garbage()
        self._metrics.set_model(engine.name, engine.device, engine.precision)
        seconds = time.perf_counter() - started
        logger.info("%s is ready on %s after %.1f s", engine.name, engine.device, seconds)
        return model

    def _load_with_cache_name(self) -> tuple[ServedEngine, str | None]:
        """Load the model; also return what its results depend on, or None if they are not shared."""
        if self._shared is None:
            return self._load_engine(), None
        path = self.settings.model or shipped_model()
        before = model_sha256(path)
        engine = self._load_engine()
        if model_sha256(path) != before:
            logger.warning("the model folder changed while it was loaded: translations are not shared")
            return engine, None
        return engine, f"{version(_PACKAGE)} {before} {engine.precision}"

    async def _start_workers(self, engine: ServedEngine, cache_name: str | None) -> LoadedModel:
        """Start the workers of an engine and check that they work."""
        loop = asyncio.get_running_loop()

        def on_death(error: BaseException) -> None:  # called on the dying thread
            with suppress(RuntimeError):  # the loop is closed: the service has stopped
                loop.call_soon_threadsafe(self._on_death, batcher, error)

        sentences = self.settings.cache_sentences
        shared = SharedCache(sentences, self._shared, cache_name) if self._shared and cache_name else None
        batcher: Batcher[EngineResult] = Batcher(
            engine,
            QueueLimits(
                self.settings.batch_tokens or engine.batch_tokens,
                self.settings.max_queued_tokens,
                self.settings.max_wait_seconds,
            ),
            ResultCache(sentences) if shared is None else shared,
            self._metrics,
            on_death,
            self._count_result,
        )
        items = list(map(work_item, engine.sentences(_WARM_UP_TEXT)))
        try:
            await batcher.run(TranslateKind(), items, Deadline.after(_WARM_UP_SECONDS))
            if not batcher.is_running:
                raise NotReady("the workers died")
        except BaseException:
            batcher.close(0)
            raise
        return LoadedModel(engine, batcher, self._preparing, shared)

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
                    self._model = await self._start_workers(dead.engine, dead.cache_name)
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
