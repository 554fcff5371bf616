"""Tokenizers of published weights, compared with those of `transformers`."""

import html
import itertools
import random
import re
import sys
import unicodedata
import warnings
from functools import cache, partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from published_stand_ins import merged

from tests.published_tokenizers import lines, marian_files, moses_bpe_files
from tests.time_limit import cpu_limit
from translator.data.tokenizer import TOKENIZER_FILES, read_tokenizer
from translator.data.tokenizer.merges import Merges
from translator.data.tokenizer.moses import MosesText
from translator.data.tokenizer.rewriting import Rewriting
from translator.errors import ConfigError, DataError, InputError

FILES = {"marian": marian_files, "moses-bpe": moses_bpe_files}
ESCAPED = re.compile("[\"'`´‘’‚“”„«»「」《》〈〉&|<>[\\]]")
"""What Moses escapes, perhaps after it has replaced others."""
MOSES = cache(partial(MosesText, "en"))
COUNT = 300
WHOLE = pytest.param(5_000, marks=pytest.mark.hard)
"""The number of lines that are compared: some always, and all in the hard tests."""


@pytest.fixture(scope="module", params=FILES)
def tokenizer(request):
    return read_tokenizer(request.param, FILES[request.param]())


@pytest.fixture(scope="module")
def reference(tokenizer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub")
    for name, content in tokenizer.files.items():
        (folder / name).write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the packages that transformers imports
        from transformers import FSMTTokenizer, MarianTokenizer

        paths = [str(folder / name) for name in tokenizer.files]
        if tokenizer.kind == "marian":
            return MarianTokenizer(*paths, source_lang="en", target_lang="de")
        return FSMTTokenizer(["en", "de"], *paths)


@pytest.mark.slow
@pytest.mark.parametrize("count", [COUNT, WHOLE])
def test_encoding_is_that_of_transformers(tokenizer, reference, count):
    """MarianTokenizer has a method for the punctuation, but leaves it to its caller to use it."""
    for line in lines(count):
        prepared = reference.normalize(line) if tokenizer.kind == "marian" else line
        assert [*tokenizer.source.encode_marked(line), tokenizer.end_id] == reference(prepared)["input_ids"]


@pytest.mark.slow
def test_punctuation_of_keyboards_needs_no_preparation(tokenizer, reference):
    for line in ("The heron stands in the water, again.", "Don't open both doors - it's 7 o'clock!", "", "A"):
        assert [*tokenizer.source.encode_marked(line), tokenizer.end_id] == reference(line)["input_ids"]


@pytest.mark.slow
@pytest.mark.parametrize("count", [COUNT, WHOLE])
def test_decoding_is_that_of_transformers(tokenizer, reference, count):
    choose = random.Random(5)
    for line in lines(count, seed=6):
        ids = tokenizer.target.encode_marked(line)
        drawn = choose.choices(range(tokenizer.vocab_size), k=12)
        for one in (ids, drawn):
            assert tokenizer.target.decode(one) == reference.decode(one, skip_special_tokens=True)


@pytest.mark.slow
def test_special_ids_are_those_of_transformers(tokenizer, reference):
    assert tokenizer.pad_id == reference.pad_token_id
    assert tokenizer.unk_id == reference.unk_token_id
    assert tokenizer.begin_id == (tokenizer.pad_id if tokenizer.kind == "marian" else tokenizer.end_id)
    special = set(reference.all_special_ids)
    assert special - set(tokenizer.unprintable_ids) == {tokenizer.end_id}
    assert tokenizer.target.piece(tokenizer.end_id) == "</s>"


@pytest.mark.parametrize("text", ["</s>", "<pad> <unk>", "a<pad>b", "<s>"])
def test_no_text_becomes_a_special_piece(tokenizer, text):
    for side in (tokenizer.source, tokenizer.target):
        special = {"</s>", "<pad>", "<s>"}
        assert not {side.piece(one) for one in side.encode_marked(text)} & special


@pytest.mark.parametrize("count", [COUNT, WHOLE])
def test_each_piece_is_in_its_place(tokenizer, count):
    for line in lines(count, seed=7):
        check_places(tokenizer, line)


@given(text=st.text(st.sampled_from("abÄ1 ,.'\"’“”-–…`´%()[]<>&|?!\u00a0\u200b\t«»日🙂。"), max_size=30))
def test_each_piece_is_in_its_place_in_any_text(tokenizer, text):
    check_places(tokenizer, text)


def check_places(tokenizer, text):
    for side in (tokenizer.source, tokenizer.target):
        ids, places = side.encode_placed(text)
        assert ids == side.encode_marked(text)
        assert len(ids) == len(places)
        assert all(0 <= start <= end <= len(text) for start, end in places)
        assert all(a <= b and c <= d for (a, c), (b, d) in itertools.pairwise(places))
        for piece, (start, end) in zip(map(side.piece, ids), places, strict=True):
            # One character may become several pieces, of which only the last one has a place.
            if piece != "<unk>" and not has_split_characters(tokenizer, text):
                assert letters(piece.removesuffix("</w>")) == letters(text[start:end])
    if tokenizer.kind == "moses-bpe":
        for token, origins in MOSES().tokens_with_origins(text):
            assert letters(html.unescape(token)) == letters(text[origins[0][0] : origins[-1][1]])


def has_split_characters(tokenizer, text):
    if tokenizer.kind == "moses-bpe":
        return ESCAPED.search(text) is not None
    return any(len(unicodedata.normalize("NFKC", character)) > 1 for character in text)


def letters(text):
    return [character for character in unicodedata.normalize("NFKC", text) if character.isalnum()]


def test_places_worked_out_by_hand():
    marian = read_tokenizer("marian", marian_files())
    text = "“Don’t”\u00a0: a"  # becomes "Don't": a
    ids, places = marian.source.encode_placed(text)
    assert len(ids) == len(places)
    assert [text[slice(*place)] for place in places][-1].endswith("a")
    assert places[-1][1] == len(text)
    found = [(token, (origins[0][0], origins[-1][1])) for token, origins in MOSES().tokens_with_origins(text)]
    assert found == [
        ("&quot;", (0, 1)), ("Don", (1, 4)), ("&apos;t", (4, 6)), ("&quot;", (6, 7)), (":", (8, 9)), ("a", (10, 11)),
    ]  # fmt: skip
    found = [
        (token, (origins[0][0], origins[-1][1])) for token, origins in MOSES().tokens_with_origins("a-b…")
    ]
    assert found == [("a", (0, 1)), ("@-@", (1, 2)), ("b", (2, 3)), ("...", (3, 4))]


RULES = [
    (r"\r", ""),
    (r"\(", " ("),
    (r" +", " "),
    (r"(\w)’(\w)", r"\g<1>'\g<2>"),
    ("…", "..."),
    ("''", ' " '),
]


@given(text=st.text(st.sampled_from("ab ('’…\r"), max_size=20))
def test_rewriting_is_that_of_regular_expressions(text):
    rewriting, expected = Rewriting(RULES), text
    for pattern, replacement in RULES:
        expected = re.sub(pattern, replacement, expected)
    rewritten, places = rewriting.with_origins(text)
    assert rewritten == rewriting(text) == expected.strip()
    assert len(places) == len(rewritten)
    for character, (start, end) in zip(rewritten, places, strict=True):
        if character.isalpha():
            assert text[start:end] == character


def test_origins_worked_out_by_hand():
    assert Rewriting(RULES).with_origins("  a’b…") == (
        "a'b...",
        [(2, 3), (3, 4), (4, 5), (5, 6), (5, 6), (5, 6)],
    )
    assert Rewriting(RULES).with_origins("a(") == ("a (", [(0, 1), (1, 1), (1, 2)])


@given(st.randoms(use_true_random=False), st.text("ab", min_size=1, max_size=30))
def test_merges_are_made_in_their_order(choose, word):
    """Even if they were not learnt from text: a merge may come before those that make its parts."""
    pieces, pairs = ["a", "b", "a</w>", "b</w>"], list[tuple[str, str]]()
    for _ in range(choose.randint(1, 12)):
        pair = choose.choice([one for one in pieces if "<" not in one]), choose.choice(pieces)
        pairs.append(pair)
        pieces.append("".join(pair))
    choose.shuffle(pairs)
    ranks = {pair: rank for rank, pair in enumerate(pairs)}  # the last of several counts, as in FSMTTokenizer
    expected = [*word[:-1], f"{word[-1]}</w>"]
    while waiting := {ranks[pair] for pair in itertools.pairwise(expected) if pair in ranks}:
        expected = merged(expected, pairs[min(waiting)])
    assert (
        list(Merges("merges.txt", "".join(f"{a} {b}\n" for a, b in pairs).encode()).split(word)) == expected
    )


def test_long_words_and_many_abbreviations_take_little_time(tokenizer):
    choose = random.Random(8)
    with cpu_limit(20):
        tokenizer.source.encode_marked("".join(choose.choices("abcdefghijkl", k=50_000)))
        tokenizer.source.encode_marked("a.b. " * 5_000)


@pytest.mark.parametrize("phrase", ["the baker", "E-Mail", "Don’t", "“well-known”"])
def test_phrases_are_spelt_as_pieces_spell_them(tokenizer, phrase):
    """What `banned` looks for is in what the pieces of a translation with the phrase add up to."""
    texts = tokenizer.written_texts
    assert len(texts) == tokenizer.vocab_size
    ids = tokenizer.target.encode_marked(f"Das ist {phrase} da.")
    if tokenizer.unk_id not in ids:
        written = " ".join(b"".join(texts[one] for one in ids).decode().split())
        assert " ".join(tokenizer.as_written(phrase).split()) in written


def test_readable_pieces(tokenizer):
    text = "the baker opens"
    written = tokenizer.source.readable(tokenizer.source.encode_marked(text))
    assert written.replace("·", "").split() == text.split()
    assert tokenizer.source.readable([]) == ""


def test_there_are_no_reserved_pieces_and_no_bytes(tokenizer):
    assert (tokenizer.marks, tokenizer.reserved, tokenizer.span_ids) == ({}, {}, range(0))
    assert tokenizer.first_byte_id is None
    assert tokenizer.without_hints([5, 6]) == [5, 6]


def test_the_hash_depends_on_every_file(tokenizer):
    again = read_tokenizer(tokenizer.kind, tokenizer.files)
    assert again.sha256 == tokenizer.sha256
    if tokenizer.kind == "moses-bpe":
        first, *rest = tokenizer.files["merges.txt"].splitlines(keepends=True)
        other = read_tokenizer(tokenizer.kind, {**tokenizer.files, "merges.txt": b"".join([*rest, first])})
        assert other.sha256 != tokenizer.sha256


def test_ids_outside_the_vocabulary_and_surrogates_are_refused(tokenizer):
    with pytest.raises(InputError, match="outside the vocabulary"):
        tokenizer.target.decode([tokenizer.vocab_size])
    with pytest.raises(InputError, match="outside the vocabulary"):
        tokenizer.source.piece(-1)
    with pytest.raises(InputError, match="surrogate"):
        tokenizer.source.encode_marked("a\ud800")
    with pytest.raises(InputError, match="surrogate"):
        tokenizer.target.encode_placed("a\ud800")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("vocab.json", b'{"a": 0', "damaged"),
        ("vocab.json", b"[1]", "no JSON object"),
        ("vocab.json", b'{"</s>": "0"}', "no JSON object"),
        ("vocab.json", b'{"</s>": 0, "<unk>": 2, "<pad>": 3}', "not 0 to 2"),
        ("vocab.json", b'{"</s>": 0, "<unk>": 1}', "lacks the piece <pad>"),
        ("source.spm", b"", "is empty"),
        ("target.spm", b"not a model", "damaged"),
        (
            "vocab-tgt.json",
            b'{"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}',
            "has 4 pieces|and vocab-tgt.json 4",
        ),
        ("merges.txt", b"a b\nc\n", "line 2 is no pair"),
        ("merges.txt", b"", "line 1 is no pair"),
        ("merges.txt", b"a b\nc d", "incomplete: it ends within the line 'c d'"),
        ("merges.txt", b"\xff b\n", "damaged"),
    ],
)
def test_damaged_files_are_named_with_the_remedy(name, content, message):
    kind = next(kind for kind, names in TOKENIZER_FILES.items() if name in names)
    with pytest.raises(DataError, match=message) as caught:
        read_tokenizer(kind, {**FILES[kind](), name: content})
    assert name in str(caught.value)
    assert "download" in str(caught.value)


def test_without_sacremoses_the_remedy_is_named(monkeypatch):
    files = marian_files()
    monkeypatch.setitem(sys.modules, "sacremoses", None)
    with pytest.raises(ConfigError, match=r"pip install 'en-de-translator\[published\]'"):
        read_tokenizer("marian", files)
