import math
import statistics

import pytest
import torch
from torch.nn import functional as F

from translator import loss as loss_module
from translator.loss import label_smoothed_cross_entropy

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


def reference_r_drop(output_ND, embedding_VD, target_N, smoothing, agreement):
    """Equation 3 of Wu et al. 2021, with PyTorch's divergence."""
    log_p_NV = (output_ND @ embedding_VD.T).log_softmax(1)[target_N != PAD]
    first, second = log_p_NV[0::2], log_p_NV[1::2]
    divergence = sum(
        F.kl_div(a, b, log_target=True, reduction="sum") for a, b in ((first, second), (second, first))
    )
    return reference_loss(output_ND, embedding_VD, target_N, smoothing) + agreement / 2 * divergence


@pytest.mark.usefixtures("chunk_sizes")
def test_r_drop_and_its_gradients_equal_the_reference():
    torch.manual_seed(0)
    output_ND = torch.randn(14, 8, requires_grad=True)
    embedding_VD = torch.randn(21, 8, requires_grad=True)
    target_N = torch.randint(1, 21, (7,))
    target_N[[2, 6]] = PAD
    arguments = (output_ND, embedding_VD, target_N.repeat_interleave(2), 0.1)
    loss, nll = label_smoothed_cross_entropy(*arguments, PAD, agreement=5.0)
    got = (loss, *torch.autograd.grad(loss, (output_ND, embedding_VD)))
    reference = reference_r_drop(*arguments, 5.0)
    expected = (reference, *torch.autograd.grad(reference, (output_ND, embedding_VD)))
    for ours, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(nll, reference_loss(*arguments[:3], 0.0), atol=1e-5, rtol=1e-5)


def test_r_drop_worked_out_by_hand():
    # Two passes over one position, logits (0, ln 3) and (ln 3, 0): p = (1/4, 3/4), q = (3/4, 1/4), target 1.
    # KL(p‖q) = 1/4·ln(1/3) + 3/4·ln 3 = ½ ln 3, and KL(q‖p) is the same. Cross-entropies: ln(4/3) + ln 4.
    # With α = 2 the sum is ln(16/3) + 2·½·(½ ln 3 + ½ ln 3) = ln 16 = 2.7725887.
    output_ND = torch.tensor([[0.0, math.log(3)], [math.log(3), 0.0]])
    loss, _ = label_smoothed_cross_entropy(
        output_ND, torch.eye(2), torch.tensor([1, 1]), 0.0, PAD, agreement=2.0
    )
    assert loss.item() == pytest.approx(2.7725887, abs=1e-6)


def softmax_over(output_ND, embedding_VD, target_N, pieces, seed=0, agreement=0.0):
    """The loss over `pieces` pieces, the NLL, and the gradients of output and embedding, for this sampling seed."""
    torch.manual_seed(seed)
    loss, nll = label_smoothed_cross_entropy(
        output_ND, embedding_VD, target_N, 0.1, PAD, agreement, softmax_pieces=pieces
    )
    return loss, nll, *torch.autograd.grad(loss, (output_ND, embedding_VD))


@pytest.mark.usefixtures("chunk_sizes")
@pytest.mark.parametrize("agreement", [0.0, 5.0])
def test_a_sampled_piece_counts_like_the_pieces_it_represents(agreement):
    # 21 pieces, targets 1, 2, 3: 6 of the 18 others are sampled, and each represents 3. The loss and the gradients are
    # those of a vocabulary of 21 in which each sampled piece occurs three times.
    torch.manual_seed(0)
    output_ND = torch.randn(8, 8, requires_grad=True)
    embedding_VD = torch.randn(21, 8, requires_grad=True)
    target_N = torch.tensor([1, 1, 3, 3, PAD, PAD, 2, 2])
    loss, nll, *gradients = softmax_over(output_ND, embedding_VD, target_N, 9, agreement=agreement)
    in_softmax = gradients[1].abs().sum(dim=1).nonzero().squeeze(1).tolist()
    assert len(in_softmax) == 9
    assert set(in_softmax) > {1, 2, 3}
    sampled = [piece for piece in in_softmax if piece not in (1, 2, 3)]
    # The targets keep their ids; id 0 is padding and must not be a target here.
    expanded = embedding_VD[[sampled[0], 1, 2, 3, *sampled[:1] * 2, *sampled[1:] * 3]]
    reference = reference_r_drop(output_ND, expanded, target_N, 0.1, agreement)
    expected = torch.autograd.grad(reference, (output_ND, embedding_VD))
    torch.testing.assert_close(loss, reference, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(nll, reference_loss(output_ND, expanded, target_N, 0.0), atol=1e-4, rtol=1e-4)
    for ours, theirs in zip(gradients, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_all_other_pieces_are_sampled_equally_often():
    # 5 of 20 others, 400 times: 100 times each, with a standard deviation of √(400 · ¼ · ¾) = 8.7.
    output_ND = torch.randn(1, 8, requires_grad=True)
    embedding_VD = torch.randn(21, 8, requires_grad=True)
    sampled_V = sum(
        softmax_over(output_ND, embedding_VD, torch.tensor([7]), 6, seed)[3].any(dim=1).long()
        for seed in range(400)
    )
    assert sampled_V[7] == 400
    assert sampled_V.sum() == 400 * 6
    others = torch.cat([sampled_V[:7], sampled_V[8:]])
    assert 60 < others.min() <= others.max() < 140


def test_the_mean_of_many_samples_is_near_the_full_softmax():
    """Without bias, the mean of 300 samples would be √300 = 17 times nearer than a single one; the log of an estimated
    sum has a small bias."""
    torch.manual_seed(0)
    output_ND = torch.randn(6, 8, requires_grad=True)
    embedding_VD = (torch.randn(101, 8) / 3).requires_grad_()
    target_N = torch.randint(1, 101, (6,))
    samples = [softmax_over(output_ND, embedding_VD, target_N, 41, seed) for seed in range(300)]
    whole = softmax_over(output_ND, embedding_VD, target_N, 0)
    for ours, theirs in zip(zip(*samples, strict=True), whole, strict=True):
        alone = statistics.mean((sample - theirs).norm().item() for sample in ours)
        together = (torch.stack(ours).mean(dim=0) - theirs).norm().item()
        assert 0 < together < alone / 4


@pytest.mark.parametrize("pieces", [21, 22, 1000])
def test_a_sampled_softmax_of_vocabulary_size_is_the_full_softmax(pieces):
    output_ND, embedding_VD = torch.randn(4, 8, requires_grad=True), torch.randn(21, 8, requires_grad=True)
    target_N = torch.tensor([1, 2, PAD, 20])
    whole = softmax_over(output_ND, embedding_VD, target_N, 0)
    for ours, theirs in zip(softmax_over(output_ND, embedding_VD, target_N, pieces), whole, strict=True):
        assert torch.equal(ours, theirs)


def test_all_target_pieces_are_in_the_softmax_even_if_they_exceed_its_size():
    """The softmax then runs over the targets alone."""
    output_ND, embedding_VD = torch.randn(4, 8, requires_grad=True), torch.randn(21, 8, requires_grad=True)
    target_N = torch.tensor([1, 2, 3, 20])
    gradient_VD = softmax_over(output_ND, embedding_VD, target_N, 2)[3]
    assert gradient_VD.any(dim=1).nonzero().squeeze(1).tolist() == [1, 2, 3, 20]


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


@pytest.mark.parametrize("pieces", [0, 3])
def test_a_batch_of_padding_costs_nothing(pieces):
    output_ND = torch.randn(3, 4, requires_grad=True)
    smoothed, nll = label_smoothed_cross_entropy(
        output_ND, torch.randn(5, 4), torch.zeros(3).long(), 0.1, PAD, softmax_pieces=pieces
    )
    smoothed.backward()
    assert (smoothed.item(), nll.item()) == (0.0, 0.0)
    assert torch.equal(output_ND.grad, torch.zeros(3, 4))
