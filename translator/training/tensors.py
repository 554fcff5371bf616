"""The tensors of a checkpoint besides the weights: Adam's moments, the moving average, and each process's own state."""

import torch
from torch import Tensor, nn

from translator.training.moving_average import MovingAverage
from translator.training.processes import Processes
from translator.training.run_log import Window

_ADAM = ("step", "exp_avg", "exp_avg_sq")


def training_tensors(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: MovingAverage | None,
    window: Window,
    processes: Processes,
) -> dict[str, Tensor]:
    """Return all tensors needed to resume bit for bit; every process must call this."""
    device = next(model.parameters()).device
    own = {"random.cpu": torch.get_rng_state()}
    if device.type == "cuda":
        own["random.cuda"] = torch.cuda.get_rng_state(device)
    if window.sums:
        own["window"] = window.sums_U2()
    tensors = {
        f"{name}.{rank}": tensor
        for name, mine in own.items()
        for rank, tensor in enumerate(processes.gather(mine))
    }
    for name, parameter in model.named_parameters():
        for key, value in optimizer.state[parameter].items():
            tensors[f"adam.{key}.{name}"] = value
    if average:
        for name, value in average.model.state_dict().items():
            tensors[f"average.{name}"] = value
    return tensors


def load_training_tensors(
    tensors: dict[str, Tensor],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: MovingAverage | None,
    window: Window,
    processes: Processes,
) -> None:
    """Restore what `training_tensors` returned."""
    device, rank = next(model.parameters()).device, processes.rank
    torch.set_rng_state(tensors[f"random.cpu.{rank}"])
    if device.type == "cuda" and f"random.cuda.{rank}" in tensors:
        torch.cuda.set_rng_state(tensors[f"random.cuda.{rank}"], device)
    if f"window.{rank}" in tensors:
        window.sums = list(tensors[f"window.{rank}"].to(device))
    for name, parameter in model.named_parameters():
        optimizer.state[parameter] = {
            key: tensors[f"adam.{key}.{name}"].to(device) for key in _ADAM if f"adam.{key}.{name}" in tensors
        }
    if average:
        average.model.load_state_dict(
            {name: tensors[f"average.{name}"] for name in average.model.state_dict()}
        )
