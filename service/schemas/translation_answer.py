"""The response bodies of `POST /translate` and `POST /translate/stream`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from service.engine import TranslationResult
from service.errors import Problem
from service.schemas.parsing import whole_schema
from translator.evaluation.quality import Flag, flags
from translator.text import Span, rejoin
from translator.translate import Hypothesis, SourceSentence
from translator.translate.alignment import Link
from translator.translate.answers import Rung
from translator.translate.marked_up import MarkedUpTranslation
from translator.translate.receipt import Check, CheckKind, Verdict

_SCORE = "Log-probability (natural) divided by the length penalty; at most 0, and 0 for a copied sentence."

# The response to the example request, with an alternative and the alignment.
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
                    "language": "en",
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
                    "language": "en",
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

_KINDS = [kind for kinds in get_args(CheckKind) for kind in get_args(kinds)]
_Kind = Annotated[CheckKind, WithJsonSchema({"type": "string", "enum": _KINDS})]
"""Shown in the API description as one list of all kinds."""


class Alternative(BaseModel):
    """Another translation of a sentence."""

    text: str = Field(description="The translation.")
    score: float = Field(description=_SCORE)


class WordLink(BaseModel):
    """A word of the translation and the word it comes from; offsets are in characters (Unicode code points)."""

    source_start: int = Field(description="Where the word starts in the text.")
    source_end: int = Field(description="Where it ends, exclusive.")
    target_start: int = Field(description="Where its counterpart starts in the translation.")
    target_end: int = Field(description="Where its counterpart ends, exclusive.")

    @classmethod
    def of(
        cls, link: Link, translation: Hypothesis | MarkedUpTranslation, start: int, target_start: int
    ) -> Self:
        """Build the answer for a link; the sentence starts at `start`, its translation at `target_start`."""
        source, target = link.source, link.target
        if isinstance(translation, MarkedUpTranslation):
            source, target = translation.source_place(source), translation.target_place(target)
        return cls(
            source_start=start + source[0],
            source_end=start + source[1],
            target_start=target_start + target[0],
            target_end=target_start + target[1],
        )


class CheckedSpan(BaseModel):
    """The check of one item that must be preserved, such as a number; offsets are in characters (code points)."""

    kind: _Kind = Field(
        description="The kind of item. `small`: a whole number up to twelve; `label`: an abbreviation with its number, "
        "such as no. 7; `term`: one of the glossary; `formality`: a pronoun of a form of address that was not "
        "asked for, or one of each form if they are mixed; `character`: one that cannot be displayed."
    )
    verdict: Verdict = Field(
        description="`kept`: it is in the translation unchanged; `converted`: in another form with the same value; "
        "`lost`: it is missing; `misplaced`: a closing tag that no longer has words before it; `extra`: it is in the "
        "translation but nothing in the text explains it."
    )
    source_start: int | None = Field(description="Where it starts in the text; null for `extra`.")
    source_end: int | None = Field(description="Where it ends, exclusive; null for `extra`.")
    target_start: int | None = Field(description="Where it starts in the translation; null for `lost`.")
    target_end: int | None = Field(
        description="Where it ends in the translation, exclusive; null for `lost`."
    )

    @classmethod
    def of(cls, check: Check, start: int, target_start: int) -> Self:
        """Build the answer for a check; the sentence starts at `start`, its translation at `target_start`."""
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

    source: str = Field(description="The sentence as it is in the text.")
    start: int = Field(description="Where it starts in the text.")
    end: int = Field(description="Where it ends, exclusive.")
    text: str = Field(description="Its translation.")
    target_start: int = Field(description="Where its translation starts in the translation of the text.")
    target_end: int = Field(description="Where its translation ends, exclusive.")
    language: str = Field(
        description="Its language (ISO 639). A sentence in another language than English is copied."
    )
    score: float = Field(description=_SCORE)
    alternatives: list[Alternative] = Field(
        description="Further translations, best first; fewer than requested if there are no more."
    )
    flags: list[Flag] = Field(
        description="Warnings. `not_english`: it is in another language and was copied; `copied_source`: all or much "
        "of it came back untranslated; `repetition`: words repeat that do not repeat in the source; "
        "`too_long_split`: a piece of a sentence that was too long; "
        "`low_confidence`: the model finds its own translation unlikely, by a threshold calibrated on the packaged "
        "model; `number_mismatch`: a number, amount, date or time is lost, or digits were made up; "
        "`placeholder_lost`: a placeholder, link, path, identifier or the like is lost; `markup_lost`: a tag or an "
        "entity is lost or misplaced; `term_mismatch`: a term of the glossary is missing, or occurs more often than in "
        "the text; `formality_mismatch`: it addresses the reader in another form than `formality` asks for, or mixes "
        "both; `broken_characters`: characters that cannot be displayed; "
        "`translated_in_parts`: only the words around numbers, links and the like were translated, part by part. "
        "`checks` says what is lost, and where."
    )
    rung: Rung = Field(
        description="How the translation was found. `first`: the model's best, or a copy of a sentence without words; "
        "`next`: a lower-ranked result of the same search, because the best had lost or invented something; `forced`: "
        "from a second search that had to keep all numbers and terms; `parts`: parts of the sentence were translated "
        "separately; `copied`: the source sentence itself."
    )
    checks: list[CheckedSpan] = Field(
        description="The check of each number, date, link, placeholder and the like in `text`, in the order of the "
        "source, followed by extra ones. Alternatives are not checked."
    )
    alignment: list[WordLink] | None = Field(description="null unless `alignment` is true.")

    @classmethod
    def of(
        cls, source: SourceSentence, result: TranslationResult, before: TranslatedSentence | None, **more: int
    ) -> Self:
        """Build the answer for one sentence; `before` is the sentence before it in the text, `more` further fields."""
        hypothesis, *others = result.hypotheses
        versions = _versions(source, result)
        best, span = versions[0], source.original_span
        start = target_start = span.start
        if before is not None:  # what is between two sentences is the same in both languages
            target_start += before.target_end - before.end
        return cls(
            source=source.original,
            start=start,
            end=span.end,
            text=best.text,
            target_start=target_start,
            target_end=target_start + len(best.text),
            language=source.language,
            score=hypothesis.score,
            alternatives=[
                Alternative(text=version.text, score=other.score)
                for version, other in zip(versions[1:], others, strict=True)
            ],
            flags=_flags(source, hypothesis, best),
            rung=hypothesis.rung,
            checks=[CheckedSpan.of(check, start, target_start) for check in best.checks],
            alignment=None if result.links is None else [
                WordLink.of(link, best, start, target_start) for link in result.links
            ],
            **more,
        )  # fmt: skip


def _versions(
    source: SourceSentence, result: TranslationResult
) -> Sequence[Hypothesis | MarkedUpTranslation]:
    """Return the hypotheses as they stand in the answer: as markup if the sentence is from there."""
    if source.markup is None:
        return result.hypotheses
    alignments = result.alignments or [None] * len(result.hypotheses)
    return [
        MarkedUpTranslation.of(source.markup, hypothesis, alignment)
        for hypothesis, alignment in zip(result.hypotheses, alignments, strict=True)
    ]


def _flags(
    source: SourceSentence, hypothesis: Hypothesis, shown: Hypothesis | MarkedUpTranslation
) -> list[Flag]:
    found = flags(source.text, hypothesis, source.is_part, source.language)
    has_lost = any(one.kind == "tag" and one.is_fault for one in shown.checks)
    return [*found, "markup_lost"] if has_lost and "markup_lost" not in found else found


class TranslatedText(BaseModel):
    """One text's translation."""

    text: str = Field(description="The translation, with the line breaks and outer whitespace of the text.")
    score: float = Field(description="Mean score of its sentences; 0 if there are none.")
    sentences: list[TranslatedSentence] = Field(description="Its sentences, in the order of the text.")

    @property
    def language(self) -> str:
        """Its language (ISO 639): English, unless all of its sentences are in another one."""
        languages = {one.language for one in self.sentences} or {"en"}
        return "en" if "en" in languages else self.sentences[0].language

    @classmethod
    def of(cls, text: str, sources: Sequence[SourceSentence], results: Sequence[TranslationResult]) -> Self:
        """Build the answer for one text from its sentences and their results."""
        sentences: list[TranslatedSentence] = []
        for source, result in zip(sources, results, strict=True):
            sentences.append(TranslatedSentence.of(source, result, sentences[-1] if sentences else None))
        return cls(
            text=rejoin(
                text, [Span(one.start, one.end) for one in sentences], [one.text for one in sentences]
            ),
            score=sum(one.score for one in sentences) / max(1, len(sentences)),
            sentences=sentences,
        )


class TranslateAnswer(BaseModel):
    """The translations, in the order of the texts."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    translations: list[TranslatedText] = Field(description="One for each text, in order.")
    model: str = Field(description="Name of the model.")
    device: str = Field(description="Where it ran.", examples=["cpu", "cuda:0"])
    seconds: float = Field(description="Seconds from the request's arrival to its answer, including waiting.")


class StreamedSentence(TranslatedSentence):
    """A sentence of a stream: the data of a `sentence` event."""

    text_index: int = Field(description="Index of its text, from 0.")
    sentence_index: int = Field(description="Index of the sentence in its text, from 0.")
    done: int = Field(description="Number of sentences sent so far, including this one.")
    total: int = Field(description="Number of sentences in the request.")


class StreamEnd(BaseModel):
    """The end of a stream: the data of the `done` event."""

    sentences: int = Field(description="Number of sentences translated.")
    model: str = Field(description="Name of the model.")
    device: str = Field(description="Where it ran.", examples=["cpu", "cuda:0"])
    seconds: float = Field(description="Seconds from the request's arrival to its end, including waiting.")


def stream_schema() -> dict[str, Any]:
    """Declare the events of a stream for OpenAPI 3.2."""
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
            "event": {"enum": list(data), "description": "The kind of event."},
            "data": {"type": "string", "description": "A line of JSON."},
        },
        "required": ["event", "data"],
        "anyOf": events,
    }


def stream_example() -> str:
    """An example of a stream, with the sentences of the example response."""
    sentences = _EXAMPLE["translations"][0]["sentences"]
    total = len(sentences)
    events: list[tuple[str, BaseModel]] = [
        (
            "sentence",
            StreamedSentence(**fields, text_index=0, sentence_index=index, done=index + 1, total=total),
        )
        for index, fields in enumerate(sentences)
    ]
    about = {name: _EXAMPLE[name] for name in ("model", "device", "seconds")}
    events.append(("done", StreamEnd(sentences=total, **about)))
    return "".join(f"event: {name}\ndata: {data.model_dump_json()}\n\n" for name, data in events)
