"""Several models with one vocabulary that choose every token together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from translator.search import StepwiseModel


@dataclass
class EnsembleState:
    """The state of every model."""

    states: list[Any]

    def select(self, rows_N: Tensor) -> None:
        """Row i goes on from the former row rows_N[i]."""
        for state in self.states:
            state.select(rows_N)

    def keep_sentences(self, sentences_B: Tensor, rows_N: Tensor) -> None:
        """Drop all but these sentences, whose rows are `rows_N`."""
        for state in self.states:
            state.keep_sentences(sentences_B, rows_N)


class Ensemble:
    """Gives each token the mean of the probabilities that the models give it."""

    def __init__(self, models: Sequence[StepwiseModel]) -> None:
        self._models = models

    def encode(self, source_BS: Tensor, source_keep_BS: Tensor) -> list[Any]:
        """The memory of every model."""
        return [model.encode(source_BS, source_keep_BS) for model in self._models]

    def start(self, memories: list[Any], source_keep_BS: Tensor) -> EnsembleState:
        """The state before the first step."""
        return EnsembleState(
            [
                model.start(memory, source_keep_BS)
                for model, memory in zip(self._models, memories, strict=True)
            ]
        )

    def decode_step(self, tokens_N: Tensor, state: EnsembleState) -> tuple[Tensor, EnsembleState]:
        """Logarithms of the mean probabilities of the next tokens, (N, V), and the new state."""
        answers = [
            model.decode_step(tokens_N, one) for model, one in zip(self._models, state.states, strict=True)
        ]
        log_probability_ENV = torch.stack([logits_NV.float().log_softmax(1) for logits_NV, _ in answers])
        mean_NV = log_probability_ENV.logsumexp(dim=0) - math.log(len(answers))
        return mean_NV, EnsembleState([one for _, one in answers])
