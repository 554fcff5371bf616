"""Load the compiled library, and declare its functions to ctypes."""

import ctypes
import json
import os
from collections.abc import Sequence
from ctypes import POINTER, Structure, c_char_p, c_float, c_int, c_int32, c_void_p
from functools import cache
from pathlib import Path

from translator.engines.native.build import LIBRARY, hashes, manifest_of
from translator.errors import ConfigError, TranslatorError

FORCED_KERNEL = "TRANSLATOR_CPU"
"""Environment variable that overrides the choice of kernel."""


class NativeError(TranslatorError):
    """The library is missing or damaged, or rejected its input."""


ACTIVATIONS = ("relu", "gelu", "swish")
"""The activations, in the order of their numbers in engine.h."""


class Config(Structure):
    """`NtConfig` of engine.h."""

    _fields_ = (
        ("vocabulary", c_int32), ("width", c_int32), ("heads", c_int32), ("encoder_feed_forward", c_int32),
        ("decoder_feed_forward", c_int32), ("encoder_layers", c_int32), ("decoder_layers", c_int32),
        ("positions", c_int32), ("is_pre_norm", c_int32), ("activation", c_int32), ("has_attention_bias", c_int32),
        ("has_logits_bias", c_int32), ("has_target_embedding", c_int32), ("has_source_embedding", c_int32),
        ("embedding_scale", c_float),
    )  # fmt: skip


class Step(Structure):
    """`NtStep` of engine.h."""

    _fields_ = (
        ("rows", c_int32), ("row", c_void_p), ("parent", c_void_p), ("token", c_void_p), ("masks", c_void_p),
        ("mask", c_void_p), ("best", c_int32), ("candidate", c_void_p), ("log_probability", c_void_p),
        ("most_steps", c_int32), ("ordinary", c_void_p), ("beam", c_int32), ("score", c_void_p),
        ("next_token", c_void_p), ("next_parent", c_void_p), ("next_score", c_void_p), ("full", c_void_p),
        ("attention_layer", c_int32), ("attention_head", c_int32), ("attention_stride", c_int32),
        ("attention", c_void_p),
    )  # fmt: skip


_SIGNATURES = {
    "nt_kernels": (c_char_p, ()),
    "nt_model_new": (
        c_int, (POINTER(Config), c_char_p, POINTER(c_void_p), c_void_p, POINTER(c_void_p)),
    ),
    "nt_model_free": (None, (c_void_p,)),
    "nt_session_new": (c_int, (c_void_p, POINTER(c_void_p))),
    "nt_session_free": (None, (c_void_p,)),
    "nt_admit": (c_int, (c_void_p, c_int32, c_void_p, c_void_p, c_int32, c_void_p)),
    "nt_step": (c_int, (c_void_p, POINTER(Step))),
    "nt_release": (c_int, (c_void_p, c_int32, c_void_p)),
}  # fmt: skip
_ERRORS = {
    -1: "there is not enough memory; translate fewer sentences at a time",
    -2: "the native engine does not support the shape of this model",
    -3: "the weights are not finite numbers; take weights from before the training diverged",
    -4: "a token is outside the vocabulary",
    -5: "a row does not exist, or its parent belongs to another sentence",
    -6: "the sequence has more tokens than the model has positions",
    -7: "this processor does not support the kernel",
}


@cache
def open_library(path: Path = LIBRARY) -> ctypes.CDLL:
    """Open the library, and declare the types of its functions; raises NativeError if it cannot be loaded."""
    try:
        _verify(path)
        library = ctypes.CDLL(str(path))
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise NativeError(
            f"cannot load the native engine {path.name} ({error}); "
            "build it with `python -m translator.engines.native.build`"
        ) from error
    return library


def _verify(path: Path) -> None:
    """Raise OSError unless the library is intact and built from these sources; a damaged one can crash the process."""
    try:
        recorded = json.loads(manifest_of(path).read_text(encoding="ascii"))
    except ValueError as error:
        raise OSError("its list of hashes is damaged") from error
    found = hashes(path)
    if recorded.get("library") != found["library"]:
        raise OSError("the file is damaged")
    if recorded.get("sources") != found["sources"]:
        raise OSError("it was built from other sources")


def check(result: int) -> int:
    """Return a function's result; raises MemoryError or NativeError if it is an error code."""
    if result == -1:
        raise MemoryError(_ERRORS[-1])
    if result < 0:
        raise NativeError(_ERRORS.get(result, f"the native engine failed with error {result}"))
    return result


def kernels(library: ctypes.CDLL) -> Sequence[str]:
    """The kernels that this processor can run, fastest first."""
    found: bytes = library.nt_kernels()
    return found.decode().split()


def choose_kernel(library: ctypes.CDLL) -> str:
    """The fastest kernel, or the one named by `TRANSLATOR_CPU`; raises ConfigError if that is not available."""
    available = kernels(library)
    wanted = os.environ.get(FORCED_KERNEL, "").strip().lower()
    if not wanted:
        return available[0]
    if wanted not in available:
        raise ConfigError(
            f"{FORCED_KERNEL} is {wanted!r}, which this processor cannot run; choose from {', '.join(available)}"
        )
    return wanted
