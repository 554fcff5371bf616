"""The request and response bodies of DeepL's routes for glossaries."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from service.errors import InvalidRequest
from service.glossaries import SERVED_PAIR, Dictionary, DictionaryInfo, StoredGlossary
from service.schemas.parsing import explain
from translator.errors import InputError
from translator.text.glossary_files import GlossaryFormat, parse_glossary

_CODE = re.compile("[a-z]{2,3}")
_FIELD_IN_FORM = re.compile(r"dictionaries\[(\d{1,3})\](?:\.(\w+)|\[(\w+)\])")
MAX_NAME_BYTES = 1024  # as in DeepL's API
_MAX_DICTIONARIES = 100
_ID = "def3a26b-3e84-45b3-84ae-0c0aaf3525f7"
_CREATED = "2021-08-03T14:16:18.329Z"
_DICTIONARY: dict[str, Any] = {
    "source_lang": "en",
    "target_lang": "de",
    "entries": "house\tHaus|Häuser",
    "entries_format": "tsv",
}


def _base_language(value: object) -> object:
    """Return the language of a variant: en for EN-US."""
    if not isinstance(value, str):
        return value
    language = value.strip().lower().partition("-")[0]
    if not _CODE.fullmatch(language):
        raise ValueError(f'must be the code of a language, such as "en"; it is "{value[:30]}"')
    return language


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _checked_name(value: object) -> object:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a string with at least one character")
    if len(value.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
        raise ValueError(f"must have at most {MAX_NAME_BYTES} bytes in UTF-8")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("must be valid Unicode, without lone surrogates")
    return value


Language = Annotated[str, BeforeValidator(_base_language), Field(pattern="^[a-z]{2,3}$")]
Name = Annotated[str, BeforeValidator(_checked_name)]
_LANGUAGE = "Case does not matter, and a variant such as EN-US counts as its language."
_FORMAT = (
    "`tsv`: a tab between the two; `csv`: a comma, and quotation marks where needed. The German may be several forms "
    "with | between them, of which one must occur."
)


class _Body(BaseModel):
    """The body of a request; unknown parameters are ignored, as DeepL does."""

    model_config = ConfigDict(extra="ignore")

    @classmethod
    def of(cls, parameters: dict[str, object]) -> Self:
        """Validate the parameters; raises InvalidRequest."""
        try:
            return cls.model_validate(parameters)
        except ValidationError as error:
            raise explain(error, cls) from None

    @classmethod
    def openapi_body(cls) -> dict[str, Any]:
        """Declare the body for OpenAPI."""
        schema = cls.model_json_schema()
        for definition in schema.pop("$defs", {}).values():
            schema["properties"]["dictionaries"] |= {"items": definition}
        content = {"application/json": {"schema": schema}}
        return {"requestBody": {"required": True, "content": content}}


class LanguagePairBody(_Body):
    """The languages of a dictionary."""

    source_lang: Language = Field(description=_LANGUAGE)
    target_lang: Language = Field(description=_LANGUAGE)


class DictionaryBody(_Body):
    """The entries for a pair of languages."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source_lang": "en",
                    "target_lang": "de",
                    "entries": "house\tHaus|Häuser",
                    "entries_format": "tsv",
                }
            ]
        }
    )

    source_lang: Language = Field(description=_LANGUAGE, examples=["EN"])
    target_lang: Language = Field(description=_LANGUAGE, examples=["DE"])
    entries: str = Field(description="A line for each entry, with the term and its translation.")
    entries_format: Annotated[GlossaryFormat, BeforeValidator(_lower)] = Field(description=_FORMAT)

    def dictionary(self) -> Dictionary:
        """Parse the entries; raises InvalidRequest that names the line, or the languages if they are others."""
        pair = self.source_lang, self.target_lang
        if pair != SERVED_PAIR:
            raise InvalidRequest(
                f"Unsupported glossary source and target language pair: {pair[0].upper()} to {pair[1].upper()}. This "
                "service translates from EN to DE only."
            )
        try:
            return Dictionary(*pair, parse_glossary(self.entries, self.entries_format, pair))
        except InputError as error:
            raise InvalidRequest(f"Invalid glossary entries provided: {error}.") from None


class GlossaryBody(DictionaryBody):
    """A glossary with one dictionary."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Products",
                    "source_lang": "en",
                    "target_lang": "de",
                    "entries": "house\tHaus|Häuser",
                    "entries_format": "tsv",
                }
            ]
        }
    )

    name: Name = Field(description="A name of your choice.")


class _WithDictionaries(_Body):
    """A body with a list of dictionaries."""

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, parameters: dict[str, object]) -> dict[str, object]:
        """Gather the dictionaries of a form, in which DeepL's client for Node.js sends `dictionaries[0].entries`."""
        found = dict[int, dict[str, object]]()
        for name, value in parameters.items():
            if part := _FIELD_IN_FORM.fullmatch(name):
                found.setdefault(int(part[1]), {})[part[2] or part[3]] = value
        if not found:
            return parameters
        if "dictionaries" in parameters:
            raise InvalidRequest(
                "dictionaries: is given both as a list and in fields such as dictionaries[0].entries. Send one of them."
            )
        return parameters | {"dictionaries": [found[number] for number in sorted(found)]}


_Dictionaries = Annotated[list[DictionaryBody], Field(max_length=_MAX_DICTIONARIES)]
_DICTIONARIES = "They have to be from EN to DE, the only pair of languages of this service."


class MultilingualBody(_WithDictionaries):
    """A glossary with dictionaries for different pairs of languages, of which this service has one."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Products", "dictionaries": [_DICTIONARY]}]}
    )

    name: Name = Field(description="A name of your choice.")
    dictionaries: _Dictionaries = Field(description=f"{_DICTIONARIES} Send one.")

    def parsed(self) -> list[Dictionary]:
        """Parse the dictionaries; raises InvalidRequest if there are none or several, or for wrong entries."""
        if not self.dictionaries:
            raise InvalidRequest("dictionaries: must have at least one dictionary.")
        found = [one.dictionary() for one in self.dictionaries]
        if len(found) > 1:
            raise InvalidRequest(
                f"dictionaries: {len(found)} are from EN to DE. Send their entries as one dictionary."
            )
        return found


class PatchBody(_WithDictionaries):
    """Changes to a glossary."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Products", "dictionaries": [_DICTIONARY]}]}
    )

    name: Name | None = Field(None, description="A new name; by default, it stays.")
    dictionaries: _Dictionaries = Field(
        default_factory=list,
        description=f"{_DICTIONARIES} Their entries are added; new ones replace old ones with the same term.",
    )


class GlossaryAnswer(BaseModel):
    """A stored glossary with one dictionary."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "glossary_id": _ID,
                    "name": "Products",
                    "ready": True,
                    "source_lang": "en",
                    "target_lang": "de",
                    "creation_time": _CREATED,
                    "entry_count": 1,
                }
            ]
        }
    )

    glossary_id: str = Field(description="Its id, for `glossary_id` in a translation request.")
    name: str = Field(description="Its name.")
    ready: bool = Field(True, description="Always true.")
    source_lang: str = Field(description="Its source language in lower case.")
    target_lang: str = Field(description="Its target language in lower case.")
    creation_time: str = Field(description="When it was created (ISO 8601, UTC).")
    entry_count: int = Field(description="The number of its entries.")

    @classmethod
    def of(cls, stored: StoredGlossary) -> Self:
        """Describe a glossary with one dictionary."""
        [dictionary] = stored.dictionaries
        return cls(
            glossary_id=stored.id,
            name=stored.name,
            ready=True,
            source_lang=dictionary.source,
            target_lang=dictionary.target,
            creation_time=stored.created,
            entry_count=dictionary.entry_count,
        )


class GlossariesAnswer(BaseModel):
    """Stored glossaries with one dictionary each."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"glossaries": []}]})

    glossaries: list[GlossaryAnswer] = Field(
        description="Oldest first; without those of several dictionaries."
    )


class DictionaryAnswer(BaseModel):
    """A stored dictionary."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"source_lang": "en", "target_lang": "de", "entry_count": 1}]}
    )

    source_lang: str = Field(description="Its source language in lower case.")
    target_lang: str = Field(description="Its target language in lower case.")
    entry_count: int = Field(description="The number of its entries.")

    @classmethod
    def of(cls, stored: DictionaryInfo) -> Self:
        """Describe a dictionary."""
        return cls(source_lang=stored.source, target_lang=stored.target, entry_count=stored.entry_count)


class MultilingualAnswer(BaseModel):
    """A stored glossary."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "glossary_id": _ID,
                    "name": "Products",
                    "dictionaries": [{"source_lang": "en", "target_lang": "de", "entry_count": 1}],
                    "creation_time": _CREATED,
                }
            ]
        }
    )

    glossary_id: str = Field(description="Its id, for `glossary_id` in a translation request.")
    name: str = Field(description="Its name.")
    dictionaries: list[DictionaryAnswer] = Field(description="Its dictionaries, by their languages.")
    creation_time: str = Field(description="When it was created (ISO 8601, UTC).")

    @classmethod
    def of(cls, stored: StoredGlossary) -> Self:
        """Describe a glossary."""
        return cls(
            glossary_id=stored.id,
            name=stored.name,
            dictionaries=list(map(DictionaryAnswer.of, stored.dictionaries)),
            creation_time=stored.created,
        )


class MultilingualsAnswer(BaseModel):
    """All stored glossaries."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"glossaries": []}]})

    glossaries: list[MultilingualAnswer] = Field(description="Oldest first.")


class DictionaryEntries(BaseModel):
    """The entries of a dictionary."""

    source_lang: str = Field(description="Its source language in lower case.")
    target_lang: str = Field(description="Its target language in lower case.")
    entries: str = Field(description="A line for each entry: the term, a tab, and its translation.")
    entries_format: str = Field("tsv", description="Always tsv.")


class EntriesAnswer(BaseModel):
    """The entries of one dictionary."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "dictionaries": [
                        {
                            "source_lang": "en",
                            "target_lang": "de",
                            "entries": "house\tHaus|Häuser",
                            "entries_format": "tsv",
                        }
                    ]
                }
            ]
        }
    )

    dictionaries: list[DictionaryEntries] = Field(description="A single dictionary.")


class LanguagePairAnswer(BaseModel):
    """A pair of languages."""

    source_lang: str = Field(description="The source language in lower case.")
    target_lang: str = Field(description="The target language in lower case.")


class LanguagePairsAnswer(BaseModel):
    """The pairs of languages for which glossaries have an effect."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"supported_languages": [{"source_lang": "en", "target_lang": "de"}]}]
        }
    )

    supported_languages: list[LanguagePairAnswer] = Field(description="Only from English to German.")
