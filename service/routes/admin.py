"""Routes for operators only."""

from __future__ import annotations

from fastapi import APIRouter

from service.dependencies import Identified
from service.errors import problems
from service.model_manager import Manager
from service.schemas.information import ReloadAnswer

router = APIRouter(prefix="/admin", tags=["operation"])


@router.post(
    "/reload",
    summary="Reload the model",
    responses=problems(
        {
            401: "The API key is missing or unknown.",
            403: "The API key is not an operator's, or no keys are configured.",
            500: "The new model could not be loaded; the old one is still served.",
        }
    ),
)
async def reload(manager: Manager, client: Identified) -> ReloadAnswer:
    """Load the model from its folder beside the current one, and let it take over; no request is lost."""
    client.require_admin()
    model = await manager.reload()
    return ReloadAnswer(name=model.engine.name, device=model.engine.device)
