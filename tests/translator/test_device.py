import pytest
import torch

from translator.device import choose_device, describe_device
from translator.errors import ConfigError


def test_devices_are_chosen():
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("name", ["gpu", "meta", "mps", "xpu", ""])
def test_unknown_devices_are_refused(name):
    with pytest.raises(ConfigError, match="is unknown; give auto, cpu, cuda or cuda:N"):
        choose_device(name)


def test_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match=r"'cuda:99' is not there: \d+ GPUs found; give auto or cpu"):
        choose_device("cuda:99")


def test_a_processor_is_described_by_its_cores():
    assert describe_device(torch.device("cpu")).startswith(f"{torch.get_num_threads()} × ")
