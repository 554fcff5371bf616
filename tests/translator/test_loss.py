import math

import pytest
import torch
from torch.nn import functional as F

from translator.model import loss as loss_module
from translator.model.loss import label_smoothed_cross_entropy

PAD = 0


def reference_loss(output_ND, embedding_VD, target_N, smoothing):
    """The textbook implementation: all logits at once, smoothed by PyTorch."""
    logits_NV = output_ND @ embedding_VD.T
    return F.cross_entropy(logits_NV, target_N, ignore_index=PAD, label_smoothing=smoothing, reduction="sum")


def test_smoothed_loss_worked_out_by_hand():
    # One target, embedding = identity, so the logits are the output: (0, ln 3). Softmax: (1/4, 3/4).
    # Smoothing 0.1 over two pieces: q = (0.05, 0.95) for target 1.
    # Loss = -0.05·ln(1/4) - 0.95·ln(3/4) = 0.0693147 + 0.2732980 = 0.3426127; nll = -ln(3/4) = 0.2876821.
    output_ND = torch.tensor([[0.0, math.log(3)]])
    smoothed, nll = label_smoothed_cross_entropy(output_ND, torch.eye(2), torch.tensor([1]), 0.1, PAD)
    assert smoothed.item() == pytest.approx(0.3426127, abs=1e-6)
    assert nll.item() == pytest.approx(0.2876821, abs=1e-6)


def test_a_target_of_zero_probability_has_a_finite_loss():
    # Logits (0, 200): the softmax of the first is e^-200, which float32 cannot hold; its loss is ln(1 + e^200) = 200.
    output_ND = torch.tensor([[0.0, 200.0]], requires_grad=True)
    loss, nll = label_smoothed_cross_entropy(output_ND, torch.eye(2), torch.tensor([0]), 0.0, PAD - 1)
    loss.backward()
    assert (loss.item(), nll.item()) == (200.0, 200.0)
    assert output_ND.grad.tolist() == [[-1.0, 1.0]]


@pytest.fixture(params=[(1, 1), (100, 1), (100, 50), (1 << 22, 50), (1 << 22, 1 << 20)], ids=str)
def chunk_sizes(request, monkeypatch):
    """Sizes of the chunk and of its float32 part: from one row to all of them."""
    chunk, float32 = request.param
    monkeypatch.setitem(loss_module.CHUNK_LOGITS, "cpu", chunk)
    monkeypatch.setitem(loss_module.FLOAT32_LOGITS, "cpu", float32)


@pytest.mark.usefixtures("chunk_sizes")
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
def test_loss_and_gradients_equal_the_reference(smoothing):
    torch.manual_seed(0)
    output_ND = torch.randn(13, 8, requires_grad=True)
    embedding_VD = torch.randn(21, 8, requires_grad=True)
    target_N = torch.randint(1, 21, (13,))
    target_N[[2, 7, 12]] = PAD
    smoothed, _ = label_smoothed_cross_entropy(output_ND, embedding_VD, target_N, smoothing, PAD)
    got = (smoothed, *torch.autograd.grad(smoothed * 0.5, (output_ND, embedding_VD)))
    reference = reference_loss(output_ND, embedding_VD, target_N, smoothing)
    expected = (reference, *torch.autograd.grad(reference * 0.5, (output_ND, embedding_VD)))
    for ours, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.usefixtures("chunk_sizes")
def test_the_bias_of_the_logits_equals_the_reference():
    torch.manual_seed(0)
    output_ND, embedding_VD = torch.randn(13, 8, requires_grad=True), torch.randn(21, 8, requires_grad=True)
    bias_V = torch.randn(21, requires_grad=True)
    target_N = torch.randint(1, 21, (13,))
    target_N[[2, 7]] = PAD
    smoothed, _ = label_smoothed_cross_entropy(output_ND, embedding_VD, target_N, 0.1, PAD, bias_V)
    reference = F.cross_entropy(
        output_ND @ embedding_VD.T + bias_V, target_N, ignore_index=PAD, label_smoothing=0.1, reduction="sum"
    )
    torch.testing.assert_close(smoothed, reference, atol=1e-5, rtol=1e-5)
    weights = output_ND, embedding_VD, bias_V
    got, expected = (torch.autograd.grad(loss * 0.5, weights) for loss in (smoothed, reference))
    for ours, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_bf16_gradients_stay_close_to_float32():
    torch.manual_seed(0)
    output_ND = torch.randn(64, 32, requires_grad=True)
    embedding_VD = (torch.randn(50, 32) / 6).requires_grad_()
    target_N = torch.randint(1, 50, (64,))
    with torch.autocast("cpu", torch.bfloat16):
        smoothed, _ = label_smoothed_cross_entropy(output_ND, embedding_VD, target_N, 0.1, PAD)
    got = torch.autograd.grad(smoothed, (output_ND, embedding_VD))
    expected = torch.autograd.grad(
        reference_loss(output_ND, embedding_VD, target_N, 0.1), (output_ND, embedding_VD)
    )
    for ours, theirs in zip(got, expected, strict=True):
        assert ours.dtype == torch.float32
        assert (ours - theirs).norm() / theirs.norm() < 0.02


def test_a_batch_of_padding_costs_nothing():
    output_ND = torch.randn(3, 4, requires_grad=True)
    smoothed, nll = label_smoothed_cross_entropy(
        output_ND, torch.randn(5, 4), torch.zeros(3).long(), 0.1, PAD
    )
    smoothed.backward()
    assert (smoothed.item(), nll.item()) == (0.0, 0.0)
    assert torch.equal(output_ND.grad, torch.zeros(3, 4))
