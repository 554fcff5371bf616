"""What the service tells about itself."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


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


class Language(BaseModel):
    """A language."""

    code: str = Field(description="ISO 639-1.", examples=["en"])
    name: str = Field(description="In English.", examples=["English"])


class LanguagePair(BaseModel):
    """What can be translated into what."""

    source: Language
    targets: list[Language]


class LanguagesAnswer(BaseModel):
    """All pairs of languages."""

    languages: list[LanguagePair]


class ReloadAnswer(BaseModel):
    """The model that has taken over."""

    name: str
    device: str = Field(examples=["cpu", "cuda:0"])
