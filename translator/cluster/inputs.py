"""The files of a corpus: their names and checksums, and their rows, cut into shards."""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

import fsspec

from translator.cluster.formats import Columns, Format, MissingColumn, Rows
from translator.data.corpus.lines import DAMAGES
from translator.errors import ConfigError, DataError

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class InputFile:
    """A file of the corpus, as it was when the job started."""

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class Shard:
    """Rows of a file whose results become one file."""

    number: int
    """From 0, in the order of the files and their rows."""
    file: str
    first_row: int
    """From 1, within its file."""
    rows: int


def find_files(places: Sequence[str]) -> list[str]:
    """Return the names of all files: of folders, of patterns with *, and of addresses such as s3://….

    The files of a folder and those that match a pattern are sorted. Raises DataError if a place has no files, and
    ConfigError if a file is named twice or if its storage cannot be used.
    """
    names = [name for place in places for name in _files_at(place)]
    (most_frequent, times), *_ = Counter(names).most_common(1)
    if times > 1:
        raise ConfigError(f"{most_frequent} is named twice; name each file once")
    return names


def _files_at(place: str) -> list[str]:
    system, path = file_system(place)
    with _readable(place):
        if system.isdir(path):
            found = system.find(path)
        elif any(sign in path for sign in "*?[") and not system.exists(path):
            found = [name for name in system.glob(path) if system.isfile(name)]
        else:
            found = [path] if system.exists(path) else []
    shown = [name for name in sorted(found) if not name.rpartition("/")[2].startswith((".", "_"))]
    if not shown:
        raise DataError(
            f"there are no files at {place}; give files, folders, or patterns such as 'news/*.txt'"
        )
    return shown if "file" in protocols(system) else [str(system.unstrip_protocol(name)) for name in shown]


def file_system(place: str) -> tuple[Any, str]:
    """Return the file system of a place, and its path there; raises ConfigError if it cannot be used."""
    try:
        system, path = fsspec.core.url_to_fs(place)
    except (ImportError, ValueError) as error:
        raise ConfigError(f"cannot use {place}: {error}") from error
    return system, str(path)


def protocols(system: Any) -> tuple[str, ...]:
    """Return the names of a file system's protocols; "file" is among those of the local one."""
    return (system.protocol,) if isinstance(system.protocol, str) else tuple(system.protocol)


def scan(
    names: Sequence[str], format: Format, columns: Columns, progress: Callable[[str], None]
) -> list[InputFile]:
    """Read all files once, for their checksums and numbers of rows.

    `progress` is called with the name of each file before it is read. Raises DataError if a file cannot be read or if
    its first row lacks a column.
    """
    files = []
    for name in names:
        progress(name)
        with _opened(name) as file:
            sha256 = _sha256(file)
            file.seek(0)
            files.append(InputFile(name, sha256, format.count(file, name)))
            file.seek(0)
            for first in islice(format.batches(file, name, 1), 1):
                if isinstance(error := format.texts(first, columns)[0], MissingColumn):
                    raise DataError(f"the first row of {name} {error}; name another column")
    return files


def plan(files: Sequence[InputFile], size: int) -> Iterator[Shard]:
    """Yield the shards of all files, each of `size` rows, fewer at the end of a file."""
    number = 0
    for file in files:
        for first in range(0, file.rows, size):
            yield Shard(number, file.name, first + 1, min(size, file.rows - first))
            number += 1


def read_shards(
    files: Sequence[InputFile], format: Format, size: int, done: Collection[int]
) -> Iterator[tuple[Shard, Rows]]:
    """Yield the shards that are not done, with their rows; raises DataError if a file cannot be read or has changed."""
    shards = plan(files, size)
    for file in files:
        rows_left = file.rows
        with _opened(file.name) as content:
            for rows in format.batches(content, file.name, size):
                rows_left -= len(rows)
                if rows_left < 0:
                    break
                shard = next(shards)
                if shard.number not in done:
                    yield shard, rows
        if rows_left:
            raise DataError(f"{file.name} has changed since the job started; restore it")


def _sha256(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    """Open a file; what DAMAGES name becomes a DataError."""
    system, path = file_system(name)
    with _readable(name), system.open(path, "rb") as file:
        yield file


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except DAMAGES as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"cannot read {name}: {reason}; check the name, or copy the file again") from error
