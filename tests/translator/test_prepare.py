import gzip
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from translator.data import prepare as module
from translator.data.corpus import CleaningRules, CorpusSpec
from translator.data.prepare import GermanCounts, PrepareReport, Progress, ProtectedCounts, prepare
from translator.data.shards import PreparedCorpus, PreparedData
from translator.data.tokenizer import SentencePieceTokenizer, train_tokenizer
from translator.errors import ConfigError, DataError

Pair = tuple[str, str]
RULES = CleaningRules()
FARM: list[Pair] = [
    ("The goat is on the roof.", "Die Ziege ist auf dem Dach."),
    ("Who fed the hens?", "Wer hat die Hühner gefüttert?"),
    ("The barn door squeaks.", "Die Scheunentür quietscht."),
]
SHIP: list[Pair] = [
    ("Hoist the sails!", "Setzt die Segel!"),
    ("The tide turns at noon.", "Die Flut dreht am Mittag."),
]


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.model"
    train_tokenizer([text for pair in FARM + SHIP for text in pair], 436, threads=1).save(path)
    return path


def write_tsv(path: Path, pairs: list[Pair]) -> Path:
    path.write_text("".join(f"{english}\t{german}\n" for english, german in pairs), encoding="utf-8")
    return path


def run(
    out: Path,
    corpora: list[str],
    dev: list[str] | None = None,
    *,
    tokenizer: Path | None = None,
    vocab_size: int = 8000,
    rules: CleaningRules = RULES,
    seed: int = 1,
    protected_share: float = 0.9,
    progress: Progress | None = None,
) -> PrepareReport:
    return prepare(
        [CorpusSpec.parse(text) for text in corpora],
        out,
        vocab_size=vocab_size,
        dev=[CorpusSpec.parse(text) for text in dev or []],
        tokenizer=tokenizer,
        rules=rules,
        seed=seed,
        protected_share=protected_share,
        progress=progress,
    )


def letters(number: int) -> str:
    """Return a word for each number: sentences that differ only in digits are near-duplicates."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def texts_of(data: PreparedData, corpus: PreparedCorpus) -> list[Pair]:
    pairs = [corpus.pair(index) for index in range(len(corpus))]
    return [
        (data.tokenizer.source.decode(s.tolist()), data.tokenizer.target.decode(t.tolist())) for s, t in pairs
    ]


def test_prepared_text_keeps_its_order(tmp_path: Path, tokenizer_file: Path) -> None:
    farm = write_tsv(tmp_path / "farm.tsv", FARM)
    ship = write_tsv(tmp_path / "ship.tsv", SHIP)
    report = run(tmp_path / "out", [f"{farm}:0.5#CC0", f"{ship}"], [f"held={ship}"], tokenizer=tokenizer_file)
    data = PreparedData.open(tmp_path / "out")
    assert [(c.name, c.weight, c.licence, texts_of(data, c)) for c in data.corpora] == [
        ("farm", 0.5, "CC0", FARM),
        ("ship", 1.0, None, SHIP),
    ]
    assert {name: texts_of(data, corpus) for name, corpus in data.dev.items()} == {"held": SHIP}
    assert (
        report.tokenizer_sha256 == data.tokenizer.sha256 == SentencePieceTokenizer.load(tokenizer_file).sha256
    )
    assert [(entry.name, entry.pairs) for entry in report.corpora] == [("farm", 3), ("ship", 2)]


def test_more_pairs_than_fit_into_a_block(
    tmp_path: Path, tokenizer_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAIRS_PER_BLOCK", 2)
    farm = write_tsv(tmp_path / "farm.tsv", FARM)
    run(tmp_path / "out", [str(farm)], tokenizer=tokenizer_file)
    data = PreparedData.open(tmp_path / "out")
    assert texts_of(data, data.corpora[0]) == FARM


def test_training_data_are_cleaned_and_development_sets_are_not(tmp_path: Path, tokenizer_file: Path) -> None:
    bad = [FARM[0], ("", "Nichts"), ("Copy of the text", "Copy of the text"), SHIP[0], FARM[0]]
    farm = write_tsv(tmp_path / "farm.tsv", bad)
    ship = write_tsv(tmp_path / "ship.tsv", SHIP)
    report = run(tmp_path / "out", [str(farm), str(ship)], [f"d={farm}"], tokenizer=tokenizer_file)
    data = PreparedData.open(tmp_path / "out")
    # the first sentence of the ship is in the farm already
    assert [texts_of(data, corpus) for corpus in data.corpora] == [[FARM[0], SHIP[0]], [SHIP[1]]]
    assert texts_of(data, data.dev["d"]) == bad
    assert report.drops.rows() == [
        ("corpus", "read", "kept", "empty", "copied", "duplicate"),
        ("farm", "5", "2", "1", "1", "1"),
        ("ship", "2", "1", "0", "0", "1"),
        ("dev d", "5", "5", "0", "0", "0"),
        ("total", "12", "8", "1", "1", "2"),
    ]
    assert report.corpora[0].drops == {"empty": 1, "copied": 1, "duplicate": 1}


def test_both_sides_are_normalised_except_the_german_of_development_sets(
    tmp_path: Path, tokenizer_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_tsv(tmp_path / "blanks.tsv", [("The\xa0goat  is\xad here.", "Die\xa0Ziege  ist\xad hier.")])
    english, as_it_was = "The goat is here.", "Die\xa0Ziege  ist\xad hier."
    as_prepared = (english, "Die Ziege ist hier.")
    drawn: list[str] = []

    def draw(sentences: Iterator[str], vocab_size: int, *, seed: int) -> SentencePieceTokenizer:
        drawn.extend(sentences)
        return SentencePieceTokenizer.load(tokenizer_file)

    monkeypatch.setattr(module, "train_tokenizer", draw)
    run(tmp_path / "out", [str(path)], [f"d={path}"])
    data = PreparedData.open(tmp_path / "out")
    assert drawn == list(as_prepared)
    assert texts_of(data, data.corpora[0]) == [as_prepared]
    assert texts_of(data, data.dev["d"]) == [(english, as_it_was)]


NUMBERS = [
    ("He paid €50 in 2019.", "Er zahlte 2019 50 €."),
    ("Room 101 is free.", "Zimmer 102 ist frei."),
    ("The goat is here.", "Die Ziege ist hier."),
]


def marked_texts(data: PreparedData, corpus: PreparedCorpus) -> list[tuple[str, str]]:
    sides = [[side.tolist() for side in corpus.pair(index)] for index in range(len(corpus))]
    english, german = (
        [data.tokenizer.decode_marked(side) for side in some] for some in zip(*sides, strict=True)
    )
    return list(zip(english, german, strict=True))


def test_reserved_pieces_replace_what_both_sides_share(tmp_path: Path, tokenizer_file: Path) -> None:
    path = write_tsv(tmp_path / "numbers.tsv", NUMBERS)
    report = run(
        tmp_path / "out", [f"numbers={path}"], [f"d={path}"], tokenizer=tokenizer_file, protected_share=1
    )
    data = PreparedData.open(tmp_path / "out")
    first, *rest = marked_texts(data, data.corpora[0])
    amount, year = first[0][8], first[0][13]
    assert first == (f"He paid {amount} in {year}.", f"Er zahlte {year} {amount}.")
    assert amount in data.tokenizer.marks["amount"]
    assert year in data.tokenizer.marks["year"]
    assert rest == NUMBERS[1:]
    assert marked_texts(data, data.dev["d"]) == NUMBERS
    assert report.protected == {"numbers": ProtectedCounts(pairs=2, marked_pairs=1, spans=3, marked_spans=2)}


def test_a_piece_before_the_english_gives_the_register_of_the_german(
    tmp_path: Path, tokenizer_file: Path
) -> None:
    """As often as the shares say, within four standard deviations of a sample of 400."""
    some = [letters(number) for number in range(400)]
    kinds = {
        "formal": [(f"You have sheep {one}.", f"Sie haben Schaf {one}.") for one in some],
        "informal": [(f"You have goat {one}.", f"Du hast Ziege {one}.") for one in some],
        "neither": [(f"Here is hen {one}.", f"Hier ist Huhn {one}.") for one in some],
        "mixed": [("You and you.", "Sie und du."), ("Who?", "Wer?")],
    }
    paths = [f"{kind}={write_tsv(tmp_path / f'{kind}.tsv', pairs)}" for kind, pairs in kinds.items()]
    report = run(tmp_path / "out", paths, tokenizer=tokenizer_file, protected_share=0)
    data = PreparedData.open(tmp_path / "out")
    tags = data.tokenizer.reserved["register"]
    first = {
        corpus.name: Counter(corpus.pair(index)[0].tolist()[0] for index in range(len(corpus)))
        for corpus in data.corpora
    }
    assert abs(first["formal"][tags[0]] - 0.6 * 400) < 40
    assert abs(first["informal"][tags[1]] - 0.85 * 400) < 29
    assert first["formal"][tags[1]] == first["informal"][tags[0]] == 0
    assert 0 < first["neither"][tags[0]] < 36 > first["neither"][tags[1]] > 0
    pieces = data.tokenizer.source
    told = next(pair for pair in marked_texts(data, data.corpora[1]) if pair[0][0] != "Y")
    assert told[0][1:] in {english for english, _ in kinds["informal"]}
    assert pieces.encode_marked(told[0]) == [tags[1], *pieces.encode_marked(told[0][1:])]
    assert report.german["formal"] == GermanCounts(formal=400)
    assert report.german["informal"] == GermanCounts(informal=400)
    assert report.german["mixed"] == GermanCounts(mixed=1)
    assert data.provenance["formality"] == {"formal": 400, "informal": 400}
    assert report.drops.corpora["mixed"].dropped == {"Sie and du": 1}


def test_german_spelling_is_modernised_and_development_sets_are_not(
    tmp_path: Path, tokenizer_file: Path
) -> None:
    pairs = [("The stream is wide.", "Ich weiß, daß der Fluß breit ist."), ("Good.", "Gut.")]
    path = write_tsv(tmp_path / "old.tsv", pairs)
    report = run(tmp_path / "out", [f"old={path}"], [f"d={path}"], tokenizer=tokenizer_file)
    data = PreparedData.open(tmp_path / "out")
    assert marked_texts(data, data.corpora[0])[0][1] == "Ich weiß, dass der Fluss breit ist."
    assert marked_texts(data, data.dev["d"]) == pairs
    assert report.german["old"].respelt == 1


def test_a_share_of_zero_leaves_all_pairs_unchanged(tmp_path: Path, tokenizer_file: Path) -> None:
    path = write_tsv(tmp_path / "numbers.tsv", NUMBERS)
    run(tmp_path / "out", [str(path)], tokenizer=tokenizer_file, protected_share=0)
    data = PreparedData.open(tmp_path / "out")
    assert texts_of(data, data.corpora[0]) == NUMBERS


def test_about_the_requested_share_is_marked_deterministically(tmp_path: Path, tokenizer_file: Path) -> None:
    pairs = [
        (f"Room {number} {letters(number)} is free.", f"Zimmer {number} {letters(number)} ist frei.")
        for number in range(1000, 1400)
    ]
    path = write_tsv(tmp_path / "rooms.tsv", pairs)
    found = []
    for name in ("one", "two"):
        report = run(tmp_path / name, [str(path)], tokenizer=tokenizer_file, protected_share=0.75)
        data = PreparedData.open(tmp_path / name)
        found.append(marked_texts(data, data.corpora[0]))
    assert found[0] == found[1]
    assert abs(report.protected["rooms"].marked_pairs - 300) <= 44  # five standard deviations of 400 · ¾ · ¼


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_an_impossible_share_is_refused(tmp_path: Path, tokenizer_file: Path, share: float) -> None:
    with pytest.raises(ConfigError, match=f"protected_share is {share}; use a value from 0 to 1"):
        run(tmp_path / "out", ["x.tsv"], tokenizer=tokenizer_file, protected_share=share)


def test_rules_are_applied(tmp_path: Path, tokenizer_file: Path) -> None:
    farm = write_tsv(tmp_path / "farm.tsv", FARM)
    run(tmp_path / "out", [str(farm)], tokenizer=tokenizer_file, rules=CleaningRules(max_words=4))
    data = PreparedData.open(tmp_path / "out")
    assert texts_of(data, data.corpora[0]) == [FARM[2]]  # only here both sides have at most four words


def invented_words(number: int, seed: int) -> Iterator[str]:
    choose = random.Random(seed)
    for _ in range(number):
        yield "".join(choose.choices("abcdefghijklmnopqrstuvwxyz", k=6))


def test_tokenizer_is_trained_and_the_run_is_repeatable(tmp_path: Path) -> None:
    words = list(invented_words(6000, seed=1))
    pairs = [(f"{one} {two}", f"{two} {one}!") for one, two in zip(words[::2], words[1::2], strict=True)]
    path = write_tsv(tmp_path / "words.tsv", pairs)
    for name in ("a", "b"):
        run(tmp_path / name, [str(path)], protected_share=0)
    data, again = PreparedData.open(tmp_path / "a"), PreparedData.open(tmp_path / "b")
    assert data.sha256 == again.sha256
    assert data.tokenizer.vocab_size == 8000
    assert texts_of(data, data.corpora[0]) == pairs


def test_tokenizer_learns_from_corpora_in_proportion_to_their_weights(
    tmp_path: Path, tokenizer_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heavy = write_tsv(
        tmp_path / "h.tsv", [(f"heavy {letters(i)}", f"schwer {letters(i)}") for i in range(1000)]
    )
    light = write_tsv(
        tmp_path / "l.tsv", [(f"light {letters(i)}", f"leicht {letters(i)}") for i in range(1000)]
    )
    drawn: Counter[str] = Counter()

    def count(sentences: Iterator[str], vocab_size: int, *, seed: int) -> SentencePieceTokenizer:
        assert (vocab_size, seed) == (9000, 4)
        drawn.update(sentence.split()[0] for sentence in sentences)
        return SentencePieceTokenizer.load(tokenizer_file)

    monkeypatch.setattr(module, "train_tokenizer", count)
    run(tmp_path / "out", [f"{heavy}:2", f"{light}:0.5"], vocab_size=9000, seed=4)
    assert drawn["heavy"] == drawn["schwer"] == 1000
    # 250 are expected; five standard deviations of the binomial distribution are 68
    assert drawn["light"] == drawn["leicht"]
    assert 182 <= drawn["light"] <= 318
    assert [len(corpus) for corpus in PreparedData.open(tmp_path / "out").corpora] == [1000, 1000]


def test_progress_reports_stage_corpus_and_pairs(tmp_path: Path, tokenizer_file: Path) -> None:
    path = write_tsv(tmp_path / "many.tsv", [("sheep", f"Schaf {letters(i)}") for i in range(2500)])
    calls: list[tuple[str, int]] = []
    run(
        tmp_path / "out",
        [str(path)],
        tokenizer=tokenizer_file,
        progress=lambda stage, pairs: calls.append((stage, pairs)),
    )
    assert calls == [("encoding many", 1000), ("encoding many", 2000), ("encoding many", 2500)]


def test_datasets_is_not_imported_for_files(
    tmp_path: Path, tokenizer_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)  # makes an import fail
    run(tmp_path / "out", [str(write_tsv(tmp_path / "farm.tsv", FARM))], tokenizer=tokenizer_file)


@pytest.mark.parametrize("vocab_size", [0, 399, 65_537])
def test_vocabulary_out_of_range_is_refused(tmp_path: Path, vocab_size: int) -> None:
    with pytest.raises(ConfigError, match=f"vocab_size {vocab_size} must be between 400 and 65536"):
        run(tmp_path / "out", ["x.tsv"], vocab_size=vocab_size)


def test_settings_that_cannot_work_are_refused(tmp_path: Path, tokenizer_file: Path) -> None:
    with pytest.raises(ConfigError, match="no corpus to prepare"):
        run(tmp_path / "out", [])
    with pytest.raises(ConfigError, match="two corpora are named 'x'; rename one of them with NEWNAME=PATH"):
        run(tmp_path / "out", ["a/x.tsv", "b/x.tsv"])
    with pytest.raises(ConfigError, match="two corpora are named 'y'"):
        run(tmp_path / "out", ["a/x.tsv"], ["y=1", "y=2"])
    with pytest.raises(DataError, match="cannot read the tokenizer"):
        run(tmp_path / "out", ["a/x.tsv"], tokenizer=tmp_path / "none.model")


def test_folder_in_use_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="exists and is not empty; remove it or choose another"):
        run(tmp_path, ["missing.tsv"])


def test_mistakes_are_reported_before_the_long_work(
    tmp_path: Path, tokenizer_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*_: object, **__: object) -> SentencePieceTokenizer:
        raise AssertionError("the long work has begun")

    monkeypatch.setattr(module, "train_tokenizer", work)
    monkeypatch.setattr(module, "_add", work)
    farm = write_tsv(tmp_path / "farm.tsv", FARM)
    empty = write_tsv(tmp_path / "empty.tsv", [])
    for tokenizer in (None, tokenizer_file):
        with pytest.raises(DataError, match=r"there is no file .*dev\.tsv"):
            run(tmp_path / "new" / "out", [str(farm)], [f"{tmp_path}/dev.tsv"], tokenizer=tokenizer)
        with pytest.raises(DataError, match=r"empty\.tsv is empty"):
            run(tmp_path / "new" / "out", [str(farm)], [str(empty)], tokenizer=tokenizer)
        with pytest.raises(DataError, match=r"cannot write .*Not a directory"):
            run(farm / "out", [str(farm)], tokenizer=tokenizer)
        with pytest.raises(DataError, match=r"exists and is not empty"):
            run(tmp_path, [str(farm)], tokenizer=tokenizer)
    assert sorted(tmp_path.iterdir()) == [empty, farm]


@pytest.mark.parametrize("with_tokenizer", [True, False])
def test_broken_corpus_leaves_nothing_behind(
    tmp_path: Path, tokenizer_file: Path, with_tokenizer: bool
) -> None:
    farm = write_tsv(tmp_path / "farm.tsv", FARM)
    torn = tmp_path / "torn.tsv.gz"
    torn.write_bytes(gzip.compress(b"One.\tEins.\n" * 9)[:-1])
    with pytest.raises(DataError, match=r"cannot read .*torn\.tsv\.gz after line 9"):
        run(
            tmp_path / "out",
            [str(farm), str(torn)],
            tokenizer=tokenizer_file if with_tokenizer else None,
        )
    assert sorted(tmp_path.iterdir()) == [farm, torn]


@pytest.mark.parametrize("with_tokenizer", [True, False])
def test_a_corpus_with_no_pairs_left_is_refused(
    tmp_path: Path, tokenizer_file: Path, with_tokenizer: bool
) -> None:
    path = write_tsv(tmp_path / "farm.tsv", [("", "a"), ("b", ""), ("x\0", "y")])
    with pytest.raises(DataError, match=r"all 3 pairs were dropped \(empty 2, encoding damage 1\); is this"):
        run(tmp_path / "out", [str(path)], tokenizer=tokenizer_file if with_tokenizer else None)
    assert list(tmp_path.iterdir()) == [path]
