"""The models to compare: three architectures, and the Transformer with one part changed or taken out."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from translator.config import PRESETS, ModelConfig, fit_to_vocabulary
from translator.model.architectures import build_network
from translator.model.attention import MultiHeadAttention
from translator.model.embedding import PositionalEmbedding
from translator.model.interface import TranslationModel
from translator.model.layers import Residual

Change = Callable[[TranslationModel], None]


@dataclass(frozen=True)
class Variant:
    """One of the models."""

    name: str
    preset: str
    """What follows the size in the name of the preset."""
    settings: tuple[tuple[str, Any], ...] = ()
    """Changed settings of the preset's model."""
    change: Change | None = None
    """Takes out what no setting can."""
    tiny_rate: float | None = None
    """Peak of the learning rate for the size tiny; None is the preset's."""

    def config(self, size: str, vocab_size: int) -> ModelConfig:
        """The configuration of the model, without dropout: the training sees each pair a few times at most."""
        preset = PRESETS[size + self.preset]().model
        return replace(fit_to_vocabulary(preset, vocab_size), dropout=0.0, **dict(self.settings))

    def build(self, size: str, vocab_size: int) -> TranslationModel:
        """The model with random weights."""
        model = build_network(self.config(size, vocab_size))
        if self.change is not None:
            self.change(model)
        return model


def without_positions(model: TranslationModel) -> None:
    """Add zeros instead of position encodings, so that the order of the source is unknown."""
    for module in model.modules():
        if isinstance(module, PositionalEmbedding):
            module.position_PD.zero_()


def without_residuals(model: TranslationModel) -> None:
    """Leave out the residual sums: each sub-layer sees only the output of the one before."""
    for module in model.modules():
        if isinstance(module, Residual):
            module.forward = partial(_sublayer_only, module)  # type: ignore[method-assign]  # the variant replaces the method of this model only


def _sublayer_only(residual: Residual, x_BLD: Tensor, sublayer: Callable[[Tensor], Tensor]) -> Tensor:
    if residual.is_pre_norm:
        return sublayer(residual.norm(x_BLD))
    normed_BLD: Tensor = residual.norm(sublayer(x_BLD))
    return normed_BLD


def without_scaling(model: TranslationModel) -> None:
    """Take softmax(Q Kᵀ) without 1/√d_k: multiply the queries by √d_k beforehand."""
    for module in model.modules():
        if isinstance(module, MultiHeadAttention):
            width = module.query.out_features // module.heads
            module.query.register_forward_hook(partial(_multiplied, factor=math.sqrt(width)))


def _multiplied(_layer: nn.Module, _inputs: object, output: Tensor, factor: float) -> Tensor:
    return output * factor


ARCHITECTURES = (
    Variant("RNN with attention", "-rnn", tiny_rate=6e-3),
    Variant("decoder-only", "-decoder-only", tiny_rate=6e-3),
    Variant("Transformer", ""),
)
"""Each with the best of the learning rates that docs/experiments.md lists."""
ABLATIONS = (
    Variant("post-norm", "", (("norm", "post"),)),
    Variant("one head", "", (("heads", 1),)),
    Variant("no 1/√d", "", change=without_scaling),
    Variant("no positions", "", change=torch.no_grad()(without_positions)),
    Variant("no residuals", "", change=without_residuals),
)
"""The Transformer, which is pre-norm, with one thing changed."""
VARIANTS = {variant.name: variant for variant in (*ARCHITECTURES, *ABLATIONS)}
