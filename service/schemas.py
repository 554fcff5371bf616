"""The bodies of requests and answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from service.errors import InvalidRequest, MalformedJson
from translator.search import SearchOptions
from translator.translate import SentenceTranslation, Translation

_MAX_ERRORS_TOLD = 3


class TranslateRequest(BaseModel):
    """One text or a list of texts to translate, and how."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={"examples": [{"text": "Good morning! How are you?", "alternatives": 1}]},
    )

    text: str | list[str] = Field(
        description="English text or a list of texts. Line breaks and outer whitespace are kept."
    )
    beam_size: Annotated[int, Field(ge=1, le=8)] = Field(
        4,
        description="Hypotheses followed in parallel; 1 is greedy. Must be greater than `alternatives`; "
        "if it is not given it is raised as needed.",
    )
    length_penalty: Annotated[float, Field(ge=0, le=2)] = Field(
        1.0,
        description="Exponent of the length that divides log-probabilities; higher favours longer output.",
    )
    alternatives: Annotated[int, Field(ge=0, le=5)] = Field(
        0, description="Further translations wanted for each sentence."
    )

    @model_validator(mode="after")
    def _check_beam_is_wide_enough(self) -> Self:
        if "beam_size" in self.model_fields_set and self.beam_size <= self.alternatives:
            raise ValueError(
                f"beam_size is {self.beam_size} and must be at least {self.alternatives + 1}, one more than "
                "alternatives; raise it or leave it out"
            )
        return self

    @classmethod
    def from_json(cls, body: bytes) -> Self:
        """Parse and validate a request's body: the one place where JSON from outside is read.

        Raises MalformedJson where it is not JSON in UTF-8, InvalidRequest where it is not a request.
        """
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            # Without the input: it may be huge, and it is the user's.
            errors = error.errors(include_url=False, include_context=False, include_input=False)
        if errors[0]["type"] == "json_invalid":
            raise MalformedJson(f"{errors[0]['msg']}. Send a JSON object in UTF-8.")
        raise InvalidRequest(_explain(errors))

    @property
    def texts(self) -> list[str]:
        """The texts, whether one or several were given."""
        return [self.text] if isinstance(self.text, str) else self.text

    @property
    def search_options(self) -> SearchOptions:
        """What the decoder is asked to do."""
        hypotheses = self.alternatives + 1
        return SearchOptions(
            beam_size=max(self.beam_size, hypotheses), length_penalty=self.length_penalty, n_best=hypotheses
        )


def _explain(errors: Iterable[ErrorDetails]) -> str:
    # A dict, to drop repetitions in order: each member of the union `text` reports its own failure.
    messages = list(dict.fromkeys(map(_explain_one, errors)))
    more = len(messages) - _MAX_ERRORS_TOLD
    return "; ".join(messages[:_MAX_ERRORS_TOLD]) + (f"; and {more} more" if more > 0 else "") + "."


def _explain_one(error: ErrorDetails) -> str:
    if not error["loc"]:
        return error["msg"].removeprefix("Value error, ")
    field, *position = error["loc"]
    if field == "text" and error["type"] in ("string_type", "list_type"):
        index = [part for part in position if isinstance(part, int)]
        place, what = (
            (f"text[{index[0]}]", "a string") if index else ("text", "a string or a list of strings")
        )
        return f"{place}: must be {what}"
    if error["type"] == "extra_forbidden":
        known = ", ".join(TranslateRequest.model_fields)
        return f"{str(field)[:50]}: there is no such field; known are {known}"
    return f"{field}: {error['msg']}"


class Alternative(BaseModel):
    """Another translation of a sentence."""

    text: str
    score: float = Field(description="Log-probability (natural) of the translation, by its length.")


class TranslatedSentence(BaseModel):
    """One sentence and its translations."""

    source: str = Field(description="The sentence as it stands in the text.")
    start: int = Field(description="Where it starts in the text, in characters (Unicode code points).")
    end: int = Field(description="Where it ends, exclusive.")
    text: str = Field(description="Its translation.")
    score: float = Field(description="Log-probability (natural) of the translation, by its length.")
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
    score: float = Field(description="Log-probability (natural) over the sentences, by length.")
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


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="Identifies the kind of error; `about:blank` where the status says it all.")
    title: str = Field(description="The kind of error in words.")
    status: int
    detail: str = Field(description="What was wrong this time, and what to do.")
    request_id: str = Field(description="Also in the header `X-Request-ID`; stands in the service's log.")
