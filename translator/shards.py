"""A folder of prepared data: token ids on disk, described and verified by a manifest.

    manifest.json          format, tokenizer, corpora with their counts, SHA-256 of every file
    tokenizer.model        the SentencePiece model that made the ids
    000-NAME.tokens        uint16, little-endian: source ids then target ids of each pair, no BOS or EOS
    000-NAME.lengths       uint16, little-endian: source length, target length of each pair
    dev-NAME.tokens …      the same for a development set

Pairs keep their order, since neighbours resemble each other and the folder then compresses better.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from translator.errors import DataError
from translator.tokenizer import Tokenizer

FORMAT_VERSION = 1
MAX_TOKENS_PER_SIDE = 65_535
MAX_VOCAB_SIZE = 65_536
_MANIFEST = "manifest.json"
_TOKENIZER = "tokenizer.model"
_ID_TYPE = np.dtype("<u2")
_CHUNK_BYTES = 1 << 20

IdBlock = tuple[np.ndarray, np.ndarray]
"""Some consecutive pairs: their ids, source before target, and `lengths_P2`."""


@dataclass(frozen=True)
class FileEntry:
    """What the manifest knows of a file."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class CorpusEntry:
    """What the manifest knows of a corpus or a development set."""

    name: str
    weight: float
    licence: str | None
    pairs: int
    source_tokens: int
    target_tokens: int
    drops: dict[str, int]
    tokens_file: str
    lengths_file: str


class PreparedCorpus:
    """Token ids of one corpus, memory-mapped."""

    def __init__(
        self, name: str, tokens_N: np.ndarray, lengths_P2: np.ndarray, *, weight: float = 1.0, entry: CorpusEntry | None = None
    ) -> None:
        self.name = name
        self.weight = weight
        self.entry = entry
        self.tokens_N = tokens_N
        self.lengths_P2 = lengths_P2
        pair_ends_P = np.cumsum(lengths_P2.sum(axis=1, dtype=np.int64))
        self.starts_P2 = np.empty((len(lengths_P2), 2), np.int64)
        """Where in `tokens_N` the source and the target of each pair begin."""
        self.starts_P2[:, 0] = pair_ends_P - lengths_P2.sum(axis=1, dtype=np.int64)
        self.starts_P2[:, 1] = self.starts_P2[:, 0] + lengths_P2[:, 0]

    def __len__(self) -> int:
        return len(self.lengths_P2)

    def pair(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Source ids and target ids of a pair, uint16, without BOS and EOS."""
        if not 0 <= index < len(self):
            raise IndexError(f"pair {index} of {self.name}, which has {len(self)}")
        (source, target), (source_length, target_length) = self.starts_P2[index], self.lengths_P2[index]
        return self.tokens_N[source:target], self.tokens_N[target : target + int(target_length)]


class PreparedWriter:
    """Writes a prepared folder beside its final place and moves it there when all went well.

    Use as a context manager and call `add` once a corpus. An exception inside leaves nothing behind.
    Raises `DataError` when `out` exists and is not an empty folder, or when the disk refuses.
    """

    def __init__(self, out: Path, tokenizer: Tokenizer, provenance: Mapping[str, Any] | None = None) -> None:
        if tokenizer.vocab_size > MAX_VOCAB_SIZE:
            raise DataError(f"vocabulary of {tokenizer.vocab_size} pieces: ids are stored in 16 bits, at most 65536")
        check_is_free(out)
        self._out = out
        self._tokenizer = tokenizer
        self._provenance = dict(provenance or {})
        self._partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
        self._corpora: list[CorpusEntry] = []
        self._dev: list[CorpusEntry] = []
        self._files: dict[str, FileEntry] = {}

    def __enter__(self) -> Self:
        with _disk_errors(self._out):
            shutil.rmtree(self._partial, ignore_errors=True)
            self._partial.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                with _disk_errors(self._out):
                    self._finish()
        finally:
            shutil.rmtree(self._partial, ignore_errors=True)

    def add(
        self,
        name: str,
        blocks: Iterable[IdBlock],
        *,
        weight: float = 1.0,
        licence: str | None = None,
        drops: Mapping[str, int] | None = None,
        dev: bool = False,
    ) -> CorpusEntry:
        """Write one corpus or development set; `drops` is read after the last block, so it may still be counting."""
        if dev and any(entry.name == name for entry in self._dev):
            raise DataError(f"two development sets are called {name}; rename the file of one of them")
        safe_name = re.sub(r"[^A-Za-z0-9._-]+", "-", name)
        stem = f"dev-{safe_name}" if dev else f"{len(self._corpora):03d}-{safe_name}"
        tokens_file, lengths_file = f"{stem}.tokens", f"{stem}.lengths"
        with _FileWriter(self._partial / tokens_file) as tokens, _FileWriter(self._partial / lengths_file) as lengths:
            pairs, totals_2 = 0, np.zeros(2, np.int64)
            for tokens_N, lengths_P2 in blocks:
                _check_lengths(name, lengths_P2, pairs)
                with _disk_errors(self._out):
                    tokens.write(tokens_N)
                    lengths.write(lengths_P2)
                pairs += len(lengths_P2)
                totals_2 += lengths_P2.sum(axis=0, dtype=np.int64)
        self._files |= {tokens_file: tokens.entry(), lengths_file: lengths.entry()}
        source_tokens, target_tokens = (int(total) for total in totals_2)
        entry = CorpusEntry(
            name, weight, licence, pairs, source_tokens, target_tokens, dict(drops or {}), tokens_file, lengths_file
        )
        (self._dev if dev else self._corpora).append(entry)
        return entry

    def _finish(self) -> None:
        self._tokenizer.save(self._partial / _TOKENIZER)
        self._files[_TOKENIZER] = _describe(self._partial / _TOKENIZER)
        content = {
            "format_version": FORMAT_VERSION,
            "tokenizer_sha256": self._tokenizer.sha256,
            "vocab_size": self._tokenizer.vocab_size,
            "corpora": [asdict(entry) for entry in self._corpora],
            "dev": [asdict(entry) for entry in self._dev],
            "files": {name: asdict(entry) for name, entry in sorted(self._files.items())},
            "provenance": self._provenance,
        }
        manifest = {"sha256": _content_sha256(content), "content": content}
        with (self._partial / _MANIFEST).open("w", encoding="utf-8") as file:
            json.dump(manifest, file, indent=1, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        self._partial.rename(self._out)


class PreparedData:
    """A prepared folder opened for reading."""

    def __init__(
        self, tokenizer: Tokenizer, corpora: list[PreparedCorpus], dev: dict[str, PreparedCorpus], sha256: str
    ) -> None:
        self.tokenizer = tokenizer
        self.corpora = corpora
        self.dev = dev
        self.sha256 = sha256
        """Hash of the manifest's content: equal where tokenizer, pairs, order and weights are."""

    @classmethod
    def open(cls, folder: Path, verify: bool = True) -> "PreparedData":
        """Memory-map a prepared folder; `verify` reads all of it once to compare the checksums.

        Raises `DataError` naming the file that is missing, damaged or of another format.
        """
        content, sha256 = _read_manifest(folder / _MANIFEST)
        for name, entry in content["files"].items():
            _check_file(folder / name, FileEntry(**entry), verify)
        tokenizer = Tokenizer.load(folder / _TOKENIZER)
        if tokenizer.sha256 != content["tokenizer_sha256"]:
            raise DataError(f"{folder / _TOKENIZER} is not the tokenizer that made these ids; prepare the data again")
        corpora = [_map_corpus(folder, CorpusEntry(**entry)) for entry in content["corpora"]]
        dev = {entry["name"]: _map_corpus(folder, CorpusEntry(**entry)) for entry in content["dev"]}
        return cls(tokenizer, corpora, dev, sha256)


class _FileWriter:
    """Writes uint16 arrays to a file, hashing on the way; syncs the file when it is closed."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._digest = hashlib.sha256()
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        with self._file:
            self._file.flush()
            os.fsync(self._file.fileno())

    def write(self, array: np.ndarray) -> None:
        data = array.astype(_ID_TYPE).tobytes()
        self._file.write(data)
        self._digest.update(data)
        self._bytes += len(data)

    def entry(self) -> FileEntry:
        return FileEntry(self._digest.hexdigest(), self._bytes)


def check_is_free(out: Path) -> None:
    """Raise `DataError` unless a prepared folder can be made at `out`."""
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise DataError(f"{out} exists and is not empty; remove it or choose another folder")


@contextlib.contextmanager
def _disk_errors(out: Path) -> Any:
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot write {out}: {error.strerror or error}; free space or choose another folder") from error


def _check_lengths(name: str, lengths_P2: np.ndarray, pairs_before: int) -> None:
    too_long_P = (lengths_P2 > MAX_TOKENS_PER_SIDE).any(axis=1)
    if too_long_P.any():
        at = int(too_long_P.argmax())
        raise DataError(
            f"{name}: pair {pairs_before + at + 1} has a side of {int(lengths_P2[at].max())} tokens; "
            f"at most {MAX_TOKENS_PER_SIDE} can be stored, so split it"
        )


def _content_sha256(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _describe(path: Path) -> FileEntry:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return FileEntry(digest.hexdigest(), path.stat().st_size)


def _read_manifest(path: Path) -> tuple[dict[str, Any], str]:
    try:
        manifest = json.loads(path.read_bytes())
        content, sha256 = manifest["content"], manifest["sha256"]
        if content["format_version"] != FORMAT_VERSION:
            raise DataError(
                f"{path} has format version {content['format_version']}, this program reads {FORMAT_VERSION}; "
                "prepare the data again"
            )
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}; is this a folder made by `prepare`?") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is damaged; prepare the data again") from error
    if _content_sha256(content) != sha256:
        raise DataError(f"{path} is damaged (its checksum differs); prepare the data again")
    return content, sha256


def _check_file(path: Path, expected: FileEntry, verify: bool) -> None:
    try:
        size = path.stat().st_size
        if size != expected.bytes:
            raise DataError(f"{path} is damaged: {size} bytes instead of {expected.bytes}; prepare the data again")
        if verify and _describe(path) != expected:
            raise DataError(f"{path} is damaged (its checksum differs); prepare the data again")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}; prepare the data again") from error


def _map_corpus(folder: Path, entry: CorpusEntry) -> PreparedCorpus:
    tokens_N = _map_file(folder / entry.tokens_file)
    lengths_P2 = np.array(_map_file(folder / entry.lengths_file)).reshape(-1, 2)
    return PreparedCorpus(entry.name, tokens_N, lengths_P2, weight=entry.weight, entry=entry)


def _map_file(path: Path) -> np.ndarray:
    if path.stat().st_size == 0:  # an empty file cannot be mapped
        return np.zeros(0, _ID_TYPE)
    return np.asarray(np.memmap(path, _ID_TYPE, mode="r"))
