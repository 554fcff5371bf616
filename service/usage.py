"""Counts of what API keys have used: in this process, or in Redis, where all replicas of the service share them.

If Redis cannot be reached, requests are served without being counted: a service without limits is better than none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from pydantic import SecretStr

from service.shared_store import Questions, connections

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

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
        self._questions = Questions("requests are served but not counted", "requests are counted")

    @classmethod
    def load(cls, url: SecretStr | None, on_uncounted: Callable[[], None] = lambda: None) -> Self:
        """Count in the Redis at `url`, or in this process if it is None; does not connect yet. Raises ConfigError."""
        if url is None:
            return cls(on_uncounted=on_uncounted)
        pool = connections(url)
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
        return await self._questions.ask(lambda: self._storage.incr(name, lifetime_seconds, amount))

    async def get(self, name: str) -> int | None:
        """Return a count, 0 if nothing was added to it; None if the store is away."""
        return await self._questions.ask(lambda: self._storage.get(name))
