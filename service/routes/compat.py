"""What the routes that imitate another translator's API share: reading requests, and errors in its format."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, ClassVar, Self

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from service.access import Access, Client, key_of
from service.dependencies import check_size, media_type_of, read_body, read_json_body, wrong_media_type
from service.errors import InvalidRequest, problem_response
from service.failures import log_failure
from service.routes.forms import MULTIPART, URLENCODED, as_fields, parse_multipart, parse_urlencoded
from service.schemas.parsing import as_list, explain, parse_object
from service.settings import Settings

_OTHER_FIELDS = 50  # of a form, besides its texts
_MAX_SHOWN_PATH = 100
_STATUSES = {401: 403, 403: 456, 422: 400, 507: 456, 409: 503}
"""The imitated APIs' statuses, where they differ from ours."""
READING_ERRORS = {
    400: "A parameter is missing, invalid, or not supported here.",
    403: "The key is missing or unknown.",
    413: "The body, the number of texts or their characters exceed a limit.",
    415: "The body is neither JSON nor a form.",
}
RATE_ERRORS = {429: "The key has made too many requests; `Retry-After` says when to try again."}
TRANSLATION_ERRORS = {
    456: "The key's quota of characters for this month is used up.",
    503: "The service is busy or not ready; `Retry-After` says when to try again.",
    504: "The translation took too long.",
}


class CompatRoute(APIRoute):
    """A route that formats its errors like the API that it imitates.

    The errors are converted from the service's own problems, so that there is only one table of errors.
    """

    error_field: ClassVar[str]
    """The field that holds the message."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler so that its errors have the form of this API."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:
                return self._error_response(request, error)

        return answer

    def _error_response(self, request: Request, error: Exception) -> Response:
        problem = problem_response(request, error)
        if problem.status_code == 500:
            log_failure(request, error)
        status = _STATUSES.get(problem.status_code, problem.status_code)
        detail = json.loads(bytes(problem.body))["detail"]
        wait = problem.headers.get("Retry-After")
        return JSONResponse({self.error_field: detail}, status, {"Retry-After": wait} if wait else None)


class FallbackApp:
    """Answers all other requests under the API's prefix: an error in the API's format lists what is supported."""

    def __init__(self, api: str, routers: Sequence[APIRouter], route_class: type[CompatRoute]) -> None:
        self._error_field = route_class.error_field
        methods: dict[str, set[str]] = {}
        for router in routers:
            methods |= methods_by_path(router)
        self._methods = [(compile_path(path)[0], sorted(found)) for path, found in methods.items()]
        served = ", ".join(f"{'/'.join(sorted(found))} {path}" for path, found in methods.items())
        self._served = f"From {api}, this service supports {served}."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 404, or 405 if only the method is wrong."""
        request = Request(scope)
        path = request.url.path[:_MAX_SHOWN_PATH]
        methods = next((found for form, found in self._methods if form.match(scope["path"])), None)
        problem = f"{path} does not support {request.method}." if methods else f"There is nothing at {path}."
        answer = JSONResponse({self._error_field: f"{problem} {self._served}"}, 405 if methods else 404)
        if methods:
            answer.headers["Allow"] = ", ".join(methods)
        await answer(scope, receive, send)


def methods_by_path(router: APIRouter) -> dict[str, set[str]]:
    """Map each path of a router to its methods."""
    methods: dict[str, set[str]] = {}
    for route in router.routes:
        assert isinstance(route, APIRoute)
        methods.setdefault(route.path, set()).update(route.methods or ())
    return methods


def errors(model: type[BaseModel], explanations: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Declare the errors of a route for OpenAPI, by status."""
    return {status: {"model": model, "description": text} for status, text in explanations.items()}


class CompatRequest(BaseModel):
    """The parameters of a request to an imitated API. An unknown one is an error, unless it is empty."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    texts_field: ClassVar[str]
    """The parameter that holds the texts; empty there means an empty text, not a missing parameter."""

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, parameters: dict[str, object]) -> dict[str, object]:
        return {
            name: value
            for name, value in parameters.items()
            if name == cls.texts_field or value not in (None, "", [])
        }

    @property
    def texts(self) -> list[str]:
        """The texts, whether one or several were given."""
        return as_list(getattr(self, self.texts_field))

    @classmethod
    def of(cls, parameters: dict[str, object], settings: Settings) -> Self:
        """Validate the parameters; raises InvalidRequest, RequestTooLarge."""
        try:
            body = cls.model_validate(parameters)
        except ValidationError as error:
            raise explain(error, cls) from None
        check_size(body.texts, settings)
        return body

    @classmethod
    def openapi_body(cls, **keys: str) -> dict[str, Any]:
        """Declare the body for OpenAPI; `keys` maps parameters that can hold an API key to their descriptions."""
        schema = cls.model_json_schema()
        for name, description in keys.items():
            schema["properties"][name] = {"type": "string", "description": description}
        content = {
            media_type: {"schema": schema} for media_type in ("application/json", URLENCODED, MULTIPART)
        }
        return {"requestBody": {"required": True, "content": content}}


async def read_request(
    request: Request, settings: Settings, key_field: str, *, may_key_be_in_url: bool = False
) -> tuple[Client, dict[str, object]]:
    """Return the client that sent a request, and its parameters without the key.

    The key is in a header or in the parameter `key_field` of the body. It may be in the URL for an API whose clients
    know no other way: proxies log URLs (this service does not). Raises Unauthorized, or MalformedJson, InvalidRequest,
    RequestTooLarge or UnsupportedMediaType if the body cannot be read.
    """
    access: Access = request.app.state.access
    key = key_of(request)
    if key is not None:
        access.identify(key)  # before the body is read
    parameters = await _read_parameters(request, settings, None if may_key_be_in_url else key_field)
    given = parameters.pop(key_field, None)
    client = access.identify(key or (given if isinstance(given, str) else None))
    request.state.client = client.name
    return client, parameters


async def _read_parameters(request: Request, settings: Settings, not_in_url: str | None) -> dict[str, object]:
    """Read the parameters from a JSON body, or else from the URL, without `not_in_url`, and a form."""
    media_type = media_type_of(request)
    has_body = not _has_no_body(request)
    if has_body and media_type == "application/json":
        return parse_object(await read_json_body(request, settings.max_body_bytes))
    max_fields = settings.max_texts + _OTHER_FIELDS
    pairs = parse_urlencoded(request.scope["query_string"], max_fields)
    pairs = [(name, value) for name, value in pairs if name != not_in_url]
    if has_body and media_type == URLENCODED:
        form = await read_body(request, settings.max_body_bytes)
        if form.lstrip().startswith(b"{"):  # as sent by `curl -d`
            raise InvalidRequest(
                "The body looks like JSON, but its Content-Type says that it is a form. Add the header "
                "Content-Type: application/json."
            )
        pairs += parse_urlencoded(form, max_fields)
    elif has_body and media_type == MULTIPART:
        form = await read_body(request, settings.max_body_bytes)
        pairs += await parse_multipart(form, request.headers, max_fields)
    elif has_body:
        raise wrong_media_type(request, f"application/json, {URLENCODED} or {MULTIPART}")
    return as_fields(pairs)


def _has_no_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
