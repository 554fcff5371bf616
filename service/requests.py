"""How a request is read, and what happens when its client leaves."""

from __future__ import annotations

import asyncio
import math
import reprlib
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import Depends
from starlette.requests import Request

from service.access import Access, Client, key_of
from service.batcher import Deadline
from service.errors import ClientLeft, InvalidRequest, RequestTooLarge, UnsupportedMediaType, kind_of
from service.settings import Settings

_T = TypeVar("_T")


async def identify(request: Request) -> Client:
    """Whose key the request has in its headers; raises Unauthorized. For `Depends`."""
    access: Access = request.app.state.access
    client = access.identify(key_of(request))
    request.state.client = client.name
    return client


Identified = Annotated[Client, Depends(identify)]
"""The parameter of a route that needs a key, where keys are configured."""


def check_size(texts: Sequence[str], settings: Settings, prefixes: Sequence[str] = ()) -> int:
    """How many characters the texts have, and their prefixes; raises RequestTooLarge where they are too many."""
    characters = sum(map(len, (*texts, *prefixes)))
    for what, value, limit in (
        ("texts", len(texts), settings.max_texts),
        ("characters", characters, settings.max_characters),
    ):
        if value > limit:
            raise RequestTooLarge(f"The request has {value} {what}; the limit is {limit}. Send it in parts.")
    return characters


async def read_json_body(request: Request, max_bytes: int) -> bytes:
    """Return the body of a request that declares plain JSON; raises UnsupportedMediaType, RequestTooLarge."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType(
            f"The body is declared as {media_type[:50] or 'nothing'}; send Content-Type: application/json."
        )
    return await read_body(request, max_bytes)


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Return the body of a request, counted as it comes; raises UnsupportedMediaType, RequestTooLarge."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType(
            "Compressed bodies are not taken; send the body as it is, without Content-Encoding."
        )
    body = bytearray()
    async for chunk in request.stream():  # not trusting Content-Length, which can lie
        body += chunk
        if len(body) > max_bytes:
            raise RequestTooLarge(
                f"The body has more than {max_bytes} bytes, the limit. Send less text at once."
            )
    return bytes(body)


@contextmanager
def charged(client: Client, characters: int) -> Iterator[None]:
    """Charge a client for work, and refund it when that fails; raises RateLimited, QuotaExceeded.

    Who is told to try again later need not pay for that with the rate either.
    """
    client.charge(characters)
    try:
        yield
    except BaseException as error:
        is_sent_away = (
            isinstance(error, Exception) and kind_of(error).status == HTTPStatus.SERVICE_UNAVAILABLE
        )
        client.refund(characters, with_request=is_sent_away)
        raise


def deadline_of(request: Request, longest: float) -> Deadline:
    """Until when the request must be answered: as its header `X-Deadline-Seconds` says, after the longest at most.

    Raises InvalidRequest where that is no positive number.
    """
    given = request.headers.get("x-deadline-seconds")
    seconds = longest
    if given is not None:
        try:
            seconds = float(given)
        except ValueError:
            seconds = math.nan
        if not seconds > 0:
            raise InvalidRequest(
                f"X-Deadline-Seconds is {reprlib.repr(given)}; it must be a number of seconds above 0, or left out."
            )
    started: float = request.state.started
    seconds = min(seconds, longest)
    return Deadline(seconds, started + seconds)


async def unless_client_leaves(request: Request, work: Coroutine[Any, Any, _T]) -> _T:
    """Await `work`, and cancel it when the client closes the connection: nothing else would."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_client_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientLeft("The client closed the connection before the translation was finished.")
    finally:
        leaving.cancel()
        working.cancel()
        # When this is left, nothing more is done for the client.
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _client_left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
