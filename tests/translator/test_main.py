import io
import json
import os
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from translator.commands.windows import windows
from translator.machine.parallel import work_in_order
from translator.training.checkpoint import load_model

PATIENCE_SECONDS = 60  # only a failing test waits this long
PROGRAM = (sys.executable, "-m", "translator")


def test_translate_keeps_the_line_structure(run, model_folder, tmp_path):
    (tmp_path / "in.txt").write_bytes(
        b"Anna sleeps.\r\n\r\n12\n\n  The dog eats bread. Paul runs.\nlast without end"
    )
    code, out, _ = run("translate", tmp_path / "in.txt", "--model", model_folder, "--beam", "1")
    assert code == 0
    lines = out.split(b"\n")
    assert len(lines) == 6
    assert [line.endswith(b"\r") for line in lines] == [True, True, False, False, False, False]
    assert (lines[1], lines[2], lines[3]) == (b"\r", b"12", b"")
    assert lines[4].startswith(b"  ")


def test_translate_in_windows_equals_translating_at_once(run, model_folder, tmp_path, monkeypatch):
    (tmp_path / "in.txt").write_text("".join(f"Anna sees {number} dogs.\n" for number in range(7)))
    whole = run("translate", tmp_path / "in.txt", "--model", model_folder)
    monkeypatch.setattr("translator.commands.windows.WINDOW_LINES", 2)
    assert run("translate", tmp_path / "in.txt", "--model", model_folder) == whole
    assert whole[1].count(b"\n") == 7


def test_windows_hold_a_bounded_number_of_lines_and_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr("translator.commands.windows.WINDOW_LINES", 3)
    monkeypatch.setattr("translator.commands.windows.WINDOW_BYTES", 10)
    lines = ["a\n", "b\n", "c\n", "d\n", "longer than ten\n", "e\n", "four\n", "five\n", "the last"]
    (tmp_path / "in.txt").write_text("".join(lines))
    with (tmp_path / "in.txt").open("rb") as file:
        found = [window.texts for window in windows(file, "in.txt", None, skip=1)]
    assert found == [lines[1:4], [lines[4]], lines[5:8], [lines[8]]]


@pytest.mark.slow
def test_processes_share_a_file_and_change_nothing(run, model_folder, tmp_path, monkeypatch):
    (tmp_path / "in.txt").write_text("".join(f"Anna sees {number} dogs.\n" for number in range(7)))
    whole = run("translate", tmp_path / "in.txt", "--model", model_folder)
    monkeypatch.setattr("translator.commands.windows.WINDOW_LINES", 2)
    asked = []

    def noted(make_worker, items, processes):
        asked.append(processes)
        return work_in_order(make_worker, items, processes)

    monkeypatch.setattr("translator.machine.parallel.work_in_order", noted)
    for wanted, used in ((2, 2), (9, 4)):  # there are four windows
        command = ("translate", tmp_path / "in.txt", "--model", model_folder, "--processes", str(wanted))
        assert run(*command) == whole
        assert asked.pop() == used


def test_an_interrupted_translation_resumes_where_it_stopped(run, model_folder, tmp_path, monkeypatch):
    lines = [f"Anna sees {number} dogs.\n" for number in range(7)]
    (tmp_path / "in.txt").write_text("".join(lines))
    (tmp_path / "prefix.txt").write_text("Anna\n" * 7)
    in_this_process = ("--processes", "1")
    command = (
        "translate", tmp_path / "in.txt", "--model", model_folder, *in_this_process,
        "--prefix", tmp_path / "prefix.txt",
    )  # fmt: skip
    _, whole, _ = run(*command)
    monkeypatch.setattr("translator.commands.windows.WINDOW_LINES", 2)
    from translator.translate import Translator

    translated, translate = [], Translator.translate

    def interrupted_in_the_third_window(self, texts, *arguments, **options):
        if len(translated) == 4:
            raise KeyboardInterrupt
        translated.extend(texts)
        return translate(self, texts, *arguments, **options)

    out = tmp_path / "out.de"
    with monkeypatch.context() as patched:
        patched.setattr(Translator, "translate", interrupted_in_the_third_window)
        assert run(*command, "--out", out)[0] == 130
    assert not out.exists()
    code, _, err = run(*command, "--out", out, "--resume", "--beam", "2")
    assert (code, "started with another beam_size, 4 and not 2" in err) == (1, True)
    (tmp_path / "other.txt").write_text("Paul\n" * 7)
    other = (*command[:-1], tmp_path / "other.txt", "--out", out, "--resume")
    code, _, err = run(*other)
    assert (code, "started with another prefix file" in err) == (1, True)

    def noted(self, texts, *arguments, **options):
        translated.extend(texts)
        return translate(self, texts, *arguments, **options)

    monkeypatch.setattr(Translator, "translate", noted)
    assert run(*command, "--out", out, "--resume") == (0, b"", "")
    assert translated == lines
    assert out.read_bytes() == whole
    assert run(*command, "--out", out, "--resume")[0] == 0
    assert translated == lines
    code, _, err = run(*command, "--out", out)
    assert (code, "already exists" in err) == (1, True)


def test_a_pipe_is_read_once(run, model_folder, tmp_path, monkeypatch):
    text = b"Anna sleeps.\n\xe2\x80\xa8\r 12\rPaul runs.\n\nno end"
    (tmp_path / "in.txt").write_bytes(text)
    whole = run("translate", tmp_path / "in.txt", "--model", model_folder)
    assert whole[1].count(b"\n") == 3
    # At a terminal there is a progress bar, which needs the number of lines.
    terminal = Console(file=io.StringIO(), force_terminal=True)
    monkeypatch.setattr("translator.commands.line_progress.STDERR", terminal)
    for chunk_bytes in (1, 5, 1000):
        monkeypatch.setattr("translator.commands.windows.CHUNK_BYTES", chunk_bytes)
        reader, writer = os.pipe()
        os.write(writer, text)
        os.close(writer)
        assert run("translate", f"/dev/fd/{reader}", "--model", model_folder) == (0, whole[1], "")
        os.close(reader)


def test_a_terminal_shows_the_speed_and_the_time_left(run, model_folder, tmp_path, monkeypatch):
    (tmp_path / "in.txt").write_text("12\n" * 90)
    shown_there = io.StringIO()
    terminal = Console(file=shown_there, force_terminal=True, width=120)
    monkeypatch.setattr("translator.commands.line_progress.STDERR", terminal)
    monkeypatch.setattr("translator.commands.windows.WINDOW_LINES", 30)
    assert run("translate", tmp_path / "in.txt", "--model", model_folder, "--processes", "1")[0] == 0
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown_there.getvalue())
    assert re.search(r"translating .*90/90 lines +\d+ lines/s +0:00:00", shown)


@pytest.mark.slow
def test_a_line_from_a_pipe_is_translated_before_the_next_arrives(model_folder):
    command = (*PROGRAM, "translate", "--model", model_folder, "--beam", "1")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        try:
            for line in (b"12\n", b"3\n"):
                process.stdin.write(line)
                assert select.select([process.stdout], [], [], PATIENCE_SECONDS)[0]
                assert process.stdout.read(100) == line
            process.stdin.close()
            assert process.wait(PATIENCE_SECONDS) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("is_file", [True, False])
@pytest.mark.slow
def test_a_full_disk_is_reported_as_an_error_of_the_output(model_folder, tmp_path, is_file):
    (tmp_path / "in.txt").write_bytes(b"12\n")
    command = (*PROGRAM, "translate", tmp_path / "in.txt" if is_file else "-", "--model", model_folder)
    with Path("/dev/full").open("wb") as full, (tmp_path / "in.txt").open("rb") as lines:
        done = subprocess.run(command, stdin=lines, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr == b"error: cannot write the output: No space left on device\n"


@pytest.mark.slow
def test_a_reader_that_closes_the_pipe_causes_no_message(model_folder, tmp_path):
    (tmp_path / "in.txt").write_bytes(b"12\n")
    reader, writer = os.pipe()
    os.close(reader)
    command = (*PROGRAM, "translate", tmp_path / "in.txt", "--model", model_folder)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_translate_names_a_line_that_is_not_utf8(run, model_folder, tmp_path):
    (tmp_path / "latin1.txt").write_bytes("fine\nM\xfcnchen\n".encode("latin-1"))
    code, _, err = run("translate", tmp_path / "latin1.txt", "--model", model_folder)
    assert code == 1
    assert "line 2 of" in err
    assert "is not UTF-8" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("translate", "/nowhere/in.txt"), "cannot read /nowhere/in.txt"),
        (("translate", "--model", "/nowhere"), "cannot read /nowhere/manifest.json"),
        (("translate", "--beam", "0"), "error: --beam is 0; give a whole number from 1 to 64"),
        (
            ("translate", "--length-penalty", "-1"),
            "error: --length-penalty is -1.0; give a number from 0 to 5",
        ),
        (("evaluate", "--beam", "65"), "error: --beam is 65; give a whole number from 1 to 64"),
        (("translate", "a b.en", "c.en"), "error: 'a b.en' c.en are 2 files; translate them one at a time"),
        (("translate", "a.en", "b.en"), "as one text with: cat a.en b.en | translator translate"),
        (("translate", "--device", "tpu"), "use auto, cpu, cuda or cuda:N"),
        (("translate", "--resume"), "add --out FILE"),
        (("translate", "--out", "a.de"), "--out is a.de, but it needs a text file"),
        (("translate", "--processes", "-1"), "--processes is -1; give 1 or more, or 0"),
        (("evaluate",), "--source and --reference not given"),
        (
            ("score", "--source", __file__, "--target", __file__, "--length-penalty", "-1"),
            "error: --length-penalty is -1.0; give a number from 0 to 5",
        ),
        (
            ("evaluate", "--model", "/nowhere/m", "--model", "/nowhere/n/../m"),
            "/nowhere/n/../m is given twice",
        ),
        (("evaluate", "--hypothesis", "a.de", "--hypothesis", "./a.de"), "a.de is given twice"),
        (("evaluate", "--hypothesis", "a.de", "--record"), "give a --model, or leave --record out"),
        (
            ("evaluate", "--testset", "wmt14", "--source", "a.en"),
            "--testset wmt14 and a.en are two test sets",
        ),
        (("evaluate", "--testset", "wmt14", "--reference", "a.de"), "give either --testset, or --source and"),
        (("prepare", "--corpus", "/nowhere/x.tsv", "--out", "/nowhere/out"), "/nowhere/x.tsv"),
        (("prepare", "--corpus", "x.tsv", "--out", "o", "--seed", "-1"), "--seed is -1; give 0 up to"),
        (
            ("prepare", "--corpus", "x.tsv", "--out", "o", "--dev", "y.tsv:0.5"),
            "--dev y.tsv:0.5 has a weight",
        ),
        (
            ("prepare", "--corpus", "x.tsv", "--out", "o", "--tokenizer", "t.model", "--vocab-size", "500"),
            "--vocab-size 500 is for training a tokenizer, but --tokenizer t.model has a size already; leave one",
        ),
    ],
)
def test_errors_are_reported_in_one_line(run, model_folder, arguments, message, monkeypatch):
    monkeypatch.setattr("translator.translate.shipped_model", lambda: model_folder)
    code, out, err = run(*arguments)
    assert (code, out) == (1, b"")
    assert err.splitlines()[-1].startswith("error: ")
    assert message in err


def test_wrong_options_exit_with_code_2(run):
    code, _, err = run("translate", "--beem", "3")
    assert code == 2
    assert "beem" in err


def test_without_a_command_the_help_is_shown(run):
    code, out, err = run()
    assert (code, out) == (2, b"")
    assert "usage: translator" in err
    assert "Clean parallel text" in err


@pytest.mark.parametrize(
    ("command", "help_text"),
    [
        (
            "translate",
            "a placeholder or the like, or lacks a term of the glossary, and list each such sentence",
        ),
        ("prepare", 'two files "X.en,X.de" or their common prefix "X"'),
        ("lexicon", "The weights decide which words are rare."),
    ],
)
def test_help_is_wrapped_at_the_width_of_the_terminal_only(run, monkeypatch, command, help_text):
    monkeypatch.setenv("COLUMNS", "500")
    code, out, _ = run(command, "--help")
    assert code == 0
    assert help_text in out.decode()


def test_evaluate_scores_a_model_and_records_it_on_the_card(run, model_folder, tmp_path):
    (tmp_path / "set.en").write_text("Anna sleeps.\nThe dog eats bread.\n")
    (tmp_path / "set.de").write_text("Anna schläft.\nDer Hund isst Brot.\n")
    arguments = ("--source", tmp_path / "set.en", "--reference", tmp_path / "set.de", "--model", model_folder)
    code, out, _ = run("evaluate", *arguments, "--json", "--record", "--beam", "2")
    assert code == 0
    (evaluation,) = json.loads(out)["evaluations"]
    assert (evaluation["testset"], evaluation["sentences"]) == ("set", 2)
    assert [score["name"] for score in evaluation["scores"]] == ["BLEU", "chrF2", "TER"]
    (entry,) = load_model(model_folder).card["scores"]
    assert (entry["testset"], entry["beam_size"]) == ("set", 2)
    assert entry["scores"]["BLEU"] == pytest.approx(evaluation["scores"][0]["value"], abs=0.005)
    assert "tok:13a" in entry["signatures"]["BLEU"]
    run("evaluate", *arguments, "--json", "--record", "--beam", "2")
    assert len(load_model(model_folder).card["scores"]) == 1
    for more in (("--precision", "fp32"), ("--formality", "formal")):
        run("evaluate", *arguments, "--json", "--record", "--beam", "2", *more)
    assert [(one["precision"], one["formality"]) for one in load_model(model_folder).card["scores"]] == [
        ("int8", "auto"), ("fp32", "auto"), ("int8", "formal")
    ]  # fmt: skip


def test_evaluate_reads_all_files_before_it_loads_a_model(run, tmp_path):
    (tmp_path / "two").write_text("a\nb\n")
    (tmp_path / "one").write_text("a\n")
    files = ("--reference", tmp_path / "two", "--model", "/nowhere")
    code, _, err = run("evaluate", "--source", tmp_path / "one", *files)
    assert (code, "there are 1 sources and 2 references" in err) == (1, True)
    code, _, err = run("evaluate", "--source", tmp_path / "two", "--hypothesis", tmp_path / "one", *files)
    assert (code, "there are 1 hypotheses and 2 references" in err) == (1, True)


def test_evaluate_loads_all_models_before_one_translates(run, model_folder, tmp_path):
    (tmp_path / "one").write_text("a\n")
    files = ("--source", tmp_path / "one", "--reference", tmp_path / "one")
    code, _, err = run("evaluate", *files, "--model", model_folder, "--model", "/nowhere")
    assert (code, "cannot read /nowhere" in err) == (1, True)
    assert "translating" not in err


def test_evaluate_compares_existing_translations(run, tmp_path):
    german = [f"Der Hund sieht heute {number} Katzen im Garten." for number in range(40)]
    (tmp_path / "ref.de").write_text("\n".join(german) + "\n")
    (tmp_path / "good.de").write_text("\n".join(german) + "\n")
    (tmp_path / "bad.de").write_text(
        "\n".join(line.replace("Katzen im Garten", "Hunde") for line in german) + "\n"
    )
    files = ("--hypothesis", tmp_path / "good.de", "--hypothesis", tmp_path / "bad.de")
    code, out, _ = run("evaluate", "--reference", tmp_path / "ref.de", *files, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["evaluations"][0]["scores"][0]["value"] == pytest.approx(100)
    p_values = {(row["system"], row["metric"]): row["p_value"] for row in found["comparisons"]}
    assert p_values["good.de", "BLEU"] is None
    assert p_values["bad.de", "BLEU"] < 0.05


def test_systems_are_called_by_their_names_and_by_their_paths_where_names_are_equal(
    run, model_folder, tmp_path
):
    twin = shutil.copytree(model_folder, tmp_path / "twin")
    (tmp_path / "set.en").write_text("The cat sees Anna.\nPaul buys bread.\n")
    (tmp_path / "set.de").write_text("Die Katze sieht Anna.\nPaul kauft Brot.\n")
    (tmp_path / "by-hand.de").write_text("Die Katze sieht Anna.\nPaul kauft Käse.\n")
    files = ("--source", tmp_path / "set.en", "--reference", tmp_path / "set.de", "--beam", "1")
    files += ("--hypothesis", tmp_path / "by-hand.de", "--model", model_folder)

    def systems(*arguments):
        found = json.loads(run("evaluate", *arguments, "--json")[1])["evaluations"]
        return [one["system"] for one in found]

    assert systems(*files) == ["toy", "by-hand.de"]
    assert systems(*files, "--model", twin) == [f"toy ({model_folder})", f"toy ({twin})", "by-hand.de"]
    code, out, err = run("evaluate", *files)
    assert code == 0
    lines = out.decode().splitlines()
    assert sum(line.startswith("│ toy ") for line in lines) == 1 + 3  # a row of scores, three of comparisons
    below = [line for line in lines if "|" in line]
    assert lines[-6:] == below
    assert [line.partition("|")[0] for line in below] == ["BLEU", "chrF2", "TER"] * 2
    assert all(re.search(r"\|version:[\d.]+$", line) for line in below)
    assert "translating set with toy" in err


def test_prepare_prints_what_it_dropped(run, tmp_path):
    names = [f"{first}{second}" for first in "abcdefghij" for second in "abcdefghijklmnopqrst"]
    lines = [f"The dog sees {name}.\tDer Hund sieht {name}.\n" for name in names]
    (tmp_path / "mine.tsv").write_text("".join([*lines, "no tab here\n", "empty\t\n", lines[0]]))
    out_folder = tmp_path / "prepared"
    code, out, _ = run(
        "prepare", "--corpus", tmp_path / "mine.tsv", "--out", out_folder, "--vocab-size", "426"
    )
    assert code == 0
    text = out.decode()
    assert "malformed" in text
    assert "duplicate" in text
    assert (out_folder / "manifest.json").exists()
    code, _, err = run(
        "prepare", "--corpus", tmp_path / "mine.tsv", "--out", out_folder, "--vocab-size", "426"
    )
    assert code == 1
    assert str(out_folder) in err


def test_report_draws_a_run(run, tmp_path):
    (tmp_path / "log.jsonl").write_text('{"step": 1, "toy loss": 2.5}\n')
    code, out, _ = run("report", tmp_path)
    assert code == 0
    assert all(name in out.replace(b"\n", b"") for name in (b"report.png", b"report.html"))
    code, _, err = run("report", tmp_path / "nowhere")
    assert code == 1
    assert "nowhere" in err
