"""The settings of a network: its architecture and its sizes."""

from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal

from translator.config.declarations import BelowOne, Count, Positive, require
from translator.errors import ConfigError
from translator.field_checks import check_fields

Sinusoids = Literal["paper", "marian", "fairseq"]
Architecture = Literal["transformer", "rnn", "decoder_only"]

_EVERYWHERE = {"vocab_size", "d_model", "decoder_layers", "dropout", "architecture"}
_ATTENTION = {
    "heads",
    "d_ff",
    "attention_dropout",
    "norm",
    "positions",
    "activation",
    "max_positions",
    "attention_bias",
}
_USED: dict[Architecture, set[str]] = {
    "transformer": {
        *_EVERYWHERE, *_ATTENTION, "encoder_layers", "decoder_d_ff", "sinusoids", "first_position", "embeddings",
        "logits_bias",
    },
    "rnn": {*_EVERYWHERE, "encoder_layers", "rnn"},
    "decoder_only": {*_EVERYWHERE, *_ATTENTION, "decoder_only"},
}  # fmt: skip
"""The settings that each architecture uses."""
_FIXED: dict[Architecture, dict[str, Any]] = {
    "transformer": {},
    "rnn": {"heads": 1},
    "decoder_only": {"encoder_layers": 0, "norm": "pre", "activation": "gelu", "positions": "learned"},
}
"""Settings that an architecture has with one value only, other than the default."""


@dataclass(frozen=True)
class RnnConfig:
    """What only a recurrent network has."""

    cell: Literal["gru", "lstm"] = "gru"
    """The recurrent cell: gated recurrent unit (Cho et al. 2014) or long short-term memory (Hochreiter 1997).

    Deviation: PyTorch's gated recurrent unit applies the reset gate after the product with the state, not before it.
    """

    def __post_init__(self) -> None:
        check_fields(self, ConfigError, "rnn.")


@dataclass(frozen=True)
class DecoderOnlyConfig:
    """What only a decoder-only model has."""

    prefix_attention: bool = False
    """Whether each source token also attends to those after it."""
    source_loss: bool = False
    """Whether the model also learns to predict the source."""

    def __post_init__(self) -> None:
        check_fields(self, ConfigError, "decoder_only.")
        require(
            not (self.prefix_attention and self.source_loss),
            "decoder_only.prefix_attention and decoder_only.source_loss are both set, but a token that sees those "
            "after it has nothing to predict; leave one of them out",
        )


@dataclass(frozen=True)
class ModelConfig:
    """The architecture: everything needed to build the network (Vaswani et al. 2017, section 3).

    Settings that an architecture does not use must keep their defaults.
    """

    vocab_size: Count = 0
    """Number of pieces in the tokenizer; 0 until the tokenizer is known."""
    d_model: Positive = 512
    """Width of the embeddings and of all layers; even, and divisible by heads."""
    heads: Positive = 8
    """Attention heads of each layer."""
    d_ff: Positive = 2048
    """Inner width of the feed-forward networks."""
    encoder_layers: Count = 6
    """Number of encoder layers; 0 for a decoder-only model."""
    decoder_layers: Positive = 6
    """Number of decoder layers."""
    dropout: BelowOne = 0.1
    """Applied to the embeddings and to the output of every sub-layer (section 5.4)."""
    attention_dropout: BelowOne = 0.0
    """Applied to the attention weights."""
    norm: Literal["post", "pre"] = "post"
    """Where LayerNorm is applied: after each residual sum (post, as in the paper) or before each sub-layer (pre)."""
    positions: Literal["sinusoidal", "learned"] = "sinusoidal"
    """How positions are encoded (section 3.5)."""
    activation: Literal["relu", "gelu", "swish"] = "relu"
    """Non-linearity of the feed-forward networks; swish is x · sigmoid(x), also called SiLU."""
    max_positions: Positive = 1024
    """Longest sequence in tokens; a hard limit for learned positions, a table size for sinusoidal ones."""
    decoder_d_ff: Count = 0
    """Inner width of the decoder's feed-forward networks; 0 is d_ff (the paper)."""
    attention_bias: bool = False
    """Add a bias to the four projections of each attention; the paper's have none."""
    sinusoids: Sinusoids = "paper"
    """Sine and cosine by turns (the paper), all sines first (Marian), or that with fairseq's wavelengths."""
    first_position: Count = 0
    """Number of the first position of a sequence; fairseq counts from 2."""
    embeddings: Literal["shared", "output-tied", "separate"] = "shared"
    """One matrix for source, target and output (the paper), one for the source, one for the others, or three."""
    logits_bias: bool = False
    """Add a bias to the logits; the paper's have none."""
    architecture: Architecture = "transformer"
    """The Transformer; a recurrent network with attention; or one stack of decoder layers, as in GPT."""
    rnn: RnnConfig = field(default_factory=RnnConfig)
    decoder_only: DecoderOnlyConfig = field(default_factory=DecoderOnlyConfig)

    def __post_init__(self) -> None:
        check_fields(self, ConfigError)
        self._check_architecture()
        self._check_positions()
        require(
            self.d_model % self.heads == 0,
            f"d_model {self.d_model} is not divisible by heads {self.heads}: each head gets d_model / heads "
            f"dimensions; choose for example heads {_nearest_divisor(self.d_model, self.heads)}",
        )
        require(
            self.d_model % 2 == 0,
            f"d_model is {self.d_model}; sine and cosine positions come in pairs: give an even number",
        )

    def _check_architecture(self) -> None:
        """Refuse settings that mean nothing to the architecture."""
        used, fixed = _USED[self.architecture], _FIXED[self.architecture]
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name in fixed:
                wanted = fixed[one.name]
                require(
                    value == wanted,
                    f"{one.name} is {value!r}, but the architecture {self.architecture} needs {wanted!r}; give that",
                )
            elif one.name not in used:
                default = one.default if one.default_factory is MISSING else one.default_factory()
                require(
                    value == default,
                    f"{one.name} is {value!r}, but the architecture {self.architecture} does not use it; leave it out",
                )
        require(
            self.architecture == "decoder_only" or self.encoder_layers > 0,
            "encoder_layers is 0; give 1 or more, or set architecture to decoder_only",
        )

    @property
    def alignment_layers(self) -> int:
        """The number of layers in which the target attends to the source."""
        return 1 if self.architecture == "rnn" else self.decoder_layers

    def _check_positions(self) -> None:
        """Refuse settings of positions that no model has together."""
        if self.positions == "learned":
            for name, only in (("sinusoids", "paper"), ("first_position", 0), ("embeddings", "shared")):
                require(
                    getattr(self, name) == only,
                    f"{name} is {getattr(self, name)!r}, but positions are learned; "
                    f"give {only!r}, or set positions to sinusoidal",
                )
        require(
            self.sinusoids != "fairseq" or self.d_model >= 4,
            f"d_model is {self.d_model}; fairseq's wavelengths need at least 4",
        )


def _nearest_divisor(number: int, wanted: int) -> int:
    return min((d for d in range(1, number + 1) if number % d == 0), key=lambda d: abs(d - wanted))
