"""The recurrent network and the decoder-only model, beside the Transformer, and what all three have in common."""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from torch.utils.flop_counter import FlopCounterMode

from service.app import create_app
from service.engine import TranslationEngine
from service.settings import Settings
from translator.config import (
    PRESETS,
    Config,
    DecoderOnlyConfig,
    ModelConfig,
    RnnConfig,
    TrainingConfig,
    fit_to_vocabulary,
)
from translator.data.batching import Batch
from translator.data.objectives import empty_source
from translator.data.shards import PreparedCorpus, PreparedData
from translator.engines.cuda.engine import CudaEngine
from translator.engines.ensemble import Ensemble
from translator.engines.native.engine import NativeEngine
from translator.engines.protocol import Rows
from translator.engines.reference import ReferenceEngine
from translator.errors import ConfigError, DataError, InputTooLong
from translator.evaluation.attention_maps import attention_of_all_layers, look_at
from translator.evaluation.explanation import explain
from translator.files.weight_shapes import weight_shapes
from translator.model.architectures import build_network
from translator.search import SearchOptions, SpecialTokens
from translator.training import Trainer
from translator.training.batch_loss import batch_loss
from translator.training.card import training_flops
from translator.training.checkpoint import load_model, save_model
from translator.training.export import export_ctranslate2
from translator.training.validation import make_validator, validation_loss
from translator.translate import Translator
from translator.translate.alignment import align
from translator.translate.forced import forced_attention

PAD, BEGIN, END, FORBIDDEN = 0, 2, 3, 0
SOURCES = [[5, 6, 7, 8, END], [9, END], [10, 11, END]]
SIZES = {"vocab_size": 30, "d_model": 16, "decoder_layers": 2, "dropout": 0.0}
GPT = {
    **SIZES, "architecture": "decoder_only", "heads": 4, "d_ff": 24, "encoder_layers": 0, "norm": "pre",
    "positions": "learned", "activation": "gelu", "max_positions": 40,
}  # fmt: skip
RNN = {**SIZES, "architecture": "rnn", "heads": 1, "encoder_layers": 2}
SETTINGS = {
    "transformer": {**SIZES, "heads": 4, "d_ff": 24, "encoder_layers": 2},
    "gru": RNN,
    "lstm": {**RNN, "rnn": RnnConfig("lstm")},
    "gpt": GPT,
    "prefix": {**GPT, "decoder_only": DecoderOnlyConfig(prefix_attention=True)},
    "with source": {**GPT, "decoder_only": DecoderOnlyConfig(source_loss=True)},
}
EACH = pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
ONE_OF_EACH = pytest.mark.parametrize("name", ["transformer", "gru", "gpt"])


def make_model(settings, **changes):
    torch.manual_seed(3)
    model = build_network(ModelConfig(**{**settings, **changes})).eval()
    for name, parameter in model.named_parameters():
        if "bias" in name:
            torch.nn.init.normal_(parameter, std=0.3)  # many start with zeros
    return model


def batch():
    source_BS = torch.tensor([[5, 6, 7, 8, 3], [9, 10, 3, 0, 0]])
    target_BT = torch.tensor([[2, 11, 12, 13], [2, 14, 15, 16]])
    return source_BS, source_BS != PAD, target_BT


def rows_of(row, parent, token):
    row_N, parent_N, token_N = (np.asarray(x, dtype=np.int32) for x in (row, parent, token))
    return Rows(row_N, parent_N, token_N, np.zeros(len(row_N), dtype=np.int32))


@torch.inference_mode()
def expected_after(model, source, tokens):
    """The distribution after these tokens, from the network run on all of them at once."""
    source_1S = torch.tensor([source])
    output = model(source_1S, torch.ones_like(source_1S, dtype=torch.bool), torch.tensor([tokens]))
    logits_V = model.logits(output)[0, -1]
    logits_V[FORBIDDEN] = -torch.inf
    return logits_V.log_softmax(0).numpy()


@EACH
def test_steps_equal_the_whole_sequence_at_once_while_sentences_come_and_go(settings):
    model = make_model(settings)
    session = ReferenceEngine(model, [FORBIDDEN]).session()
    first = session.admit(SOURCES[1:], 2)
    session.distribution(rows_of(first, first, [BEGIN, BEGIN]))
    session.distribution(rows_of([0, 1, 2, 3], [0, 0, 2, 2], [11, 12, 13, 14]))
    session.release(first[:1])
    (later,) = session.admit(SOURCES[:1], 2)  # it takes the rows of the first, and its source is longer
    # Rows 2 and 3 both continue row 3.
    found = session.distribution(rows_of([2, 3, later], [3, 3, later], [15, 16, BEGIN]))
    assert found[0] == pytest.approx(expected_after(model, SOURCES[2], [BEGIN, 14, 15]), abs=1e-5)
    assert found[1] == pytest.approx(expected_after(model, SOURCES[2], [BEGIN, 14, 16]), abs=1e-5)
    assert found[2] == pytest.approx(expected_after(model, SOURCES[0], [BEGIN]), abs=1e-5)
    found = session.distribution(rows_of([later + 1], [later], [17]))
    assert found[0] == pytest.approx(expected_after(model, SOURCES[0], [BEGIN, 17]), abs=1e-5)


@EACH
@torch.inference_mode()
def test_the_future_has_no_influence(settings):
    model = make_model(settings)
    source_BS, keep_BS, target_BT = batch()
    before = model(source_BS, keep_BS, target_BT)[:, -4:]
    changed_BT = target_BT.clone()
    changed_BT[:, 2] = 20
    after = model(source_BS, keep_BS, changed_BT)[:, -4:]
    torch.testing.assert_close(after[:, :2], before[:, :2])
    assert not torch.allclose(after[:, 2:], before[:, 2:], atol=1e-3)


@EACH
@torch.inference_mode()
def test_padding_has_no_influence(settings):
    model = make_model(settings)
    source_BS, keep_BS, target_BT = batch()
    expected = model(source_BS[1:, :3], keep_BS[1:, :3], target_BT[1:])[:, -4:]
    source_BS[1, 3:] = torch.tensor([21, 22])
    found = model(source_BS, keep_BS, target_BT)[1:, -4:]
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("name", "sees_ahead"), [("gpt", False), ("with source", False), ("prefix", True)])
@torch.inference_mode()
def test_source_tokens_see_those_after_them_only_with_prefix_attention(name, sees_ahead):
    model = make_model(SETTINGS[name])
    source_BS, keep_BS, target_BT = batch()
    before = model(source_BS, keep_BS, target_BT)
    source_BS[0, 3] = 20
    after = model(source_BS, keep_BS, target_BT)
    assert torch.allclose(after[0, :3], before[0, :3], atol=1e-6) != sees_ahead
    assert not torch.allclose(after[0, 3:], before[0, 3:], atol=1e-3)


@torch.inference_mode()
def test_a_decoder_only_model_reads_the_pair_as_one_sequence():
    """Source and target may be cut anywhere: the model sees one text, with consecutive positions."""
    model = make_model(GPT)
    tokens_1L = torch.tensor([[5, 6, 7, END, BEGIN, 11, 12]])
    outputs = [
        model(tokens_1L[:, :cut], torch.ones(1, cut, dtype=torch.bool), tokens_1L[:, cut:])
        for cut in (1, 4, 6)
    ]
    torch.testing.assert_close(outputs[1], outputs[0])
    torch.testing.assert_close(outputs[2], outputs[0])


def test_the_loss_counts_the_target_and_if_asked_the_source():
    """Worked out token by token, from the logits of the whole sequence."""
    source_BS, target_BT = torch.tensor([[5, 6, END], [7, END, PAD]]), torch.tensor([[11, END], [END, PAD]])
    input_BT = torch.tensor([[BEGIN, 11], [BEGIN, PAD]])
    training = TrainingConfig(max_steps=1, label_smoothing=0.0, precision="fp32")
    losses = {}
    for name in ("gpt", "with source"):
        model = make_model(SETTINGS[name])
        losses[name] = batch_loss(model, model, Batch(source_BS, input_BT, target_BT), training)
    model = make_model(GPT)
    output_BLD = model(source_BS, source_BS != PAD, input_BT)
    log_p_BLV = model.logits(output_BLD).log_softmax(-1)
    # The places after 5 6 3 | 2 11 and 7 3 _ | 2 _: which token each must predict.
    on_target = -(log_p_BLV[0, 3, 11] + log_p_BLV[0, 4, END] + log_p_BLV[1, 3, END])
    on_source = -(log_p_BLV[0, 0, 6] + log_p_BLV[0, 1, END] + log_p_BLV[1, 0, END])
    torch.testing.assert_close(losses["gpt"][0], on_target)
    torch.testing.assert_close(losses["with source"][0], on_target + on_source)
    for _, nll in losses.values():
        torch.testing.assert_close(nll, on_target.detach())


@pytest.mark.parametrize("name", ["gpt", "with source"])
@torch.inference_mode()
def test_the_validation_loss_is_that_of_the_target(name):
    model = make_model(SETTINGS[name])
    source_BS, keep_BS, input_BT = batch()
    output_BT = torch.tensor([[11, 12, 13, END], [14, 15, 16, END]])
    log_p_BTV = model.logits(model(source_BS, keep_BS, input_BT)[:, -4:]).log_softmax(-1)
    expected = -log_p_BTV.gather(2, output_BT.unsqueeze(2)).mean()
    found = validation_loss(model, [Batch(source_BS, input_BT, output_BT)])
    assert found == pytest.approx(float(expected), rel=1e-5)


@torch.inference_mode()
def test_the_validation_loss_leaves_out_what_is_longer_than_the_learned_positions(prepared, caplog):
    """16 positions are 8 for each side: with the end token, texts of 3 and 7 tokens fit, and one of 8 does not."""

    def validate(*lengths):
        ids = np.concatenate([np.arange(10, 10 + length) for length in lengths]).astype(np.uint16)
        corpus = PreparedCorpus("few", ids, np.array([(0, length) for length in lengths], np.uint16))
        data = PreparedData(prepared.tokenizer, [], {"few": corpus}, "", make_source=empty_source)
        return make_validator(data)(make_model(GPT, max_positions=16))

    fitting = validate(3, 7)
    assert not caplog.messages
    assert validate(3, 8, 7) == fitting
    assert caplog.messages == [
        "few: the loss leaves out 1 of 3 pairs, which are longer than the model's 8 learned positions of a side"
    ]
    with pytest.raises(
        DataError, match="all pairs of the development set few are longer than the model's 8 learned"
    ):
        validate(8, 9)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@torch.inference_mode()
def test_the_rnn_equals_its_formulas_one_token_at_a_time(cell):
    """Bahdanau et al. 2015 and Luong et al. 2015, for one sentence, in loops over positions."""
    model = make_model(RNN, rnn=RnnConfig(cell))
    source, target = [5, 6, 7, END], [BEGIN, 11, 12]
    embed = model.embedding.weight * 4  # the root of d_model

    def run(recurrent, inputs, state):
        """The hidden states of one direction, from PyTorch's cell with the weights of a layer."""
        states = []
        for x_D in inputs:
            state = recurrent(x_D, state)
            states.append(state[0] if cell == "lstm" else state)
        return states

    zero = (torch.zeros(16), torch.zeros(16)) if cell == "lstm" else torch.zeros(16)
    annotations = [embed[token] for token in source]
    for layer in model.encoder:
        directions = []
        for suffix in ("l0", "l0_reverse"):
            one = (torch.nn.LSTMCell if cell == "lstm" else torch.nn.GRUCell)(layer.input_size, 16)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                getattr(one, name).copy_(getattr(layer, f"{name}_{suffix}"))
            directions.append(one)
        forward = run(directions[0], annotations, zero)
        backward = run(directions[1], annotations[::-1], zero)[::-1]
        annotations = [torch.cat(pair) for pair in zip(forward, backward, strict=True)]
    first = torch.tanh(model.bridge.weight @ annotations[0][16:] + model.bridge.bias)
    states = [(one, torch.zeros(16)) if cell == "lstm" else one for one in (first[:16], first[16:])]
    fed, attention, outputs = torch.zeros(16), model.attention, []
    for token in target:
        x_D = torch.cat([embed[token], fed])
        for number, layer in enumerate(model.decoder):
            states[number] = layer(x_D, states[number])
            x_D = states[number][0] if cell == "lstm" else states[number]
        energies = [
            math.fsum(
                attention.energy_D * torch.tanh(attention.query.weight @ x_D + attention.key.weight @ h)
            )
            for h in annotations
        ]
        shares = [math.exp(energy) / sum(map(math.exp, energies)) for energy in energies]
        context = sum(share * h for share, h in zip(shares, annotations, strict=True))
        fed = torch.tanh(model.combine.weight @ torch.cat([context, x_D]))
        outputs.append(fed)
    source_1S = torch.tensor([source])
    found = model(source_1S, torch.ones_like(source_1S, dtype=torch.bool), torch.tensor([target]))
    torch.testing.assert_close(found[0], torch.stack(outputs), atol=1e-5, rtol=1e-5)


@EACH
def test_attention_is_recorded_for_every_layer(settings):
    model, special = make_model(settings), SpecialTokens(BEGIN, END, (FORBIDDEN,))
    found = attention_of_all_layers(model, [5, 6], [11, 12, 13], special)
    assert [layer.title for layer in model.attention_layers] == list(found)
    length = {"source": 3, "target": 4, "both": 7}
    for layer in model.attention_layers:
        weights_HLM = found[layer.title]
        assert weights_HLM.shape == (model.config.heads, length[layer.queries], length[layer.keys])
        torch.testing.assert_close(weights_HLM.sum(-1), torch.ones(weights_HLM.shape[:2]))
    # Token by token, the weights of the source are the same.
    *_, last = model.attention_layers
    number = model.config.alignment_layers - 1
    assert model.alignment_modules[number] is last.module
    (weights_TS,) = forced_attention(
        ReferenceEngine(model), [[5, 6]], [[11, 12, 13]], special, number, model.config.heads - 1
    )
    assert weights_TS == pytest.approx(found[last.title][-1, -4:, :3].numpy(), abs=1e-5)


@EACH
def test_the_shapes_of_all_weights_are_known_without_pytorch(settings):
    model = make_model(settings)
    assert {name: tuple(weight.shape) for name, weight in model.state_dict().items()} == weight_shapes(
        model.config
    )


@pytest.mark.parametrize("name", ["transformer", "gru", "gpt", "with source"])
def test_training_operations_are_those_that_pytorch_counts(name):
    """PyTorch counts every product of the forward pass; those of attention and of the first state are not ours."""
    model = make_model(SETTINGS[name], **({"rnn": RnnConfig("gru")} if name == "gru" else {}))
    source_BS, target_BT = torch.randint(5, 30, (3, 6)), torch.randint(5, 30, (3, 4))
    keep_BS = torch.ones_like(source_BS, dtype=torch.bool)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        output_BLD = model(source_BS, keep_BS, target_BT)
        wanted_BLD = output_BLD if name == "with source" else output_BLD[:, -4:]
        model.logits(wanted_BLD.flatten(0, 1))
    counted = counter.get_flop_counts()["Global"]
    products = sum(
        count for operation, count in counted.items() if str(operation) in ("aten.mm", "aten.addmm")
    )
    if name == "gru":
        products -= 2 * 3 * model.bridge.weight.numel()
    assert training_flops(model, 18, 12) == 3 * products


@pytest.mark.parametrize("size", ["tiny", "small"])
def test_presets_have_about_as_many_parameters_as_the_transformer(size):
    def parameters(name):
        config = fit_to_vocabulary(PRESETS[name]().model, 8000)
        return sum(math.prod(shape) for shape in weight_shapes(config).values())

    for other in ("rnn", "decoder-only"):
        assert parameters(f"{size}-{other}") == pytest.approx(parameters(size), rel=0.06)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({**GPT, "encoder_layers": 6}, "encoder_layers is 6, but the architecture decoder_only needs 0"),
        ({**GPT, "norm": "post"}, "norm is 'post', but the architecture decoder_only needs 'pre'"),
        ({**GPT, "positions": "sinusoidal"}, "positions is 'sinusoidal', but the architecture decoder_only"),
        (
            {**GPT, "logits_bias": True},
            "logits_bias is True, but the architecture decoder_only does not use it",
        ),
        ({**RNN, "heads": 4}, "heads is 4, but the architecture rnn needs 1"),
        ({**RNN, "d_ff": 64}, "d_ff is 64, but the architecture rnn does not use it; leave it out"),
        (
            {**RNN, "decoder_only": DecoderOnlyConfig(source_loss=True)},
            "the architecture rnn does not use it",
        ),
        ({"rnn": RnnConfig("lstm")}, "the architecture transformer does not use it"),
        ({"encoder_layers": 0}, "encoder_layers is 0; give 1 or more, or set architecture to decoder_only"),
        ({"decoder_layers": 0}, "decoder_layers is 0"),
        ({"architecture": "cnn"}, 'architecture is \'cnn\'; give "transformer", "rnn" or "decoder_only"'),
    ],
)
def test_settings_that_mean_nothing_to_an_architecture_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        ModelConfig(**settings)


def test_settings_of_one_architecture_are_checked():
    with pytest.raises(ConfigError, match=r'rnn.cell is \'plain\'; give "gru" or "lstm"'):
        RnnConfig("plain")
    with pytest.raises(ConfigError, match="a token that sees those after it has nothing to predict"):
        DecoderOnlyConfig(prefix_attention=True, source_loss=True)
    with pytest.raises(ConfigError, match="max_tokens_per_side 21 is over the 20 learned positions"):
        Config(ModelConfig(**GPT), TrainingConfig(max_tokens_per_side=21, max_steps=1))


def test_fast_engines_refuse_other_architectures_by_name():
    model = make_model(RNN)
    tensors = {name: weight.numpy() for name, weight in model.state_dict().items()}
    with pytest.raises(
        ConfigError, match="architecture is rnn, but the int8 engine computes only transformer"
    ):
        NativeEngine(tensors, model.config)
    with pytest.raises(ConfigError, match="architecture is rnn, but the CUDA engine"):
        CudaEngine(model)


def test_a_decoder_only_model_has_half_its_positions_for_each_side():
    engine = ReferenceEngine(make_model(GPT, max_positions=8))
    assert engine.positions == 4
    session = engine.session()
    first = session.admit([[5, 6, 7, END]], 1)
    for _ in range(4):
        session.distribution(rows_of(first, first, [BEGIN]))
    with pytest.raises(InputTooLong, match="9 tokens exceeds the 8 learned positions"):
        session.distribution(rows_of(first, first, [BEGIN]))


def toy_model(name, prepared):
    changes = {"vocab_size": prepared.tokenizer.vocab_size}
    return make_model(SETTINGS[name], **changes, **({"max_positions": 512} if name == "gpt" else {}))


@ONE_OF_EACH
def test_a_model_folder_of_any_architecture_works_in_every_command(name, prepared, tmp_path, run):
    model = toy_model(name, prepared)
    save_model(tmp_path / "m", model.config, model.state_dict(), prepared.tokenizer, {"name": name})
    config = json.loads((tmp_path / "m" / "config.json").read_text())["model"]
    assert config["architecture"] == model.config.architecture
    for key, tensor in load_model(tmp_path / "m").model.state_dict().items():
        torch.testing.assert_close(tensor, model.state_dict()[key].bfloat16().float())
    loaded = Translator.load(tmp_path / "m", "cpu")
    assert loaded.precision == ("int8" if name == "transformer" else "fp32")
    translator = Translator.load(tmp_path / "m", "cpu", precision="bf16")
    short = SearchOptions(beam_size=2, max_length_factor=0.2)
    assert translator.translate(["Anna sleeps."], short)[0].text
    (explanation,) = explain(translator, "Anna sleeps.", short)
    assert explanation.steps
    align(translator, [("Anna sleeps.", "Anna schläft.")])
    view = look_at(translator, "Anna sleeps.", "Anna schläft.")
    assert all(one.weights_HLM.shape[1:] == (len(one.rows), len(one.columns)) for one in view.layers)
    code, out, _ = run("explain", "Anna sleeps.", "--model", tmp_path / "m", "--beam", "2")
    assert (code, b"ended after" in out) == (0, True)
    for language, text in (("en", "Anna sleeps.\n"), ("de", "Anna schläft.\n")):
        (tmp_path / f"x.{language}").write_text(text, encoding="utf-8")
    pair = ("--source", tmp_path / "x.en", "--reference", tmp_path / "x.de")
    code, out, _ = run("evaluate", *pair, "--model", tmp_path / "m", "--beam", "1")
    assert (code, b"BLEU" in out) == (0, True)
    arguments = ("--translation", "Anna schläft.", "--out", tmp_path / "page.html", "--model", tmp_path / "m")
    code, *_ = run("attention", "Anna sleeps.", *arguments)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert (code, all(layer.title in page for layer in model.attention_layers)) == (0, True)


@ONE_OF_EACH
def test_the_service_serves_any_architecture(name, prepared):
    translator = Translator.of_model(toy_model(name, prepared), prepared.tokenizer, {"name": name})
    expected = translator.translate(["Anna sleeps."], SearchOptions(beam_size=2, max_length_factor=0.5))[
        0
    ].text
    with TestClient(create_app(lambda: TranslationEngine(translator), Settings())) as client:
        while client.get("/readyz").status_code != 200:
            pass
        request = {"text": "Anna sleeps.", "beam_size": 2, "max_length_factor": 0.5, "alignment": True}
        answer = client.post("/translate", json=request)
        assert answer.status_code == 200, answer.text
        assert answer.json()["translations"][0]["text"] == expected
        scored = client.post("/score", json={"source": "Anna sleeps.", "target": "Anna schläft."})
        assert scored.status_code == 200, scored.text


def test_architectures_decide_together(prepared, tmp_path):
    models = [toy_model(name, prepared) for name in ("transformer", "gru", "gpt")]
    engine = Ensemble([ReferenceEngine(model) for model in models])
    session = engine.session()
    first = session.admit([[5, 6, END]], 1)
    found = session.distribution(rows_of(first, first, [BEGIN]))
    each = []
    for model in models:
        own = ReferenceEngine(model).session()
        own.admit([[5, 6, END]], 1)
        each.append(np.exp(own.distribution(rows_of(first, first, [BEGIN]))))
    assert np.exp(found) == pytest.approx(np.mean(each, axis=0), abs=1e-6)
    paths = [tmp_path / model.config.architecture for model in models]
    for path, model in zip(paths, models, strict=True):
        save_model(path, model.config, model.state_dict(), prepared.tokenizer, {"name": "m"})
    together = Translator.load(paths[0], "cpu", ensemble_with=paths[1:])
    assert (together.precision, together.engine.positions) == ("fp32", 256)


@ONE_OF_EACH
def test_training_saves_resumes_and_validates(name, prepared, tmp_path):
    model = toy_model(name, prepared).train()
    training = TrainingConfig(
        batch_tokens=512, max_tokens_per_side=64, warmup_steps=4, max_steps=2, save_every_steps=1,
        validate_every_steps=2, log_every_steps=1, ema_decay=0.9,
    )  # fmt: skip
    trainer = Trainer(model, prepared, Config(model.config, training), tmp_path / "run")
    trainer.run.start_afresh()
    assert trainer.train()
    again = Trainer(
        build_network(model.config), prepared, Config(model.config, dataclasses.replace(training, max_steps=3)),
        tmp_path / "run",
    )  # fmt: skip
    again.run.resume()
    assert again.train()
    figures = make_validator(prepared)(again.model.eval())
    assert 0 < figures["toy-dev loss"] < 10


def test_only_a_transformer_is_exported(prepared, tmp_path):
    model = toy_model("gru", prepared)
    save_model(tmp_path / "m", model.config, model.state_dict(), prepared.tokenizer, {"name": "m"})
    with pytest.raises(ConfigError, match="architecture is rnn; only transformer can be exported"):
        export_ctranslate2(load_model(tmp_path / "m"), tmp_path / "out")
