"""The benchmark of training speed, with one update and without peers."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.hard
def test_the_benchmark_prints_and_writes_its_figures(tmp_path):
    command = [
        sys.executable, "benchmarks/train_speed.py", "--size", "small", "--rounds", "1", "--steps-per-round", "1",
        "--peers", "--json", str(tmp_path / "speed.json"),
    ]  # fmt: skip
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "translator" in result.stdout
    figures = json.loads((tmp_path / "speed.json").read_text())
    (ours,) = figures["results"]
    assert (ours["name"], figures["ratios"]) == ("translator", [])
    # Of 8,000 pieces each is as likely as another, but for logits of variance 1, which cost half a nat.
    assert math.log(8000) < ours["first_loss"] < math.log(8000) + 1
    assert [share > 0 for share in ours["peak_shares"]] == [True]
