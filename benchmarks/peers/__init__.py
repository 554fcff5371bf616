"""Other implementations of the Transformer, each trained as its own library does, behind one interface."""

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from translator.config import ModelConfig
from translator.data.batching import Batch

LABEL_SMOOTHING = 0.1
CLIP_NORM = 1.0
ADAM_BETAS = (0.9, 0.98)
LEARNING_RATE = 1e-4


@dataclass(frozen=True)
class Setup:
    """The settings that all compared implementations share."""

    model: ModelConfig
    device: torch.device
    is_bf16: bool
    should_compile: bool

    def autocast(self) -> torch.autocast:
        """A context that computes matrix products in bf16 if `is_bf16`."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.is_bf16)


class System(Protocol):
    """An implementation that can be trained batch by batch."""

    name: str
    version: str

    @property
    def model(self) -> nn.Module:
        """The network."""

    def prepare(self, batch: Batch) -> Any:
        """Convert a batch to the model's ids, in host memory; this is not timed."""

    def step(self, prepared: Any) -> Tensor:
        """Update the weights once; return the smoothed cross-entropy before the update, in nats per target token."""
