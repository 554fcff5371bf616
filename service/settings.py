"""The settings, from environment variables `TRANSLATOR_…` or flags of `python -m service`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from translator.options import Device, RequestedPrecision


class Settings(BaseSettings):
    """Settings of the translation service; flags override environment variables, which override defaults."""

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
        "127.0.0.1",
        min_length=1,
        description="Address to listen on; 0.0.0.0, which the image sets, for all interfaces.",
    )
    port: int = Field(8000, ge=0, le=65535, description="TCP port to listen on; 0 picks a free one.")
    model: Path | None = Field(None, description="Model folder; by default the model in the package.")
    device: Device = "auto"
    precision: RequestedPrecision = "auto"
    max_texts: int = Field(128, ge=1, description="Maximum number of texts in a request.")
    max_characters: int = Field(
        131_072, ge=1, description="Maximum number of characters in all texts of a request."
    )
    max_body_bytes: int = Field(1_000_000, ge=1, description="Maximum size of a request's body in bytes.")
    max_alternatives: int = Field(
        5, ge=0, le=5, description="Maximum number of alternatives that a request may ask for."
    )
    batch_tokens: int | None = Field(
        None,
        ge=1,
        description="Tokens decoded together: tokens of each sentence times its rows. The default suits the device.",
    )
    max_queued_tokens: int = Field(
        200_000, ge=1, description="Maximum number of waiting tokens; further requests get a 503."
    )
    max_wait_seconds: float = Field(
        3.0,
        gt=0,
        allow_inf_nan=False,
        description="Maximum estimated wait of a request in seconds; above it, a 503. A request may also wait as long "
        "as its own work takes, but at most half of its deadline. If nothing waits, any request is accepted.",
    )
    deadline_seconds: float = Field(
        60.0, gt=0, allow_inf_nan=False, description="Seconds after which a request gets a 504."
    )
    data: Path | None = Field(
        None,
        description="Folder for what clients store: glossaries, and documents until they are fetched, at most for a "
        "day. By default, they are lost when the service stops.",
    )
    max_document_bytes: int = Field(
        20_000_000, ge=1, description="Maximum size of an uploaded document in bytes."
    )
    max_document_characters: int = Field(
        1_000_000, ge=1, description="Maximum number of characters in the texts of a document."
    )
    cache_sentences: int = Field(
        5_000,
        ge=0,
        description="Maximum number of sentences in the cache of translations, a few kB each; 0 turns the cache off.",
    )
    api_keys_file: Path | None = Field(
        None,
        description="File of API keys, with lines as python -m service.access NAME prints them. By default, no key is "
        "needed.",
    )
    api_keys: SecretStr | None = Field(
        None,
        description="The same lines, separated by commas. Set it in the environment; other users can see flags.",
    )
    limits_url: SecretStr | None = Field(
        None,
        description="Redis that counts the rates and quotas of API keys for all replicas: redis://HOST:6379/0, or "
        "rediss:// for TLS. Set it in the environment; other users can see flags. By default, each process counts "
        "rates for itself, and there are no quotas.",
    )
    shared_cache_secret: SecretStr | None = Field(
        None,
        description="Random text of at least 32 characters, the same for all replicas: they then share translations in "
        "the Redis at `TRANSLATOR_LIMITS_URL`, encrypted with it. Set it in the environment; other users can see "
        "flags. By default, each process has only its own cache.",
    )
    cors_origins: list[str] = Field(
        default_factory=list,
        description='Origins of other sites whose pages may call the service, as JSON: `["https://example.org"]`.',
    )
    access_log: bool = Field(True, description="Log each request as a line of JSON, without texts or keys.")
    drain_seconds: float = Field(
        1.0,
        ge=0,
        allow_inf_nan=False,
        description="Seconds after SIGTERM in which /readyz returns 503 but requests are still accepted, so that "
        "proxies notice.",
    )
    header_seconds: float = Field(
        10.0, gt=0, allow_inf_nan=False, description="Seconds for a request's headers to arrive; then a 408."
    )
    body_seconds: float = Field(
        30.0, gt=0, allow_inf_nan=False, description="Seconds for a request's body to arrive; then a 408."
    )
    send_seconds: float = Field(
        30.0,
        gt=0,
        allow_inf_nan=False,
        description="Seconds in which a client must read 64 KiB of its response, or what is left of it.",
    )
    keep_alive_seconds: int = Field(
        75,
        ge=1,
        description="Seconds that a connection may be idle between requests; must exceed your proxy's setting, "
        "often 60.",
    )
    max_connections: int = Field(
        900,  # a process may usually have 1,024 files open
        ge=1,
        description="Maximum number of open connections; above it, only /healthz, /readyz and /metrics answer, and "
        "other requests get a 503.",
    )
    max_header_bytes: int = Field(
        16_384,
        ge=1_024,
        description="Maximum size of a request's first line and headers in bytes; above it, a 431.",
    )

    @property
    def needs_key(self) -> bool:
        """Whether clients need an API key."""
        return self.api_keys_file is not None or self.api_keys is not None
