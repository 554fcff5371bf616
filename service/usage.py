"""Counts of what API keys have used: in this process, or in Redis, where all replicas of the service share them.

If Redis cannot be reached, requests are served without being counted: a service without limits is better than none.
Each outage is logged once.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Self

from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.errors import StorageError
from pydantic import SecretStr

from translator.errors import ConfigError

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 1.0
"""How long a request waits for Redis; an answer takes less than a millisecond."""
_PAUSE_SECONDS = 5.0
"""How long Redis is not asked again after a failure, so that an outage hardly slows requests."""
_KEY_PREFIX = "translator"


class Usage:
    """Named counts, each with a lifetime."""

    def __init__(
        self,
        storage: Storage | None = None,
        *,
        is_shared: bool = False,
        pool: ConnectionPool | None = None,
        on_uncounted: Callable[[], None] = lambda: None,
    ) -> None:
        """Count in `storage`, by default in this process; `pool` holds its connections, which `close` closes."""
        self.is_shared = is_shared
        """Whether the counts survive a restart and hold for all replicas."""
        self.on_uncounted = on_uncounted
        """Called for each request that was not counted."""
        self._storage = MemoryStorage() if storage is None else storage
        self._pool = pool
        self._lost_at: float | None = None

    @classmethod
    def load(cls, url: SecretStr | None, on_uncounted: Callable[[], None] = lambda: None) -> Self:
        """Count in the Redis at `url`, or in this process if it is None; does not connect yet. Raises ConfigError."""
        if url is None:
            return cls(on_uncounted=on_uncounted)
        pool = _pool(url.get_secret_value())
        # limits parses the URL too, but with a pool it takes nothing from it.
        storage = RedisStorage(
            "async+redis://",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix=_KEY_PREFIX,
            connection_pool=pool,  # type: ignore[arg-type]  # limits documents it, but its annotation omits it
        )
        return cls(storage, is_shared=True, pool=pool, on_uncounted=on_uncounted)

    async def open(self) -> None:
        """Ask the store something, so that a wrong address is in the log from the start."""
        await self.get("start")

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.aclose()

    async def add(self, name: str, amount: int, lifetime_seconds: int) -> int | None:
        """Add to a count, which is forgotten after its lifetime; return the sum, or None if the store is away."""
        return await self._ask(lambda: self._storage.incr(name, lifetime_seconds, amount))

    async def get(self, name: str) -> int | None:
        """Return a count, 0 if nothing was added to it; None if the store is away."""
        return await self._ask(lambda: self._storage.get(name))

    async def _ask(self, ask: Callable[[], Awaitable[int]]) -> int | None:
        started = time.monotonic()
        if self._lost_at is not None and started < self._lost_at + _PAUSE_SECONDS:
            return None
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                count = await ask()
        except (StorageError, OSError) as error:  # also TimeoutError
            self._note_loss(error.storage_error if isinstance(error, StorageError) else error)
            return None
        if self._lost_at is not None and started > self._lost_at:  # not an answer to an earlier question
            self._lost_at = None
            logger.warning("the store at TRANSLATOR_LIMITS_URL can be reached again: requests are counted")
        return count

    def _note_loss(self, error: Exception) -> None:
        if self._lost_at is None:
            reason = str(error) or f"no answer within {_TIMEOUT_SECONDS:g} s"
            logger.error(
                "the store at TRANSLATOR_LIMITS_URL cannot be reached (%s): requests are served but not counted",
                reason,
            )
        self._lost_at = time.monotonic()


def _pool(url: str) -> ConnectionPool:
    """Connections to a Redis. Errors never quote the URL: it may hold a password."""
    scheme, separator, _ = url.partition("://")
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
        pool: ConnectionPool = ConnectionPool.from_url(url, retry=Retry(NoBackoff(), 0))
        # Checks the parameters of the URL; does not connect.
        pool.make_connection()  # type: ignore[no-untyped-call]  # redis does not annotate it
    except (ValueError, TypeError):
        raise ConfigError(
            "TRANSLATOR_LIMITS_URL is not a valid address. It must be like redis://HOST:6379/0. In a password, "
            "percent-encode everything but letters and digits."
        ) from None
    return pool
