"""What the service tells about itself: model, health, the page and the description of the API."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from service.errors import NotReady, problems
from service.room import Room
from service.schemas.information import (
    Language,
    LanguagePair,
    LanguagesAnswer,
    Limits,
    ModelAnswer,
    Status,
)

STATIC = Path(__file__).parents[1] / "static"

router = APIRouter()


@router.head("/model", include_in_schema=False)
@router.get(
    "/model",
    summary="Describe the model",
    tags=["service"],
    responses=problems({503: "The model is not ready."}),
)
async def model(room: Room) -> ModelAnswer:
    """Tell which model is served, where it runs, what one request may ask for, and the model's card."""
    engine = room.ready().engine
    limits = Limits.model_validate(room.settings, from_attributes=True)
    return ModelAnswer(name=engine.name, device=engine.device, limits=limits, card=dict(engine.card))


@router.get("/languages", summary="List the languages", tags=["translation"])
async def languages() -> LanguagesAnswer:
    """Tell what can be translated into what."""
    english, german = Language(code="en", name="English"), Language(code="de", name="German")
    return LanguagesAnswer(languages=[LanguagePair(source=english, targets=[german])])


@router.get(
    "/metrics", summary="Show figures for Prometheus", tags=["service"], response_class=PlainTextResponse
)
async def metrics(request: Request) -> Response:
    """Tell what the service does, in Prometheus' text format."""
    registry = request.app.state.metrics.registry
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


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
    responses=problems({503: "Not now; `detail` says why."}),
)
async def readyz(room: Room) -> Status:
    """Tell whether to send requests here: a service that is about to stop says no, and still answers them."""
    room.ready()
    if not room.is_ready:
        raise NotReady("The service is stopping.")
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
