"""What only an operator may do."""

from __future__ import annotations

from fastapi import APIRouter

from service.errors import problems
from service.requests import Identified
from service.room import Room
from service.schemas.information import ReloadAnswer

router = APIRouter(prefix="/admin", tags=["operation"])


@router.post(
    "/reload",
    summary="Load the model anew",
    responses=problems(
        {
            401: "The API key is missing or not known.",
            403: "The API key is not an operator's, or no keys are configured.",
            500: "The new model could not be loaded; the old one is still served.",
        }
    ),
)
async def reload(room: Room, client: Identified) -> ReloadAnswer:
    """Load the model from its folder beside the one that is served, and let it take over; no request is lost."""
    client.require_admin()
    served = await room.reload()
    return ReloadAnswer(name=served.engine.name, device=served.engine.device)
