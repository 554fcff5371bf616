"""API keys: their format, who is admitted, and how much a key may use. test_usage.py tests where it is counted."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from starlette.requests import Request

from service.access import (
    Access,
    Charge,
    Client,
    Forbidden,
    QuotaExceeded,
    RateLimited,
    Unauthorized,
    key_of,
    main,
)
from service.batcher import QueueFull
from service.usage import Usage
from tests.service.conftest import Clock
from translator.errors import ConfigError

KEY = "a-key-of-the-tests-that-is-long-enough-to-be-one"
OTHER_KEY = "another-key"


def digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def access_of(lines: str) -> Access:
    return Access.load(lines=SecretStr(lines))


@pytest.mark.parametrize("key", [None, "", KEY, "ключ"])
def test_without_keys_everybody_is_admitted_without_limits(key: str | None) -> None:
    client = Access.load().identify(key)
    charge(client, *[1_000_000] * 1000)
    assert (client.name, client.is_admin, client.requests_per_minute) == ("anonymous", False, None)
    assert client.characters_used == 10**9


def test_a_key_identifies_its_owner() -> None:
    access = access_of(f"web:{digest(KEY)}\nshop:{digest(OTHER_KEY).upper()}:admin")
    assert access.identify(KEY).name == "web"
    assert access.identify(OTHER_KEY).name == "shop"
    access.identify(OTHER_KEY).require_admin()
    with pytest.raises(Forbidden, match="line ends in :admin"):
        access.identify(KEY).require_admin()
    assert access.identify(KEY) is access.identify(KEY)  # or its limits would start again


@pytest.mark.parametrize(
    "key",
    [
        None,
        "",
        " ",
        KEY[:-1],
        KEY + "x",
        KEY.upper(),
        f" {KEY}",
        digest(KEY),
        "ключ",
        "\ud800",
        "\x00",
        "k" * 10**6,
    ],
    ids=lambda key: repr(key)[:20],
)
def test_any_other_key_is_refused(key: str | None) -> None:
    with pytest.raises(Unauthorized) as caught:
        access_of(f"web:{digest(KEY)}").identify(key)
    assert not key or not key.strip() or key not in str(caught.value)


def test_all_keys_are_compared_whichever_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    access = access_of(",".join(f"client{number}:{digest(str(number))}" for number in range(5)))
    compared: list[tuple[bytes, bytes]] = []

    def compare(known: bytes, given: bytes) -> bool:
        compared.append((known, given))
        return known == given

    monkeypatch.setattr("service.access.hmac.compare_digest", compare)
    assert access.identify("0").name == "client0"
    assert len(compared) == 5
    assert all(len(given) == 32 for _, given in compared)


def test_keys_come_from_a_file_and_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# of the shop\n\n  shop : {digest(KEY)} : rate=2 : admin  \r\n")
    access = Access.load(file, SecretStr(f"web:{digest(OTHER_KEY)}, ,\n"))
    assert access.identify(OTHER_KEY).name == "web"
    shop = access.identify(KEY)
    assert (shop.name, shop.requests_per_minute, shop.is_admin) == ("shop", 2, True)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (KEY, "line 3: the name, before the first colon"),
        (f":{digest(KEY)}", "line 3: the name, before the first colon"),
        (f"two words:{digest(KEY)}", "line 3: the name, before the first colon"),
        ("web", "line 3: the name must be followed by a colon and the SHA-256"),
        (f"web:{KEY}", "line 3: the name must be followed by a colon and the SHA-256"),
        (f"web:{digest(KEY)[:-1]}", "line 3: the name must be followed by a colon and the SHA-256"),
        (f"web:{digest(KEY)}:", "line 3: part 3 must be rate=N, quota=N (whole numbers from 1) or admin"),
        (f"web:{digest(KEY)}:admin:{KEY}", "line 3: part 4 must be rate=N"),
        (f"web:{digest(KEY)}:rate=0", "line 3: part 3 must be rate=N"),
        (f"web:{digest(KEY)}:rate=-5", "line 3: part 3 must be rate=N"),
        (f"web:{digest(KEY)}:rate=٣", "line 3: part 3 must be rate=N"),
        (f"web:{digest(KEY)}:quota=0", "line 3: part 3 must be rate=N"),
        (f"web:{digest(KEY)}:quota=5", "line 3: the quota of web needs TRANSLATOR_LIMITS_URL"),
        (f"web:{digest(KEY)}:rate=1:rate=2", "line 3: part 4 must be rate=N"),
        (f"web:{digest(KEY)}", "line 3: the name web or its key occurs twice"),
        (f"first:{digest(KEY)}", "line 3: the name first or its key occurs twice"),
        (f"second:{digest(OTHER_KEY)}", "line 3: the name second or its key occurs twice"),
    ],
)
def test_an_invalid_line_is_named_but_not_quoted(tmp_path: Path, line: str, complaint: str) -> None:
    file = tmp_path / "keys"
    file.write_text(f"first:{digest(OTHER_KEY)}\nweb:{digest('third key')}\n{line}\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        Access.load(file=file)
    assert f"{file}, {complaint}" in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_quota_needs_counts_that_survive_a_restart() -> None:
    lines = SecretStr(f"web:{digest(KEY)}:quota=5")
    with pytest.raises(ConfigError, match=r"entry 1: the quota of web needs TRANSLATOR_LIMITS_URL"):
        Access.load(lines=lines)
    assert Access.load(lines=lines, usage=Usage(is_shared=True)).identify(KEY).characters_per_month == 5


def test_an_entry_of_the_environment_is_named_too() -> None:
    with pytest.raises(ConfigError, match=r"TRANSLATOR_API_KEYS, entry 2: the name"):
        access_of(f"web:{digest(KEY)},{KEY}")


@pytest.mark.parametrize("content", ["", "\n# nobody yet\n"])
def test_a_file_without_keys_does_not_admit_everybody(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys"
    file.write_text(content)
    with pytest.raises(ConfigError, match="there are none"):
        Access.load(file=file)
    with pytest.raises(ConfigError, match="there are none"):
        access_of(content)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing cannot be read: No such file"):
        Access.load(file=tmp_path / "missing")
    file = tmp_path / "latin"
    file.write_bytes(b"caf\xe9")
    with pytest.raises(ConfigError, match=r"latin cannot be read: it is not UTF-8"):
        Access.load(file=file)


def test_a_minutes_requests_may_arrive_at_once(clock: Clock) -> None:
    client = Client("web", requests_per_minute=30)
    charge(client, *[1] * 30)
    clock.now += 15
    with pytest.raises(RateLimited, match="The key web is over its rate limit, 30 a minute") as caught:
        charge(client, 1)
    assert caught.value.retry_after_seconds == 25  # it was 20 s past a minute
    assert client.characters_used == 30
    clock.now += 25
    charge(client, *[1] * 30)
    with pytest.raises(RateLimited):
        charge(client, 1)


def test_the_quota_is_of_a_calendar_month_in_utc(clock: Clock) -> None:
    clock.now = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC).timestamp()
    client = Client("web", characters_per_month=100)
    charge(client, 60)
    with pytest.raises(QuotaExceeded, match=r"used 60 of its 100 characters .* this request has 41"):
        charge(client, 41)
    charge(client, 40, 0)
    assert used(client) == 100
    clock.now += 1
    assert used(client) == 0
    charge(client, 100)
    with pytest.raises(QuotaExceeded):
        charge(client, 1)


def test_a_request_beyond_the_quota_does_not_count_against_the_rate(clock: Clock) -> None:
    client = Client("web", requests_per_minute=1, characters_per_month=5)
    with pytest.raises(QuotaExceeded):
        charge(client, 6)
    charge(client, 5)
    with pytest.raises(RateLimited):
        charge(client, 0)


def test_the_characters_of_failed_requests_are_refunded() -> None:
    client = Client("web", characters_per_month=100)
    _, second = charge(client, 60, 40)
    refund(second)
    assert used(client) == client.characters_used == 60
    charge(client, 40)


def test_a_request_can_be_refunded(clock: Clock) -> None:
    client = Client("web", requests_per_minute=2)
    first, second = charge(client, 5, 5)
    refund(first, with_request=True)
    charge(client, 1)
    refund(second)
    with pytest.raises(RateLimited):
        charge(client, 1)


def test_a_refund_goes_to_the_minute_and_the_month_of_its_charge(clock: Clock) -> None:
    clock.now = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC).timestamp()
    client = Client("web", requests_per_minute=1, characters_per_month=9)
    (charged,) = charge(client, 9)
    clock.now += 1
    refund(charged, with_request=True)
    assert used(client) == 0
    charge(client, 9)
    with pytest.raises(RateLimited):
        charge(client, 0)


def charge(client: Client, *characters: int) -> list[Charge]:
    async def one_by_one() -> list[Charge]:
        return [await client.charge(number) for number in characters]

    return asyncio.run(one_by_one())


def refund(charged: Charge, with_request: bool = False) -> None:
    asyncio.run(charged.refund(with_request))


def used(client: Client) -> int:
    return asyncio.run(client.characters_used_this_month())


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("path", ["/translate", "/translate/stream"])
def test_a_request_turned_away_because_the_service_is_busy_does_not_count_against_the_rate(
    make_client: Callable[..., TestClient], echo: Any, path: str
) -> None:
    client = make_client({KEY: Client("web", requests_per_minute=1)})
    client.headers["X-API-Key"] = KEY
    echo.errors["full"] = QueueFull("Too much waits.", 3)
    for text, status in (("full", 503), ("fine", 200), ("fine", 429)):
        assert client.post(path, json={"text": text}).status_code == status


@pytest.mark.usefixtures("clock")
def test_other_failures_count_against_the_rate(make_client: Callable[..., TestClient], echo: Any) -> None:
    client = make_client({KEY: Client("web", requests_per_minute=1)})
    client.headers["X-API-Key"] = KEY
    echo.errors["fails"] = ValueError()
    for text, status in (("fails", 500), ("fine", 429)):
        assert client.post("/translate", json={"text": text}).status_code == status


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({}, None),
        ({"Authorization": f"Bearer {KEY}"}, KEY),
        ({"Authorization": f"bearer   {KEY} "}, KEY),
        ({"Authorization": f"DeepL-Auth-Key {KEY}"}, KEY),
        ({"X-API-Key": KEY}, KEY),
        ({"Authorization": "Basic dXNlcjpwYXNz", "X-API-Key": KEY}, KEY),
        ({"Authorization": f"Bearer {KEY}", "X-API-Key": OTHER_KEY}, KEY),
        ({"Authorization": "Bearer"}, ""),
        ({"Authorization": KEY}, None),
    ],
)
def test_where_a_key_is_read_from(headers: Mapping[str, str], key: str | None) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    assert key_of(Request({"type": "http", "headers": raw})) == key


def test_a_key_in_bytes_that_are_not_ascii_is_only_a_wrong_key() -> None:
    request = Request({"type": "http", "headers": [(b"authorization", b"Bearer \xff\xfe\xd0\xba")]})
    with pytest.raises(Unauthorized):
        access_of(f"web:{digest(KEY)}").identify(key_of(request))


def test_a_key_is_in_no_log_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    access = access_of(f"web:{digest(KEY)}")
    client = access.identify(KEY)
    shown = f"{access!r} {client!r} {caplog.text}"
    assert KEY not in shown
    assert digest(KEY) not in shown


@pytest.mark.slow
def test_the_command_generates_a_key_and_prints_its_line() -> None:
    drawn = [
        subprocess.run(
            [sys.executable, "-m", "service.access", "web"], capture_output=True, text=True, check=True
        )
        for _ in range(2)
    ]
    keys = [command.stderr.strip().rpartition(" ")[2] for command in drawn]
    assert keys[0] != keys[1]
    assert all(len(key) == 43 and key.isascii() for key in keys)
    for key, command in zip(keys, drawn, strict=True):
        assert key not in command.stdout
        assert access_of(command.stdout).identify(key).name == "web"


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["two words"], ["-h:"], ["x" * 33]])
def test_the_command_prints_its_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"Usage: python -m service\.access NAME"):
        main(arguments)
