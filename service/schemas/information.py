"""What the service tells about itself."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Limits(BaseModel):
    """What one request may ask for."""

    max_texts: int = Field(description="Most texts in a request.")
    max_characters: int = Field(description="Most characters (Unicode code points) in all texts together.")
    max_body_bytes: int = Field(description="Most bytes in a request's body.")
    max_alternatives: int = Field(description="Most `alternatives` that may be asked for, for each sentence.")
    deadline_seconds: float = Field(description="Longest time for an answer, in seconds.")


class ModelAnswer(BaseModel):
    """The model that is served."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "en-de",
                    "device": "cpu",
                    "limits": {
                        "max_texts": 128,
                        "max_characters": 50000,
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
    limits: Limits = Field(description="What one request may ask for.")
    card: dict[str, Any] = Field(description="What it was trained on, its cost and measured quality.")


class Status(BaseModel):
    """The state of the service in one word."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok"}]})

    status: str = Field(description="`ok`: the process lives. `ready`: it can translate.")


class Language(BaseModel):
    """A language."""

    code: str = Field(description="ISO 639-1.", examples=["en"])
    name: str = Field(description="In English.", examples=["English"])


class LanguagePair(BaseModel):
    """What can be translated into what."""

    source: Language = Field(description="The language of the text.")
    targets: list[Language] = Field(description="What it can be translated into.")


class LanguagesAnswer(BaseModel):
    """All pairs of languages."""

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

    languages: list[LanguagePair] = Field(description="One entry for each language of texts.")


class ReloadAnswer(BaseModel):
    """The model that has taken over."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "en-de-2", "device": "cpu"}]})

    name: str = Field(description="Its name.")
    device: str = Field(description="Where it runs.", examples=["cpu", "cuda:0"])
