"""What the routes that speak another translator's API share: errors in its shape, and how its requests are read."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl

from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.access import Access, Client, key_of
from service.errors import InvalidRequest, RequestTooLarge, UnsupportedMediaType, problem_response
from service.requests import (
    charged,
    check_size,
    deadline_of,
    read_body,
    read_json_body,
    unless_client_leaves,
)
from service.room import ModelRoom
from service.schemas.parsing import as_list, parse_object
from service.settings import Settings
from translator.search import SearchOptions
from translator.translate import Translation

logger = logging.getLogger(__name__)

_FORM = "application/x-www-form-urlencoded"
_FURTHER_FIELDS = 50  # of a form, beside its texts
_MAX_MISTAKES = 4
_MAX_SHOWN_VALUE = 30


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
            logger.error("request %s failed", request.state.request_id, exc_info=error)
        status = self.statuses.get(problem.status_code, problem.status_code)
        detail = json.loads(bytes(problem.body))["detail"]
        wait = problem.headers.get("Retry-After")
        return JSONResponse({self.error_field: detail}, status, {"Retry-After": wait} if wait else None)


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
            if error.error_count() <= _MAX_MISTAKES:
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
        content = {media_type: {"schema": schema} for media_type in ("application/json", _FORM)}
        return {"requestBody": {"required": True, "content": content}}


def _explain(error: ErrorDetails) -> str:
    field = str(error["loc"][0])[:50]
    match error["type"]:
        case "extra_forbidden":
            return f"{field}: is not supported"
        case "missing":
            return f"{field}: is missing"
        case "literal_error":
            return f"{field}: must be {error['ctx']['expected']}{_value_in_words(error['input'])}"
        case _:
            return f"{field}: {error['msg'].removeprefix('Value error, ')}"


def _value_in_words(value: object) -> str:
    is_short = isinstance(value, str) and len(value) <= _MAX_SHOWN_VALUE
    return f", not {json.dumps(value, ensure_ascii=False)}" if is_short else ""


async def read_request(
    request: Request, settings: Settings, key_field: str
) -> tuple[Client, dict[str, object]]:
    """Return who sends the request, and its parameters without the key.

    The key is in a header or in the parameter `key_field`. Raises Unauthorized, and what says that the body
    cannot be read: MalformedJson, InvalidRequest, RequestTooLarge, UnsupportedMediaType.
    """
    access: Access = request.app.state.access
    key = key_of(request)
    if key is not None:
        access.identify(key)  # a stranger's body need not be read
    parameters = await _read_parameters(request, settings)
    given = parameters.pop(key_field, None)
    client = access.identify(key or (given if isinstance(given, str) else None))
    request.state.client = client.name
    return client, parameters


async def _read_parameters(request: Request, settings: Settings) -> dict[str, object]:
    if _has_no_body(request):
        return {}
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == _FORM:
        return _parse_form(await read_body(request, settings.max_body_bytes), settings.max_texts)
    if media_type != "application/json":
        raise UnsupportedMediaType(
            f"The body is declared as {media_type[:50] or 'nothing'}; send Content-Type: application/json or {_FORM}."
        )
    return parse_object(await read_json_body(request, settings.max_body_bytes))


def _has_no_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers


def _parse_form(body: bytes, max_texts: int) -> dict[str, object]:
    """Return the fields of a form; one that occurs several times is a list."""
    max_fields = max_texts + _FURTHER_FIELDS
    if body.count(b"&") >= max_fields:
        raise RequestTooLarge(f"The form has more than {max_fields} fields, the limit. Send less at once.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise InvalidRequest(
            "The form is not in UTF-8. Encode it as UTF-8 before percent-encoding."
        ) from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


async def translate_for(
    client: Client, request: Request, room: ModelRoom, texts: Sequence[str], options: SearchOptions
) -> list[Translation]:
    """Translate at the client's expense; what fails costs no characters, for clients try it again by themselves.

    Raises RateLimited, QuotaExceeded, and what the room raises.
    """
    with charged(client, sum(map(len, texts))):
        deadline = deadline_of(request, room.settings.deadline_seconds)
        return await unless_client_leaves(request, room.translate(texts, options, deadline))
