"""`POST /translate`."""

from __future__ import annotations

import time

from fastapi import APIRouter
from starlette.requests import Request

from service.errors import InvalidRequest, RequestTooLarge, problems
from service.requests import read_json_body, unless_client_leaves
from service.room import Room
from service.schemas import TranslateAnswer, TranslatedText, TranslateRequest
from service.settings import Settings

router = APIRouter()


@router.post(
    "/translate",
    summary="Translate English into German",
    tags=["translation"],
    responses=problems(
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
    wanted = TranslateRequest.from_json(await read_json_body(request, room.settings.max_body_bytes))
    _check_limits(wanted, room.settings)
    translator, _ = room.ready()
    work = room.translate(wanted.texts, wanted.search_options)
    translations = await unless_client_leaves(request, work)
    return TranslateAnswer(
        translations=[TranslatedText.of(translation) for translation in translations],
        model=translator.name,
        device=translator.device,
        seconds=round(time.perf_counter() - started, 4),
    )


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
