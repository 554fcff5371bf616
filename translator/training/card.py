"""The card of a model: its origin, the cost of its training, and its scores."""

import datetime
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from translator.data.shards import PreparedData
from translator.errors import CheckpointError
from translator.evaluation.evaluate import Evaluation
from translator.files.model_folder import write_card
from translator.machine.device import count_devices, describe_device
from translator.model.architectures import build_network
from translator.model.interface import TranslationModel
from translator.options import RequestedFormality
from translator.search import SearchOptions
from translator.text.formality import FORMALITIES
from translator.training import Trainer
from translator.training.checkpoint import load_model, save_model
from translator.translate import Translator

EXAMPLES = (
    "Where is the nearest station?",
    "I would like a cup of coffee and a piece of cake, please.",
    "My sister, who lives in Berlin, has not called me for two weeks.",
    "Click Save to keep your changes, or press Escape to close the window.",
    "The file could not be opened because it is used by another program.",
    "The government wants to build 400,000 new flats by the end of next year.",
    "Never change a running system.",
)

_LEAST_PAIRS = 1000
"""Minimum number of training pairs from which a model can learn a formality."""
_COSTS = ("target_tokens_seen", "flops")
"""Costs that can be summed over trainings on different machines."""
_ORIGIN_KEYS = ("name", "corpora", "training", "cost_in_all", "began_with", "imported_from", "licence")
"""The entries of the initial model's card that are copied to the card of a model trained from its weights."""


def save_trained_model(path: Path, name: str, trainer: Trainer, data: PreparedData) -> None:
    """Write the model folder of a finished training, with a card that gives its origin and, after a training on pairs,
    some example translations.

    If the folder already holds the same model, its scores are kept.
    """
    weights = {name: tensor.to(torch.bfloat16) for name, tensor in trainer.final_weights().items()}
    card = build_card(name, trainer, data)
    card["examples"] = _examples(trainer, weights, data, card) if data.has_pairs else []
    card["scores"] = _existing_scores(path, weights)
    save_model(path, trainer.config.model, weights, data.tokenizer, card, data.lexicon)


def _existing_scores(path: Path, weights: Mapping[str, Tensor]) -> list[dict[str, Any]]:
    """Return the scores on the card of the model in the folder, if it has these weights."""
    try:
        folder = load_model(path)
    except CheckpointError:
        return []
    before = folder.model.state_dict()
    is_same = before.keys() == weights.keys() and all(
        torch.equal(before[name], tensor.cpu().float()) for name, tensor in weights.items()
    )
    return list(folder.card["scores"]) if is_same else []


def _examples(
    trainer: Trainer, weights: Mapping[str, Tensor], data: PreparedData, card: dict[str, Any]
) -> list[dict[str, str]]:
    """Translate EXAMPLES with a model that has these weights."""
    model = build_network(trainer.config.model)
    model.load_state_dict(weights)
    translator = Translator.of_model(model, data.tokenizer, card, lexicon=data.lexicon)
    translations = translator.translate(EXAMPLES)
    return [
        {"source": source, "translation": translation.text}
        for source, translation in zip(EXAMPLES, translations, strict=True)
    ]


def build_card(name: str, trainer: Trainer, data: PreparedData) -> dict[str, Any]:
    """Build the card of a training that has just ended, without examples and scores."""
    model, progress, origin = trainer.model, trainer.run.progress, trainer.run.initial_card
    device = next(model.parameters()).device
    training = {
        "steps": progress.step,
        "complete_epochs": progress.epoch,
        "source_tokens_seen": progress.source_tokens,
        "target_tokens_seen": progress.target_tokens,
        "device": describe_device(device, trainer.processes),
        "hours": round(progress.seconds / 3600, 2),
        "device_hours": round(progress.seconds / 3600 * count_devices(device, trainer.processes), 2),
        "flops": training_flops(model, progress.source_tokens, progress.target_tokens),
        "settings": trainer.config.to_dict()["training"],
    }
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
                "pairs" if data.has_pairs else "lines": len(corpus),
                "target_tokens": int(corpus.lengths_P2[:, 1].sum()),
            }
            for corpus in data.corpora
        ],
        "formality": tells_formality(data),
        "lexicon_entries": len(data.lexicon) if data.lexicon is not None else 0,
        "training": training,
        "cost_in_all": cost_in_all(training, origin),
        "began_with": origin and {key: origin[key] for key in _ORIGIN_KEYS if key in origin},
    }


def tells_formality(data: PreparedData) -> bool:
    """Whether the data has enough German with Sie, and with du, to learn the pieces that ask for a formality."""
    pairs = data.provenance.get("formality", {})
    return all(pairs.get(one, 0) >= _LEAST_PAIRS for one in FORMALITIES)


def cost_in_all(training: dict[str, Any], origin: dict[str, Any] | None) -> dict[str, float]:
    """Sum the costs of a training and of those before it; `origin` is the card of the initial model, if any."""
    before = (origin or {}).get("cost_in_all", {})
    return {cost: round(training[cost] + before.get(cost, 0), 2) for cost in _COSTS}


def record_scores(
    path: Path, evaluation: Evaluation, options: SearchOptions, precision: str, formality: RequestedFormality
) -> None:
    """Write an evaluation to the card of a model, replacing an older one of the same test set and settings."""
    card = load_model(path).card
    default = SearchOptions()
    key = ("testset", "beam_size", "length_penalty", "other_options", "precision", "formality")
    others = {
        name: value
        for name, value in asdict(options).items()
        if name not in key and value != getattr(default, name)
    }
    entry = {
        "testset": evaluation.testset,
        "beam_size": options.beam_size,
        "length_penalty": options.length_penalty,
        **({"other_options": others} if others else {}),
        "precision": precision,
        "formality": formality,
        "sentences": evaluation.sentences,
        "scores": {score.name: round(score.value, 2) for score in evaluation.scores},
        "signatures": {score.name: score.signature for score in evaluation.scores},
    }
    kept = [old for old in card["scores"] if any(old.get(name) != entry.get(name) for name in key)]
    write_card(path, {**card, "scores": [*kept, entry]})


def training_flops(model: TranslationModel, source_tokens: int, target_tokens: int) -> float:
    """Count the operations of all products with weight matrices: 2 per weight and token forward, 4 backward.

    The products of attention, of queries with keys and of weights with values, are left out: another 5 % or so at 30
    tokens per sentence.
    """
    source_products, target_products = model.products_per_token()
    return 6.0 * (source_products * source_tokens + target_products * target_tokens)
