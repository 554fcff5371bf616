"""What the service tells about itself: model, health, the page and the description of the API."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse

from service.errors import problems
from service.room import Room
from service.schemas import Limits, ModelAnswer, Status

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
    responses=problems({503: "Not now; `detail` says why."}),
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
