import pytest
import torch

from translator.config import ModelConfig
from translator.ensemble import Ensemble
from translator.model import Transformer
from translator.search import Constraints, SearchOptions, SpecialTokens, search

BEGIN, END = 2, 3


def make_model(seed, **changes):
    torch.manual_seed(seed)
    settings = {"d_model": 16, "heads": 2, "d_ff": 24, "encoder_layers": 1, "decoder_layers": 2}
    return Transformer(ModelConfig(vocab_size=20, dropout=0.0, **{**settings, **changes})).eval()


def run(model, sources, **options):
    source_BS = torch.tensor(sources)
    constraints = Constraints(torch.full((len(sources),), 8))
    special = SpecialTokens(BEGIN, END)
    return search(model, source_BS, source_BS > 0, constraints, special, SearchOptions(**options))


@torch.inference_mode()
def test_a_step_gives_the_mean_of_the_probabilities():
    models = [make_model(1), make_model(2, d_model=8, decoder_layers=1)]
    source_BS = torch.tensor([[5, 6, END], [7, END, 0]])
    tokens_N = torch.tensor([BEGIN, BEGIN])
    expected_NV = torch.zeros(2, 20)
    for model in models:
        state = model.start(model.encode(source_BS, source_BS > 0), source_BS > 0)
        expected_NV += model.decode_step(tokens_N, state)[0].softmax(1) / 2
    ensemble = Ensemble(models)
    state = ensemble.start(ensemble.encode(source_BS, source_BS > 0), source_BS > 0)
    torch.testing.assert_close(ensemble.decode_step(tokens_N, state)[0].exp(), expected_NV)


@pytest.mark.parametrize("beam_size", [1, 3])
def test_two_of_the_same_model_search_as_one(beam_size):
    model, sources = make_model(4), [[5, 6, 7, END], [8, END, 0, 0], [9, 10, END, 0]]
    one = run(model, sources, beam_size=beam_size)
    two = run(Ensemble([model, model]), sources, beam_size=beam_size)
    for (alone,), (together,) in zip(one, two, strict=True):
        assert together.tokens == alone.tokens
        assert together.score == pytest.approx(alone.score, abs=1e-5)


def test_a_search_gives_its_translation_the_probability_that_the_models_give_it_together():
    """Beams are reordered and sentences leave, in every model alike."""
    models = [make_model(1), make_model(2, d_model=8)]
    sources = [[5, 6, 7, END], [8, END, 0, 0]]
    for source, found in zip(sources, run(Ensemble(models), sources, beam_size=3, n_best=3), strict=True):
        for one in found:
            source_BS = torch.tensor([source])
            probability_BT = torch.zeros(1, len(one.tokens) + 1)
            with torch.inference_mode():
                for model in models:
                    hidden_BTD = model(source_BS, source_BS > 0, torch.tensor([[BEGIN, *one.tokens]]))
                    chosen_BT1 = torch.tensor([[*one.tokens, END]]).unsqueeze(2)
                    probability_BT += model.logits(hidden_BTD).softmax(2).gather(2, chosen_BT1).squeeze(2) / 2
            assert one.log_probability == pytest.approx(float(probability_BT.log().sum()), abs=1e-4)
