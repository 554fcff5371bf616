"""What the rest of the program needs of a tokenizer."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from translator.text.places import Place

TokenizerKind = Literal["sentencepiece", "marian", "moses-bpe"]


class Pieces(Protocol):
    """The pieces of one side, source or target, without begin and end tokens.

    Marked text has marks for reserved pieces; see `translator.text.marks.FIRST_MARK`. If the vocabulary has none, it is
    plain text.
    """

    def encode_marked(self, text: str) -> list[int]:
        """Return the piece ids of a marked text, which should be normalised. Raises InputError on a lone surrogate."""

    def encode_all_marked(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the piece ids of each text as `encode_marked` does, if possible with several threads."""

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids, without special and reserved pieces."""

    def encode_placed(self, text: str) -> tuple[list[int], list[Place]]:
        """Return the ids as `encode_marked` does, and the start and end of each piece in the text, in characters.

        A piece of characters that the tokenizer adds has an empty place; what it drops is in no place.
        """

    def piece(self, piece_id: int) -> str:
        """Return a piece as its vocabulary writes it. Raises InputError on an id outside the vocabulary."""

    def readable(self, ids: Sequence[int]) -> str:
        """Return the text of pieces for people, with a · between pieces of the same word."""


class Tokenizer(Protocol):
    """Converts text to ids and back."""

    kind: TokenizerKind
    pad_id: int
    unk_id: int
    begin_id: int
    """What the decoder reads before the first piece."""
    end_id: int

    @property
    def source(self) -> Pieces:
        """The pieces of the source."""

    @property
    def target(self) -> Pieces:
        """The pieces of the target; the same as those of the source if the vocabulary is for both."""

    @property
    def vocab_size(self) -> int:
        """The number of pieces on each side, including special ones."""

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of the files: equal for equal tokenizers."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """The files in a model folder that hold the tokenizer, by name."""

    @property
    def unprintable_ids(self) -> tuple[int, ...]:
        """Ids that no translation should contain, such as special pieces."""

    @property
    def first_byte_id(self) -> int | None:
        """The id of the piece for byte 0, which those for the other bytes follow; None if they are not consecutive.

        With byte pieces, every text can be written; without, what is not in the vocabulary gets `unk_id`.
        """

    @property
    def reserved(self) -> Mapping[str, range]:
        """The ids of each class of reserved pieces; empty for a vocabulary without them."""

    @property
    def span_ids(self) -> range:
        """The ids of all pieces that replace protected spans."""

    @property
    def marks(self) -> Mapping[str, str]:
        """The characters that represent the pieces of each class in marked text; empty without classes."""

    @property
    def written_texts(self) -> Sequence[bytes]:
        """What each target piece adds to a text, in UTF-8; b"" for special pieces. See `as_written`."""

    def as_written(self, text: str) -> str:
        """Return how the texts of pieces spell a normalised text, with an approximate number of blanks."""

    def decode_marked(self, ids: Sequence[int]) -> str:
        """Return the text of target ids, with a mark for each reserved piece."""

    def without_hints(self, ids: Sequence[int]) -> list[int]:
        """Return the ids of a source without its hints (`translator.text.lexicon`)."""
