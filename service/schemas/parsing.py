"""Parsing and validation of JSON requests: the only place that reads JSON from clients."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from functools import cache
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, from_json

from service.errors import InvalidRequest, MalformedJson
from translator.field_checks import in_words

_MAX_SHOWN_VALUE = 30
_MAX_MISTAKES = 4
"""Most mistakes that an error lists; if there are more, it only gives their number."""


def parse_object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object; raises MalformedJson if the body is not JSON in UTF-8, InvalidRequest if not an object."""
    try:
        # Not model_validate_json: it accepts NaN, and needs three times the memory for many small lists.
        value = from_json(body.removeprefix(BOM_UTF8), allow_inf_nan=False)
    except ValueError as error:
        raise MalformedJson(f"Invalid JSON: {error}. Send a JSON object in UTF-8.") from None
    if not isinstance(value, dict):
        raise InvalidRequest(
            'The body is JSON but not an object. Send a JSON object, for example {"text": "…"}.'
        )
    return value


class JsonRequest(BaseModel):
    """A request whose body is a JSON object without unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def from_json(cls, body: bytes) -> Self:
        """Parse and validate a body.

        Raises MalformedJson if it is not JSON in UTF-8, InvalidRequest if its fields are wrong.
        """
        try:
            return cls.model_validate(parse_object(body))
        except ValidationError as error:
            raise explain(error, cls) from None

    @classmethod
    def openapi_body(cls) -> dict[str, Any]:
        """Declare the body for OpenAPI."""
        return {
            "requestBody": {"required": True, "content": {"application/json": {"schema": whole_schema(cls)}}}
        }


def whole_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a model, with references inlined: they would resolve against the whole OpenAPI document."""
    schema = model.model_json_schema()
    whole: dict[str, Any] = _without_references(schema, schema.pop("$defs", {}))
    return whole


def _without_references(part: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(part, dict):
        if "$ref" in part:
            return _without_references(definitions[part["$ref"].rpartition("/")[2]], definitions)
        return {key: _without_references(value, definitions) for key, value in part.items()}
    return [_without_references(one, definitions) for one in part] if isinstance(part, list) else part


def _whole(value: object) -> object:
    """Turn 4.0 into 4: JSON Schema counts it as an integer."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = BeforeValidator(_whole)
"""For integer fields: accepts 4.0."""


def _check_texts(text: object) -> object:
    """Stop at the first wrong item: collecting half a million errors takes seconds."""
    if isinstance(text, list):
        wrong = next((index for index, item in enumerate(text) if not isinstance(item, str)), None)
        if wrong is not None:
            raise ValueError(f"item {wrong} of the list must be a string")
    elif not isinstance(text, str):
        raise ValueError("must be a string or a list of strings")
    return text


Texts = Annotated[str | list[str], BeforeValidator(_check_texts)]
"""A string or a list of strings."""


def as_list(texts: str | list[str]) -> list[str]:
    """The texts, whether one or several were given."""
    return [texts] if isinstance(texts, str) else texts


def explain(error: ValidationError, request: type[BaseModel]) -> InvalidRequest:
    """The error that says what is wrong with a request, and what is allowed instead."""
    if error.error_count() > _MAX_MISTAKES:  # only unknown fields can exceed it
        return InvalidRequest(f"There are {error.error_count()} mistakes. {_supported((), request)}")
    mistakes = error.errors(include_url=False, include_context=False)
    listed = "; ".join(dict.fromkeys(_explain_one(mistake, request) for mistake in mistakes))
    unknown = [mistake["loc"] for mistake in mistakes if mistake["type"] == "extra_forbidden"]
    hints = {_supported(place[:-1], request): None for place in unknown}
    return InvalidRequest(" ".join([f"{listed}.", *hints]))


def _supported(place: tuple[int | str, ...], request: type[BaseModel]) -> str:
    """Lists the fields of the request, or of the object at `place` in it."""
    fields = _schema_of(".".join(map(str, place)), request)["properties"]
    return f"The fields{''.join(f' of {part}' for part in place)} are {', '.join(fields)}."


def _explain_one(error: ErrorDetails, request: type[BaseModel]) -> str:
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return message
    place = [str(part)[:50] for part in error["loc"]]
    field = ".".join(place)
    match error["type"]:
        case "extra_forbidden":
            return f"{field}: is not supported"
        case "missing":
            return f"{field}: is missing"
        case "value_error":
            return f"{field}: {message[0].lower()}{message[1:]}"
    schema, shown = _schema_of(field, request), _short_value(error["input"])
    is_value = f"; it is {shown}" if shown else ""
    if place[-1].isdigit() and schema.get("type") == "array":  # the list is described, not its item
        is_value = f"; item {place.pop()} is {shown or 'wrong'}"
        field = ".".join(place)
    parent = _schema_of(".".join(place[:-1]), request)
    is_optional = place[-1] in parent.get("properties", ()) and place[-1] not in parent.get("required", ())
    return f"{field}: must be {in_words(schema)}{', or left out' if is_optional else ''}{is_value}"


def _schema_of(field: str, request: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a field, or of `part.field`; for a string in a list, the schema of the list."""
    schema = _cached_schema(request)
    for name in filter(None, field.split(".")):
        if name.isdigit() and schema.get("items", {}).get("type") == "object":
            schema = schema["items"]
            continue
        if isinstance(schema.get("additionalProperties"), dict):  # an object with any names
            schema = schema["additionalProperties"]
            continue
        if name.isdigit() or "properties" not in schema:
            break
        schema = schema["properties"][name]
        schema = next((one for one in schema.get("anyOf", ()) if one.get("type") == "object"), schema)
    return schema


@cache
def _cached_schema(request: type[BaseModel]) -> dict[str, Any]:
    """Cached, because building a schema takes milliseconds."""
    return whole_schema(request)


def _short_value(value: object) -> str | None:
    """The JSON of a wrong value if it is a number or a short string; None for anything else, which may be huge."""
    is_short = (
        value is None
        or isinstance(value, bool | float)
        or (isinstance(value, int) and abs(value) < 10**12)
        or (isinstance(value, str) and len(value) <= _MAX_SHOWN_VALUE)
    )
    return json.dumps(value, ensure_ascii=False) if is_short else None
