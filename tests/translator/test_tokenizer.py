import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from translator.data.tokenizer import (
    BOS_ID,
    EOS_ID,
    FIRST_RESERVED_ID,
    PAD_ID,
    UNK_ID,
    SentencePieceTokenizer,
    train_tokenizer,
)
from translator.data.tokenizer.own import readable_pieces
from translator.data.vocabulary import REQUIRED_CHARACTERS, RESERVED_CLASSES
from translator.errors import DataError, InputError
from translator.translate import shipped_model

SENTENCES = [
    "The baker opens the little shop at seven.",
    "Der Bäcker öffnet den kleinen Laden um sieben.",
    "A grey heron stands in the shallow water.",
    "Ein grauer Reiher steht im flachen Wasser.",
    "We painted both doors green in 1987 <b>again</b>.",
    "Wir haben 1987 beide Türen grün gestrichen.",
]
VOCAB_SIZE = 476
FIRST_BYTE_ID = 132


@pytest.fixture(scope="module")
def tokenizer() -> SentencePieceTokenizer:
    return train_tokenizer(SENTENCES * 3, VOCAB_SIZE, threads=1)


@pytest.mark.parametrize("text", [*SENTENCES, "", " ", "🙂 ok", "a 🙂é▁b", "  two  blanks ", "äöü"])
def test_spans_of_pieces(tokenizer: SentencePieceTokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    for piece_id, (start, end) in zip(ids, tokenizer.piece_offsets(ids), strict=True):
        piece = tokenizer.piece(piece_id)
        if piece_id >= FIRST_BYTE_ID + 256:
            written = piece.replace("▁", " ")
            assert text[start:end] in (written, written[1:])  # without the space that SentencePiece adds
        else:
            assert end - start == 1
            assert bytes([piece_id - FIRST_BYTE_ID]) in text[start:end].encode()
    assert {place for span in tokenizer.piece_offsets(ids) for place in range(*span)} == set(range(len(text)))


def test_special_ids_are_fixed(tokenizer: SentencePieceTokenizer) -> None:
    assert (PAD_ID, UNK_ID, BOS_ID, EOS_ID) == (0, 1, 2, 3)
    assert tokenizer.vocab_size == VOCAB_SIZE
    assert [tokenizer.piece(i) for i in (4, 5, 20, 131)] == [
        "<opaque_0>",
        "<opaque_1>",
        "<number_0>",
        "<spare_9>",
    ]
    assert tokenizer.piece(FIRST_BYTE_ID) == "<0x00>"
    assert tokenizer.piece(FIRST_BYTE_ID + 255) == "<0xFF>"


@pytest.mark.parametrize("sentence", SENTENCES)
def test_training_text_needs_no_bytes_and_survives_a_round_trip(
    tokenizer: SentencePieceTokenizer, sentence: str
) -> None:
    ids = tokenizer.encode(sentence)
    assert min(ids) >= FIRST_BYTE_ID + 256
    assert tokenizer.decode(ids) == sentence


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "   ",
        "  two  before,  two   inside and after  ",
        "\ttab\nnew line\r\nwindows\x0b\x0c",
        "\x00nul\x00",
        "👩‍👩‍👧 family, 🇩🇪, ✍🏽",
        "שלום \u202eoverride\u202c",
        "no\u00a0break, narrow\u202fone, ideographic\u3000one",
        "e\u0301 decomposed, \u00e9 composed, \u212b angstrom, ﬁ ligature",
        "\ufeffbyte order mark",
        "\ufffd and \u2047 and  \u2047 ",
        "\U0010fffd\U00100000",
        "漢字かな交じり文",
    ],
)
def test_any_text_survives_a_round_trip(tokenizer: SentencePieceTokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize(
    "text",
    ["▁", "▁▁", "a▁b", " ▁ a ▁", "▁\U0010fffd▁", "\U0010fffd▁\U0010fffd", "name▁of▁file", "\n▁"],
)
def test_literal_word_mark_is_encoded_by_its_bytes(tokenizer: SentencePieceTokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    mark = [FIRST_BYTE_ID + byte for byte in (0xE2, 0x96, 0x81)]
    runs = sum(ids[i : i + 3] == mark for i in range(len(ids)))
    assert runs == text.count("▁")
    assert tokenizer.encode_all(["x", text]) == [tokenizer.encode("x"), ids]


@pytest.mark.parametrize("name", ["<s>", "</s>", "<pad>", "<unk>", "<number_3>", "<spare_9>", "<0x41>"])
def test_text_never_becomes_a_control_piece(tokenizer: SentencePieceTokenizer, name: str) -> None:
    for text in (name, f"a {name} b", f"a{name}{name}"):
        ids = tokenizer.encode(text)
        assert min(ids) >= FIRST_BYTE_ID
        assert FIRST_BYTE_ID + 0x41 not in ids
        assert tokenizer.decode(ids) == text


def test_names_of_controls_in_the_training_text_are_harmless() -> None:
    text = ["<number_0> and <s> and </s> in <pad> a text of markup <unk> <0x41>"]
    tokenizer = train_tokenizer(text * 20, 416, threads=1)
    ids = tokenizer.encode(text[0])
    assert min(ids) >= FIRST_BYTE_ID
    assert tokenizer.decode(ids) == text[0]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_round_trip_of_any_text(tokenizer: SentencePieceTokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert all(piece_id >= FIRST_BYTE_ID for piece_id in ids)


@given(st.lists(st.text(st.sampled_from("▁ \U0010fffdaä<s>"), max_size=12), max_size=5))
def test_many_at_once_equal_one_by_one(tokenizer: SentencePieceTokenizer, texts: list[str]) -> None:
    encoded = tokenizer.encode_all(texts)
    assert encoded == [tokenizer.encode(text) for text in texts]
    assert [tokenizer.decode(ids) for ids in encoded] == texts


def test_many_texts_on_several_threads_keep_their_order(tokenizer: SentencePieceTokenizer) -> None:
    texts = [f"door {number}" for number in range(2000)]
    assert [tokenizer.decode(ids) for ids in tokenizer.encode_all(texts)] == texts


@pytest.mark.parametrize("text", ["a\ud800", "\udfff", "ab▁c▁\ud800"])
def test_lone_surrogate_is_refused_with_its_position(tokenizer: SentencePieceTokenizer, text: str) -> None:
    place = f"character {len(text) - 1}"
    with pytest.raises(InputError, match=place):
        tokenizer.encode(text)
    with pytest.raises(InputError, match=place):
        tokenizer.encode_all(["fine", text])


def test_every_digit_is_a_separate_piece(tokenizer: SentencePieceTokenizer) -> None:
    pieces = [tokenizer.piece(i) for i in tokenizer.encode("1987")]
    assert [piece.removeprefix("▁") for piece in pieces if piece != "▁"] == ["1", "9", "8", "7"]


def test_decode_drops_specials_and_reserved_pieces(tokenizer: SentencePieceTokenizer) -> None:
    ids = tokenizer.encode("The heron")
    reserved = range(FIRST_RESERVED_ID, FIRST_BYTE_ID)
    assert tokenizer.decode([BOS_ID, *ids[:1], UNK_ID, *ids[1:], EOS_ID, PAD_ID, *reserved]) == "The heron"
    assert tokenizer.decode([]) == ""
    assert tokenizer.decode([BOS_ID, EOS_ID]) == ""


def test_decoding_bytes_that_are_not_utf8(tokenizer: SentencePieceTokenizer) -> None:
    assert tokenizer.decode([FIRST_BYTE_ID + 0xFF]) == "\ufffd"
    assert tokenizer.decode([FIRST_BYTE_ID + 0xC3, FIRST_BYTE_ID + 0xA4]) == "ä"


@pytest.mark.parametrize("wrong", [-1, VOCAB_SIZE, 10**12])
def test_ids_outside_the_vocabulary_are_refused(tokenizer: SentencePieceTokenizer, wrong: int) -> None:
    with pytest.raises(InputError, match=f"piece id {wrong} .* 0 to {VOCAB_SIZE - 1}"):
        tokenizer.decode([50, wrong])
    with pytest.raises(InputError, match=str(wrong)):
        tokenizer.piece(wrong)


def test_saved_and_loaded_tokenizers_are_the_same(tokenizer: SentencePieceTokenizer, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.model"
    tokenizer.save(path)
    loaded = SentencePieceTokenizer.load(path)
    assert loaded.files == tokenizer.files == {"tokenizer.model": path.read_bytes()}
    assert loaded.sha256 == tokenizer.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loaded.encode(SENTENCES[1]) == tokenizer.encode(SENTENCES[1])


def test_training_is_repeatable() -> None:
    first, again, threaded = (train_tokenizer(SENTENCES, 436, threads=threads) for threads in (1, 1, 2))
    assert first.sha256 == again.sha256
    assert [first.piece(i) for i in range(436)] == [threaded.piece(i) for i in range(436)]


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.model"):
        SentencePieceTokenizer.load(tmp_path / "no.model")
    (tmp_path / "junk.model").write_bytes(b"junk")
    with pytest.raises(DataError, match=r"junk\.model.*damaged"):
        SentencePieceTokenizer.load(tmp_path / "junk.model")


def test_foreign_models_are_refused() -> None:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES), model_writer=model, vocab_size=60, model_type="bpe", minloglevel=2
    )
    for foreign in (model.getvalue(), b""):
        with pytest.raises(DataError, match="not a tokenizer of this project"):
            SentencePieceTokenizer.from_bytes(foreign)


def test_too_small_text_names_the_largest_vocabulary() -> None:
    with pytest.raises(DataError, match=r"vocabulary of 3000 pieces; use at most (\d+)") as caught:
        train_tokenizer(SENTENCES, 3000, threads=1)
    largest = int(str(caught.value).split("at most ")[1].split()[0])
    assert train_tokenizer(SENTENCES, largest, threads=1).vocab_size == largest


def test_too_small_text_for_the_required_characters_names_a_vocabulary_that_works() -> None:
    with pytest.raises(DataError, match=r"vocabulary of 9000 pieces; use at most (\d+)") as caught:
        train_tokenizer(SENTENCES, 9000, threads=1)
    smaller = int(str(caught.value).split("at most ")[1].split()[0])
    assert train_tokenizer(SENTENCES, smaller, threads=1).vocab_size == smaller


def test_too_small_vocabulary_names_the_smallest() -> None:
    with pytest.raises(DataError, match=r"396 pieces .*; use at least (\d+)") as caught:
        train_tokenizer(SENTENCES, 396, threads=1)
    smallest = int(str(caught.value).split("at least ")[1])
    characters = set("".join(SENTENCES)) - {" "} | {"▁"}
    assert smallest == FIRST_BYTE_ID + 256 + len(characters)
    assert train_tokenizer(SENTENCES, smallest, threads=1).vocab_size == smallest


@pytest.mark.parametrize("error", [DataError("line 2 is broken"), KeyboardInterrupt()])
def test_exceptions_of_the_sentences_are_raised_unchanged(error: BaseException) -> None:
    def sentences() -> Iterator[str]:
        yield from SENTENCES
        raise error

    with pytest.raises(type(error)) as caught:
        train_tokenizer(sentences(), VOCAB_SIZE, threads=1)
    assert caught.value is error


@pytest.mark.parametrize("texts", [[], [""]])
def test_training_on_nothing_is_refused(texts: list[str]) -> None:
    with pytest.raises(DataError, match="no text"):
        train_tokenizer(texts, 496, threads=1)


def test_outsider_and_literal_word_marks_never_enter_the_vocabulary() -> None:
    strange = [f"{sentence} ▁\U0010fffd \ud800" for sentence in SENTENCES]
    tokenizer = train_tokenizer(strange * 5, VOCAB_SIZE, threads=1)
    pieces = [tokenizer.piece(i) for i in range(VOCAB_SIZE)]
    assert not any("\U0010fffd" in piece for piece in pieces)
    assert tokenizer.decode(tokenizer.encode("▁\U0010fffd")) == "▁\U0010fffd"


# --- Reserved pieces and required characters


def test_the_classes_of_reserved_pieces_follow_each_other(tokenizer: SentencePieceTokenizer) -> None:
    assert tokenizer.reserved["opaque"] == range(4, 20)
    assert tokenizer.reserved["number"] == range(20, 36)
    assert tokenizer.reserved["spare"].stop == tokenizer.first_byte_id == FIRST_BYTE_ID
    assert tokenizer.span_ids == range(4, tokenizer.reserved["hint"].start)
    assert tokenizer.marks["number"][3] == chr(0xF0000 + 19)


def test_a_translation_may_have_spans_but_no_hints(tokenizer: SentencePieceTokenizer) -> None:
    unprintable = set(tokenizer.unprintable_ids)
    assert unprintable.isdisjoint(tokenizer.span_ids)
    assert unprintable.issuperset(range(tokenizer.span_ids.stop, FIRST_BYTE_ID))


@pytest.mark.parametrize(
    "text", ["The heron {0} and {1}.", "{0}", "{1}{0}", " {0} the", "▁{0}▁", "({0})", "owl{1}s"]
)
def test_marked_text_becomes_reserved_pieces_and_survives_a_round_trip(
    tokenizer: SentencePieceTokenizer, text: str
) -> None:
    marks = [tokenizer.marks["number"][2], tokenizer.marks["close"][11]]
    marked = text.format(*marks)
    ids = tokenizer.encode_marked(marked)
    wanted = [tokenizer.reserved["number"][2], tokenizer.reserved["close"][11]]
    assert [piece for piece in ids if piece < FIRST_BYTE_ID] == [
        wanted[marks.index(mark)] for mark in marked if mark in marks
    ]
    assert tokenizer.decode_marked(ids) == marked
    assert tokenizer.encode_all_marked([marked, "plain"]) == [ids, tokenizer.encode("plain")]


def test_text_beside_a_mark_is_encoded_as_without_it(tokenizer: SentencePieceTokenizer) -> None:
    mark = tokenizer.marks["date"][0]
    ids = tokenizer.encode_marked(f"{SENTENCES[0]} {mark} {SENTENCES[1]}")
    blank = tokenizer.encode(" ")[0]
    assert ids == [
        *tokenizer.encode(SENTENCES[0]), blank, tokenizer.reserved["date"][0], *tokenizer.encode(SENTENCES[1])
    ]  # fmt: skip


@pytest.mark.parametrize("other", ["\U000f0080", "\U000f00ff", "\U000f0250", "\U000f1000", "\U0010ffff"])
def test_other_private_characters_beside_a_mark_are_not_marks(
    tokenizer: SentencePieceTokenizer, other: str
) -> None:
    mark = tokenizer.marks["number"][0]
    ids = tokenizer.encode_marked(f"a {mark}{other}")
    assert ids == [*tokenizer.encode("a "), tokenizer.reserved["number"][0], *tokenizer.encode(other)[-4:]]
    assert tokenizer.decode_marked(ids) == f"a {mark}{other}"


def test_plain_encoding_never_reads_a_mark(tokenizer: SentencePieceTokenizer) -> None:
    text = f"a {tokenizer.marks['number'][0]} b"
    assert min(tokenizer.encode(text), default=FIRST_BYTE_ID) >= FIRST_BYTE_ID
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_a_tokenizer_without_classes_still_works() -> None:
    old = SentencePieceTokenizer.load(shipped_model() / "tokenizer.model")
    if old.reserved:
        pytest.skip("the model in the package has classes")
    assert old.first_byte_id == 36
    assert not old.span_ids
    assert not old.marks
    assert set(range(4, 36)) <= set(old.unprintable_ids)


def test_required_characters_are_separate_pieces() -> None:
    random = np.random.default_rng(0)
    words = ["".join(random.choice(list("abcdefghijklmnop"), 6)) for _ in range(9000)]
    tokenizer = train_tokenizer([" ".join(words[i : i + 9]) for i in range(0, 9000, 9)], 4000, threads=1)
    for character in REQUIRED_CHARACTERS:
        (mark, digit, piece) = tokenizer.encode(f"7{character}")  # the text has no digits to be merged with
        assert [tokenizer.piece(one) for one in (mark, digit, piece)] == ["▁", "7", character]


def test_a_large_vocabulary_has_all_required_characters() -> None:
    path = Path(__file__).parents[2] / "benchmarks" / "vocabulary-12000.model"
    tokenizer = SentencePieceTokenizer.load(path)
    assert tokenizer.vocab_size == 12_000
    assert list(tokenizer.reserved) == list(RESERVED_CLASSES)
    pieces = {tokenizer.piece(number) for number in tokenizer.learnt_ids}
    assert pieces >= set(REQUIRED_CHARACTERS)


def test_readable_pieces_are_separated_within_a_word():
    assert readable_pieces(["▁The", "▁c", "at", "."]) == "The c·at·."
    assert readable_pieces(["at", "▁The"]) == "at The"
    assert readable_pieces([]) == ""
