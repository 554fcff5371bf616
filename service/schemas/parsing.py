"""How the JSON of a request becomes a request: the one place where JSON from outside is read."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, from_json

from service.errors import InvalidRequest, MalformedJson

_MAX_SHOWN_VALUE = 30
MAX_MISTAKES = 4
"""That an error names; of more it tells only how many."""


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; raises MalformedJson where it is not JSON in UTF-8, InvalidRequest on other JSON."""
    try:
        # Not model_validate_json: that takes NaN for JSON, and thrice the memory for many small lists.
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedJson(f"Invalid JSON: {error}. Send a JSON object in UTF-8.") from None
    if not isinstance(value, dict):
        raise InvalidRequest(
            'The body is JSON, but not an object; send a JSON object, for example {"text": "…"}.'
        )
    return value


class JsonRequest(BaseModel):
    """A request whose body is a JSON object without unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def from_json(cls, body: bytes) -> Self:
        """Parse and validate a body.

        Raises MalformedJson where it is not JSON in UTF-8, InvalidRequest where it is not a request.
        """
        try:
            return cls.model_validate(parse_object(body))
        except ValidationError as error:
            raise _explain(error, cls) from None

    @classmethod
    def openapi_body(cls) -> dict[str, Any]:
        """How OpenAPI declares the body."""
        return {
            "requestBody": {"required": True, "content": {"application/json": {"schema": whole_schema(cls)}}}
        }


def whole_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a model with nothing by reference, which would start at the whole OpenAPI document."""
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
    """To JSON Schema 4.0 is an integer."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = BeforeValidator(_whole)
"""For integers: 4.0 is one."""


def _check_texts(text: object) -> object:
    """Refuse at the first wrong item: to collect half a million of them takes seconds."""
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


def _explain(error: ValidationError, request: type[BaseModel]) -> InvalidRequest:
    if error.error_count() > MAX_MISTAKES:  # only unknown fields can be so many
        return InvalidRequest(f"There are {error.error_count()} mistakes. The fields are {_fields(request)}.")
    mistakes = error.errors(include_url=False, include_context=False)
    told = "; ".join(dict.fromkeys(_explain_one(mistake, request) for mistake in mistakes))
    unknown = [mistake["loc"] for mistake in mistakes if mistake["type"] == "extra_forbidden"]
    hints = {_known_fields(place, request): None for place in unknown}
    return InvalidRequest(" ".join([f"{told}.", *hints]))


def _known_fields(place: tuple[int | str, ...], request: type[BaseModel]) -> str:
    if len(place) == 1:
        return f"The fields are {_fields(request)}."
    part = str(place[0])
    return f"The fields of {part} are {', '.join(_schema_of(part, request)['properties'])}."


def _fields(request: type[BaseModel]) -> str:
    return ", ".join(request.model_fields)


def _explain_one(error: ErrorDetails, request: type[BaseModel]) -> str:
    told = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return told
    field = ".".join(str(part)[:50] for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{field}: there is no such field"
    if error["type"] in ("missing", "value_error"):
        return f"{field}: {told[0].lower()}{told[1:]}"
    wanted = _in_words(_schema_of(field, request))
    left_out = (
        "" if field in request.model_fields and request.model_fields[field].is_required() else ", or left out"
    )
    shown = short_value(error["input"])
    return f"{field}: must be {wanted}{left_out}" + (f"; it is {shown}" if shown else "")


def _schema_of(field: str, request: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a field, `part.field` within a part; of a list, the list's."""
    schema = _cached_schema(request)
    for name in field.split("."):
        if name.isdigit() or "properties" not in schema:
            break
        schema = schema["properties"][name]
        schema = next((one for one in schema.get("anyOf", ()) if one.get("type") == "object"), schema)
    return schema


@cache
def _cached_schema(request: type[BaseModel]) -> dict[str, Any]:
    """To build it takes milliseconds."""
    return whole_schema(request)


def _in_words(schema: dict[str, Any]) -> str:
    match schema.get("type"):
        case "integer":
            return f"a whole number from {schema['minimum']} to {schema['maximum']}"
        case "number":
            return f"a number from {schema['minimum']} to {schema['maximum']}"
        case "boolean":
            return "true or false"
        case "array":
            item = schema["items"]
            return (
                f"a list of up to {schema['maxItems']} words or phrases of {item['minLength']} to "
                f"{item['maxLength']} characters"
            )
        case "object":
            return f"an object with {', '.join(schema['properties'])}"
    choices = " or ".join(map(json.dumps, schema.get("enum", ())))
    return choices or ("a string or a list of strings" if "anyOf" in schema else "a string")


def short_value(value: object) -> str | None:
    """A wrong value in JSON, to be shown, if it is a number or a word: anything else may be huge."""
    is_short = (
        value is None
        or isinstance(value, bool | float)
        or (isinstance(value, int) and abs(value) < 10**12)
        or (isinstance(value, str) and len(value) <= _MAX_SHOWN_VALUE)
    )
    return json.dumps(value, ensure_ascii=False) if is_short else None
