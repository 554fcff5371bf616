import math

import pytest
import torch

from translator.model.attention import KeyValue, MultiHeadAttention
from translator.model.interface import AttentionRecord


def naive_attention(module, query_BLD, memory_BMD, keep_BLM):
    """Section 3.2 of the paper, one head, one query and one key at a time."""
    sentences, queries, d_model = query_BLD.shape
    width = d_model // module.heads
    key_weight, value_weight = module.key_value.weight[:d_model], module.key_value.weight[d_model:]
    out_BLD = torch.zeros_like(query_BLD)
    for b in range(sentences):
        q, k, v = (
            x @ w.T
            for x, w in (
                (query_BLD[b], module.query.weight), (memory_BMD[b], key_weight), (memory_BMD[b], value_weight),
            )
        )  # fmt: skip
        for i in range(queries):
            heads = []
            for h in range(module.heads):
                part = slice(h * width, (h + 1) * width)
                weights = [
                    math.exp(float(q[i, part] @ k[j, part]) / math.sqrt(width)) if keep_BLM[b, i, j] else 0.0
                    for j in range(memory_BMD.shape[1])
                ]
                heads.append(sum(w / sum(weights) * v[j, part] for j, w in enumerate(weights)))
            out_BLD[b, i] = torch.cat(heads) @ module.output.weight.T
    return out_BLD


def make_attention(is_training=False):
    torch.manual_seed(0)
    return MultiHeadAttention(d_model=12, heads=3).train(is_training)


@pytest.mark.parametrize("is_training", [False, True])
@torch.inference_mode()
def test_attention_with_padding_equals_the_naive_loop(is_training):
    attention = make_attention(is_training)
    query_BLD, memory_BMD = torch.randn(2, 4, 12), torch.randn(2, 5, 12)
    keep_BM = torch.tensor([[True] * 5, [True, True, True, False, False]])
    got = attention(query_BLD, attention.project_memory(memory_BMD), keep_BM[:, None, None, :])
    expected = naive_attention(attention, query_BLD, memory_BMD, keep_BM[:, None, :].expand(2, 4, 5))
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("is_training", [False, True])
@torch.inference_mode()
def test_causal_attention_equals_the_naive_loop(is_training):
    attention = make_attention(is_training)
    x_BLD = torch.randn(2, 5, 12)
    got = attention(x_BLD, attention.project_memory(x_BLD), is_causal=True)
    expected = naive_attention(attention, x_BLD, x_BLD, torch.ones(5, 5).tril().bool().expand(2, 5, 5))
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)


def test_selected_keys_equal_those_of_the_whole_memory():
    attention = make_attention()
    whole = attention.project_memory(torch.randn(3, 4, 12))
    picked = whole.select(torch.tensor([2, 0, 2]))
    assert isinstance(picked, KeyValue)
    assert torch.equal(picked.key_NHMK, whole.key_NHMK[[2, 0, 2]])
    assert torch.equal(picked.value_NHMK, whole.value_NHMK[[2, 0, 2]])


def gradients(attention, x_BLD, keep_mask, is_causal):
    out_BLD = attention(x_BLD, attention.project_memory(x_BLD), keep_mask, is_causal)
    return torch.autograd.grad(out_BLD.square().sum(), (x_BLD, *attention.parameters()))


@pytest.mark.parametrize("is_causal", [False, True])
def test_gradients_in_training_equal_those_of_pytorchs_kernel(is_causal):
    x_BLD = torch.randn(2, 5, 12, requires_grad=True)
    padding = torch.tensor([[True] * 5, [True, True, False, False, False]])[:, None, None, :]
    keep_mask = None if is_causal else padding
    attention = make_attention()
    expected = gradients(attention.eval(), x_BLD, keep_mask, is_causal)
    got = gradients(attention.train(), x_BLD, keep_mask, is_causal)
    for ours, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("is_training", [False, True])
@torch.inference_mode()
def test_attention_in_bf16_stays_within_its_rounding(is_training):
    """bf16 keeps 8 bits, so each of the five successive roundings changes a value by up to 0.4 %."""
    attention = make_attention(is_training)
    query_BLD, memory_BMD = torch.randn(2, 4, 12), torch.randn(2, 5, 12)
    expected = attention(query_BLD, attention.project_memory(memory_BMD))
    with torch.autocast("cpu", torch.bfloat16):
        got = attention(query_BLD, attention.project_memory(memory_BMD))
    assert got.dtype == torch.bfloat16
    assert (got - expected).abs().max() < 0.02 * expected.abs().max()


def test_dropout_zeroes_whole_attention_weights_and_only_in_training():
    # With one head and V = identity, the output is the weights themselves, so it shows zeroed and scaled ones.
    attention = MultiHeadAttention(d_model=8, heads=1, dropout=0.5)
    with torch.no_grad():
        attention.key_value.weight[8:] = torch.eye(8)
        attention.output.weight.copy_(torch.eye(8))
    x_BLD, memory = torch.randn(3, 6, 8), attention.project_memory(torch.eye(8).expand(3, 8, 8))
    weights = attention.eval()(x_BLD, memory)
    dropped = attention.train()(x_BLD, memory)
    kept = dropped != 0
    assert 0.3 < kept.float().mean() < 0.7
    torch.testing.assert_close(dropped, 2 * weights * kept)


@torch.inference_mode()
def test_only_requested_weights_are_recorded():
    """With one head and V = W^O = identity, the output is the weights themselves."""
    attention, other = (MultiHeadAttention(d_model=8, heads=1).eval() for _ in range(2))
    attention.key_value.weight[8:] = torch.eye(8)
    attention.output.weight.copy_(torch.eye(8))
    x_BLD, memory = torch.randn(3, 6, 8), attention.project_memory(torch.eye(8).expand(3, 8, 8))
    keep_mask = torch.tensor([True] * 5 + [False] * 3)[None, None, None, :]
    record: AttentionRecord = {attention: None}
    weights_BLM = attention(x_BLD, memory, keep_mask, record=record)
    other(x_BLD, memory, keep_mask, record=record)
    assert list(record) == [attention]
    torch.testing.assert_close(record[attention].squeeze(1), weights_BLM)
    assert torch.all(record[attention][..., 5:] == 0)
