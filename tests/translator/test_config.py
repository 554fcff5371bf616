import ast
import dataclasses
import inspect
import itertools
import json
import math
from dataclasses import dataclass
from typing import Annotated

import pytest

from translator.config import (
    MAY_CHANGE,
    PRESETS,
    AugmentationConfig,
    Config,
    DecoderOnlyConfig,
    ModelConfig,
    RnnConfig,
    TrainingConfig,
    base,
    big,
    changed_settings,
    fit_to_vocabulary,
    load_config,
    may_change,
)
from translator.errors import ConfigError
from translator.model.transformer import Transformer


def parameters(config: ModelConfig) -> int:
    return sum(parameter.numel() for parameter in Transformer(config).parameters())


def test_base_has_the_papers_parameter_count():
    # 37,000 shared pieces (section 5.1). Embedding 37,000·512 = 18,944,000. A feed-forward network has
    # 512·2048 + 2048 + 2048·512 + 512 = 2,099,712; an attention 4·512² = 1,048,576; a LayerNorm 2·512 = 1,024.
    # Encoder layer 1,048,576 + 2,099,712 + 2·1,024 = 3,150,336; decoder layer 2·1,048,576 + 2,099,712 + 3·1,024
    # = 4,199,936. Six of each: 18,902,016 + 25,199,616. The paper's table 3 rounds to 65 million.
    expected = 18_944_000 + 18_902_016 + 25_199_616
    assert parameters(dataclasses.replace(base().model, vocab_size=37_000)) == expected


def test_big_has_the_papers_parameter_count():
    # Embedding 37,000·1024 = 37,888,000; feed-forward 2·1024·4096 + 4096 + 1024 = 8,393,728; attention
    # 4·1024² = 4,194,304; LayerNorm 2,048. Encoder layer 12,592,128, decoder layer 16,788,480. Paper: 213 million.
    expected = 37_888_000 + 6 * 12_592_128 + 6 * 16_788_480
    assert expected == 214_171_648
    assert parameters(dataclasses.replace(big().model, vocab_size=37_000)) == expected


def test_base_and_big_are_the_papers_models():
    # Vaswani et al. 2017, table 3 and section 5.
    assert dataclasses.astuple(base().model)[1:9] == (512, 8, 2048, 6, 6, 0.1, 0.0, "post")
    assert dataclasses.astuple(big().model)[1:9] == (1024, 16, 4096, 6, 6, 0.3, 0.0, "post")
    for preset in (base(), big()):
        training = preset.training
        assert (training.adam_beta1, training.adam_beta2, training.adam_epsilon) == (0.9, 0.98, 1e-9)
        assert (training.label_smoothing, training.warmup_steps, training.schedule) == (
            0.1,
            4000,
            "inverse-sqrt",
        )
    assert (base().training.max_steps, big().training.max_steps) == (100_000, 300_000)
    assert (base().training.average_checkpoints, big().training.average_checkpoints) == (5, 20)


def test_heads_must_divide_d_model():
    with pytest.raises(ConfigError, match=r"d_model 512 is not divisible by heads 7.*heads 8"):
        ModelConfig(d_model=512, heads=7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"d_model": 0}, "d_model is 0; give a whole number of 1 or more"),
        ({"d_model": 15, "heads": 3}, "even"),
        ({"d_model": 8.0}, "d_model is 8.0; give a whole number"),
        ({"dropout": 1.0}, "dropout is 1.0; give a number from 0 to below 1"),
        ({"norm": "middle"}, 'norm is \'middle\'; give "post" or "pre"'),
        ({"positions": "rotary"}, 'give "sinusoidal" or "learned"'),
        ({"activation": "tanh"}, 'give "relu", "gelu" or "swish"'),
        ({"sinusoids": "t5"}, 'give "paper", "marian" or "fairseq"'),
        ({"embeddings": "none"}, 'give "shared", "output-tied" or "separate"'),
        ({"attention_bias": 1}, "attention_bias is 1; give true or false"),
        (
            {"sinusoids": "fairseq", "d_model": 2, "heads": 1},
            "d_model is 2; fairseq's wavelengths need at least 4",
        ),
        (
            {"positions": "learned", "sinusoids": "marian"},
            "sinusoids is 'marian', but positions are learned; give",
        ),
        (
            {"positions": "learned", "first_position": 2},
            "first_position is 2, but positions are learned; give 0",
        ),
        (
            {"positions": "learned", "embeddings": "separate"},
            "embeddings is 'separate', but positions are learned",
        ),
        ({"encoder_layers": 0}, "encoder_layers is 0"),
        ({"vocab_size": -1}, "vocab_size is -1"),
    ],
)
def test_invalid_model_settings_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        ModelConfig(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_tokens": 0}, 'batch_tokens is 0; give a whole number of 1 or more or "auto"'),
        ({"batch_tokens": "all"}, "batch_tokens is 'all'"),
        ({"label_smoothing": 1.0}, "label_smoothing is 1.0"),
        ({"peak_learning_rate": 0.0}, "peak_learning_rate is 0.0; give a number above 0"),
        ({"batch_tokens": 100, "max_tokens_per_side": 101}, "over batch_tokens 100"),
        ({"keep_checkpoints": 2, "average_checkpoints": 3}, "average_checkpoints 3 is over"),
        ({"max_steps": None}, "neither max_steps nor max_minutes"),
        ({"schedule": "cosine"}, 'give "inverse-sqrt" or "linear"'),
        ({"clip_norm": -1.0}, "clip_norm is -1.0"),
        ({"both_directions_epochs": -1}, "both_directions_epochs is -1"),
        ({"peak_learning_rate": math.inf}, "peak_learning_rate is inf; give a number"),
        ({"weight_decay": math.nan}, "weight_decay is nan"),
        ({"adam_epsilon": 0.0}, "adam_epsilon is 0.0; give a number above 0"),
        ({"seed": -1}, "seed is -1; give a whole number from 0 to below 9223372036854775808"),
        ({"seed": 1 << 63}, "seed is 9223372036854775808"),
        ({"threads": 100_000}, "threads is 100000; give a whole number from 0 to 1024"),
        (
            {"gradient_accumulation_steps": 1001},
            "gradient_accumulation_steps is 1001; give a whole number from 1 to 1000",
        ),
    ],
)
def test_invalid_training_settings_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        TrainingConfig(**{"max_steps": 10, **change})


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ({"upper_case": 1.5}, "augmentation.upper_case is 1.5; give a number from 0 to 1"),
        ({"typos": -0.1}, "augmentation.typos is -0.1"),
        ({"no_final_punctuation": float("nan")}, "augmentation.no_final_punctuation is nan"),
        ({"upper_case": 0.5, "title_case": 0.5, "lower_case": 0.25}, "add up to 1.25; lower them"),
    ],
)
def test_invalid_augmentation_rates_are_refused(rates, message):
    with pytest.raises(ConfigError, match=message):
        AugmentationConfig(**rates)


def test_casing_rates_may_sum_to_one():
    AugmentationConfig(upper_case=0.7, title_case=0.2, lower_case=0.1, no_final_punctuation=1, typos=1)


def test_augmentation_survives_a_round_trip():
    training = TrainingConfig(max_steps=1, augmentation=AugmentationConfig(typos=0.125))
    config = Config(ModelConfig(), training)
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_configurations_from_before_augmentation_load_without_it():
    training = Config.from_dict({"training": {"max_steps": 1}}).training
    assert training.augmentation == AugmentationConfig()
    assert dataclasses.astuple(training.augmentation) == (0.0, 0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("preset", PRESETS.values())
def test_a_saved_configuration_survives_a_round_trip(preset, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(preset().to_dict()))
    assert load_config(str(path)) == preset()


def test_unknown_keys_are_errors():
    with pytest.raises(
        ConfigError, match=r"unknown key 'd_modle' in configuration\.model; known keys: vocab_size, d_model"
    ):
        Config.from_dict({"model": {"d_modle": 512}})
    with pytest.raises(
        ConfigError, match="unknown key 'modle' in configuration; known keys: model, training"
    ):
        Config.from_dict({"modle": {}})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (3, "configuration is 3; it must be a JSON object"),
        ({"model": 3}, "configuration.model is 3; it must be a JSON object"),
        ({"model": {"d_model": "large"}}, "d_model is 'large'; give a whole number of 1 or more"),
        ({"model": {"d_model": 8.5}}, "d_model is 8.5"),
        ({"model": {"heads": True}}, "heads is True"),
        ({"model": {"norm": 1}}, "norm is 1"),
        ({"training": {"augmentation": 0.1}}, "configuration.training.augmentation is 0.1; it must be"),
        (
            {"training": {"augmentation": {"typo": 0.1}}},
            "unknown key 'typo' in configuration.training.augmentation; known keys: upper_case",
        ),
        ({"training": {"augmentation": {"typos": "few"}}}, "augmentation.typos is 'few'; give a number"),
        ({"training": {"max_minutes": "long"}}, "max_minutes is 'long'; give a number above 0"),
    ],
)
def test_a_configuration_of_wrong_types_is_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        Config.from_dict(values)


def test_every_setting_declares_its_bounds_and_its_help():
    """An unbounded number would be checked nowhere; a setting without a docstring has no help on the command line."""
    for kind in (ModelConfig, RnnConfig, DecoderOnlyConfig, AugmentationConfig, TrainingConfig):
        [declaration] = ast.parse(inspect.getsource(kind)).body
        assert isinstance(declaration, ast.ClassDef)
        for field, help_text in itertools.pairwise(declaration.body):
            if isinstance(field, ast.AnnAssign) and not ast.unparse(field.annotation).endswith("Config"):
                assert isinstance(help_text, ast.Expr), f"{field.target.id} has no help"
                assert ast.unparse(field.annotation) not in ("int", "float"), (
                    f"{field.target.id} has no bounds"
                )


def test_settings_that_shape_the_weights_must_not_change_on_resume():
    assert {"max_steps", "max_minutes", "patience", "threads", "peak_learning_rate"} < may_change(
        TrainingConfig
    )
    assert not {"seed", "batch_tokens", "schedule", "ema_decay", "precision"} & may_change(TrainingConfig)
    assert not may_change(ModelConfig)


@dataclass(frozen=True)
class Inner:
    rate: Annotated[int, MAY_CHANGE] = 1
    size: int = 1


@dataclass(frozen=True)
class Outer:
    size: Annotated[int, MAY_CHANGE] = 1
    rate: int = 1
    inner: Inner = Inner()


def test_whether_a_setting_may_change_is_read_from_its_own_class():
    changes = changed_settings(Outer(2, 3, Inner(4, 5)), Outer())
    assert list(changes) == [
        ("size", 2, 1, True), ("rate", 3, 1, False), ("inner.rate", 4, 1, True), ("inner.size", 5, 1, False)
    ]  # fmt: skip
    assert list(changed_settings(Outer(inner=Inner(size=2)), Outer())) == [("inner.size", 2, 1, False)]


def test_integers_are_accepted_for_floats():
    config = Config.from_dict({"model": {"dropout": 0}, "training": {"max_minutes": 5, "max_steps": None}})
    assert (config.model.dropout, config.training.max_minutes) == (0, 5)


def test_learned_positions_must_cover_the_longest_sentence():
    with pytest.raises(ConfigError, match="max_tokens_per_side 256 is over the 100 learned positions"):
        Config(ModelConfig(positions="learned", max_positions=100), TrainingConfig(max_steps=1))


def test_an_unknown_preset_names_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match="tiny, small, base, big"):
        load_config(str(tmp_path / "huge"))


def test_the_vocabulary_comes_from_the_tokenizer():
    assert fit_to_vocabulary(ModelConfig(), 8000).vocab_size == 8000
    with pytest.raises(
        ConfigError, match="vocab_size is 9000, but the tokenizer of the prepared data has 8000"
    ):
        fit_to_vocabulary(ModelConfig(vocab_size=9000), 8000)
