import os

import pytest

from translator.machine import processor
from translator.machine.processor import has_gpu, usable_cores


@pytest.fixture(autouse=True)
def _four_cores_without_a_limit(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)))
    monkeypatch.setattr(processor, "CONTAINER", tmp_path)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("250000 100000", 3), ("50000 100000", 1), ("6400000 100000", 4), ("max 100000", 4), (None, 4)],
)
def test_the_container_quota_limits_the_cores(tmp_path, quota, cores):
    if quota is not None:
        (tmp_path / "cpu.max").write_text(f"{quota}\n")
    assert usable_cores() == cores


@pytest.mark.parametrize(("wanted", "cores"), [("2", 2), ("9", 4), ("0", 4), ("", 4), ("two", 4)])
def test_the_environment_may_lower_the_cores(monkeypatch, wanted, cores):
    monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    assert usable_cores() == cores


def test_a_gpu_counts_only_if_pytorch_is_installed(monkeypatch, tmp_path):
    monkeypatch.setattr(processor, "_GPU", tmp_path / "nvidia")
    assert not has_gpu()
    (tmp_path / "nvidia").touch()
    assert has_gpu()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not has_gpu()
