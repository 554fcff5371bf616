"""The tokenizer that this project trains: SentencePiece pieces, one vocabulary for both languages.

Encoding is lossless: no Unicode normalisation, no collapsed spaces, and bytes for characters outside the vocabulary.
"""

import hashlib
import itertools
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import sentencepiece

from translator.data.tokenizer.protocol import TokenizerKind
from translator.data.vocabulary import RESERVED_CLASSES, SPAN_CLASSES, marks_of_classes, reserved_names
from translator.errors import DataError, InputError
from translator.text.marks import FIRST_MARK, MARK
from translator.text.places import Place

PAD_ID = 0
UNK_ID = 1
BOS_ID = 2
EOS_ID = 3
FIRST_RESERVED_ID = EOS_ID + 1
TOKENIZER_MODEL = "tokenizer.model"
"""The name of the file with the SentencePiece model."""

_TEXTS_PER_THREAD = 256  # with fewer, starting a thread costs more than it saves
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
WORD_MARK = "\u2581"  # how SentencePiece writes a space; a literal one would be decoded as a space
OUTSIDER = "\U0010fffd"  # a private-use character that is never in a vocabulary
_MARK_BYTES = 4  # a mark in UTF-8: F3 B0 8x xx
_MARK_LEAD_BYTE = 0xF3


class SentencePieceTokenizer:
    """Convert text to piece ids and back: `decode(encode(text)) == text` for every valid string.

    A `Tokenizer` whose source and target have the same pieces.
    """

    kind: TokenizerKind = "sentencepiece"
    pad_id, unk_id, begin_id, end_id = PAD_ID, UNK_ID, BOS_ID, EOS_ID

    def __init__(self, processor: sentencepiece.SentencePieceProcessor, model_proto: bytes) -> None:
        self._processor = processor
        self._model_proto = model_proto
        self._vocab_size = int(processor.vocab_size())
        self.first_byte_id = FIRST_RESERVED_ID + _count_reserved(processor)
        """The id of the piece for byte 0. The 256 byte pieces are consecutive; the learnt pieces follow."""
        self.learnt_ids = range(self.first_byte_id + 256, self._vocab_size)
        self._word_mark_ids = [self.first_byte_id + byte for byte in WORD_MARK.encode()]

    @classmethod
    def load(cls, path: Path) -> "SentencePieceTokenizer":
        """Read a `tokenizer.model` file.

        Raises `DataError` if it is missing, damaged, or has other ids for the special pieces.
        """
        try:
            return cls.from_bytes(path.read_bytes())
        except OSError as error:
            raise DataError(f"cannot read the tokenizer {path}: {error.strerror or error}") from error
        except DataError as error:
            raise DataError(f"{path}: {error}") from error

    @classmethod
    def from_bytes(cls, model_proto: bytes) -> "SentencePieceTokenizer":
        """Create a tokenizer from the bytes of a SentencePiece model.

        Raises `DataError` if they are damaged or have other ids for the special pieces.
        """
        try:
            processor = sentencepiece.SentencePieceProcessor(model_proto=model_proto)
            is_ours = model_proto != b"" and _has_our_special_pieces(processor)
        except (RuntimeError, OSError, ValueError) as error:
            raise DataError(
                "not a SentencePiece model, or a damaged one; retrain it with `prepare`"
            ) from error
        if not is_ours:
            raise DataError(
                "not a tokenizer of this project: pad, unk, bos, eos must have the ids 0 to 3, followed by "
                "reserved control pieces and 256 byte pieces; train one with `prepare`"
            )
        return cls(processor, model_proto)

    @property
    def vocab_size(self) -> int:
        """The number of pieces, including special ones."""
        return self._vocab_size

    @property
    def source(self) -> "SentencePieceTokenizer":
        """The pieces of the source: this tokenizer's."""
        return self

    @property
    def target(self) -> "SentencePieceTokenizer":
        """The pieces of the target: this tokenizer's."""
        return self

    @property
    def files(self) -> dict[str, bytes]:
        """The SentencePiece model, as `tokenizer.model`."""
        return {TOKENIZER_MODEL: self._model_proto}

    @cached_property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of the SentencePiece model: equal for equal tokenizers."""
        return hashlib.sha256(self._model_proto).hexdigest()

    @cached_property
    def unprintable_ids(self) -> tuple[int, ...]:
        """Ids that no translation should contain: special pieces, and pieces with control characters.

        `span_ids` are not among them: a translation contains the ones from its source.
        """
        hints = range(self.span_ids.stop, self.first_byte_id)
        control_bytes = (self.first_byte_id + code for code in (*range(0x20), 0x7F))
        controls = (i for i, piece in self._learnt_pieces() if _CONTROL.search(piece))
        return (PAD_ID, UNK_ID, BOS_ID, *hints, *control_bytes, *controls)

    @cached_property
    def reserved(self) -> dict[str, range]:
        """The ids of each class of reserved pieces; empty for a tokenizer without classes."""
        ids, first = dict[str, range](), FIRST_RESERVED_ID
        if self.piece(first) == reserved_names()[0]:
            for kind, size in RESERVED_CLASSES.items():
                ids[kind] = range(first, first + size)
                first += size
        return ids

    @cached_property
    def span_ids(self) -> range:
        """The ids of all pieces that replace protected spans."""
        size = sum(SPAN_CLASSES.values()) if self.reserved else 0
        return range(FIRST_RESERVED_ID, FIRST_RESERVED_ID + size)

    @cached_property
    def marks(self) -> dict[str, str]:
        """The characters that represent the pieces of each class in marked text; empty without classes."""
        return marks_of_classes() if self.reserved else {}

    def encode(self, text: str) -> list[int]:
        """Return the piece ids of a text, without BOS and EOS.

        Raises `InputError` on a lone surrogate.
        """
        utf8 = _utf8(text)
        if WORD_MARK in text:
            return self._encode_with_word_marks(text)
        ids: list[int] = self._processor.encode(utf8)
        return ids

    def encode_continued(self, text: str) -> list[int]:
        """Return the piece ids of a text that continues another one: without a space before its first word."""
        return self.encode(OUTSIDER + text)[len(self.encode(OUTSIDER)) :]

    def encode_marked(self, text: str) -> list[int]:
        """Return the piece ids of a text with marks for reserved pieces; see `translator.text.marks.FIRST_MARK`.

        Text after a leading register mark is encoded as the start of a text.
        Raises `InputError` on a lone surrogate.
        """
        return self.encode_all_marked([text])[0]

    def encode_all_marked(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the piece ids of each text as `encode_marked` does, with several threads for large batches."""
        registers = [self._register_ids.get(text[:1]) for text in texts]
        rest = [
            text if register is None else text[1:] for text, register in zip(texts, registers, strict=True)
        ]
        encoded = [
            self._read_marks(ids) if MARK.search(text) else ids
            for text, ids in zip(rest, self.encode_all(rest), strict=True)
        ]
        return [
            ids if register is None else [register, *ids]
            for register, ids in zip(registers, encoded, strict=True)
        ]

    def decode_marked(self, ids: Sequence[int]) -> str:
        """Return the text of piece ids as `decode` does, with a mark for each reserved piece."""
        if ids and ids[0] in self._register_ids.values():
            return chr(FIRST_MARK + ids[0] - FIRST_RESERVED_ID) + self.decode_marked(ids[1:])
        return self.decode([written for piece_id in ids for written in self._write_mark(piece_id)])

    @cached_property
    def _register_ids(self) -> dict[str, int]:
        """The ids of the register pieces, by mark."""
        return dict(zip(self.marks.get("register", ""), self.reserved.get("register", ()), strict=True))

    def _write_mark(self, piece_id: int) -> list[int]:
        if not FIRST_RESERVED_ID <= piece_id < self.first_byte_id:
            return [piece_id]
        return [self.first_byte_id + byte for byte in chr(FIRST_MARK + piece_id - FIRST_RESERVED_ID).encode()]

    def _read_marks(self, ids: list[int]) -> list[int]:
        """Replace the byte pieces of marks by reserved ids; no vocabulary has marks as characters."""
        read, place = list[int](), 0
        while place < len(ids):
            reserved_id = self._reserved_id(ids[place : place + _MARK_BYTES])
            read.append(ids[place] if reserved_id is None else reserved_id)
            place += 1 if reserved_id is None else _MARK_BYTES
        return read

    def _reserved_id(self, ids: list[int]) -> int | None:
        """Return the reserved id whose mark these byte pieces spell; None for other private-use characters."""
        if ids[0] != self.first_byte_id + _MARK_LEAD_BYTE:
            return None
        character = bytes(piece_id - self.first_byte_id for piece_id in ids).decode()
        reserved_id = FIRST_RESERVED_ID + ord(character) - FIRST_MARK
        return reserved_id if FIRST_RESERVED_ID <= reserved_id < self.first_byte_id else None

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the piece ids of each text, without BOS and EOS, with several threads for large batches.

        Raises `InputError` on a lone surrogate.
        """
        if len(texts) < _TEXTS_PER_THREAD:
            return [self.encode(text) for text in texts]
        threads = min(os.cpu_count() or 1, 1 + len(texts) // _TEXTS_PER_THREAD)
        ids: list[list[int]] = self._processor.encode([_utf8(text) for text in texts], num_threads=threads)
        for index, text in enumerate(texts):
            if WORD_MARK in text:
                ids[index] = self._encode_with_word_marks(text)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of piece ids. Drops hints, special and reserved ids; invalid UTF-8 becomes U+FFFD.

        Raises `InputError` on an id outside the vocabulary.
        """
        plain = self.without_hints([int(piece_id) for piece_id in ids])
        self._check_ids(plain)
        return str(self._processor.decode([piece_id for piece_id in plain if piece_id >= self.first_byte_id]))

    def without_hints(self, ids: Sequence[int]) -> list[int]:
        """Return the ids of a source without its hints (`translator.text.lexicon`)."""
        if not self.reserved or self.reserved["hint"][0] not in ids:
            return list(ids)
        first, last = self.reserved["hint"][:2]
        kept, is_hint = list[int](), False
        for piece_id in ids:
            is_hint |= piece_id == first
            if not is_hint:
                kept.append(piece_id)
            is_hint &= piece_id != last
        return kept

    def piece_offsets(self, ids: Sequence[int]) -> list[Place]:
        """Return the start and end of each piece in `decode_marked(ids)`, in characters; the end is exclusive.

        A word's first piece includes the space before it. All bytes of a character have that character's span.
        """
        self._check_ids(list(ids))
        contents = [self._utf8_of(piece_id) for piece_id in ids]
        whole = b"".join(contents)
        skipped = whole.startswith(b" ")  # SentencePiece adds a space to the start and drops it on decoding
        # Every byte of a character except the first is 0b10xxxxxx.
        character = np.cumsum([byte & 0xC0 != 0x80 for byte in whole], dtype=int) - 1 - skipped
        ends = np.cumsum([len(content) for content in contents])
        return [
            (max(0, int(character[end - len(content)])), int(character[end - 1]) + 1)
            for content, end in zip(contents, ends, strict=True)
        ]

    def encode_placed(self, text: str) -> tuple[list[int], list[Place]]:
        """Return the ids as `encode_marked` does, and the place of each piece in the text."""
        ids = self.encode_marked(text)
        return ids, self.piece_offsets(ids)

    def _utf8_of(self, piece_id: int) -> bytes:
        if self.first_byte_id <= piece_id < self.learnt_ids.start:
            return bytes([piece_id - self.first_byte_id])
        if FIRST_RESERVED_ID <= piece_id < self.first_byte_id:
            return chr(FIRST_MARK + piece_id - FIRST_RESERVED_ID).encode()
        return self.piece(piece_id).replace(WORD_MARK, " ").encode()

    def piece(self, piece_id: int) -> str:
        """Return the piece of an id as SentencePiece writes it, with `▁` for a space.

        Raises `InputError` on an id outside the vocabulary.
        """
        self._check_ids([piece_id])
        return str(self._processor.id_to_piece(int(piece_id)))

    def readable(self, ids: Sequence[int]) -> str:
        """Return the text of pieces for people, with a · between pieces of the same word."""
        return readable_pieces(map(self.piece, ids))

    @property
    def written_texts(self) -> list[bytes]:
        """What each piece adds to a text, in UTF-8; b"" for special and reserved pieces."""
        return [
            *[b""] * self.first_byte_id,
            *(bytes([byte]) for byte in range(256)),
            *(piece.replace(WORD_MARK, " ").encode() for _, piece in self._learnt_pieces()),
        ]

    def _learnt_pieces(self) -> Iterator[tuple[int, str]]:
        """Yield each learnt id with its piece. One call of SentencePiece reads them all, which is much faster."""
        return zip(self.learnt_ids, self._processor.id_to_piece(list(self.learnt_ids)), strict=True)

    def as_written(self, text: str) -> str:
        """Return the text: its pieces spell it."""
        return text

    def save(self, path: Path) -> None:
        """Write the model to a file that `load` can read."""
        path.write_bytes(self._model_proto)

    def _check_ids(self, ids: list[int]) -> None:
        if ids and not 0 <= min(ids) <= max(ids) < self._vocab_size:
            wrong = next(piece_id for piece_id in ids if not 0 <= piece_id < self._vocab_size)
            raise InputError(f"piece id {wrong} is outside the vocabulary, 0 to {self._vocab_size - 1}")

    def _encode_with_word_marks(self, text: str) -> list[int]:
        """Encode the parts between literal `▁` characters, and insert the bytes of `▁` between them.

        SentencePiece adds a space to the start of every text. Text after a `▁` must not get one, so it is encoded
        after a character that is in no vocabulary, whose pieces are then removed.
        """
        parts = text.split(WORD_MARK)
        unique = list(dict.fromkeys(parts[1:]))
        skipped = len(self._processor.encode(OUTSIDER))
        encoded = self._processor.encode([OUTSIDER + part for part in unique], num_threads=1)
        ids_of = {part: ids[skipped:] for part, ids in zip(unique, encoded, strict=True)}
        ids: list[int] = self._processor.encode(parts[0])
        for part in parts[1:]:
            ids += self._word_mark_ids
            ids += ids_of[part]
        return ids


def readable_pieces(pieces: Iterable[str]) -> str:
    """Return the text of pieces in which `▁` begins a word, with a · between pieces of the same word."""
    return "·".join(pieces).replace("·▁", " ").replace(WORD_MARK, "")


def _count_reserved(processor: sentencepiece.SentencePieceProcessor) -> int:
    following = range(FIRST_RESERVED_ID, int(processor.vocab_size()))
    return sum(1 for _ in itertools.takewhile(processor.is_control, following))


def _has_our_special_pieces(processor: sentencepiece.SentencePieceProcessor) -> bool:
    specials = (processor.pad_id(), processor.unk_id(), processor.bos_id(), processor.eos_id())
    reserved = _count_reserved(processor)
    first_byte = FIRST_RESERVED_ID + reserved
    return (
        specials == (PAD_ID, UNK_ID, BOS_ID, EOS_ID)
        and reserved > 0
        and processor.vocab_size() > first_byte + 256
        and all(processor.is_byte(i) for i in range(first_byte, first_byte + 256))
    )


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"the text has a lone surrogate (U+{ord(text[error.start]):04X}) at character {error.start}, "
            "which is not valid Unicode; remove it, or send both halves of the pair"
        ) from error
