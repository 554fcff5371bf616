"""Choose the precision and the device, and build the PyTorch network where one is needed."""

import importlib.util
import logging
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from translator.config import ModelConfig
from translator.engines.native.library import NativeError, open_library
from translator.engines.protocol import has_fast_engine
from translator.errors import ConfigError
from translator.files.model_folder import ModelFiles
from translator.machine.processor import has_gpu
from translator.options import RequestedPrecision

if TYPE_CHECKING:
    from translator.model.interface import TranslationModel

logger = logging.getLogger(__name__)

Precision = Literal["fp32", "bf16", "int8"]
"""The precision of matrix products with weights."""


def shipped_model() -> Path:
    """The folder of the model that ships with the package."""
    return Path(str(resources.files("translator"))) / "pretrained" / "en-de"


def resolve_precision(
    precision: RequestedPrecision, device: str, models: Sequence[ModelConfig] = ()
) -> tuple[Precision, str]:
    """Resolve "auto" to a precision and a device; raises ConfigError if one of them is not available.

    "auto" is never int8 for `models` that the int8 engine does not compute.

    The choice depends on the hardware, not on a timed trial: a trial may end differently at each start, and so would
    the translations.
    """
    if device == "cpu" or (device == "auto" and not has_gpu()):
        if precision == "int8" or (
            precision == "auto" and has_native_engine() and all(map(has_fast_engine, models))
        ):
            return "int8", "cpu"
        _check_pytorch("fp32" if precision == "auto" else precision)
        return ("fp32" if precision == "auto" else precision), "cpu"
    _check_pytorch(f"the device {device!r}")
    from translator.machine.device import choose_device, has_fast_bf16  # noqa: PLC0415 (loads PyTorch)

    chosen = choose_device(device)
    if chosen.type == "cpu":
        return resolve_precision(precision, "cpu", models)
    if precision == "int8":
        raise ConfigError("precision is int8, but there is no int8 engine for GPUs; give auto, bf16 or fp32")
    if precision == "auto":
        precision = "bf16" if has_fast_bf16(chosen) else "fp32"
    return precision, str(chosen)


def _check_pytorch(what: str) -> None:
    """Raise ConfigError if PyTorch is not installed."""
    if importlib.util.find_spec("torch") is None:
        raise ConfigError(
            f"{what} needs PyTorch, which is not installed; pip install 'en-de-translator[gpu]', or give auto"
        )


@cache
def has_native_engine() -> bool:
    """Whether the native engine loads; if not, logs why, once. Raises NativeError if PyTorch is not installed."""
    try:
        open_library()
    except NativeError as error:
        if importlib.util.find_spec("torch") is None:
            raise
        logger.warning("%s. Falling back to PyTorch in float32, which is several times slower.", error)
        return False
    return True


def build_model(files: ModelFiles, device: str = "cpu", precision: Precision = "fp32") -> "TranslationModel":
    """Build the PyTorch network."""
    import torch  # noqa: PLC0415 (slow)

    from translator.machine.device import set_up_processor  # noqa: PLC0415 (loads PyTorch)
    from translator.model.architectures import build_network  # noqa: PLC0415 (loads PyTorch)

    set_up_processor(threads=1)
    model = build_network(files.config)
    model.load_state_dict({name: torch.from_numpy(weight) for name, weight in files.weights.items()})
    return (model.bfloat16() if precision == "bf16" else model).to(device).eval()
