import contextlib
import errno
import io
import itertools
import json
import os
import pickle
import random
import shutil
from pathlib import Path

import pytest
import torch

from translator.errors import CheckpointError
from translator.files import durable
from translator.files import verified_folder as verified
from translator.files.model_folder import write_card
from translator.training.checkpoint import (
    Checkpoint,
    average_weights,
    best_checkpoint_path,
    checkpoint_path,
    checkpoint_paths,
    load_checkpoint,
    load_latest_checkpoint,
    load_model,
    remove_old_checkpoints,
    save_checkpoint,
    save_model,
)


def make_checkpoint(value):
    return Checkpoint({"w": torch.full((3,), float(value))}, {"m": torch.tensor([value])}, {"step": value})


def save_step(folder, step, value):
    path = checkpoint_path(folder, step)
    save_checkpoint(path, make_checkpoint(value))
    return path


def flip_a_bit(path, byte=-1):
    content = bytearray(path.read_bytes())
    content[byte] ^= 1
    path.write_bytes(bytes(content))


def test_a_checkpoint_survives_a_round_trip(tmp_path):
    path = save_step(tmp_path, 12, 4)
    loaded = load_checkpoint(path)
    assert torch.equal(loaded.model["w"], torch.full((3,), 4.0))
    assert torch.equal(loaded.training["m"], torch.tensor([4]))
    assert loaded.state == {"step": 4}


def test_only_the_newest_are_kept_and_the_latest_is_loaded(tmp_path):
    for step in (1, 2, 10):
        save_step(tmp_path, step, step)
    remove_old_checkpoints(tmp_path, keep=2, every=1, best_step=None)
    assert [path.name for path in checkpoint_paths(tmp_path)] == ["step-00000002", "step-00000010"]
    assert load_latest_checkpoint(tmp_path).state == {"step": 10}
    assert load_latest_checkpoint(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("steps", "kept"),
    [
        ((10, 20, 30, 34), (20, 30, 34)),  # a signal came at 34
        ((20, 30, 34, 37), (20, 30, 34, 37)),  # and another one at 37
        ((20, 30, 34, 37, 38), (20, 30, 37, 38)),
        ((20, 30, 37, 38, 40), (20, 30, 38, 40)),
        ((20, 30, 38, 40, 50), (30, 40, 50)),  # the same as without a signal
        ((0, 5, 10, 20), (10, 20)),
        ((5,), (5,)),
        ((1, 2, 3), (2, 3)),
    ],
)
def test_checkpoints_saved_on_a_signal_do_not_displace_those_to_average(tmp_path, steps, kept):
    for step in steps:
        save_step(tmp_path, step, step)
    remove_old_checkpoints(tmp_path, keep=3, every=10, best_step=None)
    assert [path.name for path in checkpoint_paths(tmp_path)] == [f"step-{step:08d}" for step in kept]


def test_only_one_checkpoint_is_kept_if_keep_is_one(tmp_path):
    for step in (10, 13, 20):
        save_step(tmp_path, step, step)
    remove_old_checkpoints(tmp_path, keep=1, every=10, best_step=None)
    assert [path.name for path in checkpoint_paths(tmp_path)] == ["step-00000020"]


def test_only_the_best_checkpoint_of_the_best_step_is_kept(tmp_path):
    save_step(tmp_path, 4, 4)
    for step in (1, 2, 3):
        save_checkpoint(best_checkpoint_path(tmp_path, step), make_checkpoint(step))
    remove_old_checkpoints(tmp_path, keep=1, every=1, best_step=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best-00000002", "step-00000004"]


def test_a_checkpoint_that_cannot_be_read_now_is_not_put_aside(tmp_path, monkeypatch):
    """For example if a network disk is unavailable for a moment: the checkpoint is not damaged."""
    for step in (1, 2):
        save_step(tmp_path, step, step)

    def refuse(path):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", refuse)
        with pytest.raises(CheckpointError, match=r"cannot read .*Input/output error"):
            load_latest_checkpoint(tmp_path)
    assert load_latest_checkpoint(tmp_path).state == {"step": 2}


@pytest.mark.parametrize("name", ["model.safetensors", "training.safetensors", "state.json"])
def test_a_flipped_bit_is_found_and_the_checkpoint_before_is_used(tmp_path, caplog, name):
    save_step(tmp_path, 1, 1)
    damaged = save_step(tmp_path, 2, 2)
    flip_a_bit(damaged / name)
    with pytest.raises(CheckpointError, match=f"{name} is damaged"):
        load_checkpoint(damaged)
    assert load_latest_checkpoint(tmp_path).state == {"step": 1}
    assert f"{name} is damaged" in caplog.text
    # The damaged one is out of the way: the run resumed from step 1 counts and keeps only its own.
    assert [path.name for path in checkpoint_paths(tmp_path)] == ["step-00000001"]
    assert (tmp_path / "damaged-step-00000002").is_dir()


def test_a_missing_file_and_an_unreadable_manifest_are_errors(tmp_path):
    path = save_step(tmp_path, 1, 1)
    (path / "state.json").unlink()
    with pytest.raises(CheckpointError, match=r"cannot read .*state\.json"):
        load_checkpoint(path)
    (path / "manifest.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"manifest\.json is damaged"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ((1,), "the only checkpoint in .* is damaged"),
        ((1, 2, 3), "each of the 3 checkpoints in .* is damaged"),
    ],
)
def test_if_all_checkpoints_are_damaged_the_error_gives_their_number(tmp_path, steps, message):
    for step in steps:
        (save_step(tmp_path, step, step) / "state.json").unlink()
    with pytest.raises(CheckpointError, match=f"{message}; start again in a new folder"):
        load_latest_checkpoint(tmp_path)


def test_a_checkpoint_damaged_again_replaces_the_one_put_aside(tmp_path):
    save_step(tmp_path, 1, 1)
    for value in (2, 3):
        flip_a_bit(save_step(tmp_path, 2, value) / "model.safetensors")
        assert load_latest_checkpoint(tmp_path).state == {"step": 1}
    assert json.loads((tmp_path / "damaged-step-00000002" / "state.json").read_text()) == {"step": 3}


def test_a_failed_write_leaves_the_old_checkpoint_and_no_litter(tmp_path, monkeypatch):
    save_step(tmp_path, 1, 1)

    def disk_is_full(path, content):
        path.write_bytes(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(verified, "write_flushed", disk_is_full)
    with pytest.raises(CheckpointError, match="No space left on device; free space"):
        save_step(tmp_path, 2, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]


def test_a_failed_replacement_keeps_the_old_model(model_folder, monkeypatch):
    def disk_is_full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(verified, "write_flushed", disk_is_full)
    with pytest.raises(CheckpointError, match="No space left"):
        write_card(model_folder, {"name": "other"})
    assert load_model(model_folder).card == {"name": "toy"}
    assert [path.name for path in model_folder.parent.iterdir()] == ["model"]


class Killed(BaseException):
    """Simulates the end of the process: nothing catches it."""


class TornFile(io.BufferedWriter):
    """A file whose writes take two disk operations, so that they can stop halfway."""

    def __init__(self, path, before_operation):
        super().__init__(io.FileIO(path, "wb"))
        self._before_operation = before_operation

    def write(self, content):
        half = len(content) // 2
        for part in (content[:half], content[half:]):
            self._before_operation()
            super().write(part)
        return len(content)


@contextlib.contextmanager
def disk_that_ends(monkeypatch, operation, error):
    """Make disk operation number `operation` (from 0), and no other, raise `error`.

    Yields a list with the numbers of the operations so far.
    """
    numbers = []

    def before_operation():
        numbers.append(len(numbers))
        if numbers[-1] == operation:
            raise error

    def counted(function):
        def call(*arguments, **options):
            before_operation()
            return function(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for name in ("mkdir", "rename", "fsync", "unlink", "rmdir"):
            patch.setattr(os, name, counted(getattr(os, name)))
        open_file = io.open
        patch.setattr(
            io, "open",
            lambda path, mode="r", *rest, **options: TornFile(path, before_operation) if mode == "wb"
            else open_file(path, mode, *rest, **options),
        )  # fmt: skip
        yield numbers


def folder_before_a_save(path, is_replacement):
    """A folder with step 1, and with the step 2 that the save replaces."""
    save_step(path, 1, 1)
    if is_replacement:
        save_step(path, 2, 2)
    return path


def hidden_names(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("is_replacement", [False, True])
def test_a_kill_at_any_moment_of_a_save_leaves_the_old_or_the_new_checkpoint(
    tmp_path, monkeypatch, is_replacement
):
    """The next start finds it, even if it is killed once during its own cleanup, and leaves no litter."""
    new = make_checkpoint(3)
    found = []
    for number in itertools.count():
        folder = folder_before_a_save(tmp_path / str(number), is_replacement)
        try:
            with disk_that_ends(monkeypatch, number, Killed()):
                save_checkpoint(checkpoint_path(folder, 2), new)
        except Killed:
            for second in range(2):
                with contextlib.suppress(Killed), disk_that_ends(monkeypatch, second, Killed()):
                    load_latest_checkpoint(folder)
            found.append(load_latest_checkpoint(folder).state["step"])
            assert hidden_names(folder) == []
        else:
            break
    # 4 files, each written in two halves and flushed, between creating the folder and flushing it.
    assert number >= 1 + 4 * 3 + 1
    old = 2 if is_replacement else 1
    assert found == sorted(found)
    assert set(found) == {old, 3}


def test_a_kill_at_any_moment_of_a_replacement_leaves_a_model_that_loads(model_folder, tmp_path, monkeypatch):
    """A new card takes effect atomically; the next writer removes what was left behind."""
    names = []
    for number in itertools.count():
        folder = tmp_path / str(number) / "model"
        shutil.copytree(model_folder, folder)
        try:
            with disk_that_ends(monkeypatch, number, Killed()):
                write_card(folder, {"name": "new"})
        except Killed:
            names.append(load_model(folder).card["name"])
            write_card(folder, {"name": "third"})
            assert load_model(folder).card["name"] == "third"
            assert hidden_names(folder.parent) == []
        else:
            break
    assert names == sorted(names, reverse=True)
    assert set(names) == {"toy", "new"}


@pytest.mark.parametrize("is_replacement", [False, True])
def test_a_disk_that_is_full_at_any_moment_of_a_save_leaves_the_old_checkpoint_and_no_litter(
    tmp_path, monkeypatch, is_replacement
):
    refusals = []
    for number in itertools.count():
        folder = folder_before_a_save(tmp_path / str(number), is_replacement)
        error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with disk_that_ends(monkeypatch, number, error) as operations:
            try:
                save_checkpoint(checkpoint_path(folder, 2), make_checkpoint(3))
            except CheckpointError as refusal:
                refusals.append(str(refusal))
                assert hidden_names(folder) == []
                expected = 2 if is_replacement else 1
            else:
                expected = 3  # it only failed to remove something
        if number not in operations:
            break
        assert load_latest_checkpoint(folder).state["step"] == expected
        assert hidden_names(folder) == []
    assert all("No space left on device; free space" in refusal for refusal in refusals)
    # Create the folder; write 4 files in two halves and flush them; flush the folder, rename it, flush the rename.
    assert len(refusals) == 1 + 4 * 3 + 1 + (2 if is_replacement else 1) + 1


def test_a_kill_while_old_checkpoints_are_removed_leaves_none_half_deleted(tmp_path, monkeypatch):
    folder = tmp_path / "pristine"
    for step in (1, 2, 3):
        save_step(folder, step, step)
    for number in itertools.count():
        copy = shutil.copytree(folder, tmp_path / str(number))
        with disk_that_ends(monkeypatch, number, Killed()):
            try:
                remove_old_checkpoints(copy, keep=1, every=1, best_step=None)
            except Killed:
                pass
            else:
                break
        assert [load_checkpoint(path).state["step"] for path in checkpoint_paths(copy)][-1] == 3
        load_latest_checkpoint(copy)
        assert hidden_names(copy) == []
    assert number > 2 * 4


def test_what_killed_processes_left_behind_is_removed(tmp_path):
    save_step(tmp_path, 1, 1)
    save_checkpoint(tmp_path / "best", make_checkpoint(1))
    for litter in (
        f".step-00000002.writing-{os.getpid()}", ".step-00000003.writing-1", ".step-00000001.replaced",
        ".best.writing-1", ".best.writing-2", ".best.replaced",
    ):  # fmt: skip
        (tmp_path / litter).mkdir()
        (tmp_path / litter / "model.safetensors").write_bytes(b"half")
    (tmp_path / ".notes.txt").write_text("not ours")
    assert load_latest_checkpoint(tmp_path).state == {"step": 1}
    assert sorted(path.name for path in tmp_path.iterdir()) == [".notes.txt", "best", "step-00000001"]
    assert load_checkpoint(tmp_path / "best").state == {"step": 1}


def test_a_writer_whose_folder_was_taken_away_fails_without_damage(tmp_path, monkeypatch):
    write_flushed = durable.write_flushed

    def another_writes_meanwhile(path, content):
        write_flushed(path, content)
        monkeypatch.setattr(verified, "write_flushed", write_flushed)
        monkeypatch.setattr(os, "getpid", lambda: -1)
        save_step(tmp_path, 1, 2)

    monkeypatch.setattr(verified, "write_flushed", another_writes_meanwhile)
    with pytest.raises(CheckpointError, match=r"cannot write .*step-00000001"):
        save_step(tmp_path, 1, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]
    assert load_latest_checkpoint(tmp_path).state == {"step": 2}


def test_writing_to_a_link_replaces_its_target(tmp_path, monkeypatch):
    save_step(tmp_path, 1, 1)
    (tmp_path / "link").symlink_to("step-00000001")
    save_checkpoint(tmp_path / "link", make_checkpoint(2))
    monkeypatch.chdir(tmp_path / "step-00000001")
    save_checkpoint(Path(), make_checkpoint(load_checkpoint(Path()).state["step"] + 1))
    assert load_latest_checkpoint(tmp_path).state == {"step": 3}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "step-00000001"]


CHECKPOINT_FILES = ("model.safetensors", "training.safetensors", "state.json", "manifest.json")


@pytest.fixture(scope="module")
def two_checkpoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    for step in (1, 2):
        save_step(folder, step, step)
    return folder


def flip_any_bit(path, generator):
    content = bytearray(path.read_bytes())
    content[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
    path.write_bytes(bytes(content))


def truncate(path, generator):
    # The manifest ends with a line break that carries no information: if only that is missing, nothing is damaged.
    path.write_bytes(path.read_bytes()[: generator.randrange(path.stat().st_size - 1)])


def remove(path, generator):
    path.unlink()


@pytest.mark.parametrize(("damage", "times"), [(flip_any_bit, 25), (truncate, 25), (remove, 1)])
@pytest.mark.parametrize("name", CHECKPOINT_FILES)
def test_any_damage_is_found_and_logged_and_the_checkpoint_before_is_used(
    two_checkpoints, tmp_path, caplog, name, damage, times
):
    """In the four files: 100 flipped bits and 100 truncations at random offsets, and each file missing."""
    seed = 26
    generator = random.Random(f"{seed} {name}")
    for number in range(times):
        folder = shutil.copytree(two_checkpoints, tmp_path / str(number))
        damage(folder / "step-00000002" / name, generator)
        caplog.clear()
        assert load_latest_checkpoint(folder).state == {"step": 1}, f"seed {seed}, number {number}"
        assert "step-00000002" in caplog.text
        assert "put aside as damaged-step-00000002, trying the checkpoint before it" in caplog.text


def test_an_unrelated_folder_is_not_overwritten(tmp_path, untrained, prepared):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "thesis.txt").write_text("years of work")
    with pytest.raises(CheckpointError, match="is no checkpoint or model; remove it"):
        save_model(tmp_path / "model", untrained.config, untrained.state_dict(), prepared.tokenizer, {})
    assert (tmp_path / "model" / "thesis.txt").exists()


def test_average_worked_out_by_hand():
    states = [
        {"w": torch.tensor([1.0, 2.0])},
        {"w": torch.tensor([2.0, 6.0])},
        {"w": torch.tensor([6.0, 1.0])},
    ]
    assert average_weights(states)["w"].tolist() == [3.0, 3.0]
    with pytest.raises(CheckpointError, match="no checkpoints to average"):
        average_weights([])


@pytest.fixture
def model_folder(tmp_path, untrained, prepared):
    path = tmp_path / "model"
    save_model(path, untrained.config, untrained.state_dict(), prepared.tokenizer, {"name": "toy"})
    return path


def test_a_model_folder_is_read_back_rounded_to_bf16(model_folder, untrained, prepared):
    loaded = load_model(model_folder)
    assert loaded.card == {"name": "toy"}
    assert loaded.tokenizer.sha256 == prepared.tokenizer.sha256
    for name, tensor in untrained.state_dict().items():
        assert torch.equal(loaded.model.state_dict()[name], tensor.to(torch.bfloat16).float())


def test_the_configuration_lists_the_ids_of_each_class_of_reserved_pieces(model_folder, prepared):
    listed = json.loads((model_folder / "config.json").read_text())["reserved_pieces"]
    for kind in ("opaque", "number", "open", "hint"):
        first, last = map(int, listed[kind].split("-"))
        names = [prepared.tokenizer.piece(one) for one in range(first, last + 1)]
        assert names == [f"<{kind}_{index}>" for index in range(len(names))]
        assert prepared.tokenizer.piece(last + 1) != f"<{kind}_{len(names)}>"


def test_the_card_can_be_replaced(model_folder):
    write_card(model_folder, {"name": "other"})
    assert load_model(model_folder).card == {"name": "other"}


def rewrite(folder, name, content):
    """Replace the content of a file, with a manifest that matches it."""
    names = ("config.json", "model.safetensors", "tokenizer.model", "card.json")
    files = {**verified.read_verified_folder(folder, names), name: content}
    verified.write_verified_folder(folder, files)


def test_another_format_version_is_refused(model_folder):
    config = json.loads((model_folder / "config.json").read_text())
    rewrite(model_folder, "config.json", json.dumps({**config, "format_version": 99}).encode())
    with pytest.raises(CheckpointError, match="format version 99, but this program reads version 1"):
        load_model(model_folder)


def test_weights_of_another_shape_are_refused(model_folder):
    config = json.loads((model_folder / "config.json").read_text())
    config["model"]["d_ff"] = 64
    rewrite(model_folder, "config.json", json.dumps(config).encode())
    with pytest.raises(CheckpointError, match=r"do not fit its config\.json"):
        load_model(model_folder)


def test_an_unknown_model_setting_is_refused(model_folder):
    config = json.loads((model_folder / "config.json").read_text())
    config["model"]["d_modle"] = 64
    rewrite(model_folder, "config.json", json.dumps(config).encode())
    with pytest.raises(CheckpointError, match="unknown key 'd_modle'"):
        load_model(model_folder)


def test_a_foreign_tokenizer_is_refused(model_folder):
    config = json.loads((model_folder / "config.json").read_text())
    rewrite(model_folder, "config.json", json.dumps({**config, "tokenizer_sha256": "0" * 64}).encode())
    with pytest.raises(CheckpointError, match="not the one the model was trained with"):
        load_model(model_folder)


def test_a_pickle_is_refused(model_folder):
    rewrite(model_folder, "model.safetensors", pickle.dumps({"w": 1}))
    with pytest.raises(CheckpointError, match="not safetensors"):
        load_model(model_folder)


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"cannot read .*manifest\.json"):
        load_model(tmp_path)


def test_a_training_run_given_as_a_model_is_an_error(model_folder, tmp_path):
    with pytest.raises(CheckpointError, match=f"its model is {model_folder}"):
        load_model(tmp_path)
    (tmp_path / "unfinished" / "checkpoints").mkdir(parents=True)
    with pytest.raises(CheckpointError, match="has no model yet"):
        load_model(tmp_path / "unfinished")
