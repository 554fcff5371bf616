"""Table 1 of Vaswani et al. 2017, measured: operations, sequential steps and path length of one layer."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from translator.config import ModelConfig
from translator.model.layers import EncoderLayer

WIDTH = 32
LENGTHS = (8, 16, 32, 64)
_PRODUCTS = ("MmBackward0", "AddmmBackward0", "BmmBackward0")


@dataclass(frozen=True)
class LayerCost:
    """What one layer costs at one length."""

    length: int
    flops: int
    """Operations of all matrix products in the forward pass."""
    sequential: int
    """Matrix products of the longest chain in which each needs the result of the one before."""
    path: int
    """Operations on the shortest way from the first position of the input to the last of the output."""


def self_attention(positions: list[Tensor]) -> Tensor:
    """The last output of the self-attention of an encoder layer."""
    attention = EncoderLayer(ModelConfig(d_model=WIDTH, heads=1, d_ff=WIDTH)).train().self_attention
    x_1LD = torch.stack(positions, dim=1)
    output_1LD: Tensor = attention(x_1LD, attention.project_memory(x_1LD))
    return output_1LD[:, -1]


def recurrent(positions: list[Tensor]) -> Tensor:
    """The last output of a recurrent layer, one step after another."""
    cell, state_1D = nn.GRUCell(WIDTH, WIDTH), torch.zeros(1, WIDTH)
    for x_1D in positions:
        state_1D = cell(x_1D, state_1D)
    return state_1D


LAYERS: dict[str, Callable[[list[Tensor]], Tensor]] = {
    "self-attention": self_attention,
    "recurrent": recurrent,
}


def measure(layer: Callable[[list[Tensor]], Tensor], length: int) -> LayerCost:
    """Run a layer on a sequence, and walk through the graph that PyTorch records for the backward pass."""
    positions = [torch.randn(1, WIDTH, requires_grad=True) for _ in range(length)]
    with FlopCounterMode(display=False) as counter:
        end: Any = layer(positions).grad_fn
    return LayerCost(length, counter.get_total_flops(), _longest(end), _shortest(end, positions[0]))


def _children(node: Any) -> list[Any]:
    return [child for child, _ in node.next_functions if child is not None]


def _in_order(end: Any) -> list[Any]:
    """All nodes of the graph, each before those that it depends on."""
    order: list[Any] = []
    seen, stack = {end}, [(end, iter(_children(end)))]
    while stack:
        node, children = stack[-1]
        child = next(children, None)
        if child is None:
            order.append(node)
            stack.pop()
        elif child not in seen:
            seen.add(child)
            stack.append((child, iter(_children(child))))
    return order[::-1]


def _longest(end: Any) -> int:
    """The matrix products of the longest way."""
    longest: dict[Any, int] = {}
    for node in reversed(_in_order(end)):
        is_product = type(node).__name__ in _PRODUCTS
        longest[node] = is_product + max((longest[child] for child in _children(node)), default=0)
    return longest[end]


def _shortest(end: Any, leaf: Tensor) -> int:
    """The operations of the shortest way to a tensor."""
    shortest: dict[Any, float] = {}
    for node in reversed(_in_order(end)):
        if getattr(node, "variable", None) is leaf:
            shortest[node] = 0
        else:
            shortest[node] = 1 + min((shortest[child] for child in _children(node)), default=math.inf)
    return int(shortest[end])


def measure_all() -> dict[str, list[LayerCost]]:
    """Measure each layer at each length."""
    return {name: [measure(layer, length) for length in LENGTHS] for name, layer in LAYERS.items()}
