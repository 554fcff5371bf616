"""Dropout: the rate, the scale, what it does to gradients, and that its zeros follow the random state."""

import math

import pytest
import torch

from translator.model.dropout import Dropout


def drawn(rate: float, x: torch.Tensor, seed: int = 3) -> torch.Tensor:
    """Return `x` after dropout in training."""
    torch.manual_seed(seed)
    return Dropout(rate).train()(x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rate", [0.1, 0.3, 0.9])
def test_the_share_of_zeros_is_the_rate_and_the_rest_is_scaled_up(rate: float, dtype: torch.dtype) -> None:
    y = drawn(rate, torch.ones(500, 401, dtype=dtype))
    assert y.dtype == dtype
    zeros = (y == 0).double().mean().item()
    five_sigma = 5 * math.sqrt(rate * (1 - rate) / y.numel())
    assert zeros == pytest.approx(rate, abs=five_sigma)
    rounding = torch.finfo(dtype).eps
    assert y[y != 0].double() == pytest.approx(1 / (1 - rate), rel=max(rounding, 2e-4))


def test_elements_are_dropped_independently_of_their_neighbours() -> None:
    # Four elements share one 64-bit number, so look at those 1 to 5 places apart.
    kept = (drawn(0.5, torch.ones(200_000)) != 0).double()
    for distance in range(1, 6):
        both = (kept[distance:] * kept[:-distance]).mean().item()
        assert both == pytest.approx(0.25, abs=5 * math.sqrt(0.25 * 0.75 / len(kept)))


def test_the_gradient_is_that_of_the_elements_kept() -> None:
    x = torch.randn(7, 5, requires_grad=True)
    y = drawn(0.4, x)
    y.sum().backward()
    assert x.grad is not None
    scale = torch.where(y == 0, 0.0, 1 / 0.6)
    assert 0 < int((y == 0).sum()) < y.numel()
    torch.testing.assert_close(x.grad, scale, rtol=1e-4, atol=0)
    torch.testing.assert_close(y, x * scale, rtol=1e-4, atol=0)


def test_the_same_random_state_gives_the_same_zeros_and_moves_on() -> None:
    x = torch.ones(1000)
    torch.manual_seed(8)
    dropout = Dropout(0.3).train()
    state = torch.get_rng_state()
    first, second = dropout(x), dropout(x)
    torch.set_rng_state(state)
    assert torch.equal(dropout(x), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5])
def test_any_number_of_elements_is_dropped(size: int) -> None:
    assert drawn(0.5, torch.ones(size)).shape == (size,)


def test_nothing_is_dropped_outside_of_training_or_at_rate_zero() -> None:
    x = torch.randn(50)
    assert Dropout(0.5).eval()(x) is x
    assert Dropout(0.0).train()(x) is x
