"""The one-minute proof: train a tiny Transformer on a toy grammar, watch it learn, and try it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from translator.config import Config, TrainingConfig, fit_to_vocabulary, tiny
from translator.corpus import CleaningRules, CorpusSpec
from translator.model import Transformer
from translator.prepare import prepare
from translator.shards import PreparedData
from translator.toy_grammar import VOCABULARY, Pair, demo_pairs
from translator.trainer import Trainer
from translator.translate import Translator
from translator.validation import make_validator

TRAINING_PAIRS, TEST_PAIRS = 8000, 200
VOCAB_SIZE = 600
TRAINING = TrainingConfig(
    batch_tokens=2048,
    max_tokens_per_side=64,
    schedule="linear",
    warmup_steps=60,
    peak_learning_rate=4e-3,
    max_steps=360,
    log_every_steps=20,
    validate_every_steps=60,
    save_every_steps=360,
)


def train_demo(folder: Path, report: Callable[[dict[str, Any]], None]) -> tuple[Translator, list[Pair]]:
    """Train on generated pairs in `folder`; returns the translator and test pairs that it has never seen."""
    training, unseen = demo_pairs(TRAINING_PAIRS, TEST_PAIRS, seed=1)
    _write_pairs(folder / "training.tsv", training)
    _write_pairs(folder / "unseen.tsv", unseen)
    prepare(
        [CorpusSpec.parse(str(folder / "training.tsv"))],
        folder / "prepared",
        vocab_size=VOCAB_SIZE,
        dev=[CorpusSpec.parse(str(folder / "unseen.tsv"))],
        rules=CleaningRules(),
        seed=1,
    )
    data = PreparedData.open(folder / "prepared")
    model_config = fit_to_vocabulary(replace(tiny().model, dropout=0.0), data.tokenizer.vocab_size)
    torch.manual_seed(TRAINING.seed)
    model = Transformer(model_config)
    validate = make_validator(data, TRAINING)
    Trainer(model, data, Config(model_config, TRAINING), folder / "run", validate=validate, report=report).train()
    return Translator(model, data.tokenizer, {"name": "demo"}, torch.device("cpu")), unseen


def unknown_words(sentence: str) -> list[str]:
    """The words of a sentence that the grammar does not have, so that the model cannot know them."""
    return [word for word in re.findall(r"[^\W\d_]+", sentence.lower()) if word not in VOCABULARY]


def sample(pairs: list[Pair], count: int) -> Iterator[Pair]:
    """Some pairs, spread evenly over the list."""
    return iter(pairs[:: max(1, len(pairs) // count)][:count])


def _write_pairs(path: Path, pairs: list[Pair]) -> None:
    path.write_text("".join(f"{english}\t{german}\n" for english, german in pairs), encoding="utf-8")
