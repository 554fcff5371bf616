"""The card of a model: where it comes from, what its training cost, and what it scores."""

import datetime
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from translator.checkpoint import load_model, write_card
from translator.config import Config
from translator.evaluate import Evaluation
from translator.model import Transformer
from translator.search import SearchOptions
from translator.shards import PreparedData
from translator.trainer import Progress


def build_card(
    name: str, model: Transformer, config: Config, data: PreparedData, progress: Progress
) -> dict[str, Any]:
    """What is known when a training ends; scores are added by `record_scores`."""
    device = next(model.parameters()).device
    return {
        "name": name,
        "languages": {"source": "en", "target": "de"},
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "trained_on": datetime.date.today().isoformat(),
        "corpora": [
            {
                "name": corpus.name,
                "licence": corpus.licence,
                "weight": corpus.weight,
                "pairs": len(corpus),
                "target_tokens": int(corpus.lengths_P2[:, 1].sum()),
            }
            for corpus in data.corpora
        ],
        "training": {
            "steps": progress.step,
            "complete_epochs": progress.epoch,
            "source_tokens_seen": progress.source_tokens,
            "target_tokens_seen": progress.target_tokens,
            "device": describe_device(device),
            "device_hours": round(progress.seconds / 3600, 2),
            "flops": training_flops(model, progress.source_tokens, progress.target_tokens),
            "settings": config.to_dict()["training"],
        },
        "scores": [],
        "examples": [],
    }


def record_scores(path: Path, evaluation: Evaluation, options: SearchOptions) -> None:
    """Put an evaluation onto the card of a model folder, in place of an older one of the same set and beam."""
    card = load_model(path).card
    entry = {
        "testset": evaluation.testset,
        "beam_size": options.beam_size,
        "length_penalty": options.length_penalty,
        "sentences": evaluation.sentences,
        "scores": {score.name: round(score.value, 2) for score in evaluation.scores},
        "signatures": {score.name: score.signature for score in evaluation.scores},
    }
    key = ("testset", "beam_size", "length_penalty")
    others = [old for old in card["scores"] if any(old[name] != entry[name] for name in key)]
    write_card(path, {**card, "scores": [*others, entry]})


def training_flops(model: Transformer, source_tokens: int, target_tokens: int) -> float:
    """Operations of all matrix products with weights: 2 a weight and token forward, twice that backward.

    The products of queries with keys and of attention with values, some 5 % more at 30 tokens a sentence, are left out.
    """
    source_weights = _matrix_weights(model.encoder)
    target_weights = _matrix_weights(model.decoder) + model.embedding.weight.numel()
    for layer in model.decoder:
        projected_from_source = layer.cross_attention.key_value.weight.numel()
        source_weights += projected_from_source
        target_weights -= projected_from_source
    return 6.0 * (source_weights * source_tokens + target_weights * target_tokens)


def describe_device(device: torch.device) -> str:
    """The processor in words: its model and how many of its cores or cards are used."""
    if device.type == "cuda":
        return f"1 × {torch.cuda.get_device_name(device)}"
    return f"{torch.get_num_threads()} × {_processor_name()} core"


def format_card(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The scores of a card as rows of test set and figures."""
    return [
        (
            f"{entry['testset']} (beam {entry['beam_size']})",
            ", ".join(f"{k} {v}" for k, v in entry["scores"].items()),
        )
        for entry in card["scores"]
    ]


def _matrix_weights(modules: Iterable[nn.Module]) -> int:
    return sum(p.numel() for module in modules for p in module.parameters() if p.dim() > 1)


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()
