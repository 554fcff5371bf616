"""The part of DeepL's API (version 2) that this service supports, for programs written for DeepL.

A known parameter that would change the translation and is not supported is refused. Parameters without an effect here
are accepted, and unknown ones are ignored, as DeepL does. Without a source language it is detected, and text that is
not English is returned unchanged.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from fastapi import APIRouter
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)
from starlette.requests import Request

from service.dependencies import stored_glossary, translate_for
from service.errors import InvalidRequest, RequestTooLarge
from service.model_manager import Manager, ModelManager
from service.routes.compat import (
    RATE_ERRORS,
    READING_ERRORS,
    TRANSLATION_ERRORS,
    CompatRequest,
    errors,
    read_request,
)
from service.routes.deepl_base import KEY_FIELD, DeepLError, DeepLRoute
from service.schemas.parsing import Texts
from service.schemas.translation import TranslateRequest
from translator.markup import MarkupOptions
from translator.options import Lines

_MAX_TEXTS = 50  # as in DeepL's API
_MAX_GLOSSARIES = 5
_NO_LIMIT = 1_000_000_000_000  # DeepL's number for keys without a limit; its clients expect a number
_CHANGE_THE_TRANSLATION = (
    "style_id",
    "custom_instructions",
    "translation_memory_id",
)
"""Parameters that must not be ignored."""
_GLOSSARY_ERRORS = {404: "A glossary does not exist or belongs to another API key."}
_LINES: dict[str, Lines] = {"0": "single", "1": "keep", "nonewlines": "join"}


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _language(value: object) -> object:
    """Take an empty language for a missing one, as some clients send it."""
    return _upper(value) or None


def _names(value: object) -> object:
    """Read names separated by commas, in a string or in a list of such strings."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("must be the names of tags, separated by commas, or a list of them")
    return tuple(name for text in texts for one in text.split(",") if (name := one.strip()))


Tags = Annotated[
    tuple[str, ...],
    BeforeValidator(_names),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""Names of tags."""


def _digit_as_text(value: object) -> object:
    return str(value) if type(value) is int and value in (0, 1) else value


def _ids(value: object) -> object:
    return [one.strip() for one in value.split(",")] if isinstance(value, str) else value


class DeepLRequest(CompatRequest):
    """A translation request in DeepL's format."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [{"text": ["Good morning!"], "source_lang": "EN", "target_lang": "DE"}]
        },
    )
    texts_field: ClassVar[str] = "text"

    text: Texts = Field(description=f"One to {_MAX_TEXTS} texts; in a form, repeat the parameter.")
    target_lang: Annotated[Literal["DE"], BeforeValidator(_upper)] = Field(
        description="Case does not matter."
    )
    source_lang: Annotated[Literal["EN"] | None, BeforeValidator(_language)] = Field(
        None,
        description="Case does not matter. If you leave it out, it is detected, and text in other languages is "
        "returned unchanged.",
    )
    split_sentences: Annotated[Literal["0", "1", "nonewlines"], BeforeValidator(_digit_as_text)] = Field(
        "1",
        description="1 splits texts into sentences, also at line breaks; nonewlines joins the lines of a paragraph; 0 "
        "translates each text as a single sentence.",
    )
    preserve_formatting: bool = Field(False, description="Without effect: the layout is always kept.")
    formality: Literal["default", "more", "less", "prefer_more", "prefer_less"] = Field(
        "default",
        description="more and default are Sie, less is du. If the model was not trained for this, more and less are "
        "refused, and the model decides.",
    )
    context: str = Field("", description="Without effect.")
    model_type: Literal["quality_optimized", "prefer_quality_optimized", "latency_optimized"] | None = Field(
        None, description="Without effect, since there is one model; returned as `model_type_used`."
    )
    tag_handling: Literal["xml", "html"] | None = Field(
        None,
        description="Read texts as markup: tags are kept, and inline ones stay at the words that translate theirs.",
    )
    tag_handling_version: str = Field("", description="Without effect.")
    outline_detection: bool = Field(
        True,
        description="For XML: elements end sentences where their siblings are elements, too. If false, only "
        "splitting_tags do.",
    )
    splitting_tags: Tags = Field((), description="Tags that end a sentence; a list, or separated by commas.")
    non_splitting_tags: Tags = Field((), description="Tags that do not end a sentence.")
    ignore_tags: Tags = Field((), description="Elements whose content is not translated.")
    glossary_id: str = Field(
        "", max_length=100, description="The id of a stored glossary, whose German must be used."
    )
    glossary_ids: Annotated[list[str], BeforeValidator(_ids)] = Field(
        default_factory=list,
        max_length=_MAX_GLOSSARIES,
        description="The ids of up to 5 stored glossaries, also as a string with commas. The first one takes "
        "precedence.",
    )
    enable_beta_languages: bool = Field(False, description="Without effect.")
    show_billed_characters: bool = Field(False, description="Return the characters charged for each text.")

    @model_validator(mode="before")
    @classmethod
    def _refuse_what_changes_the_translation(cls, parameters: dict[str, object]) -> dict[str, object]:
        for name in _CHANGE_THE_TRANSLATION:
            if parameters.get(name) not in (None, "", []):
                raise ValueError(f"{name}: is not supported; leave it out")
        return parameters

    @property
    def model_type_used(self) -> str | None:
        """What DeepL would return for the requested model, if one was requested."""
        return self.model_type and self.model_type.removeprefix("prefer_")

    def translate_request(self, supports_formality: bool) -> TranslateRequest:
        """The same request to our own API; raises InvalidRequest if the model cannot control formality."""
        if self.formality in ("more", "less") and not supports_formality:
            raise InvalidRequest(
                "formality: this model was not trained for it; send default, prefer_more or prefer_less."
            )
        is_informal = self.formality in ("less", "prefer_less") and supports_formality
        request = TranslateRequest(
            text=self.texts,
            formality="informal" if is_informal else "formal",
            source_language="en" if self.source_lang else "auto",
            lines=_LINES[self.split_sentences],
        )
        return request if self.markup is None else request.with_markup(self.markup)

    @property
    def markup(self) -> MarkupOptions | None:
        """How to read markup; None for plain text."""
        if self.tag_handling is None:
            return None
        return MarkupOptions(
            self.tag_handling,
            splitting=frozenset(self.splitting_tags),
            non_splitting=frozenset(self.non_splitting_tags),
            ignored=frozenset(self.ignore_tags),
            finds_structure=self.outline_detection,
        )

    @property
    def glossaries(self) -> list[str]:
        """The ids of the glossaries to use; raises InvalidRequest if both parameters for them are used."""
        if self.glossary_id and self.glossary_ids:
            raise InvalidRequest("glossary_id and glossary_ids: send one of them only.")
        return [self.glossary_id] if self.glossary_id else self.glossary_ids

    def check(self) -> None:
        """Raise RequestTooLarge for too many texts."""
        if len(self.texts) > _MAX_TEXTS:
            raise RequestTooLarge(
                f"The request has {len(self.texts)} texts; the limit is {_MAX_TEXTS}. Split it into several requests."
            )


class DeepLTranslation(BaseModel):
    """One text's translation."""

    detected_source_language: str = Field(
        "EN", description="EN, or the language of a text that is returned unchanged."
    )
    text: str = Field(description="The translation.")
    model_type_used: str | None = Field(None, description="Returned if model_type was sent.")
    billed_characters: int | None = Field(
        None, description="Characters (Unicode code points) charged, if show_billed_characters is true."
    )


class DeepLAnswer(BaseModel):
    """The translations, in the order of the texts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"translations": [{"detected_source_language": "EN", "text": "Guten Morgen!"}]}]
        }
    )

    translations: list[DeepLTranslation] = Field(description="One for each text, in order.")


class DeepLUsage(BaseModel):
    """Characters used by a key this month (UTC); without a quota, since the service started."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"character_count": 1234, "character_limit": _NO_LIMIT}]}
    )

    character_count: int = Field(description="Characters (Unicode code points) translated.")
    character_limit: int = Field(description=f"The monthly quota; {_NO_LIMIT} if there is none.")


class DeepLLanguage(BaseModel):
    """A language to translate from or into."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"language": "EN", "name": "English"}]})

    language: str = Field(description="Its code in capitals.")
    name: str = Field(description="Its name in English.")
    supports_formality: Annotated[bool | None, Field(description="For target languages only.")] = None


router = APIRouter(
    prefix="/v2",
    tags=["DeepL's API"],
    route_class=DeepLRoute,
    responses=errors(DeepLError, READING_ERRORS),
)


@router.post(
    "/translate",
    name="deepl_translate",
    summary="Translate with DeepL's API",
    response_model_exclude_none=True,
    responses=errors(DeepLError, _GLOSSARY_ERRORS | RATE_ERRORS | TRANSLATION_ERRORS),
    openapi_extra=DeepLRequest.openapi_body(
        **{KEY_FIELD: "The API key; better as the header `Authorization: DeepL-Auth-Key KEY`."}
    ),
)
async def translate(request: Request, manager: Manager) -> DeepLAnswer:
    """Translate up to 50 English texts into German; the translations are in the same order."""
    client, parameters = await read_request(request, manager.settings, KEY_FIELD)
    body = DeepLRequest.of(parameters, manager.settings)
    body.check()
    converted = body.translate_request(supports_formality(manager))
    converted.use(await stored_glossary(request, client, body.glossaries))
    _, translations = await translate_for(client, request, manager, converted)
    return DeepLAnswer(
        translations=[
            DeepLTranslation(
                detected_source_language=translation.language.upper(),
                text=translation.text,
                model_type_used=body.model_type_used,
                billed_characters=len(text) if body.show_billed_characters else None,
            )
            for text, translation in zip(body.texts, translations, strict=True)
        ]
    )


@router.post("/usage", name="deepl_usage", include_in_schema=False)
@router.get("/usage", name="deepl_usage", summary="Get the usage of the API key")
async def usage(request: Request, manager: Manager) -> DeepLUsage:
    """Return how many characters the key has used this month, and its quota; without one, since the service started."""
    client, _ = await read_request(request, manager.settings, KEY_FIELD)
    return DeepLUsage(
        character_count=await client.characters_used_this_month(),
        character_limit=client.characters_per_month or _NO_LIMIT,
    )


def supports_formality(manager: ModelManager) -> bool:
    """Whether the model was trained to choose a formality; raises NotReady."""
    return bool(manager.current_model().engine.card.get("formality"))


@router.post("/languages", name="deepl_languages", response_model_exclude_none=True, include_in_schema=False)
@router.get(
    "/languages",
    name="deepl_languages",
    response_model_exclude_none=True,
    summary="List the languages in DeepL's format",
    openapi_extra={
        "parameters": [
            {
                "name": "type",
                "in": "query",
                "description": "List the languages to translate from (source) or into (target).",
                "schema": {"type": "string", "enum": ["source", "target"], "default": "source"},
            }
        ]
    },
)
async def languages(request: Request, manager: Manager) -> list[DeepLLanguage]:
    """List the languages to translate from (`type=source`) or into (`type=target`)."""
    _, parameters = await read_request(request, manager.settings, KEY_FIELD)
    # DeepL's own client sends the type in the body of a GET.
    kind = parameters.get("type") or request.query_params.get("type") or "source"
    if kind == "target":
        return [DeepLLanguage(language="DE", name="German", supports_formality=supports_formality(manager))]
    if kind != "source":
        raise InvalidRequest("type: must be source or target.")
    return [DeepLLanguage(language="EN", name="English")]
