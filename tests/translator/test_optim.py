import pytest
import torch
from torch import nn

from translator.config import TrainingConfig
from translator.model.optim import build_adam, learning_rate


def test_the_papers_schedule_worked_out_by_hand():
    config = TrainingConfig(schedule="inverse-sqrt", warmup_steps=4000, max_steps=100_000)
    # 512^-0.5 = 0.04419417. Step 1: · 4000^-1.5 = 3.952847e-6 → 1.746928e-7. Step 4000: · 4000^-0.5 =
    # 0.01581139 → 6.987712e-4, the peak. Step 100,000: · 100000^-0.5 = 0.003162278 → 1.397542e-4.
    for step, expected in (
        (1, 1.746928e-7),
        (2000, 3.493856e-4),
        (4000, 6.987712e-4),
        (100_000, 1.397542e-4),
    ):
        assert learning_rate(config, 512, step, progress=0.5) == pytest.approx(expected, rel=1e-6)


def test_the_linear_schedule_worked_out_by_hand():
    config = TrainingConfig(schedule="linear", warmup_steps=10, peak_learning_rate=2e-3, max_steps=100)
    for step, progress, expected in (
        (1, 0.0, 2e-4), (5, 0.04, 1e-3), (10, 0.09, 1.82e-3), (50, 0.5, 1e-3), (100, 0.99, 2e-5), (101, 1.0, 0.0),
    ):  # fmt: skip
        assert learning_rate(config, 512, step, progress) == pytest.approx(expected, rel=1e-9)


def test_the_warm_up_of_a_short_training_ends_after_a_fifth_of_it():
    # The warm-up takes 500 steps but the whole training only 40, so the rate rises with the time instead.
    config = TrainingConfig(schedule="linear", warmup_steps=500, peak_learning_rate=1e-3, max_minutes=1)
    for step, progress, expected in (
        (1, 0.0, 2e-6), (5, 0.1, 5e-4), (8, 0.2, 8e-4), (20, 0.5, 5e-4), (40, 0.975, 2.5e-5),
    ):  # fmt: skip
        assert learning_rate(config, 512, step, progress) == pytest.approx(expected, rel=1e-9)
    papers = TrainingConfig(schedule="inverse-sqrt", warmup_steps=500, peak_learning_rate=1e-3, max_minutes=1)
    assert learning_rate(papers, 512, step=8, progress=0.2) == pytest.approx(1.6e-5, rel=1e-9)


def test_weight_decay_spares_vectors():
    model = nn.Linear(3, 2)
    optimizer = build_adam(model, TrainingConfig(max_steps=1, weight_decay=0.1))
    decayed, spared = optimizer.param_groups
    assert [p.shape for p in decayed["params"]] == [torch.Size([2, 3])]
    assert [p.shape for p in spared["params"]] == [torch.Size([2])]
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.1, 0.0)


def test_the_first_adam_step_worked_out_by_hand():
    # After bias correction the first step of Adam is lr · g / (|g| + ε), which is lr · sign(g).
    parameter = nn.Parameter(torch.tensor([[1.0, -2.0]]))
    optimizer = build_adam(nn.ParameterList([parameter]), TrainingConfig(max_steps=1))
    for group in optimizer.param_groups:
        group["lr"] = 0.01
    parameter.grad = torch.tensor([[0.5, -3.0]])
    optimizer.step()
    torch.testing.assert_close(parameter.detach(), torch.tensor([[0.99, -1.99]]))
