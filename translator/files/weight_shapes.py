"""The names and shapes of a model's weights, known without PyTorch."""

from collections.abc import Callable, Iterable

from translator.config import Architecture, ModelConfig

Shapes = dict[str, tuple[int, ...]]


def _transformer(config: ModelConfig) -> Shapes:
    width, shapes = config.d_model, _vocabulary_shapes(config)
    for stack, layers, inner, attentions in (
        ("encoder", config.encoder_layers, config.d_ff, ("self_attention",)),
        (
            "decoder",
            config.decoder_layers,
            config.decoder_d_ff or config.d_ff,
            ("self_attention", "cross_attention"),
        ),
    ):
        if config.norm == "pre":
            shapes |= _norm_shapes(f"{stack}_norm", width)
        for layer in (f"{stack}.{number}" for number in range(layers)):
            shapes |= _layer(config, layer, attentions, inner)
    return shapes


def _layer(config: ModelConfig, layer: str, attentions: Iterable[str], inner: int) -> Shapes:
    width, shapes = config.d_model, dict[str, tuple[int, ...]]()
    for attention in (f"{layer}.{kind}" for kind in attentions):
        for name, outputs in (("query", width), ("key_value", 2 * width), ("output", width)):
            shapes |= _linear(f"{attention}.{name}", outputs, width, bias=config.attention_bias)
        shapes |= _norm_shapes(f"{attention}_residual.norm", width)
    shapes |= _linear(f"{layer}.feed_forward.inner", inner, width)
    shapes |= _linear(f"{layer}.feed_forward.outer", width, inner)
    return shapes | _norm_shapes(f"{layer}.feed_forward_residual.norm", width)


def _decoder_only(config: ModelConfig) -> Shapes:
    shapes = _vocabulary_shapes(config) | _norm_shapes("norm", config.d_model)
    for number in range(config.decoder_layers):
        shapes |= _layer(config, f"decoder.{number}", ("self_attention",), config.d_ff)
    return shapes


def _rnn(config: ModelConfig) -> Shapes:
    width, gates = config.d_model, {"gru": 3, "lstm": 4}[config.rnn.cell]
    shapes: Shapes = {"embedding.weight": (config.vocab_size, width)}
    for number in range(config.encoder_layers):
        for direction in ("", "_reverse"):
            inputs = 2 * width if number else width
            shapes |= _recurrent(f"encoder.{number}", f"_l0{direction}", gates * width, inputs, width)
    for number in range(config.decoder_layers):
        shapes |= _recurrent(f"decoder.{number}", "", gates * width, width if number else 2 * width, width)
    shapes |= _linear("bridge", config.decoder_layers * width, width)
    shapes |= _linear("attention.query", width, width, bias=False)
    shapes |= _linear("attention.key", width, 2 * width, bias=False)
    shapes |= {"attention.energy_D": (width,)}
    return shapes | _linear("combine", width, 3 * width, bias=False)


def _recurrent(name: str, suffix: str, outputs: int, inputs: int, width: int) -> Shapes:
    """The weights of all gates of one recurrent layer, as PyTorch names them."""
    return {
        f"{name}.weight_ih{suffix}": (outputs, inputs),
        f"{name}.weight_hh{suffix}": (outputs, width),
        f"{name}.bias_ih{suffix}": (outputs,),
        f"{name}.bias_hh{suffix}": (outputs,),
    }


def _vocabulary_shapes(config: ModelConfig) -> Shapes:
    """The names and shapes of the embeddings, and of what turns the decoder's output into logits."""
    matrix = (config.vocab_size, config.d_model)
    shapes: Shapes = {"embedding.weight": matrix}
    if config.positions == "learned":
        shapes["embedding.position_PD"] = (config.max_positions, config.d_model)
    if config.embeddings != "shared":
        shapes["own_source_embedding.weight"] = matrix
    if config.embeddings == "separate":
        shapes["own_output_VD"] = matrix
    if config.logits_bias:
        shapes["logits_bias_V"] = (config.vocab_size,)
    return shapes


def _linear(name: str, outputs: int, inputs: int, bias: bool = True) -> Shapes:
    shapes: Shapes = {f"{name}.weight": (outputs, inputs)}
    return {**shapes, f"{name}.bias": (outputs,)} if bias else shapes


def _norm_shapes(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


_SHAPES: dict[Architecture, Callable[[ModelConfig], Shapes]] = {
    "transformer": _transformer,
    "rnn": _rnn,
    "decoder_only": _decoder_only,
}


def weight_shapes(config: ModelConfig) -> Shapes:
    """The names and shapes of a model's weights."""
    return _SHAPES[config.architecture](config)
