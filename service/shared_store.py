"""A Redis that replicas of the service share, and what happens while it cannot be reached.

The service goes on without it: a question then has no answer. Each outage is logged once.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from limits.errors import StorageError
from pydantic import SecretStr

from translator.errors import ConfigError

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

_TIMEOUT_SECONDS = 1.0
"""How long a request waits for Redis; an answer takes less than a millisecond."""
PAUSE_SECONDS = 5.0
"""How long Redis is not asked again after a failure, so that an outage hardly slows requests."""


class Questions:
    """Asks a store. `without` and `again` end the lines of the log about its loss and its return."""

    def __init__(self, without: str, again: str) -> None:
        self._without, self._again = without, again
        self._lost_at: float | None = None

    async def ask(self, ask: Callable[[], Awaitable[_T]]) -> _T | None:
        """Return the answer, or None if the store is away: `ask` raises StorageError or OSError, or takes too long."""
        started = time.monotonic()
        if self._lost_at is not None and started < self._lost_at + PAUSE_SECONDS:
            return None
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                answer = await ask()
        except (StorageError, OSError) as error:  # also TimeoutError
            self._note_loss(error.storage_error if isinstance(error, StorageError) else error)
            return None
        if self._lost_at is not None and started > self._lost_at:  # not an answer to an earlier question
            self._lost_at = None
            logger.warning("the store at TRANSLATOR_LIMITS_URL can be reached again: %s", self._again)
        return answer

    def _note_loss(self, error: Exception) -> None:
        if self._lost_at is None:
            reason = str(error) or f"no answer within {_TIMEOUT_SECONDS:g} s"
            logger.error(
                "the store at TRANSLATOR_LIMITS_URL cannot be reached (%s): %s", reason, self._without
            )
        self._lost_at = time.monotonic()


def connections(url: SecretStr) -> ConnectionPool:
    """Return connections to a Redis, none of them open yet; raises ConfigError, which never quotes the URL.

    It may hold a password.
    """
    address = url.get_secret_value()
    scheme, separator, _ = address.partition("://")
    if not separator or scheme not in {"redis", "rediss"}:
        given = f"starts with {scheme[:20]}://" if separator else "has no scheme"
        raise ConfigError(
            f"TRANSLATOR_LIMITS_URL {given}. It must be redis://HOST:6379/0, or rediss:// for TLS. Or unset it to "
            "count in this process."
        )
    if importlib.util.find_spec("redis") is None:
        raise ConfigError(
            "TRANSLATOR_LIMITS_URL needs the package redis: pip install 'en-de-translator[redis]'. Or unset it to "
            "count in this process."
        )
    from redis.asyncio import ConnectionPool  # noqa: PLC0415 (optional)
    from redis.asyncio.retry import Retry  # noqa: PLC0415 (optional)
    from redis.backoff import NoBackoff  # noqa: PLC0415 (optional)

    try:
        # No second try: the first may have been counted.
        pool: ConnectionPool = ConnectionPool.from_url(address, retry=Retry(NoBackoff(), 0))
        # Checks the parameters of the URL; does not connect.
        pool.make_connection()  # type: ignore[no-untyped-call]  # redis does not annotate it
    except (ValueError, TypeError):
        raise ConfigError(
            "TRANSLATOR_LIMITS_URL is not a valid address. It must be like redis://HOST:6379/0. In a password, "
            "percent-encode everything but letters and digits."
        ) from None
    return pool
