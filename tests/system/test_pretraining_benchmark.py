"""The benchmark of pre-training divides a corpus into pairs, texts and held-out pairs that share nothing."""

import pretraining
import pytest
from toy_grammar import generate_pairs

from translator.data.shards import PreparedData
from translator.errors import ConfigError


@pytest.fixture
def options(tmp_path, monkeypatch):
    """A small comparison, whose data are prepared."""
    for name, value in (("PAIRS", 200), ("HELD_OUT", 20), ("TOY_SENTENCES", 500)):
        monkeypatch.setattr(pretraining, name, value)
    monkeypatch.setitem(pretraining.VOCAB_SIZES, "tiny", 600)
    options = pretraining.Options(tmp_path / "out")
    pretraining.prepare_data(options)
    return options


@pytest.mark.slow
def test_pairs_texts_and_held_out_sentences_are_apart(options, tmp_path):
    pretraining.prepare_data(options)  # and again, to go on after an interruption
    german_of = dict(generate_pairs(500, seed=1))
    parts = [
        [tuple(line.split("\t")) for line in (options.out / f"{name}.tsv").read_text().splitlines()]
        for name in ("training", "unseen")
    ]
    english, german = (path.read_text().splitlines() for path in options.texts)
    assert [len(part) for part in (*parts, english, german)] == [200, 20, 280, 280]
    assert {*(pair[0] for part in parts for pair in part), *english} == set(german_of)
    assert sorted(german) == sorted(german_of[sentence] for sentence in english)
    aligned = sum(german_of[one] == other for one, other in zip(english, german, strict=True))
    assert aligned < 20  # the texts are no pairs
    assert len(PreparedData.open(options.out / "prepared").dev["unseen"]) == 20
    with pytest.raises(ConfigError, match="holds a comparison with"):
        pretraining.prepare_data(pretraining.Options(options.out, size="small"))
    (tmp_path / "few.tsv").write_text("a\tb\n")
    with pytest.raises(ConfigError, match="has 1 different clean pairs; give at least 440"):
        pretraining.prepare_data(pretraining.Options(tmp_path / "few", data=str(tmp_path / "few.tsv")))


@pytest.mark.slow
def test_updates_cost_what_they_should(options):
    """Twice the operations take twice the updates, and a text without a source costs less than a pair."""
    preset = "tiny-decoder-only"
    one, two = (pretraining._updates(options, preset, "translation", flops) for flops in (1e12, 2e12))
    assert two == pytest.approx(2 * one, abs=1)
    assert pretraining._updates(options, preset, "causal-lm", 1e12) > 1.3 * one


def test_a_tuned_model_is_not_taken_for_one_with_another_pre_training(tmp_path, monkeypatch):
    monkeypatch.setattr(pretraining, "prepare_data", lambda _options: None)
    monkeypatch.setattr(pretraining, "measure", lambda _options, _model: ())
    tuned = []

    def train_once(_options, name, preset, objective, flops, *further):
        if "--init-from" in further:
            tuned.append(name)

    monkeypatch.setattr(pretraining, "train_once", train_once)
    for flops in (1e11, 2e11):
        pretraining.compare(pretraining.Options(tmp_path, pretraining_flops=flops))
    assert len(tuned) == len(set(tuned)) == 4  # two architectures, two pre-trainings each
