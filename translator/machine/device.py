"""Choose and configure the device to compute on."""

import ctypes
import os
import platform
from pathlib import Path

import torch

from translator.errors import ConfigError
from translator.machine.processor import CONTAINER, usable_cores


def choose_device(name: str) -> torch.device:
    """Return the device with this name; "auto" is a GPU if there is one. Raises ConfigError if it is not available."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        device = torch.device("meta")
    if device.type not in ("cpu", "cuda"):
        raise ConfigError(f"device {name!r} is unknown; use auto, cpu, cuda or cuda:N")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ConfigError(
            f"device {name!r} is not available: {torch.cuda.device_count()} GPUs found; use auto or cpu"
        )
    return device


def has_fast_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bf16 matrices faster than float32 ones."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def free_memory(device: torch.device) -> int:
    """Return the free memory of a GPU, or of the machine within its container's limit, in bytes."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        available = _table(Path("/proc/meminfo"))["MemAvailable:"] * 1024
    except OSError as error:
        raise ConfigError(
            "cannot read this system's free memory from /proc/meminfo; set batch_tokens to a number"
        ) from error
    try:
        limit, used = (int((CONTAINER / name).read_text()) for name in ("memory.max", "memory.current"))
        reclaimable = _table(CONTAINER / "memory.stat")["inactive_file"]  # file cache
    except (OSError, ValueError):  # no container, or "max": no limit
        return available
    return max(0, min(available, limit - used + reclaimable))


def use_huge_pages() -> None:
    """Let PyTorch request 2 MB pages from Linux for tensors of at least that size.

    First access to a 4 kB page costs some microseconds, and a cache of keys and values needs more 4 kB pages than the
    processor's TLB can hold. Call this before the process creates its first tensor. A value in the environment takes
    precedence.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def set_up_processor(threads: int) -> None:
    """Use `threads` CPU threads (0: all usable cores) and huge pages, and make oneDNN cache fewer kernels.

    oneDNN compiles a kernel for each new shape of a matrix product, and training sees new shapes in every batch. The
    default cache of 1,024 kernels grows to more than a gigabyte and is no faster. Call this before the process's
    first matrix product. A value in the environment takes precedence.
    """
    use_huge_pages()
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    torch.set_num_threads(threads or usable_cores())
    # cuDNN attention on a GPU would be planned again for every new shape, which takes longer than it saves.
    torch.backends.cuda.enable_cudnn_sdp(False)


def return_freed_memory() -> None:
    """Return freed memory to the system, if the C library is glibc.

    glibc keeps the gaps between tensors of varying sizes, so training would grow by 2 GB an hour.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


def count_devices(device: torch.device, processes: int = 1) -> int:
    """Return the number of GPUs or CPU cores used by `processes` processes like this one."""
    return processes if device.type == "cuda" else processes * torch.get_num_threads()


def describe_device(device: torch.device, processes: int = 1) -> str:
    """Describe the device: the number of GPUs or CPU cores used by `processes` such processes, and the model."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{_processor_name()} core"
    return f"{count_devices(device, processes)} × {name}"


def _table(path: Path) -> dict[str, int]:
    """Read a file of lines with a name and a number."""
    rows = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return {row[0]: int(row[1]) for row in rows}


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()
