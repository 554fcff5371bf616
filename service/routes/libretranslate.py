"""The part of LibreTranslate's API that this service can honour, for programs that speak it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from service.english import english_confidence
from service.errors import InvalidRequest
from service.room import Room
from service.routes.foreign import (
    ForeignRequest,
    ForeignRoute,
    Rest,
    errors,
    read_request,
    translate_for,
)
from service.schemas.parsing import Texts
from service.settings import Settings
from translator.search import SearchOptions
from translator.text import Span, rejoin
from translator.translate import Translation

_KEY = "api_key"
_KEY_IN_WORDS = "The API key, where the service needs one."


class LibreTranslateRequest(ForeignRequest):
    """What to translate, in LibreTranslate's words."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"q": "Good morning!", "source": "en", "target": "de"}]}
    )
    texts_field: ClassVar[str] = "q"

    q: Texts = Field(
        description="English text or a list of texts. Line breaks and outer whitespace are kept."
    )
    source: Literal["en", "auto"] = Field(
        description="auto takes the text for English too, and tells how much it looks like it."
    )
    target: Literal["de"] = Field(description="German is the only one.")
    format: Literal["text"] = Field("text", description="HTML is not supported.")
    alternatives: Annotated[int, Field(ge=0, le=5)] = Field(0, description="Further translations wanted.")

    @property
    def search_options(self) -> SearchOptions:
        """What the decoder is asked to do."""
        hypotheses = self.alternatives + 1
        return SearchOptions(beam_size=max(SearchOptions.beam_size, hypotheses), n_best=hypotheses)

    def check_alternatives(self, settings: Settings) -> None:
        """Raise InvalidRequest where more are asked for than the operator allows."""
        if self.alternatives > settings.max_alternatives:
            raise InvalidRequest(
                f"alternatives: {self.alternatives} asked for; the limit here is {settings.max_alternatives}."
            )


class DetectRequest(ForeignRequest):
    """A text that may be English."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"q": "Good morning! How are you?"}]})
    texts_field: ClassVar[str] = "q"

    q: str = Field(description="The text.")


class DetectedLanguage(BaseModel):
    """How much a text looks like English; no other language is ever looked for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"language": "en", "confidence": 99.1}]})

    language: Annotated[Literal["en"], Field(description="Always en.")] = "en"
    confidence: float = Field(
        ge=0,
        le=100,
        description="In percent. Above 50: it has more common English words than could be chance. About 40: too short "
        "to tell. Near 0: hardly English, or no words.",
    )


class LibreTranslateAnswer(BaseModel):
    """The translation of `q`: a string for a string, a list for a list; so are the other fields."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"translatedText": "Guten Morgen!"}]})

    translatedText: str | list[str] = Field(description="The translation.")
    alternatives: list[str] | list[list[str]] | None = Field(
        None,
        description="Only where they are asked for: further translations, best first, without repetition.",
    )
    detectedLanguage: DetectedLanguage | list[DetectedLanguage] | None = Field(
        None, description="Only for the source auto."
    )


class LibreTranslateLanguage(BaseModel):
    """A language, and what it can be translated into."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "en", "name": "English", "targets": ["de"]}]}
    )

    code: str = Field(description="ISO 639-1.")
    name: str = Field(description="Its name in English.")
    targets: list[str] = Field(description="The codes of the languages that it can be translated into.")


class LibreTranslateError(BaseModel):
    """What was wrong."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"error": "target: is missing."}]})

    error: str = Field(description="What was wrong, and what to do.")


class _LibreTranslateRoute(ForeignRoute):
    error_field = "error"
    statuses: ClassVar = {401: 403, 422: 400}


router = APIRouter(prefix="/libretranslate", tags=["LibreTranslate's API"], route_class=_LibreTranslateRoute)

_READING = errors(
    LibreTranslateError,
    {
        400: "A parameter is missing, not valid, or not supported here.",
        403: "The key is missing or not known, or its characters of this month do not suffice.",
        413: "The body, the texts or their characters are over a limit.",
        415: "The body is neither JSON nor a form.",
        429: "The key has made too many requests; `Retry-After` says when to try again.",
    },
)
_TRANSLATING = errors(
    LibreTranslateError,
    {
        503: "The service is busy or not ready; `Retry-After` says when to try again.",
        504: "The translation took too long.",
    },
)


@router.post(
    "/translate",
    name="libretranslate_translate",
    summary="Translate as LibreTranslate does",
    response_model_exclude_none=True,
    responses={**_READING, **_TRANSLATING},
    openapi_extra=LibreTranslateRequest.openapi_body(**{_KEY: _KEY_IN_WORDS}),
)
async def translate(request: Request, room: Room) -> LibreTranslateAnswer:
    """Translate an English text or a list of texts into German."""
    client, parameters = await read_request(request, room.settings, _KEY)
    wanted = LibreTranslateRequest.of(parameters, room.settings)
    wanted.check_alternatives(room.settings)
    translations = await translate_for(client, request, room, wanted.texts, wanted.search_options)
    return _answer(wanted, translations)


def _answer(wanted: LibreTranslateRequest, translations: list[Translation]) -> LibreTranslateAnswer:
    texts = [translation.text for translation in translations]
    further = [
        _alternatives(text, translation, wanted.alternatives)
        for text, translation in zip(wanted.texts, translations, strict=True)
    ]
    detected = [_detect(text) for text in wanted.texts] if wanted.source == "auto" else []
    is_one = isinstance(wanted.q, str)
    return LibreTranslateAnswer(
        translatedText=texts[0] if is_one else texts,
        alternatives=(further[0] if is_one else further) if wanted.alternatives else None,
        detectedLanguage=(detected[0] if is_one else detected) if wanted.source == "auto" else None,
    )


def _alternatives(text: str, translation: Translation, count: int) -> list[str]:
    """Put the second-best sentences together to a text, the third-best, and so on; one that has none keeps its last."""
    spans = [Span(sentence.start, sentence.end) for sentence in translation.sentences]
    found = [translation.text]
    for rank in range(1, count + 1):
        sentences = [
            sentence.hypotheses[min(rank, len(sentence.hypotheses) - 1)].text
            for sentence in translation.sentences
        ]
        found.append(rejoin(text, spans, sentences))
    return list(dict.fromkeys(found))[1:]


@router.post(
    "/detect",
    name="libretranslate_detect",
    summary="How much does it look like English?",
    responses=_READING,
    openapi_extra=DetectRequest.openapi_body(**{_KEY: _KEY_IN_WORDS}),
)
async def detect(request: Request, room: Room) -> list[DetectedLanguage]:
    """Tell how much a text looks like English, by its common words and its letters.

    Other languages are not told apart: a low confidence means "hardly English", and nothing more.
    """
    client, parameters = await read_request(request, room.settings, _KEY)
    wanted = DetectRequest.of(parameters, room.settings)
    client.charge(0)
    return [_detect(wanted.q)]


def _detect(text: str) -> DetectedLanguage:
    return DetectedLanguage(confidence=english_confidence(text))


@router.get(
    "/languages", name="libretranslate_languages", summary="The languages, as LibreTranslate lists them"
)
async def languages() -> list[LibreTranslateLanguage]:
    """List the languages: English, which can be translated into German."""
    return [
        LibreTranslateLanguage(code="en", name="English", targets=["de"]),
        LibreTranslateLanguage(code="de", name="German", targets=[]),
    ]


rest = Rest("LibreTranslate's API", router, _LibreTranslateRoute)
