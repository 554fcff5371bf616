import pytest
import torch

from translator.search import top_k


@pytest.mark.parametrize("numbers", [5, 64, 1000, 1024, 8000])
@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_largest_are_found_wherever_they_stand(numbers, k):
    generator = torch.Generator().manual_seed(numbers + k)
    x = torch.rand((50, numbers), generator=generator)  # no two are equal
    for row in range(0, 50, 2):  # neighbours, the first, the last
        x[row, : min(k, 3)] += 1
        x[row, -2:] += 2
    x[1] = -torch.inf
    x[1, numbers // 2] = 0.5
    values, indices = top_k(x, k)
    ordered = x.sort(dim=1, descending=True).values[:, :k]
    assert torch.equal(values, ordered)
    assert torch.equal(x.gather(1, indices), ordered)
    assert all(len(set(row)) == k for row in indices.tolist())
