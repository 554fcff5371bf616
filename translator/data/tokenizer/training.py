"""Train the pieces of a tokenizer on text.

Uses byte-pair encoding with one vocabulary for both languages, as in the paper. (SentencePiece's unigram model took
twenty times as long to train on a million sentences: minutes instead of seconds.)
"""

import io
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

import sentencepiece

from translator.data.tokenizer.own import (
    BOS_ID,
    EOS_ID,
    OUTSIDER,
    PAD_ID,
    UNK_ID,
    WORD_MARK,
    SentencePieceTokenizer,
)
from translator.data.vocabulary import REQUIRED_CHARACTERS, SMALLEST_WITH_REQUIRED_CHARACTERS, reserved_names
from translator.errors import DataError
from translator.text.marks import MARK_RANGE

_NOT_FOR_TRAINING = re.compile(f"[{OUTSIDER}\ud800-\udfff{MARK_RANGE}]")
_TRAINING_OPTIONS: dict[str, Any] = {
    "model_type": "bpe",
    "normalization_rule_name": "identity",
    "remove_extra_whitespaces": False,
    "byte_fallback": True,
    "split_digits": True,  # numbers are copied digit by digit, not guessed
    "character_coverage": 0.9999,  # the default, 0.9995, loses German quotation marks in software texts
    "input_sentence_size": 2_000_000,
    "shuffle_input_sentence": True,
    "pad_id": PAD_ID,
    "unk_id": UNK_ID,
    "bos_id": BOS_ID,
    "eos_id": EOS_ID,
    "control_symbols": reserved_names(),
    "minloglevel": 2,
}


def train_tokenizer(
    sentences: Iterable[str], vocab_size: int, *, threads: int = os.cpu_count() or 1, seed: int = 1
) -> SentencePieceTokenizer:
    """Train one vocabulary on sentences of both languages; from more than two million, it uses a random sample.

    Raises `DataError` if the text is too small for `vocab_size` (naming the largest that works) or has more
    distinct characters than `vocab_size` can hold.
    Source: Sennrich et al. 2016, as implemented by SentencePiece.
    """
    model = io.BytesIO()
    failures: list[BaseException] = []
    sentencepiece.set_random_generator_seed(seed)
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=_trainable(sentences, failures),
            model_writer=model,
            vocab_size=vocab_size,
            num_threads=threads,
            required_chars=REQUIRED_CHARACTERS if vocab_size >= SMALLEST_WITH_REQUIRED_CHARACTERS else "",
            **_TRAINING_OPTIONS,
        )
    except RuntimeError as error:
        if failures:
            raise failures[0] from None
        raise DataError(_training_failure(vocab_size, str(error))) from error
    return SentencePieceTokenizer.from_bytes(model.getvalue())


def _trainable(sentences: Iterable[str], failures: list[BaseException]) -> Iterator[str]:
    """Yield the sentences without the characters that must not be learnt.

    SentencePiece turns any exception of the iterator into a RuntimeError; `failures` keeps the original.
    """
    try:
        for sentence in sentences:
            if sentence.isascii():
                yield sentence
            else:
                yield _NOT_FOR_TRAINING.sub("", sentence.replace(WORD_MARK, " "))
    except (Exception, KeyboardInterrupt) as error:
        failures.append(error)
        raise


def _training_failure(vocab_size: int, reason: str) -> str:
    if limit := re.search(r"value <= (\d+)", reason):
        most = int(limit.group(1))
        if most < SMALLEST_WITH_REQUIRED_CHARACTERS <= vocab_size:  # a vocabulary this small omits them
            most -= len(REQUIRED_CHARACTERS)
        remedy = f"use at most {most} or add text"
        return f"the text is too small for a vocabulary of {vocab_size} pieces; {remedy}"
    if limit := re.search(r"required_chars\. \d+ vs (\d+)", reason):
        remedy = f"use at least {limit.group(1)}"
        return f"a vocabulary of {vocab_size} pieces cannot hold the characters of the text; {remedy}"
    if "sentences_.empty()" in reason:
        return "there is no text to train a tokenizer on; check the corpora"
    return f"cannot train a tokenizer with {vocab_size} pieces: {reason}"
