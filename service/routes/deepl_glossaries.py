"""DeepL's routes for stored glossaries, in both of their versions: with one dictionary (v2) or several (v3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from service.access import Client
from service.dependencies import charged, store_of
from service.errors import GlossaryNotFound, UnsupportedMediaType
from service.glossaries import GlossaryStore, StoredGlossary
from service.model_manager import Manager
from service.routes.compat import RATE_ERRORS, READING_ERRORS, errors, read_request
from service.routes.deepl_base import KEY_FIELD, DeepLError, DeepLRoute
from service.schemas.glossaries import (
    DictionaryAnswer,
    DictionaryBody,
    DictionaryEntries,
    EntriesAnswer,
    GlossariesAnswer,
    GlossaryAnswer,
    GlossaryBody,
    LanguagePairAnswer,
    LanguagePairBody,
    LanguagePairsAnswer,
    MultilingualAnswer,
    MultilingualBody,
    MultilingualsAnswer,
    PatchBody,
)
from translator.text.glossary_files import write_tsv

_T = TypeVar("_T")
_TSV = "text/tab-separated-values"
_ACCEPTED = {_TSV, "text/*", "*/*", ""}
_ERRORS = READING_ERRORS | RATE_ERRORS | {503: "The storage failed; `Retry-After` says when to try again."}
_NOT_FOUND = errors(
    DeepLError, {404: "The glossary or dictionary does not exist, or belongs to another API key."}
)
_LIMITS = errors(DeepLError, {456: "There are too many glossaries or entries."})
_ID = {
    "name": "glossary_id",
    "in": "path",
    "required": True,
    "description": "The id of a stored glossary.",
    "schema": {"type": "string"},
}
_WITH_ID = {"parameters": [_ID]}
_LANGUAGES = {
    "parameters": [
        _ID,
        *(
            {
                "name": name,
                "in": "query",
                "required": True,
                "description": "Case does not matter.",
                "schema": {"type": "string", "example": code},
            }
            for name, code in (("source_lang", "en"), ("target_lang", "de"))
        ),
    ]
}

router = APIRouter(tags=["DeepL's API"], route_class=DeepLRoute, responses=errors(DeepLError, _ERRORS))


@router.get(
    "/v2/glossary-language-pairs",
    name="deepl_glossary_language_pairs",
    summary="List the languages of glossaries",
)
async def language_pairs(request: Request, manager: Manager) -> LanguagePairsAnswer:
    """List the pairs of languages for which glossaries have an effect."""
    client, _ = await read_request(request, manager.settings, KEY_FIELD)
    async with charged(client, 0):
        return LanguagePairsAnswer(
            supported_languages=[LanguagePairAnswer(source_lang="en", target_lang="de")]
        )


@router.post(
    "/v2/glossaries",
    name="deepl_create_glossary",
    summary="Store a glossary",
    status_code=201,
    responses=_LIMITS,
    openapi_extra=GlossaryBody.openapi_body(),
)
async def create(request: Request, manager: Manager) -> GlossaryAnswer:
    """Store a glossary, for this key only; send its id as `glossary_id` with texts to translate."""
    client, parameters = await read_request(request, manager.settings, KEY_FIELD)
    body = GlossaryBody.of(parameters)

    def store(glossaries: GlossaryStore) -> StoredGlossary:
        return glossaries.create(client.name, body.name, [body.dictionary()])

    return GlossaryAnswer.of(await _with_store(request, client, store))


@router.get("/v2/glossaries", name="deepl_list_glossaries", summary="List the stored glossaries")
async def list_all(request: Request, manager: Manager) -> GlossariesAnswer:
    """List the glossaries of this key that have one dictionary."""
    client, _ = await read_request(request, manager.settings, KEY_FIELD)
    found = await _with_store(request, client, lambda glossaries: glossaries.list(client.name))
    return GlossariesAnswer(
        glossaries=[GlossaryAnswer.of(one) for one in found if len(one.dictionaries) == 1]
    )


@router.get(
    "/v2/glossaries/{glossary_id}",
    name="deepl_get_glossary",
    summary="Describe a stored glossary",
    responses=_NOT_FOUND,
    openapi_extra=_WITH_ID,
)
async def get(request: Request, manager: Manager) -> GlossaryAnswer:
    """Return what is known of a glossary, without its entries."""
    client, _ = await read_request(request, manager.settings, KEY_FIELD)
    return GlossaryAnswer.of(await _single(request, client, _id(request)))


@router.get(
    "/v2/glossaries/{glossary_id}/entries",
    name="deepl_get_glossary_entries",
    summary="Return the entries of a stored glossary",
    response_class=Response,
    responses={
        200: {
            "description": "The entries, as TSV.",
            "content": {_TSV: {"schema": {"type": "string"}, "example": "house\tHaus|Häuser"}},
        },
        **_NOT_FOUND,
    },
    openapi_extra=_WITH_ID,
)
async def get_entries(request: Request, manager: Manager) -> Response:
    """Return a line for each entry: the term, a tab, and its translation."""
    client, _ = await read_request(request, manager.settings, KEY_FIELD)
    accepted = {
        part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")
    }
    if not accepted & _ACCEPTED:
        raise UnsupportedMediaType(f"The Accept header must allow {_TSV}, the only format of entries.")
    [dictionary] = (await _single(request, client, _id(request))).dictionaries

    def read(glossaries: GlossaryStore) -> str:
        return write_tsv(glossaries.entries(client.name, _id(request), dictionary.source, dictionary.target))

    return Response(await _with_store(request, client, read), media_type=_TSV)


@router.post(
    "/v3/glossaries",
    name="deepl_create_multilingual_glossary",
    summary="Store a glossary with several dictionaries",
    status_code=201,
    responses=_LIMITS,
    openapi_extra=MultilingualBody.openapi_body(),
)
async def create_multilingual(request: Request, manager: Manager) -> MultilingualAnswer:
    """Store a glossary with a dictionary from EN to DE, for this key only; other languages are refused."""
    client, parameters = await read_request(request, manager.settings, KEY_FIELD)
    body = MultilingualBody.of(parameters)

    def store(glossaries: GlossaryStore) -> StoredGlossary:
        return glossaries.create(client.name, body.name, body.parsed())

    return MultilingualAnswer.of(await _with_store(request, client, store))


@router.get("/v3/glossaries", name="deepl_list_multilingual_glossaries", summary="List all stored glossaries")
async def list_multilingual(request: Request, manager: Manager) -> MultilingualsAnswer:
    """List the glossaries of this key."""
    client, _ = await read_request(request, manager.settings, KEY_FIELD)
    found = await _with_store(request, client, lambda glossaries: glossaries.list(client.name))
    return MultilingualsAnswer(glossaries=list(map(MultilingualAnswer.of, found)))


@router.get(
    "/v3/glossaries/{glossary_id}",
    name="deepl_get_multilingual_glossary",
    summary="Describe a stored glossary and its dictionaries",
    responses=_NOT_FOUND,
    openapi_extra=_WITH_ID,
)
async def get_multilingual(request: Request, manager: Manager) -> MultilingualAnswer:
    """Return what is known of a glossary, without its entries."""
    client, _ = await read_request(request, manager.settings, KEY_FIELD)
    found = await _with_store(request, client, lambda glossaries: glossaries.info(client.name, _id(request)))
    return MultilingualAnswer.of(found)


@router.patch(
    "/v3/glossaries/{glossary_id}",
    name="deepl_edit_multilingual_glossary",
    summary="Rename a stored glossary, or add entries",
    responses=_NOT_FOUND | _LIMITS,
    openapi_extra=PatchBody.openapi_body() | _WITH_ID,
)
async def edit_multilingual(request: Request, manager: Manager) -> MultilingualAnswer:
    """Give a glossary a new name, and add entries to its dictionaries; new ones replace old ones with the same term."""
    client, parameters = await read_request(request, manager.settings, KEY_FIELD)
    body = PatchBody.of(parameters)

    def store(glossaries: GlossaryStore) -> StoredGlossary:
        dictionaries = [one.dictionary() for one in body.dictionaries]
        return glossaries.update(client.name, _id(request), body.name, dictionaries)

    return MultilingualAnswer.of(await _with_store(request, client, store))


@router.delete(
    "/v2/glossaries/{glossary_id}",
    name="deepl_delete_glossary",
    summary="Delete a stored glossary",
    status_code=204,
    responses=_NOT_FOUND,
    openapi_extra=_WITH_ID,
)
@router.delete(
    "/v3/glossaries/{glossary_id}",
    name="deepl_delete_multilingual_glossary",
    summary="Delete a stored glossary",
    status_code=204,
    responses=_NOT_FOUND,
    openapi_extra=_WITH_ID,
)
async def delete(request: Request, manager: Manager) -> None:
    """Delete a glossary with all of its dictionaries."""
    client, _ = await read_request(request, manager.settings, KEY_FIELD)
    await _with_store(request, client, lambda glossaries: glossaries.delete(client.name, _id(request)))


@router.get(
    "/v3/glossaries/{glossary_id}/entries",
    name="deepl_get_multilingual_glossary_entries",
    summary="Return the entries of a dictionary",
    responses=_NOT_FOUND,
    openapi_extra=_LANGUAGES,
)
async def get_multilingual_entries(request: Request, manager: Manager) -> EntriesAnswer:
    """Return the entries of the dictionary from `source_lang` to `target_lang`, as TSV."""
    client, parameters = await read_request(request, manager.settings, KEY_FIELD)
    pair = LanguagePairBody.of(parameters)

    def read(glossaries: GlossaryStore) -> str:
        return write_tsv(glossaries.entries(client.name, _id(request), pair.source_lang, pair.target_lang))

    entries = await _with_store(request, client, read)
    found = DictionaryEntries(
        source_lang=pair.source_lang, target_lang=pair.target_lang, entries=entries, entries_format="tsv"
    )
    return EntriesAnswer(dictionaries=[found])


@router.put(
    "/v3/glossaries/{glossary_id}/dictionaries",
    name="deepl_replace_dictionary",
    summary="Replace a dictionary",
    responses=_NOT_FOUND | _LIMITS,
    openapi_extra=DictionaryBody.openapi_body() | _WITH_ID,
)
async def replace_dictionary(request: Request, manager: Manager) -> DictionaryAnswer:
    """Store a dictionary in place of the one for the same languages, or beside those for others."""
    client, parameters = await read_request(request, manager.settings, KEY_FIELD)
    body = DictionaryBody.of(parameters)
    stored = await _with_store(
        request, client, lambda glossaries: glossaries.replace(client.name, _id(request), body.dictionary())
    )
    return DictionaryAnswer.of(stored)


@router.delete(
    "/v3/glossaries/{glossary_id}/dictionaries",
    name="deepl_delete_dictionary",
    summary="Delete a dictionary",
    status_code=204,
    responses=_NOT_FOUND,
    openapi_extra=_LANGUAGES,
)
async def delete_dictionary(request: Request, manager: Manager) -> None:
    """Delete the dictionary from `source_lang` to `target_lang`."""
    client, parameters = await read_request(request, manager.settings, KEY_FIELD)
    pair = LanguagePairBody.of(parameters)

    def remove(glossaries: GlossaryStore) -> None:
        glossaries.delete_dictionary(client.name, _id(request), pair.source_lang, pair.target_lang)

    await _with_store(request, client, remove)


def _id(request: Request) -> str:
    """Return the id in the path; any string, of which most are unknown."""
    identity: str = request.path_params["glossary_id"]
    return identity


async def _single(request: Request, client: Client, identity: str) -> StoredGlossary:
    """Return a glossary; raises GlossaryNotFound unless it has one dictionary, as all glossaries of version 2 have."""
    found = await _with_store(request, client, lambda glossaries: glossaries.info(client.name, identity))
    if len(found.dictionaries) != 1:
        raise GlossaryNotFound(
            f"The glossary has {len(found.dictionaries)} dictionaries, so that only /v3/glossaries can show it."
        )
    return found


async def _with_store(request: Request, client: Client, work: Callable[[GlossaryStore], _T]) -> _T:
    """Run work that waits for the disk on another thread; counts as a request of the client."""
    async with charged(client, 0):
        return await asyncio.to_thread(work, store_of(request))
