"""What is measured on the development sets while a model trains: loss, and BLEU of real translations."""

import itertools
from collections.abc import Callable

import torch

from translator.batching import TokenBudgetBatches
from translator.config import TrainingConfig
from translator.evaluate import score
from translator.loss import label_smoothed_cross_entropy
from translator.model import Transformer
from translator.search import SearchOptions
from translator.shards import PreparedCorpus, PreparedData
from translator.tokenizer import PAD_ID
from translator.translate import Translator

SENTENCES = 200
"""Sentences of each development set that are translated; enough to see BLEU rise, and done in seconds."""


def make_validator(
    data: PreparedData, config: TrainingConfig
) -> Callable[[Transformer], dict[str, float]] | None:
    """A function that measures loss (nats a token) and greedy BLEU on every development set; None without any."""
    if not data.dev:
        return None

    def validate(model: Transformer) -> dict[str, float]:
        figures = {}
        for name, corpus in data.dev.items():
            figures[f"{name} loss"] = round(validation_loss(model, corpus, config), 4)
            figures[f"{name} BLEU"] = round(greedy_bleu(model, corpus, data), 2)
        return figures

    return validate


def validation_loss(model: Transformer, corpus: PreparedCorpus, config: TrainingConfig) -> float:
    """Mean cross-entropy per target token, without label smoothing, in nats."""
    device = next(model.parameters()).device
    batches = TokenBudgetBatches(
        [corpus], batch_tokens=config.batch_tokens, max_tokens_per_side=config.max_tokens_per_side, seed=0
    )
    loss_sum, tokens = 0.0, 0
    for batch in itertools.islice(batches.batches(epoch=0), 10):
        on_device = batch.to(device)
        output_BTD = model(on_device.source_BS, on_device.source_keep_BS, on_device.target_input_BT)
        _, plain = label_smoothed_cross_entropy(
            output_BTD.flatten(0, 1),
            model.embedding.weight,
            on_device.target_output_BT.flatten(),
            0.0,
            PAD_ID,
        )
        loss_sum += float(plain)
        tokens += batch.target_tokens
    return loss_sum / tokens


def greedy_bleu(model: Transformer, corpus: PreparedCorpus, data: PreparedData) -> float:
    """BLEU of greedy translations of the first sentences."""
    device = next(model.parameters()).device
    pairs = [corpus.pair(index) for index in range(min(SENTENCES, len(corpus)))]
    sources, references = (
        [data.tokenizer.decode(side.tolist()) for side in sides] for sides in zip(*pairs, strict=True)
    )
    with torch.autocast(device.type, enabled=False):
        translator = Translator(model, data.tokenizer, {}, device)
        translations = translator.translate(sources, SearchOptions(beam_size=1))
    return score([translation.text for translation in translations], references)[0].value
