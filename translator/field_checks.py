"""Settings that declare what they allow: dataclasses whose fields are checked against their annotations.

@dataclass(frozen=True)
class Size:
    heads: Annotated[int, Field(ge=1)] = 8

    def __post_init__(self) -> None:
        check_fields(self, ConfigError)
"""

import dataclasses
import reprlib
from functools import cache
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from translator.errors import TranslatorError


def check_fields(settings: Any, error: type[TranslatorError], prefix: str = "") -> None:
    """Raise `error` if the value of a field is not of the type or in the range that is declared for it.

    The message names the field, after `prefix`, the value and what is allowed.
    """
    kind: Any = type(settings)
    for name, adapter in _adapters(kind).items():
        value = getattr(settings, name)
        try:
            adapter.validate_python(value, strict=True)
        except ValidationError:
            allowed = in_words(adapter.json_schema())
            raise error(f"{prefix}{name} is {reprlib.repr(value)}; give {allowed}") from None


@cache
def _adapters(kind: Any) -> dict[str, TypeAdapter[Any]]:
    return {
        name: TypeAdapter(
            hint, config=None if dataclasses.is_dataclass(hint) else ConfigDict(allow_inf_nan=False)
        )
        for name, hint in get_type_hints(kind, include_extras=True).items()
    }


def in_words(schema: dict[str, Any]) -> str:
    """What a JSON schema allows, in words: “a whole number from 1 to 8”."""
    match schema:
        case {"anyOf": kinds}:
            words = _or([in_words(kind) for kind in kinds if kind.get("type") != "null"])
        case {"enum": choices}:
            words = _or([f'"{choice}"' for choice in choices])
        case {"const": choice}:
            words = f'"{choice}"'
        case {"type": "integer"}:
            words = f"a whole number{_range_in_words(schema)}"
        case {"type": "number"}:
            words = f"a number{_range_in_words(schema)}"
        case {"type": "boolean"}:
            words = "true or false"
        case {"type": "array"}:
            words = _list_in_words(schema)
        case {"type": "object", "properties": fields}:
            words = f"an object with {', '.join(fields)}"
        case {"type": "object", "maxProperties": limit}:
            words = f"an object with up to {limit} strings"
        case {"$ref": reference}:
            words = f"a {reference.rpartition('/')[2]}"
        case _:
            words = "a string"
    return words


def _list_in_words(schema: dict[str, Any]) -> str:
    match schema:
        case {"items": {"minLength": least, "maxLength": most}, "maxItems": limit}:
            return f"a list of up to {limit} words or phrases of {least} to {most} characters"
        case {"items": {"type": "object"} as item}:
            return f"a list of objects{in_words(item).removeprefix('an object')}"
        case {"maxItems": limit}:
            return f"a list of up to {limit} strings"
    return "a list of strings"


def _or(choices: list[str]) -> str:
    """Join choices: “a, b or c”."""
    return " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))


def _range_in_words(schema: dict[str, Any]) -> str:
    match schema:
        case {"minimum": least, "maximum": most}:
            return f" from {least} to {most}"
        case {"minimum": least, "exclusiveMaximum": limit}:
            return f" from {least} to below {limit}"
        case {"minimum": least}:
            return f" of {least} or more"
        case {"exclusiveMinimum": limit}:
            return f" above {limit}"
    return ""
