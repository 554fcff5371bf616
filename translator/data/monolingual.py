"""Read texts in one language for pre-training, one on each line, as data that a training can use."""

import hashlib
import itertools
import logging
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
    held-out lines are the same in every run.
    Raises `ConfigError` if two files have the same name, and `DataError` if a file cannot be read, is not UTF-8, or has
    no line to learn from.
    """
    names = [path.name for path in files]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two monolingual files are named {name}; rename one of them")
    corpora, dev = list[PreparedCorpus](), dict[str, PreparedCorpus]()
    digest = hashlib.sha256(tokenizer.sha256.encode())
    for path in files:
        texts = _encode(path, tokenizer, max_tokens_per_side)
        digest.update(path.name.encode())
        for ids in texts:
            digest.update(np.uint32(len(ids)).tobytes() + ids.tobytes())
        is_held_out = _choose_held_out(len(texts))
        learnt, held_out = (
            [ids for ids, is_out in zip(texts, is_held_out, strict=True) if is_out == wanted]
            for wanted in (False, True)
        )
        logger.info("%s: %d lines to learn from, %d held out", path.name, len(learnt), len(held_out))
        corpora.append(_corpus(path.name, learnt))
        if held_out:
            dev[path.name] = _corpus(path.name, held_out)
    return PreparedData(tokenizer, corpora, dev, digest.hexdigest(), make_source=make_source)


def _encode(path: Path, tokenizer: Tokenizer, max_tokens_per_side: int) -> list[np.ndarray]:
    """Return the ids of each line that is neither empty nor too long."""
    texts, left_out, read = list[np.ndarray](), Counter[str](), 0
    lines = _normalised(path)
    while block := list(itertools.islice(lines, _LINES_AT_A_TIME)):
        for ids in tokenizer.target.encode_all_marked(block):
            if not ids:
                left_out["empty"] += 1
            elif len(ids) >= max_tokens_per_side:
                left_out[f"longer than {max_tokens_per_side} tokens"] += 1
            else:
                texts.append(np.array(ids, np.uint16))
        read += len(block)
        if read % _LINES_PER_MESSAGE == 0:
            logger.info("%s: read %d lines", path.name, read)
    reasons = ", ".join(f"{number} {reason}" for reason, number in left_out.items())
    if not texts:
        raise DataError(
            f"{path} has no line to learn from ({reasons or 'the file is empty'}); give a file with a sentence on each "
            "line, or raise max_tokens_per_side"
        )
    if reasons:
        logger.info("%s: left out lines that are %s", path.name, reasons)
    return texts


def _normalised(path: Path) -> Iterator[str]:
    for number, line in enumerate(read_lines(path), start=1):
        if SURROGATE.search(line):
            raise DataError(
                f"line {number} of {path} is not UTF-8; convert the file, for example with iconv, or remove the line"
            )
        yield MARK.sub("", normalise(line))


def _choose_held_out(lines: int) -> list[bool]:
    held_out = min(MOST_HELD_OUT, int(HELD_OUT_SHARE * lines))
    chosen = np.zeros(lines, bool)
    chosen[np.random.default_rng(0).choice(lines, held_out, replace=False)] = True
    return chosen.tolist()


def _corpus(name: str, texts: Sequence[np.ndarray]) -> PreparedCorpus:
    lengths_P2 = np.array([(0, len(ids)) for ids in texts], np.uint16)
    return PreparedCorpus(name, np.concatenate(texts), lengths_P2)
