"""Validation during training: loss, and BLEU of real translations, on the development sets."""

import itertools
import logging
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from translator.data.batching import Batch, SpecialIds, TokenBudgetBatches
from translator.data.shards import PreparedCorpus, PreparedData
from translator.errors import DataError
from translator.evaluation.evaluate import score
from translator.model.interface import TranslationModel
from translator.model.loss import label_smoothed_cross_entropy
from translator.search import SearchOptions
from translator.translate import Translator

EXAMPLES = 2
"""Number of example translations to show, from the first development set, to see them improve."""
SENTENCES = 200
"""Sentences to translate from each development set: enough to see BLEU rise, and done in seconds."""
LOSS_BATCHES, BATCH_TOKENS = 10, 4096
"""The loss is measured on at most this many batches, of this many tokens, from each development set."""

logger = logging.getLogger(__name__)


def make_validator(data: PreparedData) -> Callable[[TranslationModel], dict[str, Any]] | None:
    """Return a function that measures loss (nats per token) and greedy BLEU on every development set.

    Its result also has a few example translations from the first set. In pre-training, it measures only the loss. The
    loss leaves out pairs that are longer than the model's learned positions, and the log counts them.
    Returns None if there are no development sets. The function raises DataError if all pairs of a set are too long.
    """
    if not data.dev:
        return None

    @cache
    def batches(name: str, most_tokens: int | None) -> list[Batch]:
        return _batches(name, data, most_tokens)

    def validate(model: TranslationModel) -> dict[str, Any]:
        figures = dict[str, Any]()
        examples = list[str]()
        translator = Translator.of_model(model, data.tokenizer, lexicon=data.lexicon)
        for name, corpus in data.dev.items():
            figures[f"{name} loss"] = round(validation_loss(model, batches(name, model.most_tokens)), 4)
            if not data.has_pairs:
                continue
            sources, references, translations = translate_greedily(translator, corpus)
            figures[f"{name} BLEU"] = round(score(translations, references)[0].value, 2)
            examples += [f"{pair[0]} → {pair[1]}" for pair in zip(sources, translations, strict=True)]
        for number, example in enumerate(examples[:EXAMPLES], start=1):
            figures[f"example {number}"] = example
        return figures

    return validate


def validation_loss(model: TranslationModel, batches: Sequence[Batch]) -> float:
    """Return the mean cross-entropy per target token, without label smoothing, in nats."""
    device = next(model.parameters()).device
    loss_sum, tokens = 0.0, 0
    for batch in batches:
        on_device = batch.to(device)
        output_BLD = model(on_device.source_BS, on_device.source_keep_BS, on_device.target_input_BT)
        output_BTD = output_BLD[:, -on_device.target_output_BT.shape[1] :]
        target_N = on_device.target_output_BT.flatten()
        _, nll = label_smoothed_cross_entropy(
            output_BTD.flatten(0, 1), model.output_VD, target_N, 0.0, batch.pad_id, model.logits_bias_V
        )
        loss_sum += float(nll)
        tokens += batch.target_tokens
    return loss_sum / tokens


def translate_greedily(
    translator: Translator, corpus: PreparedCorpus
) -> tuple[list[str], list[str], list[str]]:
    """Translate the first SENTENCES sentences of a corpus; returns sources, references and translations."""
    pairs = [corpus.pair(index) for index in range(min(SENTENCES, len(corpus)))]
    tokenizer = translator.tokenizer
    sources = [tokenizer.source.decode(source.tolist()) for source, _ in pairs]
    references = [tokenizer.target.decode(target.tolist()) for _, target in pairs]
    translations = translator.translate(sources, SearchOptions(beam_size=1))
    return sources, references, [translation.text for translation in translations]


def _batches(name: str, data: PreparedData, most_tokens: int | None) -> list[Batch]:
    """Return the same few batches of a development set every time; no sentence is too long for them."""
    corpus = data.dev[name]
    tokens_P = corpus.lengths_P2.max(axis=1).astype(int) + 1
    longest = int(tokens_P.max())
    if most_tokens is not None and longest > most_tokens:
        too_long = int((tokens_P > most_tokens).sum())
        what = f"longer than the model's {most_tokens} learned positions of a side"
        if too_long == len(tokens_P):
            raise DataError(
                f"all pairs of the development set {name} are {what}; give shorter ones, or raise max_positions"
            )
        logger.warning(
            "%s: the loss leaves out %d of %d pairs, which are %s", name, too_long, len(tokens_P), what
        )
        longest = most_tokens
    batches = TokenBudgetBatches(
        [corpus],
        batch_tokens=max(BATCH_TOKENS, longest),
        max_tokens_per_side=max(2, longest),
        seed=0,
        special=SpecialIds.of(data.tokenizer),
        make_source=data.make_source,
        is_logged=False,  # this is not an epoch of the training
    )
    return list(itertools.islice(batches.batches(epoch=0), LOSS_BATCHES))
