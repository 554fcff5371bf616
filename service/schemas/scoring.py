"""The request and response bodies of `POST /score`."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.engine import ScoreKind
from service.schemas.parsing import JsonRequest, Texts, as_list
from translator.evaluation.scoring import SentenceScore
from translator.options import LengthPenalty, SearchOptions


class ScoreRequest(JsonRequest):
    """Sentences and the translations to score."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"source": "Good morning!", "target": "Guten Morgen!"}]}
    )

    source: Texts = Field(
        description="An English sentence or a list of sentences. They are not split further."
    )
    target: Texts = Field(description="The German translation, or a list with one for each sentence.")
    length_penalty: LengthPenalty = SearchOptions.length_penalty
    tokens: bool = Field(False, description="Also return the log-probability of each piece.")

    @model_validator(mode="after")
    def _check_pairs(self) -> Self:
        if len(as_list(self.source)) != len(as_list(self.target)):
            raise ValueError(
                f"source has {len(as_list(self.source))} sentences and target {len(as_list(self.target))}; "
                "give one translation for each sentence"
            )
        return self

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each sentence with its translation."""
        return list(zip(as_list(self.source), as_list(self.target), strict=True))

    @property
    def kind(self) -> ScoreKind:
        """The kind of work for the queue: the options without the sentences."""
        return ScoreKind(self.length_penalty)


class ScoredPiece(BaseModel):
    """One piece of a translation."""

    piece: str = Field(
        description='As SentencePiece writes it: "▁" starts a word, "</s>" ends the translation.'
    )
    log_probability: float = Field(
        description="Natural logarithm of its probability, given the sentence and the pieces before it."
    )


class ScoredTranslation(BaseModel):
    """How likely the model finds one translation."""

    score: float = Field(description="Log-probability (natural) divided by the length penalty; at most 0.")
    log_probability: float = Field(description="Natural logarithm of its probability, including its end.")
    tokens: list[ScoredPiece] | None = Field(description="null unless `tokens` is true.")

    @classmethod
    def of(cls, scored: SentenceScore, with_tokens: bool) -> Self:
        """Build the answer for one translation."""
        pieces = [
            ScoredPiece(piece=token.piece, log_probability=token.log_probability) for token in scored.tokens
        ]
        return cls(
            score=scored.score,
            log_probability=scored.log_probability,
            tokens=pieces if with_tokens else None,
        )


class ScoreAnswer(BaseModel):
    """The scores, in the order of the sentences."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "scores": [
                        {
                            "score": -0.8,
                            "log_probability": -1.2,
                            "tokens": [
                                {"piece": "▁Guten", "log_probability": -0.5},
                                {"piece": "▁Morgen", "log_probability": -0.2},
                                {"piece": "!", "log_probability": -0.1},
                                {"piece": "</s>", "log_probability": -0.4},
                            ],
                        }
                    ],
                    "model": "en-de",
                    "device": "cpu",
                    "seconds": 0.03,
                }
            ]
        }
    )

    scores: list[ScoredTranslation] = Field(description="One for each sentence, in order.")
    model: str = Field(description="Name of the model.")
    device: str = Field(description="Where it ran.", examples=["cpu", "cuda:0"])
    seconds: float = Field(description="Seconds from the request's arrival to its answer, including waiting.")
