"""What an operator can set: by environment variables `TRANSLATOR_…` or by flags of `python -m service`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of the translation service; flags go before environment variables, those before defaults."""

    model_config = SettingsConfigDict(
        env_prefix="TRANSLATOR_",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        cli_prog_name="python -m service",
        cli_kebab_case=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
    )

    host: str = Field(
        "127.0.0.1", min_length=1, description="Address to listen on; 0.0.0.0 for all interfaces."
    )
    port: int = Field(8000, ge=0, le=65535, description="TCP port to listen on; 0 picks a free one.")
    model: Path | None = Field(None, description="Model folder; by default the model in the package.")
    device: str = Field(
        "auto",
        pattern=r"^(auto|cpu|cuda(:\d+)?)$",
        description="auto (a CUDA device if there is one), cpu, cuda or cuda:N.",
    )
    precision: Literal["auto", "fp32", "bf16", "int8"] = Field(
        "auto",
        description="Of matrix products. auto: int8 on processors that are fast with it, bf16 on such GPUs, else fp32.",
    )
    max_texts: int = Field(128, ge=1, description="Texts in one request.")
    max_characters: int = Field(50_000, ge=1, description="Characters of all texts of one request.")
    max_body_bytes: int = Field(1_000_000, ge=1, description="Bytes of a request's body.")
    max_alternatives: int = Field(5, ge=0, le=5, description="Alternatives that a request may ask for.")
    batch_tokens: int = Field(
        4_096, ge=1, description="Padded tokens decoded together: longest text times number of texts."
    )
    max_queued_tokens: int = Field(
        200_000, ge=1, description="Tokens that may wait; above it requests get a 503."
    )
    deadline_seconds: float = Field(
        60.0, gt=0, allow_inf_nan=False, description="Seconds after which a request gets a 504."
    )
