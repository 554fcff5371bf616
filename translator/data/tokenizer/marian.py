"""The tokenizer of Marian's models, such as OPUS-MT: a SentencePiece model for each language, and one vocabulary.

The punctuation is normalised with Moses' rules first, as it was before the models were trained (OPUS-MT-train,
`preprocess.sh`). `MarianTokenizer` of `transformers` has this step as its method `normalize`, but does not call it.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

import sentencepiece

from translator.data.tokenizer.foreign import ForeignTokenizer, Vocabulary
from translator.data.tokenizer.moses import Language, punctuation_rules
from translator.data.tokenizer.own import WORD_MARK, readable_pieces
from translator.data.tokenizer.protocol import TokenizerKind
from translator.data.tokenizer.rewriting import Rewriting
from translator.errors import DataError
from translator.text.normalisation import refuse_surrogates
from translator.text.places import Place

SOURCE, TARGET, VOCABULARY = "source.spm", "target.spm", "vocab.json"


class MarianPieces:
    """The pieces of one language."""

    def __init__(
        self, processor: sentencepiece.SentencePieceProcessor, vocabulary: Vocabulary, language: Language
    ) -> None:
        self._processor, self._vocabulary = processor, vocabulary
        self._normalise = Rewriting(punctuation_rules(language))

    def normalise(self, text: str) -> str:
        """Return the text with Moses' punctuation."""
        return self._normalise(text)

    def encode_marked(self, text: str) -> list[int]:
        """Return the piece ids of a text. Raises InputError on a lone surrogate."""
        refuse_surrogates(text)
        pieces: list[str] = self._processor.encode(self._normalise(text), out_type=str)
        return self._vocabulary.ids(pieces)

    def encode_all_marked(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the piece ids of each text."""
        return list(map(self.encode_marked, texts))

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids, without special pieces. Raises InputError on an id outside the vocabulary."""
        text: str = self._processor.decode_pieces(self._vocabulary.pieces_of(ids))
        return text.replace(WORD_MARK, " ").strip()

    def encode_placed(self, text: str) -> tuple[list[int], list[Place]]:
        """Return the ids as `encode_marked` does, and the place of each piece in the text."""
        refuse_surrogates(text)
        normalised, origins = self._normalise.with_origins(text)
        found = self._processor.encode(normalised, return_type="offset_mapping")
        places = list[Place]()
        for start, end in found["offsets"]:
            here = places[-1][1] if places else 0
            places.append((origins[start][0], origins[end - 1][1]) if start < end else (here, here))
        return self._vocabulary.ids(found["pieces"]), places

    def piece(self, piece_id: int) -> str:
        """Return a piece, with `▁` for a space. Raises InputError on an id outside the vocabulary."""
        return self._vocabulary.piece(piece_id)

    def readable(self, ids: Sequence[int]) -> str:
        """Return the text of pieces for people, with a · between pieces of the same word."""
        return readable_pieces(map(self.piece, ids))


class MarianTokenizer(ForeignTokenizer):
    """Encodes with `source.spm` and `target.spm`, and takes the ids from `vocab.json`."""

    kind: TokenizerKind = "marian"

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """Raise DataError if a file is damaged, and ConfigError if the package sacremoses is not installed."""
        vocabulary = Vocabulary(VOCABULARY, files[VOCABULARY])
        super().__init__(files, vocabulary)
        self.begin_id = self.pad_id
        self.source = MarianPieces(_processor(SOURCE, files[SOURCE]), vocabulary, "en")
        self.target = MarianPieces(_processor(TARGET, files[TARGET]), vocabulary, "de")

    @cached_property
    def written_texts(self) -> list[bytes]:
        """What each piece adds to a text, in UTF-8; b"" for special pieces."""
        special = self._vocabulary.special
        return [
            b"" if piece in special else piece.replace(WORD_MARK, " ").encode()
            for piece in self._vocabulary.pieces
        ]

    def as_written(self, text: str) -> str:
        """Return the text with Moses' punctuation, which is all that a translation has."""
        return self.target.normalise(text)

    def decode_marked(self, ids: Sequence[int]) -> str:
        """Return the text of target ids, without special pieces."""
        return self.target.decode(ids)


def _processor(name: str, content: bytes) -> sentencepiece.SentencePieceProcessor:
    try:
        if content:
            return sentencepiece.SentencePieceProcessor(model_proto=content)
    except (RuntimeError, OSError, ValueError) as error:
        raise DataError(f"{name} is damaged: {error}; download it again") from error
    raise DataError(f"{name} is empty; download it again")
