"""The Multi30k benchmark, run on a toy corpus with the same files."""

import importlib.util
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
from toy_grammar import generate_pairs

ROOT = Path(__file__).parents[2]


def load_benchmark():
    path = ROOT / "benchmarks" / "multi30k.py"
    specification = importlib.util.spec_from_file_location("multi30k", path)
    module = importlib.util.module_from_spec(specification)
    sys.modules["multi30k"] = module
    specification.loader.exec_module(module)
    return module


@pytest.mark.hard
def test_the_benchmark_trains_and_scores_every_seed(tmp_path):
    pytest.importorskip("sacremoses")
    data = tmp_path / "data"
    data.mkdir()
    for seed, (name, pairs) in enumerate(
        (("train", 150), ("val", 4), ("test2016", 3), ("test2017", 2), ("testcoco2017", 2))
    ):
        english, german = zip(*generate_pairs(pairs, seed=seed), strict=True)
        (data / f"{name}.en").write_text("".join(f"{line}\n" for line in english), encoding="utf-8")
        (data / f"{name}.de").write_text("".join(f"{line}\n" for line in german), encoding="utf-8")
    options = (
        "--vocab-size",
        "500",
        "--recipe=--max-steps 3",
        "--distillation=--max-steps 2",
        "--seeds",
        "1",
        "2",
        "3",
    )
    command = [sys.executable, str(ROOT / "benchmarks" / "multi30k.py"), "data", "out", *options]
    for _ in range(2):  # the second time everything is there
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        for text in (
            " val ",
            "test2016",
            "testcoco2017",
            "seed 2",
            "seeds 1 + 2",
            "mean of the ensembles",
            "41.02",
        ):
            assert text in result.stdout
        assert re.search(r"Minutes of training and translating, 2 models at once: \d+, \d+\n", result.stdout)
    assert "step 3" not in result.stdout
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [
        "distilled-1-2",
        "distilled-3",
        "prepared",
        "seed-1",
        "seed-2",
        "seed-3",
        "settings.json",
    ]
    result = subprocess.run(
        [*command, "--vocab-size", "496"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "was started with" in result.stderr
    result = subprocess.run(
        [*command, "--at-once", "0"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "--at-once is 0, but must be 1 or more" in result.stderr


def test_tokenised_bleu_by_hand():
    """Case, typographic quotes and blanks do not count; a full stop is a word of its own.

    The hypothesis has 6 words, the reference 7: ein hund läuft über den strand . Of the hypothesis's 6, 5, 4 and 3
    n-grams 6, 4, 2 and 1 are in the reference; brevity costs e^(1 − 7/6).
    """
    pytest.importorskip("sacremoses")
    found = load_benchmark().tokenised_bleu(
        ["Ein  Hund läuft über Strand."], ["ein hund läuft über den Strand."]
    )
    precisions = 6 / 6 * 4 / 5 * 2 / 4 * 1 / 3
    assert found == pytest.approx(100 * math.exp(1 - 7 / 6) * precisions ** (1 / 4))
