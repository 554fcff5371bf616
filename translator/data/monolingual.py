"""Read texts in one language for pre-training, one on each line, as data that a training can use."""

import hashlib
import itertools
import logging
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from translator.data.corpus.lines import read_lines
from translator.data.objectives import MakeSource
from translator.data.shards import PreparedCorpus, PreparedData
from translator.data.tokenizer import Tokenizer
from translator.errors import ConfigError, DataError
from translator.text import normalise
from translator.text.marks import MARK
from translator.text.normalisation import SURROGATE

HELD_OUT_SHARE, MOST_HELD_OUT = 0.05, 500
"""The share of each file's lines that measure the loss instead of being learnt, and the most of them."""
_LINES_AT_A_TIME = 10_000
_LINES_PER_MESSAGE = 1_000_000

logger = logging.getLogger(__name__)


def read_monolingual(
    files: Sequence[Path], tokenizer: Tokenizer, make_source: MakeSource, max_tokens_per_side: int
) -> PreparedData:
    """Read text files, plain or compressed; each is a corpus with targets only, and a development set.

    Lines that are empty, or longer than `max_tokens_per_side` with EOS, are left out and counted in the log. The
    held-out lines are the same in every run. Each process reads and encodes all files at the start and keeps them in
    memory.
    Raises `ConfigError` if two files have the same name, and `DataError` if a file cannot be read, is not UTF-8, or has
    no line to learn from.
    """
    for name, number in Counter(path.name for path in files).items():
        if number > 1:
            raise ConfigError(f"two monolingual files are named {name}; rename one of them")
    corpora, dev = list[PreparedCorpus](), dict[str, PreparedCorpus]()
    digest = hashlib.sha256(tokenizer.sha256.encode())
    for path in files:
        ids_N, lengths_P = _encode(path, tokenizer, max_tokens_per_side)
        digest.update(path.name.encode())
        digest.update(lengths_P.data)
        digest.update(ids_N.data)
        is_held_out_P = _choose_held_out(len(lengths_P))
        held_out = int(is_held_out_P.sum())
        logger.info("%s: %d lines to learn from, %d held out", path.name, len(lengths_P) - held_out, held_out)
        corpora.append(_corpus(path.name, ids_N, lengths_P, ~is_held_out_P))
        if held_out:
            dev[path.name] = _corpus(path.name, ids_N, lengths_P, is_held_out_P)
    return PreparedData(tokenizer, corpora, dev, digest.hexdigest(), make_source=make_source)


def _encode(path: Path, tokenizer: Tokenizer, max_tokens_per_side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids of all lines that are neither empty nor too long, and the lengths of these lines."""
    all_ids, lengths, left_out, read = array("H"), array("H"), Counter[str](), 0
    lines = _normalised(path)
    while block := list(itertools.islice(lines, _LINES_AT_A_TIME)):
        for ids in tokenizer.target.encode_all_marked(block):
            if not ids:
                left_out["empty"] += 1
            elif len(ids) >= max_tokens_per_side:
                left_out[f"longer than {max_tokens_per_side} tokens"] += 1
            else:
                all_ids.extend(ids)
                lengths.append(len(ids))
        read += len(block)
        if read % _LINES_PER_MESSAGE == 0:
            logger.info("%s: read %d lines", path.name, read)
    reasons = ", ".join(f"{number} {reason}" for reason, number in left_out.items())
    if not lengths:
        raise DataError(
            f"{path} has no line to learn from ({reasons or 'the file is empty'}); give a file with a sentence on each "
            "line, or raise max_tokens_per_side"
        )
    if reasons:
        logger.info("%s: left out lines that are %s", path.name, reasons)
    return np.frombuffer(all_ids, np.uint16), np.frombuffer(lengths, np.uint16)


def _normalised(path: Path) -> Iterator[str]:
    for number, line in enumerate(read_lines(path), start=1):
        if SURROGATE.search(line):
            raise DataError(
                f"line {number} of {path} is not UTF-8; convert the file, for example with iconv, or remove the line"
            )
        yield MARK.sub("", normalise(line))


def _choose_held_out(lines: int) -> np.ndarray:
    held_out = min(MOST_HELD_OUT, int(HELD_OUT_SHARE * lines))
    chosen = np.zeros(lines, bool)
    chosen[np.random.default_rng(0).choice(lines, held_out, replace=False)] = True
    return chosen


def _corpus(name: str, ids_N: np.ndarray, lengths_P: np.ndarray, chosen_P: np.ndarray) -> PreparedCorpus:
    """Return the chosen lines as a corpus whose sources are empty."""
    kept_P = lengths_P[chosen_P]
    lengths_P2 = np.stack([np.zeros_like(kept_P), kept_P], axis=1)
    return PreparedCorpus(name, ids_N[np.repeat(chosen_P, lengths_P)], lengths_P2)
