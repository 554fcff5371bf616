"""The script that imports and measures published weights, with a stand-in for Python that records its commands."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = """#!/bin/sh
echo "$@" >> "$CALLS"
echo answer
case "$*" in
    *"$FAILS"*) exit 1 ;;
    *" import "*) mkdir "$6" ;;
esac
"""


@pytest.fixture
def run(tmp_path):
    """Run the script; returns its exit status and the commands that it has run, without the folders of this machine."""
    (tmp_path / "python").write_text(PYTHON, encoding="utf-8")
    (tmp_path / "python").chmod(0o755)

    def run(*arguments, fails="nothing", **environment):
        calls = tmp_path / "calls"
        calls.write_text("", encoding="utf-8")
        own = {"PYTHON": str(tmp_path / "python"), "CALLS": str(calls), "FAILS": fails}
        command = [str(ROOT / "benchmarks/published_weights.sh"), *arguments]
        done = subprocess.run(
            command, env={**os.environ, **own, **environment}, capture_output=True, check=False, timeout=60
        )
        text = calls.read_text(encoding="utf-8").replace(f"{ROOT}/", "").replace(f"{tmp_path}/", "")
        return done.returncode, text.splitlines()

    return run


IMPORT = "-m translator import Helsinki-NLP/opus-mt-en-de --out out/model"
EVALUATE = "-m translator evaluate --model out/model --testset wmt14/full --beam 4 --record"


def test_all_steps_run_once(run, tmp_path):
    code, calls = run("opus", str(tmp_path / "out"), "--threads", "1")
    assert code == 0
    assert calls == [
        IMPORT,
        "benchmarks/alignment.py out/model --record",
        EVALUATE,
        "-m sacrebleu --test-set wmt14/full --language-pair en-de --echo src",
        "benchmarks/decode_speed.py --weights out/model --sentences out/source.en --count 128 --count-alone 16 "
        "--rounds 2 --threads 1",
        "benchmarks/served_memory.py out/model",
    ]
    assert (tmp_path / "out/scores.txt").read_text(encoding="utf-8") == "answer\n"
    assert run("opus", str(tmp_path / "out")) == (0, [])


def test_a_step_that_failed_is_repeated_and_those_before_are_not(run, tmp_path):
    code, calls = run("opus", str(tmp_path / "out"), fails=" evaluate ")
    assert code != 0
    assert calls[-1] == EVALUATE
    assert not (tmp_path / "out/scores.txt").exists()
    code, calls = run("opus", str(tmp_path / "out"))
    assert code == 0
    assert calls[0] == EVALUATE
    (tmp_path / "out/import.txt").unlink()  # as if killed after the import
    assert run("opus", str(tmp_path / "out")) == (0, [])


def test_without_a_network_it_takes_files(run, tmp_path):
    code, calls = run("wmt19", str(tmp_path / "out"), SOURCE="hub/files", TESTSET="my/set")
    assert code == 0
    assert calls[0] == "-m translator import hub/files --out out/model"
    assert calls[2] == (
        "-m translator evaluate --model out/model --source my/set.en --reference my/set.de --beam 15 --record"
    )
    assert "--sentences my/set.en" in calls[3]


def test_a_rehearsal_writes_a_stand_in(run, tmp_path):
    _, calls = run("wmt19", str(tmp_path / "out"), SOURCE="stand-in")
    assert calls[:2] == [
        "benchmarks/published_stand_ins.py wmt19 out/stand-in",
        "-m translator import out/stand-in --out out/model",
    ]
    assert "--source out/stand-in/test.en" in calls[3]


def test_other_names_are_refused(run, tmp_path):
    assert run("mbart", str(tmp_path / "out")) == (2, [])
    assert run() == (1, [])
