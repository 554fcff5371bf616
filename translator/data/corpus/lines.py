"""Read the lines of a text file, compressed or not."""

import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from translator.errors import DataError

COMPRESSIONS = ("", ".gz", ".xz", ".zst")
DAMAGES = (OSError, EOFError, lzma.LZMAError, zlib.error)
"""What reading a file raises that is unreadable, damaged or truncated."""
_CHUNK_BYTES = 1 << 18


def read_lines(path: Path) -> Iterator[str]:
    """Yield lines without line ends; bytes that are not UTF-8 become lone surrogates, so that callers can detect them.

    Raises `DataError` if the file is missing, unreadable or damaged.
    """
    number = 0
    try:
        with _open(path) as file, decompressed(file, str(path)) as content:
            text = io.TextIOWrapper(content, encoding="utf-8-sig", errors="surrogateescape", newline="\n")
            for line in text:
                number += 1
                yield line.rstrip("\r\n")
    except DAMAGES as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(
            f"cannot read {path} after line {number}: {reason}; copy or download it again"
        ) from error


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise DataError(f"there is no file {path.absolute()}; check the name of the corpus") from error
    except OSError as error:
        raise DataError(
            f"cannot open {path}: {error.strerror or error}; make it readable or name another file"
        ) from error


def decompressed(file: IO[bytes], name: str) -> IO[bytes]:
    """Return the content of an open file, which is compressed if the ending of its name is in COMPRESSIONS.

    Reading raises one of DAMAGES if it is damaged or truncated.
    """
    match Path(name).suffix:
        case ".gz":
            return cast(IO[bytes], gzip.open(file))
        case ".xz":
            return lzma.open(file)
        case ".zst":
            return io.BufferedReader(_ZstdFile(file, name))
        case _:
            return file


class _ZstdFile(io.RawIOBase):
    """A .zst file that detects truncation; zstandard's own reader treats a truncated file as a shorter one."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        try:
            import zstandard  # noqa: PLC0415 - optional
        except ImportError as error:
            raise DataError(f"{name}: reading .zst needs zstandard; run: pip install zstandard") from error
        self._file = file
        self._new_frame: Callable[[], Any] = lambda: zstandard.ZstdDecompressor().decompressobj()
        self._error = zstandard.ZstdError
        self._frame = self._new_frame()
        self._is_inside = False
        self._decoded = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._decoded and self._decode_more():
            pass
        size = min(len(buffer), len(self._decoded))
        buffer[:size], self._decoded = self._decoded[:size], self._decoded[size:]
        return size

    def _decode_more(self) -> bool:
        """Decode the next chunk; False at the end of the file."""
        data = self._frame.unused_data
        if self._frame.eof:
            self._frame, self._is_inside = self._new_frame(), False
        data = data or self._file.read(_CHUNK_BYTES)
        if not data and self._is_inside:
            raise EOFError("the compressed file ends too early")
        if data:
            self._is_inside = True
            try:
                self._decoded = self._frame.decompress(data)
            except self._error as error:
                raise OSError(str(error)) from error
        return bool(data)
