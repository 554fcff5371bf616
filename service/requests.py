"""How a request is read, and what happens when its client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request

from service.errors import ClientLeft, RequestTooLarge, UnsupportedMediaType

_T = TypeVar("_T")


async def read_json_body(request: Request, max_bytes: int) -> bytes:
    """Return the body of a request that declares plain JSON; raises UnsupportedMediaType, RequestTooLarge."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType(
            f"The body is declared as {media_type[:50] or 'nothing'}; send Content-Type: application/json."
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType(
            "Compressed bodies are not taken; send the JSON as it is, without Content-Encoding."
        )
    body = bytearray()
    async for chunk in request.stream():  # not trusting Content-Length, which can lie
        body += chunk
        if len(body) > max_bytes:
            raise RequestTooLarge(
                f"The body has more than {max_bytes} bytes, the limit. Send less text at once."
            )
    return bytes(body)


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
        working.cancel()
        leaving.cancel()


async def _client_left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
