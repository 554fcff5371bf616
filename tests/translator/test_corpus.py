import gzip
import json
import lzma
import sys
from collections import Counter
from pathlib import Path

import pytest

from translator.data.corpus import (
    CleaningRules,
    CorpusSpec,
    Deduplicator,
    DropCounts,
    DropReport,
    check_readable,
    clean_pairs,
    drop_reason,
    read_pairs,
)
from translator.errors import ConfigError, DataError

RULES = CleaningRules()
PAIRS = [
    ("The kettle whistles.", "Der Kessel pfeift."),
    ("Two foxes cross the road.", "Zwei Füchse überqueren die Straße."),
    ("“Late again?” asked Mia 🙂", "„Schon wieder zu spät?“, fragte Mia 🙂"),
]


def read(where: object) -> tuple[list[tuple[str, str]], DropCounts]:
    counts = DropCounts()
    return list(read_pairs(CorpusSpec.parse(str(where)), counts)), counts


def write_lines(path: Path, lines: list[str]) -> None:
    path.write_bytes(compressed(path, "".join(line + "\n" for line in lines).encode()))


def compressed(path: Path, data: bytes) -> bytes:
    if path.suffix == ".gz":
        return gzip.compress(data)
    if path.suffix == ".xz":
        return lzma.compress(data)
    if path.suffix == ".zst":
        return pytest.importorskip("zstandard").compress(data)
    return data


# --- naming a corpus


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data/news.tsv", ("data/news.tsv", "news", 1.0, None)),
        ("data/news.tsv.xz:0.5", ("data/news.tsv.xz", "news", 0.5, None)),
        ("data/news.v2.jsonl.zst:2", ("data/news.v2.jsonl.zst", "news.v2", 2.0, None)),
        ("data/dev2013", ("data/dev2013", "dev2013", 1.0, None)),
        ("a/x.en.gz,b/x.de.gz:.25", ("a/x.en.gz,b/x.de.gz", "x", 0.25, None)),
        ("a/left.txt,a/right.txt", ("a/left.txt,a/right.txt", "left", 1.0, None)),
        ("talks=data/train.tsv:3#CC-BY 4.0", ("data/train.tsv", "talks", 3.0, "CC-BY 4.0")),
        ("data/lang=de/x.tsv", ("data/lang=de/x.tsv", "x", 1.0, None)),
        ("hub:wmt/wmt14:de-en:train", ("hub:wmt/wmt14:de-en:train", "wmt14-de-en-train", 1.0, None)),
        ("hub:wmt/wmt14:de-en:train:0.1", ("hub:wmt/wmt14:de-en:train", "wmt14-de-en-train", 0.1, None)),
        ("wmt=hub:wmt/wmt14:de-en", ("hub:wmt/wmt14:de-en", "wmt", 1.0, None)),
    ],
)
def test_parse(text: str, expected: tuple[str, str, float, str | None]) -> None:
    assert CorpusSpec.parse(text) == CorpusSpec(*expected)


@pytest.mark.parametrize("text", ["", ":0.5", "name=", "#MIT", "hub:", "hub"])
def test_parse_without_data_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="names no data"):
        CorpusSpec.parse(text)


@pytest.mark.parametrize("weight", ["0", "0.0", "101", "-1", "abc", "1,5", "1e-3", "nan", "½", ""])
@pytest.mark.parametrize("where", ["x.tsv", "x.jsonl.gz", "a/x.en,a/x.de", "hub:wmt/wmt14:de-en:train"])
def test_a_wrong_weight_is_named_as_one(where: str, weight: str) -> None:
    with pytest.raises(ConfigError) as caught:
        CorpusSpec.parse(f"{where}:{weight}")
    assert str(caught.value).startswith(f"{where}: the weight '{weight.removesuffix('.0')}' must be a number")
    assert "greater than 0 and at most 100" in str(caught.value)
    assert f"{where}:0.5" in str(caught.value)


def test_a_wrong_number_after_a_common_prefix_or_folder_is_a_wrong_weight() -> None:
    with pytest.raises(ConfigError, match="data/dev: the weight '-1' must be a number"):
        CorpusSpec.parse("data/dev:-1")


@pytest.mark.parametrize("where", ["notes:old", "data/a:b.tsv", "a.en:x/b.tsv", "hub:wmt/wmt14:de-en"])
def test_a_name_may_contain_a_colon(where: str) -> None:
    assert (CorpusSpec.parse(where).where, CorpusSpec.parse(where).weight) == (where, 1.0)


# --- reading


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz", ".zst"])
def test_tsv(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.tsv{suffix}"
    write_lines(path, ["\t".join(pair) for pair in PAIRS])
    assert read(path) == (PAIRS, DropCounts(read=3))


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz", ".zst"])
def test_two_parallel_files_by_prefix_and_by_name(tmp_path: Path, suffix: str) -> None:
    for language, index in (("en", 0), ("de", 1)):
        write_lines(tmp_path / f"x.{language}{suffix}", [pair[index] for pair in PAIRS])
    assert read(tmp_path / "x") == (PAIRS, DropCounts(read=3))
    assert read(f"{tmp_path}/x.en{suffix},{tmp_path}/x.de{suffix}") == (PAIRS, DropCounts(read=3))
    (tmp_path / "x").mkdir()
    assert read(tmp_path / "x") == (PAIRS, DropCounts(read=3)), "a folder of that name is not the corpus"


@pytest.mark.parametrize(
    "record",
    [
        {"en": "One.", "de": "Eins."},
        {"source": "One.", "target": "Eins."},
        {"translation": {"de": "Eins.", "en": "One."}, "id": 7},
    ],
)
def test_jsonl_shapes(tmp_path: Path, record: dict[str, object]) -> None:
    path = tmp_path / "x.jsonl"
    write_lines(path, [json.dumps(record)])
    assert read(path)[0] == [("One.", "Eins.")]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[1, 2]",
        '"text"',
        "",
        "null",
        '{"en": "One."}',
        '{"en": "One.", "de": 1}',
        '{"translation": "x"}',
        "[" * 9999,
    ],
)
def test_malformed_json_lines_are_counted(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.jsonl"
    write_lines(path, [line, '{"en": "One.", "de": "Eins."}'])
    assert read(path) == ([("One.", "Eins.")], DropCounts(2, Counter(malformed=1)))


def test_tsv_lines_without_exactly_one_tab_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    write_lines(path, ["no tab", "One.\tEins.", "a\tb\tc", "", "\t"])
    assert read(path) == ([("One.", "Eins."), ("", "")], DropCounts(5, Counter(malformed=3)))


def test_bytes_that_are_not_utf8_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_bytes("tür\tTür\n".encode("latin-1") + b"door\tT\xc3\n" + b"door\tT\xc3\xbcr\n")
    assert read(path) == ([("door", "Tür")], DropCounts(3, Counter({"encoding damage": 2})))


def test_escaped_surrogates_in_json_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    write_lines(path, ['{"en": "a\\ud83d", "de": "b"}', '{"en": "a\\ud83d\\ude42", "de": "b"}'])
    assert read(path) == ([("a🙂", "b")], DropCounts(2, Counter({"encoding damage": 1})))


def test_only_line_feeds_end_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_bytes("\ufeffa\u2028b\tc\x85d\r\ne\rf\tg\n h \ti".encode())
    assert read(path)[0] == [("a b", "c\x85d"), ("e f", "g"), ("h", "i")]


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n", "\v", "\f", "\u2028", "\u2029", " \t\n\xa0\n "])
def test_line_breaks_inside_a_side_become_one_space(tmp_path: Path, line_break: str) -> None:
    path = tmp_path / "x.jsonl"
    record = {"en": f"One{line_break}two  three.{line_break}", "de": f"Eins{line_break}zwei\u2003 drei."}
    write_lines(path, [json.dumps(record)])
    # whitespace without a line break stays
    assert read(path) == ([("One two  three.", "Eins zwei\u2003 drei.")], DropCounts(read=1))


def test_files_of_different_length_are_refused_with_both_counts(tmp_path: Path) -> None:
    for english, german in ((3, 5), (5, 3), (0, 1)):
        write_lines(tmp_path / "x.en", ["line"] * english)
        write_lines(tmp_path / "x.de", ["Zeile"] * german)
        message = rf"x\.en: {english}, of .*x\.de: {german}; line {min(english, german) + 1} has no"
        with pytest.raises(DataError, match=message):
            read(tmp_path / "x")


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zst"])
def test_truncated_files_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.tsv{suffix}"
    # digits of a square root hardly compress, so that half the file has about half the lines
    lines = [f"{number**0.5!r}\t{number**0.25!r}" for number in range(3_000)]
    write_lines(path, lines)
    data = path.read_bytes()
    for size in (len(data) // 2, len(data) - 1):
        path.write_bytes(data[:size])
        with pytest.raises(DataError, match=rf"cannot read .*x\.tsv{suffix} after line \d+"):
            read(path)


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zst"])
def test_damaged_archives_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.tsv{suffix}"
    path.write_bytes(b"this is no archive at all")
    with pytest.raises(DataError, match="after line 0"):
        read(path)


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zst"])
def test_archives_of_several_parts_are_read_to_the_end(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.tsv{suffix}"
    path.write_bytes(b"".join(compressed(path, f"{i}\tein{i}\n".encode()) for i in range(3)))
    assert read(path)[0] == [("0", "ein0"), ("1", "ein1"), ("2", "ein2")]


def test_zst_without_its_package_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    (tmp_path / "x.tsv.zst").write_bytes(b"")
    with pytest.raises(DataError, match="install zstandard"):
        read(tmp_path / "x.tsv.zst")


def test_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^there is no file /.*/x\.tsv; check the name of the corpus$"):
        read(tmp_path / "x.tsv")
    with pytest.raises(DataError, match=r"no corpus at .*x: expected"):
        read(tmp_path / "x")
    (tmp_path / "x.en.gz").write_bytes(gzip.compress(b"line\n"))
    with pytest.raises(DataError, match=r"there is no file .*x\.de\.gz"):
        read(tmp_path / "x")
    with pytest.raises(DataError, match=r"there is no file .*y\.de"):
        read(f"{tmp_path}/x.en.gz,{tmp_path}/y.de")
    with pytest.raises(
        DataError, match=r"cannot open .*: Is a directory; make it readable or name another file"
    ):
        read(f"{tmp_path}/x.en.gz,{tmp_path}")


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("a.en,b.tsv", r"a\.en,b\.tsv: b\.tsv contains both languages.* two text files.* X\.en,X\.de"),
        ("a.jsonl.xz,b.de", r"a\.jsonl\.xz contains both languages"),
        ("a.en,b.de,c.de", r"a\.en,b\.de,c\.de names 3 files; name two"),
        ("test.en", r"test\.en is one side .* name both, test\.en,test\.de, or their common prefix, test$"),
        ("t/x.de.gz", r"name both, t/x\.en\.gz,t/x\.de\.gz, or their common prefix, t/x$"),
    ],
)
def test_half_a_corpus_gets_a_hint(where: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(where)


def test_the_name_of_an_existing_file_may_contain_a_comma(tmp_path: Path) -> None:
    write_lines(tmp_path / "one,two.tsv", ["\t".join(pair) for pair in PAIRS])
    assert read(tmp_path / "one,two.tsv")[0] == PAIRS


def test_the_last_suffix_gives_the_kind_of_two_text_files(tmp_path: Path) -> None:
    for language, index in (("en", 0), ("de", 1)):
        write_lines(tmp_path / f"x.tsv.{language}", [pair[index] for pair in PAIRS])
    assert read(f"{tmp_path}/x.tsv.en,{tmp_path}/x.tsv.de")[0] == PAIRS


def test_a_complete_pair_of_files_is_preferred_to_a_single_file(tmp_path: Path) -> None:
    (tmp_path / "x.en").touch()
    for language in ("en", "de"):
        (tmp_path / f"x.{language}.gz").write_bytes(gzip.compress(b"line\n"))
    assert read(tmp_path / "x")[0] == [("line", "line")]


def test_corpora_are_checked_without_reading_them_through(tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_bytes(b"One.\tEins.\n")
    check_readable(CorpusSpec.parse(f"{tmp_path}/x.tsv"))
    (tmp_path / "x.jsonl").touch()
    with pytest.raises(DataError, match=r"x\.jsonl is empty; is this the right corpus"):
        check_readable(CorpusSpec.parse(f"{tmp_path}/x.jsonl"))
    (tmp_path / "x.en").write_bytes(b"One.\n")
    with pytest.raises(DataError, match=r"there is no file .*x\.de"):
        check_readable(CorpusSpec.parse(f"{tmp_path}/x"))


# --- the datasets library


def test_folder_of_a_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    records = [{"translation": {"en": english, "de": german}} for english, german in PAIRS]
    (tmp_path / "raw").mkdir()
    write_lines(tmp_path / "raw" / "train.jsonl", [json.dumps(record) for record in records])
    assert read(tmp_path / "raw") == (PAIRS, DropCounts(read=3))
    write_lines(tmp_path / "raw" / "test.jsonl", [json.dumps(records[1])])
    assert read(tmp_path / "raw") == (PAIRS, DropCounts(read=3))
    assert read(f"hub:{tmp_path}/raw::test") == (PAIRS[1:2], DropCounts(read=1))
    assert datasets.config.HF_UPDATE_DOWNLOAD_COUNTS is False


def test_saved_data_sets(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    records = [{"translation": {"en": english, "de": german}} for english, german in PAIRS]
    dataset = datasets.Dataset.from_list(records)
    dataset.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"train": dataset, "test": dataset.select([0])}).save_to_disk(tmp_path / "splits")
    assert read(tmp_path / "one") == (PAIRS, DropCounts(read=3))
    assert read(tmp_path / "splits") == (PAIRS, DropCounts(read=3))
    assert read(f"hub:{tmp_path}/splits::test") == (PAIRS[:1], DropCounts(read=1))


def test_data_set_without_translations_is_refused(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    datasets.Dataset.from_list([{"text": "x", "label": 1}]).save_to_disk(tmp_path / "other")
    with pytest.raises(DataError, match="no column `translation`, only text, label"):
        read(tmp_path / "other")


def test_data_set_that_cannot_be_loaded_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")

    def offline(*_: object, **__: object) -> None:
        raise ConnectionError("Couldn't reach the hub")

    monkeypatch.setattr(datasets, "load_dataset", offline)
    message = r"hub:wmt/wmt14:de-en:train: .*ConnectionError: Couldn't reach.*name its folder"
    with pytest.raises(DataError, match=message):
        read("hub:wmt/wmt14:de-en:train")


def test_hub_name_configuration_and_split_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    calls = []

    def load(name: str, configuration: str | None, *, split: str) -> object:
        calls.append((name, configuration, split))
        return datasets.Dataset.from_list([{"translation": {"en": "One.", "de": "Eins."}}])

    monkeypatch.setattr(datasets, "load_dataset", load)
    for where in ("hub:a/b", "hub:a/b:de-en", "hub:a/b:de-en:test", "hub:a/b::test"):
        assert read(where)[0] == [("One.", "Eins.")]
    assert calls == [
        ("a/b", None, "train"),
        ("a/b", "de-en", "train"),
        ("a/b", "de-en", "test"),
        ("a/b", None, "test"),
    ]
    with pytest.raises(ConfigError, match="too many parts"):
        read("hub:a/b:c:d:e:f")


def test_data_set_without_the_package_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match="install datasets"):
        read(tmp_path)


# --- cleaning


@pytest.mark.parametrize(
    ("english", "german"),
    [
        *PAIRS,
        ("OK", "OK"),
        ("Debian Linux", "Debian Linux"),
        ("3.14 + 2.71 = 5.85", "3.14 + 2.71 = 5.85"),
        ("x", "Diesen Dialog schließen"),
        ("The α and β coefficients", "Die Koeffizienten α und β"),
        ("3 ≤ 4 ≤ 5", "3 ≤ 4 ≤ 5"),
        ("SELECT a FROM b WHERE c NOT NULL AND d", "SELECT a FROM b WHERE c NOT NULL AND d ;"),
        ("Ângela’s château", "Ângelas Schloss"),
        ("SÃO PAULO", "SÃO PAULO"),
        ("The film “Der Untergang” is on TV tonight", "Heute kommt „Der Untergang“ im Fernsehen"),
        (
            "He sang the song “Das ist der Tag und nicht die Nacht”",
            "Er sang das Lied „Das ist der Tag und nicht die Nacht“",
        ),
        ("Sie und ich, das ist", "She and I"),  # too short to identify the language
        ("Column\ttwo", "Spalte\tzwei"),
    ],
)
def test_good_pairs_are_kept(english: str, german: str) -> None:
    assert drop_reason(english, german, RULES) is None


@pytest.mark.parametrize(
    ("english", "german", "reason"),
    [
        ("", "Etwas", "empty"),
        ("Something", "", "empty"),
        ("", "", "empty"),
        ("b\ufffdse", "böse", "encoding damage"),
        ("bad", "bÃ¶se", "encoding damage"),
        ("street", "StraÃŸe", "encoding damage"),
        ("he said â€œyesâ€\x9d", "er sagte ja", "encoding damage"),
        ("price: 5 Â€", "Preis", "encoding damage"),
        ("bell\x07", "Glocke", "encoding damage"),
        ("so\x85ft", "weich", "encoding damage"),
        ("word " * 201, "Wort " * 150, "too long"),
        ("word " * 150, "Wort " * 201, "too long"),
        ("w" * 2001, "w" * 1500, "too long"),
        ("a" * 61, "b" * 10, "length ratio"),  # 61 > 2 · (10 + 20)
        ("b" * 10, "a" * 61, "length ratio"),
        ("Please restart now", "Please restart now", "copied"),
        ("Please restart now", "PLEASE  restart now", "copied"),
        ("Привет, мир", "Hallo, Welt", "wrong script"),
        ("Hello, world", "こんにちは世界", "wrong script"),
        ("Wir haben das nicht mit einer Lupe gesucht", "We saw it", "wrong language"),
        ("We did not look", "They can see that this is not for you", "wrong language"),
        ("Der Fuchs und das Huhn sind nicht müde", "The fox and the hen are not tired", "wrong language"),
    ],
)
def test_bad_pairs_are_dropped_for_their_reason(english: str, german: str, reason: str) -> None:
    assert drop_reason(english.strip(), german.strip(), RULES) == reason


def test_limits_are_inclusive() -> None:
    assert drop_reason("a" * 60, "b" * 10, RULES) is None  # 60 = 2 · (10 + 20)
    assert drop_reason(" ".join(["word"] * 200), " ".join(["Wort"] * 200), RULES) is None
    assert drop_reason("w" * 2000, "v" * 2000, RULES) is None


def test_a_side_with_more_sentences_must_not_be_much_too_long() -> None:
    """German is usually 1.1 times as long as English; lengths are compared after adding 20."""
    english, two = "e" * 80, "D. " + "D" * 141  # 144 + 20 < 1.5 · 1.1 · (80 + 20) = 165
    assert drop_reason(english, two, RULES) is None
    assert drop_reason(english, f"{two}ddd", RULES) == "extra text"
    assert drop_reason(english, "d" * 147, RULES) is None  # no sentence more
    assert drop_reason("E. " + "E" * 77, f"{two}ddd", RULES) is None
    german, two = "d" * 90, "E! " + "E" * 126  # 129 + 20 < 1.5 / 1.1 · (90 + 20) = 150
    assert drop_reason(two, german, RULES) is None
    assert drop_reason(f"{two}eee", german, RULES) == "extra text"
    assert drop_reason("e" * 132, german, RULES) is None
    assert drop_reason("e" * 132, "D. " + "D" * 87, RULES) is None  # the short side has a sentence more
    assert drop_reason(f"{two}eee", german, CleaningRules(max_extra_text=1.6)) is None


@pytest.mark.parametrize(
    ("english", "german", "reason"),
    [
        ("[The old harbour.] A ship came in.", "Ein Schiff lief ein.", "extra text"),
        ("A ship came in.", "Ein Schiff lief ein. [Fußnote: Eine Brigg.]", "extra text"),
        ("[The old harbour.] A ship came in.", "[Der alte Hafen.] Ein Schiff lief ein.", None),
        ("[She laughs a little.] A ship!", "(Sie lacht ein wenig.) Ein Schiff!", None),
        ("[They embrace each other again.]", "Neue Umarmung.", None),  # the note itself is translated
        ("Press [Enter] twice.", "Drücken Sie zweimal die Eingabetaste.", None),
    ],
)
def test_a_note_in_brackets_on_one_side_only(english: str, german: str, reason: str | None) -> None:
    assert drop_reason(english, german, RULES) == reason


def test_rules_change_the_limits() -> None:
    strict = CleaningRules(max_words=2, max_length_ratio=1, max_copied_words=0)
    assert drop_reason("one two three", "eins zwei", strict) == "too long"
    assert drop_reason("a" * 31, "b" * 10, strict) == "length ratio"
    assert drop_reason("OK", "ok", strict) == "copied"


@pytest.mark.parametrize(
    "limits",
    [
        {"max_words": 0},
        {"max_characters": 0},
        {"max_length_ratio": 0.5},
        {"max_extra_text": 0.9},
        {"max_copied_words": -1},
        {"max_alike": 0},
    ],
)
def test_limits_out_of_range_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(limits))):
        CleaningRules(**limits)  # type: ignore[arg-type]


def test_duplicates_are_dropped_across_corpora() -> None:
    seen, first, second = Deduplicator(), DropCounts(), DropCounts()
    variant = (PAIRS[0][0], "Der Wasserkessel pfeift.")
    assert list(clean_pairs([*PAIRS, PAIRS[1]], RULES, seen, first)) == PAIRS
    assert list(clean_pairs([variant, PAIRS[2]], RULES, seen, second)) == [variant]
    assert first.dropped == second.dropped == Counter(duplicate=1)


def test_both_sides_of_good_pairs_are_normalised() -> None:
    seen, counts = Deduplicator(), DropCounts()
    pairs = [
        ("Two\xa0 cafe\u0301s", "Zwei\xa0 Cafe\u0301s"),
        ("Two cafés", "Zwei\xa0 Cafe\u0301s"),
        ("\u200b", "nichts"),
        ("bell\x07", "Glocke"),
    ]
    expected = [("Two cafés", "Zwei Cafés")]
    assert list(clean_pairs(pairs, RULES, seen, counts)) == expected
    assert counts.dropped == Counter({"duplicate": 1, "empty": 1, "encoding damage": 1})


def test_duplicates_must_match_on_both_sides() -> None:
    seen = Deduplicator()
    assert seen.drop_reason(("ab", "c"), 2) is None
    assert seen.drop_reason(("a", "bc"), 2) is None
    assert seen.drop_reason(("c", "ab"), 2) is None
    assert seen.drop_reason(("ab", "c"), 2) == "duplicate"
    assert seen.drop_reason(("ab", "c"), 1) == "duplicate"


LIKE_ONE_ANOTHER = [
    ("Room 1 is free.", "Zimmer 1 ist frei."),
    ("Room 22 is free!", "Zimmer 22 ist frei!"),
    ("ROOM 3 IS “FREE”", "Zimmer 3 ist frei …"),
    ("Room 1 is free.", "Zimmer 1 ist frei."),
    ("Room is free", "Zimmer ist frei"),
]


@pytest.mark.parametrize(
    ("max_alike", "reasons"),
    [
        (1, [None, "near-duplicate", "near-duplicate", "duplicate", "near-duplicate"]),
        (2, [None, None, "near-duplicate", "duplicate", "near-duplicate"]),
        (3, [None, None, None, "duplicate", "near-duplicate"]),
        (9, [None, None, None, "duplicate", None]),
    ],
)
def test_pairs_that_differ_in_case_digits_and_punctuation_are_thinned(
    max_alike: int, reasons: list[str | None]
) -> None:
    seen = Deduplicator()
    assert [seen.drop_reason(pair, max_alike) for pair in LIKE_ONE_ANOTHER] == reasons


@pytest.mark.parametrize(
    "variant",
    [
        ("Room is not free", "Zimmer ist frei"),
        ("Room is free", "Das Zimmer ist frei"),  # another translation
        ("Room is", "free Zimmer ist frei"),
        ("Is room free?", "Ist Zimmer frei?"),
    ],
)
def test_pairs_with_other_words_are_no_near_duplicates(variant: tuple[str, str]) -> None:
    seen = Deduplicator()
    assert seen.drop_reason(("Room is free", "Zimmer ist frei"), 1) is None
    assert seen.drop_reason(variant, 1) is None


def test_pairs_without_letters_are_no_near_duplicates() -> None:
    seen = Deduplicator()
    pairs = [(f"{number}.", f"{number},0") for number in range(5)]
    assert [seen.drop_reason(pair, 1) for pair in pairs] == [None] * 5
    assert seen.drop_reason(pairs[0], 1) == "duplicate"


def test_near_duplicates_are_counted_across_corpora() -> None:
    seen, first, second = Deduplicator(), DropCounts(), DropCounts()
    assert list(clean_pairs(LIKE_ONE_ANOTHER[:2], RULES, seen, first)) == LIKE_ONE_ANOTHER[:2]
    assert list(clean_pairs(LIKE_ONE_ANOTHER[2:], RULES, seen, second)) == []
    assert first.dropped == Counter()
    assert second.dropped == Counter({"near-duplicate": 2, "duplicate": 1})


def test_each_dropped_pair_is_counted_once() -> None:
    counts = DropCounts(read=5)
    pairs = [("", "leer"), ("a\x00", "b"), ("One hundred", "Hundert"), ("One hundred", "Hundert"), ("", "")]
    assert list(clean_pairs(pairs, RULES, Deduplicator(), counts)) == [("One hundred", "Hundert")]
    assert counts.dropped == Counter({"empty": 2, "encoding damage": 1, "duplicate": 1})
    assert counts.kept == 1


def test_report_has_a_row_for_each_corpus_and_a_total() -> None:
    report = DropReport()
    report.corpora["news"] = DropCounts(1500, Counter({"copied": 2, "malformed": 1}))
    report.corpora["talks"] = DropCounts(30, Counter({"copied": 5}))
    assert report.rows() == [
        ("corpus", "read", "kept", "malformed", "copied"),
        ("news", "1,500", "1,497", "1", "2"),
        ("talks", "30", "25", "0", "5"),
        ("total", "1,530", "1,522", "1", "7"),
    ]


def test_a_file_that_is_probably_wrong_gets_a_warning():
    """The limit is one damaged pair in twenty; cleaning handles a few."""
    report = DropReport({
        "latin": DropCounts(400, Counter({"encoding damage": 140, "copied": 100})),
        "web": DropCounts(400, Counter({"encoding damage": 20, "malformed": 20})),
        "ids": DropCounts(400, Counter({"malformed": 21})),
        "turned": DropCounts(400, Counter({"wrong language": 121})),
        "mixed": DropCounts(400, Counter({"wrong language": 120, "too long": 280})),
    })  # fmt: skip
    latin, ids, turned = report.warnings()
    assert turned.startswith("turned: 121 of 400 pairs were dropped (wrong language): English comes first")
    assert report.corpora["mixed"].remedy.startswith("the file may have whole documents on one line")
    assert latin.startswith(
        "latin: 140 of 400 pairs were dropped (encoding damage): if the file is not UTF-8"
    )
    assert ids.startswith(
        "ids: 21 of 400 pairs were dropped (malformed): each line must be English, tab, German"
    )
