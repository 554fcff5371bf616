"""JoeyNMT's Transformer, built and trained with the same functions as in its `TrainManager`."""

import math
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import torch
from joeynmt.batch import Batch as JoeyBatch
from joeynmt.builders import build_gradient_clipper, build_optimizer
from joeynmt.model import build_model
from joeynmt.transformer_layers import MultiHeadedAttention, PositionwiseFeedForward
from joeynmt.vocabulary import Vocabulary
from torch import Tensor, nn

from peers import ADAM_BETAS, CLIP_NORM, LABEL_SMOOTHING, LEARNING_RATE, Setup
from translator.config import ModelConfig
from translator.data.batching import Batch
from translator.data.tokenizer import BOS_ID, EOS_ID, PAD_ID

_UNKNOWN_ID, _PADDING_ID = 0, 1  # fixed in JoeyNMT's vocabulary
_SPECIALS = SimpleNamespace(
    unk_token="<unk>", unk_id=_UNKNOWN_ID, pad_token="<pad>", pad_id=_PADDING_ID,
    bos_token="<s>", bos_id=BOS_ID, eos_token="</s>", eos_id=EOS_ID, sep_token=None, sep_id=None, lang_tags=[],
)  # fmt: skip


class Peer:
    """JoeyNMT's model with tied embeddings, its own loss and optimiser, and dropout only where the others have it."""

    name = "JoeyNMT"
    version = version("joeynmt")

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.model = _build(setup.model).to(setup.device).train()
        self.model.loss_function = ("crossentropy", LABEL_SMOOTHING)
        self._forward = torch.compile(self.model, dynamic=True) if setup.should_compile else self.model
        self._clip = build_gradient_clipper({"clip_grad_norm": CLIP_NORM, "clip_grad_val": None})
        optimizer = {"optimizer": "adam", "learning_rate": LEARNING_RATE, "adam_betas": ADAM_BETAS}
        self._optimizer = build_optimizer(optimizer, self.model.parameters())
        self._target_entropy = _smoothed_entropy(setup.model.vocab_size)

    def prepare(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Convert source and target to JoeyNMT's ids; the target is from BOS to EOS."""
        target_BT = torch.cat([batch.target_input_BT[:, :1], batch.target_output_BT], dim=1)
        return _own_padding(batch.source_BS), _own_padding(target_BT)

    def step(self, prepared: tuple[Tensor, Tensor]) -> Tensor:
        """Update once as in `TrainManager`, which sorts by source length and normalises by tokens."""
        batch = self._batch(*prepared)
        batch.sort_by_src_length()
        with self._setup.autocast():
            loss_sum, *_ = self._forward(return_type="loss", **vars(batch))
        loss = batch.normalize(loss_sum, normalization="tokens")
        loss.backward()
        self._clip(parameters=self.model.parameters())
        self._optimizer.step()
        self.model.zero_grad()
        # JoeyNMT's loss is the divergence from the smoothed target: cross-entropy minus the target's entropy.
        return loss.detach() + self._target_entropy

    def _batch(self, source_BS: Tensor, target_BT: Tensor) -> Any:
        return JoeyBatch(
            src=source_BS,
            src_length=(source_BS != _PADDING_ID).sum(dim=1),
            src_prompt_mask=None,
            trg=target_BT,
            trg_prompt_mask=None,
            indices=torch.arange(len(source_BS)),
            device=self._setup.device,
            pad_index=_PADDING_ID,
            eos_index=EOS_ID,
        )


def _build(config: ModelConfig) -> nn.Module:
    vocabulary = Vocabulary([f"piece{index}" for index in range(4, config.vocab_size)], _SPECIALS)
    stack = {
        "type": "transformer",
        "hidden_size": config.d_model,
        "ff_size": config.d_ff,
        "num_heads": config.heads,
        "dropout": config.dropout,
        "layer_norm": config.norm,
        "activation": config.activation,
        "embeddings": {"embedding_dim": config.d_model, "scale": True, "dropout": config.dropout},
    }
    settings = {
        "encoder": {**stack, "num_layers": config.encoder_layers},
        "decoder": {**stack, "num_layers": config.decoder_layers},
        "tied_embeddings": True,
        "tied_softmax": True,
    }
    model = build_model(settings, vocabulary, vocabulary)
    for module in model.modules():
        if isinstance(module, MultiHeadedAttention):
            module.dropout = nn.Identity()  # JoeyNMT would use the same rate as elsewhere
        elif isinstance(module, PositionwiseFeedForward):
            module.pwff_layer[2] = nn.Identity()  # between the two linear maps
    return model


def _own_padding(ids_BL: Tensor) -> Tensor:
    return ids_BL.masked_fill(ids_BL == PAD_ID, _PADDING_ID)


def _smoothed_entropy(vocab_size: int) -> float:
    """The entropy of JoeyNMT's target: 1 − ε on the right piece, ε / (V − 2) on all others except padding."""
    right, other = 1 - LABEL_SMOOTHING, LABEL_SMOOTHING / (vocab_size - 2)
    return -right * math.log(right) - LABEL_SMOOTHING * math.log(other)
