"""The bodies of requests and answers."""

from __future__ import annotations

import json
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, from_json

from service.errors import InvalidRequest, MalformedJson
from translator.search import Sampling, SearchOptions
from translator.translate import SentenceTranslation, Translation

_MAX_SHOWN_VALUE = 30
_MAX_MISTAKES = 4
_SCORE = "Log-probability (natural) over the length penalty, at most 0; 0 for what is copied."


_Phrase = Annotated[str, StringConstraints(max_length=100, min_length=1, strip_whitespace=True)]


def _check_text(text: object) -> object:
    """Refuse at the first wrong item: to collect half a million of them takes seconds."""
    if isinstance(text, list):
        wrong = next((index for index, item in enumerate(text) if not isinstance(item, str)), None)
        if wrong is not None:
            raise ValueError(f"item {wrong} of the list must be a string")
    elif not isinstance(text, str):
        raise ValueError("must be a string or a list of strings")
    return text


class SamplingRequest(BaseModel):
    """Draw translations at random instead of searching for the likeliest."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    temperature: Annotated[float, Field(ge=0.05, le=5)] = Field(
        1.0, description="Below 1 the likely pieces of words become likelier."
    )
    top_k: Annotated[int, Field(ge=0, le=1000)] = Field(
        0, description="Draw from the so many likeliest pieces only; 0 draws from all."
    )
    top_p: Annotated[float, Field(ge=0.01, le=1)] = Field(
        1.0, description="Draw from the fewest likeliest pieces that have this probability together."
    )
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = Field(
        0, description="With the same seed a text gets the same translation again."
    )


class TranslateRequest(BaseModel):
    """One text or a list of texts to translate, and how."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={"examples": [{"text": "Good morning! How are you?", "alternatives": 1}]},
    )

    text: Annotated[str | list[str], BeforeValidator(_check_text)] = Field(
        description="English text or a list of texts. Line breaks and outer whitespace are kept."
    )
    beam_size: Annotated[int, Field(ge=1, le=8)] = Field(
        4,
        description="Hypotheses followed in parallel; 1 is greedy. Must be greater than `alternatives`; "
        "if it is not given it is raised as needed.",
    )
    length_penalty: Annotated[float, Field(ge=0, le=2)] = Field(
        1.0,
        description="0 compares plain log-probabilities; the higher, the more are long translations favoured.",
    )
    alternatives: Annotated[int, Field(ge=0, le=5)] = Field(
        0, description="Further translations wanted for each sentence."
    )
    min_length_factor: Annotated[float, Field(ge=0, le=2)] = Field(
        0.0, description="At least so many German pieces for each English one; at most `max_length_factor`."
    )
    max_length_factor: Annotated[float, Field(ge=0.1, le=4)] = Field(
        2.0, description="At most so many German pieces for each English one, and ten more."
    )
    no_repeat_ngram: Annotated[int, Field(ge=0, le=20)] = Field(
        0, description="No so many pieces in a row occur twice in a sentence; 0 allows it."
    )
    coverage_penalty: Annotated[float, Field(ge=0, le=5)] = Field(
        0.0, description="What it costs to leave words of the source out, when hypotheses are ranked."
    )
    banned: Annotated[list[_Phrase], Field(max_length=20)] = Field(
        default_factory=list,
        description='German words or phrases that must not occur; "Haus" also bans "Hausarzt".',
    )
    sampling: SamplingRequest | None = Field(
        None,
        description="Draw `beam_size` translations at random, the best of which is returned, instead of searching.",
    )

    @model_validator(mode="after")
    def _check_options_agree(self) -> Self:
        if "beam_size" in self.model_fields_set and self.beam_size <= self.alternatives:
            raise ValueError(
                f"beam_size is {self.beam_size} and must be at least {self.alternatives + 1}, one more than "
                "alternatives; raise it or leave it out"
            )
        if self.min_length_factor > self.max_length_factor:
            raise ValueError(
                f"min_length_factor is {self.min_length_factor} and must be at most max_length_factor, "
                f"which is {self.max_length_factor}"
            )
        return self

    @classmethod
    def from_json(cls, body: bytes) -> Self:
        """Parse and validate a request's body: the one place where JSON from outside is read.

        Raises MalformedJson where it is not JSON in UTF-8, InvalidRequest where it is not a request.
        """
        try:
            # Not model_validate_json: that takes NaN for JSON, and thrice the memory for many small lists.
            value = from_json(body, allow_inf_nan=False)
        except ValueError as error:
            raise MalformedJson(f"Invalid JSON: {error}. Send a JSON object in UTF-8.") from None
        if not isinstance(value, dict):
            raise InvalidRequest(
                'The body is JSON, but not an object; send a JSON object with text: {"text": "…"}.'
            )
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise _explain(error) from None

    @classmethod
    def openapi_schema(cls) -> dict[str, Any]:
        """Its JSON schema with nothing by reference: in OpenAPI a reference starts at the whole document."""
        schema = cls.model_json_schema()
        sampling = schema.pop("$defs")[SamplingRequest.__name__]
        schema["properties"]["sampling"]["anyOf"] = [sampling, {"type": "null"}]
        return schema

    @property
    def texts(self) -> list[str]:
        """The texts, whether one or several were given."""
        return [self.text] if isinstance(self.text, str) else self.text

    @property
    def search_options(self) -> SearchOptions:
        """What the decoder is asked to do."""
        hypotheses = self.alternatives + 1
        return SearchOptions(
            beam_size=max(self.beam_size, hypotheses),
            length_penalty=self.length_penalty,
            n_best=hypotheses,
            min_length_factor=self.min_length_factor,
            max_length_factor=self.max_length_factor,
            no_repeat_ngram=self.no_repeat_ngram,
            banned=tuple(self.banned),
            coverage_penalty=self.coverage_penalty,
            sampling=Sampling(**self.sampling.model_dump()) if self.sampling else None,
        )


def _explain(error: ValidationError) -> InvalidRequest:
    if error.error_count() > _MAX_MISTAKES:  # only unknown fields can be so many
        return InvalidRequest(f"There are {error.error_count()} mistakes. {_known_fields(TranslateRequest)}")
    mistakes = error.errors(include_url=False, include_context=False)
    told = "; ".join(dict.fromkeys(map(_explain_one, mistakes)))
    unknown = [mistake["loc"] for mistake in mistakes if mistake["type"] == "extra_forbidden"]
    parts = {SamplingRequest if len(place) > 1 else TranslateRequest: None for place in unknown}
    return InvalidRequest(" ".join([f"{told}.", *map(_known_fields, parts)]))


def _known_fields(part: type[BaseModel]) -> str:
    whose = " of sampling" if part is SamplingRequest else ""
    return f"The fields{whose} are {', '.join(part.model_fields)}."


def _explain_one(error: ErrorDetails) -> str:
    told = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return told
    field = ".".join(str(part)[:50] for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{field}: there is no such field"
    if field == "text":
        return f"text: {told}"
    return f"{field}: must be {_range_in_words(field)}, or left out{_value_in_words(error['input'])}"


def _range_in_words(option: str) -> str:
    if option.startswith("banned"):
        return "a list of up to 20 words or phrases of 1 to 100 characters"
    if option == "sampling":
        return f"an object with {', '.join(SamplingRequest.model_fields)}"
    part = SamplingRequest if option.startswith("sampling.") else TranslateRequest
    schema = part.model_json_schema()["properties"][option.removeprefix("sampling.")]
    kind = "a whole number" if schema["type"] == "integer" else "a number"
    return f"{kind} from {schema['minimum']} to {schema['maximum']}"


def _value_in_words(value: object) -> str:
    """Name the wrong value of an option, if it is a number or a word: anything else may be huge."""
    is_short = (
        value is None
        or isinstance(value, bool | float)
        or (isinstance(value, int) and abs(value) < 10**12)
        or (isinstance(value, str) and len(value) <= _MAX_SHOWN_VALUE)
    )
    return f"; it is {json.dumps(value)}" if is_short else ""


class Alternative(BaseModel):
    """Another translation of a sentence."""

    text: str
    score: float = Field(description=_SCORE)


class TranslatedSentence(BaseModel):
    """One sentence and its translations."""

    source: str = Field(description="The sentence as it stands in the text.")
    start: int = Field(description="Where it starts in the text, in characters (Unicode code points).")
    end: int = Field(description="Where it ends, exclusive.")
    text: str = Field(description="Its translation.")
    score: float = Field(description=_SCORE)
    alternatives: list[Alternative] = Field(
        description="Further ones, best first; fewer if there are no more."
    )

    @classmethod
    def of(cls, sentence: SentenceTranslation) -> Self:
        """Build the answer for one sentence."""
        further = [Alternative(text=other.text, score=other.score) for other in sentence.hypotheses[1:]]
        return cls(
            source=sentence.source,
            start=sentence.start,
            end=sentence.end,
            text=sentence.text,
            score=sentence.score,
            alternatives=further,
        )


class TranslatedText(BaseModel):
    """One text's translation."""

    text: str = Field(description="The translation, with the line breaks and outer whitespace of the text.")
    score: float = Field(description="Mean of the scores of its sentences; 0 if there are none.")
    sentences: list[TranslatedSentence]

    @classmethod
    def of(cls, translation: Translation) -> Self:
        """Build the answer for one text."""
        sentences = [TranslatedSentence.of(sentence) for sentence in translation.sentences]
        return cls(text=translation.text, score=translation.score, sentences=sentences)


class TranslateAnswer(BaseModel):
    """The translations, in the order of the texts."""

    translations: list[TranslatedText]
    model: str = Field(description="Name of the model.")
    device: str = Field(description="Where it ran.", examples=["cpu", "cuda:0"])
    seconds: float = Field(description="Time from the request's arrival to its answer, waiting included.")


class Limits(BaseModel):
    """What one request may ask for."""

    max_texts: int
    max_characters: int = Field(description="Of all texts together, in Unicode code points.")
    max_body_bytes: int
    max_alternatives: int
    deadline_seconds: float


class ModelAnswer(BaseModel):
    """The model that is served."""

    name: str
    device: str = Field(examples=["cpu", "cuda:0"])
    limits: Limits
    card: dict[str, Any] = Field(description="What it was trained on, its cost and measured quality.")


class Status(BaseModel):
    """The state of the service in one word."""

    status: str = Field(examples=["ok"])
