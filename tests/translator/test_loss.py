import math
import statistics

import pytest
import torch
from torch.nn import functional as F

from translator import loss as loss_module
from translator.loss import label_smoothed_cross_entropy

PAD = 0


def plain_version(output_ND, embedding_VD, target_N, smoothing):
    """The textbook way, with all logits at once and PyTorch's own smoothing."""
    logits_NV = output_ND @ embedding_VD.T
    return F.cross_entropy(logits_NV, target_N, ignore_index=PAD, label_smoothing=smoothing, reduction="sum")


def test_smoothed_loss_worked_out_by_hand():
    # One target, embedding = identity, so the logits are the output: (0, ln 3). Softmax: (1/4, 3/4).
    # Smoothing 0.1 over two pieces: q = (0.05, 0.95) for target 1.
    # Loss = -0.05·ln(1/4) - 0.95·ln(3/4) = 0.0693147 + 0.2732980 = 0.3426127; plain = -ln(3/4) = 0.2876821.
    output_ND = torch.tensor([[0.0, math.log(3)]])
    smoothed, plain = label_smoothed_cross_entropy(output_ND, torch.eye(2), torch.tensor([1]), 0.1, PAD)
    assert smoothed.item() == pytest.approx(0.3426127, abs=1e-6)
    assert plain.item() == pytest.approx(0.2876821, abs=1e-6)


def test_a_target_without_any_probability_has_a_finite_loss():
    # Logits (0, 200): the softmax of the first is e^-200, which float32 cannot hold; its loss is ln(1 + e^200) = 200.
    output_ND = torch.tensor([[0.0, 200.0]], requires_grad=True)
    loss, plain = label_smoothed_cross_entropy(output_ND, torch.eye(2), torch.tensor([0]), 0.0, PAD - 1)
    loss.backward()
    assert (loss.item(), plain.item()) == (200.0, 200.0)
    assert output_ND.grad.tolist() == [[-1.0, 1.0]]


@pytest.fixture(params=[(1, 1), (100, 1), (100, 50), (1 << 22, 50), (1 << 22, 1 << 20)], ids=str)
def chunk_sizes(request, monkeypatch):
    """Logits at once, and in float32 at once: from one row to all of them."""
    chunk, float32 = request.param
    monkeypatch.setitem(loss_module.CHUNK_LOGITS, "cpu", chunk)
    monkeypatch.setitem(loss_module.FLOAT32_LOGITS, "cpu", float32)


@pytest.mark.usefixtures("chunk_sizes")
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
def test_loss_and_gradients_equal_the_plain_version(smoothing):
    torch.manual_seed(0)
    output_ND = torch.randn(13, 8, requires_grad=True)
    embedding_VD = torch.randn(21, 8, requires_grad=True)
    target_N = torch.randint(1, 21, (13,))
    target_N[[2, 7, 12]] = PAD
    smoothed, _ = label_smoothed_cross_entropy(output_ND, embedding_VD, target_N, smoothing, PAD)
    got = (smoothed, *torch.autograd.grad(smoothed * 0.5, (output_ND, embedding_VD)))
    reference = plain_version(output_ND, embedding_VD, target_N, smoothing)
    expected = (reference, *torch.autograd.grad(reference * 0.5, (output_ND, embedding_VD)))
    for ours, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def plain_r_drop(output_ND, embedding_VD, target_N, smoothing, agreement):
    """Equation 3 of Wu et al. 2021, by PyTorch's own divergence."""
    log_p_NV = (output_ND @ embedding_VD.T).log_softmax(1)[target_N != PAD]
    first, second = log_p_NV[0::2], log_p_NV[1::2]
    divergence = sum(
        F.kl_div(a, b, log_target=True, reduction="sum") for a, b in ((first, second), (second, first))
    )
    return plain_version(output_ND, embedding_VD, target_N, smoothing) + agreement / 2 * divergence


@pytest.mark.usefixtures("chunk_sizes")
def test_r_drop_and_its_gradients_equal_the_plain_version():
    torch.manual_seed(0)
    output_ND = torch.randn(14, 8, requires_grad=True)
    embedding_VD = torch.randn(21, 8, requires_grad=True)
    target_N = torch.randint(1, 21, (7,))
    target_N[[2, 6]] = PAD
    arguments = (output_ND, embedding_VD, target_N.repeat_interleave(2), 0.1)
    loss, plain = label_smoothed_cross_entropy(*arguments, PAD, agreement=5.0)
    got = (loss, *torch.autograd.grad(loss, (output_ND, embedding_VD)))
    reference = plain_r_drop(*arguments, 5.0)
    expected = (reference, *torch.autograd.grad(reference, (output_ND, embedding_VD)))
    for ours, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(plain, plain_version(*arguments[:3], 0.0), atol=1e-5, rtol=1e-5)


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
    """The loss with so many pieces and its gradients by output and embedding, for that seed of the draw."""
    torch.manual_seed(seed)
    loss, plain = label_smoothed_cross_entropy(
        output_ND, embedding_VD, target_N, 0.1, PAD, agreement, softmax_pieces=pieces
    )
    return loss, plain, *torch.autograd.grad(loss, (output_ND, embedding_VD))


@pytest.mark.usefixtures("chunk_sizes")
@pytest.mark.parametrize("agreement", [0.0, 5.0])
def test_a_drawn_piece_counts_like_the_pieces_that_it_stands_for(agreement):
    # 21 pieces, targets 1, 2, 3: of the 18 others 6 are drawn, each for 3. The loss and the gradients are those of a
    # vocabulary of 21 in which each drawn piece stands three times.
    torch.manual_seed(0)
    output_ND = torch.randn(8, 8, requires_grad=True)
    embedding_VD = torch.randn(21, 8, requires_grad=True)
    target_N = torch.tensor([1, 1, 3, 3, PAD, PAD, 2, 2])
    loss, plain, *gradients = softmax_over(output_ND, embedding_VD, target_N, 9, agreement=agreement)
    in_softmax = gradients[1].abs().sum(dim=1).nonzero().squeeze(1).tolist()
    assert len(in_softmax) == 9
    assert set(in_softmax) > {1, 2, 3}
    drawn = [piece for piece in in_softmax if piece not in (1, 2, 3)]
    # The places of the targets stay as they are, 0 being padding, which must not be a target here.
    expanded = embedding_VD[[drawn[0], 1, 2, 3, *drawn[:1] * 2, *drawn[1:] * 3]]
    reference = plain_r_drop(output_ND, expanded, target_N, 0.1, agreement)
    expected = torch.autograd.grad(reference, (output_ND, embedding_VD))
    torch.testing.assert_close(loss, reference, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(plain, plain_version(output_ND, expanded, target_N, 0.0), atol=1e-4, rtol=1e-4)
    for ours, theirs in zip(gradients, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_every_other_piece_is_drawn_as_often():
    # 5 of 20 others, 400 times: each 100 times, with a standard deviation of √(400 · ¼ · ¾) = 8.7.
    output_ND = torch.randn(1, 8, requires_grad=True)
    embedding_VD = torch.randn(21, 8, requires_grad=True)
    drawn_V = sum(
        softmax_over(output_ND, embedding_VD, torch.tensor([7]), 6, seed)[3].any(dim=1).long()
        for seed in range(400)
    )
    assert drawn_V[7] == 400
    assert drawn_V.sum() == 400 * 6
    others = torch.cat([drawn_V[:7], drawn_V[8:]])
    assert 60 < others.min() <= others.max() < 140


def test_the_mean_of_many_draws_is_near_the_whole_softmax():
    """Without any bias 300 draws would be √300 = 17 times nearer together than alone; the log of a sum that is
    estimated has a small one."""
    torch.manual_seed(0)
    output_ND = torch.randn(6, 8, requires_grad=True)
    embedding_VD = (torch.randn(101, 8) / 3).requires_grad_()
    target_N = torch.randint(1, 101, (6,))
    draws = [softmax_over(output_ND, embedding_VD, target_N, 41, seed) for seed in range(300)]
    whole = softmax_over(output_ND, embedding_VD, target_N, 0)
    for ours, theirs in zip(zip(*draws, strict=True), whole, strict=True):
        alone = statistics.mean((draw - theirs).norm().item() for draw in ours)
        together = (torch.stack(ours).mean(dim=0) - theirs).norm().item()
        assert 0 < together < alone / 4


@pytest.mark.parametrize("pieces", [21, 22, 1000])
def test_a_softmax_of_as_many_pieces_as_there_are_draws_nothing(pieces):
    output_ND, embedding_VD = torch.randn(4, 8, requires_grad=True), torch.randn(21, 8, requires_grad=True)
    target_N = torch.tensor([1, 2, PAD, 20])
    whole = softmax_over(output_ND, embedding_VD, target_N, 0)
    for ours, theirs in zip(softmax_over(output_ND, embedding_VD, target_N, pieces), whole, strict=True):
        assert torch.equal(ours, theirs)


def test_more_kinds_of_targets_than_pieces_are_all_in_the_softmax():
    """Then it goes over them alone."""
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
        plain_version(output_ND, embedding_VD, target_N, 0.1), (output_ND, embedding_VD)
    )
    for ours, theirs in zip(got, expected, strict=True):
        assert ours.dtype == torch.float32
        assert (ours - theirs).norm() / theirs.norm() < 0.02


@pytest.mark.parametrize("pieces", [0, 3])
def test_a_batch_of_padding_costs_nothing(pieces):
    output_ND = torch.randn(3, 4, requires_grad=True)
    smoothed, plain = label_smoothed_cross_entropy(
        output_ND, torch.randn(5, 4), torch.zeros(3).long(), 0.1, PAD, softmax_pieces=pieces
    )
    smoothed.backward()
    assert (smoothed.item(), plain.item()) == (0.0, 0.0)
    assert torch.equal(output_ND.grad, torch.zeros(3, 4))
