import os
import subprocess
import sys

import pytest
import torch

from translator.errors import ConfigError
from translator.machine.device import choose_device, describe_device, set_up_processor


def test_devices_are_chosen():
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("name", ["gpu", "meta", "mps", "xpu", ""])
def test_unknown_devices_are_refused(name):
    with pytest.raises(ConfigError, match="is unknown; use auto, cpu, cuda or cuda:N"):
        choose_device(name)


def test_a_missing_gpu_is_refused():
    with pytest.raises(ConfigError, match=r"'cuda:99' is not available: \d+ GPUs found; use auto or cpu"):
        choose_device("cuda:99")


def test_a_processor_is_described_by_its_cores():
    assert describe_device(torch.device("cpu")).startswith(f"{torch.get_num_threads()} × ")


@pytest.mark.slow
def test_freed_memory_is_returned_to_the_system():
    """150 MB below a block that is still used, which glibc keeps until it is asked."""
    script = """
import os, torch
from translator.machine.device import return_freed_memory

def megabytes():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

tensors = [torch.ones(25_000) for _ in range(1500)]
del tensors[:-1]
before = megabytes()
return_freed_memory()
print(before - megabytes())
"""
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(2**25), "MALLOC_TRIM_THRESHOLD_": str(2**30)}
    output = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert float(output) > 100


@pytest.mark.parametrize(
    ("variable", "value"), [("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64"), ("THP_MEM_ALLOC_ENABLE", "1")]
)
def test_libraries_are_configured_to_save_memory_unless_the_environment_says_otherwise(
    monkeypatch, variable, value
):
    monkeypatch.delenv(variable, raising=False)
    set_up_processor(threads=0)
    assert os.environ[variable] == value
    monkeypatch.setenv(variable, "9")
    set_up_processor(threads=0)
    assert os.environ[variable] == "9"
