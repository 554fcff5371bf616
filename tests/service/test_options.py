"""The options of a search: declared once, and the same in Python, in the API, on the command line and in the README."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter

from service.schemas.translation import SamplingRequest, TranslateRequest
from translator.commands import SearchArguments, flag_of
from translator.errors import InputError
from translator.field_checks import check_fields, in_words
from translator.options import Option, Sampling, SearchOptions, declared

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def table() -> Iterator[str]:
    """The README's table of options."""
    for options, request, prefix in (
        (SearchOptions, TranslateRequest, ""),
        (Sampling, SamplingRequest, "sampling."),
    ):
        properties = request.model_json_schema()["properties"]
        for option in declared(options):
            flag = f"--{flag_of(option).replace('_', '-')}"
            own = range_of(TypeAdapter(option.annotation).json_schema())
            served = (
                range_of(properties[option.name])
                if option.name in properties
                else f"`alternatives`, {range_of(properties['alternatives'])}"
            )
            default = {"()": "—", "None": "—"}.get(str(option.default), str(option.default))
            yield (
                f"| `{prefix}{option.name}` | `{flag}` | {default} | {own} | {'' if served == own else served} | "
                f"{option.description} |"
            )


def range_of(schema: dict[str, Any]) -> str:
    if "minimum" in schema:
        return f"{schema['minimum']}–{schema['maximum']:,}"
    return f"{schema['maxItems']:,} at most" if "maxItems" in schema else ""


def test_the_readme_lists_every_option() -> None:
    rows = "\n".join(table())
    assert rows in README, f"write into the table of README.md:\n{rows}"
    assert len(re.findall(r"^\| `[a-z_.]+` \| `--", README, re.MULTILINE)) == len(rows.splitlines())


def test_an_option_needs_no_other_declaration() -> None:
    """The request and the command line have all options, with their defaults."""
    names = {option.name for option in declared(SearchOptions)} - {"n_best"}
    assert names <= set(TranslateRequest.model_fields)
    request = TranslateRequest.from_json(b'{"text": "Hi"}')
    assert request.kind.options == SearchArguments().options() == SearchOptions()
    sampled = TranslateRequest.from_json(b'{"text": "Hi", "sampling": {}}').kind.options
    assert sampled == SearchArguments(sample=True).options() == SearchOptions(sampling=Sampling())
    flags = {flag_of(option) for options in (SearchOptions, Sampling) for option in declared(options)}
    assert {*vars(SearchArguments()), "n_best"} == flags


@dataclass(frozen=True)
class Sizes:
    """Declared like the options of a search."""

    beam: Annotated[int, Field(ge=1, le=3, description="Rows.")] = 1
    share: Annotated[float, Field(ge=0.5, le=1, description="Some of it.")] = 1

    def __post_init__(self) -> None:
        check_fields(self, InputError)


def test_declarations_are_read_from_any_dataclass() -> None:
    assert [(one.name, one.default, one.description) for one in declared(Sizes)] == [
        ("beam", 1, "Rows."), ("share", 1, "Some of it."),
    ]  # fmt: skip
    assert all(isinstance(one, Option) for one in declared(Sizes))
    assert asdict(Sizes(beam=3, share=0.5)) == {"beam": 3, "share": 0.5}


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"beam": 0}, "beam is 0; give a whole number from 1 to 3"),
        ({"beam": 4}, "beam is 4; give a whole number from 1 to 3"),
        ({"beam": 2.0}, "beam is 2.0; give a whole number from 1 to 3"),
        ({"beam": "2"}, "beam is '2'; give a whole number from 1 to 3"),
        ({"beam": True}, "beam is True; give a whole number from 1 to 3"),
        ({"beam": None}, "beam is None; give a whole number from 1 to 3"),
        ({"share": 0.4}, "share is 0.4; give a number from 0.5 to 1"),
        ({"share": float("nan")}, "share is nan; give a number from 0.5 to 1"),
        ({"share": float("inf")}, "share is inf; give a number from 0.5 to 1"),
    ],
)
def test_values_out_of_range_are_named_with_the_range(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InputError, match=f"^{complaint}$"):
        Sizes(**given)


def test_a_long_value_is_not_quoted_whole() -> None:
    with pytest.raises(InputError) as caught:
        Sizes(beam="9" * 10_000)  # type: ignore[arg-type]  # a wrong type is what is tested
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "boolean"}, "true or false"),
        ({"enum": ["a", "b"], "type": "string"}, '"a" or "b"'),
        ({"const": "a", "type": "string"}, '"a"'),
        ({"type": "string"}, "a string"),
        (
            {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
            "a string or a list of strings",
        ),
        ({"anyOf": [{"$ref": "#/$defs/Sampling"}, {"type": "null"}]}, "a Sampling"),
        ({"type": "object", "properties": {"a": {}, "b": {}}}, "an object with a, b"),
    ],
)
def test_a_schema_in_words(schema: dict[str, Any], words: str) -> None:
    assert in_words(schema) == words
