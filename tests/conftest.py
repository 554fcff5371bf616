import os

import pytest
import torch
from hypothesis import settings

settings.register_profile("default", max_examples=50, deadline=None)
settings.register_profile("hard", max_examples=200, deadline=None)
settings.register_profile("full", max_examples=1000, deadline=None)
settings.load_profile("default")  # `--hypothesis-profile=hard` overrides it


@pytest.fixture(autouse=True)
def _quiet_processor():
    """Small tensors gain nothing from threads, and tests should not depend on how many one before them left."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    torch.set_num_threads(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full-size", action="store_true", help="run the hard tests at full size: make test-hard FULL=1"
    )


@pytest.fixture(scope="session")
def is_full_size(pytestconfig: pytest.Config) -> bool:
    """Whether the hard tests run at full size."""
    return bool(pytestconfig.getoption("--full-size"))
