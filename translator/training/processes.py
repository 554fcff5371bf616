"""Data parallelism: the processes that `torchrun` starts, and how they communicate."""

import gc
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from translator.errors import ConfigError
from translator.machine.device import choose_device


@dataclass(frozen=True)
class Processes:
    """This process among those that train one model together; the default is a single process.

    Apart from the gradients, the processes exchange only small values, over gloo on the CPU, even if the model is on
    GPUs.
    """

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes, validates and reports."""
        return self.rank == 0

    def wrap_ddp(self, model: nn.Module) -> nn.Module:
        """Wrap the model so that each backward pass averages its gradients over all processes."""
        if self.count == 1:
            return model
        with warnings.catch_warnings():
            # PyTorch 2.13 renames this option, but 2.11 does not know the new name.
            warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated", FutureWarning)
            # The only buffer, the position table, is the same in every process, and validation may lengthen it.
            return DistributedDataParallel(model, broadcast_buffers=False)

    def accumulate(self, model: nn.Module, *, is_last: bool) -> AbstractContextManager[None]:
        """Within this context, a backward pass adds to this process's gradients; the last averages over processes."""
        return nullcontext() if is_last or not isinstance(model, DistributedDataParallel) else model.no_sync()

    def sum(self, values: Sequence[float]) -> list[float]:
        """Sum each value over all processes; every process gets the same result."""
        if self.count == 1:
            return list(values)
        total = torch.tensor(values, dtype=torch.float64)
        distributed.all_reduce(total)
        return total.tolist()

    @contextmanager
    def first_process_first(self) -> Iterator[None]:
        """Run the block in the first process, then in the others, which see what the first one repaired on disk."""
        if not self.is_first:
            self.sum([0])
        try:
            yield
        finally:
            if self.is_first:
                self.sum([0])

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """Gather a CPU tensor from every process, in rank order."""
        if self.count == 1:
            return [tensor]
        tensors = [torch.empty_like(tensor) for _ in range(self.count)]
        distributed.all_gather(tensors, tensor)
        return tensors


@contextmanager
def join_processes(device: str) -> Iterator[tuple[Processes, torch.device]]:
    """Join the other processes that `torchrun` started, if any; yields this process and its device.

    On GPUs, each process of a machine takes the GPU of its local rank. Keep no reference to the wrapped model when the
    context ends, or the process may never end. Raises ConfigError if the device does not exist, or if a launcher other
    than `torchrun` started several processes: each of them would train alone.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise ConfigError(
                f"WORLD_SIZE is {os.environ['WORLD_SIZE']}, but torchrun did not start this process; run "
                "torchrun --nproc-per-node N train.py … for several processes, or unset WORLD_SIZE for one"
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
        # Free the model that `wrap_ddp` returned. If it were freed after the group, PyTorch would wait for gloo's
        # threads while it holds the GIL, which these may need.
        gc.collect()
        distributed.destroy_process_group()
