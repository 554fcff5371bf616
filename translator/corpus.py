"""Parallel data: read, filter, remove duplicates, count what was dropped and why.

A corpus is named by a string, `[NAME=]WHERE[:WEIGHT][#LICENCE]`, where WHERE is one of

    data/x.tsv           lines of English<TAB>German
    data/x.jsonl         lines of {"en", "de"}, {"source", "target"} or {"translation": {"en", "de"}}
    data/x               the two parallel text files data/x.en and data/x.de
    data/a.txt,data/b.txt  two parallel text files, English first
    data/folder          a folder that the `datasets` library reads, with a `translation` column
    hub:wmt/wmt14:de-en:train   a data set of the Hugging Face hub: name, configuration, split

Each text file may be compressed (.gz, .xz, .zst). WEIGHT is how often an epoch sees the corpus (1 unless given).
Everything is streamed: only the 64-bit hashes against duplicates stay in memory, some 70 bytes a pair.
"""

import gzip
import hashlib
import io
import itertools
import json
import lzma
import os
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, cast

from translator.errors import ConfigError, DataError

Pair = tuple[str, str]
"""English, German."""

COMPRESSIONS = ("", ".gz", ".xz", ".zst")
REASONS = (
    "malformed", "encoding damage", "empty", "too long", "length ratio",
    "copied", "wrong script", "wrong language", "duplicate",
)  # fmt: skip

_WEIGHT = re.compile(r"\d+(\.\d*)?|\.\d+")
_SUFFIXES = re.compile(r"(\.(en|de|tsv|txt|jsonl|json))?(\.(gz|xz|zst))?$")


@dataclass(frozen=True)
class CorpusSpec:
    """Where a corpus is, what it is called, and how often an epoch sees it."""

    where: str
    name: str
    weight: float = 1.0
    licence: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.weight <= 100:
            raise ConfigError(f"{self.where}: weight {self.weight} is outside of 0 (exclusive) to 100")

    @classmethod
    def parse(cls, text: str) -> "CorpusSpec":
        """Read `[NAME=]WHERE[:WEIGHT][#LICENCE]` (see the module); raises `ConfigError` when WHERE is missing."""
        where, _, licence = text.partition("#")
        name, equals, rest = where.partition("=")
        where = rest if equals else where
        head, colon, tail = where.rpartition(":")
        weight = 1.0
        if colon and _WEIGHT.fullmatch(tail):
            where, weight = head, float(tail)
        if not where or where == "hub":
            raise ConfigError(f"corpus {text!r} names no file; write [NAME=]PATH[:WEIGHT][#LICENCE]")
        return cls(where, name if equals else _default_name(where), weight, licence or None)


def _default_name(where: str) -> str:
    if where.startswith("hub:"):
        return "-".join(Path(part).name for part in where.split(":")[1:])
    return _SUFFIXES.sub("", Path(where.split(",")[0]).name) or where


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
        return [
            ("corpus", "read", "kept", *reasons),
            *((name, *_row(counts, reasons)) for name, counts in self.corpora.items()),
            ("total", *_row(total, reasons)),
        ]


def _row(counts: DropCounts, reasons: list[str]) -> list[str]:
    return [f"{number:,}" for number in (counts.read, counts.kept, *(counts.dropped[reason] for reason in reasons))]


# --- reading ---------------------------------------------------------------------------------------------------------


def read_pairs(spec: CorpusSpec, counts: DropCounts) -> Iterator[Pair]:
    """Stream the pairs of a corpus without outer blanks, counting lines that are malformed or no UTF-8.

    Raises `DataError` when a file is missing, damaged, or has more lines than its counterpart.
    """
    for pair in _open_corpus(spec.where):
        counts.read += 1
        if pair is None:
            counts.dropped["malformed"] += 1
            continue
        english, german = pair[0].strip(), pair[1].strip()
        if _SURROGATE.search(english) or _SURROGATE.search(german):
            counts.dropped["encoding damage"] += 1
        else:
            yield english, german


def _open_corpus(where: str) -> Iterator[Pair | None]:
    path = Path(where)
    base = path.stem if path.suffix in COMPRESSIONS else path.name
    if where.startswith("hub:"):
        return _read_hub(where)
    if "," in where:
        english, _, german = where.partition(",")
        return _read_two_files(Path(english), Path(german))
    if path.is_dir():
        return _read_dataset_folder(path)
    if base.endswith((".tsv", ".jsonl")):
        parse = _parse_tsv if base.endswith(".tsv") else _parse_json
        return (parse(line) for line in _read_lines(path))
    for suffix in COMPRESSIONS:
        english_path, german_path = Path(f"{where}.en{suffix}"), Path(f"{where}.de{suffix}")
        if english_path.exists() and german_path.exists():
            return _read_two_files(english_path, german_path)
    raise DataError(
        f"no corpus at {where}: expected a .tsv or .jsonl file (or .gz, .xz, .zst of one), {where}.en with {where}.de, "
        "a folder of a data set, or hub:NAME:CONFIGURATION:SPLIT"
    )


def _open_text(path: Path) -> TextIO:
    """Open for reading; bytes that are no UTF-8 become lone surrogates, so that their line can be counted."""
    decoding: dict[str, str] = {"encoding": "utf-8-sig", "errors": "surrogateescape", "newline": "\n"}
    if path.suffix == ".zst":
        try:
            import zstandard
        except ImportError as error:
            raise DataError(f"{path}: reading .zst needs the package zstandard; pip install zstandard") from error
        return io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(path.open("rb"), read_across_frames=True), **decoding)
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, "rt", **decoding))
    if path.suffix == ".xz":
        return cast(TextIO, lzma.open(path, "rt", **decoding))
    return path.open(**decoding)  # type: ignore[call-overload,no-any-return]


def _read_lines(path: Path) -> Iterator[str]:
    number = 0
    try:
        with _open_text(path) as file:
            for line in file:
                number += 1
                yield line.rstrip("\r\n")
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"cannot read {path} after line {number}: {reason}") from error


def _read_two_files(english_path: Path, german_path: Path) -> Iterator[Pair]:
    lines = 0
    for english, german in itertools.zip_longest(_read_lines(english_path), _read_lines(german_path)):
        if english is None or german is None:
            lines_english = lines if english is None else sum(1 for _ in _read_lines(english_path))
            lines_german = lines if german is None else sum(1 for _ in _read_lines(german_path))
            raise DataError(
                f"{english_path} has {lines_english} lines and {german_path} has {lines_german}; parallel files need "
                f"the same number, so compare them before line {lines + 1}"
            )
        lines += 1
        yield english, german


def _parse_tsv(line: str) -> Pair | None:
    columns = line.split("\t")
    return (columns[0], columns[1]) if len(columns) == 2 else None


def _parse_json(line: str) -> Pair | None:
    try:
        return _pair_of(json.loads(line))
    except ValueError:
        return None


def _pair_of(record: Any) -> Pair | None:
    if isinstance(record, dict):
        record = record.get("translation", record)
    if isinstance(record, dict):
        for source, target in (("en", "de"), ("source", "target")):
            pair = record.get(source), record.get(target)
            if isinstance(pair[0], str) and isinstance(pair[1], str):
                return cast(Pair, pair)
    return None


def _read_hub(where: str) -> Iterator[Pair | None]:
    name, configuration, split, *rest = [*where.split(":")[1:], "", ""][: max(3, where.count(":"))]
    if rest:
        raise ConfigError(f"{where}: expected hub:NAME:CONFIGURATION:SPLIT, with a weight after it")
    return _read_dataset(where, name, configuration or None, split or "train")


def _read_dataset_folder(path: Path) -> Iterator[Pair | None]:
    os.environ["HF_UPDATE_DOWNLOAD_COUNTS"] = "0"  # even for local files, `datasets` would look up a host
    return _read_dataset(str(path), str(path), None, "train")


def _read_dataset(where: str, name: str, configuration: str | None, split: str) -> Iterator[Pair | None]:
    try:
        import datasets
    except ImportError as error:
        raise DataError(f"{where}: reading it needs the package datasets; pip install 'en-de-translator[train]'") from error
    try:
        if (Path(name) / "state.json").exists() or (Path(name) / "dataset_dict.json").exists():
            dataset = datasets.load_from_disk(name)
            dataset = dataset[split] if isinstance(dataset, datasets.DatasetDict) else dataset
        else:
            dataset = datasets.load_dataset(name, configuration, split=split)
    except Exception as error:  # the library raises whatever its own dependencies do
        raise DataError(
            f"{where}: `datasets` cannot load it ({type(error).__name__}: {str(error)[:300]}); check name, configuration, "
            "split and network, or copy the data here and give the folder"
        ) from error
    columns = ", ".join(dataset.column_names)
    if not {"translation"} <= set(dataset.column_names) and not {"en", "de"} <= set(dataset.column_names):
        raise DataError(f"{where}: no column `translation` (nor `en` and `de`), only {columns}")
    return map(_pair_of, dataset)


# --- cleaning --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CleaningRules:
    """The limits of `drop_reason`."""

    max_words: int = 200
    max_characters: int = 2_000
    max_length_ratio: float = 2.5
    """Characters of the longer side over those of the shorter, after 20 characters' grace on the shorter."""
    max_copied_words: int = 2
    """Equal sides of up to so many words are taken for names ("Debian Linux") and kept."""

    def __post_init__(self) -> None:
        if min(self.max_words, self.max_characters) < 1 or self.max_length_ratio < 1 or self.max_copied_words < 0:
            raise ConfigError(f"limits of cleaning must be 1 or more (max_copied_words 0 or more), not {self}")


_SURROGATE = re.compile("[\ud800-\udfff]")
# U+FFFD, control characters, and UTF-8 that was once read as Latin-1 or Windows-1252 ("Ã¤", "â€œ")
_DAMAGE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]|[ÃÂ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€[œ\x9d™˜“”¦¢]"
)
_LETTER = re.compile(r"[^\W\d_]")
_LATIN = re.compile("[A-Za-zªºÀ-ÖØ-öø-ʯᴀ-ᵥᵫ-ᵷḀ-ỿⱠ-ⱿꜢ-ꟿﬀ-ﬆ]")
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset(
    "the of and to is that it for with are be this you not or as on by from have your which can when if at we they "
    "would there their been has were will".split()
) - {"will", "was", "has"}
_GERMAN = frozenset(
    "der und nicht ist das ein eine einen einem einer zu mit für auf sich dem von wird sind werden auch oder wenn nach "
    "bei sie ich wir durch kann zum zur über einen als aus wie nur noch haben".split()
)
_MIN_WORDS_FOR_LANGUAGE = 6
_MIN_FUNCTION_WORDS = 3
_GRACE_CHARACTERS = 20


def drop_reason(english: str, german: str, rules: CleaningRules) -> str | None:
    """Why a pair should be dropped, one of `REASONS`, or None: a good pair."""
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
    if _reads_as(english, _GERMAN, _ENGLISH) or _reads_as(german, _ENGLISH, _GERMAN):
        return "wrong language"
    return None


def _is_copied(english_words: list[str], german_words: list[str]) -> bool:
    if len(english_words) != len(german_words):
        return False
    english = " ".join(english_words).casefold()
    return english == " ".join(german_words).casefold() and _LETTER.search(english) is not None


def _is_foreign_script(text: str) -> bool:
    if text.isascii():
        return False
    letters = len(_LETTER.findall(text))
    return letters >= 4 and len(_LATIN.findall(text)) * 2 < letters


def _reads_as(text: str, wrong: frozenset[str], right: frozenset[str]) -> bool:
    """Whether a longer text has several function words of the wrong language and none of the right one.

    Capitals do not count as wrong, since SQL and constants are full of them (NOT NULL, AND, FOR).
    """
    words = _WORD.findall(text)
    if len(words) < _MIN_WORDS_FOR_LANGUAGE or len(wrong.intersection(words)) < _MIN_FUNCTION_WORDS:
        return False
    return right.isdisjoint(map(str.lower, words))


class Deduplicator:
    """Remembers pairs by a 64-bit hash; among ten million, a chance collision has odds of 1 in 370,000."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def is_new(self, english: str, german: str) -> bool:
        """Whether the pair was not given before."""
        digest = hashlib.blake2b(f"{english}\t{german}".encode(), digest_size=8).digest()
        key = int.from_bytes(digest, "little")
        if key in self._seen:
            return False
        self._seen.add(key)
        return True


def clean_pairs(
    spec: CorpusSpec, rules: CleaningRules | None, seen: Deduplicator, counts: DropCounts
) -> Iterator[Pair]:
    """Stream the good pairs of a corpus, counting the others in `counts`.

    Without rules, as for development sets, nothing is dropped but what cannot be read at all.
    A pair that several corpora hold stays in the first of them.
    """
    pairs = read_pairs(spec, counts)
    if rules is None:
        yield from pairs
        return
    for english, german in pairs:
        reason = drop_reason(english, german, rules)
        if reason is None and not seen.is_new(english, german):
            reason = "duplicate"
        if reason is None:
            yield english, german
        else:
            counts.dropped[reason] += 1
