import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st

from translator.errors import DataError, InputError
from translator.tokenizer import BOS_ID, EOS_ID, PAD_ID, RESERVED_PIECES, UNK_ID, Tokenizer, train_tokenizer

SENTENCES = [
    "The baker opens the little shop at seven.",
    "Der Bäcker öffnet den kleinen Laden um sieben.",
    "A grey heron stands in the shallow water.",
    "Ein grauer Reiher steht im flachen Wasser.",
    "We painted both doors green in 1987 <b>again</b>.",
    "Wir haben 1987 beide Türen grün gestrichen.",
]
VOCAB_SIZE = 380
FIRST_BYTE_ID = 36


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(SENTENCES * 3, VOCAB_SIZE, threads=1)


def test_special_ids_have_their_fixed_places(tokenizer: Tokenizer) -> None:
    assert (PAD_ID, UNK_ID, BOS_ID, EOS_ID) == (0, 1, 2, 3)
    assert tokenizer.vocab_size == VOCAB_SIZE
    assert [tokenizer.piece(i) for i in (4, 5, 35)] == ["<reserved_0>", "<reserved_1>", "<reserved_31>"]
    assert tokenizer.piece(FIRST_BYTE_ID) == "<0x00>"
    assert tokenizer.piece(FIRST_BYTE_ID + 255) == "<0xFF>"


@pytest.mark.parametrize("sentence", SENTENCES)
def test_training_text_needs_no_bytes_and_comes_back(tokenizer: Tokenizer, sentence: str) -> None:
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
def test_any_text_comes_back(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize(
    "text",
    ["▁", "▁▁", "a▁b", " ▁ a ▁", "▁\U0010fffd▁", "\U0010fffd▁\U0010fffd", "name▁of▁file", "\n▁"],
)
def test_literal_word_mark_is_encoded_by_its_bytes(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    mark = [FIRST_BYTE_ID + byte for byte in (0xE2, 0x96, 0x81)]
    runs = sum(ids[i : i + 3] == mark for i in range(len(ids)))
    assert runs == text.count("▁")
    assert tokenizer.encode_all(["x", text]) == [tokenizer.encode("x"), ids]


@pytest.mark.parametrize("name", ["<s>", "</s>", "<pad>", "<unk>", "<reserved_3>", "<reserved_31>", "<0x41>"])
def test_text_never_becomes_a_control_piece(tokenizer: Tokenizer, name: str) -> None:
    for text in (name, f"a {name} b", f"a{name}{name}"):
        ids = tokenizer.encode(text)
        assert min(ids) >= FIRST_BYTE_ID
        assert FIRST_BYTE_ID + 0x41 not in ids
        assert tokenizer.decode(ids) == text


def test_names_of_controls_in_the_training_text_do_no_harm() -> None:
    text = ["<reserved_0> and <s> and </s> in <pad> a text of markup <unk> <0x41>"]
    tokenizer = train_tokenizer(text * 20, 320, threads=1)
    ids = tokenizer.encode(text[0])
    assert min(ids) >= FIRST_BYTE_ID
    assert tokenizer.decode(ids) == text[0]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
@settings(max_examples=100, deadline=None)
def test_round_trip_of_any_text(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert all(piece_id >= FIRST_BYTE_ID for piece_id in ids)


@given(st.lists(st.text(st.sampled_from("▁ \U0010fffdaä<s>"), max_size=12), max_size=5))
@settings(max_examples=100, deadline=None)
def test_many_at_once_equal_one_by_one(tokenizer: Tokenizer, texts: list[str]) -> None:
    encoded = tokenizer.encode_all(texts)
    assert encoded == [tokenizer.encode(text) for text in texts]
    assert [tokenizer.decode(ids) for ids in encoded] == texts


def test_many_texts_on_several_threads_keep_their_order(tokenizer: Tokenizer) -> None:
    texts = [f"door {number}" for number in range(2000)]
    assert [tokenizer.decode(ids) for ids in tokenizer.encode_all(texts)] == texts


@pytest.mark.parametrize("text", ["a\ud800", "\udfff", "ab▁c▁\ud800"])
def test_lone_surrogate_is_refused_with_its_place(tokenizer: Tokenizer, text: str) -> None:
    place = f"character {len(text) - 1}"
    with pytest.raises(InputError, match=place):
        tokenizer.encode(text)
    with pytest.raises(InputError, match=place):
        tokenizer.encode_all(["fine", text])


def test_digits_are_pieces_of_their_own(tokenizer: Tokenizer) -> None:
    pieces = [tokenizer.piece(i) for i in tokenizer.encode("1987")]
    assert [piece.removeprefix("▁") for piece in pieces if piece != "▁"] == ["1", "9", "8", "7"]


def test_decode_drops_specials_and_reserved_pieces(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("The heron")
    reserved = range(EOS_ID + 1, EOS_ID + 1 + RESERVED_PIECES)
    assert tokenizer.decode([BOS_ID, *ids[:1], UNK_ID, *ids[1:], EOS_ID, PAD_ID, *reserved]) == "The heron"
    assert tokenizer.decode([]) == ""
    assert tokenizer.decode([BOS_ID, EOS_ID]) == ""


def test_decode_of_bytes_that_are_no_utf8(tokenizer: Tokenizer) -> None:
    assert tokenizer.decode([FIRST_BYTE_ID + 0xFF]) == "\ufffd"
    assert tokenizer.decode([FIRST_BYTE_ID + 0xC3, FIRST_BYTE_ID + 0xA4]) == "ä"


@pytest.mark.parametrize("wrong", [-1, VOCAB_SIZE, 10**12])
def test_ids_outside_of_the_vocabulary_are_refused(tokenizer: Tokenizer, wrong: int) -> None:
    with pytest.raises(InputError, match=f"piece id {wrong} .* 0 to {VOCAB_SIZE - 1}"):
        tokenizer.decode([50, wrong])
    with pytest.raises(InputError, match=str(wrong)):
        tokenizer.piece(wrong)


def test_saved_and_loaded_tokenizers_are_the_same(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.model"
    tokenizer.save(path)
    loaded = Tokenizer.load(path)
    assert loaded.model_bytes == tokenizer.model_bytes == path.read_bytes()
    assert loaded.sha256 == tokenizer.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loaded.encode(SENTENCES[1]) == tokenizer.encode(SENTENCES[1])


def test_training_is_repeatable() -> None:
    first, again, threaded = (train_tokenizer(SENTENCES, 340, threads=threads) for threads in (1, 1, 2))
    assert first.sha256 == again.sha256
    assert [first.piece(i) for i in range(340)] == [threaded.piece(i) for i in range(340)]


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.model"):
        Tokenizer.load(tmp_path / "no.model")
    (tmp_path / "junk.model").write_bytes(b"junk")
    with pytest.raises(DataError, match=r"junk\.model.*damaged"):
        Tokenizer.load(tmp_path / "junk.model")


def test_foreign_models_are_refused() -> None:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES), model_writer=model, vocab_size=60, model_type="bpe", minloglevel=2
    )
    for foreign in (model.getvalue(), b""):
        with pytest.raises(DataError, match="not a tokenizer of this project"):
            Tokenizer.from_bytes(foreign)


def test_too_small_text_names_the_largest_vocabulary() -> None:
    with pytest.raises(DataError, match=r"vocabulary of 9000 pieces; ask for at most (\d+)") as caught:
        train_tokenizer(SENTENCES, 9000, threads=1)
    largest = int(str(caught.value).split("at most ")[1].split()[0])
    assert train_tokenizer(SENTENCES, largest, threads=1).vocab_size == largest


def test_too_small_vocabulary_names_the_smallest() -> None:
    with pytest.raises(DataError, match=r"300 pieces .*; ask for at least (\d+)") as caught:
        train_tokenizer(SENTENCES, 300, threads=1)
    smallest = int(str(caught.value).split("at least ")[1])
    characters = set("".join(SENTENCES)) - {" "} | {"▁"}
    assert smallest == 4 + RESERVED_PIECES + 256 + len(characters)
    assert train_tokenizer(SENTENCES, smallest, threads=1).vocab_size == smallest


@pytest.mark.parametrize("error", [DataError("line 2 is broken"), KeyboardInterrupt()])
def test_what_the_sentences_raise_comes_out_unchanged(error: BaseException) -> None:
    def sentences() -> Iterator[str]:
        yield from SENTENCES
        raise error

    with pytest.raises(type(error)) as caught:
        train_tokenizer(sentences(), VOCAB_SIZE, threads=1)
    assert caught.value is error


@pytest.mark.parametrize("texts", [[], [""]])
def test_training_on_nothing_is_refused(texts: list[str]) -> None:
    with pytest.raises(DataError, match="no text"):
        train_tokenizer(texts, 400, threads=1)


def test_outsider_and_literal_word_marks_never_enter_the_vocabulary() -> None:
    strange = [f"{sentence} ▁\U0010fffd \ud800" for sentence in SENTENCES]
    tokenizer = train_tokenizer(strange * 5, VOCAB_SIZE, threads=1)
    pieces = [tokenizer.piece(i) for i in range(VOCAB_SIZE)]
    assert not any("\U0010fffd" in piece for piece in pieces)
    assert tokenizer.decode(tokenizer.encode("▁\U0010fffd")) == "▁\U0010fffd"
