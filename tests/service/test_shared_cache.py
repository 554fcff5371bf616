"""The cache that replicas share: what they gain, what Redis sees, and what happens without it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from redis import Redis
from replicas.redis_server import PROGRAM, running_redis

from service.app import create_app
from service.engine import TranslationResult
from service.metrics import Metrics
from service.settings import Settings
from service.shared_cache import LIFETIME_SECONDS, SharedCache, SharedResults
from tests.service.conftest import EchoEngine, wait_until
from translator.errors import ConfigError
from translator.files.model_folder import model_sha256
from translator.markup.projection import Alignment
from translator.translate import Hypothesis, shipped_model
from translator.translate.alignment import Link
from translator.translate.receipt import Check

SECRET = "0123456789abcdef0123456789abcdef"
TEXT = "The merger is announced on Friday."
with_redis = pytest.mark.skipif(
    PROGRAM is None, reason="redis-server was not found; install Debian's redis-server"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_redis(tmp_path_factory.mktemp("redis")) as redis:
        yield redis.url


@pytest.fixture
def url(server: str) -> str:
    """The address of an empty Redis."""
    with Redis.from_url(server) as redis:
        redis.flushall()
    return server


@pytest.fixture
def make_replica(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[TestClient, EchoEngine]]]:
    """Start a replica of the service, with an engine of its own."""
    monkeypatch.setattr("service.model_manager._collect_garbage", lambda: None)
    clients: list[TestClient] = []

    def make(url: str, secret: str = SECRET, **settings: Any) -> tuple[TestClient, EchoEngine]:
        engine = EchoEngine()
        secrets: dict[str, Any] = {"limits_url": SecretStr(url), "shared_cache_secret": SecretStr(secret)}
        app = create_app(lambda: engine, Settings(**secrets, **settings))
        client = TestClient(app)
        client.__enter__()
        clients.append(client)
        wait_until(lambda: client.get("/readyz").status_code == 200)
        return client, engine

    yield make
    for client in clients:
        client.__exit__(None, None, None)


def translated(client: TestClient, *texts: str) -> list[str]:
    answer = client.post("/translate", json={"text": list(texts)})
    assert answer.status_code == 200
    return [one["text"] for one in answer.json()["translations"]]


def entries(url: str) -> dict[bytes, bytes]:
    with Redis.from_url(url) as redis:
        return {name: redis.get(name) for name in redis.keys("translator/result/*")}


def written(url: str, number: int) -> dict[bytes, bytes]:
    """Wait for that many entries besides that of the warm-up; return all."""
    wait_until(lambda: len(entries(url)) == number + 1)
    return entries(url)


def metric(client: TestClient, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


@with_redis
def test_what_one_replica_translated_another_does_not_decode(url: str, make_replica: Any) -> None:
    (one, _), (other, engine) = make_replica(url), make_replica(url)
    texts = [f"{TEXT} Number {number}." for number in range(60)]  # enough to be read on another thread
    expected = translated(one, *texts)
    written(url, 60)
    assert translated(other, *texts) == expected == [f"DE:{text}" for text in texts]
    assert engine.decoded_together() == []
    assert metric(other, "translator_shared_cache_hits_total") == 60
    assert metric(other, "translator_shared_cache_failures_total") == 0
    translated(other, *texts)  # now from its own cache
    assert metric(other, "translator_shared_cache_hits_total") == 60


@with_redis
def test_redis_sees_no_text_and_forgets_after_a_day(url: str, make_replica: Any) -> None:
    translated(make_replica(url)[0], TEXT)
    found = written(url, 1)
    for name, value in found.items():
        assert len(name) == len("translator/result/") + 32
        for word in (b"merger", b"Friday", b"Hello", b"DE:", b"hypotheses"):
            assert word not in name
            assert word not in value
        with Redis.from_url(url) as redis:
            assert LIFETIME_SECONDS - 60 <= redis.ttl(name) <= LIFETIME_SECONDS


@with_redis
def test_a_sentence_is_read_once_a_request_and_with_tags_never(url: str, make_replica: Any) -> None:
    translated(make_replica(url)[0], TEXT, "a <b>b</b> c")
    written(url, 2)
    other, engine = make_replica(url)
    assert translated(other, TEXT, TEXT) == [f"DE:{TEXT}"] * 2
    assert engine.decoded_together() == []
    assert metric(other, "translator_shared_cache_hits_total") == 1
    with Redis.from_url(url) as redis:
        before = redis.info("commandstats")["cmdstat_mget"]["calls"]
        tagged = {"text": "a <b>b</b> c", "format": "html"}
        assert other.post("/translate", json=tagged).status_code == 200
        assert redis.info("commandstats")["cmdstat_mget"]["calls"] == before


@with_redis
@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("tests.service.conftest.EchoEngine.precision", "int8"),
        ("service.model_manager.model_sha256", lambda _path: "0" * 64),
        ("service.model_manager.version", lambda _package: "99.0"),
    ],
)
def test_nothing_is_shared_between_models(
    url: str, make_replica: Any, place: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    translated(make_replica(url)[0], TEXT)
    written(url, 1)
    monkeypatch.setattr(place, value)
    other, engine = make_replica(url)
    assert translated(other, TEXT) == [f"DE:{TEXT}"]
    assert engine.decoded_together() == [[TEXT]]


@with_redis
@pytest.mark.parametrize("is_new_first", [False, True])
def test_nothing_is_shared_if_the_model_folder_changes_during_loading(
    url: str,
    make_replica: Any,
    is_new_first: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    translated(make_replica(url)[0], TEXT)
    written(url, 1)
    before = model_sha256(shipped_model())
    hashes = ["0" * 64, before] if is_new_first else [before, "0" * 64]
    monkeypatch.setattr("service.model_manager.model_sha256", lambda _path: hashes.pop(0))
    other, engine = make_replica(url)
    assert translated(other, TEXT) == [f"DE:{TEXT}"]
    assert engine.decoded_together() == [[TEXT]]
    assert "the model folder changed while it was loaded: translations are not shared" in caplog.text


@with_redis
@pytest.mark.parametrize("change", ["secret", "options"])
def test_nothing_is_shared_between_other_secrets_or_options(url: str, make_replica: Any, change: str) -> None:
    translated(make_replica(url)[0], TEXT)
    written(url, 1)
    other, engine = make_replica(url, secret=SECRET[::-1]) if change == "secret" else make_replica(url)
    body = {"text": TEXT, "beam_size": 3} if change == "options" else {"text": TEXT}
    assert other.post("/translate", json=body).status_code == 200
    assert engine.decoded_together() == [[TEXT]]


@with_redis
def test_damaged_and_exchanged_entries_are_not_used(url: str, make_replica: Any) -> None:
    texts = (TEXT, "Another sentence about it.", "A third one.")
    translated(make_replica(url)[0], *texts)
    found = written(url, 3)
    other, engine = make_replica(url)
    names = list(found)
    with Redis.from_url(url) as redis:
        for name, exchanged in zip(names, names[1:] + names[:1], strict=True):
            redis.set(name, found[exchanged])
    assert translated(other, texts[0]) == [f"DE:{texts[0]}"]
    with Redis.from_url(url) as redis:
        for name in names:
            redis.set(name, found[name][:-9] + b"tampered!")
    assert translated(other, texts[1]) == [f"DE:{texts[1]}"]
    with Redis.from_url(url) as redis:
        for name in names:
            redis.set(name, b"")
    assert translated(other, texts[2]) == [f"DE:{texts[2]}"]
    assert engine.decoded_together() == [[text] for text in texts]
    assert metric(other, "translator_shared_cache_failures_total") == 3


@with_redis
def test_a_result_comes_back_as_it_was(url: str) -> None:
    checks = (Check("number", "kept", (4, 9), (5, 9)), Check("term", "extra", None, (1, 2)))
    result = TranslationResult(
        (
            Hypothesis(
                "Größe „4“ 😀", -0.1 - 0.2, -1e-17, ("▁Größe", "</s>"), (-1 / 3, -0.0), checks, "next"
            ),
            Hypothesis("", 0.0),
        ),
        (Link((0, 3), (0, 5), 0.1 + 0.7),),
    )

    async def exchange() -> list[TranslationResult | None]:
        settings = Settings(limits_url=SecretStr(url), shared_cache_secret=SecretStr(SECRET))
        shared = SharedResults.load(settings, Metrics())
        assert shared is not None
        shared.open()
        shared.write_soon("model", "key", result)
        while not entries(url):
            await asyncio.sleep(0.01)
        found = await shared.read("model", ["other key", "key"])
        found += await shared.read("other model", ["key"])
        await shared.close()
        return found

    assert asyncio.run(exchange()) == [None, result, None]


class Written:
    """Stands in for the entries in Redis."""

    def __init__(self) -> None:
        self.keys: list[Hashable] = []

    def write_soon(self, model: str, key: Hashable, result: TranslationResult) -> None:
        self.keys.append(key)


def test_results_with_tags_to_place_stay_in_the_replica() -> None:
    written = Written()
    cache = SharedCache(9, written, "model")  # type: ignore[arg-type]  # a double
    cache.put("plain", TranslationResult((Hypothesis("Gut", 0.0),)))
    alignment = Alignment(np.ones((1, 1), np.float32), [(0, 1)], [(0, 1)])
    tagged = TranslationResult((Hypothesis("Gut", 0.0),), None, (alignment,))
    cache.put("tagged", tagged)
    assert written.keys == ["plain"]
    assert cache.get("tagged") is tagged


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port on which nothing listens, and nothing else will."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_without_redis_requests_are_served_and_the_loss_is_logged_once_and_counted(
    make_replica: Any, dead_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    client, engine = make_replica(f"redis://:password@127.0.0.1:{dead_port}/0")
    before = metric(client, "translator_shared_cache_failures_total")
    assert translated(client, "One.", "Two.") == ["DE:One.", "DE:Two."]
    assert translated(client, "Three.") == ["DE:Three."]
    assert engine.decoded_together() == [["One.", "Two."], ["Three."]]
    assert metric(client, "translator_shared_cache_failures_total") >= before + 2  # two reads
    lines = [record.message for record in caplog.records if "not shared between replicas" in record.message]
    assert len(lines) == 1
    assert "cannot be reached" in lines[0]
    assert not any(secret in caplog.text for secret in ("password", SECRET))


@with_redis
def test_a_lost_redis_is_used_again_when_it_is_back(
    tmp_path: Path, make_replica: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.shared_store.PAUSE_SECONDS", 0.0)
    with running_redis(tmp_path) as redis:
        one, _ = make_replica(redis.url)
        redis.stop()
        assert translated(one, "Lost.") == ["DE:Lost."]
        redis.start()
        translated(one, TEXT)
        wait_until(lambda: len(entries(redis.url)) > 1)  # the append-only file has that of the warm-up
        other, engine = make_replica(redis.url)
        assert translated(other, TEXT) == [f"DE:{TEXT}"]
        assert engine.decoded_together() == []


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"limits_url": None}, "needs TRANSLATOR_LIMITS_URL, the address of the Redis"),
        ({"cache_sentences": 0}, "needs TRANSLATOR_CACHE_SENTENCES, at least 1"),
        ({"shared_cache_secret": SecretStr("hunter2")}, "has 7 characters; give at least 32"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], complaint: str) -> None:
    usual = {"limits_url": SecretStr("redis://host:6379/0"), "shared_cache_secret": SecretStr(SECRET)}
    with pytest.raises(ConfigError, match=f"TRANSLATOR_SHARED_CACHE_SECRET {complaint}") as caught:
        create_app(unloaded, Settings(**(usual | settings)))
    assert "hunter2" not in str(caught.value)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "service.shared_cache.importlib.util.find_spec", lambda name: None if name == "cryptography" else name
    )
    settings = Settings(limits_url=SecretStr("redis://host:6379/0"), shared_cache_secret=SecretStr(SECRET))
    with pytest.raises(ConfigError, match="needs the package cryptography: pip install"):
        SharedResults.load(settings, Metrics())


def unloaded() -> Any:
    raise AssertionError("nothing here loads a model")
