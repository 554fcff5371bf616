"""Errors of the HTTP layer, and the one table that maps every exception to its response.

Responses are `application/problem+json` (RFC 9457). They never echo much of the input: an error stays below 2 KB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from service.access import Forbidden, QuotaExceeded, RateLimited, Unauthorized
from service.batcher import DeadlineExceeded, OutOfMemory, QueueFull, WorkerUnavailable
from translator.errors import InputError, InputTooLong, TranslatorError

_MAX_DETAIL_CHARACTERS = 400  # at most four bytes each in UTF-8


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="A URI for the kind of error; `about:blank` if the status says it all.")
    title: str = Field(description="The kind of error, in words.")
    status: int = Field(description="The HTTP status, repeated.")
    detail: str = Field(description="What is wrong with this request, and what to do.")
    request_id: str = Field(description="Also in the header `X-Request-ID` and in the service's log.")


def problems(explanations: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    """Declare the problems of a route for OpenAPI, by status."""
    content = {"application/problem+json": {"schema": Problem.model_json_schema()}}
    return {status: {"description": text, "content": content} for status, text in explanations.items()}


class ServiceError(TranslatorError):
    """A request that cannot be served."""


class MalformedJson(ServiceError):
    """The body is not JSON in UTF-8."""


class InvalidRequest(ServiceError):
    """The body is JSON, but not a valid request."""


class RequestTooLarge(ServiceError):
    """The request exceeds one of the service's limits."""


class UnsupportedMediaType(ServiceError):
    """The body is compressed, or its declared media type is not supported."""


class NotReady(ServiceError):
    """The model is still being loaded, could not be loaded, or has stopped."""


class GlossaryNotFound(ServiceError):
    """The glossary or dictionary does not exist, or belongs to another API key."""


class GlossaryLimit(ServiceError):
    """A limit on stored glossaries is exceeded."""


class DocumentNotFound(ServiceError):
    """The document does not exist, was deleted, or belongs to another API key."""


class DocumentNotReady(ServiceError):
    """The document is still being translated."""


class DocumentLimit(ServiceError):
    """The client's key has too many documents."""


class StorageFailed(ServiceError):
    """The disk with what clients have stored fails."""


class ReloadFailed(ServiceError):
    """Reloading the model failed; the old one is still served."""


class ClientLeft(ServiceError):
    """The client closed the connection, so nobody reads the response."""


@dataclass(frozen=True)
class Kind:
    """The response to one kind of error."""

    status: int
    slug: str
    title: str
    retry_after_seconds: int | None = None

    @property
    def type(self) -> str:
        """The URI of this kind; `about:blank` means that the status says it all."""
        return f"urn:translator:problem:{self.slug}" if self.slug else "about:blank"


INTERNAL = Kind(500, "internal", "The service failed")

KINDS: dict[type[Exception], Kind] = {
    MalformedJson: Kind(400, "malformed-json", "The body is not valid JSON"),
    InvalidRequest: Kind(422, "invalid-request", "The request is not valid"),
    RequestValidationError: Kind(422, "invalid-request", "The request is not valid"),
    UnsupportedMediaType: Kind(415, "unsupported-media-type", "The media type is not supported"),
    RequestTooLarge: Kind(413, "too-large", "The request is too large"),
    InputTooLong: Kind(413, "too-large", "The request is too large"),
    InputError: Kind(422, "invalid-input", "The text cannot be translated as given"),
    Unauthorized: Kind(401, "unauthorized", "An API key is needed"),
    Forbidden: Kind(403, "forbidden", "The API key does not allow this"),
    QuotaExceeded: Kind(403, "quota-exceeded", "The quota is used up"),
    RateLimited: Kind(429, "rate-limited", "Too many requests", retry_after_seconds=1),
    GlossaryNotFound: Kind(404, "glossary-not-found", "The glossary was not found"),
    GlossaryLimit: Kind(507, "glossary-limit", "There is no room for more glossaries"),
    DocumentNotFound: Kind(404, "document-not-found", "The document was not found"),
    DocumentNotReady: Kind(409, "document-not-ready", "The document is not translated yet"),
    DocumentLimit: Kind(507, "document-limit", "There is no room for more documents"),
    StorageFailed: Kind(503, "storage-failed", "Stored data cannot be reached", retry_after_seconds=5),
    QueueFull: Kind(503, "queue-full", "The service is busy", retry_after_seconds=1),
    NotReady: Kind(503, "not-ready", "The service is not ready", retry_after_seconds=5),
    WorkerUnavailable: Kind(503, "worker-unavailable", "The service cannot translate", retry_after_seconds=5),
    OutOfMemory: Kind(503, "out-of-memory", "The service has too little memory", retry_after_seconds=5),
    ReloadFailed: Kind(500, "reload-failed", "The model could not be loaded"),
    DeadlineExceeded: Kind(504, "deadline-exceeded", "The translation took too long"),
    ClientLeft: Kind(499, "client-left", "The client closed the connection"),
    ClientDisconnect: Kind(499, "client-left", "The client closed the connection"),
}


def kind_of(error: Exception) -> Kind:
    """Return the table's entry for the nearest class of `error`; INTERNAL if it has none."""
    return next((KINDS[cls] for cls in type(error).__mro__ if cls in KINDS), INTERNAL)


def problem_response(request: Request, error: Exception) -> Response:
    """Build the response to any exception."""
    if isinstance(error, HTTPException):
        return _http_problem(request, error)
    kind = kind_of(error)
    if kind is INTERNAL:
        detail = "An unexpected error. The service's log has the details under this request id."
    elif isinstance(error, RequestValidationError):
        detail = "A parameter is missing or invalid; the API is described at /docs."
    else:
        detail = str(error)
    request.state.rejected_for = kind.slug
    # An error may carry a better estimate than the table.
    wait = getattr(error, "retry_after_seconds", None) or kind.retry_after_seconds
    headers = {"Retry-After": str(wait)} if wait else {}
    if kind.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return _problem(request, kind, detail, headers)


def _http_problem(request: Request, error: HTTPException) -> Response:
    kind = Kind(error.status_code, "", HTTPStatus(error.status_code).phrase)
    explanations = {
        404: f"There is nothing at {request.url.path}; the API is described at /docs.",
        405: f"{request.url.path} does not support {request.method}; the API is described at /docs.",
    }
    detail = explanations.get(error.status_code, error.detail)
    return _problem(request, kind, detail, error.headers or {})


def _problem(request: Request, kind: Kind, detail: str, headers: Mapping[str, str]) -> Response:
    body = {
        "type": kind.type,
        "title": kind.title,
        "status": kind.status,
        "detail": _presentable(detail),
        "request_id": request.state.request_id,
    }
    return JSONResponse(body, kind.status, headers, media_type="application/problem+json")


def _presentable(detail: str) -> str:
    """Truncate `detail`, and replace surrogates (not valid in UTF-8) and control characters (long in JSON)."""
    if len(detail) > _MAX_DETAIL_CHARACTERS:
        detail = detail[: _MAX_DETAIL_CHARACTERS - 1] + "…"
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in detail)


def add_error_handlers(app: FastAPI) -> None:
    """Make `app` respond to every exception of the table, and the framework's own, with a problem."""

    async def answer(request: Request, error: Exception) -> Response:
        return problem_response(request, error)

    for error_type in (*KINDS, HTTPException):
        app.add_exception_handler(error_type, answer)
