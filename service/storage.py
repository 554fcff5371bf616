"""What clients store, in SQLite. Several processes may use the same file.

A change is a transaction: after a crash it is there as a whole or not at all.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from service.errors import StorageFailed
from translator.errors import ConfigError

_BUSY_SECONDS = 10.0
"""How long a change waits for those of other processes."""
_T = TypeVar("_T")


class Storage:
    """A database, in a folder or in memory until the process ends. Thread-safe; its methods wait for the disk."""

    def __init__(self, folder: Path | None, name: str, schema: str) -> None:
        """Open or create the database; raises ConfigError if the folder cannot be used."""
        self._lock = threading.Lock()
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            self._connection = _connect(":memory:" if folder is None else str(folder / name), schema)
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(
                f"The folder {folder} for what clients store cannot be used: {error}. Correct TRANSLATOR_DATA or its "
                "permissions, or unset it to keep that in memory only."
            ) from None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def read(self, read: Callable[[sqlite3.Cursor], _T]) -> _T:
        """Return what `read` returns; raises StorageFailed, and whatever `read` raises."""
        return self._transaction("DEFERRED", read)

    def change(self, change: Callable[[sqlite3.Cursor], _T]) -> _T:
        """Do `change` as a whole, or not at all if it raises; raises StorageFailed, and whatever `change` raises."""
        return self._transaction("IMMEDIATE", change)

    def _transaction(self, kind: str, work: Callable[[sqlite3.Cursor], _T]) -> _T:
        with self._lock, _failures(), closing(self._connection.cursor()) as cursor:
            cursor.execute(f"BEGIN {kind}")
            try:
                result = work(cursor)
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")
            return result


def _connect(file: str, schema: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")  # what was answered survives a power failure
    connection.execute("PRAGMA foreign_keys = ON")
    connection.executescript(f"BEGIN IMMEDIATE;{schema}COMMIT;")
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log. SQLite does not wait for other processes that do the same, so this does."""
    end = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageFailed(
            f"Stored data cannot be reached: {error}. Try again; if it keeps failing, tell the operator."
        ) from error
