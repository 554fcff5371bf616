"""The recipe of the paper's experiment, with a small corpus of the same form, a small model and a few updates."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from toy_grammar import generate_pairs

from translator.data.prepare import MIN_VOCAB_SIZE
from translator.data.shards import MAX_VOCAB_SIZE
from translator.training.checkpoint import checkpoint_paths, load_model

ROOT = Path(__file__).parents[2]
SMALL = (
    "--model.d-model", "32", "--model.heads", "2", "--model.d-ff", "64", "--model.encoder-layers", "1",
    "--model.decoder-layers", "1", "--batch-tokens", "512", "--max-tokens-per-side", "64", "--threads", "1",
    "--device", "cpu",
)  # fmt: skip


@pytest.fixture
def corpus(tmp_path):
    """Splits like those of wmt/wmt14, saved by `datasets`."""
    datasets = pytest.importorskip("datasets")
    splits = {}
    for seed, (split, pairs) in enumerate((("train", 300), ("validation", 20), ("test", 20))):
        records = [{"de": german, "en": english} for english, german in generate_pairs(pairs, seed=seed)]
        splits[split] = datasets.Dataset.from_dict({"translation": records})
    datasets.DatasetDict(splits).save_to_disk(tmp_path / "wmt14")
    return tmp_path / "wmt14"


def test_the_vocabulary_size_of_the_recipe_is_valid():
    script = (ROOT / "benchmarks" / "wmt14.sh").read_text(encoding="utf-8")
    (pieces,) = re.findall(r"VOCABULARY:-(\d+)", script)
    assert int(pieces) == 37_000  # about as many as the paper's (section 5.1)
    assert MIN_VOCAB_SIZE <= int(pieces) <= MAX_VOCAB_SIZE


def test_without_arguments_the_recipe_prints_its_usage():
    result = subprocess.run([ROOT / "benchmarks" / "wmt14.sh"], capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "usage: benchmarks/wmt14.sh CORPUS OUT base|big" in result.stderr


@pytest.mark.hard
@pytest.mark.parametrize("preset", ["base", "big"])
def test_the_recipe_leads_from_the_corpus_to_a_score(corpus, tmp_path, preset):
    out = tmp_path / "out"
    environment = {**os.environ, "PYTHON": sys.executable, "VOCABULARY": "500", "HF_HUB_OFFLINE": "1"}

    def recipe(steps):
        command = [ROOT / "benchmarks" / "wmt14.sh", corpus, out, preset, *SMALL, "--max-steps", steps]
        result = subprocess.run(
            [*map(str, command)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    assert "BLEU" in recipe(2)
    card = load_model(out / preset / "model").card
    assert (card["name"], card["training"]["steps"]) == (f"wmt14-{preset}", 2)
    assert card["training"]["settings"]["warmup_steps"] == 4000
    assert card["training"]["settings"]["schedule"] == "inverse-sqrt"
    assert len((out / "test.de").read_text(encoding="utf-8").splitlines()) == 20

    (out / preset / "model").rename(out / "model-of-2-steps")
    recipe(3)  # resumes the run
    assert [path.name for path in checkpoint_paths(out / preset / "checkpoints")][-1] == "step-00000003"
    assert load_model(out / preset / "model").card["training"]["steps"] == 3
