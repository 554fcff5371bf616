"""What all routes for documents share: reading an upload, storing it, and returning its translation once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from service.access import Access, Client, key_of
from service.dependencies import charged, media_type_of, read_body, stored_glossary, wrong_media_type
from service.document_store import DocumentStore, StoredDocument
from service.document_worker import DocumentWorker
from service.errors import DocumentNotReady, InvalidRequest, RequestTooLarge
from service.routes.forms import MULTIPART, as_fields, parse_upload
from service.settings import Settings
from translator.documents import document_format, translated_name
from translator.errors import InputError

_FORM_BYTES = 200_000
"""For the fields of a form besides the document, such as a glossary."""
_MAX_FIELDS = 50
_MAX_NAME_CHARACTERS = 200


class Upload:
    """A document that a client has sent, and the other fields of the form."""

    def __init__(self, client: Client, fields: dict[str, object], file: tuple[str, bytes] | None) -> None:
        self.client, self.fields = client, fields
        self._file = file

    def file(self, name: str = "") -> tuple[str, bytes]:
        """Return the name and the content of the file, under another name if one is given; raises InvalidRequest."""
        if self._file is None:
            raise InvalidRequest("file: is missing. Send the document as the field file of a multipart form.")
        given, content = self._file
        name = PurePosixPath((name or given).replace("\\", "/")).name
        if not name or not name.isprintable() or len(name) > _MAX_NAME_CHARACTERS:
            raise InvalidRequest(
                f"The file needs a name of 1 to {_MAX_NAME_CHARACTERS} printable characters, such as letter.docx."
            )
        return name, content


async def read_upload(request: Request, settings: Settings, key_field: str | None = None) -> Upload:
    """Read a form with a document; the API key is in a header or in the field `key_field`.

    Raises Unauthorized, InvalidRequest, RequestTooLarge or UnsupportedMediaType.
    """
    access: Access = request.app.state.access
    key = key_of(request)
    if key is not None or key_field is None:
        access.identify(key)  # before the body is read
    if media_type_of(request) != MULTIPART:
        access.identify(key)  # whoever lacks a key learns that first
        raise wrong_media_type(request, MULTIPART)
    form = await read_body(request, settings.max_document_bytes + _FORM_BYTES)
    pairs, file = await parse_upload(form, request.headers, _MAX_FIELDS)
    fields = as_fields(pairs)
    given = fields.pop(key_field, None) if key_field else None
    client = access.identify(key or (given if isinstance(given, str) else None))
    request.state.client = client.name
    return Upload(client, fields, file)


async def store_document(
    request: Request, upload: Upload, settings: Settings, options: Mapping[str, Any], name: str = ""
) -> str:
    """Store a document to be translated, charge the client, and return its id.

    `options` are fields of a TranslateRequest, and `glossaries`. Raises InputError if the document cannot be read or
    its format is unknown, RequestTooLarge, GlossaryNotFound, RateLimited,
    QuotaExceeded, DocumentLimit and StorageFailed.
    """
    name, content = upload.file(name)
    if len(content) > settings.max_document_bytes:
        raise RequestTooLarge(
            f"The document has {len(content)} bytes; the limit is {settings.max_document_bytes}. Split it."
        )
    await stored_glossary(request, upload.client, options.get("glossaries", []))
    units = (await asyncio.to_thread(document_format(name).read, content)).units
    characters = sum(map(len, units))
    if characters > settings.max_document_characters:
        raise RequestTooLarge(
            f"The document has {characters} characters; the limit is {settings.max_document_characters}. Split it."
        )
    store, worker = _store_of(request), _worker_of(request)
    async with charged(upload.client, characters):
        identity = await asyncio.to_thread(
            store.create, upload.client.name, name, content, options, characters
        )
    worker.waken()
    return identity


async def stored_document(request: Request, client: Client | None, identity: str) -> StoredDocument:
    """Return a client's document; without a client, one whose id is known. Raises DocumentNotFound, StorageFailed."""
    return await asyncio.to_thread(_store_of(request).get, None if client is None else client.name, identity)


async def wait_for_document(request: Request, client: Client, identity: str) -> StoredDocument:
    """Return a client's document once it is translated.

    Raises InputError if that fails, DocumentNotFound and StorageFailed.
    """
    pause = 0.05
    while True:
        document = await stored_document(request, client, identity)
        if document.status == "error":
            raise InputError(document.message)
        if document.status == "done":
            return document
        await asyncio.sleep(pause)
        pause = min(2 * pause, 2.0)


async def translation_response(request: Request, client: Client | None, identity: str) -> Response:
    """Return the translation of a document, which is deleted once it has been sent; `client` as in `stored_document`.

    Raises DocumentNotFound, DocumentNotReady, InputError if the translation has failed, and StorageFailed.
    """
    store = _store_of(request)
    document = await stored_document(request, client, identity)
    if document.status == "error":
        raise InputError(document.message)
    if document.status != "done":
        raise DocumentNotReady("The document is not translated yet. Ask for its status, and try again later.")
    content = await asyncio.to_thread(store.result, identity)
    return Response(
        content,
        media_type=document_format(document.name).media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(translated_name(document.name))}",
            "Cache-Control": "no-store",
        },
        background=BackgroundTask(asyncio.to_thread, store.delete, identity),
    )


def _store_of(request: Request) -> DocumentStore:
    store: DocumentStore = request.app.state.documents
    return store


def _worker_of(request: Request) -> DocumentWorker:
    worker: DocumentWorker = request.app.state.document_worker
    return worker
