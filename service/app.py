"""The web application: `create_app`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles

from service.access import Access
from service.document_store import DocumentStore
from service.document_worker import DocumentWorker
from service.errors import add_error_handlers
from service.glossaries import GlossaryStore
from service.loaded_model import ServedEngine
from service.metrics import Metrics
from service.middleware import RequestContext
from service.model_manager import ModelManager
from service.openapi import describe
from service.routes import (
    admin,
    deepl,
    deepl_documents,
    deepl_glossaries,
    documents,
    information,
    libretranslate,
    libretranslate_files,
    translation,
)
from service.routes.compat import FallbackApp, methods_by_path
from service.routes.deepl_base import DeepLRoute
from service.settings import Settings
from service.shared_cache import SharedResults
from service.usage import Usage

_DEEPL = (deepl, deepl_documents, deepl_glossaries)
_LIBRETRANSLATE = (libretranslate, libretranslate_files)
_GROUPS = (translation, documents, information, admin, *_DEEPL, *_LIBRETRANSLATE)


@dataclass(frozen=True)
class _Parts:
    """What the application holds while it runs."""

    metrics: Metrics
    usage: Usage
    shared: SharedResults | None
    access: Access
    glossaries: GlossaryStore
    documents: DocumentStore
    manager: ModelManager
    worker: DocumentWorker

    @classmethod
    def build(
        cls, load_engine: Callable[[], ServedEngine], settings: Settings, on_failure: Callable[[], None]
    ) -> _Parts:
        """Build the parts; raises ConfigError."""
        metrics = Metrics()
        usage = Usage.load(settings.limits_url, metrics.uncounted_requests.inc)
        glossaries, documents = GlossaryStore(settings.data), DocumentStore(settings.data)
        shared = SharedResults.load(settings, metrics)
        manager = ModelManager(load_engine, settings, metrics, on_failure, shared)
        worker = DocumentWorker(documents, manager, glossaries)
        access = Access.load(settings.api_keys_file, settings.api_keys, usage)
        return cls(metrics, usage, shared, access, glossaries, documents, manager, worker)

    @asynccontextmanager
    async def running(self, app: FastAPI) -> AsyncIterator[None]:
        """Keep the parts open; the model loads in the background."""
        if self.shared:
            self.shared.open()
        loading = asyncio.create_task(self.manager.open())
        self.worker.open()
        await self.usage.open()
        yield
        loading.cancel()
        await self.worker.close()
        await self.manager.close()
        self.documents.close()
        self.glossaries.close()
        await self.usage.close()
        if self.shared:
            await self.shared.close()

    def show_to(self, app: FastAPI) -> None:
        """Put the parts where the routes find them."""
        app.state.manager, app.state.metrics, app.state.access = self.manager, self.metrics, self.access
        app.state.glossaries, app.state.documents = self.glossaries, self.documents
        app.state.document_worker = self.worker


def create_app(
    load_engine: Callable[[], ServedEngine], settings: Settings, on_failure: Callable[[], None] = lambda: None
) -> FastAPI:
    """Build the application; the model loads in the background once the application starts.

    Until the model is loaded, `/healthz` answers and everything that needs the model returns 503. If it cannot be
    loaded, `on_failure` is called. Raises ConfigError if the API keys, the address of the store of limits or the secret
    of the shared cache are invalid, or the folder for data cannot be used.
    """
    parts = _Parts.build(load_engine, settings, on_failure)
    app = FastAPI(
        title="English→German translator",
        description="Translates English into German on this machine; no text leaves it.",
        version="1.0",
        docs_url=None,  # FastAPI's own pages load their assets from a CDN
        redoc_url=None,
        redirect_slashes=False,  # a redirect would not tell the client of POST /translate/ what is wrong
        generate_unique_id_function=lambda route: route.name,  # short names for generated clients
        lifespan=parts.running,
    )
    parts.show_to(app)
    _add_middleware(app, settings, parts)
    add_error_handlers(app)
    for group in _GROUPS:
        app.include_router(group.router)
    _mount_fallbacks(app)
    describe(app, settings)
    _mount_assets(app)
    return app


def _mount_fallbacks(app: FastAPI) -> None:
    """Answer unknown paths under the prefixes of other services as those services do."""
    of_deepl = FallbackApp("DeepL's API", [group.router for group in _DEEPL], DeepLRoute)
    routers = [group.router for group in _LIBRETRANSLATE]
    of_libretranslate = FallbackApp("LibreTranslate's API", routers, libretranslate.LibreTranslateRoute)
    for prefix, fallback in (
        ("/v1", of_deepl),  # some programs still call it; the error names the routes of today
        ("/v2", of_deepl),
        ("/v3", of_deepl),
        ("/libretranslate", of_libretranslate),
    ):
        app.mount(prefix, fallback)


def _mount_assets(app: FastAPI) -> None:
    """Serve the files of the page and of `/docs`."""
    app.mount("/static", StaticFiles(directory=information.STATIC), name="static")
    app.mount("/docs/assets", StaticFiles(packages=[("fastapi_swagger", "resources")]), name="docs-assets")


def _add_middleware(app: FastAPI, settings: Settings, parts: _Parts) -> None:
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "X-API-Key",
                "X-Deadline-Seconds",
                "X-Request-ID",
            ],
            expose_headers=["Retry-After", "X-Request-ID"],
        )
    methods = {path: found for group in _GROUPS for path, found in methods_by_path(group.router).items()}
    app.add_middleware(
        RequestContext,
        metrics=parts.metrics,
        log_access=settings.access_log,
        methods=methods,
        is_closing=lambda: parts.manager.is_closing,
    )
