"""What all routes of DeepL's API share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from service.routes.compat import CompatRoute

KEY_FIELD = "auth_key"
"""The parameter that may hold the API key."""


class DeepLError(BaseModel):
    """An error."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"message": "target_lang: is missing."}]})

    message: str = Field(description="What is wrong, and what to do.")


class DeepLRoute(CompatRoute):
    """A route with errors in DeepL's format."""

    error_field = "message"
