import copy
import math
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from translator import attention, forced
from translator.attention import MultiHeadAttention
from translator.config import ModelConfig
from translator.coverage import coverage_score, rank_by_coverage
from translator.forced import attention_names, decode_forced, forced_attention
from translator.model import Transformer
from translator.search import Constraints, SearchOptions, SpecialTokens, search

PAD, BEGIN, END = 0, 2, 3
SPECIAL = SpecialTokens(BEGIN, END, (PAD, 1, BEGIN))
SOURCES, TARGETS = [[5, 6, 7, 8], [9], [10, 11]], [[12, 13], [14, 15, 16], []]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(3)
    config = ModelConfig(
        vocab_size=20, d_model=16, heads=2, d_ff=24, encoder_layers=2, decoder_layers=2, dropout=0.0
    )
    return Transformer(config).eval()


@torch.inference_mode()
def test_probabilities_are_those_of_the_model_asked_token_by_token(model):
    rows = decode_forced(model, SOURCES, TARGETS, SPECIAL, PAD)
    for source, target, found in zip(SOURCES, TARGETS, rows, strict=True):
        source_BS = torch.tensor([[*source, END]])
        state = model.start(model.encode(source_BS, source_BS > 0), source_BS > 0)
        expected = []
        for fed, chosen in zip([BEGIN, *target], [*target, END], strict=True):
            logits_NV, state = model.decode_step(torch.tensor([fed]), state)
            logits_NV[:, [PAD, 1, BEGIN]] = -math.inf
            expected.append(float(logits_NV.log_softmax(1)[0, chosen]))
        assert found == pytest.approx(expected, abs=1e-5)


def test_a_search_gives_its_translation_the_probability_that_forcing_gives_it(model):
    source_BS = torch.tensor([[*SOURCES[0], END]])
    constraints = Constraints(torch.tensor([9]))
    (found,) = search(
        model, source_BS, source_BS > 0, constraints, SPECIAL, SearchOptions(beam_size=3, n_best=3)
    )
    rows = decode_forced(model, [SOURCES[0]] * 3, [one.tokens for one in found], SPECIAL, PAD)
    sums = [sum(row) for row in rows]
    assert sums == pytest.approx([one.log_probability for one in found], abs=1e-4)


def test_what_no_search_produces_has_no_probability(model):
    (row,) = decode_forced(model, [[5]], [[1, 12]], SPECIAL, PAD)
    assert row[0] == -math.inf
    assert row[1] > -math.inf


@torch.inference_mode()
def test_a_bf16_network_gets_its_logits_in_float32(model):
    """Expected: the network's own bf16 output, from which everything else is computed in 64 bits."""
    coarse = copy.deepcopy(model).bfloat16()
    (row,) = decode_forced(coarse, SOURCES[:1], TARGETS[:1], SPECIAL, PAD)
    source_BS, input_BT = torch.tensor([[*SOURCES[0], END]]), torch.tensor([[BEGIN, *TARGETS[0]]])
    output_TD = coarse(source_BS, source_BS > 0, input_BT)[0]
    logits_TV = output_TD.double() @ coarse.embedding.weight.double().T

    def chosen(logits_TV):
        logits_TV = logits_TV.double()
        logits_TV[:, [PAD, 1, BEGIN]] = -math.inf
        return logits_TV.log_softmax(1)[range(3), [*TARGETS[0], END]].tolist()

    assert row == pytest.approx(chosen(logits_TV), abs=1e-5)
    assert row != pytest.approx(chosen(coarse.logits(output_TD)), abs=1e-4), "an easy case: bf16 is as good"


def test_pairs_pass_through_in_parts_of_bounded_size(model, monkeypatch):
    sources, targets = [[5 + i % 3] * (i % 7 + 1) for i in range(40)], [[9] * (i * 5 % 11) for i in range(40)]
    name = "decoder.1.cross_attention"

    def everything():
        weights = forced_attention(model, sources, targets, SPECIAL, PAD, [name])
        return decode_forced(model, sources, targets, SPECIAL, PAD), [one[name] for one in weights]

    at_once = everything()
    sizes, positions = [], []
    encode, log_probabilities = model.encode, forced.log_probabilities
    monkeypatch.setattr(model, "encode", lambda *args: sizes.append(args[0].shape) or encode(*args))
    monkeypatch.setattr(
        forced, "log_probabilities", lambda *args: positions.append(len(args[0])) or log_probabilities(*args)
    )
    monkeypatch.setattr(forced, "_TOKENS_AT_ONCE", 30)
    monkeypatch.setattr(forced, "_POSITIONS_AT_ONCE", 4)
    probabilities, weights = everything()
    assert sum(rows for rows, _ in sizes) == 2 * 40
    assert all(rows * length <= 30 for rows, length in sizes)
    assert sum(positions) == sum(len(target) + 1 for target in targets)
    assert max(positions) == 4
    for row, expected in zip(probabilities, at_once[0], strict=True):
        assert row == pytest.approx(expected, abs=1e-5)
    for weights_HTS, expected in zip(weights, at_once[1], strict=True):
        torch.testing.assert_close(weights_HTS, expected)


def test_attention_alone_computes_no_logits_and_the_weights_of_one_layer_only(model, monkeypatch):
    computed = []
    attention_weights = attention.attention_weights
    monkeypatch.setattr(
        attention, "attention_weights", lambda *args: computed.append(args) or attention_weights(*args)
    )
    monkeypatch.setattr(forced, "log_probabilities", None)
    monkeypatch.setattr(model, "logits", None)
    name = "decoder.0.cross_attention"
    found = list(forced_attention(model, SOURCES, TARGETS, SPECIAL, PAD, [name]))
    assert [list(one) for one in found] == [[name]] * 3
    assert len(computed) == 1


def test_attention_of_every_layer_is_what_the_layer_multiplied_its_values_with(model):
    """Each layer's output is W^O of the weighted values: with the weights put in by hand, it comes out again."""
    outputs, inputs = {}, {}

    def note(layer, arguments, options, output):
        outputs[layer], inputs[layer] = output, arguments[1]

    names = {layer: name for name, layer in model.named_modules() if isinstance(layer, MultiHeadAttention)}
    assert sorted(names.values()) == sorted(attention_names(model))
    assert "decoder.1.cross_attention" in names.values()
    handles = [layer.register_forward_hook(note, with_kwargs=True) for layer in names]
    for source, target in zip(SOURCES, TARGETS, strict=True):
        (found,) = forced_attention(model, [source], [target], SPECIAL, PAD, attention_names(model))
        with torch.inference_mode():
            for layer, name in names.items():
                weighted_BHLK = found[name].unsqueeze(0) @ inputs[layer].value_NHMK
                merged_BLD = weighted_BHLK.transpose(1, 2).flatten(2) @ layer.output.weight.T
                torch.testing.assert_close(merged_BLD, outputs[layer], atol=1e-5, rtol=1e-5)
    for handle in handles:
        handle.remove()


def test_attention_sums_to_one_and_sees_neither_neighbours_nor_the_future(model):
    together = list(forced_attention(model, SOURCES, TARGETS, SPECIAL, PAD, attention_names(model)))
    for source, target, found in zip(SOURCES, TARGETS, together, strict=True):
        (alone,) = forced_attention(model, [source], [target], SPECIAL, PAD, attention_names(model))
        for name, weights_HLM in found.items():
            torch.testing.assert_close(weights_HLM, alone[name])
            torch.testing.assert_close(weights_HLM.sum(-1), torch.ones(weights_HLM.shape[:2]))
            if name.startswith("decoder") and "self" in name:
                assert torch.all(weights_HLM.triu(diagonal=1) == 0)


def test_threads_that_run_the_same_model_note_their_own_attention(model):
    def look(place):
        source, target = SOURCES[place % 3], TARGETS[place % 3]
        return next(forced_attention(model, [source], [target], SPECIAL, PAD, attention_names(model)))

    alone = [look(place) for place in range(3)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(look, range(90)))
    for place, found in enumerate(together):
        assert found.keys() == alone[place % 3].keys()
        for name, weights_HLM in found.items():
            assert torch.equal(weights_HLM, alone[place % 3][name])


def test_coverage_worked_out_by_hand():
    # Source tokens get 0.9 + 0.3 → 1, 0.1 + 0.4 = 0.5, and 0.25: log 1 + log 0.5 + log 0.25 = -2.0794415.
    attention_TS = torch.tensor([[0.9, 0.1, 0.05], [0.3, 0.4, 0.2]])
    assert coverage_score(attention_TS) == pytest.approx(-2.0794415, abs=1e-6)
    assert coverage_score(torch.ones(2, 3)) == 0.0
    assert coverage_score(torch.zeros(1, 1)) == pytest.approx(math.log(1e-10), abs=1e-3)


@torch.inference_mode()
def test_the_coverage_of_each_hypothesis_is_added_to_its_score(model):
    source_BS = torch.tensor([[5, 6, 7, 8, END], [9, 10, END, PAD, PAD]])
    options = SearchOptions(beam_size=4, n_best=4)
    found = search(model, source_BS, source_BS > 0, Constraints(torch.tensor([9, 9])), SPECIAL, options)
    sources = [[5, 6, 7, 8], [9, 10]]
    ranked = rank_by_coverage(model, sources, found, SPECIAL, PAD, beta=0.7)
    for source, before, after in zip(sources, found, ranked, strict=True):
        expected = []
        for one in before:
            name = "decoder.1.cross_attention"
            (alone,) = forced_attention(model, [source], [one.tokens], SPECIAL, PAD, [name])
            attention_TS = alone[name].mean(dim=0)[:, :-1]
            coverage = sum(math.log(min(1.0, float(total))) for total in attention_TS.sum(dim=0))
            expected.append((one.score + 0.7 * coverage, one.tokens))
        expected.sort(reverse=True)
        assert [one.tokens for one in after] == [tokens for _, tokens in expected]
        assert [one.score for one in after] == pytest.approx([score for score, _ in expected], abs=1e-4)


def test_without_hypotheses_there_is_nothing_to_rank(model):
    assert rank_by_coverage(model, [[5], [6]], [[], []], SPECIAL, PAD, beta=0.7) == [[], []]
