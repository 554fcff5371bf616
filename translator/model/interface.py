"""What training, the reference engine and the commands ask of a model. Each architecture answers in its own file."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from translator.config import ModelConfig
from translator.errors import ConfigError
from translator.model.cache import Cache

AttentionRecord = dict[nn.Module, Tensor | None]
"""The layers whose weights to record. Each layer stores its own, (B, H, L, M), when it runs."""

Side = Literal["source", "target", "both"]
"""The tokens of an attention: those of one side, or the source followed by the target."""


class Start(NamedTuple):
    """What a model keeps when it has read sources, and before it has written a token."""

    memory: list[Cache]
    """What stays the same for all translations of a sentence: a row for each sentence."""
    past: list[Cache]
    """What changes with each token: a row for each partial translation, here one for each sentence."""


class AttentionLayer(NamedTuple):
    """A layer whose weights can be drawn."""

    title: str
    module: nn.Module
    """The key under which `AttentionRecord` has its weights."""
    queries: Side
    keys: Side


class TranslationModel(nn.Module, ABC):
    """A network that predicts each target token from the source and the target tokens before it."""

    own_output_VD: nn.Parameter | None
    """The matrix that projects to the vocabulary, if it is not an embedding."""
    logits_bias_V: nn.Parameter | None
    has_equal_layers = True
    """Whether a deeper model can start with copies of the layers of a shallower one."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        if config.vocab_size < 1:
            raise ConfigError(f"vocab_size is {config.vocab_size}; set it to the tokenizer's vocabulary size")
        self.config = config
        self.register_parameter("own_output_VD", None)
        self.register_parameter("logits_bias_V", None)

    @abstractmethod
    def forward(
        self,
        source_BS: Tensor,
        source_keep_BS: Tensor,
        target_BT: Tensor,
        record: AttentionRecord | None = None,
    ) -> Tensor:
        """The output under teacher forcing, (B, L, D): the input of `logits` and the loss.

        `target_BT` is shifted right. The last T positions predict the target. A decoder-only model has S more before
        them, which predict what `source_labels` returns.
        """

    @abstractmethod
    def start(self, source_BS: Tensor, source_keep_BS: Tensor) -> Start:
        """Read sources, (B, S), and return what `decode_step` needs: B rows each."""

    @abstractmethod
    def decode_step(
        self,
        tokens_N: Tensor,
        place_N: Tensor,
        past: Sequence[Cache],
        memory: Sequence[Cache],
        source_keep_NS: Tensor,
        record: AttentionRecord | None = None,
    ) -> Tensor:
        """Feed one token per row, `tokens_N` at the positions `place_N`, and return the next token's logits: (N, V).

        `past` and `memory` have a row for each token of `tokens_N`. `past` is updated.
        """

    def source_labels(self, source_BS: Tensor, source_keep_BS: Tensor, pad_id: int) -> Tensor | None:
        """What the outputs before those of the target must predict, (B, S), with padding where the loss counts nothing.

        None if it counts nothing there at all.
        """
        return None

    @property
    @abstractmethod
    def output_VD(self) -> Tensor:
        """The matrix that projects to the vocabulary."""

    def logits(self, output_D: Tensor) -> Tensor:
        """Project to the vocabulary: (…, D) → (…, V)."""
        return F.linear(output_D, self.output_VD, self.logits_bias_V)

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.output_VD.device

    @property
    @abstractmethod
    def most_tokens(self) -> int | None:
        """Maximum tokens of a source or of a target; None if unlimited."""

    @property
    @abstractmethod
    def layers(self) -> Iterable[nn.Module]:
        """The parts that run one after another, each of which returns a tensor."""

    @property
    @abstractmethod
    def attention_layers(self) -> list[AttentionLayer]:
        """All layers that attend."""

    @property
    @abstractmethod
    def alignment_modules(self) -> list[nn.Module]:
        """The attention over the source in each layer that has one; their first S weights are those of the source."""

    @abstractmethod
    def products_per_token(self) -> tuple[int, int]:
        """The multiplications with weights in a forward pass, for each source token and for each target token."""


def matrix_sizes(*modules: nn.Module) -> int:
    """The number of weights in matrices."""
    return sum(p.numel() for module in modules for p in module.parameters() if p.dim() > 1)
