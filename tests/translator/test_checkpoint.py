import dataclasses
import json
import os
import pickle

import pytest
import torch

from translator import checkpoint as checkpoint_module
from translator.checkpoint import (
    Checkpoint,
    average_weights,
    begin_with,
    checkpoint_path,
    checkpoint_paths,
    load_checkpoint,
    load_latest_checkpoint,
    load_model,
    remove_old_checkpoints,
    save_checkpoint,
    save_model,
    write_card,
)
from translator.errors import CheckpointError, ConfigError
from translator.model import Transformer
from translator.tokenizer import train_tokenizer


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


def test_a_checkpoint_comes_back(tmp_path):
    path = save_step(tmp_path, 12, 4)
    loaded = load_checkpoint(path)
    assert torch.equal(loaded.model["w"], torch.full((3,), 4.0))
    assert torch.equal(loaded.training["m"], torch.tensor([4]))
    assert loaded.state == {"step": 4}


def test_only_the_newest_are_kept_and_the_latest_is_loaded(tmp_path):
    for step in (1, 2, 10):
        save_step(tmp_path, step, step)
    remove_old_checkpoints(tmp_path, keep=2)
    assert [path.name for path in checkpoint_paths(tmp_path)] == ["step-00000002", "step-00000010"]
    assert load_latest_checkpoint(tmp_path).state == {"step": 10}
    assert load_latest_checkpoint(tmp_path / "none") is None


@pytest.mark.parametrize("name", ["model.safetensors", "training.safetensors", "state.json"])
def test_a_flipped_bit_is_found_and_the_checkpoint_before_is_used(tmp_path, caplog, name):
    save_step(tmp_path, 1, 1)
    damaged = save_step(tmp_path, 2, 2)
    flip_a_bit(damaged / name)
    with pytest.raises(CheckpointError, match=f"{name} is damaged"):
        load_checkpoint(damaged)
    assert load_latest_checkpoint(tmp_path).state == {"step": 1}
    assert f"{name} is damaged" in caplog.text
    # The damaged one is out of the way: the run that goes on from step 1 will count and keep its own only.
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
    with pytest.raises(CheckpointError, match="all 1 checkpoints"):
        load_latest_checkpoint(tmp_path)


def test_a_failed_write_leaves_the_old_checkpoint_and_no_litter(tmp_path, monkeypatch):
    save_step(tmp_path, 1, 1)

    def disk_is_full(path, content):
        path.write_bytes(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint_module, "_write_durably", disk_is_full)
    with pytest.raises(CheckpointError, match="No space left on device; free space"):
        save_step(tmp_path, 2, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]


def test_a_failed_replacement_keeps_the_old_model(model_folder, monkeypatch):
    def disk_is_full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint_module, "_write_durably", disk_is_full)
    with pytest.raises(CheckpointError, match="No space left"):
        write_card(model_folder, {"name": "other"})
    assert load_model(model_folder).card == {"name": "toy"}
    assert [path.name for path in model_folder.parent.iterdir()] == ["model"]


def test_what_a_killed_process_left_behind_is_removed(tmp_path):
    save_step(tmp_path, 1, 1)
    for litter in (f".step-00000002.writing-{os.getpid()}", ".step-00000003.writing-1"):
        (tmp_path / litter).mkdir()
        (tmp_path / litter / "model.safetensors").write_bytes(b"half")
    save_step(tmp_path, 2, 2)
    load_latest_checkpoint(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000001", "step-00000002"]


def test_a_folder_of_something_else_is_not_overwritten(tmp_path, untrained, prepared):
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


def test_a_model_folder_comes_back_rounded_to_bf16(model_folder, untrained, prepared):
    loaded = load_model(model_folder)
    assert loaded.card == {"name": "toy"}
    assert loaded.tokenizer.sha256 == prepared.tokenizer.sha256
    for name, tensor in untrained.state_dict().items():
        assert torch.equal(loaded.model.state_dict()[name], tensor.to(torch.bfloat16).float())


def test_the_card_can_be_replaced(model_folder):
    write_card(model_folder, {"name": "other"})
    assert load_model(model_folder).card == {"name": "other"}


def rewrite(folder, name, content):
    """Put other content in with a manifest that vouches for it."""
    names = ("config.json", "model.safetensors", "tokenizer.model", "card.json")
    files = {**checkpoint_module.read_verified_folder(folder, names), name: content}
    checkpoint_module.write_verified_folder(folder, files)


def test_another_format_version_is_refused(model_folder):
    config = json.loads((model_folder / "config.json").read_text())
    rewrite(model_folder, "config.json", json.dumps({**config, "format_version": 99}).encode())
    with pytest.raises(CheckpointError, match="format version 99, this program reads 1"):
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


def test_a_training_run_given_as_a_model_is_told(model_folder, tmp_path):
    with pytest.raises(CheckpointError, match=f"its model is {model_folder}"):
        load_model(tmp_path)
    (tmp_path / "unfinished" / "checkpoints").mkdir(parents=True)
    with pytest.raises(CheckpointError, match="has no model yet"):
        load_model(tmp_path / "unfinished")


def test_a_training_begins_with_the_weights_of_a_model_whatever_the_dropout(
    model_folder, untrained, prepared
):
    model = Transformer(dataclasses.replace(untrained.config, dropout=0.3, attention_dropout=0.2))
    assert begin_with(model_folder, model, prepared.tokenizer) == {"name": "toy"}
    for name, tensor in untrained.state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor.to(torch.bfloat16).float())
    assert model.config.dropout == 0.3


def test_a_training_cannot_begin_with_a_model_that_does_not_fit(model_folder, untrained, prepared):
    other = Transformer(dataclasses.replace(untrained.config, d_ff=64, norm="post"))
    with pytest.raises(ConfigError, match="has d_ff 32 instead of 64, norm pre instead of post"):
        begin_with(model_folder, other, prepared.tokenizer)
    lines = ["a few other words", "make another tokenizer", "which is quite small"] * 20
    tokenizer = train_tokenizer(lines, 312)
    with pytest.raises(ConfigError, match=r"prepare it again with --tokenizer .*tokenizer\.model"):
        begin_with(model_folder, untrained, tokenizer)
