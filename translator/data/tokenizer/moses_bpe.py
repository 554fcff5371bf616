"""The tokenizer of FSMT's models, such as wmt19-en-de: Moses' tokens, byte-pair encoding, and two vocabularies.

It does what `FSMTTokenizer` of `transformers` does.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

from translator.data.tokenizer.foreign import ForeignTokenizer, Vocabulary
from translator.data.tokenizer.merges import END_OF_WORD, Merges
from translator.data.tokenizer.moses import Language, MosesText
from translator.data.tokenizer.protocol import TokenizerKind
from translator.errors import DataError
from translator.text.normalisation import refuse_surrogates
from translator.text.places import Place

SOURCE, TARGET, MERGES = "vocab-src.json", "vocab-tgt.json", "merges.txt"


class MosesBpePieces:
    """The pieces of one language; the last one of each word ends with `</w>`."""

    def __init__(self, merges: Merges, vocabulary: Vocabulary, language: Language) -> None:
        self._merges, self._vocabulary = merges, vocabulary
        self._moses = MosesText(language)

    def tokens(self, text: str) -> list[str]:
        """Return Moses' tokens."""
        return self._moses.tokens(text)

    def encode_marked(self, text: str) -> list[int]:
        """Return the piece ids of a text. Raises InputError on a lone surrogate."""
        refuse_surrogates(text)
        return self._vocabulary.ids(
            [piece for token in self.tokens(text) for piece in self._merges.split(token)]
        )

    def encode_all_marked(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the piece ids of each text."""
        return list(map(self.encode_marked, texts))

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids, without special pieces. Raises InputError on an id outside the vocabulary."""
        written = "".join(self._vocabulary.pieces_of(ids))
        return self._moses.join(written.replace(END_OF_WORD, " ").split())

    def encode_placed(self, text: str) -> tuple[list[int], list[Place]]:
        """Return the ids as `encode_marked` does, and the place of each piece in the text."""
        refuse_surrogates(text)
        pieces, places = list[str](), list[Place]()
        for token, origins in self._moses.tokens_with_origins(text):
            start = 0
            for piece in self._merges.split(token):
                end = start + len(
                    piece.removesuffix(END_OF_WORD) if start + len(piece) > len(token) else piece
                )
                places.append((origins[start][0], origins[end - 1][1]))
                pieces.append(piece)
                start = end
        return self._vocabulary.ids(pieces), places

    def piece(self, piece_id: int) -> str:
        """Return a piece. Raises InputError on an id outside the vocabulary."""
        return self._vocabulary.piece(piece_id)

    def readable(self, ids: Sequence[int]) -> str:
        """Return the text of pieces for people, with a · between pieces of the same word."""
        return "·".join(map(self.piece, ids)).replace(f"{END_OF_WORD}·", " ").removesuffix(END_OF_WORD)


class MosesBpeTokenizer(ForeignTokenizer):
    """Encodes with `merges.txt`, and takes the ids from `vocab-src.json` and `vocab-tgt.json`."""

    kind: TokenizerKind = "moses-bpe"

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """Raise DataError if a file is damaged, and ConfigError if the package sacremoses is not installed."""
        merges = Merges(MERGES, files[MERGES])
        source, target = (Vocabulary(name, files[name]) for name in (SOURCE, TARGET))
        if source.special != target.special or len(source) != len(target):
            raise DataError(
                f"{SOURCE} has {len(source):,} pieces and {TARGET} {len(target):,}, or other ids for the special "
                "pieces; download both of the same model"
            )
        super().__init__(files, target)
        self.begin_id = self.end_id
        self.source = MosesBpePieces(merges, source, "en")
        self.target = MosesBpePieces(merges, target, "de")

    @cached_property
    def written_texts(self) -> list[bytes]:
        """What each piece adds to the tokens of a text, in UTF-8; b"" for special pieces."""
        special = self._vocabulary.special
        return [
            b"" if piece in special else piece.replace(END_OF_WORD, " ").encode()
            for piece in self._vocabulary.pieces
        ]

    def as_written(self, text: str) -> str:
        """Return Moses' tokens with blanks in between, which is what the pieces spell."""
        return " ".join(self.target.tokens(text))

    def decode_marked(self, ids: Sequence[int]) -> str:
        """Return the text of target ids, without special pieces."""
        return self.target.decode(ids)
