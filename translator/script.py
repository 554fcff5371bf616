"""TorchScript: small operations one after the other without Python in between, and without a compiler."""

import warnings
from typing import Any, TypeVar, cast

import torch

T = TypeVar("T")


def scripted(code: T) -> T:
    """The same function, module or class, run by TorchScript.

    PyTorch will drop it for torch.compile, which needs a C++ compiler where it runs. Called as it is, the same code
    is about three times as slow on single sentences.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r".*torch\.jit\.", DeprecationWarning)
        compiled: Any = torch.jit.script(code)
    return cast(T, compiled)
