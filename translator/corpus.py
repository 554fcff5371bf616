"""Parallel data: read, filter, remove duplicates, count what was dropped and why.

A corpus is named by a string, `[NAME=]WHERE[:WEIGHT][#LICENCE]`, where WHERE is one of

    data/x.tsv                  lines of English<TAB>German
    data/x.jsonl                lines of {"en", "de"}, {"source", "target"} or {"translation": {"en", "de"}}
    data/x                      two parallel text files, data/x.en and data/x.de
    data/a.txt,data/b.txt       two parallel text files, English first
    data/folder                 a folder that the `datasets` library reads, with a column `translation`
    hub:wmt/wmt14:de-en:train   such a data set of the Hugging Face hub: name, configuration, split

Each text file may be compressed (.gz, .xz, .zst). WEIGHT is how often an epoch sees the corpus.
All is streamed: only the 64-bit hashes that find duplicates stay in memory, some 80 bytes a pair.
"""

import gzip
import hashlib
import io
import itertools
import json
import lzma
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from translator.errors import ConfigError, DataError

Pair = tuple[str, str]
"""English, German."""

REASONS = (
    "malformed",
    "encoding damage",
    "empty",
    "too long",
    "length ratio",
    "copied",
    "wrong script",
    "wrong language",
    "duplicate",
)
COMPRESSIONS = ("", ".gz", ".xz", ".zst")
_NAME = re.compile(r"[\w.-]+")
_WEIGHT = re.compile(r"\d+(\.\d*)?|\.\d+")
_SUFFIXES = re.compile(r"(\.(en|de|txt|tsv|jsonl))?(\.(gz|xz|zst))?$")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CHUNK_BYTES = 1 << 18


@dataclass(frozen=True)
class CorpusSpec:
    """Where a corpus is, what it is called, and how often an epoch sees it."""

    where: str
    name: str
    weight: float = 1.0
    licence: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.weight <= 100:
            raise ConfigError(f"{self.where}: its weight {self.weight} must be more than 0 and at most 100")

    @classmethod
    def parse(cls, text: str) -> "CorpusSpec":
        """Read `[NAME=]WHERE[:WEIGHT][#LICENCE]`, as the module describes it.

        Raises `ConfigError` when WHERE is missing or the weight is out of range.
        """
        where, _, licence = text.partition("#")
        name, equals, rest = where.partition("=")
        if equals and _NAME.fullmatch(name):
            where = rest
        else:
            name = ""
        head, colon, tail = where.rpartition(":")
        weight = 1.0
        if colon and _WEIGHT.fullmatch(tail):
            where, weight = head, float(tail)
        if where in ("", "hub", "hub:"):
            raise ConfigError(f"corpus {text!r} names no data; write [NAME=]WHERE[:WEIGHT][#LICENCE]")
        return cls(where, name or _default_name(where), weight, licence or None)


def _default_name(where: str) -> str:
    if where.startswith("hub:"):
        return "-".join(Path(part).name for part in where.removeprefix("hub:").split(":"))
    return _SUFFIXES.sub("", Path(where.partition(",")[0]).name) or where


@dataclass
class DropCounts:
    """How many pairs of a corpus were read, and how many were dropped for which reason."""

    read: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def kept(self) -> int:
        """Pairs that were read and not dropped."""
        return self.read - self.dropped.total()


@dataclass
class DropReport:
    """The counts of several corpora, in the order in which they were read."""

    corpora: dict[str, DropCounts] = field(default_factory=dict)

    def rows(self) -> list[tuple[str, ...]]:
        """A header, a row for each corpus and a total; only reasons that occurred have a column."""
        total = DropCounts()
        for counts in self.corpora.values():
            total.read += counts.read
            total.dropped += counts.dropped
        reasons = [reason for reason in REASONS if total.dropped[reason]]
        rows = [("corpus", "read", "kept", *reasons)]
        for name, counts in [*self.corpora.items(), ("total", total)]:
            numbers = (counts.read, counts.kept, *(counts.dropped[reason] for reason in reasons))
            rows.append((name, *(f"{number:,}" for number in numbers)))
        return rows


def read_pairs(spec: CorpusSpec, counts: DropCounts) -> Iterator[Pair]:
    """Stream the pairs of a corpus, stripped; lines that are malformed or no UTF-8 are counted instead.

    Raises `DataError` when a file is missing, damaged, or has more lines than its counterpart.
    """
    for pair in _open_corpus(spec.where):
        counts.read += 1
        if pair is None:
            counts.dropped["malformed"] += 1
        elif _SURROGATE.search(pair[0]) or _SURROGATE.search(pair[1]):
            counts.dropped["encoding damage"] += 1
        else:
            yield pair[0].strip(), pair[1].strip()


def _open_corpus(where: str) -> Iterator[Pair | None]:
    path = Path(where)
    uncompressed = path.with_suffix("") if path.suffix in COMPRESSIONS[1:] else path
    if where.startswith("hub:"):
        return _read_hub(where)
    if path.is_dir():
        return _read_dataset(where, where, None, "train")
    if uncompressed.suffix == ".tsv":
        return map(_parse_tsv, _read_lines(path))
    if uncompressed.suffix == ".jsonl":
        return map(_parse_json, _read_lines(path))
    if "," in where:
        english, _, german = where.partition(",")
        return _read_two_files(Path(english), Path(german))
    for suffix in COMPRESSIONS:
        english_path, german_path = Path(f"{where}.en{suffix}"), Path(f"{where}.de{suffix}")
        if english_path.exists() and german_path.exists():
            return _read_two_files(english_path, german_path)
    raise DataError(
        f"no corpus at {where}: expected a .tsv or .jsonl file, {where}.en with {where}.de (each may be .gz, "
        ".xz or .zst), two files with a comma between, a data set's folder, or hub:NAME:CONFIGURATION:SPLIT"
    )


def _read_lines(path: Path) -> Iterator[str]:
    """Lines without their ends; bytes that are no UTF-8 become lone surrogates, so that they can be told."""
    number = 0
    try:
        with _open_binary(path) as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="\n")
            for line in text:
                number += 1
                yield line.rstrip("\r\n")
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"cannot read {path} after line {number}: {reason}") from error


def _open_binary(path: Path) -> IO[bytes]:
    match path.suffix:
        case ".gz":
            return cast(IO[bytes], gzip.open(path))
        case ".xz":
            return lzma.open(path)
        case ".zst":
            return io.BufferedReader(_ZstdFile(path))
        case _:
            return path.open("rb")


class _ZstdFile(io.RawIOBase):
    """A .zst file; zstandard's own reader takes a file that was cut off for a shorter one."""

    def __init__(self, path: Path) -> None:
        try:
            import zstandard  # noqa: PLC0415 - optional
        except ImportError as error:
            raise DataError(f"{path}: to read .zst, install zstandard (pip install zstandard)") from error
        self._file = path.open("rb")
        self._new_frame: Callable[[], Any] = lambda: zstandard.ZstdDecompressor().decompressobj()
        self._error = zstandard.ZstdError
        self._frame = self._new_frame()
        self._is_inside = False
        self._decoded = b""

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

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


def _read_two_files(english_path: Path, german_path: Path) -> Iterator[Pair]:
    pairs = itertools.zip_longest(_read_lines(english_path), _read_lines(german_path))
    for number, (english, german) in enumerate(pairs, start=1):
        if english is None or german is None:
            lengths = [sum(1 for _ in _read_lines(path)) for path in (english_path, german_path)]
            raise DataError(
                f"{english_path} has {lengths[0]} lines, {german_path} has {lengths[1]}: line {number} has "
                "no counterpart; parallel files need the same number of lines"
            )
        yield english, german


def _parse_tsv(line: str) -> Pair | None:
    english, tab, german = line.partition("\t")
    return (english, german) if tab and "\t" not in german else None


def _parse_json(line: str) -> Pair | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return _pair_of(record.get("translation", record)) if isinstance(record, dict) else None


def _pair_of(record: Any) -> Pair | None:
    if isinstance(record, dict):
        for source, target in (("en", "de"), ("source", "target")):
            english, german = record.get(source), record.get(target)
            if isinstance(english, str) and isinstance(german, str):
                return english, german
    return None


def _read_hub(where: str) -> Iterator[Pair | None]:
    name, *rest = where.removeprefix("hub:").split(":")
    if len(rest) > 2:
        raise ConfigError(
            f"{where}: too many parts; write hub:NAME, hub:NAME:CONFIGURATION or a :SPLIT after that"
        )
    configuration, split = (*rest, "", "")[:2]
    return _read_dataset(where, name, configuration or None, split or "train")


def _read_dataset(where: str, name: str, configuration: str | None, split: str) -> Iterator[Pair | None]:
    try:
        import datasets  # noqa: PLC0415 - large, and only needed here
    except ImportError as error:
        raise DataError(f"{where}: to read it, install datasets (pip install datasets)") from error
    try:
        if Path(name).is_dir():
            datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False  # or it calls a host for a local folder, too
        if any((Path(name) / saved).exists() for saved in ("state.json", "dataset_dict.json")):
            loaded = datasets.load_from_disk(name)
            dataset = loaded[split] if isinstance(loaded, datasets.DatasetDict) else loaded
        else:
            dataset = datasets.load_dataset(name, configuration, split=split)
    except Exception as error:  # each of its many dependencies has its own
        reason = f"{type(error).__name__}: {str(error)[:300]}"
        raise DataError(
            f"{where}: datasets cannot load it ({reason}); check name, configuration, split and network. "
            "Without a network, copy the data set here and name its folder"
        ) from error
    if "translation" not in dataset.column_names:
        raise DataError(f"{where}: it has no column `translation`, only {', '.join(dataset.column_names)}")
    return (_pair_of(record) for rows in dataset.iter(batch_size=1000) for record in rows["translation"])


@dataclass(frozen=True)
class CleaningRules:
    """The limits of `drop_reason`."""

    max_words: int = 200
    max_characters: int = 2_000
    max_length_ratio: float = 2.0
    """Characters of the longer side to those of the shorter, after a grace of 20 for the shorter."""
    max_copied_words: int = 2
    """Two equal sides of so many words are taken for a name or a common word ("Debian Linux") and kept."""

    def __post_init__(self) -> None:
        if (
            self.max_words < 1
            or self.max_characters < 1
            or self.max_length_ratio < 1
            or self.max_copied_words < 0
        ):
            raise ConfigError(f"{self}: all limits must be at least 1, max_copied_words at least 0")


# U+FFFD, control characters, and UTF-8 that was once taken for Windows-1252 ("Ã¤", "â€œ")
_DAMAGE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]"
    "|[ÃÂ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€[\x80-\xbfœ™˜“”¦]"
)
_LETTER = re.compile(r"[^\W\d_]")
_LATIN_LETTER = re.compile("[A-Za-zªºÀ-ÖØ-öø-ʯᴀ-ᵥᵫ-ᵷḀ-ỿⁱⁿₐ-ₜⱠ-ⱿꜢ-ꟿﬀ-ﬆ]")
_PUNCTUATION = ".,;:!?()[]\"'„“”‚‘’«»…"
_ENGLISH_WORDS = """
    the of and to is that it for with are be this you not or as on by from have your which can when if at we
    they there their would been were
"""
_GERMAN_WORDS = """
    der und nicht ist das ein eine einen einem einer zu mit für auf sich dem von wird sind werden auch oder
    wenn nach bei sie ich wir durch kann zum zur über als aus wie nur noch haben
"""
_ENGLISH, _GERMAN = frozenset(_ENGLISH_WORDS.split()), frozenset(_GERMAN_WORDS.split())
_MIN_WORDS_FOR_LANGUAGE = 6
_MIN_FUNCTION_WORDS = 3
_GRACE_CHARACTERS = 20


def drop_reason(english: str, german: str, rules: CleaningRules) -> str | None:  # noqa: PLR0911 - one a rule
    """Why a pair of stripped texts should be dropped, one of `REASONS`; None for a good pair."""
    if not english or not german:
        return "empty"
    if _DAMAGE.search(english) or _DAMAGE.search(german):
        return "encoding damage"
    shorter, longer = sorted((len(english), len(german)))
    english_words, german_words = english.split(), german.split()
    if longer > rules.max_characters or max(len(english_words), len(german_words)) > rules.max_words:
        return "too long"
    if longer > rules.max_length_ratio * (shorter + _GRACE_CHARACTERS):
        return "length ratio"
    if len(english_words) > rules.max_copied_words and _is_copied(english_words, german_words):
        return "copied"
    if _is_foreign_script(english) or _is_foreign_script(german):
        return "wrong script"
    if _reads_as(english_words, _GERMAN, _ENGLISH) or _reads_as(german_words, _ENGLISH, _GERMAN):
        return "wrong language"
    return None


def _is_copied(english_words: list[str], german_words: list[str]) -> bool:
    """Equal but for case and blanks; numbers and symbols alone may be."""
    english = " ".join(english_words)
    same = len(english_words) == len(german_words) and english.casefold() == " ".join(german_words).casefold()
    return same and _LETTER.search(english) is not None


def _is_foreign_script(text: str) -> bool:
    if text.isascii():
        return False
    letters = len(_LETTER.findall(text))
    return letters >= 4 and len(_LATIN_LETTER.findall(text)) * 2 < letters


def _reads_as(words: list[str], wrong: frozenset[str], right: frozenset[str]) -> bool:
    """Whether a longer text has several function words of the wrong language, and none of the right one.

    Words in capitals are no evidence, since SQL is full of them (NOT NULL), nor are parts of identifiers.
    """
    if len(words) < _MIN_WORDS_FOR_LANGUAGE:
        return False
    bare = {word.strip(_PUNCTUATION) for word in words}
    return len(wrong & bare) >= _MIN_FUNCTION_WORDS and right.isdisjoint(map(str.lower, bare))


class Deduplicator:
    """Remembers pairs by 64-bit hashes; among ten million, the odds of any false hit are 1 in 370,000."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def is_new(self, pair: Pair) -> bool:
        """Whether the pair was not given before."""
        digest = hashlib.blake2b("\t".join(pair).encode(), digest_size=8).digest()
        before = len(self._seen)
        self._seen.add(int.from_bytes(digest))
        return len(self._seen) > before


def clean_pairs(
    pairs: Iterable[Pair], rules: CleaningRules, seen: Deduplicator, counts: DropCounts
) -> Iterator[Pair]:
    """Stream the good pairs and count the others; a pair that several corpora hold stays in the first."""
    for pair in pairs:
        reason = drop_reason(*pair, rules)
        if reason is None and not seen.is_new(pair):
            reason = "duplicate"
        if reason is None:
            yield pair
        else:
            counts.dropped[reason] += 1
