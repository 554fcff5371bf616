"""The types of settings, and what checks them."""

from typing import Annotated

from pydantic import Field

from translator.errors import ConfigError

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]
MAY_CHANGE = "may change when a run is resumed"
"""Marks the settings that you may change when you resume a run."""


def require(condition: bool, message: str) -> None:
    """Raise ConfigError with this message unless the condition holds."""
    if not condition:
        raise ConfigError(message)
