import numpy as np
import pytest
import torch

from translator.config import ModelConfig
from translator.engines.ensemble import Ensemble
from translator.engines.protocol import Rows
from translator.engines.reference import ReferenceEngine
from translator.model.transformer import Transformer
from translator.search import SearchOptions, SpecialTokens, Task, new_search, search
from translator.translate.forced import forced_attention

BEGIN, END = 2, 3
SPECIAL = SpecialTokens(BEGIN, END)


def make_model(seed, **changes):
    torch.manual_seed(seed)
    settings = {"d_model": 16, "heads": 2, "d_ff": 24, "encoder_layers": 1, "decoder_layers": 2}
    return Transformer(ModelConfig(vocab_size=20, dropout=0.0, **{**settings, **changes})).eval()


def run(engine, sources, **options):
    options = SearchOptions(**options)
    return search(new_search(engine, SPECIAL, options), [Task(source, 8) for source in sources], options)


@torch.inference_mode()
def test_a_step_gives_the_mean_of_the_probabilities():
    models = [make_model(1), make_model(2, d_model=8, decoder_layers=1)]
    sources, expected_NV = [[5, 6, END], [7, END]], np.zeros((2, 20))
    for model in models:
        for row, source in enumerate(sources):
            source_1S = torch.tensor([source])
            output = model(source_1S, source_1S > 0, torch.tensor([[BEGIN]]))
            expected_NV[row] += model.logits(output)[0, 0].softmax(0).numpy() / 2
    session = Ensemble([ReferenceEngine(model) for model in models]).session()
    first = session.admit(sources, 1)
    rows = Rows(first, first, np.array([BEGIN, BEGIN]), np.zeros(2, dtype=np.int32))
    assert np.exp(session.distribution(rows)) == pytest.approx(expected_NV, abs=1e-6)


@pytest.mark.parametrize("beam_size", [1, 3])
def test_two_copies_of_a_model_search_like_one(beam_size):
    engine, sources = ReferenceEngine(make_model(4)), [[5, 6, 7, END], [8, END], [9, 10, END]]
    one = run(engine, sources, beam_size=beam_size)
    two = run(Ensemble([engine, engine]), sources, beam_size=beam_size)
    for (alone,), (together,) in zip(one, two, strict=True):
        assert together.tokens == alone.tokens
        assert together.score == pytest.approx(alone.score, abs=1e-5)


def test_a_translation_has_the_mean_probability_of_the_models():
    """Beams are reordered and sentences leave in every model alike."""
    models = [make_model(1), make_model(2, d_model=8)]
    sources = [[5, 6, 7, END], [8, END]]
    engine = Ensemble([ReferenceEngine(model) for model in models])
    for source, found in zip(sources, run(engine, sources, beam_size=3, n_best=3), strict=True):
        for one in found:
            source_BS = torch.tensor([source])
            probability_BT = torch.zeros(1, len(one.tokens) + 1)
            with torch.inference_mode():
                for model in models:
                    hidden_BTD = model(source_BS, source_BS > 0, torch.tensor([[BEGIN, *one.tokens]]))
                    chosen_BT1 = torch.tensor([[*one.tokens, END]]).unsqueeze(2)
                    probability_BT += model.logits(hidden_BTD).softmax(2).gather(2, chosen_BT1).squeeze(2) / 2
            assert one.log_probability == pytest.approx(float(probability_BT.log().sum()), abs=1e-4)


def test_attention_is_that_of_the_first_model():
    first, second = (ReferenceEngine(make_model(seed)) for seed in (1, 2))
    pairs = [[5, 6], [7]], [[8, 9, 10], [11]]
    expected = forced_attention(first, *pairs, SPECIAL, 1, 0)
    found = forced_attention(Ensemble([first, second]), *pairs, SPECIAL, 1, 0)
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-6)
