"""The translator and the queue in front of it, from loading to draining."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Protocol

from fastapi import Depends
from starlette.requests import Request

from service.batcher import Batcher, QueueLimits, TranslatesTexts
from service.errors import NotReady
from service.settings import Settings
from translator.errors import TranslatorError
from translator.search import SearchOptions
from translator.translate import Translation

logger = logging.getLogger(__name__)

_WARM_UP_SECONDS = 600.0  # the first decoding may compile kernels


class ServedTranslator(TranslatesTexts[SearchOptions, Translation], Protocol):
    """What the service needs of a translator; `translator.translate.Translator` is one."""

    @property
    def name(self) -> str:
        """Name of the model."""
        ...

    @property
    def device(self) -> str:
        """Where it runs: "cpu" or "cuda:0"."""
        ...

    @property
    def card(self) -> Mapping[str, Any]:
        """The model card."""
        ...


class ModelRoom:
    """The translator and the queue in front of it, from loading to draining."""

    def __init__(self, load_translator: Callable[[], ServedTranslator], settings: Settings) -> None:
        self.settings = settings
        self.failed = False
        self._load_translator = load_translator
        self._translator: ServedTranslator | None = None
        self._batcher: Batcher[SearchOptions, Translation] | None = None
        self._warm = False

    async def open(self) -> None:
        """Load the translator and decode once, so that the first user does not wait for it."""
        started = time.perf_counter()
        try:
            self._translator = await asyncio.to_thread(self._load_translator)
            limits = QueueLimits(self.settings.batch_tokens, self.settings.max_queued_tokens)
            self._batcher = Batcher(self._translator, limits)
            await self._batcher.translate(["Hello, world."], SearchOptions(), _WARM_UP_SECONDS)
        except TranslatorError as error:
            self.failed = True
            logger.error("the model could not be loaded: %s", error)  # the message says all there is to know
        except Exception:
            self.failed = True
            logger.exception("the model could not be loaded")
        else:
            self._warm = True
            seconds = time.perf_counter() - started
            logger.info(
                "%s is ready on %s after %.1f s", self._translator.name, self._translator.device, seconds
            )

    async def close(self) -> None:
        """Let what waits finish, within the time that a request may take."""
        if self._batcher:
            await asyncio.to_thread(self._batcher.close, self.settings.deadline_seconds)

    def ready(self) -> tuple[ServedTranslator, Batcher[SearchOptions, Translation]]:
        """Return the translator and its queue; raises NotReady where it cannot translate now."""
        if self.failed:
            raise NotReady("The model could not be loaded; the reason is in the service's log.")
        if not self._warm or self._translator is None or self._batcher is None:
            raise NotReady("The model is being loaded. Try again in a few seconds.")
        if not self._batcher.is_running:
            raise NotReady("The service is stopping, or its worker has failed; the reason is in its log.")
        return self._translator, self._batcher

    async def translate(
        self, texts: Sequence[str], options: SearchOptions, deadline_seconds: float | None = None
    ) -> list[Translation]:
        """Return one translation for each text, in order; cancel it when the client leaves.

        Raises NotReady, and what `Batcher.translate` raises.
        """
        _, batcher = self.ready()
        return await batcher.translate(texts, options, deadline_seconds or self.settings.deadline_seconds)


def _room(request: Request) -> ModelRoom:
    room: ModelRoom = request.app.state.room
    return room


Room = Annotated[ModelRoom, Depends(_room)]
"""The parameter of a route that needs the room."""
