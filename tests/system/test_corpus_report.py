"""The figures of the corpus report, by hand for two small corpora."""

import sys
from collections import Counter

import pytest
from corpus_report import Reader, count_words, coverage, main, shares_elsewhere, write_sample

from translator.data.corpus import CorpusSpec
from translator.errors import DataError

FARM = [
    ("The goat sleeps.", "Die Ziege schläft."),
    ("A hen, 2 hens", "Ein Huhn, 2 Hühner"),
    ("a hen, 30 hens!", "ein Huhn, 30 Hühner!"),
    ("A HEN: HENS", "Ein Huhn: Hühner"),
    ("Banana", "BANANA"),
    ("", "leer"),
]
SHIP = [("The goat sleeps.", "Die Ziege schläft."), ("The sail is red.", "Das Segel ist rot.")]
DEV = [("The red goat’s hens sleep", ""), ("The goat's asleep", "x")]


class WordTokenizer:
    """Counts words as pieces."""

    def encode_all(self, texts):
        return [text.split() for text in texts]


def write(path, pairs):
    path.write_text("".join(f"{english}\t{german}\n" for english, german in pairs), encoding="utf-8")
    return CorpusSpec.parse(str(path))


@pytest.fixture
def dev_words(tmp_path):
    return count_words([write(tmp_path / "dev.tsv", DEV)])


@pytest.fixture
def figures(tmp_path, dev_words):
    reader = Reader(dev_words, WordTokenizer(), lambda stage, pairs: None)
    return [
        reader.read(write(tmp_path / f"{name}.tsv", pairs))
        for name, pairs in (("farm", FARM), ("ship", SHIP))
    ]


def test_words_of_development_sets_are_counted_in_lower_case(dev_words):
    assert dev_words == Counter({"the": 2, "goat's": 2, "red": 1, "hens": 1, "sleep": 1, "asleep": 1})


def test_figures_of_two_corpora_by_hand(figures):
    farm, ship = figures
    assert (farm.pairs, farm.tokens, farm.copies) == (5, 3 + 4 + 4 + 3 + 1, 1)
    assert (farm.dropped, ship.dropped) == pytest.approx((1 / 6, 0))
    assert (ship.pairs, ship.tokens, ship.copies) == (2, 3 + 4, 0)
    assert (farm.words, ship.words) == ({"the", "hens"}, {"the", "red"})
    assert farm.repeats == {"near-duplicate": 1}  # the third pair with the same words
    assert ship.repeats == {"duplicate": 1}
    assert shares_elsewhere(figures) == [1 / 5, 1 / 2]


def test_coverage_of_types_and_running_words(figures, dev_words):
    assert coverage(figures[0].words, dev_words) == ("33.3 %", "37.5 %")  # 2 of 6 types, 3 of 8 words


def test_a_corpus_without_clean_pairs_is_an_error(tmp_path, dev_words):
    reader = Reader(dev_words, WordTokenizer(), lambda stage, pairs: None)
    with pytest.raises(DataError, match=r"cleaning leaves nothing of .*x\.tsv"):
        reader.read(write(tmp_path / "x.tsv", [("", "a")]))


def test_a_sample_has_fifty_different_pairs_and_is_always_the_same(tmp_path, dev_words):
    names = [f"{first}{second}" for first in "abcdefghij" for second in "abcdefghij"]
    spec = write(tmp_path / "names.tsv", [(f"His name is {name}.", f"Er heißt {name}.") for name in names])
    texts = []
    for _ in range(2):
        figures = Reader(dev_words, WordTokenizer(), lambda stage, pairs: None).read(spec)
        write_sample(figures, tmp_path)
        texts.append((tmp_path / "names.txt").read_text(encoding="utf-8"))
    assert texts[0] == texts[1]
    assert len(set(figures.sample)) == 50
    assert any(german > "Er heißt f" for _, german in figures.sample)  # not only the first half of the file
    english, german = figures.sample[49]
    assert texts[0].endswith(f"50. {english}\n   {german}\n")
    assert texts[0].count("\n") == 100


def run_main(monkeypatch, capsys, *options):
    monkeypatch.setattr(sys, "argv", ["corpus_report.py", *map(str, options)])
    code = main()
    return code, *capsys.readouterr()


def test_the_command_prints_a_row_for_each_corpus_and_writes_samples(tmp_path, monkeypatch, capsys):
    for name, pairs in (("farm", FARM), ("ship", SHIP), ("dev", DEV)):
        write(tmp_path / f"{name}.tsv", pairs)
    code, out, _ = run_main(
        monkeypatch, capsys, "--corpus", tmp_path / "farm.tsv", "--corpus", f"{tmp_path}/ship.tsv:0.5", "--dev",
        tmp_path / "dev.tsv", "--samples", tmp_path / "samples",
    )  # fmt: skip
    assert code == 0
    rows = {
        cells[1].strip(): [cell.strip() for cell in cells[2:]]
        for line in out.splitlines()
        if len(cells := line.split("│")) > 2
    }
    assert list(rows) == ["farm", "ship", "all"]
    assert rows["farm"][:3] == ["1", "5", "16.7 %"]
    assert rows["ship"][:3] == ["0.5", "2", "0.0 %"]
    # "the", "red" and "hens" cover 3 of 6 types and 4 of 8 running words; each corpus has one word that the other lacks
    assert rows["all"][6:8] == ["50.0 %", "50.0 %"]
    assert rows["farm"][8:] == ["1", "20.0 %", "0.0 %", "20.0 %", "20.0 %", ""]
    assert rows["ship"][8:] == ["1", "50.0 %", "50.0 %", "0.0 %", "0.0 %", ""]
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == ["farm.txt", "ship.txt"]


def test_bad_input_is_a_clear_error(tmp_path, monkeypatch, capsys):
    code, _, err = run_main(
        monkeypatch, capsys, "--corpus", tmp_path / "x.tsv", "--dev", "y.tsv", "--samples", "s"
    )
    assert (code, "there is no file" in err) == (1, True)
    code, _, err = run_main(monkeypatch, capsys, "--samples", "s")
    assert (code, "name them with --corpus and --dev" in err) == (1, True)
