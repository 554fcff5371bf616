"""Fit batches to memory: split an update of the requested size into as few batches as fit."""

import dataclasses
import logging
import math
import os
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from translator.config import Config, TrainingConfig, load_config
from translator.data.batching import Batch
from translator.errors import ConfigError
from translator.machine.device import free_memory
from translator.model.interface import TranslationModel
from translator.training.batch_loss import batch_loss
from translator.training.processes import Processes

USED_SHARE = 0.8
"""Share of the free memory to use; the rest is for temporaries of the backward pass and for fragmentation."""
BYTES_PER_PARAMETER = 4 + 8 + 2
"""Gradient, Adam's two moments and a bf16 copy; the weights themselves are already allocated."""
MOVING_AVERAGE_BYTES = 4
PROBE_SENTENCES = 2


logger = logging.getLogger(__name__)


def fit_batches_to_memory(
    training: TrainingConfig, wanted_tokens: int, model: TranslationModel, free_bytes: int
) -> tuple[int, int]:
    """Return `batch_tokens` and `gradient_accumulation_steps` for updates of `wanted_tokens` in as few batches as fit.

    The memory per token is measured on sentences of the maximum length, which need the most. Raises ConfigError if
    not even one such sentence fits.
    """
    per_parameter = BYTES_PER_PARAMETER + (MOVING_AVERAGE_BYTES if training.ema_decay else 0)
    fixed = per_parameter * sum(p.numel() for p in model.parameters())
    longest, per_token = training.max_tokens_per_side, bytes_per_token(model, training)
    fitting_tokens = int((USED_SHARE * free_bytes - fixed) / per_token)
    if fitting_tokens < longest:
        needed = (fixed + per_token * longest) / USED_SHARE
        raise ConfigError(
            f"{free_bytes / 2**30:.2f} GiB of memory are free, but training on one sentence of {longest} tokens "
            f"takes {needed / 2**30:.2f} GiB; lower max_tokens_per_side, or choose a smaller model"
        )
    batches = math.ceil(wanted_tokens / fitting_tokens)
    fitted = max(math.ceil(wanted_tokens / batches), longest), training.gradient_accumulation_steps * batches
    logger.info(
        "batch_tokens is %d, gradient_accumulation_steps %d: a token takes %.0f KiB, and %.1f GiB are free",
        *fitted, per_token / 2**10, free_bytes / 2**30,
    )  # fmt: skip
    return fitted


def resolve_batch_size(
    settings: Config,
    preset: TrainingConfig,
    model: TranslationModel,
    processes: Processes,
    resumed: Path | None,
) -> Config:
    """Resolve `batch_tokens` "auto": divide the preset's batch among the processes, in parts that fit in memory.

    The first process measures its own memory and decides for all of them. A run resumed from the folder `resumed`
    keeps the numbers it started with. Raises ConfigError if the preset itself says "auto".
    """
    training = settings.training
    if training.batch_tokens != "auto":
        return settings
    if preset.batch_tokens == "auto":
        raise ConfigError(
            "batch_tokens is auto in the saved configuration, so there is no batch size to split; "
            "give a number there, or with --batch-tokens"
        )
    if resumed:
        saved = load_config(str(resumed / "config.json")).training
        return _with_batches(settings, saved.batch_tokens, saved.gradient_accumulation_steps)
    fitted = (0, 0)
    if processes.is_first:
        device = model.device
        sharing = int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if device.type == "cpu" else 1
        wanted_tokens = math.ceil(preset.batch_tokens / processes.count)
        fitted = fit_batches_to_memory(training, wanted_tokens, model, free_memory(device) // sharing)
    return _with_batches(settings, *map(round, processes.sum(fitted)))


def _with_batches(
    settings: Config, batch_tokens: int | Literal["auto"], gradient_accumulation_steps: int
) -> Config:
    training = dataclasses.replace(
        settings.training, batch_tokens=batch_tokens, gradient_accumulation_steps=gradient_accumulation_steps
    )
    return dataclasses.replace(settings, training=training)


def bytes_per_token(model: TranslationModel, training: TrainingConfig) -> float:
    """Measure how many bytes autograd saves per token, source and target, in sentences of the maximum length."""
    few, more = (
        _kept_bytes(model, training, sentences) for sentences in (PROBE_SENTENCES, 2 * PROBE_SENTENCES)
    )
    return (more - few) / (PROBE_SENTENCES * training.max_tokens_per_side)


def _kept_bytes(model: TranslationModel, training: TrainingConfig, sentences: int) -> int:
    """Measure the size in bytes of all tensors that autograd saves for the backward pass, without the weights."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    device = model.device
    ids_BL = torch.full((sentences, training.max_tokens_per_side), model.config.vocab_size - 1, device=device)
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices), saved_tensors_hooks(note, lambda tensor: tensor):
        # Keep the result: it holds the saved tensors alive, so no address is reused before all are counted.
        _loss = batch_loss(model.train(), model, Batch(ids_BL, ids_BL, ids_BL), training)
    return sum(kept.values())
