"""API keys: who may use the service, and how often. Without any keys, everybody may, without limits.

Keys are in a file (`TRANSLATOR_API_KEYS_FILE`) or in the environment (`TRANSLATOR_API_KEYS`), one per line; in the
environment, commas separate them too:

    name:SHA-256 of the key in hexadecimal[:rate=requests per minute][:admin]

`python -m service.access NAME` generates a key and prints its line. Only the hash is stored. It needs neither a salt
nor a slow hash function, because the keys are random: there is nothing easier to guess than the key itself.
"""

from __future__ import annotations

import hmac
import math
import re
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Self

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from pydantic import SecretStr
from starlette.requests import Request

from translator.errors import ConfigError, TranslatorError

_NAME = re.compile(r"[A-Za-z0-9._-]{1,32}")  # keys are longer, so a key in place of the name is an error
_DIGEST = re.compile(r"[0-9A-Fa-f]{64}")
_OPTION = re.compile(r"(rate)=([1-9][0-9]{0,11})|(admin)")
_SCHEMES = frozenset({"bearer", "deepl-auth-key"})


class AccessError(TranslatorError):
    """The client may not make this request, or not now."""


class Unauthorized(AccessError):
    """The request has no key, or an unknown one."""


class Forbidden(AccessError):
    """The key is known, but does not allow this."""


class RateLimited(AccessError):
    """The key has made too many requests in the last minute; `retry_after_seconds` says when to try again."""

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Client:
    """The owner of a key, and how many requests it may make. Not thread-safe.

    Requests are counted in memory, in windows of one minute that start with the first request.
    """

    def __init__(self, name: str, *, requests_per_minute: int | None = None, is_admin: bool = False) -> None:
        self.name = name
        self.requests_per_minute = requests_per_minute
        self.is_admin = is_admin
        self.characters_used = 0
        """Characters charged since the service started."""
        if requests_per_minute is not None:
            self._rate = RateLimitItemPerMinute(requests_per_minute)
            self._storage = MemoryStorage()
            self._limiter = FixedWindowRateLimiter(self._storage)

    def __repr__(self) -> str:
        return f"Client({self.name!r})"

    def require_admin(self) -> None:
        """Raise Forbidden unless the key is an operator's; without configured keys, there is no operator."""
        if not self.is_admin:
            raise Forbidden(
                "This needs an API key whose line ends in :admin. Run python -m service.access NAME to create one."
            )

    def charge(self, characters: int) -> None:
        """Charge a request of `characters`; raises RateLimited, and then charges nothing."""
        if self.requests_per_minute is not None and not self._limiter.hit(self._rate):
            reset = self._limiter.get_window_stats(self._rate).reset_time
            seconds = max(1, math.ceil(reset - time.time()))
            raise RateLimited(
                f"The key {self.name} is over its rate limit, {self.requests_per_minute} a minute. Try again in "
                f"{seconds} s.",
                seconds,
            )
        self.characters_used += characters

    def refund(self, characters: int, with_request: bool = False) -> None:
        """Refund the characters of a failed request; `with_request` also takes it off the rate."""
        self.characters_used -= characters
        if with_request and self.requests_per_minute is not None:
            self._storage.decr(self._rate.key_for())


class Access:
    """The known keys and their owners."""

    def __init__(self, clients: Mapping[bytes, Client]) -> None:
        """`clients` maps the SHA-256 of each key to its owner; if it is empty, no key is needed."""
        self._clients = dict(clients)
        self._anonymous = Client("anonymous")

    @classmethod
    def load(cls, file: Path | None = None, lines: SecretStr | None = None) -> Self:
        """Read the keys from a file and from lines, which commas may separate; raises ConfigError if one is invalid."""
        clients: dict[bytes, Client] = {}
        for place, line in _lines(file, lines):
            digest, client = _parse(place, line)
            if digest in clients or any(client.name == other.name for other in clients.values()):
                raise ConfigError(
                    f"{place}: the name {client.name} or its key occurs twice. Give each key one line and a name."
                )
            clients[digest] = client
        if not clients and (file is not None or lines is not None):
            raise ConfigError(
                "API keys are configured, but there are none. Create one with python -m service.access NAME, or unset "
                "TRANSLATOR_API_KEYS_FILE and TRANSLATOR_API_KEYS to serve everybody."
            )
        return cls(clients)

    def identify(self, key: str | None) -> Client:
        """Return the owner of a key; raises Unauthorized. Without configured keys, everybody is anonymous."""
        if not self._clients:
            return self._anonymous
        if not key:
            raise Unauthorized("This service needs an API key. Send it as Authorization: Bearer KEY.")
        digest = sha256(key.encode("utf-8", "surrogatepass")).digest()
        found = None
        for known, client in self._clients.items():  # compare all: the time must not reveal which one matched
            if hmac.compare_digest(known, digest):
                found = client
        if found is None:
            raise Unauthorized("The API key is unknown. Check it, or ask the operator for one.")
        return found


def key_of(request: Request) -> str | None:
    """Return the key in the headers: `Authorization: Bearer`, `Authorization: DeepL-Auth-Key` or `X-API-Key`.

    A key in the URL is ignored, because URLs are logged.
    """
    scheme, _, key = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() in _SCHEMES:
        return key.strip()
    return request.headers.get("x-api-key")


def _lines(file: Path | None, lines: SecretStr | None) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of every line that is neither blank nor a comment."""
    if file is not None:
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigError(
                f"The API keys in {file} cannot be read: {reason}. Correct TRANSLATOR_API_KEYS_FILE or the file."
            ) from None
        yield from _numbered(f"{file}, line", text.splitlines())
    if lines is not None:
        yield from _numbered("TRANSLATOR_API_KEYS, entry", re.split(r"[,\n]", lines.get_secret_value()))


def _numbered(place: str, lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(map(str.strip, lines), start=1):
        if line and not line.startswith("#"):
            yield f"{place} {number}", line


def _parse(place: str, line: str) -> tuple[bytes, Client]:
    """Parse one line. Errors never quote it: a malformed line may contain a key."""
    name, *parts = (part.strip() for part in line.split(":"))
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{place}: the name, before the first colon, must be 1 to 32 letters, digits, dots, dashes or underscores."
        )
    if not parts or not _DIGEST.fullmatch(parts[0]):
        raise ConfigError(
            f"{place}: the name must be followed by a colon and the SHA-256 of the key in 64 hexadecimal digits, not "
            "by the key itself. Run python -m service.access NAME to print a valid line."
        )
    options: dict[str, int] = {}
    for number, part in enumerate(parts[1:], start=3):
        option = _OPTION.fullmatch(part)
        kind = option and (option[1] or option[3])
        if not option or not kind or kind in options:
            raise ConfigError(
                f"{place}: part {number} must be rate=N (a whole number from 1) or admin, each at most once."
            )
        options[kind] = int(option[2] or 1)
    return bytes.fromhex(parts[0]), Client(
        name,
        requests_per_minute=options.get("rate"),
        is_admin="admin" in options,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate a key: print its line to standard output, and the key itself, once, to standard error."""
    names = sys.argv[1:] if arguments is None else arguments
    if len(names) != 1 or not _NAME.fullmatch(names[0]):
        sys.exit(
            "Usage: python -m service.access NAME >> api-keys.txt\n"
            "NAME is the owner of the key: 1 to 32 letters, digits, dots, dashes or underscores."
        )
    key = secrets.token_urlsafe(32)
    sys.stderr.write(f"The key of {names[0]}, shown only now: {key}\n")
    sys.stdout.write(f"{names[0]}:{sha256(key.encode()).hexdigest()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
