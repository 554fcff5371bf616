import json
import os

import pytest

from translator.errors import ConfigError
from translator.files.unfinished_file import UnfinishedFile

MADE_FROM = {"text": "abc", "beam": 4}


def begin(path, content, made_from=MADE_FROM):
    with UnfinishedFile(path, made_from, resume=False) as file:
        file.write(content)


def test_the_file_gets_its_name_only_when_complete(tmp_path):
    path = tmp_path / "out.de"
    with UnfinishedFile(path, MADE_FROM, resume=False) as file:
        file.write(b"eins\n")
        assert not path.exists()
        assert (tmp_path / "out.de.part").read_bytes() == b"eins\n"
        file.write(b"zwei")
        file.finish()
    assert path.read_bytes() == b"eins\nzwei"
    assert [one.name for one in tmp_path.iterdir()] == ["out.de"]


def test_lines_and_then_the_name_are_on_the_disk_before_the_record_is_gone(tmp_path, monkeypatch):
    path, flushed = tmp_path / "out.de", []
    inodes = {}

    def fsync(descriptor):
        name = inodes[os.fstat(descriptor).st_ino]
        flushed.append((name, path.exists(), (tmp_path / "out.de.part.json").exists()))

    with UnfinishedFile(path, MADE_FROM, resume=False) as file:
        inodes |= {(tmp_path / "out.de.part").stat().st_ino: "lines", tmp_path.stat().st_ino: "folder"}
        monkeypatch.setattr(os, "fsync", fsync)
        file.finish()
    assert flushed == [("lines", False, True), ("folder", True, True)]


@pytest.mark.parametrize(
    ("there", "lines", "kept"),
    [(b"", 0, b""), (b"eins", 0, b""), (b"eins\n", 1, b"eins\n"), (b"eins\n\nz", 2, b"eins\n\n")],
)
def test_it_resumes_after_the_last_complete_line(tmp_path, there, lines, kept):
    begin(tmp_path / "out.de", there)
    with UnfinishedFile(tmp_path / "out.de", MADE_FROM, resume=True) as file:
        assert file.lines == lines
        file.write(b"neu\n")
        file.finish()
    assert (tmp_path / "out.de").read_bytes() == kept + b"neu\n"


def test_lines_are_counted_across_read_chunks(tmp_path):
    begin(tmp_path / "out.de", b"x" * 1_500_000 + b"\n" + b"y" * 700_000 + b"\nbroken")
    with UnfinishedFile(tmp_path / "out.de", MADE_FROM, resume=True) as file:
        assert file.lines == 2
    assert (tmp_path / "out.de.part").stat().st_size == 2_200_002


def test_resuming_without_an_unfinished_file_starts_one(tmp_path):
    with UnfinishedFile(tmp_path / "out.de", MADE_FROM, resume=True) as file:
        assert file.lines == 0
        file.finish()
    assert (tmp_path / "out.de").read_bytes() == b""


def test_without_a_complete_line_it_starts_again_with_any_settings(tmp_path):
    begin(tmp_path / "out.de", b"eins without end", {"text": "with a mistake"})
    with UnfinishedFile(tmp_path / "out.de", MADE_FROM, resume=False) as file:
        file.write(b"eins\n")
    with UnfinishedFile(tmp_path / "out.de", MADE_FROM, resume=True) as file:
        assert file.lines == 1


@pytest.mark.parametrize("content", [b"no line end", b"lines\n"])
@pytest.mark.parametrize("resume", [True, False])
def test_a_file_that_only_has_the_name_of_an_unfinished_one_is_left_alone(tmp_path, content, resume):
    (tmp_path / "out.de.part").write_bytes(content)
    with pytest.raises(ConfigError, match=r"out\.de\.part"):
        UnfinishedFile(tmp_path / "out.de", MADE_FROM, resume)
    assert (tmp_path / "out.de.part").read_bytes() == content
    assert not (tmp_path / "out.de.part.json").exists()


def test_two_processes_do_not_write_the_same_file(tmp_path):
    with UnfinishedFile(tmp_path / "out.de", MADE_FROM, resume=False) as first:
        first.write(b"eins\n")
        with pytest.raises(ConfigError, match="being written by another process"):
            UnfinishedFile(tmp_path / "out.de", MADE_FROM, resume=True)
        first.finish()
    assert (tmp_path / "out.de").read_bytes() == b"eins\n"


def test_a_file_created_in_the_meantime_is_not_overwritten(tmp_path):
    with UnfinishedFile(tmp_path / "out.de", MADE_FROM, resume=False) as file:
        file.write(b"eins\n")
        (tmp_path / "out.de").write_bytes(b"somebody else's\n")
        with pytest.raises(ConfigError, match="has been created by something else"):
            file.finish()
    assert (tmp_path / "out.de").read_bytes() == b"somebody else's\n"
    assert (tmp_path / "out.de.part").read_bytes() == b"eins\n"


def test_an_unfinished_file_is_not_restarted_by_mistake(tmp_path):
    begin(tmp_path / "out.de", b"eins\n")
    with pytest.raises(ConfigError, match="continue it with --resume"):
        begin(tmp_path / "out.de", b"zwei\n")
    assert (tmp_path / "out.de.part").read_bytes() == b"eins\n"


def test_a_finished_file_is_not_touched(tmp_path):
    (tmp_path / "out.de").write_bytes(b"fertig\n")
    for resume in (False, True):
        with pytest.raises(ConfigError, match="already exists"):
            UnfinishedFile(tmp_path / "out.de", MADE_FROM, resume)
    assert (tmp_path / "out.de").read_bytes() == b"fertig\n"


def test_it_resumes_only_with_the_same_settings(tmp_path):
    begin(tmp_path / "out.de", b"eins\n")
    for other, message in (
        ({"text": "abc", "beam": 1}, "started with another beam, 4 and not 1"),
        ({}, 'another text, "abc" and not null'),
        ({"text": "0123456789" * 7, "beam": 4}, 'another text, "abc" and not "01234567890…"'),
    ):
        with pytest.raises(ConfigError, match=message):
            UnfinishedFile(tmp_path / "out.de", other, resume=True)
    for damaged in ("{", "[]"):
        (tmp_path / "out.de.part.json").write_text(damaged)
        with pytest.raises(ConfigError, match="missing or damaged"):
            UnfinishedFile(tmp_path / "out.de", MADE_FROM, resume=True)
    (tmp_path / "out.de.part.json").write_text(json.dumps(MADE_FROM))
    with UnfinishedFile(tmp_path / "out.de", MADE_FROM, resume=True) as file:
        assert file.lines == 1


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot write .*nowhere/out.de: No such file"):
        UnfinishedFile(tmp_path / "nowhere" / "out.de", MADE_FROM, resume=False)
