"""Data parallelism: the processes that `torchrun` starts, and what they tell each other."""

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from translator.device import choose_device
from translator.errors import ConfigError


@dataclass(frozen=True)
class Processes:
    """This process among those that train one model together; by default it is alone.

    What they tell each other outside of the gradients is small and goes through gloo, over the processor, also
    where the model is on GPUs.
    """

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """True in the one that writes, validates and reports."""
        return self.rank == 0

    def share(self, model: nn.Module) -> nn.Module:
        """The model with gradients that are, after each backward pass, the mean over all processes."""
        if self.count == 1:
            return model
        with warnings.catch_warnings():
            # PyTorch 2.13 has another name for the option, which 2.11 does not know.
            warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated", FutureWarning)
            # Its one buffer, the table of positions, is the same everywhere, and validation may make it longer.
            return DistributedDataParallel(model, broadcast_buffers=False)

    def keep_gradients(self, model: nn.Module) -> AbstractContextManager[None]:
        """Inside, a backward pass adds to this process's own gradients only."""
        return model.no_sync() if isinstance(model, DistributedDataParallel) else nullcontext()

    def sum(self, values: Sequence[float]) -> list[float]:
        """Each value summed over all processes, and so the same in all of them."""
        if self.count == 1:
            return list(values)
        total = torch.tensor(values, dtype=torch.float64)
        distributed.all_reduce(total)
        return total.tolist()

    @contextmanager
    def first_one_first(self) -> Iterator[None]:
        """Inside, the others wait for the first process: what it puts right on the disk, they find put right."""
        if not self.is_first:
            self.sum([0])
        try:
            yield
        finally:
            if self.is_first:
                self.sum([0])

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """The tensor, on the CPU, of every process, by rank."""
        if self.count == 1:
            return [tensor]
        tensors = [torch.empty_like(tensor) for _ in range(self.count)]
        distributed.all_gather(tensors, tensor)
        return tensors


@contextmanager
def join_processes(device: str) -> Iterator[tuple[Processes, torch.device]]:
    """Meet the other processes, where `torchrun` started several; yields this one's place and its device.

    On GPUs each process of a machine takes the one of its number. Raises ConfigError for a device that is not
    there, and where another launcher than `torchrun` started several, each of which would train alone.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise ConfigError(
                f"WORLD_SIZE is {os.environ['WORLD_SIZE']}, but torchrun did not start this process; start several "
                "by torchrun --nproc-per-node N train.py …, or unset WORLD_SIZE to train with one"
            )
        yield Processes(), choose_device(device)
        return
    chosen = choose_device(device)
    if chosen.type == "cuda":
        chosen = choose_device(f"cuda:{os.environ['LOCAL_RANK']}")
        torch.cuda.set_device(chosen)
    distributed.init_process_group("cpu:gloo,cuda:nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size()), chosen
    finally:
        distributed.destroy_process_group()
