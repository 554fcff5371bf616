import math

import torch

from translator.attention import KeyValue, MultiHeadAttention


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


def make_attention():
    torch.manual_seed(0)
    return MultiHeadAttention(d_model=12, heads=3).eval()


@torch.inference_mode()
def test_attention_with_padding_equals_the_naive_loop():
    attention = make_attention()
    query_BLD, memory_BMD = torch.randn(2, 4, 12), torch.randn(2, 5, 12)
    keep_BM = torch.tensor([[True] * 5, [True, True, True, False, False]])
    got = attention(query_BLD, attention.project_memory(memory_BMD), keep_BM[:, None, None, :])
    expected = naive_attention(attention, query_BLD, memory_BMD, keep_BM[:, None, :].expand(2, 4, 5))
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_causal_attention_equals_the_naive_loop():
    attention = make_attention()
    x_BLD = torch.randn(2, 5, 12)
    got = attention(x_BLD, attention.project_memory(x_BLD), is_causal=True)
    expected = naive_attention(attention, x_BLD, x_BLD, torch.ones(5, 5).tril().bool().expand(2, 5, 5))
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)


def test_appended_and_selected_keys_are_those_of_the_whole_memory():
    attention = make_attention()
    memory_BMD = torch.randn(3, 4, 12)
    whole = attention.project_memory(memory_BMD)
    first, rest = attention.project_memory(memory_BMD[:, :1]), attention.project_memory(memory_BMD[:, 1:])
    joined = first.append(rest)
    torch.testing.assert_close(joined.key_NHMK, whole.key_NHMK)
    torch.testing.assert_close(joined.value_NHMK, whole.value_NHMK)
    picked = whole.select(torch.tensor([2, 0, 2]))
    assert isinstance(picked, KeyValue)
    assert torch.equal(picked.key_NHMK, whole.key_NHMK[[2, 0, 2]])
    assert torch.equal(picked.value_NHMK, whole.value_NHMK[[2, 0, 2]])
