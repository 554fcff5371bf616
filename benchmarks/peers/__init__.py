"""Other people's Transformers, each trained the way its own users train it, behind one face."""

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
    """What all who are compared have in common."""

    model: ModelConfig
    device: torch.device
    is_bf16: bool
    should_compile: bool

    def autocast(self) -> torch.autocast:
        """bf16 matrix products where they are asked for."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.is_bf16)


class Contender(Protocol):
    """A model that can be trained batch by batch."""

    name: str
    version: str

    @property
    def model(self) -> nn.Module:
        """What is trained."""

    def prepare(self, batch: Batch) -> Any:
        """The batch with the ids that the model wants, still in the computer's memory; not part of the timing."""

    def step(self, prepared: Any) -> Tensor:
        """One update; the mean smoothed cross-entropy per target token, in nats, before it."""
