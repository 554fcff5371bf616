import math

import numpy as np
import pytest
import torch

from translator.config import ModelConfig
from translator.data.tokenizer import BOS_ID, EOS_ID
from translator.engines.reference import ReferenceEngine
from translator.evaluation.attention_maps import attention_of_all_layers
from translator.model.attention import MultiHeadAttention
from translator.model.transformer import Transformer
from translator.search import SearchOptions, SpecialTokens, Task, new_search, search
from translator.translate.forced import decode_forced, forced_attention

PAD, BEGIN, END = 0, BOS_ID, EOS_ID
SPECIAL = SpecialTokens(BEGIN, END, (PAD, 1, BEGIN))
SOURCES, TARGETS = [[5, 6, 7, 8], [9], [10, 11]], [[12, 13], [14, 15, 16], []]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(3)
    config = ModelConfig(
        vocab_size=20, d_model=16, heads=2, d_ff=24, encoder_layers=2, decoder_layers=2, dropout=0.0
    )
    return Transformer(config).eval()


@pytest.fixture(scope="module")
def engine(model):
    return ReferenceEngine(model, SPECIAL.forbidden)


@torch.inference_mode()
def test_probabilities_equal_teacher_forcing(model, engine):
    rows = decode_forced(engine, SOURCES, TARGETS, SPECIAL)
    for source, target, found in zip(SOURCES, TARGETS, rows, strict=True):
        source_1S = torch.tensor([[*source, END]])
        output = model(source_1S, source_1S > 0, torch.tensor([[BEGIN, *target]]))
        logits_TV = model.logits(output)[0]
        logits_TV[:, [PAD, 1, BEGIN]] = -math.inf
        expected = logits_TV.log_softmax(1)[range(len(target) + 1), [*target, END]]
        assert found == pytest.approx(expected.tolist(), abs=1e-5)


def test_a_search_and_forced_decoding_give_the_same_probability(engine):
    options = SearchOptions(beam_size=3, n_best=3)
    (found,) = search(new_search(engine, SPECIAL, options), [Task([*SOURCES[0], END], 9)], options)
    rows = decode_forced(engine, [SOURCES[0]] * 3, [one.tokens for one in found], SPECIAL)
    for row, one in zip(rows, found, strict=True):
        assert row == pytest.approx(one.token_log_probabilities, abs=1e-5)


def test_forbidden_tokens_have_probability_zero(engine):
    (row,) = decode_forced(engine, [[5]], [[1, 12]], SPECIAL)
    assert row[0] == -math.inf
    assert row[1] > -math.inf


def test_any_number_of_pairs_of_any_lengths(engine):
    sources, targets = (
        [[5 + i % 3] * (i % 7 + 1) for i in range(150)],
        [[9] * (i * 5 % 11) for i in range(150)],
    )
    together = decode_forced(engine, sources, targets, SPECIAL)
    attention = forced_attention(engine, sources, targets, SPECIAL, 1, 0)
    for place in range(0, 150, 13):
        (alone,) = decode_forced(engine, [sources[place]], [targets[place]], SPECIAL)
        assert together[place] == pytest.approx(alone, abs=1e-5)
        (weights_TS,) = forced_attention(engine, [sources[place]], [targets[place]], SPECIAL, 1, 0)
        assert attention[place] == pytest.approx(weights_TS, abs=1e-5)
    assert decode_forced(engine, [], [], SPECIAL) == []


def test_attention_token_by_token_equals_all_tokens_at_once(model, engine):
    for layer, head in ((0, 0), (1, 1)):
        found = forced_attention(engine, SOURCES, TARGETS, SPECIAL, layer, head)
        for source, target, weights_TS in zip(SOURCES, TARGETS, found, strict=True):
            expected = attention_of_all_layers(model, source, target, SPECIAL)[
                f"Decoder, layer {layer + 1}: cross-attention"
            ]
            assert weights_TS == pytest.approx(expected[head].numpy(), abs=1e-5)
            assert weights_TS.sum(axis=1) == pytest.approx(np.ones(len(target) + 1), abs=1e-5)


def test_attention_of_every_layer_reproduces_its_output(model):
    """Each layer's output is W^O of the weighted values, so computing it from the weights reproduces it."""
    outputs, inputs = {}, {}

    def note(layer, arguments, options, output):
        outputs[layer], inputs[layer] = output, arguments[1]

    names = {layer.module: layer.title for layer in model.attention_layers}
    assert set(names) == {one for one in model.modules() if isinstance(one, MultiHeadAttention)}
    handles = [layer.register_forward_hook(note, with_kwargs=True) for layer in names]
    for source, target in zip(SOURCES, TARGETS, strict=True):
        found = attention_of_all_layers(model, source, target, SPECIAL)
        assert sorted(found) == sorted(names.values())
        with torch.inference_mode():
            for layer, name in names.items():
                weighted_BHLK = found[name].unsqueeze(0) @ inputs[layer].value_NHMK
                merged_BLD = weighted_BHLK.transpose(1, 2).flatten(2) @ layer.output.weight.T
                torch.testing.assert_close(merged_BLD, outputs[layer], atol=1e-5, rtol=1e-5)
    for handle in handles:
        handle.remove()


def test_attention_sums_to_one_and_does_not_see_the_future(model):
    for source, target in zip(SOURCES, TARGETS, strict=True):
        for name, weights_HLM in attention_of_all_layers(model, source, target, SPECIAL).items():
            torch.testing.assert_close(weights_HLM.sum(-1), torch.ones(weights_HLM.shape[:2]))
            if name.startswith("Decoder") and "self" in name:
                assert torch.all(weights_HLM.triu(diagonal=1) == 0)
