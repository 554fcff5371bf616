import itertools
import math

import pytest
import torch
from torch import nn

from translator.config import ModelConfig
from translator.errors import ConfigError, InputTooLong
from translator.model.embedding import PositionalEmbedding, sinusoid_table
from translator.model.transformer import Transformer

VARIANTS = list(itertools.product(("post", "pre"), ("sinusoidal", "learned"), ("relu", "gelu")))


def make_model(norm="pre", positions="sinusoidal", activation="relu", **changes):
    torch.manual_seed(0)
    settings = {
        "vocab_size": 30, "d_model": 16, "heads": 4, "d_ff": 24, "encoder_layers": 3, "decoder_layers": 2,
        "dropout": 0.0, "max_positions": 40,
    }  # fmt: skip
    config = ModelConfig(norm=norm, positions=positions, activation=activation, **{**settings, **changes})
    return Transformer(config).eval()


def batch():
    source_BS = torch.tensor([[5, 6, 7, 8, 3], [9, 10, 3, 0, 0]])
    target_BT = torch.tensor([[2, 11, 12, 13], [2, 14, 15, 16]])
    return source_BS, source_BS != 0, target_BT


def test_sinusoid_at_positions_worked_out_by_hand():
    table = sinusoid_table(positions=101, d_model=4)
    # With d_model 4, the angles are pos / 10000^0 = pos and pos / 10000^(2/4) = pos / 100.
    assert table[0].tolist() == [0.0, 1.0, 0.0, 1.0]
    torch.testing.assert_close(
        table[1], torch.tensor([0.841471, 0.540302, 0.0099998, 0.99995]), atol=1e-6, rtol=0
    )
    # sin 100 = -0.506366, cos 100 = 0.862319, sin 1 = 0.841471, cos 1 = 0.540302.
    expected = torch.tensor([-0.506366, 0.862319, 0.841471, 0.540302])
    torch.testing.assert_close(table[100], expected, atol=1e-6, rtol=0)


def test_sinusoid_follows_the_papers_formula():
    table = sinusoid_table(positions=60, d_model=512)
    for position, i in itertools.product((0, 1, 17, 59), (0, 1, 100, 255)):
        angle = position / 10_000 ** (2 * i / 512)
        assert table[position, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-6)
        assert table[position, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)


def test_other_sinusoids_at_positions_worked_out_by_hand():
    # Marian: the angles of the paper, pos and pos / 100, with both sines before both cosines.
    table = sinusoid_table(positions=101, d_model=4, kind="marian")
    expected = torch.tensor([-0.506366, 0.841471, 0.862319, 0.540302])
    torch.testing.assert_close(table[100], expected, atol=1e-6, rtol=0)
    # fairseq: pos / 10000^(0/1) = pos and pos / 10000^(1/1). sin 2 = 0.909297, cos 2 = -0.416147.
    table = sinusoid_table(positions=9, d_model=4, kind="fairseq", first_position=2)
    expected = torch.tensor([0.909297, 0.0002, -0.416147, 1.0])
    torch.testing.assert_close(table[0], expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(table[3:], sinusoid_table(6, 4, "fairseq", first_position=5))


@torch.inference_mode()
def test_offset_positions_grow_with_the_text():
    embedding = make_model(sinusoids="fairseq", first_position=2, max_positions=4).embedding
    expected = sinusoid_table(20, 16, "fairseq", 2)
    torch.testing.assert_close(embedding.table(3), expected[:4])
    torch.testing.assert_close(embedding.table(7), expected[:14])


@pytest.mark.parametrize(("embeddings", "matrices"), [("shared", 1), ("output-tied", 2), ("separate", 3)])
@torch.inference_mode()
def test_embeddings_that_are_not_shared(embeddings, matrices):
    model = make_model(embeddings=embeddings, logits_bias=True)
    assert [tuple(p.shape) for p in model.parameters()].count((30, 16)) == matrices
    source_BS, keep_BS, target_BT = batch()
    before, hidden_D = model(source_BS, keep_BS, target_BT), torch.randn(16)
    logits_V = model.logits(hidden_D)
    model.logits_bias_V += 1
    torch.testing.assert_close(model.logits(hidden_D), logits_V + 1)
    model.embedding.weight[source_BS.unique()] += 1  # none of them in the target
    is_same_memory = torch.equal(
        model.encode(source_BS, keep_BS),
        make_model(embeddings=embeddings, logits_bias=True).encode(source_BS, keep_BS),
    )
    assert is_same_memory == (embeddings != "shared")
    assert torch.equal(model(source_BS, keep_BS, target_BT), before) == (embeddings != "shared")
    assert torch.equal(model.logits(hidden_D), logits_V + 1) == (embeddings == "separate")


@torch.inference_mode()
def test_attention_biases_are_those_of_the_projections():
    """Keys, values and queries of a zero input are their biases."""
    attention = make_model(attention_bias=True).encoder[0].self_attention
    for linear in (attention.query, attention.key_value, attention.output):
        assert not linear.bias.any()  # at the start
        linear.bias.normal_()
    memory = attention.project_memory(torch.zeros(1, 3, 16))
    key_D, value_D = attention.key_value.bias.chunk(2)
    torch.testing.assert_close(memory.key_NHMK[0, :, 1].flatten(), key_D)
    # All values are the same, so that is what attention finds.
    expected_D = attention.output.weight @ value_D + attention.output.bias
    torch.testing.assert_close(attention(torch.randn(1, 2, 16), memory)[0, 1], expected_D)


@torch.inference_mode()
def test_swish_and_the_width_of_the_decoder():
    model = make_model(activation="swish", decoder_d_ff=40)
    assert model.encoder[0].feed_forward.inner.out_features == 24
    feed_forward = model.decoder[1].feed_forward
    assert feed_forward.inner.out_features == 40
    x_D = torch.randn(16)
    inner_F = feed_forward.inner(x_D)
    torch.testing.assert_close(feed_forward(x_D), feed_forward.outer(inner_F / (1 + torch.exp(-inner_F))))


@torch.inference_mode()
def test_embedding_is_scaled_by_the_root_of_d_model_before_positions_are_added():
    model = make_model()
    expected = model.embedding.weight[7] * 4 + sinusoid_table(3, 16)[2]
    torch.testing.assert_close(model.embedding(torch.tensor([[5, 6, 7]]))[0, 2], expected)


def test_source_target_and_output_share_one_matrix():
    model = make_model()
    shapes = [tuple(p.shape) for p in model.parameters()]
    assert shapes.count((30, 16)) == 1
    hidden = torch.randn(2, 16)
    torch.testing.assert_close(model.logits(hidden), hidden @ model.embedding.weight.T)


@pytest.mark.parametrize(("norm", "positions", "activation"), VARIANTS)
@torch.inference_mode()
def test_the_future_has_no_influence(norm, positions, activation):
    model = make_model(norm, positions, activation)
    source_BS, keep_BS, target_BT = batch()
    before = model(source_BS, keep_BS, target_BT)
    changed_BT = target_BT.clone()
    changed_BT[:, 2] = 20
    after = model(source_BS, keep_BS, changed_BT)
    torch.testing.assert_close(after[:, :2], before[:, :2])
    assert not torch.allclose(after[:, 2:], before[:, 2:], atol=1e-3)


@pytest.mark.parametrize(("norm", "positions", "activation"), VARIANTS)
@torch.inference_mode()
def test_padding_has_no_influence(norm, positions, activation):
    model = make_model(norm, positions, activation)
    source_BS, keep_BS, target_BT = batch()
    expected = model(source_BS[1:, :3], keep_BS[1:, :3], target_BT[1:])
    perturbed_BS = source_BS.clone()
    perturbed_BS[1, 3:] = torch.tensor([21, 22])
    for padded_BS in (source_BS, perturbed_BS):
        torch.testing.assert_close(model(padded_BS, keep_BS, target_BT)[1:], expected, atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_post_norm_layer_equals_pytorchs_own():
    """PyTorch's layer is an independent implementation of the paper's encoder layer; it gets our weights."""
    model = make_model(norm="post")
    layer = model.encoder[0]
    theirs = nn.TransformerEncoderLayer(16, 4, 24, dropout=0.0, batch_first=True, norm_first=False).eval()
    attention = layer.self_attention
    theirs.self_attn.in_proj_weight.copy_(torch.cat([attention.query.weight, attention.key_value.weight]))
    theirs.self_attn.in_proj_bias.zero_()
    theirs.self_attn.out_proj.weight.copy_(attention.output.weight)
    theirs.self_attn.out_proj.bias.zero_()
    theirs.linear1.load_state_dict(layer.feed_forward.inner.state_dict())
    theirs.linear2.load_state_dict(layer.feed_forward.outer.state_dict())
    x_BSD = torch.randn(2, 5, 16)
    keep_BS = torch.tensor([[True] * 5, [True, True, True, False, False]])
    ours = layer(x_BSD, keep_BS[:, None, None, :])
    expected = theirs(x_BSD, src_key_padding_mask=~keep_BS)
    torch.testing.assert_close(ours[keep_BS], expected[keep_BS], atol=1e-5, rtol=1e-5)


def test_dropout_is_applied_exactly_where_the_paper_applies_it():
    model = make_model(dropout=0.5).train()
    layer = model.encoder[0]
    x_BLD = torch.randn(2, 5, 16)

    def is_random(function):
        return not torch.equal(function(), function())

    assert is_random(lambda: model.embedding(torch.tensor([[5, 6, 7]])))
    assert is_random(lambda: layer.feed_forward_residual(x_BLD, lambda x_BLD: x_BLD))
    assert not is_random(lambda: layer.feed_forward(x_BLD))
    assert not is_random(lambda: layer.self_attention(x_BLD, layer.self_attention.project_memory(x_BLD)))


@torch.inference_mode()
def test_sinusoidal_positions_grow_with_the_text():
    model = make_model(max_positions=4)
    longer = model.embedding(torch.full((1, 9), 5))
    torch.testing.assert_close(longer[0, 8], model.embedding.weight[5] * 4 + sinusoid_table(9, 16)[8])


def test_a_table_is_long_enough_even_if_another_thread_replaces_it_with_a_shorter_one():
    class Contested(PositionalEmbedding):
        def __setattr__(self, name, value):
            super().__setattr__(name, value)
            if name == "position_PD":
                super().__setattr__(name, value[:6])  # what the other thread needs

    config = ModelConfig(vocab_size=30, d_model=16, heads=4, max_positions=4)
    torch.testing.assert_close(Contested(config).table(9)[8], sinusoid_table(9, 16)[8])


def test_learned_positions_have_a_limit():
    model = make_model(positions="learned", max_positions=4)
    with pytest.raises(InputTooLong, match="5 tokens exceeds the 4 learned positions"):
        model.embedding(torch.full((1, 5), 5))


def test_a_model_needs_a_vocabulary():
    with pytest.raises(ConfigError, match="vocab_size is 0"):
        Transformer(ModelConfig())
