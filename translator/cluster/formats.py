"""The formats of corpora: how rows are read, which texts they have, and how results are added to them."""

import io
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import PurePath
from typing import IO, Any

from translator.data.corpus import COMPRESSIONS
from translator.data.corpus.lines import decompressed
from translator.errors import ConfigError, DataError
from translator.text.encoding import announced_encoding
from translator.text.normalisation import SURROGATE

Rows = Any
"""Rows of a file as they were read: a list of lines, as bytes with their ends, or a `pyarrow.Table`."""
Columns = tuple[str, ...]
"""The columns to read, first the source and then the target if it is needed; "" stands for the default."""
Texts = tuple[str, ...]
"""The texts of a row, one for each column that was asked for."""
Added = dict[str, Any]
"""What is added to a row, by the names in ADDED."""
ADDED = frozenset(("translation", "sentences", "score", "log_probability"))


class MissingColumn(DataError):
    """A row lacks a column that is needed, or has one with the name of a result."""


class Format(ABC):
    """A format of files."""

    ending: str
    """Of the names of output files."""
    has_columns = True
    """Whether rows have columns, which are kept and to which results are added."""

    @abstractmethod
    def count(self, file: IO[bytes], name: str) -> int:
        """Count the rows of a file; raises DataError, or one of DAMAGES, if it cannot be read."""

    @abstractmethod
    def batches(self, file: IO[bytes], name: str, size: int) -> Iterator[Rows]:
        """Yield the rows of a file, `size` at a time; raises as `count` does."""

    @abstractmethod
    def texts(self, rows: Rows, columns: Columns) -> list[Texts | DataError]:
        """Return the texts of each row in the given columns, or why it has none."""

    @abstractmethod
    def write(self, rows: Rows, added: Sequence[Added | None]) -> bytes:
        """Return the output for some rows, empty if there is none; None is a row that failed."""

    @abstractmethod
    def join(self, contents: Sequence[bytes]) -> bytes:
        """Return one output for the rows of several."""

    @abstractmethod
    def shown(self, rows: Rows, place: int) -> str:
        """Return the text of a row, for people."""


class _Lines(Format):
    """A file of lines, compressed or not."""

    def count(self, file: IO[bytes], name: str) -> int:
        lines = decompressed(file, name)
        first = next(lines, b"")
        encoding = announced_encoding(first).encoding
        if encoding != "utf-8":
            raise DataError(f"{name} is in {encoding.upper()}; convert it to UTF-8")
        return bool(first) + sum(1 for _ in lines)

    def batches(self, file: IO[bytes], name: str, size: int) -> Iterator[Rows]:
        lines = decompressed(file, name)
        while some := list(islice(lines, size)):
            yield some

    def texts(self, rows: Rows, columns: Columns) -> list[Texts | DataError]:
        found: list[Texts | DataError] = []
        for line in rows:
            try:
                found.append(self.texts_of(_decode(line), columns))
            except DataError as error:
                found.append(error)
        return found

    @abstractmethod
    def texts_of(self, line: str, columns: Columns) -> Texts:
        """Return the texts of a line; raises DataError if it has none."""

    def write(self, rows: Rows, added: Sequence[Added | None]) -> bytes:
        return "".join(map(self.line, rows, added)).encode()

    @abstractmethod
    def line(self, row: bytes, added: Added | None) -> str:
        """Return the output for a line."""

    def join(self, contents: Sequence[bytes]) -> bytes:
        return b"".join(contents)

    def shown(self, rows: Rows, place: int) -> str:
        return str(rows[place].decode(errors="backslashreplace").rstrip("\r\n"))


class Text(_Lines):
    """A text per line. The output has one line for each, which is empty if the line failed."""

    ending = ".txt"
    has_columns = False

    def texts_of(self, line: str, columns: Columns) -> Texts:
        """Return the line, with its line end."""
        return (line,)

    def line(self, row: bytes, added: Added | None) -> str:
        """Return what `translator translate` prints for a line."""
        if added is None:
            return "\n"
        if "sentences" not in added:
            return str(added["translation"])
        return _json({"text": added["translation"].rstrip("\r\n"), "sentences": added["sentences"]}) + "\n"


class Tsv(_Lines):
    """Columns between tabs, without a header; a column is named by its number, from 1."""

    ending = ".tsv"

    def texts_of(self, line: str, columns: Columns) -> Texts:
        """Return the texts of a line."""
        cells = line.rstrip("\r\n").split("\t")
        return tuple(_cell(cells, name or str(place)) for place, name in enumerate(columns, start=1))

    def line(self, row: bytes, added: Added | None) -> str:
        """Return the line with further columns at its end."""
        if added is None:
            return ""
        values = (value if isinstance(value, str) else _json(value) for value in added.values())
        return "\t".join([row.decode().rstrip("\r\n"), *values]) + "\n"


class JsonLines(_Lines):
    """A JSON object per line; a column is named by its key."""

    ending = ".jsonl"

    def texts_of(self, line: str, columns: Columns) -> Texts:
        """Return the texts of a line."""
        try:
            record = json.loads(line.removeprefix("\ufeff"))
        except (ValueError, RecursionError) as error:
            raise DataError(f"not JSON: {error}") from None
        if not isinstance(record, dict):
            raise DataError("not a JSON object")
        if clash := ADDED & record.keys():
            raise MissingColumn(f"has a column {min(clash)} already, which is that of the result; rename it")
        chosen = _choose(columns, record)
        for name in chosen:
            if not isinstance(record[name], str):
                raise DataError(f"column {name} has no text, but {_json(record[name])[:50]}")
        return tuple(record[name] for name in chosen)

    def line(self, row: bytes, added: Added | None) -> str:
        """Return the object with further keys."""
        if added is None:
            return ""
        return _json({**json.loads(row.decode().removeprefix("\ufeff")), **added}) + "\n"


class Parquet(Format):
    """A table; the sentences of --json are added as text."""

    ending = ".parquet"

    def count(self, file: IO[bytes], name: str) -> int:
        """Count the rows."""
        return int(_parquet_file(file, name).metadata.num_rows)

    def batches(self, file: IO[bytes], name: str, size: int) -> Iterator[Rows]:
        """Yield tables of `size` rows, whatever the row groups of the file are."""
        import pyarrow  # noqa: PLC0415 - only this format needs it

        waiting = None
        for batch in _parquet_file(file, name).iter_batches(size):
            table = pyarrow.Table.from_batches([batch])
            waiting = pyarrow.concat_tables([waiting, table]) if waiting else table
            while waiting.num_rows >= size:
                yield waiting.slice(0, size).combine_chunks()
                waiting = waiting.slice(size)
        if waiting:
            yield waiting.combine_chunks()

    def texts(self, rows: Rows, columns: Columns) -> list[Texts | DataError]:
        """Return the texts of each row."""
        try:
            if clash := ADDED & set(rows.column_names):
                raise MissingColumn(
                    f"has a column {min(clash)} already, which is that of the result; rename it"
                )
            chosen = _choose(columns, dict.fromkeys(rows.column_names))
        except DataError as error:
            return [error] * len(rows)
        values = zip(*(rows.column(name).to_pylist() for name in chosen), strict=True)
        return [
            one
            if all(isinstance(text, str) for text in one)
            else DataError(f"no text in {' or '.join(chosen)}")
            for one in values
        ]

    def write(self, rows: Rows, added: Sequence[Added | None]) -> bytes:
        """Return a table with further columns, without the rows that failed."""
        import pyarrow  # noqa: PLC0415 - only this format needs it

        kept = [one for one in added if one is not None]
        table = rows.filter(pyarrow.array([one is not None for one in added], pyarrow.bool_()))
        for name in kept[0] if kept else ():
            values = [one[name] if isinstance(one[name], str | float) else _json(one[name]) for one in kept]
            table = table.append_column(name, pyarrow.array(values))
        return _parquet_bytes(table) if kept else b""

    def join(self, contents: Sequence[bytes]) -> bytes:
        """Return all rows in one table."""
        import pyarrow  # noqa: PLC0415 - only this format needs it
        import pyarrow.parquet  # noqa: PLC0415 - only this format needs it

        tables = [pyarrow.parquet.read_table(io.BytesIO(content)) for content in contents if content]
        return _parquet_bytes(pyarrow.concat_tables(tables)) if tables else b""

    def shown(self, rows: Rows, place: int) -> str:
        """Return the row as JSON."""
        return json.dumps(rows.slice(place, 1).to_pylist()[0], ensure_ascii=False, default=str)


FORMATS: Mapping[str, type[Format]] = {
    ".tsv": Tsv,
    ".jsonl": JsonLines,
    ".parquet": Parquet,
}
"""By the ending of the name, without that of a compression; all others are text."""


def format_of(names: Sequence[str]) -> Format:
    """Return the format of files; raises ConfigError if they have several."""
    found = {kind: name for name in reversed(names) for kind in [FORMATS.get(ending_of(name), Text)]}
    if len(found) > 1:
        first, second, *_ = found.values()
        raise ConfigError(
            f"{second} and {first} have different formats; translate files of each format on their own"
        )
    [kind] = found
    return kind()


def ending_of(name: str) -> str:
    """Return the ending of a name that tells the format, without that of a compression."""
    path = PurePath(name)
    return PurePath(path.stem).suffix.lower() if path.suffix in COMPRESSIONS else path.suffix.lower()


def check_columns(format: Format, columns: Columns) -> None:
    """Raise ConfigError if a format cannot have these columns."""
    if not format.has_columns and (len(columns) > 1 or any(columns)):
        raise ConfigError("lines of text have no columns; give files in .tsv, .jsonl or .parquet")
    for name in filter(None, columns):
        if isinstance(format, Tsv) and (not name.isdecimal() or int(name) == 0):
            raise ConfigError(f"the column {name!r} of a .tsv file must be a number, from 1")


_DEFAULTS = ("en", "source", "text"), ("de", "target")
"""The names of the columns with the source and with the target, if none are given."""


def _choose(columns: Columns, record: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names of the columns in a record; raises DataError if one is missing."""
    chosen = []
    for name, defaults in zip(columns, _DEFAULTS, strict=False):
        wanted = (name,) if name else defaults
        found = next((one for one in wanted if one in record), None)
        if found is None:
            raise MissingColumn(f"has no column {' or '.join(wanted)}, only {', '.join(record) or 'none'}")
        chosen.append(found)
    return tuple(chosen)


def _cell(cells: Sequence[str], number: str) -> str:
    if int(number) > len(cells):
        raise MissingColumn(f"has no column {number}, only {len(cells)}")
    return cells[int(number) - 1]


def _decode(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8 ({error.reason} at byte {error.start})") from None


def _json(value: object) -> str:
    """Write JSON, with escapes if the text has lone surrogates, which UTF-8 cannot express."""
    text = json.dumps(value, ensure_ascii=False)
    return json.dumps(value) if SURROGATE.search(text) else text


def _parquet_file(file: IO[bytes], name: str) -> Any:
    import pyarrow  # noqa: PLC0415 - only this format needs it
    import pyarrow.parquet  # noqa: PLC0415 - only this format needs it

    try:
        return pyarrow.parquet.ParquetFile(file)
    except pyarrow.ArrowInvalid as error:
        raise DataError(f"{name} is not a Parquet file, or is damaged: {error}") from error


def _parquet_bytes(table: Any) -> bytes:
    import pyarrow.parquet  # noqa: PLC0415 - only this format needs it

    content = io.BytesIO()
    pyarrow.parquet.write_table(table, content, compression="zstd")
    return content.getvalue()
