"""A folder of prepared data: token ids on disk, described and verified by a manifest.

    manifest.json          format, tokenizer, corpora with their counts, SHA-256 of every file
    tokenizer.model        the SentencePiece model that produced the ids
    lexicon.tsv            the lexicon behind the hints in the sources, if they have any
    000-NAME.tokens, 001-… uint16, little-endian: source ids, then target ids of each pair; no BOS or EOS
    000-NAME.lengths, …    uint16, little-endian: source length and target length of each pair
    dev-000-NAME.tokens, … the same for development sets

Pairs keep the order of their corpus: neighbours are often similar, so the folder compresses well.
"""

import glob
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from translator.data.objectives import MakeSource
from translator.data.tokenizer import TOKENIZER_FILES, Tokenizer, TokenizerKind, read_tokenizer
from translator.errors import DataError
from translator.text.lexicon import Lexicon

FORMAT_VERSION = 1
MAX_TOKENS_PER_SIDE = 65_535
MAX_VOCAB_SIZE = 65_536
_MANIFEST = "manifest.json"
_LEXICON = "lexicon.tsv"
_ID_TYPE = np.dtype("<u2")

IdBlock = tuple[np.ndarray, np.ndarray]
"""Consecutive pairs: their ids in file order, and `lengths_P2`."""


@dataclass(frozen=True)
class FileEntry:
    """A file as the manifest lists it."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class CorpusEntry:
    """A corpus or development set as the manifest lists it."""

    name: str
    weight: float
    licence: str | None
    pairs: int
    source_tokens: int
    target_tokens: int
    drops: dict[str, int]
    """The number of pairs that cleaning dropped, by reason."""
    tokens_file: str
    lengths_file: str


class PreparedCorpus:
    """Token ids of one corpus: `tokens_N` is usually memory-mapped, `lengths_P2` is in memory.

    Raises `DataError` if the lengths do not add up to the number of tokens.
    """

    def __init__(
        self,
        name: str,
        tokens_N: np.ndarray,
        lengths_P2: np.ndarray,
        *,
        weight: float = 1.0,
        licence: str | None = None,
    ) -> None:
        self.name = name
        self.weight = weight
        self.licence = licence
        self.lengths_P2 = lengths_P2
        self._tokens_N = tokens_N
        pair_lengths_P = lengths_P2.sum(axis=1, dtype=np.int64)
        ends_P = np.cumsum(pair_lengths_P)
        self._starts_P = ends_P - pair_lengths_P
        if len(tokens_N) != pair_lengths_P.sum():
            raise DataError(
                f"{name}: {len(tokens_N)} tokens, but the lengths add up to {pair_lengths_P.sum()}; "
                "prepare the data again"
            )

    def __len__(self) -> int:
        return len(self.lengths_P2)

    def pair(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the source and target ids of a pair: uint16, without BOS and EOS."""
        if not 0 <= index < len(self):
            raise IndexError(f"{self.name} has no pair {index}, only 0 to {len(self) - 1}")
        source_length, target_length = self.lengths_P2[index].tolist()
        start = int(self._starts_P[index])
        middle = start + source_length
        return self._tokens_N[start:middle], self._tokens_N[middle : middle + target_length]

    def gather(self, pairs_R: np.ndarray, *, target: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return one side of many pairs at once: the concatenated ids, and the length of each."""
        lengths_R = self.lengths_P2[pairs_R, int(target)].astype(np.int64)
        starts_R = self._starts_P[pairs_R]
        if target:
            starts_R = starts_R + self.lengths_P2[pairs_R, 0]
        # each place is its row's start in the file plus the offset within the row
        output_starts_R = np.cumsum(lengths_R) - lengths_R
        places_N = np.repeat(starts_R - output_starts_R, lengths_R) + np.arange(lengths_R.sum())
        return self._tokens_N[places_N], lengths_R


class PreparedData:
    """A prepared folder, open for reading."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        corpora: list[PreparedCorpus],
        dev: dict[str, PreparedCorpus],
        sha256: str,
        provenance: Mapping[str, Any] | None = None,
        lexicon: Lexicon | None = None,
        make_source: MakeSource | None = None,
    ) -> None:
        self.tokenizer = tokenizer
        self.corpora = corpora
        self.dev = dev
        self.sha256 = sha256
        """Hash of the manifest; equal hashes mean equal tokenizer, pairs, order and weights."""
        self.provenance = dict(provenance or {})
        """The settings and findings of the preparation."""
        self.lexicon = lexicon
        """The lexicon behind the hints in the sources, if they have any."""
        self.make_source = make_source
        """Makes each source from its target, in pre-training."""

    @property
    def has_pairs(self) -> bool:
        """Whether the data are sentences with their translations."""
        return self.make_source is None

    @classmethod
    def open(cls, folder: Path) -> "PreparedData":
        """Memory-map a prepared folder, after reading all of it once to verify the checksums.

        Only files in the manifest are read. Raises `DataError` naming the file that is missing, damaged or in
        another format, or saying what the folder is instead of prepared data.
        """
        content, sha256 = _read_manifest(folder)
        for name, entry in content["files"].items():
            _check_file(folder / name, FileEntry(**entry))
        tokenizer = _read_tokenizer(folder, content.get("tokenizer", "sentencepiece"))
        corpora = [_map_corpus(folder, CorpusEntry(**entry)) for entry in content["corpora"]]
        dev = [_map_corpus(folder, CorpusEntry(**entry)) for entry in content["dev"]]
        lexicon = Lexicon.load(folder / _LEXICON) if _LEXICON in content["files"] else None
        dev_by_name = {corpus.name: corpus for corpus in dev}
        return cls(tokenizer, corpora, dev_by_name, sha256, content.get("provenance"), lexicon)


class PreparedWriter:
    """Write a prepared folder next to its final place and move it there on success.

    A context manager: call `add` for each corpus and `add_tokenizer` once. Entering it checks whether `out`
    can be written, so enter it before long work. An exception inside leaves nothing behind.
    Raises `DataError` if `out` is in use or cannot be written.
    """

    def __init__(self, out: Path, provenance: Mapping[str, Any] | None = None) -> None:
        _check_is_free(out)
        self._out = out.absolute()
        self._new_parents = [parent for parent in self._out.parents if not parent.exists()]
        self._tokenizer: Tokenizer | None = None
        self.provenance = dict(provenance or {})
        """What the manifest records about the preparation; you may add to it until the context exits."""
        self._partial_prefix = f".{self._out.name}.partial-"
        self._partial = self._out.with_name(f"{self._partial_prefix}{os.getpid()}")
        self._corpora: list[CorpusEntry] = []
        self._dev: list[CorpusEntry] = []
        self._files: dict[str, FileEntry] = {}

    def __enter__(self) -> Self:
        with _disk_errors(self._out):
            self._remove_litter()
            self._partial.mkdir(parents=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                with _disk_errors(self._out):
                    self._write_manifest()
                    self._partial.rename(self._out)
        finally:
            shutil.rmtree(self._partial, ignore_errors=True)
            for parent in self._new_parents:
                with suppress(OSError):  # after success it is not empty
                    parent.rmdir()

    def _remove_litter(self) -> None:
        """Delete partial folders left by killed processes."""
        for partial in self._out.parent.glob(f"{glob.escape(self._partial_prefix)}*"):
            with suppress(ValueError):  # not a partial folder of ours
                if not _is_running(int(partial.name.removeprefix(self._partial_prefix))):
                    shutil.rmtree(partial, ignore_errors=True)

    def add_tokenizer(self, tokenizer: Tokenizer) -> None:
        """Write the tokenizer of all corpora.

        Raises `DataError` if its ids do not fit into 16 bits.
        """
        if tokenizer.vocab_size > MAX_VOCAB_SIZE:
            raise DataError(
                f"a vocabulary of {tokenizer.vocab_size} pieces does not fit into 16 bits; "
                f"use at most {MAX_VOCAB_SIZE}"
            )
        for name, content in tokenizer.files.items():
            with _disk_errors(self._out):
                (self._partial / name).write_bytes(content)
            self._files[name] = FileEntry(hashlib.sha256(content).hexdigest(), len(content))
        self._tokenizer = tokenizer

    def add_lexicon(self, lexicon: Lexicon) -> None:
        """Write the lexicon behind the hints in the sources."""
        with _disk_errors(self._out):
            (self._partial / _LEXICON).write_bytes(lexicon.content)
        self._files[_LEXICON] = FileEntry(hashlib.sha256(lexicon.content).hexdigest(), len(lexicon.content))

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
        """Write a corpus or development set; `drops` is read last, so `blocks` may still update it.

        Raises `DataError` on a pair with a side longer than `MAX_TOKENS_PER_SIDE`.
        """
        entries = self._dev if dev else self._corpora
        if any(entry.name == name for entry in entries):
            raise DataError(f"two corpora are named {name}; rename one of them")
        plain_name = re.sub(r"[^A-Za-z0-9._-]+", "-", name)  # may not be unique, unlike the number in `stem`
        stem = f"{'dev-' if dev else ''}{len(entries):03d}-{plain_name}"
        files = f"{stem}.tokens", f"{stem}.lengths"
        counts = self._write_blocks(name, blocks, *files)
        entries.append(CorpusEntry(name, weight, licence, *counts, dict(drops or {}), *files))
        return entries[-1]

    def _write_blocks(
        self, name: str, blocks: Iterable[IdBlock], tokens_file: str, lengths_file: str
    ) -> tuple[int, int, int]:
        """Write both files of a corpus; return the numbers of pairs, source tokens and target tokens."""
        pairs, totals_2 = 0, np.zeros(2, np.int64)
        with self._file(tokens_file) as write_tokens, self._file(lengths_file) as write_lengths:
            for tokens_N, lengths_P2 in blocks:
                _check_lengths(name, lengths_P2, pairs)
                write_tokens(tokens_N)
                write_lengths(lengths_P2)
                pairs += len(lengths_P2)
                totals_2 += lengths_P2.sum(axis=0, dtype=np.int64)
        return pairs, int(totals_2[0]), int(totals_2[1])

    @contextmanager
    def _file(self, name: str) -> Iterator[Callable[[np.ndarray], None]]:
        """Yield a function that appends an array of ids to a file and updates its hash."""
        digest, size = hashlib.sha256(), 0

        def write(array: np.ndarray) -> None:
            nonlocal size
            data = array.astype(_ID_TYPE).tobytes()
            with _disk_errors(self._out):
                size += file.write(data)
            digest.update(data)

        with (self._partial / name).open("wb", buffering=0) as file:
            yield write
        self._files[name] = FileEntry(digest.hexdigest(), size)

    def _write_manifest(self) -> None:
        assert self._tokenizer is not None, "add_tokenizer was not called"
        content = {
            "format_version": FORMAT_VERSION,
            "tokenizer": self._tokenizer.kind,
            "tokenizer_sha256": self._tokenizer.sha256,
            "vocab_size": self._tokenizer.vocab_size,
            "corpora": [asdict(entry) for entry in self._corpora],
            "dev": [asdict(entry) for entry in self._dev],
            "files": {name: asdict(entry) for name, entry in sorted(self._files.items())},
            "provenance": self.provenance,
        }
        manifest = {"content": content, "sha256": _content_sha256(content)}
        text = json.dumps(manifest, indent=1, ensure_ascii=False)
        (self._partial / _MANIFEST).write_text(text, encoding="utf-8")


def _read_tokenizer(folder: Path, kind: TokenizerKind) -> Tokenizer:
    if kind not in TOKENIZER_FILES:
        raise DataError(
            f"{folder} has a tokenizer of the kind {kind!r}; use the version of the program that wrote it"
        )
    try:
        return read_tokenizer(kind, {name: (folder / name).read_bytes() for name in TOKENIZER_FILES[kind]})
    except DataError as error:
        raise DataError(f"the tokenizer in {folder} cannot be read: {error}") from error


def _check_is_free(out: Path) -> None:
    """Raise `DataError` unless `out` does not exist or is an empty folder."""
    with _disk_errors(out):
        if out.exists() and not out.is_dir():
            raise DataError(f"{out} is a file, not a folder; choose another name")
        if out.exists() and any(out.iterdir()):
            raise DataError(f"{out} exists and is not empty; remove it or choose another folder")


@contextmanager
def _disk_errors(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"cannot write {out}: {reason}; free space or choose another folder") from error


def _check_lengths(name: str, lengths_P2: np.ndarray, pairs_before: int) -> None:
    longest_P = lengths_P2.max(axis=1, initial=0)
    if longest_P.max(initial=0) > MAX_TOKENS_PER_SIDE:
        pair = pairs_before + int(longest_P.argmax())
        raise DataError(
            f"{name}: pair {pair} has a side of {longest_P.max()} tokens, more than {MAX_TOKENS_PER_SIDE}; split it"
        )


def _content_sha256(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _read_manifest(folder: Path) -> tuple[dict[str, Any], str]:
    """Return the content of a manifest and its hash."""
    path = folder / _MANIFEST
    try:
        _check_is_prepared(folder)
        manifest = json.loads(path.read_bytes())
        content, sha256 = manifest["content"], manifest["sha256"]
        version = content["format_version"]
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}; make it readable") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is damaged; prepare the data again") from error
    if version != FORMAT_VERSION:
        raise DataError(f"{path} has format {version}, not {FORMAT_VERSION}; prepare the data again")
    if _content_sha256(content) != sha256:
        raise DataError(f"{path} is damaged: its checksum differs; prepare the data again")
    return content, sha256


def _check_is_prepared(folder: Path) -> None:
    """Raise `DataError` on a folder of another kind; a damaged prepared folder passes."""
    if not folder.exists():
        problem = "does not exist"
    elif not folder.is_dir():
        problem = "is not a folder"
    elif (folder / "config.json").exists() and (folder / "model.safetensors").exists():
        problem = "is a model folder, not prepared data"
    elif (folder / "training.safetensors").exists():
        problem = "is a checkpoint, not prepared data"
    elif not (folder / _MANIFEST).exists():
        problem = f"has no prepared data: there is no {_MANIFEST} in it"
    else:
        return
    raise DataError(f"{folder} {problem}; pass a folder that `translator prepare` wrote")


def _is_running(pid: int) -> bool:
    """Whether another process with this id is running."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it belongs to another user
        return True
    return pid != os.getpid()


def _check_file(path: Path, expected: FileEntry) -> None:
    try:
        size = path.stat().st_size
        if size != expected.bytes:
            raise DataError(f"{path} is damaged: {size} bytes, not {expected.bytes}; prepare the data again")
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 != expected.sha256:
            raise DataError(f"{path} is damaged: its checksum differs; prepare the data again")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}; prepare the data again") from error


def _map_corpus(folder: Path, entry: CorpusEntry) -> PreparedCorpus:
    tokens_N = _map_file(folder / entry.tokens_file)
    lengths_P2 = np.array(_map_file(folder / entry.lengths_file)).reshape(-1, 2)
    return PreparedCorpus(entry.name, tokens_N, lengths_P2, weight=entry.weight, licence=entry.licence)


def _map_file(path: Path) -> np.ndarray:
    if path.stat().st_size == 0:  # an empty file cannot be mapped
        return np.zeros(0, _ID_TYPE)
    return np.asarray(np.memmap(path, _ID_TYPE, mode="r"))
