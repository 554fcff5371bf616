"""Which processor to compute on, and what it is good at."""

import ctypes
import os
import platform
from pathlib import Path

import torch

from translator.errors import ConfigError
from translator.processor import CONTAINER, usable_cores


def choose_device(name: str) -> torch.device:
    """The device of that name; "auto" is a GPU if there is one. Raises ConfigError when it is not there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        device = torch.device("meta")
    if device.type not in ("cpu", "cuda"):
        raise ConfigError(f"device {name!r} is unknown; give auto, cpu, cuda or cuda:N")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ConfigError(
            f"device {name!r} is not there: {torch.cuda.device_count()} GPUs found; give auto or cpu"
        )
    return device


def has_fast_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bf16 matrices faster than float32 ones."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def free_memory(device: torch.device) -> int:
    """Bytes that are free on a GPU, or on the machine, within the limit that a container sets."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        available = _table(Path("/proc/meminfo"))["MemAvailable:"] * 1024
    except OSError as error:
        raise ConfigError(
            "this system does not tell its free memory; give batch_tokens as a number"
        ) from error
    try:
        limit, used = (int((CONTAINER / name).read_text()) for name in ("memory.max", "memory.current"))
        reclaimable = _table(CONTAINER / "memory.stat")["inactive_file"]  # of files that were read
    except (OSError, ValueError):  # no container, or "max": no limit
        return available
    return max(0, min(available, limit - used + reclaimable))


def use_huge_pages() -> None:
    """Let PyTorch ask Linux for pages of 2 MB for tensors that large.

    A page of 4 kB costs some microseconds when it is first touched, and more of the processor's table of pages than a
    cache of keys and values can have. It takes effect before the process's first tensor; a value in the environment
    stays.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def set_up_processor(threads: int) -> None:
    """Use so many CPU threads (0: those that are allowed) and huge pages, and let oneDNN keep few of its kernels.

    oneDNN makes one for each new shape of a matrix product, and a training meets new shapes with every batch; the
    default, 1,024 kernels, grows to more than a gigabyte and is no faster. That takes effect before the process's
    first matrix product; a value in the environment stays.
    """
    use_huge_pages()
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    torch.set_num_threads(threads or usable_cores())
    # cuDNN's attention on a GPU would be planned anew for every new shape, which takes longer than it saves.
    torch.backends.cuda.enable_cudnn_sdp(False)


def return_freed_memory() -> None:
    """Give the memory that was freed back to the system, where the C library is glibc.

    It keeps the gaps between tensors of ever new sizes to itself, and a training grows by 2 GB an hour.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


def count_devices(device: torch.device, processes: int = 1) -> int:
    """The cards, or the processor's cores, that so many processes like this one use."""
    return processes if device.type == "cuda" else processes * torch.get_num_threads()


def describe_device(device: torch.device, processes: int = 1) -> str:
    """The processor in words: how many of its cards or cores so many processes like this one use, and its model."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{_processor_name()} core"
    return f"{count_devices(device, processes)} × {name}"


def _table(path: Path) -> dict[str, int]:
    """A file of lines with a name and a number."""
    rows = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return {row[0]: int(row[1]) for row in rows}


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()
