import dataclasses

import pytest
import torch

from translator.data.shards import PreparedData
from translator.files.model_folder import write_card
from translator.model.transformer import Transformer
from translator.training import Processes, Trainer
from translator.training.card import (
    EXAMPLES,
    build_card,
    cost_in_all,
    save_trained_model,
    tells_formality,
    training_flops,
)
from translator.training.checkpoint import load_model
from translator.translate import Translator


@pytest.fixture
def trainer(prepared, brief_config, tmp_path):
    torch.manual_seed(1)
    config = dataclasses.replace(brief_config, model=dataclasses.replace(brief_config.model, dropout=0.1))
    return Trainer(Transformer(config.model), prepared, config, tmp_path)


def test_operations_worked_out_by_hand(trainer):
    """6 per weight and token; the keys and values of the source are computed once per source token.

    Width 16, feed-forward 32: an encoder layer has 4·16² + 2·16·32 weights in matrices, a decoder layer 8·16² + 2·16·32
    (2·16² of them for the source's keys and values), and the output 16 per piece.
    """
    vocabulary = trainer.config.model.vocab_size
    for_source = 4 * 256 + 2 * 512 + 2 * 256
    for_target = 6 * 256 + 2 * 512 + 16 * vocabulary
    assert training_flops(trainer.model, 10, 7) == 6 * (10 * for_source + 7 * for_target)


def test_processes_count_in_the_cost(trainer, prepared):
    trainer.run.progress.source_tokens, trainer.run.progress.target_tokens = 10, 7
    trainer.run.progress.seconds = 1800
    plain = build_card("toy", trainer, prepared)["training"]
    assert plain["device"].startswith(f"{torch.get_num_threads()} × ")
    trainer._processes = Processes(rank=0, count=4)
    found = build_card("toy", trainer, prepared)["training"]
    assert found["flops"] == plain["flops"]
    assert found["device"].startswith(f"{4 * torch.get_num_threads()} × ")
    assert found["hours"] == plain["hours"] == 0.5
    assert plain["device_hours"] == 0.5 * torch.get_num_threads()
    assert found["device_hours"] == 2 * torch.get_num_threads()


def test_costs_are_summed_over_trainings():
    before = {"cost_in_all": {"target_tokens_seen": 5, "flops": 2.5}}
    training = {"target_tokens_seen": 7, "flops": 1.0, "device_hours": 3.0}
    assert cost_in_all(training, before) == {"target_tokens_seen": 12, "flops": 3.5}
    assert cost_in_all(training, None) == {"target_tokens_seen": 7, "flops": 1.0}


@pytest.mark.slow
def test_scores_are_kept_only_for_the_same_weights(trainer, prepared, tmp_path):
    trainer.train()
    path = tmp_path / "model"
    save_trained_model(path, "toy", trainer, prepared)
    assert load_model(path).card["scores"] == []
    write_card(path, {**load_model(path).card, "scores": [{"testset": "mine"}]})
    save_trained_model(path, "toy", trainer, prepared)
    assert load_model(path).card["scores"] == [{"testset": "mine"}]
    with torch.no_grad():
        trainer.model.decoder_norm.weight[0] += 1
    save_trained_model(path, "toy", trainer, prepared)
    assert load_model(path).card["scores"] == []


def test_the_examples_are_what_the_saved_model_translates(trainer, prepared, tmp_path):
    trainer.train()
    save_trained_model(tmp_path / "model", "toy", trainer, prepared)
    translator = Translator.load(tmp_path / "model", device="cpu", precision="fp32")
    translations = [translation.text for translation in translator.translate(EXAMPLES)]
    assert [example["translation"] for example in translator.card["examples"]] == translations


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ({}, False),
        ({"formality": {"formal": 1000, "informal": 999}}, False),
        ({"formality": {"formal": 1000, "informal": 1000}}, True),
    ],
)
def test_a_model_can_choose_formality_if_it_has_seen_enough_of_both(prepared, pairs, expected):
    data = PreparedData(prepared.tokenizer, prepared.corpora, prepared.dev, prepared.sha256, pairs)
    assert tells_formality(data) is expected
