"""What the tokenizers of published weights have in common: vocabularies in JSON, and no reserved or byte pieces."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from translator.errors import DataError, InputError

END, PAD, UNKNOWN = "</s>", "<pad>", "<unk>"
SPECIAL_PIECES = ("<s>", END, PAD, UNKNOWN)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Vocabulary:
    """The pieces in a file such as `vocab.json`, and their ids."""

    def __init__(self, name: str, content: bytes) -> None:
        """Raise DataError unless the content is a JSON object that numbers its pieces from 0, with special ones."""
        try:
            ids = json.loads(content)
        except ValueError as error:
            raise DataError(f"{name} is damaged: {error}; download it again") from error
        if not isinstance(ids, dict) or {type(number) for number in ids.values()} != {int}:
            raise DataError(f"{name} is no JSON object of pieces and their ids; download it again")
        pieces = sorted(ids, key=ids.__getitem__)
        if [ids[piece] for piece in pieces] != list(range(len(pieces))):
            raise DataError(
                f"{name} has {len(pieces):,} pieces, but their ids are not 0 to {len(pieces) - 1:,}; download it again"
            )
        if missing := [piece for piece in (END, PAD, UNKNOWN) if piece not in ids]:
            raise DataError(f"{name} lacks the piece {missing[0]}; download the vocabulary of the same model")
        self.pieces: list[str] = pieces
        self.special = {piece: ids[piece] for piece in SPECIAL_PIECES if piece in ids}
        # No text becomes a special piece, not even one that looks like it.
        self._id_of = {piece: number for piece, number in ids.items() if piece not in self.special}

    def __len__(self) -> int:
        return len(self.pieces)

    def ids(self, pieces: Sequence[str]) -> list[int]:
        """Return the ids of pieces of a text; that of the unknown piece for those that the vocabulary lacks."""
        unknown = self.special[UNKNOWN]
        return [self._id_of.get(piece, unknown) for piece in pieces]

    def piece(self, piece_id: int) -> str:
        """Return the piece of an id. Raises InputError on an id outside the vocabulary."""
        if not 0 <= piece_id < len(self.pieces):
            raise InputError(f"piece id {piece_id} is outside the vocabulary, 0 to {len(self.pieces) - 1}")
        return self.pieces[piece_id]

    def pieces_of(self, ids: Sequence[int]) -> list[str]:
        """Return the pieces of a text, without special ones. Raises InputError on an id outside the vocabulary."""
        return [piece for piece in map(self.piece, ids) if piece not in self.special]


class ForeignTokenizer:
    """A tokenizer without reserved pieces.

    The model gets links, numbers and markup as they are, and no hints. If it loses some, the sentence is translated in
    parts (`translator.translate.ladder`).
    """

    reserved: Mapping[str, range] = MappingProxyType({})
    marks: Mapping[str, str] = MappingProxyType({})
    span_ids = range(0)
    first_byte_id: int | None = None

    def __init__(self, files: Mapping[str, bytes], vocabulary: Vocabulary) -> None:
        """`vocabulary` is that of the target."""
        self.files = files
        self._vocabulary = vocabulary
        self.pad_id, self.unk_id, self.end_id = (vocabulary.special[one] for one in (PAD, UNKNOWN, END))

    @property
    def vocab_size(self) -> int:
        """The number of pieces on each side, including special ones."""
        return len(self._vocabulary)

    @cached_property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of the files: equal for equal tokenizers."""
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(self.files.items())}
        return hashlib.sha256(json.dumps(digests).encode()).hexdigest()

    @cached_property
    def unprintable_ids(self) -> tuple[int, ...]:
        """Ids that no translation should contain: special pieces, and pieces with control characters."""
        special = {number for piece, number in self._vocabulary.special.items() if piece != END}
        controls = {number for number, piece in enumerate(self._vocabulary.pieces) if _CONTROL.search(piece)}
        return tuple(sorted(special | controls))

    def without_hints(self, ids: Sequence[int]) -> list[int]:
        """Return the ids of a source, which has no hints."""
        return list(ids)


def read_text(name: str, content: bytes) -> str:
    """Decode a file as UTF-8. Raises DataError if it is not."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is damaged: {error}; download it again") from error
