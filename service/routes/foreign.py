"""What the routes that speak another translator's API share: errors in its shape, and how its requests are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, ClassVar, Self

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from service.access import Access, Client, key_of
from service.errors import InvalidRequest, UnsupportedMediaType, problem_response
from service.failures import log_failure
from service.requests import (
    charged,
    check_size,
    deadline_of,
    read_body,
    read_json_body,
    unless_client_leaves,
)
from service.room import ModelRoom
from service.routes.forms import MULTIPART, URLENCODED, as_fields, parse_multipart, parse_urlencoded
from service.schemas.parsing import MAX_MISTAKES, as_list, parse_object, short_value
from service.settings import Settings
from translator.search import SearchOptions
from translator.translate import DEFAULT_STYLE, Style, Translation

_FURTHER_FIELDS = 50  # of a form, beside its texts
_MAX_SHOWN_PATH = 100


class ForeignRoute(APIRoute):
    """A route that answers its errors as the API does whose place it takes.

    What it answers is the problem of the service's own table in other clothes, so that there is one table.
    """

    error_field: ClassVar[str]
    """Where that API says what was wrong."""
    statuses: ClassVar[Mapping[int, int]]
    """Its statuses in place of ours, where they differ."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler: whatever it raises is answered here."""
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
        status = self.statuses.get(problem.status_code, problem.status_code)
        detail = json.loads(bytes(problem.body))["detail"]
        wait = problem.headers.get("Retry-After")
        return JSONResponse({self.error_field: detail}, status, {"Retry-After": wait} if wait else None)


class Rest:
    """An application for what a client of that API may ask too, and is not served here: it says so in its shape."""

    def __init__(self, api: str, router: APIRouter, route_class: type[ForeignRoute]) -> None:
        self._error_field = route_class.error_field
        self._methods = methods_by_path(router)
        served = ", ".join(f"{'/'.join(sorted(found))} {path}" for path, found in self._methods.items())
        self._served = f"Of {api} this service has {served}."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 404, or 405 where it is only the method."""
        request = Request(scope)
        path = request.url.path[:_MAX_SHOWN_PATH]
        is_known = scope["path"] in self._methods
        told = f"{request.method} is not possible at {path}." if is_known else f"There is nothing at {path}."
        answer = JSONResponse({self._error_field: f"{told} {self._served}"}, 405 if is_known else 404)
        await answer(scope, receive, send)


def methods_by_path(router: APIRouter) -> dict[str, set[str]]:
    """The methods of all paths of a router."""
    methods: dict[str, set[str]] = {}
    for route in router.routes:
        assert isinstance(route, APIRoute)
        methods.setdefault(route.path, set()).update(route.methods or ())
    return methods


def errors(model: type[BaseModel], explanations: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """How a route declares in OpenAPI the errors that it answers with, by status."""
    return {status: {"model": model, "description": text} for status, text in explanations.items()}


class ForeignRequest(BaseModel):
    """The parameters of a foreign request. One that is not known is an error, unless it is empty."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    texts_field: ClassVar[str]
    """The parameter that holds the texts: there empty means empty, and not left out."""

    @model_validator(mode="before")
    @classmethod
    def _leave_out_what_is_empty(cls, parameters: dict[str, object]) -> dict[str, object]:
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
            wanted = cls.model_validate(parameters)
        except ValidationError as error:
            told = f"There are {error.error_count()} mistakes"  # to list thousands takes long
            if error.error_count() <= MAX_MISTAKES:
                told = "; ".join(dict.fromkeys(map(_explain, error.errors(include_url=False))))
            raise InvalidRequest(f"{told}. Supported here: {', '.join(cls.model_fields)}.") from None
        check_size(wanted.texts, settings)
        return wanted

    @classmethod
    def openapi_body(cls, **keys: str) -> dict[str, Any]:
        """Describe the body for OpenAPI, with the parameters that can hold a key and what they are."""
        schema = cls.model_json_schema()
        for name, description in keys.items():
            schema["properties"][name] = {"type": "string", "description": description}
        content = {
            media_type: {"schema": schema} for media_type in ("application/json", URLENCODED, MULTIPART)
        }
        return {"requestBody": {"required": True, "content": content}}


def _explain(error: ErrorDetails) -> str:
    field = str(error["loc"][0])[:50]
    match error["type"]:
        case "extra_forbidden":
            return f"{field}: is not supported"
        case "missing":
            return f"{field}: is missing"
        case "literal_error":
            shown = short_value(error["input"]) if isinstance(error["input"], str) else None
            return f"{field}: must be {error['ctx']['expected']}" + (f", not {shown}" if shown else "")
        case _:
            return f"{field}: {error['msg'].removeprefix('Value error, ')}"


async def read_request(
    request: Request, settings: Settings, key_field: str
) -> tuple[Client, dict[str, object]]:
    """Return who sends the request, and its parameters without the key.

    The key is in a header or in the parameter `key_field` of the body, never in the address. Raises Unauthorized, and
    what says that the body cannot be read: MalformedJson, InvalidRequest, RequestTooLarge, UnsupportedMediaType.
    """
    access: Access = request.app.state.access
    key = key_of(request)
    if key is not None:
        access.identify(key)  # a stranger's body need not be read
    parameters = await _read_parameters(request, settings, key_field)
    given = parameters.pop(key_field, None)
    client = access.identify(key or (given if isinstance(given, str) else None))
    request.state.client = client.name
    return client, parameters


async def _read_parameters(request: Request, settings: Settings, key_field: str) -> dict[str, object]:
    """The parameters of a JSON body, or else those of the address and of a form."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = not _has_no_body(request)
    if has_body and media_type == "application/json":
        return parse_object(await read_json_body(request, settings.max_body_bytes))
    max_fields = settings.max_texts + _FURTHER_FIELDS
    pairs = parse_urlencoded(request.scope["query_string"], max_fields)
    pairs = [(name, value) for name, value in pairs if name != key_field]  # addresses are logged
    if has_body and media_type == URLENCODED:
        pairs += parse_urlencoded(await read_body(request, settings.max_body_bytes), max_fields)
    elif has_body and media_type == MULTIPART:
        form = await read_body(request, settings.max_body_bytes)
        pairs += await parse_multipart(form, request.headers, max_fields)
    elif has_body:
        raise UnsupportedMediaType(
            f"The body is declared as {media_type[:50] or 'nothing'}; send Content-Type: application/json, "
            f"{URLENCODED} or {MULTIPART}."
        )
    return as_fields(pairs)


def _has_no_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers


async def translate_for(
    client: Client,
    request: Request,
    room: ModelRoom,
    texts: Sequence[str],
    options: SearchOptions,
    style: Style = DEFAULT_STYLE,
) -> list[Translation]:
    """Translate at the client's expense; what fails costs no characters, for clients try it again by themselves.

    Raises RateLimited, QuotaExceeded, and what the room raises.
    """
    with charged(client, sum(map(len, texts))):
        deadline = deadline_of(request, room.settings.deadline_seconds)
        return await unless_client_leaves(request, room.translate(texts, options, deadline, style))
