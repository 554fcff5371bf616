"""What is measured on the development sets while a model trains: loss, and BLEU of real translations."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from translator.batching import Batch, TokenBudgetBatches
from translator.evaluate import score
from translator.loss import label_smoothed_cross_entropy
from translator.model import Transformer
from translator.search import SearchOptions
from translator.shards import PreparedCorpus, PreparedData
from translator.tokenizer import PAD_ID
from translator.translate import Translator

EXAMPLES = 2
"""Sentences of the first development set whose translations are shown, to be watched as they get better."""
SENTENCES = 200
"""Sentences of each development set that are translated; enough to see BLEU rise, and done in seconds."""
LOSS_BATCHES, BATCH_TOKENS = 10, 4096
"""How much of each development set the loss is measured on."""


def make_validator(data: PreparedData) -> Callable[[Transformer], dict[str, Any]] | None:
    """A function that measures loss (nats a token) and greedy BLEU on every development set; None without any.

    It also returns a few sentences of the first one with their translations.
    """
    if not data.dev:
        return None
    batches = {name: _batches(corpus) for name, corpus in data.dev.items()}

    def validate(model: Transformer) -> dict[str, Any]:
        figures = dict[str, Any]()
        examples = list[str]()
        translator = Translator.of_model(model, data.tokenizer, lexicon=data.lexicon)
        for name, corpus in data.dev.items():
            sources, references, translations = translate_greedily(translator, corpus)
            figures[f"{name} loss"] = round(validation_loss(model, batches[name]), 4)
            figures[f"{name} BLEU"] = round(score(translations, references)[0].value, 2)
            examples += [f"{pair[0]} → {pair[1]}" for pair in zip(sources, translations, strict=True)]
        for number, example in enumerate(examples[:EXAMPLES], start=1):
            figures[f"example {number}"] = example
        return figures

    return validate


def validation_loss(model: Transformer, batches: Sequence[Batch]) -> float:
    """Mean cross-entropy per target token, without label smoothing, in nats."""
    device = next(model.parameters()).device
    loss_sum, tokens = 0.0, 0
    for batch in batches:
        on_device = batch.to(device)
        output_BTD = model(on_device.source_BS, on_device.source_keep_BS, on_device.target_input_BT)
        target_N = on_device.target_output_BT.flatten()
        _, plain = label_smoothed_cross_entropy(
            output_BTD.flatten(0, 1), model.embedding.weight, target_N, 0.0, PAD_ID
        )
        loss_sum += float(plain)
        tokens += batch.target_tokens
    return loss_sum / tokens


def translate_greedily(
    translator: Translator, corpus: PreparedCorpus
) -> tuple[list[str], list[str], list[str]]:
    """Source, reference and translation of the first sentences."""
    pairs = [corpus.pair(index) for index in range(min(SENTENCES, len(corpus)))]
    sources, references = (
        [translator.tokenizer.decode(side.tolist()) for side in sides] for sides in zip(*pairs, strict=True)
    )
    translations = translator.translate(sources, SearchOptions(beam_size=1))
    return sources, references, [translation.text for translation in translations]


def _batches(corpus: PreparedCorpus) -> list[Batch]:
    """Some batches of a development set, whatever its longest sentence, the same every time."""
    longest = int(corpus.lengths_P2.max()) + 1
    batches = TokenBudgetBatches(
        [corpus],
        batch_tokens=max(BATCH_TOKENS, longest),
        max_tokens_per_side=max(2, longest),
        seed=0,
        is_logged=False,  # no epoch of the training
    )
    return list(itertools.islice(batches.batches(epoch=0), LOSS_BATCHES))
