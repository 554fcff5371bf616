"""`batch_tokens` "auto": what a token takes, and how an update is cut into batches."""

import dataclasses
import json
import logging

import pytest
import torch

from translator.config import Config, ModelConfig, TrainingConfig
from translator.device import free_memory
from translator.errors import ConfigError
from translator.model import Transformer
from translator.trainer import Processes, settle_batch_size
from translator.trainer import batch_size as module
from translator.trainer.batch_size import bytes_per_token, fit_batches_to_memory

MODEL = ModelConfig(
    vocab_size=40, d_model=16, heads=2, d_ff=32, encoder_layers=2, decoder_layers=2, dropout=0.1
)
TRAINING = TrainingConfig(batch_tokens="auto", max_tokens_per_side=50, max_steps=1, precision="fp32")


@pytest.fixture
def model():
    return Transformer(MODEL)


def allocated_bytes(model, training, sentences):
    """What PyTorch's own profiler says is still allocated when the forward pass is over."""
    ids_BL = torch.full((sentences, training.max_tokens_per_side), 7)
    batch = module.Batch(ids_BL, ids_BL, ids_BL)
    with torch.profiler.profile(profile_memory=True) as profile:
        kept = module.batch_loss(model.train(), model.embedding.weight, batch, training)
    assert kept[0].requires_grad
    return sum(event.self_cpu_memory_usage for event in profile.events())


@pytest.mark.parametrize("change", [{}, {"precision": "bf16"}, {"r_drop": 5.0}])
def test_what_a_token_takes_is_what_the_profiler_sees(model, change):
    training = dataclasses.replace(TRAINING, **change)
    few, more = (allocated_bytes(model, training, sentences) for sentences in (3, 9))
    expected = (more - few) / (6 * training.max_tokens_per_side)
    assert bytes_per_token(model, training) == pytest.approx(expected, rel=0.15)


def test_measuring_leaves_weights_and_random_state_alone(model):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    torch.manual_seed(5)
    bytes_per_token(model, TRAINING)
    after = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(after, torch.rand(3))
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize(
    ("room_for", "batch_tokens", "accumulate"),
    [(10_000, 1000, 2), (1000, 1000, 2), (999, 500, 4), (334, 334, 6), (60, 59, 34), (50, 50, 40)],
)
def test_an_update_is_cut_into_as_few_equal_batches_as_fit(
    model, monkeypatch, room_for, batch_tokens, accumulate
):
    # Of a preset's update of 2 × 1,000 tokens, so many at once that their bytes fit beside 14 bytes a parameter.
    monkeypatch.setattr(module, "bytes_per_token", lambda model, training: 1000.0)
    parameters = sum(p.numel() for p in model.parameters())
    free = (14 * parameters + 1000 * room_for + 1) / 0.8
    training = dataclasses.replace(TRAINING, accumulate_batches=2)
    fitted = fit_batches_to_memory(training, 1000, model, int(free) + 1)
    assert fitted == (batch_tokens, accumulate)


def test_too_little_memory_for_one_sentence_is_told(model):
    with pytest.raises(
        ConfigError, match=r"GiB of memory are free, and .* 50 tokens takes .*; lower max_tokens"
    ):
        fit_batches_to_memory(TRAINING, 1000, model, 2**18)


def test_a_number_is_left_as_it_is_and_auto_becomes_one(model, tmp_path, caplog):
    preset = TrainingConfig(batch_tokens=600, max_steps=1)
    given = Config(MODEL, dataclasses.replace(TRAINING, batch_tokens=77))
    assert settle_batch_size(given, preset, model, Processes(), None) is given
    caplog.set_level(logging.INFO)
    settled = settle_batch_size(Config(MODEL, TRAINING), preset, model, Processes(), None)
    assert settled.training.batch_tokens == 600  # a model of some kilobytes fits wherever this runs
    assert "batch_tokens is 600, accumulate_batches 1" in caplog.text


def test_a_resumed_run_goes_on_with_the_numbers_it_began_with(model, tmp_path):
    began_with = dataclasses.replace(TRAINING, batch_tokens=123, accumulate_batches=3)
    (tmp_path / "config.json").write_text(json.dumps(Config(MODEL, began_with).to_dict()))
    preset = TrainingConfig(batch_tokens=600, max_steps=1)
    settled = settle_batch_size(Config(MODEL, TRAINING), preset, model, Processes(), tmp_path)
    assert (settled.training.batch_tokens, settled.training.accumulate_batches) == (123, 3)


def test_auto_in_a_saved_configuration_is_refused(model):
    with pytest.raises(
        ConfigError, match=r"batch_tokens is auto in the saved configuration.*; give a number"
    ):
        settle_batch_size(Config(MODEL, TRAINING), TRAINING, model, Processes(), None)


class First(Processes):
    """The first of four processes, alone: what it says is what the sum over all is."""

    def sum(self, values):
        return list(values)


def test_several_processes_share_the_presets_batch(model):
    preset = TrainingConfig(batch_tokens=600, max_steps=1)
    settled = settle_batch_size(Config(MODEL, TRAINING), preset, model, First(rank=0, count=4), None)
    assert settled.training.batch_tokens == 150


def test_the_limit_of_a_container_counts(tmp_path, monkeypatch):
    monkeypatch.setattr("translator.device.CONTAINER", tmp_path)
    assert free_memory(torch.device("cpu")) > 2**20
    (tmp_path / "memory.current").write_text("4000000\n")
    (tmp_path / "memory.stat").write_text("anon 1000000\ninactive_file 3000000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory(torch.device("cpu")) > 2**20
    (tmp_path / "memory.max").write_text("5000000\n")
    assert free_memory(torch.device("cpu")) == 4_000_000  # the pages of files can be taken back
    (tmp_path / "memory.max").write_text("100\n")
    assert free_memory(torch.device("cpu")) == 0
