"""The request bodies of `POST /translate` and `POST /translate/stream`."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, PrivateAttr, create_model, field_validator, model_validator

from service.engine import TranslateKind
from service.glossaries import merge
from service.schemas.parsing import JsonRequest, Texts, Whole, as_list
from translator.errors import InputError
from translator.markup import MarkupOptions
from translator.options import (
    Format,
    Lines,
    Numbers,
    RequestedFormality,
    Sampling,
    SearchOptions,
    SourceLanguage,
    TranslateAttributes,
    declared,
)
from translator.text.glossary import Glossary
from translator.translate import DEFAULT_STYLE, Style

_MAX_PREFIX_CHARACTERS = 500
"""In characters; training has hardly any sentences that continue after more."""

MAX_ENTRIES = 1_000
"""Entries of the glossary in a request."""


class _TextRequest(JsonRequest):
    """What a request says apart from the options of the search."""

    text: Texts = Field(
        description="English text or a list of texts. Line breaks and outer whitespace are kept."
    )
    alternatives: Annotated[int, Field(ge=0, le=5), Whole] = Field(
        0,
        description="Number of further translations to return for each sentence. `beam_size` must be greater; if you "
        "leave it out, it is raised as needed.",
    )
    alignment: bool = Field(
        False, description="Return which words of the translation come from which words of the text."
    )
    prefix: Texts = Field(
        "",
        description="German that the translation starts with, or a list with one prefix for each text. The model "
        "continues from there, even in the middle of a word. An empty prefix demands nothing.",
    )
    format: Format = "text"
    translate_attributes: TranslateAttributes = False
    _markup: MarkupOptions | None = PrivateAttr(None)
    _glossary: Glossary | None = PrivateAttr(None)
    glossary: dict[str, str] = Field(
        default_factory=dict,
        max_length=MAX_ENTRIES,
        description=f"German for up to {MAX_ENTRIES} English terms. A term in lower case also matches in capitals, "
        "one with capitals only as it is written; plurals match, too. One form may be inflected; of several, with | "
        "between them, one must occur: `Haus|Hauses|Häuser|Häusern`.",
        examples=[{"house": "Haus|Hauses|Häuser|Häusern", "Acme Cloud": "Acme-Wolke"}],
    )
    glossary_id: str = Field(
        "",
        max_length=100,
        description="The id of a glossary stored with `POST /v2/glossaries` or `/v3/glossaries`. Entries of `glossary` "
        "take precedence.",
    )
    numbers: Numbers = DEFAULT_STYLE.numbers
    formality: RequestedFormality = DEFAULT_STYLE.formality
    source_language: SourceLanguage = DEFAULT_STYLE.source_language
    lines: Lines = DEFAULT_STYLE.lines

    @field_validator("prefix")
    @classmethod
    def _check_prefix(cls, prefix: str | list[str]) -> str | list[str]:
        for index, one in enumerate(as_list(prefix)):
            if len(one) > _MAX_PREFIX_CHARACTERS:
                raise ValueError(
                    f"prefix {index} has {len(one)} characters; the limit is {_MAX_PREFIX_CHARACTERS}"
                )
        return prefix

    @model_validator(mode="after")
    def _check_prefixes(self) -> Self:
        if self.prefix and len(as_list(self.prefix)) != len(self.texts):
            raise ValueError(
                f"text has {len(self.texts)} texts and prefix {len(as_list(self.prefix))}; give one prefix for each "
                'text, or "" for none'
            )
        return self

    @property
    def texts(self) -> list[str]:
        """The texts, whether one or several were given."""
        return as_list(self.text)

    @property
    def prefixes(self) -> list[str]:
        """The prefix of each text's translation."""
        return as_list(self.prefix) if self.prefix else [""] * len(self.texts)

    @property
    def characters(self) -> int:
        """Characters in all texts and prefixes."""
        return sum(map(len, (*self.texts, *self.prefixes)))

    @model_validator(mode="after")
    def _check_attributes(self) -> Self:
        if self.translate_attributes and self.format != "html":
            raise ValueError(
                f'translate_attributes: needs the format "html", but format is "{self.format}"; send "html", or leave '
                "translate_attributes out"
            )
        return self

    @model_validator(mode="after")
    def _check_glossary(self) -> Self:
        try:
            self._glossary = Glossary.of(self.glossary.items()) if self.glossary else None
        except InputError as error:
            raise ValueError(f"glossary: {error}") from None
        return self

    def use(self, stored: Glossary | None) -> None:
        """Use a stored glossary, too; entries of the request take precedence."""
        if stored is not None:
            self._glossary = merge(stored, self._glossary) if self._glossary else stored

    @property
    def markup(self) -> MarkupOptions:
        """How to read tags."""
        return self._markup or MarkupOptions(self.format, with_attributes=self.translate_attributes)

    def with_markup(self, options: MarkupOptions) -> Self:
        """Return the request with options for markup that only the imitated APIs have."""
        self.format, self._markup = options.format, options
        return self

    @property
    def style(self) -> Style:
        """How to write the German."""
        return Style(self.numbers, self.formality, self.source_language, self.lines, glossary=self._glossary)


_REQUEST_LIMITS: dict[str, Any] = {
    "beam_size": Field(le=8),
    "min_length_factor": Field(le=4),
    "max_length_factor": Field(le=4),
    "banned": Field(max_length=20, strict=False),  # JSON has no tuples
}
"""What one request may ask of a server that others use too, where that is less than the library allows."""


def _request_fields(options: type) -> dict[str, Any]:
    """The declared options as fields of a request."""
    fields: dict[str, Any] = {}
    for option in declared(options):
        annotation = option.annotation
        kind: Any = Annotated[annotation, _REQUEST_LIMITS.get(option.name, Field())]
        fields[option.name] = (Annotated[kind, Whole] if kind.__origin__ is int else kind, option.default)
    return fields


SamplingRequest: Any = create_model("SamplingRequest", __base__=JsonRequest, **_request_fields(Sampling))
_fields = _request_fields(SearchOptions)
del _fields["n_best"]  # a request says how many alternatives it wants
_fields["sampling"] = (Annotated[SamplingRequest | None, *_fields["sampling"][0].__metadata__], None)
_SearchRequest: Any = create_model("SearchRequest", __base__=_TextRequest, **_fields)


class TranslateRequest(_SearchRequest):  # type: ignore[misc]  # made from the declarations of the options
    """One text or a list of texts to translate, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "text": "Good morning! The train leaves at 3:30 p.m.",
                    "alternatives": 1,
                    "alignment": True,
                }
            ]
        },
    )

    @model_validator(mode="after")
    def _check_options_agree(self) -> Self:
        if "beam_size" in self.model_fields_set and self.beam_size <= self.alternatives:
            raise ValueError(
                f"beam_size is {self.beam_size} and must be at least {self.alternatives + 1}, one more than "
                "alternatives; raise it or leave it out"
            )
        try:
            self.kind  # noqa: B018 (built once to be checked)
        except InputError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def kind(self) -> TranslateKind:
        """The kind of work for the queue: the options without the texts."""
        given = {name: getattr(self, name) for name in _fields}
        given["beam_size"] = max(self.beam_size, self.alternatives + 1)
        given["sampling"] = self.sampling and Sampling(**self.sampling.model_dump())
        return TranslateKind(SearchOptions(**given, n_best=self.alternatives + 1), self.alignment)
