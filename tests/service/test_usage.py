"""Where the use of keys is counted: what replicas share, and what happens without the store."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from limits.aio.storage import MemoryStorage
from limits.errors import StorageError
from pydantic import SecretStr

from service.access import Charge, Client, QuotaExceeded, RateLimited
from service.app import create_app
from service.settings import Settings
from service.usage import Usage
from tests.service.conftest import Clock
from translator.errors import ConfigError

KEY = "key"


class Store(MemoryStorage):
    """Stands in for Redis; it can fail, or answer nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.fault: StorageError | None = None
        self.is_silent = False
        self.asked = 0

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        self.asked += 1
        if self.is_silent:
            await asyncio.sleep(3600)
        if self.fault:
            raise self.fault
        return await super().incr(key, expiry, amount)


class Moments:
    now = 1000.0


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Moments:
    """The monotonic clock that says when a lost store is asked again."""
    moments = Moments()
    monkeypatch.setattr("service.shared_store.time.monotonic", lambda: moments.now)
    return moments


def refused() -> StorageError:
    return StorageError(ConnectionError("connection refused"))


def charge(client: Client, *characters: int) -> list[Charge]:
    async def one_by_one() -> list[Charge]:
        return [await client.charge(number) for number in characters]

    return asyncio.run(one_by_one())


def replicas(store: Store, **limits: Any) -> list[Client]:
    """The same client in two services with one store."""
    return [Client("web", usage=Usage(store, is_shared=True), **limits) for _ in range(2)]


def test_replicas_share_the_rate_and_the_quota(clock: Clock) -> None:
    one, other = replicas(Store(), requests_per_minute=3, characters_per_month=100)
    charge(one, 30, 30)
    with pytest.raises(QuotaExceeded, match="used 60 of its 100 characters"):
        charge(other, 41)
    charge(other, 40)
    with pytest.raises(RateLimited):
        charge(one, 0)
    assert asyncio.run(one.characters_used_this_month()) == 100
    assert one.characters_used == 60


def test_a_quota_survives_a_restart_and_a_new_limit(clock: Clock) -> None:
    store = Store()
    charge(replicas(store, characters_per_month=100)[0], 100)
    restarted = replicas(store, characters_per_month=110)[0]
    with pytest.raises(QuotaExceeded, match="used 100 of its 110"):
        charge(restarted, 11)
    charge(restarted, 10)


def test_requests_at_the_same_time_never_exceed_the_quota(clock: Clock) -> None:
    async def flood() -> list[Charge | BaseException]:
        clients = replicas(Store(), characters_per_month=100)
        return await asyncio.gather(
            *(client.charge(10) for _ in range(50) for client in clients), return_exceptions=True
        )

    outcomes = asyncio.run(flood())
    assert sum(isinstance(outcome, Charge) for outcome in outcomes) == 10
    assert sum(isinstance(outcome, QuotaExceeded) for outcome in outcomes) == 90


def test_without_the_store_requests_are_served_counted_and_logged_once(
    clock: Clock, moments: Moments, caplog: pytest.LogCaptureFixture
) -> None:
    uncounted: list[int] = []
    store = Store()
    usage = Usage(store, is_shared=True, on_uncounted=lambda: uncounted.append(1))
    client = Client("web", requests_per_minute=1, characters_per_month=10, usage=usage)
    store.fault = refused()
    charge(client, 5, 5, 5)
    assert store.asked == 1  # not once for each request
    moments.now += 6
    charge(client, 5)
    assert store.asked == 2
    assert len(uncounted) == 4
    assert [record.message for record in caplog.records] == [
        "the store at TRANSLATOR_LIMITS_URL cannot be reached (connection refused): requests are served but not counted"
    ]
    store.fault = None
    moments.now += 6
    charge(client, 10)
    with pytest.raises(RateLimited):
        charge(client, 0)
    assert len(uncounted) == 4
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
    assert "can be reached again" in caplog.text


def test_a_store_that_answers_nothing_costs_one_timeout(
    clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.shared_store._TIMEOUT_SECONDS", 0.01)
    store = Store()
    store.is_silent = True
    client = Client("web", requests_per_minute=1, usage=Usage(store, is_shared=True))
    charge(client, 1, 1, 1)
    assert store.asked == 1
    assert "no answer within 0.01 s" in caplog.text


def test_what_was_not_counted_is_not_refunded(clock: Clock, moments: Moments) -> None:
    store = Store()
    client = replicas(store, requests_per_minute=1, characters_per_month=10)[0]
    store.fault = refused()
    (uncounted,) = charge(client, 10)
    store.fault = None
    moments.now += 6
    charge(client, 10)
    asyncio.run(uncounted.refund(with_request=True))
    assert asyncio.run(client.characters_used_this_month()) == 10


def test_a_client_without_limits_never_asks_the_store() -> None:
    store = Store()
    charge(replicas(store)[0], 10, 10)
    assert store.asked == 0


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port on which nothing listens, and nothing else will."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_a_service_without_its_redis_serves_and_says_so(
    make_client: Callable[..., TestClient], dead_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    line = "web:2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683:rate=1:quota=1"  # of KEY
    client = make_client(limits_url=f"redis://:secret@127.0.0.1:{dead_port}/0", api_keys=line)
    for _ in range(3):
        answer = client.post("/translate", json={"text": "Hello"}, headers={"X-API-Key": KEY})
        assert answer.status_code == 200
    assert "translator_uncounted_requests_total 3.0" in client.get("/metrics").text
    assert caplog.text.count("TRANSLATOR_LIMITS_URL cannot be reached") == 1
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("memcached://secret@host", "starts with memcached://. It must be redis://HOST:6379/0, or rediss://"),
        ("redis+cluster://secret@host", r"starts with redis\+cluster://"),
        ("secret@host:6379", "has no scheme"),
        ("redis://secret@host:port", "is not a valid address"),
        ("redis://[secret", "is not a valid address"),
        ("redis://host:6379/0?secret=1", "is not a valid address"),
    ],
)
def test_a_wrong_address_is_refused_but_not_quoted(url: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=f"TRANSLATOR_LIMITS_URL {complaint}") as caught:
        create_app(unloaded, Settings(limits_url=SecretStr(url)))
    assert "secret" not in str(caught.value)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.shared_store.importlib.util.find_spec", lambda _: None)
    with pytest.raises(
        ConfigError, match=r"needs the package redis: pip install 'en-de-translator\[redis\]'"
    ):
        Usage.load(SecretStr("redis://host:6379/0"))


def unloaded() -> Any:
    raise AssertionError("nothing here loads a model")
