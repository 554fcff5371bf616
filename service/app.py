"""The web application: `create_app`.

Reading order: `create_app` here, `room` (the model, from loading to draining), `routes`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from service.errors import add_error_handlers
from service.middleware import RequestContext
from service.room import ModelRoom, ServedTranslator
from service.routes import information, translation
from service.settings import Settings


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
    app.include_router(translation.router)
    app.include_router(information.router)
    app.mount("/static", StaticFiles(directory=information.STATIC), name="static")
    app.mount("/docs/assets", StaticFiles(packages=[("fastapi_swagger", "resources")]), name="docs-assets")
    return app
