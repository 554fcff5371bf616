"""The real command lines, from text files to a model that translates; the task is to reverse letters."""

import importlib
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.command_line import run_here

ROOT = Path(__file__).parents[2]
SETTINGS = (
    "--model.d-model", "64", "--model.heads", "4", "--model.d-ff", "128", "--model.encoder-layers", "2",
    "--model.decoder-layers", "1", "--model.dropout", "0", "--batch-tokens", "1024", "--max-tokens-per-side", "32",
    "--warmup-steps", "40", "--peak-learning-rate", "5e-3", "--threads", "1", "--log-every-steps", "1",
    "--device", "cpu",
)  # fmt: skip


def run(*arguments):
    """Run a command in its own process, as a user does; return what it printed."""
    command = [sys.executable, *map(str, arguments)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def letters(count, seed):
    generator = random.Random(seed)
    words = {" ".join(generator.choices("abcdefgh", k=generator.randint(3, 7))) for _ in range(count)}
    return sorted(words)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A corpus of letters and the same letters in reverse, prepared by the command line."""
    path = tmp_path_factory.mktemp("reverse")
    unseen = letters(60, seed=2)
    training = [line for line in letters(4000, seed=1) if line not in set(unseen)]
    for name, lines in (("training", training), ("unseen", unseen)):
        (path / f"{name}.en").write_text("".join(f"{line}\n" for line in lines))
        (path / f"{name}.de").write_text("".join(f"{line[::-1]}\n" for line in lines))
    run_here((
        "-m", "translator", "prepare", "--corpus", path / "training", "--dev", path / "unseen",
        "--out", path / "prepared", "--vocab-size", "401",
    ))  # fmt: skip
    return path


@pytest.fixture(scope="module")
def training(folder):
    """The output of a training run that learns to reverse letters."""
    return run(
        "train.py", "tiny", "--data", folder / "prepared", "--out", folder / "run", *SETTINGS, "--max-steps", "350",
        "--validate-every-steps", "175", "--save-every-steps", "200", "--name", "reverser",
    )  # fmt: skip


@pytest.fixture(scope="module")
def reverser(folder, training):
    """The model folder of that run."""
    return folder / "run" / "model"


@pytest.mark.hard
def test_reversing_is_learnt_and_translated_by_the_command_line(folder, reverser):
    files = ("--source", folder / "unseen.en", "--reference", folder / "unseen.de")
    output = run("-m", "translator", "evaluate", *files, "--model", reverser, "--json")
    (evaluation,) = json.loads(output)["evaluations"]
    assert evaluation["scores"][0]["value"] > 90
    out = run("-m", "translator", "translate", folder / "unseen.en", "--model", reverser)
    expected = (folder / "unseen.de").read_text().splitlines()
    right = sum(ours == theirs for ours, theirs in zip(out.splitlines(), expected, strict=True))
    assert right > 0.8 * len(expected)
    log = [json.loads(line) for line in (folder / "run" / "log.jsonl").read_text().splitlines()]
    _, validation = [record for record in log if "unseen BLEU" in record]
    assert validation["unseen BLEU"] > 85
    card = json.loads((reverser / "card.json").read_text())
    assert (card["name"], card["training"]["steps"]) == ("reverser", 350)
    assert [corpus["name"] for corpus in card["corpora"]] == ["training"]


@pytest.mark.hard
def test_a_training_run_prints_its_data_and_then_sample_translations(folder, training):
    report, _, log = training.partition("step 1 ")
    assert "training" in report
    assert "dev unseen" in report
    shown = [line.strip() for line in log.splitlines() if " → " in line]
    first_two = (folder / "unseen.en").read_text().splitlines()[:2]
    assert [line.partition(" → ")[0] for line in shown] == [
        *first_two,
        *first_two,
    ]  # in each of two validations


def test_an_update_is_split_into_batches_that_fit_the_memory(folder):
    output = run_here((
        "train.py", "tiny", "--data", folder / "prepared", "--out", folder / "auto", *SETTINGS,
        "--batch-tokens", "auto", "--max-steps", "2",
    ))  # fmt: skip
    saved = json.loads((folder / "auto" / "config.json").read_text())["training"]
    assert saved["batch_tokens"] * saved["gradient_accumulation_steps"] >= 4096
    assert "the model is in" in output


def test_libraries_are_set_up_before_the_first_tensor(folder, monkeypatch):
    """Later, it would have no effect: libraries read their settings when they are first used."""
    monkeypatch.syspath_prepend(ROOT)
    train = importlib.import_module("train")
    wanted = {"THP_MEM_ALLOC_ENABLE": "1", "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64"}
    for name in wanted:
        monkeypatch.delenv(name, raising=False)

    class Reached(BaseException):
        pass

    def model(config):
        assert {name: os.environ.get(name) for name in wanted} == wanted
        raise Reached

    monkeypatch.setattr(train, "build_network", model)
    with pytest.raises(Reached):
        train.main(["tiny", "--data", str(folder / "prepared"), "--out", str(folder / "never")])


@pytest.mark.hard
def test_a_training_run_can_start_from_a_trained_model(folder, reverser):
    """Its first loss is that of the trained model, and its card names that model, also after --resume."""
    out = folder / "tuned"
    settings = (*SETTINGS, "--peak-learning-rate", "1e-4", "--data", folder / "prepared", "--out", out)
    begin = ("--init-from", reverser, "--model.dropout", "0.1")
    run("train.py", "tiny", *settings, *begin, "--max-steps", "3")
    first_loss, last_loss = losses(folder / "run")[0][1], losses(folder / "run")[-1][1]
    assert losses(out)[0][1] < (first_loss + last_loss) / 2
    (out / "model").rename(out / "model-of-3-steps")
    run("train.py", "tiny", *settings, "--model.dropout", "0.1", "--max-steps", "5", "--resume")
    card = json.loads((out / "model" / "card.json").read_text())
    assert card["training"]["steps"] == 5
    assert card["began_with"]["name"] == "reverser"
    assert card["began_with"]["training"]["steps"] == 350


def losses(out):
    records = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return [(record["step"], record["loss"]) for record in records if "loss" in record]


@pytest.mark.slow
def test_an_interrupted_and_resumed_run_equals_an_uninterrupted_one(folder):
    settings = (*SETTINGS, "--max-steps", "60", "--save-every-steps", "1000", "--model.dropout", "0.1")
    data = ("--data", folder / "prepared")
    run_here(("train.py", "tiny", *data, "--out", folder / "straight", *settings))
    command = [sys.executable, "train.py", "tiny", *data, "--out", folder / "parts", *settings]
    with subprocess.Popen(
        [*map(str, command)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:  # fmt: skip
        for line in process.stdout:
            if line.startswith("step 20 "):
                process.send_signal(signal.SIGTERM)
                break
        rest = process.communicate(timeout=60)[0]
    assert process.returncode == 3, rest
    assert "--resume" in rest
    assert 20 <= max(losses(folder / "parts"))[0] < 60
    assert "add --resume" in run_here(command[1:], expected=1)
    run_here((*command[1:], "--resume"))
    assert losses(folder / "parts") == losses(folder / "straight")
    names = [folder / part / "model" / "model.safetensors" for part in ("straight", "parts")]
    assert names[0].read_bytes() == names[1].read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "PRESET is tiny, small, base or big"),
        (("huge",), 1, "tiny, small, base, big"),
        (("tiny", "--data", "x", "--out", "y", "--device", "mps"), 1, "use auto, cpu, cuda"),
        (("tiny", "--data", "/nowhere", "--out", "/nowhere/out"), 1, "/nowhere"),
        (("tiny", "--data", "x", "--out", "y", "--model.heads", "3"), 1, "not divisible by heads 3"),
        (("tiny", "--data", "x"), 2, "--out"),
        (("tiny", "--data", "x", "--out", "y", "--learning-rate", "1"), 2, "learning-rate"),
        (
            ("tiny", "--data", "x", "--out", "y", "--objective", "span-denoising"),
            1,
            "give --monolingual FILE",
        ),
        (
            ("tiny", "--data", "x", "--out", "y", "--monolingual", "z"),
            1,
            "give --objective span-denoising too",
        ),
        (
            ("tiny", "--data", "x", "--out", "y", "--objective", "causal-lm"),
            1,
            "set objective to span-denoising",
        ),
    ],
)
def test_mistakes_in_a_training_command_are_clear_errors(arguments, code, message):
    assert message in run_here(("train.py", *arguments), expected=code)
