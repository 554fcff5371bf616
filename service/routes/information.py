"""Routes about the service itself: model, languages, metrics, health, the page and the API documentation."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from service.errors import NotReady, problems
from service.model_manager import Manager
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
async def model(manager: Manager) -> ModelAnswer:
    """Return the model's name, where it runs, how it keeps links, the limits of a request, and the model card."""
    engine = manager.current_model().engine
    limits = Limits.model_validate(manager.settings, from_attributes=True)
    return ModelAnswer(
        name=engine.name,
        device=engine.device,
        protection=engine.protection,
        limits=limits,
        card=dict(engine.card),
    )


@router.get("/languages", summary="List the languages", tags=["translation"])
async def languages() -> LanguagesAnswer:
    """Return the language pairs."""
    english, german = Language(code="en", name="English"), Language(code="de", name="German")
    return LanguagesAnswer(languages=[LanguagePair(source=english, targets=[german])])


@router.get(
    "/metrics", summary="Show metrics for Prometheus", tags=["service"], response_class=PlainTextResponse
)
async def metrics(request: Request) -> Response:
    """Return the metrics of the service in Prometheus' text format."""
    registry = request.app.state.metrics.registry
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", summary="Is the process alive?", tags=["service"])
async def healthz() -> Status:
    """Return `ok` while the process is alive; `/readyz` says whether it can translate."""
    return Status(status="ok")


@router.head("/readyz", include_in_schema=False)
@router.get(
    "/readyz",
    summary="Can it translate now?",
    tags=["service"],
    responses=problems({503: "Not now; `detail` says why."}),
)
async def readyz(manager: Manager) -> Status:
    """Return whether to send requests here; a service that is about to stop says no, but still answers them."""
    manager.current_model()
    if not manager.is_ready:
        raise NotReady("The service is stopping.")
    return Status(status="ready")


@router.head("/", include_in_schema=False)
@router.get("/", include_in_schema=False)
async def page() -> FileResponse:
    """Serve the translation page."""
    return FileResponse(STATIC / "index.html")


@router.head("/docs", include_in_schema=False)
@router.get("/docs", include_in_schema=False)
async def docs() -> FileResponse:
    """Serve the API documentation."""
    return FileResponse(STATIC / "docs.html")
