"""Our own routes for documents: upload, status, translation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    field_validator,
)
from starlette.requests import Request
from starlette.responses import Response

from service.dependencies import Identified
from service.document_store import StoredDocument
from service.errors import problems
from service.model_manager import Manager
from service.routes.forms import MULTIPART
from service.schemas.parsing import explain
from service.schemas.translation import MAX_ENTRIES
from service.uploads import read_upload, store_document, stored_document, translation_response
from translator.documents import FORMATS, translated_name
from translator.errors import InputError
from translator.options import Numbers, RequestedFormality, SourceLanguage
from translator.text.glossary import Glossary
from translator.translate import DEFAULT_STYLE

router = APIRouter(prefix="/documents", tags=["documents"])

FILE_SCHEMA: dict[str, Any] = {
    "type": "string",
    "format": "binary",
    "description": f"The document. Its name tells the format: {', '.join(FORMATS)}.",
}
ANY_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The translated document.", "content": {"application/octet-stream": {}}}
}


def path_parameter(name: str, description: str) -> dict[str, Any]:
    """Declare a parameter in the path for OpenAPI; the framework would declare errors for it that do not occur."""
    schema = {"type": "string"}
    return {
        "parameters": [
            {"name": name, "in": "path", "required": True, "description": description, "schema": schema}
        ]
    }


_ID = path_parameter("document_id", "The id of the document, from its upload.")
_PROBLEMS = {
    401: "The service needs an API key, and it is missing or unknown.",
    503: "The storage failed; `Retry-After` says when to try again.",
}
_NOT_FOUND = {404: "The document does not exist, was deleted, or belongs to another API key."}


_ENTRIES = TypeAdapter(Annotated[dict[str, str], Field(max_length=MAX_ENTRIES)])


class DocumentOptions(BaseModel):
    """How to translate a document."""

    model_config = ConfigDict(extra="forbid")

    numbers: Numbers = DEFAULT_STYLE.numbers
    formality: RequestedFormality = DEFAULT_STYLE.formality
    source_language: SourceLanguage = DEFAULT_STYLE.source_language
    glossary_id: str = Field(
        "",
        max_length=100,
        description="The id of a glossary stored with `POST /v2/glossaries` or `/v3/glossaries`.",
    )

    glossary: Annotated[
        dict[str, str], WithJsonSchema({"type": "string", "contentMediaType": "application/json"})
    ] = Field(
        default_factory=dict,
        description=f"A JSON object with German for up to {MAX_ENTRIES} English terms, as in `POST /translate`. Its "
        "entries take precedence over those of `glossary_id`.",
        examples=['{"house": "Haus|Hauses|Häuser|Häusern"}'],
    )

    @field_validator("glossary", mode="before")
    @classmethod
    def _read_glossary(cls, sent: object) -> dict[str, str]:
        try:
            entries = _ENTRIES.validate_json(sent if isinstance(sent, str) else "")
        except ValidationError:
            raise ValueError(
                f'must be a JSON object with up to {MAX_ENTRIES} strings, such as {{"house": "Haus"}}'
            ) from None
        try:
            Glossary.of(entries.items())
        except InputError as error:
            raise ValueError(str(error)) from None
        return entries

    def stored(self) -> dict[str, Any]:
        """What is stored with the document."""
        glossaries = [self.glossary_id] if self.glossary_id else []
        return {**self.model_dump(exclude={"glossary_id"}), "glossaries": glossaries}


class DocumentAnswer(BaseModel):
    """An uploaded document."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "name": "letter.de.docx", "status": "translating", "characters": 48_120, "characters_done": 16_040,
                    "seconds_left": 21, "message": "",
                }
            ]
        }
    )  # fmt: skip

    id: str = Field(description="Its id, which cannot be guessed.")
    name: str = Field(description="The name of the file with the translation.")
    status: Literal["queued", "translating", "done", "error"] = Field(
        description="`done`: the translation can be fetched; `error`: `message` says why there is none."
    )
    characters: int = Field(description="Characters (Unicode code points) in its texts.")
    characters_done: int = Field(description="Those translated so far.")
    seconds_left: int = Field(description="About how long the translation still takes; 0 once it is done.")
    message: str = Field(description="What is wrong and what to do, if the status is `error`.")

    @classmethod
    def of(cls, document: StoredDocument) -> DocumentAnswer:
        """Describe a stored document."""
        return cls(
            id=document.id,
            name=translated_name(document.name),
            status=document.status,
            characters=document.characters,
            characters_done=document.done,
            seconds_left=0 if document.status in ("done", "error") else document.seconds_left,
            message=document.message,
        )


def _upload_body() -> dict[str, Any]:
    schema = DocumentOptions.model_json_schema()
    schema["properties"] = {"file": FILE_SCHEMA, **schema["properties"]}
    schema["required"] = ["file"]
    return {"requestBody": {"required": True, "content": {MULTIPART: {"schema": schema}}}}


@router.post(
    "",
    summary="Translate a document",
    status_code=202,
    name="upload_document",
    responses=problems(
        {
            **_PROBLEMS,
            403: "The API key's quota of characters for this month is used up.",
            404: "The glossary does not exist or belongs to another API key.",
            413: "The document has too many bytes or characters.",
            415: "The body is not a multipart form.",
            422: "A field is wrong, or the document cannot be read.",
            429: "The API key has made too many requests; `Retry-After` says when to try again.",
            507: "The key has too many documents.",
        }
    ),
    openapi_extra=_upload_body(),
)
async def upload(request: Request, manager: Manager, _: Identified) -> DocumentAnswer:
    """Upload a document as the field `file` of a form; it is translated in the background.

    Ask for its status, and fetch the translation once it is done. It is deleted then, or after a day.
    """
    sent = await read_upload(request, manager.settings)
    try:
        options = DocumentOptions.model_validate(
            {name: value for name, value in sent.fields.items() if value != ""}
        )
    except ValidationError as error:
        raise explain(error, DocumentOptions) from None
    identity = await store_document(request, sent, manager.settings, options.stored())
    return DocumentAnswer.of(await stored_document(request, sent.client, identity))


@router.get(
    "/{document_id}",
    summary="Get the status of a document",
    name="document",
    responses=problems(_PROBLEMS | _NOT_FOUND),
    openapi_extra=_ID,
)
async def status(request: Request, client: Identified) -> DocumentAnswer:
    """Return how far the translation of a document is."""
    return DocumentAnswer.of(await stored_document(request, client, request.path_params["document_id"]))


@router.get(
    "/{document_id}/translation",
    summary="Download the translation of a document",
    name="document_translation",
    response_class=Response,
    responses={
        **ANY_FILE,
        **problems(
            _PROBLEMS
            | _NOT_FOUND
            | {409: "The document is not translated yet.", 422: "The document cannot be translated."}
        ),
    },
    openapi_extra=_ID,
)
async def translation(request: Request, client: Identified) -> Response:
    """Return the translated document; it is deleted once it has been sent."""
    return await translation_response(request, client, request.path_params["document_id"])
