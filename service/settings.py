"""What an operator can set: by environment variables `TRANSLATOR_…` or by flags of `python -m service`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
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
        description="Of matrix products. auto: int8 on a CPU, bf16 on a GPU that is fast with it, else fp32.",
    )
    max_texts: int = Field(128, ge=1, description="Texts in one request.")
    max_characters: int = Field(50_000, ge=1, description="Characters of all texts of one request.")
    max_body_bytes: int = Field(1_000_000, ge=1, description="Bytes of a request's body.")
    max_alternatives: int = Field(5, ge=0, le=5, description="Alternatives that a request may ask for.")
    batch_tokens: int | None = Field(
        None,
        ge=1,
        description="Padded tokens decoded together: longest sentence times rows; by default what suits the device.",
    )
    max_queued_tokens: int = Field(
        200_000, ge=1, description="Tokens that may wait; above it requests get a 503."
    )
    max_wait_seconds: float = Field(
        3.0,
        gt=0,
        allow_inf_nan=False,
        description="Seconds that a request may have to wait for others, by an estimate: so many or as long as its own "
        "work takes, and at most half of its deadline; above it a 503. Where nothing waits any request is taken.",
    )
    deadline_seconds: float = Field(
        60.0, gt=0, allow_inf_nan=False, description="Seconds after which a request gets a 504."
    )
    cache_sentences: int = Field(
        5_000,
        ge=0,
        description="Sentences whose translations are remembered, a few kB each; 0 remembers none.",
    )
    api_keys_file: Path | None = Field(
        None,
        description="File of API keys; python -m service.access NAME writes a line. By default none is needed. Quotas "
        "count all characters that are answered, those of remembered sentences too.",
    )
    api_keys: SecretStr | None = Field(
        None,
        description="The same lines, with commas between them; better in the environment than as a flag.",
    )
    cors_origins: list[str] = Field(
        default_factory=list,
        description="Origins of other sites whose pages may ask the service, such as https://example.org.",
    )
    access_log: bool = Field(
        True, description="Log a line of JSON for each request, without its text and without keys."
    )
    drain_seconds: float = Field(
        1.0,
        ge=0,
        allow_inf_nan=False,
        description="Seconds after SIGTERM in which /readyz says 503 and requests are still taken: proxies notice.",
    )
    header_seconds: float = Field(
        10.0, gt=0, allow_inf_nan=False, description="Seconds for a request's headers to come; then a 408."
    )
    body_seconds: float = Field(
        30.0, gt=0, allow_inf_nan=False, description="Seconds for a request's body to come; then a 408."
    )
    send_seconds: float = Field(
        30.0,
        gt=0,
        allow_inf_nan=False,
        description="Seconds in which a client must read 64 KiB of its answer, or what is left of it.",
    )
    keep_alive_seconds: int = Field(
        75,
        ge=1,
        description="Seconds that a connection may be idle between requests; more than a proxy's, which is often 60.",
    )
    max_connections: int = Field(
        900,  # of the 1,024 files that a process may usually have open
        ge=1,
        description="Open connections; above it /healthz, /readyz and /metrics answer, and the rest gets a 503.",
    )
    max_header_bytes: int = Field(
        16_384, ge=1_024, description="Bytes of a request's first line and headers; above it a 431."
    )
