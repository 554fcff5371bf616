"""`translator translate --engine ray`, with actors that are objects of this process."""

import gzip
import json
import lzma

import fsspec
import pyarrow
import pyarrow.parquet
import pytest
import zstandard

from tests.translator.cluster.fake_ray import FakeRay
from translator.commands.window_job import WindowJob

LINES = [
    b"Anna sleeps.\n",
    b"\n",
    b"  The dog eats bread. Paul runs.\r\n",
    b"12\n",
    *(b"Anna sees %d dogs.\n" % number for number in range(8)),
    b"no end",
]


@pytest.fixture
def ray(monkeypatch):
    """Shards of two rows, and two actors."""
    fake = FakeRay()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # workers set it
    for module in ("job", "pool"):
        monkeypatch.setattr(f"translator.cluster.{module}.ray", fake)
    monkeypatch.setattr("translator.cluster.job.ROWS_AT_ONCE", 2)
    return fake


@pytest.fixture
def work(run, ray, model_folder, tmp_path, monkeypatch):
    """Run the command in `tmp_path`; returns its exit code and its messages on one line, with relative names."""
    monkeypatch.chdir(tmp_path)

    def work(*arguments, out="out", model=model_folder):
        code, printed, err = run(
            "translate", "--engine", "ray", *arguments, "--out", out, "--model", model, "--beam", "2"
        )
        assert printed == b""
        return code, " ".join(err.split()).replace(f"{tmp_path}/", "")

    return work


@pytest.fixture
def plain(run, model_folder):
    """What the command prints without Ray."""

    def plain(file, *options):
        code, printed, err = run("translate", file, "--model", model_folder, "--beam", "2", *options)
        assert (code, err) == (0, "")
        return printed

    return plain


def parts(folder):
    return sorted(path for path in folder.iterdir() if path.name.startswith("part-"))


def joined(folder):
    return b"".join(path.read_bytes() for path in parts(folder))


def rows_of(folder):
    return [json.loads(line) for line in joined(folder).splitlines()]


def quarantined(folder):
    found = sorted((folder / "quarantine").iterdir())
    return [json.loads(line) for path in found for line in path.read_text().splitlines()]


def manifest_of(folder):
    """The manifest, with names relative to the folder's parent, as are those of the input."""
    return json.loads((folder / "manifest.json").read_text().replace(f"{folder.parent}/", ""))


def test_text_comes_out_as_without_ray(work, plain, tmp_path):
    (tmp_path / "a.en").write_bytes(b"".join(LINES))
    (tmp_path / "b.en").write_bytes(b"The last file.\n")
    (tmp_path / "empty.en").write_bytes(b"")
    assert work("a.en", "empty.en", "b.en") == (0, "out: 14 of 14 lines are done")
    assert joined(tmp_path / "out") == plain("a.en") + plain("b.en")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        ".lock", "manifest.json", *(f"part-{number:06}.txt" for number in range(8))
    ]  # fmt: skip
    manifest = manifest_of(tmp_path / "out")
    assert [(file["name"], file["rows"]) for file in manifest["files"]] == [
        ("a.en", 13), ("empty.en", 0), ("b.en", 1)
    ]  # fmt: skip
    places = [(one["shard"], one["file"], one["first_row"], one["rows"]) for one in manifest["shards"]]
    assert places == [
        *((number, "a.en", 2 * number + 1, 2) for number in range(6)), (6, "a.en", 13, 1), (7, "b.en", 1, 1)
    ]  # fmt: skip


def test_json_comes_out_as_without_ray(work, plain, tmp_path):
    (tmp_path / "a.en").write_bytes(b"".join(LINES))
    options = ("--json", "--n-best", "2", "--tokens", "--align")
    assert work("a.en", *options)[0] == 0
    ours, expected = rows_of(tmp_path / "out"), plain("a.en", *options).splitlines()
    for one, other in zip(ours, map(json.loads, expected), strict=True):
        assert one["text"] == other["text"]
        assert [sentence["source"] for sentence in one["sentences"]] == [
            sentence["source"] for sentence in other["sentences"]
        ]
        # scores may differ in their last digit if other lines share a window
        for sentence, expected_sentence in zip(one["sentences"], other["sentences"], strict=True):
            assert sentence.keys() == expected_sentence.keys()
            texts = [version["text"] for version in sentence["translations"]]
            assert texts == [version["text"] for version in expected_sentence["translations"]]


@pytest.mark.parametrize("ending", [".gz", ".xz", ".zst"])
def test_files_may_be_compressed_and_damage_is_found(work, plain, tmp_path, ending):
    content = b"".join(LINES)
    (tmp_path / "a.en").write_bytes(content)
    pack = {".gz": gzip.compress, ".xz": lzma.compress, ".zst": zstandard.ZstdCompressor().compress}[ending]
    (tmp_path / f"b.en{ending}").write_bytes(pack(content))
    assert work(f"b.en{ending}")[0] == 0
    assert joined(tmp_path / "out") == plain("a.en")
    (tmp_path / f"c.en{ending}").write_bytes(pack(content)[:-9])
    code, err = work(f"c.en{ending}", out="other")
    assert (code, f"cannot read c.en{ending}" in err) == (1, True)
    assert not (tmp_path / "other").exists()


def test_folders_patterns_and_addresses_are_read_in_order(work, plain, tmp_path):
    (tmp_path / "news/deep").mkdir(parents=True)
    texts = {"news/b.txt": "Two dogs.\n", "news/a.txt": "One dog.\n", "news/deep/c.txt": "Three dogs.\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "news/.hidden.txt").write_text("hidden\n")
    (tmp_path / "all.txt").write_text("One dog.\nTwo dogs.\nThree dogs.\n")
    with fsspec.open("memory://bucket/in/all.txt", "wb") as file:
        file.write((tmp_path / "all.txt").read_bytes())
    expected = plain("all.txt")
    assert work("news")[0] == 0
    assert work("news/?.txt", "news/*/*.txt", out="out2")[0] == 0
    assert work("memory://bucket/in", out="memory://bucket/out")[0] == 0
    assert joined(tmp_path / "out") == joined(tmp_path / "out2") == expected
    there = fsspec.filesystem("memory")
    names = sorted(name.rpartition("/")[2] for name in there.ls("/bucket/out", detail=False))
    assert names == ["manifest.json", "part-000000.txt", "part-000001.txt"]
    assert b"".join(there.cat_file(f"/bucket/out/{name}") for name in names[1:]) == expected
    assert "is finished" in work("memory://bucket/in", out="memory://bucket/out")[1]


def test_columns_are_kept(work, plain, tmp_path):
    sentences = ["Anna sleeps.", "The dog eats bread.", "12"]
    (tmp_path / "in.txt").write_text("".join(f"{one}\n" for one in sentences))
    german = plain("in.txt").decode().splitlines()
    (tmp_path / "a.tsv").write_text("".join(f"{place}\t{one}\tü\n" for place, one in enumerate(sentences)))
    assert work("a.tsv", "--source-column", "2", out="tsv")[0] == 0
    assert joined(tmp_path / "tsv").decode() == "".join(
        f"{place}\t{one}\tü\t{other}\n"
        for place, (one, other) in enumerate(zip(sentences, german, strict=True))
    )
    records = [{"id": place, "en": one, "more": [None]} for place, one in enumerate(sentences)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    assert work("a.jsonl", out="jsonl")[0] == 0
    with_german = [{**one, "translation": other} for one, other in zip(records, german, strict=True)]
    assert rows_of(tmp_path / "jsonl") == with_german
    # row groups need not fit shards
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(records), tmp_path / "a.parquet", row_group_size=1)
    assert work("a.parquet", out="parquet")[0] == 0
    tables = [pyarrow.parquet.read_table(path) for path in parts(tmp_path / "parquet")]
    assert [len(table) for table in tables] == [2, 1]
    assert [row for table in tables for row in table.to_pylist()] == with_german


def test_columns_get_several_translations(work, plain, tmp_path):
    (tmp_path / "in.txt").write_text("Anna sleeps.\nThe dog eats bread.\n")
    expected = [json.loads(line) for line in plain("in.txt", "--json", "--n-best", "2").splitlines()]
    (tmp_path / "a.jsonl").write_text('{"text": "Anna sleeps."}\n{"text": "The dog eats bread."}\n')
    (tmp_path / "a.tsv").write_text("Anna sleeps.\t1\nThe dog eats bread.\t2\n")
    pyarrow.parquet.write_table(
        pyarrow.table({"text": ["Anna sleeps.", "The dog eats bread."]}), tmp_path / "a.parquet"
    )
    for ending in ("jsonl", "tsv", "parquet"):
        assert work(f"a.{ending}", "--json", "--n-best", "2", out=ending)[0] == 0
    found = rows_of(tmp_path / "jsonl")
    assert [one["sentences"] for one in found] == [one["sentences"] for one in expected]
    cells = [line.split("\t") for line in joined(tmp_path / "tsv").decode().splitlines()]
    assert [json.loads(one[3]) for one in cells] == [one["sentences"] for one in expected]
    table = pyarrow.parquet.read_table(parts(tmp_path / "parquet")[0])
    assert list(map(json.loads, table["sentences"].to_pylist())) == [one["sentences"] for one in expected]


def test_pairs_are_scored(work, run, model_folder, tmp_path):
    pairs = [("Anna sleeps.", "Anna schläft."), ("The dog eats bread.", "Anna schläft.")]
    (tmp_path / "in.en").write_text("".join(f"{one}\n" for one, _ in pairs))
    (tmp_path / "in.de").write_text("".join(f"{one}\n" for _, one in pairs))
    _, printed, _ = run(
        "score", "--source", tmp_path / "in.en", "--target", tmp_path / "in.de", "--model", model_folder
    )
    expected = [list(map(float, line.split())) for line in printed.splitlines()]
    (tmp_path / "a.tsv").write_text("".join(f"{one}\t{other}\n" for one, other in pairs))
    assert work("a.tsv", "--score")[0] == 0
    cells = [line.split("\t") for line in joined(tmp_path / "out").decode().splitlines()]
    assert [tuple(one[:2]) for one in cells] == pairs
    assert [list(map(float, one[2:])) for one in cells] == expected
    records = [{"a": one, "b": other} for one, other in pairs]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    assert work("a.jsonl", "--score", "--source-column", "a", "--target-column", "b", out="2")[0] == 0
    assert rows_of(tmp_path / "2") == [
        {**one, "score": score, "log_probability": logarithm}
        for one, (score, logarithm) in zip(records, expected, strict=True)
    ]


def test_lines_that_fail_are_set_aside_with_their_reasons(work, plain, tmp_path):
    (tmp_path / "good.txt").write_bytes(b"Anna sleeps.\nPaul runs.\n")
    good = plain("good.txt").splitlines(keepends=True)
    (tmp_path / "a.txt").write_bytes(b"Anna sleeps.\nT\xfcr\nPaul runs.\n")
    assert work("a.txt") == (0, "out: 2 of 3 lines are done, and 1 failed: see out/quarantine")
    assert joined(tmp_path / "out") == good[0] + b"\n" + good[1]
    assert quarantined(tmp_path / "out") == [
        {
            "file": str(tmp_path / "a.txt"),
            "row": 2,
            "reason": "not UTF-8 (invalid start byte at byte 1)",
            "content": "T\\xfcr",
        }
    ]
    manifest = manifest_of(tmp_path / "out")
    assert [one["failed_rows"] for one in manifest["shards"]] == [1, 0]


def test_records_that_fail_are_not_in_the_output(work, tmp_path):
    bad = ["[1]", '{"de": "x"}', '{"en": 3}', '{"en": "\\ud800"}', '{"en": "a", "score": 1}', "{", ""]
    good = '{"en": "12", "id": "\\ud800"}'
    (tmp_path / "a.jsonl").write_text("\n".join([good, *bad, good]) + "\n")
    assert work("a.jsonl")[0] == 0
    found = quarantined(tmp_path / "out")
    assert [one["row"] for one in found] == [2, 3, 4, 5, 6, 7, 8]
    assert [one["content"] for one in found] == bad
    reasons = [one["reason"] for one in found]
    assert reasons[:3] == [
        "not a JSON object",
        "has no column en or source or text, only de",
        "column en has no text, but 3",
    ]
    assert "surrogate" in reasons[3]
    assert "has a column score already" in reasons[4]
    assert all(reason.startswith("not JSON") for reason in reasons[5:])
    assert rows_of(tmp_path / "out") == [{"en": "12", "id": "\ud800", "translation": "12"}] * 2
    # a shard of which nothing is left has no file
    assert [path.name for path in parts(tmp_path / "out")] == ["part-000000.jsonl", "part-000004.jsonl"]


def test_rows_without_text_in_a_table_fail(work, tmp_path):
    table = pyarrow.table({"en": ["12", None, None, None, "13"]})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    assert work("a.parquet")[0] == 0
    assert [one["row"] for one in quarantined(tmp_path / "out")] == [2, 3, 4]
    tables = [pyarrow.parquet.read_table(path).to_pylist() for path in parts(tmp_path / "out")]
    assert tables == [[{"en": "12", "translation": "12"}], [{"en": "13", "translation": "13"}]]


def test_a_lost_worker_changes_nothing(work, plain, ray, tmp_path):
    (tmp_path / "a.en").write_bytes(b"".join(LINES))
    deaths = iter([True, False, True, False, False, True])
    ray.dies = lambda rows: next(deaths, False)
    assert work("a.en")[0] == 0
    assert joined(tmp_path / "out") == plain("a.en")
    assert ray.actors == 2 + 3


def test_a_line_that_kills_its_worker_is_set_aside(work, plain, ray, tmp_path):
    (tmp_path / "a.en").write_bytes(b"".join(LINES))
    ray.dies = lambda rows: LINES[4] in rows
    assert work("a.en")[0] == 0
    expected = plain("a.en").splitlines(keepends=True)
    expected[4] = b"\n"
    assert joined(tmp_path / "out") == b"".join(expected)
    [one] = quarantined(tmp_path / "out")
    assert (one["row"], "its worker died" in one["reason"]) == (5, True)


def test_an_error_in_one_line_spares_the_others(work, plain, tmp_path, monkeypatch):
    (tmp_path / "a.en").write_bytes(b"".join(LINES))
    whole = plain("a.en").splitlines(keepends=True)
    translate = WindowJob.translations

    def fails(self, translator, window):
        if any("sees 3" in text for text in window.texts):
            raise RuntimeError("a bug")
        return translate(self, translator, window)

    monkeypatch.setattr(WindowJob, "translations", fails)
    assert work("a.en")[0] == 0
    assert joined(tmp_path / "out") == b"".join([*whole[:7], b"\n", *whole[8:]])
    assert [(one["row"], one["reason"]) for one in quarantined(tmp_path / "out")] == [
        (8, "RuntimeError: a bug")
    ]


def test_an_error_in_all_lines_ends_the_job(work, tmp_path, monkeypatch):
    (tmp_path / "a.en").write_bytes(b"".join(LINES))

    def fails(self, translator, window):
        raise RuntimeError("the GPU is gone")

    monkeypatch.setattr(WindowJob, "translations", fails)
    code, err = work("a.en")
    assert (code, err) == (1, "error: a worker failed with every row that it had: the GPU is gone")


def test_an_interrupted_job_goes_on(work, plain, tmp_path, monkeypatch):
    (tmp_path / "a.en").write_bytes(b"".join(LINES))
    expected = plain("a.en")
    seen, interruptions, translate = [], iter([True]), WindowJob.translations

    def interrupted(self, translator, window):
        seen.extend(window.texts)
        if "Anna sees 2 dogs.\n" in window.texts and next(interruptions, False):
            raise KeyboardInterrupt
        return translate(self, translator, window)

    monkeypatch.setattr(WindowJob, "translations", interrupted)
    assert work("a.en") == (130, "interrupted")
    finished = [path.name for path in parts(tmp_path / "out")]
    assert 1 <= len(finished) < 7
    (tmp_path / "out/.part-000000.txt.writing-123").write_bytes(b"half a li")
    lost = parts(tmp_path / "out")[0]  # as if the disk had lost the end of a shard
    lost.write_bytes(lost.read_bytes()[:-1])
    seen.clear()
    assert work("a.en") == (0, "out: 13 of 13 lines are done")
    assert len(seen) == 13 - 2 * (len(finished) - 1)
    assert joined(tmp_path / "out") == expected
    assert sorted(path.name for path in (tmp_path / "out").iterdir())[:2] == [".lock", "manifest.json"]
    assert not (tmp_path / "out/progress").exists()
    assert work("a.en") == (0, "out is finished; remove it to start again")


def test_a_job_goes_on_only_with_the_same_input_and_options(work, tmp_path):
    (tmp_path / "a.en").write_bytes(b"".join(LINES))
    assert work("a.en")[0] == 0
    code, err = work("a.en", "--n-best", "2", "--json")
    assert (code, "out was started with another n_best, 1 and not 2; use the original n_best" in err) == (
        1,
        True,
    )
    code, err = work("a.en", "a.en")
    assert (code, "a.en is named twice" in err) == (1, True)
    (tmp_path / "b.en").write_bytes(b"more\n")
    code, err = work("a.en", "b.en")
    assert (code, "another list of files" in err) == (1, True)
    (tmp_path / "a.en").write_bytes(b"".join(LINES[::-1]))
    code, err = work("a.en")
    assert (code, "another checksum of a.en" in err) == (1, True)
    code, err = work("b.en", out=tmp_path)
    assert (code, "has files, but no manifest.json" in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.txt",), "there are no files at missing.txt"),
        (("*.nothing",), "there are no files at *.nothing"),
        (("a.txt", "a.jsonl"), "a.txt and a.jsonl have different formats"),
        (("a.docx",), "a.docx is a document; translate it without --engine ray"),
        (("a.jsonl",), "the first row of a.jsonl has no column en or source or text, only x"),
        (("a.tsv", "--source-column", "3"), "the first row of a.tsv has no column 3, only 2"),
        (("a.tsv", "--source-column", "en"), "column 'en' of a .tsv file must be a number"),
        (("a.parquet",), "a.parquet is not a Parquet file"),
        (("a.txt", "--score"), "lines of text have no columns"),
        (("a.txt", "--format", "html"), "--format html is for columns, but a.txt has lines"),
        (("a.txt", "--lines", "join"), "--lines join is for columns, but a.txt has lines"),
        (("utf16.txt",), "utf16.txt is in UTF-16"),
        (("a.txt", "--check"), "--check does not work with --engine ray"),
        (("a.txt", "--target-column", "2"), "--target-column is for --score"),
        (("a.txt", "--engine", "local", "--score"), "--score is for --engine ray"),
        (("nowhere://a.txt",), "cannot use nowhere://a.txt"),
    ],
)
def test_what_cannot_work_is_refused(work, tmp_path, arguments, message):
    for name, content in {"a.txt": "x\n", "a.jsonl": '{"x": 1}\n', "a.docx": "", "a.tsv": "1\t2\n"}.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "a.parquet").write_text("x")
    (tmp_path / "utf16.txt").write_text("x\n", encoding="utf-16")
    code, err = work(*arguments)
    assert (code, message in err) == (1, True), err
    assert not (tmp_path / "out").exists()
