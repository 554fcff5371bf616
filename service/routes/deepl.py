"""The part of DeepL's API (version 2) that this service can honour, for programs that speak it.

What would change the translation and is not supported is refused, never ignored. Three things are taken
without effect: `context`, `model_type` (there is one model) and `preserve_formatting` (the layout is always
kept). A source language that is left out is not detected: every text is taken for English.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, ClassVar, Literal

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.requests import Request

from service.access import Client
from service.errors import InvalidRequest, RequestTooLarge
from service.room import ModelRoom, Room
from service.routes.foreign import (
    ForeignRequest,
    ForeignRoute,
    Rest,
    errors,
    read_request,
    translate_for,
)
from service.schemas.parsing import Texts
from translator.search import SearchOptions
from translator.text import split_sentences
from translator.translate import Style

_MAX_TEXTS = 50  # as DeepL has it
_NO_LIMIT = 1_000_000_000_000  # DeepL's own number for keys without a limit: its clients expect one
_KEY = "auth_key"


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _digit_as_text(value: object) -> object:
    return str(value) if type(value) is int and value in (0, 1) else value


class DeepLRequest(ForeignRequest):
    """What to translate, in DeepL's words."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": ["Good morning!"], "source_lang": "EN", "target_lang": "DE"}]
        }
    )
    texts_field: ClassVar[str] = "text"

    text: Texts = Field(description=f"One to {_MAX_TEXTS} texts; in a form the parameter is repeated.")
    target_lang: Annotated[Literal["DE"], BeforeValidator(_upper)] = Field(description="In capitals or not.")
    source_lang: Annotated[Literal["EN"], BeforeValidator(_upper)] = Field(
        "EN", description="In capitals or not; nothing else is detected where it is left out."
    )
    split_sentences: Annotated[Literal["0", "1", "nonewlines"], BeforeValidator(_digit_as_text)] = Field(
        "1",
        description="Texts are always split at line breaks and ends of sentences. So 0 is refused for a text of "
        "several sentences, and nonewlines for one with line breaks inside.",
    )
    preserve_formatting: bool = Field(False, description="Without effect: the layout is always kept.")
    formality: Literal["default", "more", "less", "prefer_more", "prefer_less"] = Field(
        "default",
        description="more and default are Sie, less is du. A model that was not taught the difference refuses more and "
        "less, and writes as it likes.",
    )
    context: str = Field("", description="Without effect.")
    model_type: Literal["quality_optimized", "prefer_quality_optimized", "latency_optimized"] = Field(
        "quality_optimized", description="Without effect: there is one model."
    )
    show_billed_characters: bool = Field(False, description="Tell for each text what it cost.")

    def style(self, tells_formality: bool) -> Style:
        """How the German is to be written; raises InvalidRequest where the model cannot write it."""
        if self.formality in ("more", "less") and not tells_formality:
            raise InvalidRequest(
                "formality: this model was not taught the difference; send default, prefer_more or prefer_less."
            )
        is_informal = self.formality in ("less", "prefer_less") and tells_formality
        return Style(formality="informal" if is_informal else "formal")

    def check(self) -> None:
        """Raise RequestTooLarge on too many texts, InvalidRequest where one would be split that must not be."""
        if len(self.texts) > _MAX_TEXTS:
            raise RequestTooLarge(
                f"The request has {len(self.texts)} texts; the limit is {_MAX_TEXTS}. Send it in parts."
            )
        for number, text in enumerate(self.texts, start=1):
            if self.split_sentences == "nonewlines" and len(text.strip().splitlines()) > 1:
                raise InvalidRequest(
                    "split_sentences: nonewlines is asked for, but a line break always ends a sentence here, and "
                    f"text {number} has some. Take the line breaks out, or send split_sentences=1."
                )
            if self.split_sentences == "0" and _count_sentences(text) > 1:
                raise InvalidRequest(
                    "split_sentences: 0 is asked for, but texts are always split into sentences here, and text "
                    f"{number} has several. Send every sentence as a text, or send split_sentences=1."
                )


def _count_sentences(text: str) -> int:
    """Count those with words: an emoji behind a sentence makes no second one."""
    return sum(any(map(str.isalpha, text[span.start : span.end])) for span in split_sentences(text))


class DeepLTranslation(BaseModel):
    """One text's translation."""

    detected_source_language: Annotated[
        Literal["EN"], Field(description="Always EN: nothing is detected.")
    ] = "EN"
    text: str = Field(description="The translation.")
    billed_characters: int | None = Field(
        None, description="Characters (Unicode code points) charged; only where they are asked for."
    )


class DeepLAnswer(BaseModel):
    """The translations, in the order of the texts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"translations": [{"detected_source_language": "EN", "text": "Guten Morgen!"}]}]
        }
    )

    translations: list[DeepLTranslation] = Field(description="One for each text, in their order.")


class DeepLUsage(BaseModel):
    """What a key has used in this calendar month (UTC), since the service started."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"character_count": 1234, "character_limit": 1000000}]}
    )

    character_count: int = Field(description="Characters (Unicode code points) translated in this month.")
    character_limit: int = Field(description=f"Most of them in a month; {_NO_LIMIT} where there is none.")


class DeepLLanguage(BaseModel):
    """A language to translate from or into."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"language": "EN", "name": "English"}]})

    language: str = Field(description="Its code in capitals.")
    name: str = Field(description="Its name in English.")
    supports_formality: Annotated[bool | None, Field(description="Of target languages only.")] = None


class DeepLError(BaseModel):
    """What was wrong."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"message": "target_lang: is missing."}]})

    message: str = Field(description="What was wrong, and what to do.")


class _DeepLRoute(ForeignRoute):
    error_field = "message"
    statuses: ClassVar = {401: 403, 403: 456, 422: 400}


router = APIRouter(
    prefix="/v2",
    tags=["DeepL's API"],
    route_class=_DeepLRoute,
    responses=errors(
        DeepLError,
        {
            400: "A parameter is missing, not valid, or not supported here.",
            403: "The key is missing or not known.",
            413: "The body, the texts or their characters are over a limit.",
            415: "The body is neither JSON nor a form.",
        },
    ),
)


@router.post(
    "/translate",
    name="deepl_translate",
    summary="Translate as DeepL's API does",
    response_model_exclude_none=True,
    responses=errors(
        DeepLError,
        {
            429: "The key has made too many requests; `Retry-After` says when to try again.",
            456: "The key's characters of this month do not suffice.",
            503: "The service is busy or not ready; `Retry-After` says when to try again.",
            504: "The translation took too long.",
        },
    ),
    openapi_extra=DeepLRequest.openapi_body(
        **{_KEY: "The API key; better as the header `Authorization: DeepL-Auth-Key KEY`."}
    ),
)
async def translate(request: Request, room: Room) -> DeepLAnswer:
    """Translate up to 50 English texts into German; the translations come in the same order."""
    client, parameters = await read_request(request, room.settings, _KEY)
    wanted = DeepLRequest.of(parameters, room.settings)
    await asyncio.to_thread(wanted.check)  # to split a long text takes a tenth of a second
    style = wanted.style(_tells_formality(room))
    translations = await translate_for(client, request, room, wanted.texts, SearchOptions(), style)
    return DeepLAnswer(
        translations=[
            DeepLTranslation(
                text=translation.text,
                billed_characters=len(text) if wanted.show_billed_characters else None,
            )
            for text, translation in zip(wanted.texts, translations, strict=True)
        ]
    )


@router.post("/usage", name="deepl_usage", include_in_schema=False)
@router.get("/usage", name="deepl_usage", summary="What the key has used")
async def usage(request: Request, room: Room) -> DeepLUsage:
    """Tell how many characters the key has used in this month, and how many it may use."""
    client, _ = await read_request(request, room.settings, _KEY)
    return _usage_of(client)


def _tells_formality(room: ModelRoom) -> bool:
    return bool(room.ready().engine.card.get("formality"))


def _usage_of(client: Client) -> DeepLUsage:
    limit = client.characters_per_month
    return DeepLUsage(
        character_count=client.characters_used, character_limit=_NO_LIMIT if limit is None else limit
    )


@router.post("/languages", name="deepl_languages", response_model_exclude_none=True, include_in_schema=False)
@router.get(
    "/languages",
    name="deepl_languages",
    response_model_exclude_none=True,
    summary="The languages, as DeepL lists them",
    openapi_extra={
        "parameters": [
            {
                "name": "type",
                "in": "query",
                "description": "Which ones: to translate from, or into.",
                "schema": {"type": "string", "enum": ["source", "target"], "default": "source"},
            }
        ]
    },
)
async def languages(request: Request, room: Room) -> list[DeepLLanguage]:
    """List the languages to translate from (`type=source`) or into (`type=target`)."""
    _, parameters = await read_request(request, room.settings, _KEY)
    # DeepL's own client sends it in the body of a GET.
    wanted = parameters.get("type") or request.query_params.get("type") or "source"
    if wanted == "target":
        return [DeepLLanguage(language="DE", name="German", supports_formality=_tells_formality(room))]
    if wanted != "source":
        raise InvalidRequest("type: must be source or target.")
    return [DeepLLanguage(language="EN", name="English")]


rest = Rest("DeepL's API", router, _DeepLRoute)
