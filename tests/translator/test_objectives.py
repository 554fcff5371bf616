"""Pre-training: what each objective makes of a text, how texts are read, and that a run resumes exactly."""

import dataclasses
import gzip
import itertools
import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from toy_grammar import generate_pairs

from translator.config import Config, DecoderOnlyConfig, ModelConfig, TrainingConfig, tiny
from translator.config.presets import tiny_decoder_only
from translator.data.batching import TokenBudgetBatches
from translator.data.monolingual import read_monolingual
from translator.data.objectives import empty_source, mask_spans, source_maker
from translator.data.shards import PreparedCorpus
from translator.data.tokenizer import BOS_ID, EOS_ID, PAD_ID
from translator.errors import ConfigError, DataError
from translator.model.architectures import build_network
from translator.training import Trainer
from translator.training.batch_loss import batch_loss
from translator.training.card import build_card, save_trained_model
from translator.training.checkpoint import checkpoint_paths, load_checkpoint
from translator.training.validation import make_validator
from translator.training.warm_start import load_initial_weights

MASK = 9


class Chosen:
    """Returns given choices instead of random ones, and checks what they are chosen from."""

    def __init__(self, *choices):
        self.choices = list(choices)

    def choice(self, among, size, *, replace):
        (expected, values) = self.choices.pop(0)
        assert (among, size, replace) == (expected, len(values), False)
        return np.array(values, int)


def test_spans_worked_out_by_hand():
    """Of 20 tokens, 30 % are 6, in 6 / 3 = 2 spans.

    6 tokens have 5 places for a cut. The one after the second makes spans of 2 and 4. The 14 tokens that stay have 15
    places between and around them: the first span goes before all of them, the second after three.
    """
    random = Chosen((5, [1]), (15, [3, 0]))
    source = mask_spans(np.arange(100, 120), random, mask_id=MASK)
    assert source.tolist() == [MASK, 102, 103, 104, MASK, *range(109, 120)]


def test_a_short_text_keeps_one_span():
    assert mask_spans(np.array([100]), Chosen((0, []), (1, [0])), mask_id=MASK).tolist() == [MASK]
    # Of 4 tokens, 30 % are 1, and the span goes after the last of the 3 that stay.
    assert mask_spans(np.arange(100, 104), Chosen((0, []), (4, [3])), mask_id=MASK).tolist() == [
        *(100, 101, 102), MASK,
    ]  # fmt: skip


@given(st.integers(1, 300), st.integers(0, 1000))
def test_the_target_fills_the_gaps_of_the_source(length, seed):
    target = np.arange(100, 100 + length)
    source = mask_spans(target, np.random.default_rng(seed), mask_id=MASK).tolist()
    hidden = sorted(set(target.tolist()) - set(source))
    assert len(hidden) == max(1, round(0.3 * length))
    assert source.count(MASK) == max(1, round(len(hidden) / 3))
    assert all(one != MASK or other != MASK for one, other in itertools.pairwise(source))
    filled, following = [], 100
    for place, token in enumerate(source):
        is_last = place == len(source) - 1
        until = token if token != MASK else 100 + length if is_last else source[place + 1]
        assert token != MASK or until > following  # no gap is empty
        filled += [token] if token != MASK else range(following, until)
        following = filled[-1] + 1
    assert filled == target.tolist()
    assert target.tolist() == list(range(100, 100 + length))  # unchanged


def test_all_ways_to_mask_are_equally_likely():
    """Of 17 tokens, 5 are masked in 2 spans. Each way to do so comes from one of the equally likely choices."""
    target = np.arange(100, 117)
    hidden = [
        tuple(sorted({*target.tolist()} - {*source.tolist()}))
        for cut in range(4)
        for kept_before in itertools.combinations(range(13), 2)
        for source in [mask_spans(target, Chosen((4, [cut]), (13, [*kept_before])), mask_id=MASK)]
    ]
    in_two_spans = [
        chosen
        for chosen in itertools.combinations(range(100, 117), 5)
        if sum(token - 1 not in chosen for token in chosen) == 2
    ]
    assert sorted(hidden) == in_two_spans


# --- batches


def lines_of(lengths):
    ids = np.concatenate([np.arange(length) + 1000 + 100 * number for number, length in enumerate(lengths)])
    return PreparedCorpus("lines", ids.astype(np.uint16), np.array([(0, one) for one in lengths], np.uint16))


def batches_of(corpus, make_source):
    return TokenBudgetBatches(
        [corpus], batch_tokens=100, max_tokens_per_side=64, seed=3, make_source=make_source
    )


def test_a_batch_of_the_causal_objective_worked_out_by_hand():
    (batch,) = batches_of(lines_of([2, 1]), empty_source).batches(0)
    assert batch.source_BS.tolist() == [[EOS_ID], [EOS_ID]]
    assert sorted(batch.target_input_BT.tolist()) == [[BOS_ID, 1000, 1001], [BOS_ID, 1100, PAD_ID]]
    assert sorted(batch.target_output_BT.tolist()) == [[1000, 1001, EOS_ID], [1100, EOS_ID, PAD_ID]]


def test_masks_depend_on_seed_epoch_and_index_alone():
    corpus = lines_of([20] * 40)

    def sources(batches, epoch, index):
        return batches.batch(epoch, index).source_BS.tolist()

    def maker(target_T, random):
        return mask_spans(target_T, random, mask_id=MASK)

    batches, again = batches_of(corpus, maker), batches_of(corpus, maker)
    found = {
        (epoch, index): sources(batches, epoch, index)
        for epoch in range(2)
        for index in range(batches.batch_count(epoch))
    }
    for place in reversed(found):
        assert sources(again, *place) == found[place]
    stays = {
        (epoch, max(row) // 100): tuple(token % 100 for token in row if token >= 1000)
        for (epoch, _), rows in found.items()
        for row in rows
    }
    assert len(stays) == 80
    assert sum(stays[0, line] == stays[1, line] for line in range(10, 50)) < 10  # other gaps in each epoch
    assert len({stays[0, line] for line in range(10, 50)}) > 20  # and in each line
    for batch in batches.batches(0):
        for source, target in zip(batch.source_BS.tolist(), batch.target_output_BT.tolist(), strict=True):
            assert source[-1] == target[-1] == EOS_ID
            assert len(source) == 20 - 6 + 2 + 1
            kept = [token for token in source[:-1] if token != MASK]
            assert kept == [token for token in target if token in kept]


@pytest.mark.parametrize("source_loss", [False, True])
def test_the_causal_loss_counts_each_token_of_the_text_and_its_end(source_loss):
    torch.manual_seed(1)
    model = build_network(
        dataclasses.replace(
            tiny_decoder_only().model, vocab_size=1300, d_model=16, heads=2, d_ff=32, decoder_layers=1, dropout=0.0,
            decoder_only=DecoderOnlyConfig(source_loss=source_loss),
        )
    )  # fmt: skip
    training = TrainingConfig(max_steps=1, label_smoothing=0.0, precision="fp32")
    (batch,) = batches_of(lines_of([5, 2]), empty_source).batches(0)
    loss, nll = batch_loss(model, model, batch, training)
    expected = 0.0
    for text in ([1000, 1001, 1002, 1003, 1004], [1100, 1101]):  # each without padding
        output_1LD = model(
            torch.tensor([[EOS_ID]]), torch.ones(1, 1, dtype=torch.bool), torch.tensor([[BOS_ID, *text]])
        )
        log_p_LV = model.logits(output_1LD[0]).log_softmax(-1)
        for place, token in enumerate([*text, EOS_ID]):
            expected -= float(log_p_LV[1 + place, token].detach())
    assert float(nll) == pytest.approx(expected, rel=1e-5)
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-5)


# --- files


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """English and German sentences; the German is compressed."""
    folder = tmp_path_factory.mktemp("texts")
    pairs = generate_pairs(100, seed=8)
    (folder / "some.en").write_text("".join(f"{english}\n" for english, _ in pairs), encoding="utf-8")
    (folder / "some.de.gz").write_bytes(gzip.compress("".join(f"{german}\n" for _, german in pairs).encode()))
    return folder


def read(paths, tokenizer, objective="span-denoising", limit=64):
    maker = source_maker(objective, tokenizer)
    return read_monolingual(paths, tokenizer, maker, limit)


def lines_in(corpus, tokenizer):
    return [tokenizer.decode(corpus.pair(index)[1].tolist()) for index in range(len(corpus))]


def test_lines_are_learnt_or_held_out(texts, prepared):
    data = read([texts / "some.en", texts / "some.de.gz"], prepared.tokenizer)
    assert not data.has_pairs
    assert [(one.name, len(one)) for one in data.corpora] == [("some.en", 95), ("some.de.gz", 95)]
    assert [(name, len(one)) for name, one in data.dev.items()] == [("some.en", 5), ("some.de.gz", 5)]
    learnt = lines_in(data.corpora[0], prepared.tokenizer)
    held_out = lines_in(data.dev["some.en"], prepared.tokenizer)
    assert sorted(learnt + held_out) == sorted((texts / "some.en").read_text().splitlines())
    assert all(len(data.corpora[0].pair(index)[0]) == 0 for index in range(95))
    assert data.sha256 == read([texts / "some.en", texts / "some.de.gz"], prepared.tokenizer).sha256
    assert data.sha256 != read([texts / "some.en"], prepared.tokenizer).sha256


def test_empty_and_long_lines_are_left_out_and_counted(prepared, tmp_path, caplog):
    path = tmp_path / "x.txt"
    path.write_text("  The   dog sleeps. \n\n \nThe dog" + " sleeps" * 30 + ".\n", encoding="utf-8")
    with caplog.at_level("INFO"):
        data = read([path], prepared.tokenizer, limit=20)
    assert lines_in(data.corpora[0], prepared.tokenizer) == ["The dog sleeps."]
    assert data.dev == {}  # too few lines to hold one out
    assert caplog.messages == [
        "x.txt: left out lines that are 2 empty, 1 longer than 20 tokens",
        "x.txt: 1 lines to learn from, 0 held out",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"x.txt has no line to learn from \(the file is empty\); give a file"),
        (b"\n \n", r"no line to learn from \(2 empty\)"),
        (b"The dog" + b" sleeps" * 30, r"\(1 longer than 20 tokens\).*or raise max_tokens_per_side"),
        ("Der Hund\nDie Tür\n".encode("latin-1"), "line 2 of .*x.txt is not UTF-8; convert the file"),
    ],
)
def test_a_file_without_usable_lines_is_a_clear_error(prepared, tmp_path, content, message):
    (tmp_path / "x.txt").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read([tmp_path / "x.txt"], prepared.tokenizer, limit=20)


def test_other_mistakes_are_clear_errors(prepared, tmp_path):
    with pytest.raises(DataError, match=r"there is no file .*nothing\.txt"):
        read([tmp_path / "nothing.txt"], prepared.tokenizer)
    with pytest.raises(ConfigError, match=r"two monolingual files are named x\.txt; rename one"):
        read([tmp_path / "x.txt", tmp_path / "other" / "x.txt"], prepared.tokenizer)

    class Published:
        kind = "marian"
        reserved = {}  # noqa: RUF012 - as in the class it stands for, nobody changes it

    with pytest.raises(
        ConfigError, match=r"needs a tokenizer .* with reserved pieces, .*\(marian\) has none"
    ):
        source_maker("span-denoising", Published())
    assert source_maker("causal-lm", Published()) is empty_source
    assert source_maker("translation", Published()) is None


# --- settings


@pytest.mark.parametrize(
    ("model", "objective", "message"),
    [
        (tiny_decoder_only().model, "span-denoising", "needs an encoder .* decoder_only has none; set objective to"),
        (tiny().model, "causal-lm", "would leave the encoder .* transformer untrained; set objective to"),
    ],
)  # fmt: skip
def test_an_objective_needs_its_architecture(model, objective, message):
    training = TrainingConfig(max_steps=1, objective=objective)
    with pytest.raises(ConfigError, match=message):
        Config(model, training)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"both_directions_epochs": 1}, "both_directions_epochs changes pairs, but with objective causal-lm"),
        ({"best_by": "BLEU"}, "best_by is BLEU, .* nothing is translated; set it to loss"),
        ({"objective": "masking"}, 'give "translation", "span-denoising" or "causal-lm"'),
    ],
)
def test_settings_that_pre_training_cannot_use_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        TrainingConfig(**{"max_steps": 1, "objective": "causal-lm", **change})


# --- training

SMALL = {
    "span-denoising": ModelConfig(d_model=16, heads=2, d_ff=32, encoder_layers=1, decoder_layers=1, norm="pre"),
    "causal-lm": dataclasses.replace(
        tiny_decoder_only().model, d_model=16, heads=2, d_ff=32, decoder_layers=1, max_positions=128
    ),
}  # fmt: skip


def trainer_of(objective, data, out, report=None, **changes):
    training = TrainingConfig(
        batch_tokens=256, max_tokens_per_side=64, schedule="linear", warmup_steps=4, peak_learning_rate=1e-2,
        log_every_steps=1, validate_every_steps=100, save_every_steps=5, max_steps=30, objective=objective, **changes,
    )  # fmt: skip
    model = dataclasses.replace(SMALL[objective], vocab_size=data.tokenizer.vocab_size)
    torch.manual_seed(1)
    return Trainer(
        build_network(model), data, Config(model, training), out, validate=make_validator(data), report=report
    )


def records(out):
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("objective", SMALL)
def test_a_pre_training_stopped_and_resumed_equals_the_straight_run(objective, texts, prepared, tmp_path):
    data = read([texts / "some.en", texts / "some.de.gz"], prepared.tokenizer, objective)

    class Stop(Exception):
        pass

    def stop(record):
        if record["step"] == 17:
            raise Stop

    assert trainer_of(objective, data, tmp_path / "straight").train()
    with pytest.raises(Stop):
        trainer_of(objective, data, tmp_path / "parts", stop).train()
    second = trainer_of(objective, data, tmp_path / "parts")
    second.run.resume()
    assert second.run.progress.step == 15
    assert second.train()
    assert second.run.progress.epoch >= 1
    straight, parts = (
        load_checkpoint(checkpoint_paths(tmp_path / name / "checkpoints")[-1]).model
        for name in ("straight", "parts")
    )
    assert all(torch.equal(straight[name], parts[name]) for name in straight)
    figures = [[r["loss"] for r in records(tmp_path / name) if "loss" in r] for name in ("straight", "parts")]
    assert figures[0] == figures[1]
    assert figures[0][-1] < figures[0][0] - 0.5
    (validated,) = [r for r in records(tmp_path / "straight") if "loss" not in r]
    assert validated.keys() == {"step", "some.en loss", "some.de.gz loss"}


@pytest.mark.slow
@pytest.mark.parametrize("objective", SMALL)
def test_the_cards_tell_of_the_pre_training(objective, texts, prepared, tmp_path):
    data = read([texts / "some.en"], prepared.tokenizer, objective)
    trainer = trainer_of(objective, data, tmp_path / "run")
    trainer.train()
    save_trained_model(tmp_path / "model", "toy", trainer, data)
    tuned = build_network(trainer.config.model)
    card = load_initial_weights(tmp_path / "model", tuned, prepared.tokenizer)
    assert card["training"]["settings"]["objective"] == objective
    assert [(one["name"], one["lines"]) for one in card["corpora"]] == [("some.en", 95)]
    assert card["examples"] == []
    training = dataclasses.replace(trainer.config.training, objective="translation")
    fine_tuning = Trainer(
        tuned, prepared, Config(trainer.config.model, training), tmp_path / "tuned", initial_card=card
    )
    origin = build_card("tuned", fine_tuning, prepared)["began_with"]
    assert origin["training"]["settings"]["objective"] == objective
    assert origin["corpora"] == card["corpora"]
