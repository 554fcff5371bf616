"""Translates the stored documents in the background, in small parts, so that other requests need not wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from service.batcher import Deadline
from service.document_store import LEASE_SECONDS, DocumentStore, StoredDocument
from service.errors import INTERNAL, StorageFailed, kind_of
from service.glossaries import SERVED_PAIR, GlossaryStore, merge
from service.model_manager import ModelManager
from service.schemas.translation import TranslateRequest
from translator.documents import read_document
from translator.documents.unit_xml import UNIT_MARKUP, parts_of, units_of, xml_of
from translator.errors import TranslatorError
from translator.text.glossary import Glossary

logger = logging.getLogger(__name__)

_DOCUMENTS = 2
"""How many documents are translated at the same time."""
_PART_CHARACTERS = 8_000
"""Texts of a document are translated together up to this size. The queue lets documents and requests take turns."""
_LOOK_SECONDS = 5.0
"""How often to look for documents of other processes that have died."""
_FIRST_PAUSE_SECONDS = 1.0
_MAX_PAUSE_SECONDS = 10.0  # less than a lease
"""Between attempts while the service is busy or without a model."""
_TEMPORARY = frozenset((503, 504))


class DocumentWorker:
    """Translates documents until it is closed."""

    def __init__(self, store: DocumentStore, manager: ModelManager, glossaries: GlossaryStore) -> None:
        self._store, self._manager, self._glossaries = store, manager, glossaries
        self._wakened = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def open(self) -> None:
        """Start; documents that an earlier process has not finished are translated, too."""
        self._tasks = [asyncio.create_task(self._work()) for _ in range(_DOCUMENTS)]

    async def close(self) -> None:
        """Stop. What is unfinished stays stored."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def waken(self) -> None:
        """Look for new documents now."""
        self._wakened.set()

    async def _work(self) -> None:
        while True:
            self._wakened.clear()
            try:
                document = await asyncio.to_thread(self._store.claim)
                if document is not None:
                    await self._process(document)
                    continue
                await asyncio.to_thread(self._store.delete_old)
            except StorageFailed:
                logger.exception("stored documents cannot be reached")
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._wakened.wait()

    async def _process(self, document: StoredDocument) -> None:
        """Translate a document, and store the translation or the reason why there is none."""
        try:
            content = await self._translate(document)
        except StorageFailed:
            raise
        except Exception as error:
            if isinstance(error, TranslatorError) and kind_of(error) is not INTERNAL:
                message = str(error)
            else:
                logger.exception("a document could not be translated")
                message = "The document could not be translated; the reason is in the service's log."
            await asyncio.to_thread(self._store.fail, document.id, message)
        else:
            if content is not None:
                await asyncio.to_thread(self._store.finish, document.id, content)

    async def _translate(self, document: StoredDocument) -> bytes | None:
        """Return the translation; None if the document is deleted meanwhile."""
        content = await asyncio.to_thread(self._store.source, document.id)
        source = await asyncio.to_thread(read_document, document.name, content)
        options = dict(document.options)
        glossary = await asyncio.to_thread(self._glossary, document.owner, options.pop("glossaries", []))
        translations, done = list[str](), 0
        for part in parts_of(source.units, _PART_CHARACTERS):
            translated = await self._translate_part(document, options, glossary, part, done)
            if translated is None:
                return None
            translations += translated
            done += sum(map(len, part))
        return await asyncio.to_thread(source.write, translations)

    def _glossary(self, owner: str, identities: Sequence[str]) -> Glossary | None:
        merged: Glossary | None = None
        for identity in reversed(identities):
            found = self._glossaries.entries(owner, identity, *SERVED_PAIR)
            merged = found if merged is None else merge(merged, found)
        return merged

    async def _translate_part(
        self,
        document: StoredDocument,
        options: dict[str, Any],
        glossary: Glossary | None,
        part: Sequence[str],
        done: int,
    ) -> list[str] | None:
        """Translate some units, and try again while the service is busy; None if the document is deleted."""
        request = TranslateRequest(text=xml_of(part), **options).with_markup(UNIT_MARKUP)
        request.use(glossary)
        pause = _FIRST_PAUSE_SECONDS
        while await asyncio.to_thread(self._store.renew, document.id, done):
            keeping = asyncio.create_task(self._keep(document, done))
            try:
                with self._manager.current_model().in_use() as model:
                    deadline = Deadline.after(self._manager.settings.deadline_seconds)
                    [translation] = await model.translate(request, deadline)
                    return units_of(translation.text)
            except Exception as error:
                if kind_of(error).status not in _TEMPORARY:
                    raise
            finally:
                keeping.cancel()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _MAX_PAUSE_SECONDS)
        return None

    async def _keep(self, document: StoredDocument, done: int) -> None:
        """Renew the lease while a part takes long."""
        while True:
            await asyncio.sleep(LEASE_SECONDS / 4)
            with suppress(StorageFailed):
                await asyncio.to_thread(self._store.renew, document.id, done)
