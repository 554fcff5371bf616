"""The documents that clients upload: in SQLite and files until their translations are fetched, for at most a day."""

from __future__ import annotations

import json
import secrets
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from service.errors import DocumentLimit, DocumentNotFound, StorageFailed
from service.storage import Storage
from translator.files.durable import write_flushed

MAX_DOCUMENTS = 100
"""Of one owner."""
KEPT_SECONDS = 86_400
LEASE_SECONDS = 20.0
"""How long a document belongs to a process that no longer renews its lease, as after a crash."""
FILE = "documents.sqlite3"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, options TEXT NOT NULL, status TEXT NOT NULL,
    message TEXT NOT NULL, characters INTEGER NOT NULL, done INTEGER NOT NULL, created REAL NOT NULL,
    started REAL NOT NULL, worker TEXT NOT NULL, leased_until REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS documents_by_age ON documents (created);
"""
_COLUMNS = "id, owner, name, options, status, message, characters, done, started"

DocumentStatus = Literal["queued", "translating", "done", "error"]


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """An uploaded document."""

    id: str
    owner: str
    name: str
    """That of the file."""
    options: Mapping[str, Any]
    """How to translate it: fields of a TranslateRequest, and `glossaries`, the ids of stored ones."""
    status: DocumentStatus
    message: str
    """What is wrong, if the status is error."""
    characters: int
    """In its texts."""
    done: int
    """Characters translated so far."""
    started: float
    """When the translation began, in seconds since 1970."""

    @property
    def seconds_left(self) -> int:
        """About how long the translation still takes, from its speed so far."""
        if self.done <= 0:
            return 1 + self.characters // 1000
        left = (time.time() - self.started) * (self.characters - self.done) / self.done
        return max(1, round(left))


class DocumentStore:
    """Keeps documents in a folder, or in a temporary one until the process ends. Thread-safe; its methods wait for the
    disk.

    Methods raise DocumentNotFound for a document that the owner does not have, and StorageFailed if the disk fails.
    """

    def __init__(self, folder: Path | None) -> None:
        """Open or create the store; raises ConfigError if the folder cannot be used."""
        self._given = folder
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._storage = Storage(folder, FILE, _SCHEMA)
        self._worker = uuid.uuid4().hex
        self.delete_old()

    @cached_property
    def _folder(self) -> Path:
        """Where the files are."""
        if self._given is not None:
            return self._given
        with _failures():
            self._temporary = tempfile.TemporaryDirectory(prefix="translator-")
        return Path(self._temporary.name)

    def close(self) -> None:
        """Close the files; documents in translation are free for other processes at once."""
        with suppress(StorageFailed):
            self._storage.change(
                lambda cursor: cursor.execute(
                    "UPDATE documents SET leased_until = 0 WHERE worker = ?", (self._worker,)
                )
            )
        self._storage.close()
        if self._temporary:
            self._temporary.cleanup()

    def create(
        self, owner: str, name: str, content: bytes, options: Mapping[str, Any], characters: int
    ) -> str:
        """Store a document to be translated; returns its id, which cannot be guessed. Raises DocumentLimit."""
        identity = secrets.token_hex(32)
        values = (identity, owner, name, json.dumps(dict(options)), "queued", "", characters, 0, time.time())

        def change(cursor: sqlite3.Cursor) -> None:
            [[count]] = cursor.execute("SELECT count(*) FROM documents WHERE owner = ?", (owner,))
            if count >= MAX_DOCUMENTS:
                raise DocumentLimit(
                    f"There are already {count} documents of this key, the limit. Fetch their translations first."
                )
            cursor.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', 0)", values)

        self._write(identity, "source", content)  # first, so that it is there when the translation begins
        try:
            self._storage.change(change)
        except BaseException:
            self._remove_files(identity)
            raise
        return identity

    def get(self, owner: str | None, identity: str) -> StoredDocument:
        """Return a document of an owner; None stands for everybody who knows the id."""

        def read(cursor: sqlite3.Cursor) -> StoredDocument:
            query = f"SELECT {_COLUMNS} FROM documents WHERE id = ?"
            found = cursor.execute(query, (identity,)).fetchone()
            if found is None or owner not in (None, found[1]):
                raise DocumentNotFound(
                    "Document not found. It is deleted after its translation has been fetched, or after a day."
                )
            return _document(found)

        return self._storage.read(read)

    def claim(self) -> StoredDocument | None:
        """Take the next document that no process is translating; None if there is none."""

        def change(cursor: sqlite3.Cursor) -> StoredDocument | None:
            now = time.time()
            query = (
                f"SELECT {_COLUMNS} FROM documents WHERE status IN ('queued', 'translating') AND leased_until < ? "
                "ORDER BY created LIMIT 1"
            )
            found = cursor.execute(query, (now,)).fetchone()
            if found is None:
                return None
            update = (
                "UPDATE documents SET status = 'translating', started = ?, done = 0, worker = ?, leased_until = ? "
                "WHERE id = ?"
            )
            cursor.execute(update, (now, self._worker, now + LEASE_SECONDS, found[0]))
            return _document(found)

        return self._storage.change(change)

    def renew(self, identity: str, done: int) -> bool:
        """Keep a document for this process, and note its progress; returns whether it is still there."""

        def change(cursor: sqlite3.Cursor) -> bool:
            update = "UPDATE documents SET done = ?, leased_until = ? WHERE id = ? AND worker = ?"
            values = done, time.time() + LEASE_SECONDS, identity, self._worker
            return bool(cursor.execute(update, values).rowcount)

        return self._storage.change(change)

    def source(self, identity: str) -> bytes:
        """Return the content of a document."""
        return self._read(identity, "source")

    def finish(self, identity: str, content: bytes) -> None:
        """Store the translation of a document."""
        self._write(identity, "result", content)
        self._end(identity, "done", "")

    def fail(self, identity: str, message: str) -> None:
        """Note why a document cannot be translated."""
        self._end(identity, "error", message)

    def result(self, identity: str) -> bytes:
        """Return the translation of a document that is done."""
        return self._read(identity, "result")

    def delete(self, identity: str) -> None:
        """Delete a document and its translation."""
        self._storage.change(lambda cursor: cursor.execute("DELETE FROM documents WHERE id = ?", (identity,)))
        self._remove_files(identity)

    def delete_old(self) -> None:
        """Delete what is older than a day, and files that a crash has left behind."""
        oldest = time.time() - KEPT_SECONDS
        self._storage.change(
            lambda cursor: cursor.execute("DELETE FROM documents WHERE created < ?", (oldest,))
        )
        kept = self._storage.read(
            lambda cursor: {identity for (identity,) in cursor.execute("SELECT id FROM documents")}
        )
        if self._given is None and self._temporary is None:
            return  # nothing has been stored
        with _failures():
            for path in self._folder.glob("*.document-*"):
                is_new = path.stat().st_mtime > oldest  # its document may be about to be stored
                if path.name.partition(".")[0] not in kept and not is_new:
                    path.unlink(missing_ok=True)

    def _end(self, identity: str, status: DocumentStatus, message: str) -> None:
        update = "UPDATE documents SET status = ?, message = ?, done = characters WHERE id = ?"
        if not self._storage.change(
            lambda cursor: cursor.execute(update, (status, message, identity)).rowcount
        ):
            self._remove_files(identity)  # it was deleted meanwhile

    def _path(self, identity: str, part: str) -> Path:
        return self._folder / f"{identity}.document-{part}"

    def _write(self, identity: str, part: str, content: bytes) -> None:
        with _failures():
            write_flushed(self._path(identity, part), content)

    def _read(self, identity: str, part: str) -> bytes:
        with _failures():
            return self._path(identity, part).read_bytes()

    def _remove_files(self, identity: str) -> None:
        with _failures():
            for part in ("source", "result"):
                self._path(identity, part).unlink(missing_ok=True)


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFailed(
            f"Stored documents cannot be reached: {error.strerror}. Try again; if it keeps failing, tell the operator."
        ) from error


def _document(row: tuple[Any, ...]) -> StoredDocument:
    identity, owner, name, options, *rest = row
    return StoredDocument(identity, owner, name, json.loads(options), *rest)
