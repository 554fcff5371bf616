"""Training runs survive kills, signals, damaged files, full disks and numbers that are not finite."""

import contextlib
import io
import itertools
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from toy_grammar import generate_pairs

from tests.system.command_line import run_here
from translator.config import Config, ModelConfig, TrainingConfig
from translator.data.shards import PreparedData
from translator.errors import CheckpointError, TranslatorError
from translator.files.verified_folder import read_verified_folder, write_verified_folder
from translator.model.transformer import Transformer
from translator.training import MAX_BAD_STEPS, Trainer
from translator.training.checkpoint import (
    checkpoint_paths,
    load_checkpoint,
    load_model,
)

ROOT = Path(__file__).parents[2]
STEPS, VALIDATE_EVERY, SAVE_EVERY = 120, 20, 2
SETTINGS = (
    "--model.d-model", "32", "--model.heads", "2", "--model.d-ff", "64", "--model.encoder-layers", "1",
    "--model.decoder-layers", "1", "--model.dropout", "0.1", "--batch-tokens", "512", "--max-tokens-per-side", "48",
    "--warmup-steps", "10", "--threads", "1", "--log-every-steps", "1", "--device", "cpu", "--precision", "fp32",
)  # fmt: skip
LONG = (
    "--max-steps", STEPS, "--validate-every-steps", VALIDATE_EVERY, "--save-every-steps", SAVE_EVERY,
    "--keep-checkpoints", "3", "--average-checkpoints", "3",
)  # fmt: skip


def prepare(folder, vocab_size):
    for name, pairs, seed in (("toy", 400, 5), ("unseen", 60, 6)):
        lines = (f"{english}\t{german}\n" for english, german in generate_pairs(pairs, seed=seed))
        (folder / f"{name}.tsv").write_text("".join(lines), encoding="utf-8")
    run_here((
        "-m", "translator", "prepare", "--corpus", folder / "toy.tsv", "--dev", folder / "unseen.tsv",
        "--out", folder / "prepared", "--vocab-size", vocab_size,
    ))  # fmt: skip
    return folder / "prepared"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return prepare(tmp_path_factory.mktemp("toy"), 500)


def training(prepared, out, *options):
    return ("train.py", "tiny", "--data", prepared, "--out", out, *SETTINGS, *options)


@contextlib.contextmanager
def started(arguments, launcher=()):
    command = map(str, (*launcher, sys.executable, *arguments))
    process = subprocess.Popen(
        [*command], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run_launched(arguments, expected, launcher):
    """Like `run_here`, but in its own process, started by another program."""
    with started(arguments, launcher) as process:
        output = process.communicate(timeout=300)[0]
    assert process.returncode == expected, output
    assert "Traceback" not in output
    return output


def steps_of(process):
    """Yield the number of each update when it is printed."""
    for line in process.stdout:
        if line.startswith("step ") and "  loss " in line:
            yield int(line.split()[1])


def wait_for_a_save(out):
    """Wait until a checkpoint is being written."""
    deadline = time.monotonic() + 60
    while not any((out / "checkpoints").glob(".step-*.writing-*")):
        assert time.monotonic() < deadline, "no checkpoint was written"


def curve(out):
    """The log without times and speeds."""
    records = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    clock = ("seconds", "seconds_left", "target_tokens_per_second")
    return [{key: value for key, value in record.items() if key not in clock} for record in records]


def hidden_names(out):
    return [path.name for path in out.rglob(".*")]


def assert_the_same(out, straight):
    """Check that log, weights and training state equal those of another run, and that no temporary file is left."""
    assert curve(out) == curve(straight)
    (name,) = {checkpoint_paths(folder / "checkpoints")[-1].name for folder in (out, straight)}
    for file in ("model.safetensors", "training.safetensors"):
        ours, theirs = (folder / "checkpoints" / name / file for folder in (out, straight))
        assert ours.read_bytes() == theirs.read_bytes()
    assert (out / "model" / "model.safetensors").read_bytes() == (
        straight / "model" / "model.safetensors"
    ).read_bytes()
    assert hidden_names(out) == []


@pytest.fixture(scope="module")
def straight(prepared, tmp_path_factory):
    """The folder of an uninterrupted run."""
    out = tmp_path_factory.mktemp("straight")
    run_here(training(prepared, out, *LONG))
    assert [record["step"] for record in curve(out) if "loss" in record] == list(range(1, STEPS + 1))
    return out


@pytest.mark.hard
def test_a_run_killed_at_random_moments_equals_an_uninterrupted_one(
    prepared, straight, tmp_path, is_full_size
):
    """Every second kill hits a save; the runs read 0 or 2 updates ahead."""
    seed = 24
    generator = random.Random(seed)
    in_saves, kills = 0, 20 if is_full_size else 6
    for kill in range(kills):
        options = ("--prefetch", generator.choice((0, 2)), *(("--resume",) if kill else ()))
        with started(training(prepared, tmp_path, *LONG, *options)) as process:
            updates = steps_of(process)
            # The first kill comes after a save, so that there is a checkpoint to resume from.
            seen = list(itertools.islice(updates, generator.randint(1, 3) + (0 if kill else SAVE_EVERY)))
            assert seen, f"seed {seed}: nothing was left to do, or it could not start, at kill {kill}"
            if kill % 2:
                wait_for_a_save(tmp_path)
            time.sleep(generator.uniform(0, 0.003 if kill % 2 else 0.01))
            process.kill()
            process.wait(timeout=60)
        assert process.returncode == -signal.SIGKILL, f"seed {seed}: ended by itself at kill {kill}"
        in_saves += any(name.startswith(".step-") for name in hidden_names(tmp_path))
    assert in_saves >= kills // 6, f"seed {seed}: only {in_saves} kills fell into a save"
    run_here(training(prepared, tmp_path, *LONG, "--resume"))
    assert_the_same(tmp_path, straight)


@pytest.mark.hard
def test_a_run_killed_before_its_first_checkpoint_is_started_again(prepared, straight, tmp_path):
    with started(training(prepared, tmp_path, *LONG, "--save-every-steps", "1000")) as process:
        next(steps_of(process))
    run_here(training(prepared, tmp_path, *LONG))
    assert_the_same(tmp_path, straight)


class Killed(BaseException):
    """Simulates a kill: no code catches it."""


def test_a_run_killed_after_its_last_validation_and_before_the_save_logs_that_validation_once(
    prepared, tmp_path
):
    def die_after_the_validation(record):
        if "toy loss" in record:
            raise Killed

    def validate(model):
        return {"toy loss": 2.0}

    settings = {"max_steps": 2, "validate": validate}
    with pytest.raises(Killed):
        make_trainer(prepared, tmp_path, report=die_after_the_validation, **settings).train()
    second = make_trainer(prepared, tmp_path, **settings)
    second.run.resume()
    assert second.train()
    assert [record["step"] for record in curve(tmp_path) if "toy loss" in record] == [2]


def test_a_run_killed_while_it_reopens_its_log_keeps_the_log(prepared, tmp_path, monkeypatch):
    assert make_trainer(prepared, tmp_path, max_steps=3).train()
    before = curve(tmp_path)
    open_file = io.open

    def die_at_the_first_write(path, mode="r", *rest, **options):
        file = open_file(path, mode, *rest, **options)
        if "w" in mode:
            file.close()
            raise Killed
        return file

    resumed = make_trainer(prepared, tmp_path, max_steps=3)
    monkeypatch.setattr(io, "open", die_at_the_first_write)
    with pytest.raises(Killed):
        resumed.run.resume()
    assert curve(tmp_path) == before


@pytest.mark.hard
def test_a_signal_in_a_step_a_save_or_an_evaluation_saves_within_10_seconds(prepared, straight, tmp_path):
    resume = ()
    for count, moment in itertools.product((0, 2), ("step", "evaluation", "save")):
        options = (*LONG, "--prefetch", count, *resume)
        with started(training(prepared, tmp_path, *options)) as process:
            updates = steps_of(process)
            if moment == "step":
                interrupted = next(step for step in updates if step % SAVE_EVERY)
            elif moment == "evaluation":
                interrupted = next(step for step in updates if step % VALIDATE_EVERY == 0)
                time.sleep(0.01)
            else:
                interrupted = next(updates)
                wait_for_a_save(tmp_path)
            process.send_signal(signal.SIGTERM)
            sent = time.monotonic()
            output = process.communicate(timeout=60)[0]
        assert time.monotonic() - sent < 10, (moment, count)
        assert process.returncode == 3, output
        saved = load_checkpoint(checkpoint_paths(tmp_path / "checkpoints")[-1]).state["progress"]["step"]
        assert saved >= interrupted
        assert hidden_names(tmp_path) == []
        if moment == "evaluation":
            assert saved == interrupted
            assert "loss" in curve(tmp_path)[-1], "the evaluation was not broken off"
        resume = ("--resume",)
    run_here(training(prepared, tmp_path, *LONG, "--resume"))
    assert_the_same(tmp_path, straight)


@pytest.fixture(scope="module")
def finished_brief_run(prepared, tmp_path_factory):
    out = tmp_path_factory.mktemp("brief")
    run_here(training(prepared, out, "--max-steps", "10", "--save-every-steps", "5"))
    return out


@pytest.fixture
def brief_run(finished_brief_run, tmp_path):
    """A copy of a run of 10 steps with checkpoints at 5 and 10, which a test may resume or damage."""
    return shutil.copytree(finished_brief_run, tmp_path / "run")


RESUME = ("--max-steps", "20", "--save-every-steps", "5", "--resume")


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextlib.contextmanager
def limited_file_size(size):
    """Limit the size of files, to simulate a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_a_clear_error_and_leaves_the_checkpoints_unchanged(prepared, brief_run):
    before = contents(brief_run / "checkpoints")
    too_small = len(before[Path("step-00000010", "training.safetensors")]) // 2
    with limited_file_size(too_small):
        output = run_here(training(prepared, brief_run, *RESUME), expected=1)
    assert f"error: cannot write {brief_run / 'checkpoints' / 'step-00000015'}: File too large" in output
    assert "free space or choose another folder" in output
    assert contents(brief_run / "checkpoints") == before


@pytest.fixture
def as_ordinary_user():
    """A prefix for commands that makes them respect file permissions even if the tests run as root."""
    if os.geteuid():
        return ()
    if not shutil.which("setpriv"):
        pytest.skip("root may write everywhere, and setpriv is not installed")
    return ("setpriv", "--bounding-set=-dac_override")


@pytest.mark.slow
def test_a_folder_without_write_permission_is_a_clear_error_and_stays_unchanged(
    prepared, brief_run, as_ordinary_user
):
    before = contents(brief_run)
    paths = [brief_run, *brief_run.rglob("*")]
    for path in paths:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        resumed = run_launched(training(prepared, brief_run, *RESUME), 1, as_ordinary_user)
        begun = run_launched(training(prepared, brief_run / "new", "--max-steps", "5"), 1, as_ordinary_user)
    finally:
        for path in paths:
            path.chmod(path.stat().st_mode | 0o200)
    assert f"error: cannot write to {brief_run}: Permission denied; choose another folder" in resumed
    assert f"error: cannot write to {brief_run / 'new'}: Permission denied; choose another folder" in begun
    assert contents(brief_run) == before


def spoil(model, kind, is_bad):
    """Make the loss, or only the gradient, NaN in updates for which `is_bad()` is true."""

    def spoilt(value):
        return value * float("nan") if is_bad() else value

    if kind == "loss":
        model.register_forward_hook(lambda module, inputs, output: spoilt(output))
    else:
        model.embedding.weight.register_hook(spoilt)


def make_trainer(prepared, out, report=None, validate=None, **settings):
    data = PreparedData.open(prepared)
    model = ModelConfig(
        data.tokenizer.vocab_size, d_model=16, heads=2, d_ff=32, encoder_layers=1, decoder_layers=1
    )
    config = Config(
        model,
        TrainingConfig(
            batch_tokens=256, max_tokens_per_side=48, warmup_steps=4, peak_learning_rate=1e-2, log_every_steps=1,
            save_every_steps=1, keep_checkpoints=100, ema_decay=0.9, **settings,
        ),
    )  # fmt: skip
    torch.manual_seed(1)
    return Trainer(Transformer(config.model), data, config, out, validate=validate, report=report)


def saved_tensors(out):
    """Weights, optimiser moments and moving average of each checkpoint, by step."""
    saved = {}
    for path in checkpoint_paths(out / "checkpoints"):
        checkpoint = load_checkpoint(path)
        training = {name: x for name, x in checkpoint.training.items() if not name.startswith("random.")}
        saved[checkpoint.state["progress"]["step"]] = {**checkpoint.model, **training}
    return saved


def weights_before_each_update(model):
    """A list of the weights before each update; it grows as the model runs."""
    weights = []
    model.register_forward_pre_hook(
        lambda module, inputs: weights.append({name: x.clone() for name, x in module.state_dict().items()})
    )
    return weights


def are_equal(one, two):
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("kind", ["loss", "gradient"])
def test_updates_that_are_not_finite_are_skipped(prepared, tmp_path, kind):
    """As many bad updates in a row as allowed, a good one, and as many bad ones again."""
    few = MAX_BAD_STEPS - 1
    steps = 6 + 2 * few
    bad = {*range(3, 3 + few), *range(4 + few, 4 + 2 * few)}
    trainer = make_trainer(prepared, tmp_path, max_steps=steps)
    spoil(trainer.model, kind, lambda: trainer.run.progress.step + 1 in bad)
    before = weights_before_each_update(trainer.model)
    assert trainer.train()
    assert len(before) == steps
    unchanged = {step for step, pair in enumerate(itertools.pairwise(before), start=1) if are_equal(*pair)}
    assert unchanged == bad
    saved = saved_tensors(tmp_path)
    assert set(saved) == set(range(1, steps + 1)) - bad
    assert all(torch.isfinite(tensor).all() for tensors in saved.values() for tensor in tensors.values())
    updates = {float(x) for name, x in saved[steps].items() if name.startswith("adam.step.")}
    assert updates == {6}  # the moments, too, count only the good updates


@pytest.mark.parametrize("kind", ["loss", "gradient"])
def test_too_many_bad_updates_in_a_row_end_a_run_with_good_weights(prepared, tmp_path, kind):
    trainer = make_trainer(prepared, tmp_path, max_steps=100)
    spoil(trainer.model, kind, lambda: trainer.run.progress.step + 1 >= 3)
    before = weights_before_each_update(trainer.model)
    with pytest.raises(TranslatorError, match=f"not finite in {MAX_BAD_STEPS} steps in a row, the last 12"):
        trainer.train()
    saved = saved_tensors(tmp_path)
    assert set(saved) == {1, 2}
    assert all(torch.isfinite(tensor).all() for tensor in saved[2].values())
    assert len(before) == 2 + MAX_BAD_STEPS
    assert all(are_equal(before[2], weights) for weights in before[3:])


class Trap:
    """Creates a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.fixture
def pickled(tmp_path):
    """The bytes of a torch.save file that must not be unpickled; the fixture checks that it was not."""
    torch.save({"weights": torch.ones(3), "trap": Trap(tmp_path / "sprung")}, tmp_path / "evil.pt")
    yield (tmp_path / "evil.pt").read_bytes()
    assert not (tmp_path / "sprung").exists()
    with pytest.raises(FileExistsError):  # the trap works
        (tmp_path / "sprung").mkdir(), torch.load(tmp_path / "evil.pt", weights_only=False)


def replace_file(folder, name, content):
    """Replace a file of a model folder and update its manifest, so that the checksum is right."""
    names = [path.name for path in folder.iterdir() if path.name != "manifest.json"]
    write_verified_folder(folder, {**read_verified_folder(folder, names), name: content})


def test_a_pickle_is_not_opened_as_a_model(brief_run, pickled, tmp_path):
    with pytest.raises(CheckpointError, match="a checkpoint or model is a folder with a manifest"):
        load_model(tmp_path / "evil.pt")
    replace_file(brief_run / "model", "model.safetensors", pickled)
    (tmp_path / "text.en").write_text("A house.\n")
    output = run_here(
        ("-m", "translator", "translate", tmp_path / "text.en", "--model", brief_run / "model"), expected=1
    )
    assert "error" in output
    assert "holds weights that are not safetensors" in output


def test_a_pickle_is_not_opened_as_a_checkpoint_and_the_checkpoint_before_it_is_used(
    prepared, brief_run, pickled
):
    replace_file(brief_run / "checkpoints" / "step-00000010", "training.safetensors", pickled)
    output = run_here(
        training(prepared, brief_run, "--max-steps", "10", "--save-every-steps", "5", "--resume")
    )
    assert "step-00000010 holds weights that are not safetensors" in output
    assert "put aside as damaged-step-00000010, trying the checkpoint before it" in output
    assert "resumed at step 5" in output


@pytest.mark.slow
def test_two_processes_do_not_train_in_one_folder(prepared, brief_run):
    """This happens after a lost connection, when a user starts a run again that is still running."""
    long = (*RESUME[2:], "--max-steps", "100000")
    with started(training(prepared, brief_run, *long)) as process:
        next(steps_of(process))
        output = run_here(training(prepared, brief_run, *long), expected=1)
        assert process.poll() is None
    assert f"error: another process is training in {brief_run}; wait for it, stop it" in output


def test_a_run_cannot_resume_with_another_vocabulary_or_model(prepared, brief_run, tmp_path):
    before = contents(brief_run)
    (tmp_path / "other").mkdir()
    output = run_here(training(prepare(tmp_path / "other", 520), brief_run, *RESUME), expected=1)
    assert f"error: the checkpoints in {brief_run / 'checkpoints'} were trained on other data" in output
    assert "or another vocabulary; give the --data (and --monolingual) they were trained on" in output
    output = run_here(training(prepared, brief_run, *RESUME, "--model.d-ff", "128"), expected=1)
    assert "error: model.d_ff is 128, but the checkpoints in" in output
    assert "were trained with 64; leave it as it was, or start a new run in another folder" in output
    assert contents(brief_run) == before
