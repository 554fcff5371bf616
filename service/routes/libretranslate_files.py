"""LibreTranslate's routes for files."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from service.dependencies import cancel_on_disconnect
from service.model_manager import Manager
from service.routes.compat import RATE_ERRORS, READING_ERRORS, errors
from service.routes.documents import ANY_FILE, FILE_SCHEMA, path_parameter
from service.routes.forms import MULTIPART
from service.routes.libretranslate import LibreTranslateError, LibreTranslateRequest, LibreTranslateRoute
from service.uploads import read_upload, store_document, translation_response, wait_for_document
from translator.documents import translated_name

_KEY = "api_key"
_STORAGE = {503: "The storage failed; `Retry-After` says when to try again."}

router = APIRouter(prefix="/libretranslate", tags=["LibreTranslate's API"], route_class=LibreTranslateRoute)


class TranslatedFile(BaseModel):
    """Where the translation of a file is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "translatedFileUrl": "http://localhost:8000/libretranslate/download_file/9f86d0.letter.de.docx"
                }
            ]
        }
    )

    translatedFileUrl: str = Field(description="The URL of the translation, which can be fetched once.")


def _upload_body() -> dict[str, Any]:
    fields = LibreTranslateRequest.model_json_schema()["properties"]
    properties = {
        "file": FILE_SCHEMA,
        **{name: fields[name] for name in ("source", "target")},
        _KEY: {"type": "string", "description": "The API key, if the service needs one."},
    }
    schema = {"type": "object", "properties": properties, "required": ["file", "target"]}
    return {"requestBody": {"required": True, "content": {MULTIPART: {"schema": schema}}}}


@router.post(
    "/translate_file",
    name="libretranslate_translate_file",
    summary="Translate a file with LibreTranslate's API",
    responses=errors(
        LibreTranslateError,
        READING_ERRORS
        | RATE_ERRORS
        | _STORAGE
        | {456: "The key has too many documents, or its quota is used up."},
    ),
    openapi_extra=_upload_body(),
)
async def translate_file(request: Request, manager: Manager) -> TranslatedFile:
    """Translate a file, and return the URL of the translation."""
    sent = await read_upload(request, manager.settings, _KEY)
    body = LibreTranslateRequest.of({**sent.fields, "q": ""}, manager.settings)
    identity = await store_document(
        request, sent, manager.settings, {"source_language": "en" if body.source == "en" else "auto"}
    )
    document = await cancel_on_disconnect(request, wait_for_document(request, sent.client, identity))
    name = f"{identity}.{translated_name(document.name)}"
    return TranslatedFile(
        translatedFileUrl=str(request.url_for("libretranslate_download_file", name=quote(name)))
    )


@router.get(
    "/download_file/{name}",
    name="libretranslate_download_file",
    summary="Download a translated file with LibreTranslate's API",
    response_class=Response,
    responses={
        **ANY_FILE,
        **errors(LibreTranslateError, _STORAGE | {404: "The file does not exist or was deleted."}),
    },
    openapi_extra=path_parameter("name", "The name of the translated file, from its URL."),
)
async def download_file(request: Request) -> Response:
    """Return a translated file, once; its URL cannot be guessed, and so no key is needed."""
    return await translation_response(request, None, str(request.path_params["name"]).partition(".")[0])
