"""A cache of translations that replicas of the service share, in the Redis that counts their limits.

Each replica's own cache stands in front of it. Redis sees no text: the name of an entry is a keyed hash of the
sentence, the options and the model, and what it holds is encrypted. Both keys come from a secret that only the replicas
know. Without it, whoever reads Redis could find out whether a sentence that they guess is there.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import importlib.util
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Self, TypeVar

from limits.errors import StorageError
from pydantic import TypeAdapter, ValidationError

from service.batcher import ResultCache
from service.engine import EngineResult, TranslationResult
from service.metrics import Metrics
from service.settings import Settings
from service.shared_store import Questions, connections
from translator.errors import ConfigError
from translator.translate import Hypothesis
from translator.translate.alignment import Link

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

_T = TypeVar("_T")

LIFETIME_SECONDS = 24 * 60 * 60
"""How long an entry stays after it was written."""
_FEWEST_CHARACTERS = 32
_PREFIX = b"translator/result/"
_MOST_INLINE = 50
_MOST_WAITING = 1_000
"""Entries that wait to be written; more are dropped."""


@dataclass(frozen=True)
class _Entry:
    """What Redis holds of a result."""

    hypotheses: tuple[Hypothesis, ...]
    links: tuple[Link, ...] | None


_ENTRY = TypeAdapter(_Entry)


class SharedResults:
    """The entries in Redis: reads them when asked, and writes them in the background."""

    def __init__(self, pool: ConnectionPool, secret: str, metrics: Metrics) -> None:
        """Use these connections, which `close` closes. Raises ConfigError if the secret is short."""
        from cryptography.fernet import Fernet  # noqa: PLC0415 (optional)
        from redis.asyncio import Redis  # noqa: PLC0415 (optional)

        if len(secret) < _FEWEST_CHARACTERS:
            raise ConfigError(
                f"TRANSLATOR_SHARED_CACHE_SECRET has {len(secret)} characters; give at least {_FEWEST_CHARACTERS} "
                "random ones: openssl rand -hex 32"
            )
        self._pool, self._redis, self._metrics = pool, Redis(connection_pool=pool), metrics
        self._names = _derived(secret, b"names")
        self._cipher = Fernet(base64.urlsafe_b64encode(_derived(secret, b"values")))
        self._questions = Questions("translations are not shared between replicas", "translations are shared")
        self._waiting: deque[tuple[bytes, bytes]] = deque(maxlen=_MOST_WAITING)
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writing: asyncio.Task[None] | None = None

    @classmethod
    def load(cls, settings: Settings, metrics: Metrics) -> Self | None:
        """Use the Redis of the limits; None without a secret. Does not connect yet. Raises ConfigError."""
        if settings.shared_cache_secret is None:
            return None
        for name, needed in (
            ("TRANSLATOR_LIMITS_URL, the address of the Redis", settings.limits_url),
            ("TRANSLATOR_CACHE_SENTENCES, at least 1", settings.cache_sentences),
        ):
            if not needed:
                raise ConfigError(f"TRANSLATOR_SHARED_CACHE_SECRET needs {name}; set it, or unset the secret")
        if importlib.util.find_spec("cryptography") is None:
            raise ConfigError(
                "TRANSLATOR_SHARED_CACHE_SECRET needs the package cryptography: pip install 'en-de-translator[redis]'"
            )
        assert settings.limits_url is not None
        return cls(connections(settings.limits_url), settings.shared_cache_secret.get_secret_value(), metrics)

    def open(self) -> None:
        """Start to write, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._writing = asyncio.create_task(self._write())

    async def close(self) -> None:
        """Stop writing, and close the connections."""
        if self._writing is not None:
            self._writing.cancel()
            with suppress(asyncio.CancelledError):
                await self._writing
        await self._pool.aclose()

    async def read(self, model: str, keys: Sequence[Hashable]) -> list[TranslationResult | None]:
        """Return the result with each key; None if there is none, or if Redis is away."""
        names = await _computed(len(keys), lambda: [self._name(model, key) for key in keys])
        values = await self._ask(lambda: self._redis.mget(names))
        if values is None:
            return [None] * len(keys)
        pairs = list(zip(names, values, strict=True))
        return await _computed(
            len(keys),
            lambda: [None if value is None else self._opened(name, value) for name, value in pairs],
        )

    def write_soon(self, model: str, key: Hashable, result: TranslationResult) -> None:
        """Write a result in the background; thread-safe."""
        name = self._name(model, key)
        entry = _ENTRY.dump_json(_Entry(result.hypotheses, result.links))
        value = self._cipher.encrypt(name + entry)  # with the name, so that nobody can exchange two entries
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: the service has stopped
                self._loop.call_soon_threadsafe(self._wait_to_write, name, value)

    def _wait_to_write(self, name: bytes, value: bytes) -> None:
        self._waiting.append((name, value))
        self._wake.set()

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            pipeline = self._redis.pipeline(transaction=False)
            while self._waiting:
                pipeline.set(*self._waiting.popleft(), ex=LIFETIME_SECONDS)
            await self._ask(pipeline.execute)

    async def _ask(self, question: Callable[[], Awaitable[_T]]) -> _T | None:
        """Ask Redis; count and return None if it is away."""
        from redis.exceptions import RedisError  # noqa: PLC0415 (optional)

        async def ask() -> _T:
            try:
                return await question()
            except RedisError as error:
                raise StorageError(error) from error

        answer = await self._questions.ask(ask)
        if answer is None:
            self._metrics.shared_cache_failures.inc()
        return answer

    def _name(self, model: str, key: Hashable) -> bytes:
        """Return the name of an entry; a key is what its `repr` says."""
        return _PREFIX + hmac.digest(self._names, f"{model}\n{key!r}".encode(), sha256)

    def _opened(self, name: bytes, value: bytes) -> TranslationResult | None:
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 (optional)

        try:
            content = self._cipher.decrypt(value)
            if not content.startswith(name):
                raise InvalidToken
            entry = _ENTRY.validate_json(content[len(name) :])
        except (InvalidToken, ValidationError):
            self._metrics.shared_cache_failures.inc()
            return None
        self._metrics.shared_cache_hits.inc()
        return TranslationResult(entry.hypotheses, entry.links)


class SharedCache(ResultCache[EngineResult]):
    """A replica's own cache, which passes new results on to the shared one, and can be filled from it."""

    def __init__(self, sentences: int, shared: SharedResults, model: str) -> None:
        super().__init__(sentences)
        self._shared = shared
        self.model = model
        """What results depend on besides their keys."""

    def put(self, key: Hashable, result: EngineResult) -> None:
        """Store a result here and in Redis."""
        super().put(key, result)
        if isinstance(result, TranslationResult) and not result.alignments:
            self._shared.write_soon(self.model, key, result)

    async def fetch(self, keys: Sequence[Hashable]) -> None:
        """Fill this cache with what Redis has for those of the keys that are not in it."""
        missing = [key for key in dict.fromkeys(keys) if self.get(key) is None]
        if not missing:
            return
        found = await self._shared.read(self.model, missing)
        for key, result in zip(missing, found, strict=True):
            if result is not None:
                super().put(key, result)


async def _computed(entries: int, compute: Callable[[], _T]) -> _T:
    """Compute something about some entries, about 0.1 ms each; on another thread if that takes a while."""
    return compute() if entries <= _MOST_INLINE else await asyncio.to_thread(compute)


def _derived(secret: str, purpose: bytes) -> bytes:
    return hmac.digest(secret.encode(), purpose, sha256)
