"""The glossaries that clients store: in SQLite, each under the name of its owner's API key."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from service.errors import GlossaryLimit, GlossaryNotFound
from service.storage import Storage
from translator.text.glossary import Glossary
from translator.text.glossary_files import parse_glossary, write_tsv

MAX_GLOSSARIES = 1_000
"""Of one owner."""
MAX_ENTRIES = 10_000
"""In one dictionary."""
MAX_BYTES = 50_000_000
"""In UTF-8, of the entries of one owner."""
FILE = "glossaries.sqlite3"
SERVED_PAIR = ("en", "de")

_KEPT_GLOSSARIES = 32
"""Parsed glossaries that are kept for the next request; parsing a thousand entries takes 10 ms."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS glossaries (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, created TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS glossaries_of_owner ON glossaries (owner, created);
CREATE TABLE IF NOT EXISTS dictionaries (
    glossary TEXT NOT NULL REFERENCES glossaries (id) ON DELETE CASCADE,
    source TEXT NOT NULL, target TEXT NOT NULL, entries TEXT NOT NULL, entry_count INTEGER NOT NULL,
    version TEXT NOT NULL, PRIMARY KEY (glossary, source, target)
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Entries for a pair of languages, whose codes are in lower case."""

    source: str
    target: str
    glossary: Glossary


@dataclass(frozen=True, slots=True)
class DictionaryInfo:
    """A stored dictionary without its entries."""

    source: str
    target: str
    entry_count: int


@dataclass(frozen=True, slots=True)
class StoredGlossary:
    """A stored glossary without its entries."""

    id: str
    name: str
    created: str
    """ISO 8601, in UTC."""
    dictionaries: tuple[DictionaryInfo, ...]


class GlossaryStore:
    """Keeps glossaries in a folder, or in memory until the process ends. Thread-safe; its methods wait for the disk.

    Methods raise GlossaryNotFound for a glossary or dictionary that the owner does not have, and StorageFailed if the
    disk fails.
    """

    def __init__(self, folder: Path | None) -> None:
        """Open or create the store; raises ConfigError if the folder cannot be used."""
        self._storage = Storage(folder, FILE, _SCHEMA)
        self._lock = threading.Lock()
        self._parsed: OrderedDict[str, Glossary] = OrderedDict()
        """By version, which changes with every change."""

    def close(self) -> None:
        """Close the file."""
        self._storage.close()

    def create(self, owner: str, name: str, dictionaries: Sequence[Dictionary]) -> StoredGlossary:
        """Store a glossary; raises GlossaryLimit."""

        def change(cursor: sqlite3.Cursor) -> StoredGlossary:
            [[count]] = cursor.execute("SELECT count(*) FROM glossaries WHERE owner = ?", (owner,))
            if count >= MAX_GLOSSARIES:
                raise GlossaryLimit(f"There are {count} glossaries, the limit. Delete some.")
            identity = str(uuid.uuid4())
            created = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            cursor.execute("INSERT INTO glossaries VALUES (?, ?, ?, ?)", (identity, owner, name, created))
            for dictionary in dictionaries:
                _write(cursor, identity, dictionary)
            _check_bytes(cursor, owner)
            return _info(cursor, owner, identity)

        return self._storage.change(change)

    def list(self, owner: str) -> tuple[StoredGlossary, ...]:
        """Return the owner's glossaries, oldest first."""

        def read(cursor: sqlite3.Cursor) -> tuple[StoredGlossary, ...]:
            query = "SELECT id FROM glossaries WHERE owner = ? ORDER BY created, id"
            return tuple(
                _info(cursor, owner, identity) for (identity,) in cursor.execute(query, (owner,)).fetchall()
            )

        return self._storage.read(read)

    def info(self, owner: str, identity: str) -> StoredGlossary:
        """Return one glossary."""
        return self._storage.read(lambda cursor: _info(cursor, owner, identity))

    def entries(self, owner: str, identity: str, source: str, target: str) -> Glossary:
        """Return the entries of a dictionary."""

        def read(cursor: sqlite3.Cursor) -> tuple[str, str]:
            _info(cursor, owner, identity)
            query = (
                "SELECT version, entries FROM dictionaries WHERE glossary = ? AND source = ? AND target = ?"
            )
            found: tuple[str, str] | None = cursor.execute(query, (identity, source, target)).fetchone()
            if found is None:
                raise GlossaryNotFound(
                    f"Dictionary not found: the glossary has none from {source} to {target}."
                )
            return found

        version, entries = self._storage.read(read)
        with self._lock:
            glossary = self._parsed.pop(version, None)
        glossary = glossary or parse_glossary(entries, "tsv")
        with self._lock:
            self._parsed[version] = glossary
            if len(self._parsed) > _KEPT_GLOSSARIES:
                self._parsed.popitem(last=False)
        return glossary

    def update(
        self, owner: str, identity: str, name: str | None, dictionaries: Sequence[Dictionary]
    ) -> StoredGlossary:
        """Rename a glossary, and merge entries into its dictionaries: new ones win. Raises GlossaryLimit."""

        def change(cursor: sqlite3.Cursor) -> StoredGlossary:
            _info(cursor, owner, identity)
            if name is not None:
                cursor.execute("UPDATE glossaries SET name = ? WHERE id = ?", (name, identity))
            for one in dictionaries:
                query = "SELECT entries FROM dictionaries WHERE glossary = ? AND source = ? AND target = ?"
                before = cursor.execute(query, (identity, one.source, one.target)).fetchone()
                merged = merge(parse_glossary(before[0], "tsv"), one.glossary) if before else one.glossary
                _write(cursor, identity, Dictionary(one.source, one.target, merged))
            _check_bytes(cursor, owner)
            return _info(cursor, owner, identity)

        return self._storage.change(change)

    def replace(self, owner: str, identity: str, dictionary: Dictionary) -> DictionaryInfo:
        """Store a dictionary in place of that for the same languages, if there is one. Raises GlossaryLimit."""

        def change(cursor: sqlite3.Cursor) -> DictionaryInfo:
            _info(cursor, owner, identity)
            _write(cursor, identity, dictionary)
            _check_bytes(cursor, owner)
            return DictionaryInfo(dictionary.source, dictionary.target, len(dictionary.glossary))

        return self._storage.change(change)

    def delete(self, owner: str, identity: str) -> None:
        """Delete a glossary."""

        def change(cursor: sqlite3.Cursor) -> None:
            _info(cursor, owner, identity)
            cursor.execute("DELETE FROM glossaries WHERE id = ?", (identity,))

        self._storage.change(change)

    def delete_dictionary(self, owner: str, identity: str, source: str, target: str) -> None:
        """Delete a dictionary of a glossary."""

        def change(cursor: sqlite3.Cursor) -> None:
            _info(cursor, owner, identity)
            query = "DELETE FROM dictionaries WHERE glossary = ? AND source = ? AND target = ?"
            if not cursor.execute(query, (identity, source, target)).rowcount:
                raise GlossaryNotFound(
                    f"Dictionary not found: the glossary has none from {source} to {target}."
                )

        self._storage.change(change)


def merge(before: Glossary, more: Glossary) -> Glossary:
    """Return the entries of both glossaries; those of `more` win."""
    terms = {term.english: term for glossary in (before, more) for term in glossary.terms}
    return Glossary(tuple(terms.values()))


def _info(cursor: sqlite3.Cursor, owner: str, identity: str) -> StoredGlossary:
    query = "SELECT id, name, created FROM glossaries WHERE id = ? AND owner = ?"
    found = cursor.execute(query, (identity, owner)).fetchone()
    if found is None:
        raise GlossaryNotFound("Glossary not found. List your glossaries to see which ones your key has.")
    query = "SELECT source, target, entry_count FROM dictionaries WHERE glossary = ? ORDER BY source, target"
    dictionaries = tuple(DictionaryInfo(*row) for row in cursor.execute(query, (identity,)))
    return StoredGlossary(found[0], found[1], found[2], dictionaries)


def _write(cursor: sqlite3.Cursor, identity: str, dictionary: Dictionary) -> None:
    count = len(dictionary.glossary)
    if count > MAX_ENTRIES:
        raise GlossaryLimit(
            f"The dictionary has {count} entries; the limit is {MAX_ENTRIES}. Split the glossary."
        )
    cursor.execute(
        "INSERT OR REPLACE INTO dictionaries VALUES (?, ?, ?, ?, ?, ?)",
        (
            identity, dictionary.source, dictionary.target, write_tsv(dictionary.glossary), count, uuid.uuid4().hex,
        ),
    )  # fmt: skip


def _check_bytes(cursor: sqlite3.Cursor, owner: str) -> None:
    query = (
        "SELECT total(length(CAST(entries AS BLOB))) FROM dictionaries JOIN glossaries ON id = glossary "
        "WHERE owner = ?"
    )
    [[size]] = cursor.execute(query, (owner,))
    if size > MAX_BYTES:
        raise GlossaryLimit(
            f"The glossaries would have {size:.0f} bytes; the limit is {MAX_BYTES}. Delete some."
        )
