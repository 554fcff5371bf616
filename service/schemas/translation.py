"""The bodies of `POST /translate` and `POST /translate/stream`, and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from service.engine import TranslatedWork, TranslateKind
from service.errors import Problem
from service.schemas.parsing import JsonRequest, Texts, Whole, as_list, whole_schema
from translator.analysis.quality import Flag, flags
from translator.search import Sampling, SearchOptions
from translator.text.formality import FormalityWish
from translator.text.protected import NumberStyle
from translator.translate import SourceSentence, Style, Translation, assemble
from translator.translate.answers import Rung
from translator.translate.receipt import Check, CheckKind, Verdict

_SCORE = "Log-probability (natural) over the length penalty, at most 0; 0 for what is copied."

# What the example of the request asks for, with an alternative and the alignment.
_EXAMPLE: dict[str, Any] = {
    "translations": [
        {
            "text": "Guten Morgen! Der Zug fährt um 15:30 Uhr.",
            "score": -0.36,
            "sentences": [
                {
                    "source": "Good morning!",
                    "start": 0,
                    "end": 13,
                    "text": "Guten Morgen!",
                    "target_start": 0,
                    "target_end": 13,
                    "score": -0.29,
                    "alternatives": [{"text": "Guten Morgen.", "score": -0.91}],
                    "flags": [],
                    "rung": "first",
                    "checks": [],
                    "alignment": [
                        {"source_start": 0, "source_end": 4, "target_start": 0, "target_end": 5},
                        {"source_start": 5, "source_end": 12, "target_start": 6, "target_end": 12},
                    ],
                },
                {
                    "source": "The train leaves at 3:30 p.m.",
                    "start": 14,
                    "end": 43,
                    "text": "Der Zug fährt um 15:30 Uhr.",
                    "target_start": 14,
                    "target_end": 41,
                    "score": -0.43,
                    "alternatives": [{"text": "Der Zug geht um 15:30 Uhr.", "score": -0.58}],
                    "flags": [],
                    "rung": "first",
                    "checks": [
                        {
                            "kind": "time",
                            "verdict": "converted",
                            "source_start": 34,
                            "source_end": 42,
                            "target_start": 31,
                            "target_end": 40,
                        }
                    ],
                    "alignment": [
                        {"source_start": 14, "source_end": 17, "target_start": 14, "target_end": 17},
                        {"source_start": 18, "source_end": 23, "target_start": 18, "target_end": 21},
                        {"source_start": 24, "source_end": 30, "target_start": 22, "target_end": 27},
                        {"source_start": 31, "source_end": 33, "target_start": 28, "target_end": 30},
                        {"source_start": 34, "source_end": 42, "target_start": 31, "target_end": 40},
                    ],
                },
            ],
        }
    ],
    "model": "en-de",
    "device": "cpu",
    "seconds": 0.07,
}

_LONGEST_PREFIX = 500
"""Characters: the model hardly knows sentences that go on after more."""

_Phrase = Annotated[str, StringConstraints(max_length=100, min_length=1, strip_whitespace=True)]
_KINDS = [kind for kinds in get_args(CheckKind) for kind in get_args(kinds)]
_Kind = Annotated[CheckKind, WithJsonSchema({"type": "string", "enum": _KINDS})]
"""One list of all kinds in the description of the API, whatever they are made of here."""


class SamplingRequest(BaseModel):
    """Draw translations at random instead of searching for the likeliest."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    temperature: Annotated[float, Field(ge=0.05, le=5)] = Field(
        1.0, description="Below 1 the likely pieces of words become likelier."
    )
    top_k: Annotated[int, Field(ge=0, le=1000), Whole] = Field(
        0, description="Draw from this number of likeliest pieces only; 0 draws from all."
    )
    top_p: Annotated[float, Field(ge=0.01, le=1)] = Field(
        1.0, description="Draw from the fewest likeliest pieces that have this probability together."
    )
    seed: Annotated[int, Field(ge=0, le=2**31 - 1), Whole] = Field(
        0, description="With the same seed a text gets the same translation again."
    )


class TranslateRequest(JsonRequest):
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

    text: Texts = Field(
        description="English text or a list of texts. Line breaks and outer whitespace are kept."
    )
    beam_size: Annotated[int, Field(ge=1, le=8), Whole] = Field(
        4,
        description="Hypotheses followed in parallel; 1 is greedy. Must be greater than `alternatives`; "
        "if it is not given it is raised as needed.",
    )
    length_penalty: Annotated[float, Field(ge=0, le=2)] = Field(
        1.0,
        description="0 compares plain log-probabilities; the higher, the more are long translations favoured.",
    )
    alternatives: Annotated[int, Field(ge=0, le=5), Whole] = Field(
        0, description="Further translations wanted for each sentence."
    )
    alignment: bool = Field(
        False, description="Tell which words of the translation come from which words of the text."
    )
    prefix: Texts = Field(
        "",
        description="German that the translation of the text begins with, or a list with one for each text. The "
        "model goes on from there, also within a word. Nothing is demanded of a text whose prefix is empty.",
    )
    format: Literal["text"] = Field(
        "text",
        description='Of the text: only "text", in which mark-up is text like any other. HTML is not possible yet.',
    )
    numbers: NumberStyle = Field(
        "german",
        description="`german` writes numbers, money, times and dates as a German text has them; `keep` leaves them as "
        "they are.",
    )
    formality: FormalityWish = Field(
        "formal",
        description="Whether “you” is `formal` (Sie) or `informal` (du, ihr); `auto` leaves it to the model. Where the "
        "model was not taught the difference, `informal` is refused and `formal` leaves it to the model.",
    )
    min_length_factor: Annotated[float, Field(ge=0, le=2)] = Field(
        0.0,
        description="The least number of German pieces for each English one; at most `max_length_factor`.",
    )
    max_length_factor: Annotated[float, Field(ge=0.1, le=4)] = Field(
        2.0, description="The most German pieces for each English one; ten more are always allowed."
    )
    no_repeat_ngram: Annotated[int, Field(ge=0, le=20), Whole] = Field(
        0, description="No sequence of this number of pieces occurs twice in a sentence; 0 allows repetition."
    )
    banned: Annotated[list[_Phrase], Field(max_length=20)] = Field(
        default_factory=list,
        description="German words or phrases that must not occur where a word begins, in just these letters; "
        '"Haus" also bans "Hausarzt" and "(Haus)", not "Hochhaus".',
    )
    sampling: SamplingRequest | None = Field(
        None,
        description="Draw `beam_size` translations at random, the best of which is returned, instead of searching.",
    )

    @field_validator("format", mode="before")
    @classmethod
    def _check_format(cls, value: object) -> object:
        if value == "text":
            return value
        if value == "html":
            raise ValueError(
                'is "html", which cannot be translated yet; send the text without mark-up, as "text"'
            )
        raise ValueError('must be "text", or left out')

    @field_validator("prefix")
    @classmethod
    def _check_prefix(cls, prefix: str | list[str]) -> str | list[str]:
        for place, one in enumerate(as_list(prefix)):
            if len(one) > _LONGEST_PREFIX:
                raise ValueError(f"prefix {place} has {len(one)} characters; the limit is {_LONGEST_PREFIX}")
        return prefix

    @model_validator(mode="after")
    def _check_options_agree(self) -> Self:
        if self.prefix and len(as_list(self.prefix)) != len(self.texts):
            raise ValueError(
                f"text has {len(self.texts)} texts and prefix {len(as_list(self.prefix))}; give one prefix for each "
                'text, "" for nothing'
            )
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

    @property
    def texts(self) -> list[str]:
        """The texts, whether one or several were given."""
        return as_list(self.text)

    @property
    def prefixes(self) -> list[str]:
        """What the translation of each text begins with."""
        return as_list(self.prefix) if self.prefix else [""] * len(self.texts)

    @property
    def kind(self) -> TranslateKind:
        """What is asked for, whatever the text."""
        return TranslateKind(self.search_options, self.alignment)

    @property
    def style(self) -> Style:
        """How the German is to be written."""
        return Style(self.numbers, self.formality)

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
            sampling=Sampling(**self.sampling.model_dump()) if self.sampling else None,
        )


class Alternative(BaseModel):
    """Another translation of a sentence."""

    text: str = Field(description="The translation.")
    score: float = Field(description=_SCORE)


class WordLink(BaseModel):
    """A word of the translation and the word that it comes from, in characters (Unicode code points)."""

    source_start: int = Field(description="Where the word starts in the text.")
    source_end: int = Field(description="Where it ends, exclusive.")
    target_start: int = Field(description="Where its counterpart starts in the translation.")
    target_end: int = Field(description="Where that ends, exclusive.")


class CheckedSpan(BaseModel):
    """What became of one thing that must come through, such as a number; in characters (Unicode code points)."""

    kind: _Kind = Field(
        description="What it is. `small`: a whole number up to twelve; `label`: an abbreviation with its number, such "
        "as no. 7; `character`: one that cannot be shown."
    )
    verdict: Verdict = Field(
        description="`kept`: it is there letter for letter; `converted`: in another form of the same value; `lost`: it "
        "is missing in the translation; `misplaced`: a closing tag that no longer has words before it; `extra`: it "
        "stands in the translation, and nothing in the text explains it."
    )
    source_start: int | None = Field(description="Where it starts in the text; null for what is extra.")
    source_end: int | None = Field(description="Where it ends, exclusive; null for what is extra.")
    target_start: int | None = Field(description="Where it starts in the translation; null for what is lost.")
    target_end: int | None = Field(description="Where that ends, exclusive; null for what is lost.")

    @classmethod
    def of(cls, check: Check, start: int, target_start: int) -> Self:
        """Build the answer for a check of a sentence that starts there, and whose translation starts there."""
        source, target = check.source, check.target
        return cls(
            kind=check.kind,
            verdict=check.verdict,
            source_start=None if source is None else start + source[0],
            source_end=None if source is None else start + source[1],
            target_start=None if target is None else target_start + target[0],
            target_end=None if target is None else target_start + target[1],
        )


class TranslatedSentence(BaseModel):
    """One sentence and its translations; offsets are in characters (Unicode code points)."""

    source: str = Field(description="The sentence as it stands in the text.")
    start: int = Field(description="Where it starts in the text.")
    end: int = Field(description="Where it ends, exclusive.")
    text: str = Field(description="Its translation.")
    target_start: int = Field(description="Where that starts in the translation of the text.")
    target_end: int = Field(description="Where that ends, exclusive.")
    score: float = Field(description=_SCORE)
    alternatives: list[Alternative] = Field(
        description="Further ones, best first; fewer if there are no more."
    )
    flags: list[Flag] = Field(
        description="What to be careful about. `copied_source`: it came back untranslated, or much of it; "
        "`repetition`: words repeat that do not in the source; `too_long_split`: a piece of a sentence that was too "
        "long; `low_confidence`: the model finds its own translation unlikely, by a threshold that was found with the "
        "model in the package; `number_mismatch`: a number, amount, date or time is lost, or digits came from nowhere; "
        "`placeholder_lost`: a placeholder, link, path, identifier or the like is lost; `markup_lost`: a tag or an "
        "entity is lost or misplaced; `broken_characters`: characters that cannot be shown; `translated_in_parts`: "
        "only the words around numbers, links and the like were translated, part by part. `checks` say what is lost, "
        "and where."
    )
    rung: Rung = Field(
        description="How the translation came about. `first`: it is the model's best, or a copy of what has no words; "
        "`next`: a later one of the same search, because the best had lost or invented something; `forced`: from a "
        "second search, which had to keep all numbers; `parts`: parts of the sentence were translated alone; `copied`: "
        "the sentence itself."
    )
    checks: list[CheckedSpan] = Field(
        description="What became of each number, date, link, placeholder and the like in `text`, in the order of the "
        "source; at the end what is extra. Alternatives have none."
    )
    alignment: list[WordLink] | None = Field(description="null where it was not asked for.")

    @classmethod
    def of(cls, source: SourceSentence, result: TranslatedWork, target_start: int) -> Self:
        """Build the answer for one sentence, whose translation starts there."""
        best, *others = result.hypotheses
        start = source.span.start
        return cls(
            source=source.text,
            start=start,
            end=source.span.end,
            text=best.text,
            target_start=target_start,
            target_end=target_start + len(best.text),
            score=best.score,
            alternatives=[Alternative(text=other.text, score=other.score) for other in others],
            flags=flags(source.text, best, source.is_part),
            rung=best.rung,
            checks=[CheckedSpan.of(check, start, target_start) for check in best.checks],
            alignment=None if result.links is None else [
                WordLink(
                    source_start=start + link.source[0],
                    source_end=start + link.source[1],
                    target_start=target_start + link.target[0],
                    target_end=target_start + link.target[1],
                )
                for link in result.links
            ],
        )  # fmt: skip


class TranslatedText(BaseModel):
    """One text's translation."""

    text: str = Field(description="The translation, with the line breaks and outer whitespace of the text.")
    score: float = Field(description="Mean of the scores of its sentences; 0 if there are none.")
    sentences: list[TranslatedSentence] = Field(description="Its sentences, in the order of the text.")

    @classmethod
    def of(cls, text: str, sources: Sequence[SourceSentence], results: Sequence[TranslatedWork]) -> Self:
        """Build the answer for one text of its sentences and what became of them."""
        translation: Translation = assemble(text, sources, [result.hypotheses for result in results])
        sentences, growth = [], 0
        for source, result in zip(sources, results, strict=True):
            sentences.append(TranslatedSentence.of(source, result, source.span.start + growth))
            growth += len(result.hypotheses[0].text) - len(source.text)
        return cls(text=translation.text, score=translation.score, sentences=sentences)


class TranslateAnswer(BaseModel):
    """The translations, in the order of the texts."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    translations: list[TranslatedText] = Field(description="One for each text, in their order.")
    model: str = Field(description="Name of the model.")
    device: str = Field(description="Where it ran.", examples=["cpu", "cuda:0"])
    seconds: float = Field(description="Seconds from the request's arrival to its answer, waiting included.")


class StreamedSentence(TranslatedSentence):
    """A sentence of a stream: the data of an event `sentence`."""

    text_index: int = Field(description="Which of the texts, from 0.")
    sentence_index: int = Field(description="Which of its sentences, from 0.")
    done: int = Field(description="So many sentences of the request have been sent, this one included.")
    total: int = Field(description="So many sentences the request has.")


class StreamEnd(BaseModel):
    """The end of a stream: the data of an event `done`."""

    sentences: int = Field(description="How many were translated.")
    model: str = Field(description="Name of the model.")
    device: str = Field(description="Where it ran.", examples=["cpu", "cuda:0"])
    seconds: float = Field(description="Seconds from the request's arrival to its end, waiting included.")


def stream_schema() -> dict[str, Any]:
    """How OpenAPI 3.2 declares the events of a stream."""
    data: dict[str, type[BaseModel]] = {"sentence": StreamedSentence, "done": StreamEnd, "error": Problem}
    events = [
        {
            "properties": {
                "event": {"const": name},
                "data": {
                    "description": model.__doc__,
                    "contentMediaType": "application/json",
                    "contentSchema": whole_schema(model),
                },
            }
        }
        for name, model in data.items()
    ]
    return {
        "type": "object",
        "properties": {
            "event": {"enum": list(data), "description": "What the data is."},
            "data": {"type": "string", "description": "A line of JSON."},
        },
        "required": ["event", "data"],
        "anyOf": events,
    }


def stream_example() -> str:
    """The events of a stream with the same sentences as the example of an answer."""
    sentences = _EXAMPLE["translations"][0]["sentences"]
    total = len(sentences)
    events: list[tuple[str, BaseModel]] = [
        (
            "sentence",
            StreamedSentence(**fields, text_index=0, sentence_index=place, done=place + 1, total=total),
        )
        for place, fields in enumerate(sentences)
    ]
    about = {name: _EXAMPLE[name] for name in ("model", "device", "seconds")}
    events.append(("done", StreamEnd(sentences=total, **about)))
    return "".join(f"event: {name}\ndata: {data.model_dump_json()}\n\n" for name, data in events)
