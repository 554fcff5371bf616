"""Responses that describe the service."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from translator.translate import Protection


class Limits(BaseModel):
    """The limits of one request."""

    max_texts: int = Field(description="Maximum number of texts in a request.")
    max_characters: int = Field(
        description="Maximum number of characters (Unicode code points) in all texts together."
    )
    max_body_bytes: int = Field(description="Maximum size of a request's body, in bytes.")
    max_alternatives: int = Field(description="Maximum number of `alternatives` for each sentence.")
    deadline_seconds: float = Field(description="Maximum time for an answer, in seconds.")


class ModelAnswer(BaseModel):
    """The model in use."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "en-de",
                    "device": "cpu",
                    "protection": "pieces",
                    "limits": {
                        "max_texts": 128,
                        "max_characters": 131072,
                        "max_body_bytes": 1000000,
                        "max_alternatives": 5,
                        "deadline_seconds": 60,
                    },
                    "card": {"corpora": [{"name": "tatoeba", "licence": "CC BY 2.0 FR"}]},
                }
            ]
        }
    )

    name: str = Field(description="Its name.")
    device: str = Field(description="Where it runs.", examples=["cpu", "cuda:0"])
    protection: Protection = Field(
        description="How links, numbers and markup come through. pieces: the model translates around them. parts: its "
        "vocabulary has no pieces for them, so it reads them as text, and a sentence that loses one is translated in "
        "parts."
    )
    limits: Limits = Field(description="The limits of one request.")
    card: dict[str, Any] = Field(description="Its training data, training cost and measured quality.")


class Status(BaseModel):
    """The state of the service."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok"}]})

    status: str = Field(description="`ok`: the process is alive. `ready`: it can translate.")


class Language(BaseModel):
    """A language."""

    code: str = Field(description="ISO 639-1.", examples=["en"])
    name: str = Field(description="Its name in English.", examples=["English"])


class LanguagePair(BaseModel):
    """A source language and its target languages."""

    source: Language = Field(description="The language of the text.")
    targets: list[Language] = Field(description="The languages it can be translated into.")


class LanguagesAnswer(BaseModel):
    """All language pairs."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "languages": [
                        {
                            "source": {"code": "en", "name": "English"},
                            "targets": [{"code": "de", "name": "German"}],
                        }
                    ]
                }
            ]
        }
    )

    languages: list[LanguagePair] = Field(description="One entry for each source language.")


class ReloadAnswer(BaseModel):
    """The model that has taken over."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "en-de-2", "device": "cpu"}]})

    name: str = Field(description="Its name.")
    device: str = Field(description="Where it runs.", examples=["cpu", "cuda:0"])
