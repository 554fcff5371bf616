"""The Multi30k benchmark, run dry on a toy corpus of the same files."""

import subprocess
import sys
from pathlib import Path

import pytest

from translator.toy_grammar import generate_pairs

ROOT = Path(__file__).parents[2]


def test_the_benchmark_trains_and_scores_every_seed(tmp_path):
    pytest.importorskip("sacremoses")
    data = tmp_path / "data"
    data.mkdir()
    for seed, (name, pairs) in enumerate(
        (("train", 400), ("val", 20), ("test2016", 12), ("test2017", 12), ("testcoco2017", 12))
    ):
        english, german = zip(*generate_pairs(pairs, seed=seed), strict=True)
        (data / f"{name}.en").write_text("".join(f"{line}\n" for line in english), encoding="utf-8")
        (data / f"{name}.de").write_text("".join(f"{line}\n" for line in german), encoding="utf-8")
    options = ("--vocab-size", "500", "--max-steps", "3", "--threads", "1", "--seeds", "1", "2")
    command = [sys.executable, str(ROOT / "benchmarks" / "multi30k.py"), "data", "out", *options]
    for _ in range(2):  # the second time everything is there
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        for text in ("test2016", "testcoco2017", "seed 2", "mean", "41.02", "minutes of training"):
            assert text in result.stdout
    assert "step 3" not in result.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["prepared", "seed-1", "seed-2"]
