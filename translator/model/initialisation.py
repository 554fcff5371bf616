"""The random weights with which a training begins."""

import math

import torch
from torch import nn

from translator.model.attention import MultiHeadAttention
from translator.model.embedding import PositionalEmbedding
from translator.model.interface import TranslationModel
from translator.model.layers import FeedForward


@torch.no_grad()
def initialise(model: TranslationModel) -> None:
    """Initialise the weights of all attention, feed-forward networks and embeddings.

    Attention is Glorot-uniform, with its three input projections counted as one matrix. Embeddings have unit
    variance once scaled by √d_model. Feed-forward weights are uniform in ±1/√inputs. With larger matrices, the
    sub-layers of a post-norm model drown out their input, and it does not start to learn at the usual rates.
    """
    for module in model.modules():
        if isinstance(module, MultiHeadAttention):
            for matrix in (module.query.weight, *module.key_value.weight.detach().chunk(2)):
                nn.init.xavier_uniform_(matrix, gain=math.sqrt(1 / 2))
            nn.init.xavier_uniform_(module.output.weight)
            for linear in (module.query, module.key_value, module.output):
                if linear.bias is not None:
                    nn.init.zeros_(linear.bias)
        elif isinstance(module, FeedForward):
            for linear in (module.inner, module.outer):
                nn.init.uniform_(
                    linear.weight, -1 / math.sqrt(linear.in_features), 1 / math.sqrt(linear.in_features)
                )
                nn.init.zeros_(linear.bias)
        elif isinstance(module, PositionalEmbedding):
            nn.init.normal_(module.weight, std=model.config.d_model**-0.5)
            if module.is_learned:
                nn.init.normal_(module.position_PD, std=0.02)
    if model.own_output_VD is not None:
        nn.init.normal_(model.own_output_VD, std=model.config.d_model**-0.5)
