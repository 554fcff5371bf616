"""API keys: who may use the service, and how much. Without any keys, everybody may, without limits.

Keys are in a file (`TRANSLATOR_API_KEYS_FILE`) or in the environment (`TRANSLATOR_API_KEYS`), one per line; in the
environment, commas separate them too:

    name:SHA-256 of the key in hexadecimal[:rate=requests per minute][:quota=characters per month][:admin]

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
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Self

from pydantic import SecretStr
from starlette.requests import Request

from service.usage import Usage
from translator.errors import ConfigError, TranslatorError

_NAME = re.compile(r"[A-Za-z0-9._-]{1,32}")  # keys are longer, so a key in place of the name is an error
_DIGEST = re.compile(r"[0-9A-Fa-f]{64}")
_OPTION = re.compile(r"(rate|quota)=([1-9][0-9]{0,11})|(admin)")
_SCHEMES = frozenset({"bearer", "deepl-auth-key"})
_MINUTE_SECONDS = 60
_DAY_SECONDS = 24 * 60 * 60


class AccessError(TranslatorError):
    """The client may not make this request, or not now."""


class Unauthorized(AccessError):
    """The request has no key, or an unknown one."""


class Forbidden(AccessError):
    """The key is known, but does not allow this."""


class RateLimited(AccessError):
    """The key has made too many requests in this minute; `retry_after_seconds` says when to try again."""

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class QuotaExceeded(AccessError):
    """The request exceeds what is left of the key's characters for this month."""


@dataclass(frozen=True)
class _Count:
    """How much a key has used in a minute or a month, which is part of the name: no count ever starts again."""

    usage: Usage
    name: str
    lifetime_seconds: int
    """Longer than the minute or month, because the clocks of replicas differ."""

    async def add(self, amount: int) -> int | None:
        return await self.usage.add(self.name, amount, self.lifetime_seconds)


class Client:
    """The owner of a key, and what the key may still use.

    Requests are counted by minutes of the clock, and characters by calendar months in UTC.
    """

    def __init__(
        self,
        name: str,
        *,
        requests_per_minute: int | None = None,
        characters_per_month: int | None = None,
        is_admin: bool = False,
        usage: Usage | None = None,
    ) -> None:
        """`usage` keeps the counts, by default in this process."""
        self.name = name
        self.requests_per_minute = requests_per_minute
        self.characters_per_month = characters_per_month
        self.is_admin = is_admin
        self.characters_used = 0
        """Characters charged by this process since it started."""
        self._usage = Usage() if usage is None else usage

    def __repr__(self) -> str:
        return f"Client({self.name!r})"

    def require_admin(self) -> None:
        """Raise Forbidden unless the key is an operator's; without configured keys, there is no operator."""
        if not self.is_admin:
            raise Forbidden(
                "This needs an API key whose line ends in :admin. Run python -m service.access NAME to create one."
            )

    async def charge(self, characters: int) -> Charge:
        """Charge a request of `characters`; raises RateLimited or QuotaExceeded, and then charges nothing."""
        charge = Charge(self, characters)
        self.characters_used += characters
        try:
            is_counted = await self._count_request(charge) and await self._count_characters(charge)
        except BaseException:
            await charge.refund(with_request=True)
            raise
        if not is_counted:
            self._usage.on_uncounted()
        return charge

    async def characters_used_this_month(self) -> int:
        """Return the characters charged by all replicas this month; without a quota, by this process in all."""
        used = None if self.characters_per_month is None else await self._usage.get(self._month().name)
        return self.characters_used if used is None else used

    async def _count_request(self, charge: Charge) -> bool:
        """Return whether the request was counted if it has to be; raises RateLimited."""
        if self.requests_per_minute is None:
            return True
        minute, second = divmod(time.time(), _MINUTE_SECONDS)
        count = _Count(self._usage, f"requests/{self.name}/{minute:.0f}", 2 * _MINUTE_SECONDS)
        used = await count.add(1)
        if used is None:
            return False
        charge.request_count = count
        if used > self.requests_per_minute:
            wait = math.ceil(_MINUTE_SECONDS - second)
            raise RateLimited(
                f"The key {self.name} is over its rate limit, {self.requests_per_minute} a minute. Try again in "
                f"{wait} s.",
                wait,
            )
        return True

    async def _count_characters(self, charge: Charge) -> bool:
        """Return whether the characters were counted if they have to be; raises QuotaExceeded.

        They are added before they are compared: two replicas that compared first would both find room. Until a refused
        request is refunded a moment later, smaller ones may be refused as well.
        """
        if self.characters_per_month is None or not charge.characters:
            return True
        count = self._month()
        used = await count.add(charge.characters)
        if used is None:
            return False
        charge.character_count = count
        if used > self.characters_per_month:
            raise QuotaExceeded(
                f"The key {self.name} has used {used - charge.characters} of its {self.characters_per_month} "
                f"characters this month (UTC); this request has {charge.characters}. Send less text, or ask the "
                "operator for a higher quota."
            )
        return True

    def _month(self) -> _Count:
        month = datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m")
        return _Count(self._usage, f"characters/{self.name}/{month}", 33 * _DAY_SECONDS)


class Charge:
    """What a request was charged."""

    def __init__(self, client: Client, characters: int) -> None:
        self.characters = characters
        self.request_count: _Count | None = None
        """Where the request was counted, if it was."""
        self.character_count: _Count | None = None
        self._client = client

    async def refund(self, with_request: bool = False) -> None:
        """Refund the characters, because the request failed; `with_request` also takes it off the rate.

        A refund goes to the minute and month of its charge.
        """
        self._client.characters_used -= self.characters
        if self.character_count is not None:
            await self.character_count.add(-self.characters)
        if with_request and self.request_count is not None:
            await self.request_count.add(-1)


class Access:
    """The known keys and their owners."""

    def __init__(self, clients: Mapping[bytes, Client]) -> None:
        """`clients` maps the SHA-256 of each key to its owner; if it is empty, no key is needed."""
        self._clients = dict(clients)
        self._anonymous = Client("anonymous")

    @classmethod
    def load(
        cls, file: Path | None = None, lines: SecretStr | None = None, usage: Usage | None = None
    ) -> Self:
        """Read the keys from a file and from lines, which commas may separate; `usage` counts what they use.

        Raises ConfigError if a line is invalid.
        """
        usage = Usage() if usage is None else usage
        clients: dict[bytes, Client] = {}
        for place, line in _lines(file, lines):
            digest, client = _parse(place, line, usage)
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


def _parse(place: str, line: str, usage: Usage) -> tuple[bytes, Client]:
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
                f"{place}: part {number} must be rate=N, quota=N (whole numbers from 1) or admin, each at most once."
            )
        options[kind] = int(option[2] or 1)
    if "quota" in options and not usage.is_shared:
        raise ConfigError(
            f"{place}: the quota of {name} needs TRANSLATOR_LIMITS_URL: counted in this process, it would start again "
            "with each restart. Set it, or remove the quota."
        )
    return bytes.fromhex(parts[0]), Client(
        name,
        requests_per_minute=options.get("rate"),
        characters_per_month=options.get("quota"),
        is_admin="admin" in options,
        usage=usage,
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
