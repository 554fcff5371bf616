"""The part of LibreTranslate's API that this service supports, for programs written for LibreTranslate."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.requests import Request

from service.dependencies import translate_for
from service.model_manager import Manager
from service.routes.compat import (
    RATE_ERRORS,
    READING_ERRORS,
    TRANSLATION_ERRORS,
    CompatRequest,
    CompatRoute,
    errors,
    read_request,
)
from service.schemas.information import Status
from service.schemas.parsing import Texts
from service.schemas.translation import TranslateRequest
from service.schemas.translation_answer import TranslatedText
from translator.documents import FORMATS
from translator.markup.html_tokens import text_of_html
from translator.text import Span, rejoin
from translator.text.language import detect_language

_KEY = "api_key"
_KEY_DESCRIPTION = "The API key, if the service needs one."


def _language_only(value: object) -> object:
    """Turn `en-US` and `EN` into `en`."""
    return value.replace("_", "-").partition("-")[0].lower() if isinstance(value, str) else value


class LibreTranslateRequest(CompatRequest):
    """A translation request in LibreTranslate's format."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"q": "Good morning!", "source": "en", "target": "de"}]}
    )
    texts_field: ClassVar[str] = "q"

    q: Texts = Field(
        description="English text or a list of texts. Line breaks and outer whitespace are kept."
    )
    source: Annotated[Literal["en", "auto"], BeforeValidator(_language_only)] = Field(
        "en",
        description="Case and region do not matter (`en-US`). With auto, texts in other languages are returned "
        "unchanged.",
    )
    target: Annotated[Literal["de"], BeforeValidator(_language_only)] = Field(
        description="German is the only target language; case and region do not matter."
    )
    format: Literal["text", "html"] = Field(
        "text",
        description="With html, tags are kept, and inline ones stay at the words that translate theirs.",
    )
    alternatives: Annotated[int, Field(ge=0)] = Field(
        0, description="Number of further translations to return; fewer if there are no more."
    )


class DetectRequest(CompatRequest):
    """A text in any language."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"q": "Good morning! How are you?"}]})
    texts_field: ClassVar[str] = "q"

    q: str = Field(description="The text.")


class DetectedLanguage(BaseModel):
    """The language that a text seems to be in."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"language": "en", "confidence": 99.1}]})

    language: str = Field(description="ISO 639. A text that is too short to tell is taken for English.")
    confidence: float = Field(ge=0, le=100, description="In percent.")


class LibreTranslateAnswer(BaseModel):
    """The translation of `q`. If `q` is a list, every field is a list."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"translatedText": "Guten Morgen!"}]})

    translatedText: str | list[str] = Field(description="The translation.")
    alternatives: list[str] | list[list[str]] | None = Field(
        None,
        description="Further translations, if requested; best first, without duplicates.",
    )
    detectedLanguage: DetectedLanguage | list[DetectedLanguage] | None = Field(
        None, description="Only for the source auto."
    )


class LibreTranslateLanguage(BaseModel):
    """A language and its target languages."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "en", "name": "English", "targets": ["de"]}]}
    )

    code: str = Field(description="ISO 639-1.")
    name: str = Field(description="Its name in English.")
    targets: list[str] = Field(description="Codes of the languages it can be translated into.")


class LibreTranslateSettings(BaseModel):
    """What a page for LibreTranslate needs to know."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "apiKeys": False, "keyRequired": False, "charLimit": 131072,
                    "language": {
                        "source": {"code": "en", "name": "English"}, "target": {"code": "de", "name": "German"}
                    },
                    "suggestions": False, "filesTranslation": True, "supportedFilesFormat": [".docx", ".txt"],
                }
            ]
        }
    )  # fmt: skip

    apiKeys: bool = Field(description="Whether keys are used.")
    keyRequired: bool = Field(description="Whether a key is needed.")
    charLimit: int = Field(description="Maximum number of characters in a request.")
    language: dict[str, dict[str, str]] = Field(description="The languages to begin with, source and target.")
    suggestions: Annotated[bool, Field(description="Whether users may suggest translations; never.")] = False
    filesTranslation: Annotated[bool, Field(description="Whether files are translated; always.")] = True
    supportedFilesFormat: list[str] = Field(
        description="The endings of the names of files that are translated."
    )


_LANGUAGES = {"source": {"code": "en", "name": "English"}, "target": {"code": "de", "name": "German"}}


class LibreTranslateError(BaseModel):
    """An error."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"error": "target: is missing."}]})

    error: str = Field(description="What is wrong, and what to do.")


class LibreTranslateRoute(CompatRoute):
    """A route with errors in LibreTranslate's format."""

    error_field = "error"


router = APIRouter(prefix="/libretranslate", tags=["LibreTranslate's API"], route_class=LibreTranslateRoute)


@router.post(
    "/translate",
    name="libretranslate_translate",
    summary="Translate with LibreTranslate's API",
    response_model_exclude_none=True,
    responses=errors(LibreTranslateError, READING_ERRORS | RATE_ERRORS | TRANSLATION_ERRORS),
    openapi_extra=LibreTranslateRequest.openapi_body(**{_KEY: _KEY_DESCRIPTION}),
)
async def translate(request: Request, manager: Manager) -> LibreTranslateAnswer:
    """Translate an English text or a list of texts into German."""
    client, parameters = await read_request(request, manager.settings, _KEY, may_key_be_in_url=True)
    body = LibreTranslateRequest.of(parameters, manager.settings)
    alternatives = min(body.alternatives, manager.settings.max_alternatives)
    converted = TranslateRequest(
        text=body.texts, alternatives=alternatives, source_language=body.source, format=body.format
    )
    _, translations = await translate_for(client, request, manager, converted)
    texts = list(map(text_of_html, body.texts)) if body.format == "html" else body.texts
    detected = await _detect(texts) if body.source == "auto" else []
    return _answer(body, translations, detected)


def _answer(
    body: LibreTranslateRequest, translations: list[TranslatedText], detected: list[DetectedLanguage]
) -> LibreTranslateAnswer:
    """Assemble the answer."""
    texts = [translation.text for translation in translations]
    further = list(map(_alternatives, body.texts, translations))
    is_one = isinstance(body.q, str)
    return LibreTranslateAnswer(
        translatedText=texts[0] if is_one else texts,
        alternatives=(further[0] if is_one else further) if body.alternatives else None,
        detectedLanguage=(detected[0] if is_one else detected) if body.source == "auto" else None,
    )


def _alternatives(text: str, translation: TranslatedText) -> list[str]:
    """Assemble texts from the second-best sentences, the third-best, and so on; a missing one is the last available."""
    spans = [Span(sentence.start, sentence.end) for sentence in translation.sentences]
    versions = [
        [sentence.text, *(other.text for other in sentence.alternatives)]
        for sentence in translation.sentences
    ]
    # One client asked for 2 ** 63 alternatives: count those there are, not those requested.
    ranks = range(max(map(len, versions), default=1))
    found = [rejoin(text, spans, [known[min(rank, len(known) - 1)] for known in versions]) for rank in ranks]
    return list(dict.fromkeys([translation.text, *found]))[1:]


@router.post(
    "/detect",
    name="libretranslate_detect",
    summary="Detect the language of a text",
    responses=errors(LibreTranslateError, READING_ERRORS | RATE_ERRORS),
    openapi_extra=DetectRequest.openapi_body(**{_KEY: _KEY_DESCRIPTION}),
)
async def detect(request: Request, manager: Manager) -> list[DetectedLanguage]:
    """Return the language that a text seems to be in."""
    client, parameters = await read_request(request, manager.settings, _KEY, may_key_be_in_url=True)
    body = DetectRequest.of(parameters, manager.settings)
    await client.charge(0)
    return await _detect([body.q])


async def _detect(texts: Sequence[str]) -> list[DetectedLanguage]:
    def detect_all() -> list[DetectedLanguage]:
        found = map(detect_language, texts)
        return [DetectedLanguage(language=language, confidence=confidence) for language, confidence in found]

    return await asyncio.to_thread(detect_all)  # many texts take a tenth of a second, the first one more


@router.get(
    "/languages", name="libretranslate_languages", summary="List the languages in LibreTranslate's format"
)
async def languages() -> list[LibreTranslateLanguage]:
    """List the languages: English, which can be translated into German."""
    return [
        LibreTranslateLanguage(code="en", name="English", targets=["de"]),
        LibreTranslateLanguage(code="de", name="German", targets=[]),
    ]


@router.get("/health", name="libretranslate_health", summary="Is the process alive?")
async def health() -> Status:
    """Return `ok` while the process is alive."""
    return Status(status="ok")


@router.get(
    "/frontend/settings",
    name="libretranslate_settings",
    summary="Limits and languages in LibreTranslate's format",
)
async def frontend_settings(manager: Manager) -> LibreTranslateSettings:
    """Return what a page for LibreTranslate needs to know."""
    settings = manager.settings
    return LibreTranslateSettings(
        apiKeys=settings.needs_key,
        keyRequired=settings.needs_key,
        charLimit=settings.max_characters,
        language=_LANGUAGES,
        supportedFilesFormat=list(FORMATS),
    )
