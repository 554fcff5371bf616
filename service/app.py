"""The web application: `create_app`, the life of the model behind it, and the routes.

Reading order: `create_app`, `ModelRoom` (from loading to draining), the routes, how a body is read.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import APIRouter, Depends, FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

from service.batcher import Batcher, QueueLimits, TranslatesTexts
from service.errors import (
    ClientLeft,
    InvalidRequest,
    NotReady,
    RequestTooLarge,
    UnsupportedMediaType,
    add_error_handlers,
)
from service.middleware import RequestContext
from service.schemas import (
    Limits,
    ModelAnswer,
    Problem,
    Status,
    TranslateAnswer,
    TranslatedText,
    TranslateRequest,
)
from service.settings import Settings
from translator.errors import TranslatorError
from translator.search import SearchOptions
from translator.translate import Translation

logger = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
_WARM_UP_SECONDS = 600.0  # the first decoding may compile kernels
_T = TypeVar("_T")


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


def create_app(load_translator: Callable[[], ServedTranslator], settings: Settings) -> FastAPI:
    """Return the application; the translator is loaded in the background once it starts.

    Until then `/healthz` answers and everything that needs the model says 503.
    """
    room = ModelRoom(load_translator, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(room.open())
        yield
        loading.cancel()
        await room.close()

    app = FastAPI(
        title="English→German translator",
        description="Translates English into German on this machine; no text leaves it.",
        version="1.0",
        docs_url=None,  # the stock pages load their assets from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a redirect answers a POST to /translate/ with nothing that tells the mistake
        generate_unique_id_function=lambda route: route.name,  # names that a generated client can bear
        lifespan=lifespan,
    )
    app.state.room = room
    app.add_middleware(RequestContext)
    add_error_handlers(app)
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.mount("/docs/assets", StaticFiles(packages=[("fastapi_swagger", "resources")]), name="docs-assets")
    return app


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


def _room(request: Request) -> ModelRoom:
    room: ModelRoom = request.app.state.room
    return room


Room = Annotated[ModelRoom, Depends(_room)]


def _problems(explanations: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    content = {"application/problem+json": {"schema": Problem.model_json_schema()}}
    return {status: {"description": text, "content": content} for status, text in explanations.items()}


router = APIRouter()


@router.post(
    "/translate",
    summary="Translate English into German",
    tags=["translation"],
    responses=_problems(
        {
            400: "The body is not JSON.",
            413: "The body, the texts or their characters are over a limit; `GET /model` tells the limits.",
            415: "The body is not declared as `application/json`.",
            422: "A field is missing, unknown, of the wrong type or out of range.",
            503: "The service is busy or not ready; `Retry-After` says when to try again.",
            504: "The translation took too long.",
        }
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": TranslateRequest.openapi_schema()}},
        }
    },
)
async def translate(request: Request, room: Room) -> TranslateAnswer:
    """Translate one text or a list of texts; the translations come in the same order."""
    started = time.perf_counter()
    # The body is read here and not by the framework: it is counted as it comes, and parsed in one known way.
    wanted = TranslateRequest.from_json(await _read_json_body(request, room.settings.max_body_bytes))
    _check_limits(wanted, room.settings)
    translator, batcher = room.ready()
    work = batcher.translate(wanted.texts, wanted.search_options, room.settings.deadline_seconds)
    translations = await _unless_client_leaves(request, work)
    return TranslateAnswer(
        translations=[TranslatedText.of(translation) for translation in translations],
        model=translator.name,
        device=translator.device,
        seconds=round(time.perf_counter() - started, 4),
    )


@router.head("/model", include_in_schema=False)
@router.get(
    "/model",
    summary="Describe the model",
    tags=["service"],
    responses=_problems({503: "The model is not ready."}),
)
async def model(room: Room) -> ModelAnswer:
    """Tell which model is served, where it runs, what one request may ask for, and the model's card."""
    translator, _ = room.ready()
    limits = Limits.model_validate(room.settings, from_attributes=True)
    return ModelAnswer(
        name=translator.name, device=translator.device, limits=limits, card=dict(translator.card)
    )


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", summary="Does the process live?", tags=["service"])
async def healthz() -> Status:
    """Tell that the process lives; whether it can translate is `/readyz`."""
    return Status(status="ok")


@router.head("/readyz", include_in_schema=False)
@router.get(
    "/readyz",
    summary="Can it translate now?",
    tags=["service"],
    responses=_problems({503: "Not now; `detail` says why."}),
)
async def readyz(room: Room) -> Status:
    """Tell whether a translation is possible now."""
    room.ready()
    return Status(status="ready")


@router.head("/", include_in_schema=False)
@router.get("/", include_in_schema=False)
async def page() -> FileResponse:
    """Serve the page to translate in."""
    return FileResponse(STATIC / "index.html")


@router.head("/docs", include_in_schema=False)
@router.get("/docs", include_in_schema=False)
async def docs() -> FileResponse:
    """Serve the description of the API."""
    return FileResponse(STATIC / "docs.html")


async def _read_json_body(request: Request, max_bytes: int) -> bytes:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType(
            f"The body is declared as {media_type[:50] or 'nothing'}; send Content-Type: application/json."
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType(
            "Compressed bodies are not taken; send the JSON as it is, without Content-Encoding."
        )
    body = bytearray()
    async for chunk in request.stream():  # not trusting Content-Length, which can lie
        body += chunk
        if len(body) > max_bytes:
            raise RequestTooLarge(
                f"The body has more than {max_bytes} bytes, the limit. Send less text at once."
            )
    return bytes(body)


def _check_limits(wanted: TranslateRequest, settings: Settings) -> None:
    if wanted.alternatives > settings.max_alternatives:
        raise InvalidRequest(
            f"alternatives: {wanted.alternatives} asked for; the limit here is {settings.max_alternatives}."
        )
    characters = sum(map(len, wanted.texts))
    for what, value, limit in (
        ("texts", len(wanted.texts), settings.max_texts),
        ("characters", characters, settings.max_characters),
    ):
        if value > limit:
            raise RequestTooLarge(f"The request has {value} {what}; the limit is {limit}. Send it in parts.")


async def _unless_client_leaves(request: Request, work: Coroutine[Any, Any, _T]) -> _T:
    """Await `work`, and cancel it when the client closes the connection: nothing else would."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_client_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientLeft("The client closed the connection before the translation was finished.")
    finally:
        working.cancel()
        leaving.cancel()


async def _client_left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
