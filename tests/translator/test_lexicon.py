"""The lexicon: its file, what is learned, and the hints that get into sources."""

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from translator.config import AugmentationConfig, ModelConfig
from translator.data.batching import TokenBudgetBatches
from translator.data.corpus import CleaningRules, CorpusSpec
from translator.data.lexicon_learning import learn_lexicon, learning, word_alignment, words
from translator.data.lexicon_learning.word_alignment import WordPairs, translations
from translator.data.prepare import prepare
from translator.data.shards import PreparedData
from translator.data.tokenizer import EOS_ID
from translator.data.vocabulary import marks_of_classes
from translator.errors import CheckpointError, ConfigError, DataError
from translator.files.model_folder import read_model, write_card
from translator.model.transformer import Transformer
from translator.search import SearchOptions
from translator.text.lexicon import Entry, Hint, Hinting, Lexicon
from translator.training.checkpoint import load_model, save_model
from translator.training.validation import make_validator
from translator.training.warm_start import load_initial_weights
from translator.translate import Style, Translation, Translator
from translator.translate.pairs import read_pair

ENTRIES = [
    Entry("otter", 2, ("Otter", "Fischotter")),
    Entry("heron", 40, ("Reiher",)),
    Entry("heron's", 3, ("Reihers",)),
    Entry("café", 5, ("Kaffeehaus",)),
    Entry("well-known", 9, ("bekannt",)),
]
MARKS = marks_of_classes()
OPEN, CLOSE = MARKS["hint"][:2]


def hinted(text: str) -> str:
    """The text with hints written by hand as {German}."""
    return text.replace("{", f"{OPEN} ").replace("}", CLOSE)


# --- the file


def test_words_are_found_in_any_casing_and_with_either_apostrophe():
    lexicon = Lexicon.of(ENTRIES)
    assert len(lexicon) == 5
    for entry in ENTRIES:
        assert lexicon.find([entry.english]) == [entry]
    assert lexicon.find(["HERON"]) == lexicon.find(["Heron", "flew"]) == [ENTRIES[1]]
    assert lexicon.find(["Heron’s"]) == [ENTRIES[2]]
    assert lexicon.find([]) == []
    for missing in ("", "a", "hero", "herons", "zzz", "Otter\t", "\n"):
        assert lexicon.find([missing]) == []


TERMS = [
    Entry("grey heron", 1, ("Graureiher",)), Entry("grey heron chick", 1, ("Graureiherküken",)),
    Entry("grey", 7, ("grau",)), Entry("grey-green", 7, ("graugrün",)), Entry("heron", 7, ("Reiher",)),
]  # fmt: skip


def test_a_name_is_not_looked_up_in_lower_case():
    carpenter = Entry("carpenter", 9, ("Zimmermann",))
    lexicon = Lexicon.of([carpenter, Entry("Carpenter", 9, ("Carpenter",))])
    hinting = Hinting(lexicon, MARKS)
    assert lexicon.find(["CARPENTER"]) == [carpenter]
    text = "Mr Carpenter is a carpenter."
    assert hinting.insert(text, hinting.hints(text)) == hinted("Mr Carpenter is a carpenter{Zimmermann}.")


def test_the_longest_term_comes_first():
    lexicon = Lexicon.of(TERMS)
    heron, chick, grey, *_ = TERMS
    assert lexicon.find(["Grey", "heron", "chick", "sings"]) == [chick, heron, grey]
    assert lexicon.find(["grey", "heron", "sings"]) == [heron, grey]
    assert lexicon.find(["grey", "goose"]) == [grey]
    assert lexicon.find(["chick"]) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A grey heron chick.", "A grey heron chick{Graureiherküken}."),
        ("A grey heron sings", "A grey heron{Graureiher} sings"),
        ("grey, heron", "grey{grau}, heron{Reiher}"),
        ("grey  heron", "grey{grau}  heron{Reiher}"),
        ("grey \U000f0020 heron", "grey{grau} \U000f0020 heron{Reiher}"),
        ("heron grey heron heron", "heron{Reiher} grey heron{Graureiher} heron{Reiher}"),
    ],
)
def test_the_words_of_a_term_share_a_hint(text: str, expected: str):
    hinting = Hinting(Lexicon.of(TERMS), MARKS)
    assert hinting.insert(text, hinting.hints(text)) == hinted(expected)


def test_a_lexicon_comes_back_from_its_file(tmp_path: Path):
    lexicon = Lexicon.of(ENTRIES)
    (tmp_path / "lexicon.tsv").write_bytes(lexicon.content)
    assert Lexicon.load(tmp_path / "lexicon.tsv") == lexicon
    assert lexicon.content.decode().splitlines()[2] == "heron's\t3\tReihers"
    assert len(Lexicon(b"")) == 0
    assert Lexicon(b"").find(["heron"]) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"a\t1\tx\nc\t1\ty\nb\t1\tz\nd\t1\tz\n", "line 3, 'b.*out of order or a duplicate.*LC_ALL=C sort"),
        (b"a\t1\tx\na\t1\ty\n", "line 2, 'a.*out of order"),
        (b"a\t1\tx\nonly words\n", "line 2, 'only words', is not an entry"),
        (b"heron\tmany\tReiher\n", "line 1, .* is not an entry"),
        (b"heron\t1\n", "is not an entry"),
        (b"heron\t1\t\n", "is not an entry"),
        (b"heron\t1\tReiher\r\n", "is not an entry"),
        (f"heron\t1\tRei{OPEN}her\n".encode(), "is not an entry"),
        (b"\xff\t1\t\xff\n", "is not an entry"),
    ],
)
def test_what_is_no_lexicon_is_refused(tmp_path: Path, content: bytes, message: str):
    (tmp_path / "x.tsv").write_bytes(content)
    with pytest.raises(DataError, match=rf"x\.tsv: .*{message}"):
        Lexicon.load(tmp_path / "x.tsv")


@pytest.mark.parametrize(
    "content",
    [b"heron\t1\tReiher", b"b\t1\tx\na\t1\ty\n", b"only words\n", b"heron\t1\n", b"\xff\t1\t\xff\n"],
)
def test_bytes_that_are_no_lexicon_are_refused(content: bytes):
    with pytest.raises(DataError, match="lexicon"):
        Lexicon(content)


def test_an_edited_file_need_not_end_with_a_line_break(tmp_path: Path):
    (tmp_path / "x.tsv").write_bytes(b"heron\t1\tReiher")
    assert Lexicon.load(tmp_path / "x.tsv").find(["heron"]) == [Entry("heron", 1, ("Reiher",))]


def test_a_file_that_is_missing_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"cannot read .*none\.tsv.*translator lexicon"):
        Lexicon.load(tmp_path / "none.tsv")


# --- hints in a text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The heron flew.", "The heron{Reiher} flew."),
        ("Herons, HERON!", "Herons, HERON{Reiher}!"),
        ("The heron’s nest", "The heron’s{Reihers} nest"),
        ("An otter", "An otter"),  # its own translation
        ("a well-known café", "a well-known{bekannt} café{Kaffeehaus}"),
        ("seven\U000f0020heron", "seven\U000f0020heron{Reiher}"),
        ("", ""),
        ("A heron\u0332 flew", "A heron\u0332 flew"),  # not between a letter and its combining mark
    ],
)
def test_each_word_of_the_lexicon_is_followed_by_its_german(text: str, expected: str):
    hinting = Hinting(Lexicon.of(ENTRIES), MARKS)
    assert hinting.insert(text, hinting.hints(text)) == hinted(expected)


def test_in_training_some_hints_are_missing_and_some_are_other_words():
    entries = [
        Entry("often", 100, ("oft",)), Entry("rare", 2, ("selten",)), Entry("both", 50, ("beide", "beides")),
    ]  # fmt: skip
    hinting, random = Hinting(Lexicon.of(entries), MARKS), np.random.default_rng(3)
    seen = Counter[str]()
    for _ in range(4000):
        found = hinting.some_hints("often rare both", random)
        seen.update(hint.german for hint in found)
        seen["none"] += not found
    # 0.88 of the sentences have hints. Bounds: five standard deviations.
    assert abs(seen["oft"] - 4000 * 0.88 * 0.8) < 145
    assert abs(seen["selten"] - 4000 * 0.88 * 0.4) < 151
    assert abs(seen["beides"] - 4000 * 0.88 * 0.8 * 0.12) < 88
    assert abs(seen["beide"] - 4000 * 0.88 * 0.8 * 0.88) < 153
    assert seen["none"] > 4000 * 0.12 * 0.8


# --- word alignment


def model_1(pairs: list[tuple[list[int], list[int]]], iterations: int) -> dict[tuple[int, int], float]:
    """IBM model 1 in plain loops: the expected counts after some iterations."""
    links = {(e, f) for english, german in pairs for e in english for f in german}
    probability = dict.fromkeys(links, 1.0)
    count = dict.fromkeys(links, 0.0)
    for _ in range(iterations):
        count = dict.fromkeys(links, 0.0)
        for english, german in pairs:
            for f in german:
                total = sum(probability[e, f] for e in english) + 1e-4
                for e in english:
                    count[e, f] += probability[e, f] / total
        of_english = Counter[int]()
        for (e, _), value in count.items():
            of_english[e] += value
        probability = {(e, f): value / of_english[e] for (e, f), value in count.items()}
    return count


def random_pairs(number: int) -> list[tuple[list[int], list[int]]]:
    chance = random.Random(number)
    return [
        tuple([chance.randrange(9) for _ in range(chance.randrange(5))] for _ in range(2))
        for _ in range(number)
    ]


def as_arrays(pairs: list[tuple[list[int], list[int]]]) -> WordPairs:
    return WordPairs(
        np.array([e for english, _ in pairs for e in english], np.int32),
        np.array([f for _, german in pairs for f in german], np.int32),
        np.array([[len(english), len(german)] for english, german in pairs], np.int32),
    )


@pytest.mark.parametrize("number", [1, 7, 40, 200])
def test_the_arrays_compute_what_the_loops_do(monkeypatch: pytest.MonkeyPatch, number: int):
    monkeypatch.setattr(word_alignment, "_LEAST_COUNT", 0.0)
    monkeypatch.setattr(word_alignment, "_LEAST_PROBABILITY", 0.0)
    pairs = random_pairs(number)
    found = translations(as_arrays(pairs))
    expected = {key: value for key, value in model_1(pairs, 4).items() if value > 0}
    counts = dict(
        zip(zip(found.english_R.tolist(), found.german_R.tolist(), strict=True), found.count_R, strict=True)
    )
    assert counts == pytest.approx(expected)
    for column, of in ((0, found.probability_R), (1, found.back_R)):
        for (key, value), share in zip(counts.items(), of.tolist(), strict=True):
            whole = sum(other for pair, other in expected.items() if pair[column] == key[column])
            assert share == pytest.approx(value / whole)


def test_of_too_many_links_the_shortest_pairs_are_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(word_alignment, "MAX_LINKS", 6)
    pairs = [([1, 2, 3], [1, 2, 3]), ([4], [4]), ([5, 6], [5, 6]), ([], [7])]
    found = translations(as_arrays(pairs))
    assert set(found.english_R.tolist()) == {4, 5, 6}


# --- learning


def write_corpus(path: Path, pairs: list[tuple[str, str]]) -> CorpusSpec:
    path.write_text("".join(f"{english}\t{german}\n" for english, german in pairs), encoding="utf-8")
    return CorpusSpec.parse(str(path))


BIRDS = {"heron": "Reiher", "goose": "Gans", "owl": "Eule", "swan": "Schwan", "crow": "Krähe"}
DOES = {"sleeps": "schläft", "sings": "singt", "eats": "frisst", "waits": "wartet"}


@pytest.fixture
def corpus(tmp_path: Path) -> CorpusSpec:
    pairs = [
        (f"The {bird} {does} here.", f"Hier {tut} der {vogel}.")
        for bird, vogel in BIRDS.items()
        for does, tut in DOES.items()
    ]
    return write_corpus(tmp_path / "birds.tsv", pairs)


def test_words_are_learned_from_sentences(corpus: CorpusSpec, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(words, "COMMON_WORDS", 0)
    lexicon = learn_lexicon([corpus])
    for english, german in (BIRDS | DOES).items():
        (entry,) = lexicon.find([english])
        assert entry.german[0] == german
        assert entry.count == (4 if english in BIRDS else 5)


def test_frequent_words_have_no_entry(corpus: CorpusSpec, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(words, "COMMON_WORDS", 0)
    monkeypatch.setattr(learning, "RARER_THAN", 5)
    lexicon = learn_lexicon([corpus])
    assert {word for word in BIRDS | DOES if lexicon.find([word])} == set(BIRDS)


def test_german_is_in_the_spelling_of_today_and_cased_as_within_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(words, "COMMON_WORDS", 0)
    pairs = [
        ("river", "Fluß"), ("river mouth", "Fluß Mündung"),
        ("slowly", "Langsam"), ("go slowly", "geh langsam"), ("slowly go", "Langsam geh"),
        ("run slowly", "lauf langsam"),
    ]  # fmt: skip
    lexicon = learn_lexicon([write_corpus(tmp_path / "x.tsv", pairs)])
    found = [lexicon.find([word])[0].german[0] for word in ("river", "slowly")]
    assert found == ["Fluss", "langsam"]


def test_names_are_told_from_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(words, "COMMON_WORDS", 0)
    pairs = [
        ("see Miller", "sieh Miller"), ("ask Miller", "frag Miller"), ("Miller sees", "Miller sieht"),
        ("ask Jones", "frag Jones"), ("see Jones", "sieh Jones"), ("ask a dog", "frag einen Hund"),
        ("see a miller", "sieh einen Müller"), ("ask a miller", "frag einen Müller"), ("a cat", "einen Kater"),
    ]  # fmt: skip
    lexicon = learn_lexicon([write_corpus(tmp_path / "x.tsv", pairs)])
    assert lexicon.find(["miller"])[0].german[0] == "Müller"
    assert lexicon.find(["Miller"])[0].german[0] == "Miller"
    assert lexicon.find(["Jones"]) == []  # its own translation, and nobody could take it for a jones


def test_a_word_is_rare_where_an_epoch_has_it_rarely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(words, "COMMON_WORDS", 0)
    monkeypatch.setattr(learning, "RARER_THAN", 3)
    pairs = [(f"{word} {name}", f"{wort} {name}") for name in "klmn" for word, wort in DOES.items()]
    path = write_corpus(tmp_path / "x.tsv", [*pairs, ("Sleeps", "Schläft")]).where
    assert not learn_lexicon_or_none(f"{path}:0.75")
    assert learn_lexicon_or_none(f"{path}:0.7") == {"eats", "sings", "waits"}  # sleeps: 5 times 0.7
    assert learn_lexicon_or_none(f"{path}:0.5") == {"eats", "sings", "sleeps", "waits"}


def learn_lexicon_or_none(corpus: str) -> set[str]:
    try:
        content = learn_lexicon([CorpusSpec.parse(corpus)]).content
    except DataError:
        return set()
    return {line.partition("\t")[0] for line in content.decode().splitlines()}


def test_titles_and_longer_compounds_are_no_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(words, "COMMON_WORDS", 0)
    pairs = [
        ("we rest", "wir ruhen"), ("they rest", "sie ruhen"), ("you rest", "ihr ruht"), ("no Rest", "kein Rastplatz"),
        ("Quux", "Quux-Entwickler"), ("the Quux", "der Quux-Entwickler"), ("co-owner", "Mit-Eigentümer"),
    ]  # fmt: skip
    lexicon = learn_lexicon([write_corpus(tmp_path / "x.tsv", pairs)])
    assert [entry.english for entry in lexicon.find(["Rest"])] == ["rest"]
    assert lexicon.find(["Quux"]) == []
    assert lexicon.find(["co-owner"])[0].german[0] == "Mit-Eigentümer"


def test_terms_are_learned_from_a_dictionary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pairs = [
        ("night train", "Nachtzug"), ("night train driver", "Nachtzugführer"),
        ("the train", "Zug"),  # begins with a common word
        ("the the the the the", "Die"), ("the the", "Das"),
        ("Night owl", "Nachteule"),  # a title or a name
        ("train of thought here", "Gedankengang"),  # too long
        ("slow train", "langsam fahren"), ("go fast", "rasen"), ("train, slow", "Bummelzug"),
    ]  # fmt: skip
    monkeypatch.setattr(words, "COMMON_WORDS", 1)
    lexicon = learn_lexicon([write_corpus(tmp_path / "x.tsv", pairs)])
    terms = [
        line.partition("\t")[0]
        for line in lexicon.content.decode().splitlines()
        if " " in line.partition("\t")[0]
    ]
    assert terms == ["night train", "night train driver"]


def test_sentences_say_which_terms_are_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(words, "COMMON_WORDS", 0)
    sentences = [
        (f"The old man near the power plant {does}.", f"Der alte Mann nahe des Kraftwerks {tut}.")
        for does, tut in DOES.items()
    ]
    terms = [
        ("old man", "Greis"),  # four sentences have it without
        ("power plant", "Antriebsanlage"), ("power plant", "Kraftwerk"),  # four have the second one, in the genitive
        ("wooden plant", "Holzpflanze"),  # no sentence has it
    ]  # fmt: skip
    lexicon = learn_lexicon([write_corpus(tmp_path / "x.tsv", [*sentences, *terms])])
    assert "old man" not in [entry.english for entry in lexicon.find(["old", "man"])]
    assert lexicon.find(["power", "plant"])[0] == Entry("power plant", 6, ("Kraftwerk", "Antriebsanlage"))
    assert lexicon.find(["wooden", "plant"])[0] == Entry("wooden plant", 1, ("Holzpflanze",))


def test_corpora_without_pairs_or_rare_words_are_refused(corpus: CorpusSpec, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(DataError, match="no pairs"):
        learn_lexicon([])
    monkeypatch.setattr(learning, "RARER_THAN", 0)
    with pytest.raises(DataError, match="no word of the corpora is rare"):
        learn_lexicon([corpus])


def test_the_command_writes_a_lexicon_that_prepare_takes(
    run, tmp_path: Path, corpus: CorpusSpec, monkeypatch
):
    monkeypatch.setattr(words, "COMMON_WORDS", 0)
    code, out, err = run("lexicon", tmp_path / "birds.lexicon", "--corpus", corpus.where)
    assert (code, "entries" in out.decode()) == (0, True), err
    assert Lexicon.load(tmp_path / "birds.lexicon").find(["owl"])
    options = ("--corpus", corpus.where, "--vocab-size", 440, "--lexicon", tmp_path / "birds.lexicon")
    code, _, err = run("prepare", "--out", tmp_path / "prepared", *options)
    assert code == 0, err
    assert PreparedData.open(tmp_path / "prepared").lexicon == Lexicon.load(tmp_path / "birds.lexicon")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("{tmp}/x.tsv",), "no corpus to learn from; name at least one with --corpus"),
        (("{tmp}/none/x.tsv", "--corpus", "{corpus}"), "there is no folder"),
        (("{tmp}", "--corpus", "{corpus}"), "it is a folder"),
        (("{tmp}/x.tsv", "--corpus", "{tmp}/none.tsv"), "none.tsv"),
    ],
)
def test_mistakes_are_named(
    run, tmp_path: Path, corpus: CorpusSpec, arguments: tuple[str, ...], message: str
):
    code, _, err = run("lexicon", *(one.format(tmp=tmp_path, corpus=corpus.where) for one in arguments))
    assert code == 1
    assert message in err


# --- prepared data and models


NAMES = [f"{first}{second}" for first in "abcdefghij" for second in "abcdefghijklmnopqrst"]


@pytest.fixture(scope="module")
def with_lexicon(tmp_path_factory: pytest.TempPathFactory) -> PreparedData:
    folder = tmp_path_factory.mktemp("hinted")
    pairs = [(f"The heron saw {name} otters.", f"Der Reiher sah {name} Otter.") for name in NAMES]
    spec = write_corpus(folder / "x.tsv", pairs)
    dev = CorpusSpec.parse(f"dev={folder / 'x.tsv'}")
    (folder / "lexicon.tsv").write_bytes(Lexicon.of(ENTRIES).content)
    prepare(
        [spec], folder / "prepared", vocab_size=440, dev=[dev], lexicon=folder / "lexicon.tsv",
        rules=CleaningRules(), seed=1, protected_share=0.0,
    )  # fmt: skip
    return PreparedData.open(folder / "prepared")


def sources(data: PreparedData, corpus) -> list[str]:
    return [data.tokenizer.decode_marked(corpus.pair(place)[0].tolist()) for place in range(len(corpus))]


def test_most_training_sources_and_all_development_sources_have_hints(with_lexicon: PreparedData):
    assert with_lexicon.lexicon == Lexicon.of(ENTRIES)
    wanted = [hinted(f"The heron{{Reiher}} saw {name} otters.") for name in NAMES]
    assert sources(with_lexicon, with_lexicon.dev["dev"]) == wanted
    (corpus,) = with_lexicon.corpora
    given = [OPEN in source for source in sources(with_lexicon, corpus)]
    assert abs(sum(given) - 200 * 0.88 * 0.8) < 5 * (200 * 0.7 * 0.3) ** 0.5


def test_a_hint_has_the_pieces_of_the_german_word(with_lexicon: PreparedData):
    tokenizer = with_lexicon.tokenizer
    ids = tokenizer.source.encode_marked(hinted("The heron{Reiher} saw"))
    hint_open, hint_close = tokenizer.reserved["hint"][:2]
    assert ids[ids.index(hint_open) + 1 : ids.index(hint_close)] == tokenizer.source.encode_marked("Reiher")


def test_hints_are_no_part_of_the_text(with_lexicon: PreparedData):
    tokenizer = with_lexicon.tokenizer
    ids = tokenizer.source.encode_marked(hinted("The heron{Reiher} saw a well-known{bekannt} otter."))
    assert tokenizer.source.decode(ids) == "The heron saw a well-known otter."
    assert tokenizer.without_hints(ids) == tokenizer.source.encode_marked("The heron saw a well-known otter.")
    assert (
        tokenizer.source.decode(ids[: ids.index(tokenizer.reserved["hint"][1])]) == "The heron"
    )  # an open end


def test_augmented_pairs_have_no_hints(with_lexicon: PreparedData):
    batches = TokenBudgetBatches(
        with_lexicon,
        batch_tokens=400,
        max_tokens_per_side=60,
        seed=1,
        augmentation=AugmentationConfig(lower_case=1.0),
    )
    tokenizer = with_lexicon.tokenizer
    rows = [row.tolist() for batch in batches.batches(0) for row in batch.source_BS]
    formality = tuple(tokenizer.reserved["register"])
    found = {
        tokenizer.decode_marked([piece for piece in row if piece > EOS_ID and piece not in formality])
        for row in rows
    }
    assert found == {f"the heron saw {name} otters." for name in NAMES}


def test_validation_translates_with_hints(with_lexicon: PreparedData, monkeypatch: pytest.MonkeyPatch):
    seen = list[str]()

    def translate(self: Translator, texts, options):
        seen.extend(self.tokenizer.decode_marked(self.sentences(text)[0].tokens) for text in texts)
        return [Translation(text, ()) for text in texts]

    monkeypatch.setattr(Translator, "translate", translate)
    validate = make_validator(with_lexicon)
    assert validate
    figures = validate(
        Transformer(ModelConfig(440, d_model=16, heads=2, d_ff=32, encoder_layers=1, decoder_layers=1))
    )
    assert seen[0].startswith(hinted("The heron{Reiher} saw "))
    assert figures["example 1"].startswith("The heron saw")


def test_a_tokenizer_without_reserved_pieces_takes_no_lexicon(
    tmp_path: Path, corpus: CorpusSpec, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "lexicon.tsv").write_bytes(Lexicon.of(ENTRIES).content)
    monkeypatch.setattr("translator.data.tokenizer.SentencePieceTokenizer.marks", {})
    with pytest.raises(ConfigError, match="needs a tokenizer with reserved pieces"):
        prepare(
            [corpus], tmp_path / "out", vocab_size=440, lexicon=tmp_path / "lexicon.tsv",
            rules=CleaningRules(), seed=1,
        )  # fmt: skip


@pytest.fixture(scope="module")
def folder_with_lexicon(tmp_path_factory: pytest.TempPathFactory, untrained, prepared) -> Path:
    path = tmp_path_factory.mktemp("model") / "hinted"
    save_model(
        path, untrained.config, untrained.state_dict(), prepared.tokenizer, {"name": "h"}, Lexicon.of(ENTRIES)
    )
    return path


def test_a_model_folder_keeps_its_lexicon(folder_with_lexicon: Path):
    assert load_model(folder_with_lexicon).lexicon == Lexicon.of(ENTRIES)
    write_card(folder_with_lexicon, {"name": "other"})
    files = read_model(folder_with_lexicon)
    assert (files.card, files.lexicon) == ({"name": "other"}, Lexicon.of(ENTRIES))


def test_a_damaged_lexicon_is_named(folder_with_lexicon: Path, tmp_path: Path):
    for file in folder_with_lexicon.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "lexicon.tsv").write_bytes(b"heron\t1\tGans\n")
    with pytest.raises(CheckpointError, match=r"lexicon\.tsv is damaged"):
        read_model(tmp_path)


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_a_translator_reads_its_lexicon(folder_with_lexicon: Path, precision):
    translator = Translator.load(folder_with_lexicon, "cpu", precision=precision)
    (sentence,) = translator.sentences("THE HERON AND THE OTTER SLEEP.", style=Style(formality="auto"))
    written = translator.tokenizer.decode_marked(sentence.tokens)
    assert written == hinted("The heron{Reiher} and the otter sleep.")
    assert sentence.text == "THE HERON AND THE OTTER SLEEP."
    assert translator.translate(["A heron."])[0].sentences[0].source == "A heron."


def test_hints_change_neither_lengths_nor_what_is_copied(folder_with_lexicon: Path):
    translator = Translator.load(folder_with_lexicon, "cpu")
    (sentence,) = translator.sentences("heron", style=Style(formality="auto"))
    assert len(sentence.tokens) > len(translator.tokenizer.source.encode_marked("heron"))
    options = SearchOptions(min_length_factor=1.0, max_length_factor=2.0)
    task = translator._searches.task(sentence.tokens, (), options)
    length = len(translator.tokenizer.source.encode_marked("heron"))
    assert (task.min_length, task.max_length) == (
        options.min_target_tokens(length),
        options.max_target_tokens(length),
    )
    # Fewer than fifty pieces without blanks are translated, hints or not.
    (long,) = translator.sentences("heron—" * 5 + "heron")
    assert 0 < len(translator.tokenizer.source.encode_marked("heron—" * 5 + "heron")) <= 50 < len(long.tokens)


def test_a_warm_start_tells_that_a_lexicon_is_lost(folder_with_lexicon: Path, prepared, untrained, caplog):
    load_initial_weights(folder_with_lexicon, untrained, prepared.tokenizer, Lexicon.of(ENTRIES))
    assert not caplog.records
    load_initial_weights(folder_with_lexicon, untrained, prepared.tokenizer)
    assert "prepare the data with --lexicon" in caplog.text


def test_models_with_other_lexicons_do_not_decide_together(folder_with_lexicon: Path, model_folder: Path):
    with pytest.raises(ConfigError, match="lexicon"):
        Translator.load(folder_with_lexicon, "cpu", [model_folder])


def test_a_hint_stands_for_its_word_where_words_are_aligned(folder_with_lexicon: Path):
    translator = Translator.load(folder_with_lexicon, "cpu")
    tokenizer = translator.tokenizer
    source, _ = read_pair(translator.source_encoder, "A  heron’s nest", "Ein Nest")
    assert tokenizer.decode_marked(source.ids) == hinted("A heron’s{Reihers} nest")
    hint_open, hint_close = (source.ids.index(one) for one in tokenizer.reserved["hint"][:2])
    assert source.normalised == "A heron’s nest"
    assert set(source.places[hint_open : hint_close + 1]) == {(2, 9)}
    assert source.places[-1][1] == len("A heron's nest")
    plain, _ = read_pair(translator.source_encoder, "A nest", "Ein Nest")
    assert plain.places == tokenizer.source.encode_placed("A nest")[1]


def test_hints_are_offsets_of_words():
    assert Hinting(Lexicon.of(ENTRIES), MARKS).hints("My café, a heron") == [
        Hint(3, 7, "Kaffeehaus"), Hint(11, 16, "Reiher"),
    ]  # fmt: skip
