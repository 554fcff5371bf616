"""An exponential moving average of the weights (Polyak averaging)."""

import copy

import torch

from translator.model.interface import TranslationModel


class MovingAverage:
    """Updates average ← d · average + (1 − d) · weights after every step; d grows towards `decay`.

    In the first steps d is (1 + step) / (10 + step), so that the random initial weights are soon forgotten.
    """

    def __init__(self, model: TranslationModel, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(requires_grad=False)
        """The model with the averaged weights."""
        self._decay = decay

    @torch.no_grad()
    def update(self, model: TranslationModel, step: int) -> None:
        """Fold in the weights of `model` after update `step`."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for average, current in zip(self.model.parameters(), model.parameters(), strict=True):
            average.lerp_(current, 1 - decay)
