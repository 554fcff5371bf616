"""The reference engine computes token by token what the network computes for whole sequences."""

import itertools

import numpy as np
import pytest
import torch

from tests.published_settings import PUBLISHED
from translator.config import ModelConfig
from translator.engines.protocol import Rows, mask_width
from translator.engines.reference import ReferenceEngine
from translator.errors import InputTooLong
from translator.model.transformer import Transformer

FORBIDDEN, BEGIN, END = 0, 2, 3
VARIANTS = list(itertools.product(("post", "pre"), ("sinusoidal", "learned"), ("relu", "gelu")))
SOURCES = [[5, 6, 7, 8, END], [9, END], [10, 11, END]]


def make_model(norm="pre", positions="sinusoidal", activation="relu", **changes):
    torch.manual_seed(2)
    config = ModelConfig(
        vocab_size=30, d_model=16, heads=4, d_ff=24, encoder_layers=2, decoder_layers=2, norm=norm,
        positions=positions, activation=activation, max_positions=12, **changes,
    )  # fmt: skip
    model = Transformer(config).eval()
    for name, parameter in model.named_parameters():
        if "bias" in name:
            torch.nn.init.normal_(parameter)  # the network starts with zeros
    return model


@torch.inference_mode()
def expected_after(model, source, tokens):
    """The distribution after these tokens, from the network run on all of them at once."""
    source_1S = torch.tensor([source])
    output = model(source_1S, torch.ones_like(source_1S, dtype=torch.bool), torch.tensor([tokens]))
    logits_V = model.logits(output)[0, -1]
    logits_V[FORBIDDEN] = -torch.inf
    return logits_V.log_softmax(0).numpy()


def rows_of(row, parent, token):
    row_N, parent_N, token_N = (np.asarray(x, dtype=np.int32) for x in (row, parent, token))
    return Rows(row_N, parent_N, token_N, np.zeros(len(row_N), dtype=np.int32))


@pytest.mark.parametrize(
    "settings",
    [dict(zip(("norm", "positions", "activation"), variant, strict=True)) for variant in VARIANTS]
    + PUBLISHED,
)
def test_steps_equal_the_whole_sequence_at_once(settings):
    model = make_model(**settings)
    session = ReferenceEngine(model, [FORBIDDEN]).session()
    first = session.admit(SOURCES, 1)
    written = [[], [], []]
    for tokens in ((BEGIN, BEGIN, BEGIN), (11, 12, 13), (14, 15, 16), (17, 17, 18)):
        found = session.distribution(rows_of(first, first, tokens))
        for sentence, token in enumerate(tokens):
            written[sentence].append(token)
            expected = expected_after(model, SOURCES[sentence], written[sentence])
            assert found[sentence] == pytest.approx(expected, abs=1e-5)


def test_rows_continue_each_other_and_sentences_come_and_go():
    model = make_model()
    session = ReferenceEngine(model, [FORBIDDEN]).session()
    first = session.admit(SOURCES[:2], 2)
    session.distribution(rows_of(first, first, [BEGIN, BEGIN]))
    session.distribution(rows_of([0, 1, 2, 3], [0, 0, 2, 2], [11, 12, 13, 14]))
    session.release(first[:1])
    (later,) = session.admit(SOURCES[2:], 2)
    # Rows 2 and 3 both continue row 3; a new sentence with a longer source starts.
    found = session.distribution(rows_of([2, 3, later], [3, 3, later], [15, 16, BEGIN]))
    assert found[0] == pytest.approx(expected_after(model, SOURCES[1], [BEGIN, 14, 15]), abs=1e-5)
    assert found[1] == pytest.approx(expected_after(model, SOURCES[1], [BEGIN, 14, 16]), abs=1e-5)
    assert found[2] == pytest.approx(expected_after(model, SOURCES[2], [BEGIN]), abs=1e-5)
    session.release(np.array([2, later], dtype=np.int32))
    (again,) = session.admit(SOURCES[:1], 1)
    found = session.distribution(rows_of([again], [again], [BEGIN]))
    assert found[0] == pytest.approx(expected_after(model, SOURCES[0], [BEGIN]), abs=1e-5)


def test_candidates_are_the_best_that_the_mask_allows():
    session = ReferenceEngine(make_model(), [FORBIDDEN]).session()
    first = session.admit(SOURCES, 2)
    full = session.distribution(rows_of(first, first, [BEGIN] * 3))
    masks = np.zeros((2, mask_width(30)), dtype=bool)
    masks[0, [FORBIDDEN, 7, 9]] = True
    masks[1, :30] = True
    rows = Rows(first + 1, first + 1, np.full(3, BEGIN, dtype=np.int32), np.array([0, 1, 0], dtype=np.int32))
    found = session.step(rows, masks, 3)
    for place, tokens in ((0, [7, 9]), (1, range(30)), (2, [7, 9])):
        order = sorted(tokens, key=lambda token, place=place: -full[place, token])[:3]
        assert found.token_NC[place].tolist() == [*order, *[-1] * (3 - len(order))]
        expected = [*full[place][order], *[-np.inf] * (3 - len(order))]
        assert found.log_probability_NC[place].tolist() == pytest.approx(expected, abs=1e-5)


def test_learned_positions_have_a_limit():
    session = ReferenceEngine(make_model(positions="learned")).session()
    first = session.admit([[5, END]], 1)
    for _ in range(12):
        session.distribution(rows_of(first, first, [BEGIN]))
    with pytest.raises(InputTooLong, match="13 tokens exceeds the 12 learned positions"):
        session.distribution(rows_of(first, first, [BEGIN]))
