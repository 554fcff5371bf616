"""Reading requests, charging clients, and cancelling work when a client disconnects."""

from __future__ import annotations

import asyncio
import math
import reprlib
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import Depends
from starlette.requests import Request

from service.access import Access, Client, key_of
from service.attributes import translate_with_attributes
from service.batcher import Deadline
from service.errors import ClientLeft, InvalidRequest, RequestTooLarge, UnsupportedMediaType, kind_of
from service.glossaries import SERVED_PAIR, GlossaryStore, merge
from service.loaded_model import LoadedModel
from service.model_manager import ModelManager
from service.routes.forms import MULTIPART
from service.schemas.translation import TranslateRequest
from service.schemas.translation_answer import TranslatedText
from service.settings import Settings
from translator.text.glossary import Glossary

_T = TypeVar("_T")


async def identify(request: Request) -> Client:
    """Return the client whose key is in the headers; raises Unauthorized. For `Depends`."""
    access: Access = request.app.state.access
    client = access.identify(key_of(request))
    request.state.client = client.name
    return client


Identified = Annotated[Client, Depends(identify)]
"""Type of the parameter of a route that needs a key, if keys are configured."""


def store_of(request: Request) -> GlossaryStore:
    """Return the store of the clients' glossaries."""
    store: GlossaryStore = request.app.state.glossaries
    return store


async def stored_glossary(request: Request, client: Client, identities: Sequence[str]) -> Glossary | None:
    """Return the client's stored glossaries from English to German as one, or None if none is asked for.

    Of several, an earlier one takes precedence. Raises GlossaryNotFound.
    """
    merged: Glossary | None = None
    for identity in reversed(identities):
        found = await asyncio.to_thread(store_of(request).entries, client.name, identity, *SERVED_PAIR)
        merged = found if merged is None else merge(merged, found)
    return merged


def check_size(texts: Sequence[str], settings: Settings, prefixes: Sequence[str] = ()) -> int:
    """Count the characters of the texts and prefixes; raises RequestTooLarge if a limit is exceeded."""
    characters = sum(map(len, (*texts, *prefixes)))
    for what, value, limit in (
        ("texts", len(texts), settings.max_texts),
        ("characters", characters, settings.max_characters),
    ):
        if value > limit:
            raise RequestTooLarge(
                f"The request has {value} {what}; the limit is {limit}. Split it into several requests."
            )
    return characters


def check_alternatives(alternatives: int, settings: Settings) -> None:
    """Raise InvalidRequest if a request asks for more alternatives than the operator allows."""
    if alternatives > settings.max_alternatives:
        raise InvalidRequest(f"alternatives is {alternatives}; the limit is {settings.max_alternatives}.")


def media_type_of(request: Request) -> str:
    """Return the declared media type of a request's body in lower case, without parameters; "" if there is none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_json_body(request: Request, max_bytes: int) -> bytes:
    """Read the body of a request declared as JSON; raises UnsupportedMediaType, RequestTooLarge."""
    if media_type_of(request) != "application/json":
        raise wrong_media_type(request, "application/json")
    return await read_body(request, max_bytes)


def wrong_media_type(request: Request, supported: str) -> UnsupportedMediaType:
    """The error for a body of another media type than those `supported`, the usual one first."""
    usual = supported.partition(",")[0]
    remedy = f"Add the header Content-Type: {usual}."
    if usual == MULTIPART:  # the header alone is not enough: it names the boundary between the fields
        remedy = "Send the file as a field of a form, as `curl -F file=@letter.docx` does."
    return UnsupportedMediaType(
        f"The Content-Type is {media_type_of(request)[:50] or 'missing'}; it must be {supported}. {remedy}"
    )


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Read the body of a request, checking its size as it arrives; raises UnsupportedMediaType, RequestTooLarge."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType(
            "Compressed bodies are not supported; send the body uncompressed, without Content-Encoding."
        )
    body = bytearray()
    async for chunk in request.stream():  # Content-Length cannot be trusted
        body += chunk
        if len(body) > max_bytes:
            raise RequestTooLarge(
                f"The body has more than {max_bytes} bytes, the limit. Send less text at once."
            )
    return bytes(body)


@asynccontextmanager
async def charged(client: Client, characters: int) -> AsyncIterator[None]:
    """Charge a client for work, and refund it if the work fails; raises RateLimited, QuotaExceeded.

    A request that is told to try again later does not count against the rate either.
    """
    charge = await client.charge(characters)
    try:
        yield
    except BaseException as error:
        is_turned_away = (
            isinstance(error, Exception) and kind_of(error).status == HTTPStatus.SERVICE_UNAVAILABLE
        )
        await charge.refund(with_request=is_turned_away)
        raise


def deadline_of(request: Request, longest: float) -> Deadline:
    """Return when the request must be answered: after its header `X-Deadline-Seconds`, at most after `longest`.

    Raises InvalidRequest if the header is not a positive number.
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


async def translate_for(
    client: Client, request: Request, manager: ModelManager, body: TranslateRequest
) -> tuple[LoadedModel, list[TranslatedText]]:
    """Translate and charge the client; return the model and its translations.

    A failure costs no characters, because clients retry automatically. Raises RateLimited, QuotaExceeded, and whatever
    `ModelManager.current_model` and `LoadedModel.translate` raise.
    """
    deadline = deadline_of(request, manager.settings.deadline_seconds)
    with manager.current_model().in_use() as model:
        async with charged(client, body.characters):
            return model, await cancel_on_disconnect(
                request, translate_with_attributes(model, body, deadline)
            )


async def cancel_on_disconnect(request: Request, work: Coroutine[Any, Any, _T]) -> _T:
    """Await `work`, and cancel it if the client closes the connection: nothing else would."""
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
        # So that no work goes on after this function returns.
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _client_left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
