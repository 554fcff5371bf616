"""Read the pairs of a corpus from any of its sources."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from translator.data.corpus.counts import DropCounts
from translator.data.corpus.lines import COMPRESSIONS, read_lines
from translator.data.corpus.spec import CorpusSpec, Pair
from translator.errors import ConfigError, DataError
from translator.text.normalisation import SURROGATE

_WHITESPACE = re.compile(r"\s+")
# Not U+0085: it is nearly always a damaged "…", which cleaning drops.
_LINE_BREAK = re.compile("[\n\r\v\f\u2028\u2029]")


def check_readable(spec: CorpusSpec) -> None:
    """Open a corpus and read its first pair, to report mistakes early.

    Raises `DataError` if a file or data set is missing, unreadable or empty.
    """
    for _ in _open_corpus(spec.where):
        return
    raise DataError(f"{spec.where} is empty; is this the right corpus?")


def read_pairs(spec: CorpusSpec, counts: DropCounts) -> Iterator[Pair]:
    """Yield the pairs of a corpus; malformed lines and lines that are not UTF-8 are only counted.

    Both sides are stripped, and whitespace that contains a line break becomes one space, so that the model does
    not learn to write line breaks.

    Raises `DataError` if a file is missing, damaged, or has more lines than its counterpart.
    """
    for pair in _open_corpus(spec.where):
        counts.read += 1
        if pair is None:
            counts.dropped["malformed"] += 1
        elif SURROGATE.search(pair[0]) or SURROGATE.search(pair[1]):
            counts.dropped["encoding damage"] += 1
        else:
            yield _on_one_line(pair[0]), _on_one_line(pair[1])


def _on_one_line(text: str) -> str:
    text = text.strip()
    if text.isprintable():  # line breaks are not printable, and this is many times faster than a search
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
    # If only one side exists, use that pair anyway: the error then names the missing file.
    if found := complete or [pair for pair in candidates if any(side.exists() for side in pair)]:
        return _read_two_files(*found[0])
    if kind in (".en", ".de"):
        prefix = where.removesuffix(kind + compression)
        raise DataError(
            f"{where} is one side of a parallel corpus; name both, {prefix}.en{compression},{prefix}.de{compression}, "
            f"or their common prefix, {prefix}"
        )
    raise DataError(
        f"no corpus at {where}: expected a .tsv or .jsonl file, {where}.en with {where}.de (each may be .gz, "
        ".xz or .zst), two files separated by a comma, a data set's folder, or hub:NAME:CONFIGURATION:SPLIT"
    )


def _suffixes(path: Path) -> tuple[str, str]:
    """Return the suffix that gives the kind of a file, such as ".tsv", and its compression, such as ".gz" or ""."""
    compression = path.suffix if path.suffix in COMPRESSIONS else ""
    return Path(path.name.removesuffix(compression)).suffix, compression


def _two_paths(where: str) -> list[Path]:
    paths = list(map(Path, where.split(",")))
    for path in paths:
        if _suffixes(path)[0] in (".tsv", ".jsonl"):
            raise DataError(
                f"{where}: {path} contains both languages; pass it as a separate --corpus, "
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
            f"{where} has too many parts; use hub:NAME, hub:NAME:CONFIGURATION or hub:NAME:CONFIGURATION:SPLIT"
        )
    configuration, split = (*rest, "", "")[:2]
    return _read_dataset(where, name, configuration or None, split or "train")


def _read_dataset(where: str, name: str, configuration: str | None, split: str) -> Iterator[Pair | None]:
    try:
        import datasets  # noqa: PLC0415 - large, and only needed here
    except ImportError as error:
        raise DataError(f"{where}: reading it needs datasets; run: pip install datasets") from error
    try:
        if Path(name).is_dir():
            datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = (
                False  # else it contacts a host even for a local folder
            )
        if any((Path(name) / saved).exists() for saved in ("state.json", "dataset_dict.json")):
            loaded = datasets.load_from_disk(name)
            dataset = loaded[split] if isinstance(loaded, datasets.DatasetDict) else loaded
        else:
            dataset = datasets.load_dataset(name, configuration, split=split)
    except Exception as error:  # its many dependencies raise exceptions of their own
        reason = f"{type(error).__name__}: {str(error)[:300]}"
        raise DataError(
            f"{where}: datasets cannot load it ({reason}); check name, configuration, split and network. "
            "Without a network, copy the data set to this machine and name its folder"
        ) from error
    if "translation" not in dataset.column_names:
        raise DataError(
            f"{where} has no column `translation`, only {', '.join(dataset.column_names)}; "
            "use a data set with that column"
        )
    return (_pair_of(record) for rows in dataset.iter(batch_size=1000) for record in rows["translation"])
