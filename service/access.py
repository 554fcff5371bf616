"""API keys: who may use the service, and how much. Without any key everybody may, without limits.

Keys stand in a file (`TRANSLATOR_API_KEYS_FILE`) or in the environment (`TRANSLATOR_API_KEYS`), one on a line;
in the environment a comma separates them too:

    name:SHA-256 of the key in hexadecimal[:rate=requests per minute][:quota=characters per month][:admin]

`python -m service.access NAME` draws a key and writes its line. Only the hash is stored. It needs neither salt
nor a slow function, for the keys are random: there is nothing shorter to guess than the key itself.
"""

from __future__ import annotations

import hmac
import math
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Protocol, Self

from pydantic import SecretStr
from starlette.requests import Request

from translator.errors import ConfigError, TranslatorError

_NAME = re.compile(r"[A-Za-z0-9._-]{1,32}")  # a key is longer: one that is taken for a name is refused
_DIGEST = re.compile(r"[0-9A-Fa-f]{64}")
_OPTION = re.compile(r"(rate|quota)=([1-9][0-9]{0,11})|(admin)")
_SCHEMES = frozenset({"bearer", "deepl-auth-key"})


class AccessError(TranslatorError):
    """A request that its sender may not make, or not now."""


class Unauthorized(AccessError):
    """The request carries no key, or one that is not known."""


class Forbidden(AccessError):
    """The key is known, but not for this."""


class RateLimited(AccessError):
    """The key has made too many requests in the last minute; `retry_after_seconds` tells when to try again."""

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class QuotaExceeded(AccessError):
    """The key's characters of this month do not suffice for the request."""


class Client:
    """Who sends a request, and what that key may use; for use from one thread.

    The rate is a token bucket: a minute's requests may come at once, and then one by one as time passes.
    The characters are counted in memory, by calendar month in UTC: a restart forgets them.
    """

    def __init__(
        self,
        name: str,
        *,
        requests_per_minute: int | None = None,
        characters_per_month: int | None = None,
        is_admin: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.requests_per_minute = requests_per_minute
        self.characters_per_month = characters_per_month
        self.is_admin = is_admin
        self._clock = clock
        self._requests_left = float(requests_per_minute or 0)
        self._refilled_at = clock()
        self._month = self._this_month()
        self._characters_used = 0

    def __repr__(self) -> str:
        return f"Client({self.name!r})"

    @property
    def characters_used(self) -> int:
        """Characters charged in this month."""
        self._begin_month()
        return self._characters_used

    def require_admin(self) -> None:
        """Raise Forbidden unless the key is an operator's; where no keys are configured nobody is one."""
        if not self.is_admin:
            raise Forbidden(
                "This needs an API key whose line ends in :admin; python -m service.access NAME writes a line."
            )

    def charge(self, characters: int) -> None:
        """Count one request of so many characters; raises RateLimited or QuotaExceeded, and then counts none."""
        self._begin_month()
        limit = self.characters_per_month
        if limit is not None and self._characters_used + characters > limit:
            raise QuotaExceeded(
                f"The key {self.name} has used {self._characters_used} of its {limit} characters of this month (UTC); "
                f"this request has {characters}. Send fewer, or ask the operator for a higher quota."
            )
        self._take_from_rate()
        self._characters_used += characters

    def refund(self, characters: int, with_request: bool = False) -> None:
        """Give back the characters of a request that then failed; only `with_request` its place in the rate too."""
        self._begin_month()
        self._characters_used = max(0, self._characters_used - characters)
        if with_request and self.requests_per_minute is not None:
            self._requests_left = min(float(self.requests_per_minute), self._requests_left + 1)

    def _take_from_rate(self) -> None:
        rate = self.requests_per_minute
        if rate is None:
            return
        now = self._clock()
        passed = max(0.0, now - self._refilled_at)  # a clock can be set back
        self._requests_left = min(float(rate), self._requests_left + passed * rate / 60)
        self._refilled_at = now
        if self._requests_left < 1:
            seconds = math.ceil((1 - self._requests_left) * 60 / rate)
            raise RateLimited(
                f"Requests with the key {self.name}: at most {rate} a minute. Try again in {seconds} s.",
                seconds,
            )
        self._requests_left -= 1

    def _begin_month(self) -> None:
        month = self._this_month()
        if month != self._month:
            self._month = month
            self._characters_used = 0

    def _this_month(self) -> tuple[int, int]:
        now = datetime.fromtimestamp(self._clock(), UTC)
        return now.year, now.month


class KeySettings(Protocol):
    """The settings that name the keys; `service.settings.Settings` has them."""

    @property
    def api_keys_file(self) -> Path | None:
        """A file of keys."""
        ...

    @property
    def api_keys(self) -> SecretStr | None:
        """The lines of such a file."""
        ...


class Access:
    """The keys that are known, and whose they are."""

    def __init__(self, clients: Mapping[bytes, Client]) -> None:
        """Take the clients by the SHA-256 of their keys; none means that no key is needed."""
        self._clients = dict(clients)
        self._anonymous = Client("anonymous")

    @classmethod
    def from_settings(cls, settings: KeySettings) -> Self:
        """Read the keys of file and environment; raises ConfigError where a line makes no sense."""
        clients: dict[bytes, Client] = {}
        for place, line in _lines(settings):
            digest, client = _parse(place, line)
            if digest in clients or any(client.name == other.name for other in clients.values()):
                raise ConfigError(
                    f"{place}: the name {client.name} or its key stands there twice. Give each key one line and a name "
                    "of its own."
                )
            clients[digest] = client
        if not clients and (settings.api_keys_file is not None or settings.api_keys is not None):
            raise ConfigError(
                "API keys are asked for, but there is none. Add one (python -m service.access NAME writes its line), "
                "or unset TRANSLATOR_API_KEYS_FILE and TRANSLATOR_API_KEYS to serve everybody."
            )
        return cls(clients)

    def identify(self, key: str | None) -> Client:
        """Return whose key it is; raises Unauthorized. Where no keys are configured everybody is anonymous."""
        if not self._clients:
            return self._anonymous
        if not key:
            raise Unauthorized("This service needs an API key. Send it as Authorization: Bearer KEY.")
        digest = sha256(key.encode("utf-8", "surrogatepass")).digest()
        found = None
        for known, client in self._clients.items():  # to the end: the time must not tell which one it was
            if hmac.compare_digest(known, digest):
                found = client
        if found is None:
            raise Unauthorized("The API key is not known here. Check it, or ask the operator for one.")
        return found


def key_of(request: Request) -> str | None:
    """Return the key in the headers: `Authorization: Bearer`, `Authorization: DeepL-Auth-Key` or `X-API-Key`.

    A key in the address is not read: addresses are logged.
    """
    scheme, _, key = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() in _SCHEMES:
        return key.strip()
    return request.headers.get("x-api-key")


def _lines(settings: KeySettings) -> Iterator[tuple[str, str]]:
    """Yield every line that is neither blank nor a comment, and where it stands."""
    path = settings.api_keys_file
    if path is not None:
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigError(
                f"The API keys in {path} cannot be read: {reason}. Correct TRANSLATOR_API_KEYS_FILE or the file."
            ) from None
        yield from _numbered(f"{path}, line", text.splitlines())
    if settings.api_keys is not None:
        yield from _numbered(
            "TRANSLATOR_API_KEYS, entry", re.split(r"[,\n]", settings.api_keys.get_secret_value())
        )


def _numbered(place: str, lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(map(str.strip, lines), start=1):
        if line and not line.startswith("#"):
            yield f"{place} {number}", line


def _parse(place: str, line: str) -> tuple[bytes, Client]:
    """Read one line. The errors quote none of it: where a mistake was made there may be a key."""
    name, *parts = (part.strip() for part in line.split(":"))
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{place}: the name, before the first colon, must be 1 to 32 letters, digits, dots, dashes or underscores."
        )
    if not parts or not _DIGEST.fullmatch(parts[0]):
        raise ConfigError(
            f"{place}: behind the name must stand a colon and the SHA-256 of the key in 64 hexadecimal digits, not "
            "the key itself. Take a line as python -m service.access NAME writes it."
        )
    options: dict[str, int] = {}
    for number, part in enumerate(parts[1:], start=3):
        option = _OPTION.fullmatch(part)
        kind = option and (option[1] or option[3])
        if not option or not kind or kind in options:
            raise ConfigError(
                f"{place}: part {number} must be rate=N, quota=N (whole numbers from 1) or admin, each at most once."
            )
        options[kind] = int(option[2] or 1)
    return bytes.fromhex(parts[0]), Client(
        name,
        requests_per_minute=options.get("rate"),
        characters_per_month=options.get("quota"),
        is_admin="admin" in options,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw a key: the line goes to standard output, to be appended to a file; the key to standard error, once."""
    names = sys.argv[1:] if arguments is None else arguments
    if len(names) != 1 or not _NAME.fullmatch(names[0]):
        sys.exit(
            "Usage: python -m service.access NAME >> api-keys.txt\n"
            "NAME tells whose key it is: 1 to 32 letters, digits, dots, dashes or underscores."
        )
    key = secrets.token_urlsafe(32)
    sys.stderr.write(f"The key of {names[0]}, shown only now: {key}\n")
    sys.stdout.write(f"{names[0]}:{sha256(key.encode()).hexdigest()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
