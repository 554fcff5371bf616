import math
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from translator.attention import MultiHeadAttention
from translator.config import ModelConfig
from translator.coverage import coverage_score, rank_by_coverage
from translator.forced import decode_forced
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
    forced = decode_forced(model, SOURCES, TARGETS, SPECIAL, PAD)
    for source, target, found in zip(SOURCES, TARGETS, forced.log_probabilities, strict=True):
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
    forced = decode_forced(model, [SOURCES[0]] * 3, [one.tokens for one in found], SPECIAL, PAD)
    sums = [sum(row) for row in forced.log_probabilities]
    assert sums == pytest.approx([one.log_probability for one in found], abs=1e-4)


def test_what_no_search_produces_has_no_probability(model):
    (row,) = decode_forced(model, [[5]], [[1, 12]], SPECIAL, PAD).log_probabilities
    assert row[0] == -math.inf
    assert row[1] > -math.inf


def test_attention_of_every_layer_is_what_the_layer_multiplied_its_values_with(model):
    """Each layer's output is W^O of the weighted values: with the weights put in by hand, it comes out again."""
    outputs, inputs = {}, {}

    def note(layer, arguments, options, output):
        outputs[layer], inputs[layer] = output, arguments[1]

    names = {layer: name for name, layer in model.named_modules() if isinstance(layer, MultiHeadAttention)}
    handles = [layer.register_forward_hook(note, with_kwargs=True) for layer in names]
    attention = decode_forced(model, SOURCES, TARGETS, SPECIAL, PAD, with_attention=True).attention
    for handle in handles:
        handle.remove()
    assert set(attention) == set(names.values())
    assert "decoder.1.cross_attention" in attention
    with torch.inference_mode():
        for layer, name in names.items():
            weighted_BHLK = attention[name] @ inputs[layer].value_NHMK
            merged_BLD = weighted_BHLK.transpose(1, 2).flatten(2) @ layer.output.weight.T
            torch.testing.assert_close(merged_BLD, outputs[layer], atol=1e-5, rtol=1e-5)


def test_attention_sums_to_one_and_sees_neither_padding_nor_the_future(model):
    attention = decode_forced(model, SOURCES, TARGETS, SPECIAL, PAD, with_attention=True).attention
    for name, weights_BHLM in attention.items():
        torch.testing.assert_close(weights_BHLM.sum(-1), torch.ones(weights_BHLM.shape[:3]))
        if name.startswith("encoder") or "cross" in name:
            assert torch.all(weights_BHLM[1, :, :, 2:] == 0)  # its source has one token and the end
        else:
            assert torch.all(weights_BHLM.triu(diagonal=1) == 0)
    assert decode_forced(model, SOURCES, TARGETS, SPECIAL, PAD).attention == {}


def test_threads_that_run_the_same_model_note_their_own_attention(model):
    def attention(place):
        source, target = SOURCES[place % 3], TARGETS[place % 3]
        return decode_forced(model, [source], [target], SPECIAL, PAD, with_attention=True).attention

    alone = [attention(place) for place in range(3)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(attention, range(90)))
    for place, found in enumerate(together):
        assert found.keys() == alone[place % 3].keys()
        for name, weights_BHLM in found.items():
            assert torch.equal(weights_BHLM, alone[place % 3][name])
    assert decode_forced(model, SOURCES, TARGETS, SPECIAL, PAD).attention == {}


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
            alone = decode_forced(model, [source], [one.tokens], SPECIAL, PAD, with_attention=True)
            attention_TS = alone.attention["decoder.1.cross_attention"][0].mean(dim=0)[:, :-1]
            coverage = sum(math.log(min(1.0, float(total))) for total in attention_TS.sum(dim=0))
            expected.append((one.score + 0.7 * coverage, one.tokens))
        expected.sort(reverse=True)
        assert [one.tokens for one in after] == [tokens for _, tokens in expected]
        assert [one.score for one in after] == pytest.approx([score for score, _ in expected], abs=1e-4)
