"""`batch_tokens` "auto": the memory per token, and how an update is split into batches."""

import dataclasses
import json
import logging

import pytest
import torch

from translator.config import Config, ModelConfig, TrainingConfig
from translator.data.batching import Batch
from translator.errors import ConfigError
from translator.machine.device import free_memory
from translator.model.transformer import Transformer
from translator.training import Processes, resolve_batch_size
from translator.training import batch_size as module
from translator.training.batch_loss import batch_loss
from translator.training.batch_size import bytes_per_token, fit_batches_to_memory

MODEL = ModelConfig(
    vocab_size=40, d_model=16, heads=2, d_ff=32, encoder_layers=2, decoder_layers=2, dropout=0.1
)
TRAINING = TrainingConfig(batch_tokens="auto", max_tokens_per_side=50, max_steps=1, precision="fp32")


@pytest.fixture
def model():
    return Transformer(MODEL)


def allocated_bytes(model, training, sentences):
    """The memory that, according to PyTorch's profiler, is still allocated after the forward pass."""
    ids_BL = torch.full((sentences, training.max_tokens_per_side), 7)
    batch = Batch(ids_BL, ids_BL, ids_BL)
    with torch.profiler.profile(profile_memory=True) as profile:
        kept = batch_loss(model.train(), model, batch, training)
    assert kept[0].requires_grad
    return sum(event.self_cpu_memory_usage for event in profile.events())


@pytest.mark.parametrize("change", [{}, {"precision": "bf16"}])
def test_bytes_per_token_agree_with_the_profiler(model, change):
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
def test_an_update_is_split_into_as_few_equal_batches_as_fit(
    model, monkeypatch, room_for, batch_tokens, accumulate
):
    # The preset has updates of 2 × 1,000 tokens; a batch must fit next to 14 bytes per parameter.
    monkeypatch.setattr(module, "bytes_per_token", lambda model, training: 1000.0)
    parameters = sum(p.numel() for p in model.parameters())
    free = (14 * parameters + 1000 * room_for + 1) / 0.8
    training = dataclasses.replace(TRAINING, gradient_accumulation_steps=2)
    fitted = fit_batches_to_memory(training, 1000, model, int(free) + 1)
    assert fitted == (batch_tokens, accumulate)


def test_too_little_memory_for_one_sentence_is_an_error(model):
    with pytest.raises(
        ConfigError, match=r"GiB of memory are free, but .* 50 tokens takes .*; lower max_tokens"
    ):
        fit_batches_to_memory(TRAINING, 1000, model, 2**18)


def test_a_number_is_kept_and_auto_is_resolved(model, tmp_path, caplog):
    preset = TrainingConfig(batch_tokens=600, max_steps=1)
    given = Config(MODEL, dataclasses.replace(TRAINING, batch_tokens=77))
    assert resolve_batch_size(given, preset, model, Processes(), None) is given
    caplog.set_level(logging.INFO)
    resolved = resolve_batch_size(Config(MODEL, TRAINING), preset, model, Processes(), None)
    assert resolved.training.batch_tokens == 600  # a model of a few kilobytes fits anywhere
    assert "batch_tokens is 600, gradient_accumulation_steps 1" in caplog.text


def test_a_resumed_run_keeps_the_numbers_it_started_with(model, tmp_path):
    saved = dataclasses.replace(TRAINING, batch_tokens=123, gradient_accumulation_steps=3)
    (tmp_path / "config.json").write_text(json.dumps(Config(MODEL, saved).to_dict()))
    preset = TrainingConfig(batch_tokens=600, max_steps=1)
    resolved = resolve_batch_size(Config(MODEL, TRAINING), preset, model, Processes(), tmp_path)
    assert (resolved.training.batch_tokens, resolved.training.gradient_accumulation_steps) == (123, 3)


def test_auto_in_a_saved_configuration_is_refused(model):
    with pytest.raises(
        ConfigError, match=r"batch_tokens is auto in the saved configuration.*; give a number"
    ):
        resolve_batch_size(Config(MODEL, TRAINING), TRAINING, model, Processes(), None)


class First(Processes):
    """The first of four processes, on its own: its values are the sums over all."""

    def sum(self, values):
        return list(values)


def test_several_processes_share_the_presets_batch(model):
    preset = TrainingConfig(batch_tokens=600, max_steps=1)
    resolved = resolve_batch_size(Config(MODEL, TRAINING), preset, model, First(rank=0, count=4), None)
    assert resolved.training.batch_tokens == 150


def test_the_memory_limit_of_a_container_applies(tmp_path, monkeypatch):
    monkeypatch.setattr("translator.machine.device.CONTAINER", tmp_path)
    assert free_memory(torch.device("cpu")) > 2**20
    (tmp_path / "memory.current").write_text("4000000\n")
    (tmp_path / "memory.stat").write_text("anon 1000000\ninactive_file 3000000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory(torch.device("cpu")) > 2**20
    (tmp_path / "memory.max").write_text("5000000\n")
    assert free_memory(torch.device("cpu")) == 4_000_000  # file pages can be reclaimed
    (tmp_path / "memory.max").write_text("100\n")
    assert free_memory(torch.device("cpu")) == 0
