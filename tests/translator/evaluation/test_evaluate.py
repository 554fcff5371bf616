import gzip
import json
import logging
import math
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table
from sacrebleu.dataset import DATASETS

from translator.errors import DataError
from translator.evaluation.evaluate import (
    Comparison,
    Evaluation,
    Score,
    as_json,
    as_table,
    compare,
    comparison_as_json,
    comparison_as_table,
    evaluate,
    load_testset,
    read_lines,
    score,
    signatures,
    warn_if_tokenised,
)

# Forty different sentences, and the same with every third one spoiled.
REFERENCES = [
    f"Am {day}. Tag brachte {who} {count} Kisten in das Lager." for day in range(1, 11)
    for who, count in (("Anna", day + 3), ("Bernd", 2 * day), ("Clara", 40 - day), ("Dieter", 7))
]  # fmt: skip
GOOD = [
    line.replace("Kisten", "Körbe") if number % 5 == 0 else line for number, line in enumerate(REFERENCES)
]
BAD = [" ".join(reversed(line.split())) if number % 3 else line for number, line in enumerate(GOOD)]


def value(name: str, hypotheses: Sequence[str], references: Sequence[str]) -> float:
    return next(found.value for found in score(hypotheses, references) if found.name == name)


def render(table: Table, width: int = 200) -> str:
    console = Console(file=StringIO(), width=width)
    console.print(table)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


# Scores


def test_perfect_translations() -> None:
    assert [(found.name, found.value) for found in score(REFERENCES, REFERENCES)] == [
        ("BLEU", pytest.approx(100)),
        ("chrF2", pytest.approx(100)),
        ("TER", 0.0),
    ]


def test_bleu_by_hand() -> None:
    # Of the hypothesis' n-grams, in the reference: 5/6 words (the second "der" is one too many), 3/5 pairs
    # (der Hund, Hund lag, lag auf), 2/4 triples, 1/3 fours; equal lengths, so no brevity penalty.
    # BLEU = (5/6 · 3/5 · 2/4 · 1/3)^(1/4) = (1/12)^(1/4).
    bleu = value("BLEU", ["der Hund lag auf der Bank"], ["der Hund lag auf einer Bank"])
    assert bleu == pytest.approx(100 * (1 / 12) ** 0.25)


def test_bleu_of_a_short_translation_by_hand() -> None:
    # All n-grams are right, but there are 4 words for 5: brevity penalty exp(1 - 5/4).
    assert value("BLEU", ["eins zwei drei vier"], ["eins zwei drei vier fünf"]) == pytest.approx(
        100 * math.exp(-0.25)
    )


def test_bleu_smoothing_by_hand() -> None:
    # 3/4, 2/3, 1/2 and 0/1: the first order without a match counts as half a match, 1/2 · 1/1.
    # BLEU = (3/4 · 2/3 · 1/2 · 1/2)^(1/4) = (1/8)^(1/4).
    assert value("BLEU", ["eins zwei drei sechs"], ["eins zwei drei vier"]) == pytest.approx(
        100 * 0.125**0.25
    )


def test_bleu_sees_case_and_splits_off_punctuation() -> None:
    # 13a makes five tokens of "Nur ein Wort mehr." Words 4/5, pairs 3/4, triples 2/3, fours 1/2: product 1/5.
    bleu = value("BLEU", ["nur ein Wort mehr."], ["Nur ein Wort mehr."])
    assert bleu == pytest.approx(100 * 0.2**0.25)


def test_bleu_counts_over_the_corpus_not_per_sentence() -> None:
    # Matches of the two sentences are added up first: words 5+4 of 10, pairs 4+2 of 8, triples 3+1 of 6,
    # fours 2+0 of 4.
    hypotheses = ["a b c d e", "v w x q z"]
    references = ["a b c d e", "v w x y z"]
    expected = (9 / 10 * 6 / 8 * 4 / 6 * 2 / 4) ** 0.25
    assert value("BLEU", hypotheses, references) == pytest.approx(100 * expected)


def test_chrf_by_hand() -> None:
    # Letters: 2 of the hypothesis' 3 match, of the reference's 4: P 2/3, R 2/4; pairs: "ab": 1/2 and 1/3;
    # triples: 0/1 and 0/2; there are no longer ones in the hypothesis. Means over the three orders:
    # P = (2/3 + 1/2 + 0)/3 = 7/18, R = (1/2 + 1/3 + 0)/3 = 5/18; F2 = 5PR / (4P + R) = (175/324) / (33/18).
    assert value("chrF2", ["abx"], ["abcd"]) == pytest.approx(100 * (175 / 324) / (33 / 18))


def test_ter_by_hand() -> None:
    # One word replaced and one missing, against five words of reference.
    assert value("TER", ["eins zwei acht vier"], ["eins zwei drei vier fünf"]) == pytest.approx(100 * 2 / 5)


def test_signatures() -> None:
    bleu, chrf, ter = score(["Ein Satz."], ["Ein Satz."])
    assert bleu.signature.startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:")
    assert chrf.signature.startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:")
    assert ter.signature.startswith("nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:")


@pytest.mark.parametrize(
    ("hypotheses", "references", "message"),
    [
        (["a"], ["a", "b"], "1 hypotheses and 2 references; the numbers must be equal"),
        ([], [], "0 references; at least 1 is needed"),
    ],
)
def test_invalid_lines_are_not_scored(hypotheses: list[str], references: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        score(hypotheses, references)


# Evaluation of a system


def test_evaluate_translates_all_sources_once() -> None:
    seen: list[Sequence[str]] = []

    def translate(sources: Sequence[str]) -> list[str]:
        seen.append(sources)
        return [source.upper() for source in sources]

    found = evaluate("shouter", ["ja", "nein"], ["JA", "NEIN"], translate, testset="two words")
    assert seen == [["ja", "nein"]]
    assert (found.system, found.testset, found.sentences) == ("shouter", "two words", 2)
    assert found.hypotheses == ("JA", "NEIN")
    assert list(found.scores) == score(["JA", "NEIN"], ["JA", "NEIN"])
    assert found.seconds > 0
    assert found.sentences_per_second == pytest.approx(2 / found.seconds)


def test_evaluate_refuses_what_does_not_match_before_it_translates() -> None:
    with pytest.raises(DataError, match="2 sources and 1 references"):
        evaluate("any", ["a", "b"], ["a"], lambda _: pytest.fail("translated"))


def test_evaluate_refuses_a_lost_translation() -> None:
    with pytest.raises(DataError, match="1 hypotheses and 2 references"):
        evaluate("lossy", ["a", "b"], ["a", "b"], lambda sources: sources[:1])


# Comparison


@pytest.fixture(scope="module")
def rows() -> list[Comparison]:
    return compare({"good": GOOD, "same": list(GOOD), "bad": BAD}, REFERENCES)


def test_a_comparison_has_a_row_for_each_system_and_metric(rows: list[Comparison]) -> None:
    expected = [(system, metric) for system in ("good", "same", "bad") for metric in ("BLEU", "chrF2", "TER")]
    assert [(row.system, row.metric) for row in rows] == expected


def test_the_first_system_is_the_baseline(rows: list[Comparison]) -> None:
    assert [row.p_value is None for row in rows] == [True] * 3 + [False] * 6


def test_identical_translations_do_not_differ(rows: list[Comparison]) -> None:
    assert [row.p_value for row in rows if row.system == "same"] == [1.0] * 3


def test_a_clearly_worse_system_differs(rows: list[Comparison]) -> None:
    p_values = [row.p_value for row in rows if row.system == "bad"]
    assert all(p_value is not None and p_value < 0.01 for p_value in p_values)


def test_a_difference_by_chance_is_not_significant() -> None:
    # Each has one wrong word in two sentences, not the same ones.
    first = [
        line.replace("Lager", "Haus") if number in (3, 17) else line for number, line in enumerate(REFERENCES)
    ]
    second = [
        line.replace("Lager", "Haus") if number in (9, 30) else line for number, line in enumerate(REFERENCES)
    ]
    found = compare({"first": first, "second": second}, REFERENCES)
    assert all(row.p_value is None or row.p_value > 0.2 for row in found)


def test_scores_of_a_comparison_are_the_corpus_scores(rows: list[Comparison]) -> None:
    for system, hypotheses in (("good", GOOD), ("bad", BAD)):
        expected = [found.value for found in score(hypotheses, REFERENCES)]
        assert [row.value for row in rows if row.system == system] == pytest.approx(expected)


def test_the_interval_surrounds_the_score(rows: list[Comparison]) -> None:
    assert all(row.interval > 0 and abs(row.mean - row.value) < row.interval for row in rows)


def test_a_comparison_is_repeatable(rows: list[Comparison]) -> None:
    assert compare({"good": GOOD, "same": list(GOOD), "bad": BAD}, REFERENCES) == rows


def test_the_signature_of_a_comparison_names_seed_and_samples(rows: list[Comparison]) -> None:
    assert all("bs:1000" in row.signature and "seed:12345" in row.signature for row in rows)
    assert all(
        "case:mixed|eff:no|tok:13a|smooth:exp" in row.signature for row in rows if row.metric == "BLEU"
    )


def test_a_comparison_needs_two_systems_of_the_same_test_set() -> None:
    with pytest.raises(DataError, match=r"1 system.* at least 2"):
        compare({"alone": GOOD}, REFERENCES)
    with pytest.raises(DataError, match="39 hypotheses of 'short' and 40 references"):
        compare({"good": GOOD, "short": GOOD[1:]}, REFERENCES)


# Files


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    file = tmp_path / "lines.txt"
    file.write_bytes("eins\u2028zwei\x0b\x85\r\n\nÜber\x0c\n".encode())
    assert read_lines(file) == ["eins\u2028zwei\x0b\x85\r", "", "Über\x0c"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\n\n", ["a", ""]),
        (b"\xef\xbb\xbfa\n", ["a"]),
    ],
)
def test_the_start_and_the_end_of_a_file(tmp_path: Path, data: bytes, expected: list[str]) -> None:
    file = tmp_path / "lines.txt"
    file.write_bytes(data)
    assert read_lines(file) == expected


def test_bad_utf8_is_reported_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "latin.txt"
    file.write_bytes(b"ja\nnein\ngr\xfc\xdfe\n")
    with pytest.raises(DataError, match=r"latin\.txt, line 3: byte 0xFC at offset 2 is not UTF-8.*Convert"):
        read_lines(file)


def test_a_compressed_file_is_not_reported_as_bad_utf8(tmp_path: Path) -> None:
    file = tmp_path / "lines.gz"
    file.write_bytes(gzip.compress(b"ja\n"))
    with pytest.raises(DataError, match=r"lines\.gz is compressed. Unpack it"):
        read_lines(file)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.txt cannot be read: No such file.*Give the path"):
        read_lines(tmp_path / "none.txt")
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_lines(tmp_path)


# Test sets


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return sacreBLEU's folder for "wmt14/full", empty, on a machine without a network."""

    def refuse(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no network")

    dataset = DATASETS["wmt14/full"]
    monkeypatch.setattr(dataset, "_outdir", str(tmp_path))
    monkeypatch.setattr(dataset, "_rawdir", os.fspath(tmp_path / "raw"))
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    return tmp_path


def test_a_test_set_that_is_already_downloaded(cache: Path) -> None:
    for field in DATASETS["wmt14/full"].fieldnames("en-de"):
        (cache / f"wmt14_full.en-de.{field}").touch()
    (cache / "wmt14_full.en-de.src").write_text("Yes.\nNo.\n", encoding="utf-8")
    (cache / "wmt14_full.en-de.ref").write_text("Ja.\nNö.\n", encoding="utf-8")
    assert load_testset("wmt14/full") == (["Yes.", "No."], ["Ja.", "Nö."])


@pytest.mark.usefixtures("cache")
def test_without_a_network_the_remedy_is_named() -> None:
    with pytest.raises(
        DataError, match=r"'wmt14/full' cannot be downloaded.*no network.*--source and --reference"
    ):
        load_testset("wmt14/full")


def test_a_damaged_download_does_not_end_the_process(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache.exists()
    monkeypatch.setattr(urllib.request, "urlopen", lambda _: BytesIO(b"not an archive"))
    with pytest.raises(DataError, match="cannot be downloaded: SystemExit"):
        load_testset("wmt14/full")


@pytest.mark.parametrize(("name", "pair"), [("wmt99", "en-de"), ("wmt14/full", "en-xx")])
def test_an_unknown_test_set_is_refused(name: str, pair: str) -> None:
    with pytest.raises(
        DataError, match=f"'{name}' is not among those that sacreBLEU has for {pair}.*--source"
    ):
        load_testset(name, pair)


# Tokenised text


@pytest.mark.parametrize(
    "line",
    [
        "Er kam , sah und siegte .",
        "die E @-@ Mail",
        "Er sagte : &quot; Ja &quot;",
        "Tom &apos;s Haus",
        "ein &#91; Wort",
    ],
)
def test_tokenised_text_is_detected(line: str) -> None:
    message = warn_if_tokenised([line])
    assert message is not None
    assert "1 of 1 lines look tokenised" in message
    assert "detokenise" in message


@pytest.mark.parametrize(
    "line",
    [
        "Er kam, sah und siegte.",
        "Na ja ... gut.",
        "Nimm .5 oder ,5 davon.",
        "AT&T und a@b.de",
        "so @ home",
        "",
        " ",
    ],
)
def test_raw_text_is_not_taken_for_tokenised(line: str) -> None:
    assert warn_if_tokenised([line]) is None


def test_a_few_odd_lines_are_no_reason_to_warn() -> None:
    assert warn_if_tokenised(["So ist es ."] * 19 + ["So ist es."] * 81 + [""] * 100) is None
    assert warn_if_tokenised(["So ist es ."] * 20 + ["So ist es."] * 80 + [""] * 100) is not None
    assert warn_if_tokenised([]) is None


# Reports


def evaluation(system: str) -> Evaluation:
    scores = (Score("BLEU", 27.345, "nrefs:1|tok:13a"), Score("TER", 55.0, "nrefs:1|case:lc"))
    return Evaluation(system, "my set", 30, 1.5, scores, ("ja",) * 30)


def test_the_table_shows_what_was_measured() -> None:
    text = render(as_table([evaluation("[b]old[/b]"), evaluation("new")]))
    for expected in ("[b]old[/b]", "new", "my set: 30 sentences", "27.3", "BLEU ↑", "TER ↓", "55.00", "20.0"):
        assert expected in text


def test_at_80_columns_no_number_and_no_long_name_is_cut() -> None:
    scores = tuple(Score(name, 100.0, "s") for name in ("BLEU", "chrF2", "TER"))
    name = "".join(chr(ord("a") + place % 26) for place in range(60))
    text = render(as_table([Evaluation(name, "set", 3000, 12345.6, scores, ())]), width=80)
    assert "…" not in text
    assert text.count("100.00") == 3
    assert "12345.6" in text
    first_cells = [line.split("│")[1].strip() for line in text.splitlines() if "│" in line]
    assert "".join(first_cells) == name
    rows = [Comparison(name, "chrF2", 100.0, 100.0, 12.34, 0.012, "s")]
    text = render(comparison_as_table(rows), width=80)
    assert all(whole in text for whole in ("chrF2 ↑", "100.00 ± 12.34", "0.0120"))


def test_each_signature_is_listed_once() -> None:
    rows = [Comparison(name, "BLEU", 1.0, 1.0, 0.1, None, "nrefs:1|bs:1000") for name in ("old", "new")]
    assert signatures([evaluation("old"), evaluation("new")], rows) == [
        "BLEU|nrefs:1|tok:13a",
        "TER|nrefs:1|case:lc",
        "BLEU|nrefs:1|bs:1000",
    ]


def test_the_json_of_an_evaluation() -> None:
    assert json.loads(json.dumps(as_json([evaluation("new")]))) == {
        "evaluations": [
            {
                "system": "new",
                "testset": "my set",
                "sentences": 30,
                "seconds": 1.5,
                "sentences_per_second": 20.0,
                "scores": [
                    {"name": "BLEU", "value": 27.345, "signature": "nrefs:1|tok:13a"},
                    {"name": "TER", "value": 55.0, "signature": "nrefs:1|case:lc"},
                ],
            }
        ]
    }


def test_reports_of_a_comparison() -> None:
    rows = [
        Comparison("old", "BLEU", 27.0, 26.9, 0.8, None, "nrefs:1|bs:1000"),
        Comparison("new", "BLEU", 28.0, 28.1, 0.75, 0.012, "nrefs:1|bs:1000"),
    ]
    text = render(comparison_as_table(rows))
    for expected in ("baseline", "0.0120", "28.10 ± 0.75", "27.00"):
        assert expected in text
    assert json.loads(json.dumps(comparison_as_json(rows)))["comparisons"][1] == {
        "system": "new",
        "metric": "BLEU",
        "value": 28.0,
        "mean": 28.1,
        "interval": 0.75,
        "p_value": 0.012,
        "signature": "nrefs:1|bs:1000",
    }


def test_the_time_of_an_evaluation_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="translator.evaluation.evaluate"):
        evaluate("echo", ["a"], ["a"], list, testset="letters")
    assert "echo translated 1 sentences of letters in" in caplog.text
