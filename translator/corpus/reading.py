"""The pairs of a corpus, wherever it is."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from translator.corpus.counts import DropCounts
from translator.corpus.lines import COMPRESSIONS, read_lines
from translator.corpus.spec import CorpusSpec, Pair
from translator.errors import ConfigError, DataError

_SURROGATE = re.compile("[\ud800-\udfff]")
_WHITESPACE = re.compile(r"\s+")
# Not U+0085: in text it is nearly always a damaged "…", and cleaning drops it as such.
_LINE_BREAK = re.compile("[\n\r\v\f\u2028\u2029]")


def check_readable(spec: CorpusSpec) -> None:
    """Open all files of a corpus, or load its data set, and read the beginning, to tell mistakes early.

    Raises `DataError` when something is missing, unreadable or empty.
    """
    for _ in _open_corpus(spec.where):
        return
    raise DataError(f"{spec.where} is empty; is this the right corpus?")


def read_pairs(spec: CorpusSpec, counts: DropCounts) -> Iterator[Pair]:
    """Stream the pairs of a corpus; lines that are malformed or no UTF-8 are counted instead.

    Both sides are stripped, and whitespace with a line break inside becomes one space: no model should learn
    to write lines.

    Raises `DataError` when a file is missing, damaged, or has more lines than its counterpart.
    """
    for pair in _open_corpus(spec.where):
        counts.read += 1
        if pair is None:
            counts.dropped["malformed"] += 1
        elif _SURROGATE.search(pair[0]) or _SURROGATE.search(pair[1]):
            counts.dropped["encoding damage"] += 1
        else:
            yield _on_one_line(pair[0]), _on_one_line(pair[1])


def _on_one_line(text: str) -> str:
    text = text.strip()
    if text.isprintable():  # many times as fast as looking for line breaks, which are not printable
        return text
    return _WHITESPACE.sub(lambda blanks: " " if _LINE_BREAK.search(blanks[0]) else blanks[0], text)


def _open_corpus(where: str) -> Iterator[Pair | None]:
    path = Path(where)
    kind, compression = _suffixes(path)
    if where.startswith("hub:"):
        return _read_hub(where)
    candidates = [(Path(f"{where}.en{suffix}"), Path(f"{where}.de{suffix}")) for suffix in COMPRESSIONS]
    complete = [pair for pair in candidates if all(side.exists() for side in pair)]
    if path.is_dir() and not complete:
        return _read_dataset(where, where, None, "train")
    if "," in where and not path.exists():
        return _read_two_files(*_two_paths(where))
    if kind == ".tsv":
        return map(_parse_tsv, read_lines(path))
    if kind == ".jsonl":
        return map(_parse_json, read_lines(path))
    # One of two is taken when there is no better, so that the other is missed.
    if found := complete or [pair for pair in candidates if any(side.exists() for side in pair)]:
        return _read_two_files(*found[0])
    if kind in (".en", ".de"):
        start = where.removesuffix(kind + compression)
        raise DataError(
            f"{where} is one side of a parallel corpus; name both, {start}.en{compression},{start}.de{compression}, "
            f"or their common start, {start}"
        )
    raise DataError(
        f"no corpus at {where}: expected a .tsv or .jsonl file, {where}.en with {where}.de (each may be .gz, "
        ".xz or .zst), two files with a comma between, a data set's folder, or hub:NAME:CONFIGURATION:SPLIT"
    )


def _suffixes(path: Path) -> tuple[str, str]:
    """What tells the kind of a file, as ".tsv", and how it is compressed, as ".gz" or ""."""
    compression = path.suffix if path.suffix in COMPRESSIONS else ""
    return Path(path.name.removesuffix(compression)).suffix, compression


def _two_paths(where: str) -> list[Path]:
    paths = list(map(Path, where.split(",")))
    for path in paths:
        if _suffixes(path)[0] in (".tsv", ".jsonl"):
            raise DataError(
                f"{where}: {path} holds both languages, so it stands alone; give it a --corpus of its own, "
                "or name two text files here, English and German, as X.en,X.de"
            )
    if len(paths) != 2:
        raise DataError(
            f"{where} names {len(paths)} files; name two text files, English and German, as X.en,X.de"
        )
    return paths


def _read_two_files(english_path: Path, german_path: Path) -> Iterator[Pair]:
    pairs = itertools.zip_longest(read_lines(english_path), read_lines(german_path))
    for number, (english, german) in enumerate(pairs, start=1):
        if english is None or german is None:
            lengths = [sum(1 for _ in read_lines(path)) for path in (english_path, german_path)]
            raise DataError(
                f"lines of {english_path}: {lengths[0]}, of {german_path}: {lengths[1]}; line {number} has "
                "no counterpart, and parallel files need the same number of lines"
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
