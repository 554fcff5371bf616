"""DeepL's routes for documents: upload, status, result."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from service.access import Client
from service.document_store import DocumentStatus
from service.errors import DocumentNotFound, InvalidRequest
from service.model_manager import Manager
from service.routes.compat import RATE_ERRORS, READING_ERRORS, errors, read_request
from service.routes.deepl import DeepLRequest, supports_formality
from service.routes.deepl_base import KEY_FIELD, DeepLError, DeepLRoute
from service.routes.documents import ANY_FILE, FILE_SCHEMA, path_parameter
from service.routes.forms import MULTIPART
from service.settings import Settings
from service.uploads import Upload, read_upload, store_document, stored_document, translation_response

_KEY = "document_key"
_KEY_CHARACTERS = 32
"""The key of a document is the second half of its id in the store."""
_FIELDS = ("target_lang", "source_lang", "formality", "glossary_id", "glossary_ids")
_STORAGE = {503: "The storage failed; `Retry-After` says when to try again."}
_NOT_FOUND = {
    404: "The document does not exist, was deleted, or belongs to another API key; or the document key is wrong."
}

_ID = path_parameter("document_id", "The id of the document, from its upload.")

router = APIRouter(
    prefix="/v2/document",
    tags=["DeepL's API"],
    route_class=DeepLRoute,
    responses=errors(DeepLError, READING_ERRORS | _STORAGE),
)


class DeepLDocument(BaseModel):
    """What gives access to an uploaded document."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "document_id": "04DE5AD98A02647D83285A36021911C6",
                    "document_key": "0CB0054F1C132C1625B392EADDA41CB754A742822F6877173029A6C487E7F60A",
                }
            ]
        }
    )

    document_id: str = Field(description="The id of the document.")
    document_key: str = Field(description="Needed to ask for its status and to fetch the translation.")


class DeepLDocumentStatus(BaseModel):
    """The progress of a document."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "document_id": "04DE5AD98A02647D83285A36021911C6",
                    "status": "translating",
                    "seconds_remaining": 20,
                }
            ]
        }
    )

    document_id: str = Field(description="The id of the document.")
    status: DocumentStatus = Field(description="`done`: the translation can be fetched.")
    seconds_remaining: int | None = Field(
        None, description="About how long it still takes, if it is translating."
    )
    billed_characters: int | None = Field(None, description="Characters charged, if it is done.")
    error_message: str | None = Field(None, description="What is wrong, if the status is error.")


def _upload_body() -> dict[str, Any]:
    fields = DeepLRequest.model_json_schema()["properties"]
    properties = {
        "file": FILE_SCHEMA,
        "filename": {"type": "string", "description": "A name to use instead of that of the file."},
        **{name: fields[name] for name in _FIELDS},
        "output_format": {
            "type": "string",
            "description": "The ending of the translation's name; only that of the document is supported.",
        },
        KEY_FIELD: {"type": "string", "description": "The API key; better as a header."},
    }
    schema = {"type": "object", "properties": properties, "required": ["file", "target_lang"]}
    return {"requestBody": {"required": True, "content": {MULTIPART: {"schema": schema}}}}


def _key_body() -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {_KEY: {"type": "string", "description": "The document's key, from its upload."}},
        "required": [_KEY],
        "examples": [{_KEY: "0CB0054F1C132C1625B392EADDA41CB754A742822F6877173029A6C487E7F60A"}],
    }
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@router.post(
    "",
    name="deepl_upload_document",
    summary="Upload a document with DeepL's API",
    responses=errors(
        DeepLError,
        RATE_ERRORS
        | {
            404: "The glossary does not exist or belongs to another API key.",
            456: "The API key has too many documents, or its quota is used up.",
        },
    ),
    openapi_extra=_upload_body(),
)
async def upload(request: Request, manager: Manager) -> DeepLDocument:
    """Upload a document; it is translated in the background, and deleted once it has been fetched or after a day."""
    sent = await read_upload(request, manager.settings, KEY_FIELD)
    name, _ = sent.file(_text(sent, "filename"))
    body = _options(sent, manager.settings, name)
    converted = body.translate_request(supports_formality(manager))
    options = {
        "formality": converted.formality,
        "source_language": converted.source_language,
        "glossaries": body.glossaries,
    }
    identity = await store_document(request, sent, manager.settings, options, name)
    return DeepLDocument(document_id=identity[:-_KEY_CHARACTERS], document_key=identity[-_KEY_CHARACTERS:])


def _options(sent: Upload, settings: Settings, name: str) -> DeepLRequest:
    """Validate the fields of an upload; raises InvalidRequest."""
    wanted = _text(sent, "output_format").lower().removeprefix(".")
    if wanted and f".{wanted}" != PurePath(name).suffix.lower():
        raise InvalidRequest(
            f"output_format: is {wanted[:20]}, but documents keep their format; leave it out."
        )
    fields = {one: value for one, value in sent.fields.items() if one not in ("filename", "output_format")}
    return DeepLRequest.of({**fields, "text": ""}, settings)


def _text(sent: Upload, name: str) -> str:
    value = sent.fields.get(name, "")
    if not isinstance(value, str):
        raise InvalidRequest(f"{name}: occurs several times; send it once.")
    return value


@router.post(
    "/{document_id}",
    name="deepl_document_status",
    summary="Get the status of a document with DeepL's API",
    response_model_exclude_none=True,
    responses=errors(DeepLError, _NOT_FOUND),
    openapi_extra={**_ID, **_key_body()},
)
async def status(request: Request, manager: Manager) -> DeepLDocumentStatus:
    """Return how far the translation of a document is."""
    client, identity = await _identify(request, manager.settings)
    document = await stored_document(request, client, identity)
    return DeepLDocumentStatus(
        document_id=request.path_params["document_id"],
        status=document.status,
        seconds_remaining=document.seconds_left if document.status == "translating" else None,
        billed_characters=document.characters if document.status == "done" else None,
        error_message=document.message or None,
    )


@router.post(
    "/{document_id}/result",
    name="deepl_document_result",
    summary="Download a translated document with DeepL's API",
    response_class=Response,
    responses={
        **ANY_FILE,
        **errors(
            DeepLError, _NOT_FOUND | {503: "The document is not translated yet, or the storage failed."}
        ),
    },
    openapi_extra={**_ID, **_key_body()},
)
async def result(request: Request, manager: Manager) -> Response:
    """Return the translated document; it is deleted once it has been sent."""
    client, identity = await _identify(request, manager.settings)
    return await translation_response(request, client, identity)


async def _identify(request: Request, settings: Settings) -> tuple[Client, str]:
    """Return the client and the id of its document in the store; raises DocumentNotFound without a key."""
    client, parameters = await read_request(request, settings, KEY_FIELD)
    key = parameters.get(_KEY)
    if not isinstance(key, str) or len(key) != _KEY_CHARACTERS:
        raise DocumentNotFound(f"{_KEY}: is missing or wrong; send the one from the upload.")
    return client, request.path_params["document_id"] + key
