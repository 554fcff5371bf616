"""Tokenizers: text to piece ids and back. `Tokenizer` is what the program needs of one.

Reading order: `protocol`; `own` and `training`, this project's tokenizer; then those of published weights: `foreign`,
what they have in common; `rewriting`; `marian`; `merges` and `moses_bpe`; and `files`, which reads any of them.
"""

from translator.data.tokenizer.files import TOKENIZER_FILES, load_tokenizer, read_tokenizer
from translator.data.tokenizer.own import (
    BOS_ID,
    EOS_ID,
    FIRST_RESERVED_ID,
    PAD_ID,
    TOKENIZER_MODEL,
    UNK_ID,
    SentencePieceTokenizer,
)
from translator.data.tokenizer.protocol import Pieces, Tokenizer, TokenizerKind
from translator.data.tokenizer.training import train_tokenizer

__all__ = [
    "BOS_ID",
    "EOS_ID",
    "FIRST_RESERVED_ID",
    "PAD_ID",
    "TOKENIZER_FILES",
    "TOKENIZER_MODEL",
    "UNK_ID",
    "Pieces",
    "SentencePieceTokenizer",
    "Tokenizer",
    "TokenizerKind",
    "load_tokenizer",
    "read_tokenizer",
    "train_tokenizer",
]
