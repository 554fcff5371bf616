"""Export a model to other engines.

CTranslate2 (Klein et al. 2020) reads a folder with a binary file of weights, the vocabulary and a configuration. In
float32, every piece has the same probability there as here, and forbidden pieces have none. So greedy search, and beam
search with a length penalty of 0, find the same translations (up to float32 rounding). Other length penalties differ:
CTranslate2 divides a log-probability by length^α, our search by ((5 + length) / 6)^α.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from translator.errors import ConfigError
from translator.model.attention import MultiHeadAttention
from translator.model.layers import FeedForward, Residual
from translator.model.transformer import Transformer
from translator.training.checkpoint import ModelFolder

QUANTIZATIONS = ("float32", "float16", "bfloat16", "int8", "int8_float16", "int8_bfloat16", "int16")
_NEVER = -1e9
"""Added to the logits of pieces that must not occur in a translation."""


def export_ctranslate2(folder: ModelFolder, out: Path, quantization: str = "float32") -> None:
    """Write the folder `out`, which `ctranslate2.Translator` loads; it also holds the tokenizer.

    Give CTranslate2 the pieces of normalised sentences. Raises ConfigError if the package ctranslate2 is not
    installed, if `quantization` is unknown, if the model is no Transformer, or if `out` exists or cannot be written.
    """
    if quantization not in QUANTIZATIONS:
        raise ConfigError(f"quantization is {quantization!r}; give one of {', '.join(QUANTIZATIONS)}")
    if out.exists():
        raise ConfigError(f"{out} exists; remove it, or choose another folder")
    if not isinstance(folder.model, Transformer):
        raise ConfigError(
            f"the model's architecture is {folder.model.config.architecture}; only transformer can be exported"
        )
    specs = _specs()
    model, tokenizer = folder.model, folder.tokenizer
    config = model.config
    spec = specs.transformer_spec.TransformerSpec.from_config(
        (config.encoder_layers, config.decoder_layers),
        config.heads,
        pre_norm=config.norm == "pre",
        activation=getattr(specs.common_spec.Activation, config.activation.upper()),
    )
    # CTranslate2 does not know which reserved pieces are in the source, and might produce others.
    _fill(spec, model, (*tokenizer.unprintable_ids, *tokenizer.span_ids))
    spec.register_source_vocabulary(list(map(tokenizer.source.piece, range(tokenizer.vocab_size))))
    spec.register_target_vocabulary(list(map(tokenizer.target.piece, range(tokenizer.vocab_size))))
    spec.config.decoder_start_token = tokenizer.target.piece(tokenizer.begin_id)
    spec.config.add_source_eos = True
    spec.config.layer_norm_epsilon = 1e-5
    spec.validate()
    spec.optimize(quantization=quantization)
    try:
        out.mkdir(parents=True)
        spec.save(str(out))
        for name, content in tokenizer.files.items():
            (out / name).write_bytes(content)
    except OSError as error:
        raise ConfigError(f"cannot write {out}: {error.strerror}; choose another folder") from error


def _specs() -> Any:
    try:
        from ctranslate2 import specs  # noqa: PLC0415 (only an export needs it)
    except ImportError as error:
        raise ConfigError("exporting needs the package ctranslate2; pip install -e '.[export]'") from error
    return specs


@torch.no_grad()
def _fill(spec: Any, model: Transformer, forbidden: Sequence[int]) -> None:
    """Copy the weights to where CTranslate2 expects them."""
    bias_V = (
        torch.zeros(model.config.vocab_size) if model.logits_bias_V is None else model.logits_bias_V.clone()
    )
    bias_V[list(forbidden)] = _NEVER
    source = model.own_source_embedding or model.embedding
    spec.encoder.embeddings[0].weight = _array(source.weight)
    spec.decoder.embeddings.weight = _array(model.embedding.weight)
    for stack in (spec.encoder, spec.decoder):
        stack.scale_embeddings = True
        stack.position_encodings.encodings = _array(model.embedding.position_PD)
    spec.decoder.projection.weight = _array(model.output_VD)
    spec.decoder.projection.bias = _array(bias_V)
    if model.config.norm == "pre":
        _fill_norm(spec.encoder.layer_norm, model.encoder_norm)
        _fill_norm(spec.decoder.layer_norm, model.decoder_norm)
    for theirs, encoder in zip(spec.encoder.layer, model.encoder, strict=True):
        _fill_self_attention(theirs.self_attention, encoder.self_attention, encoder.self_attention_residual)
        _fill_feed_forward(theirs.ffn, encoder.feed_forward, encoder.feed_forward_residual)
    for theirs, decoder in zip(spec.decoder.layer, model.decoder, strict=True):
        _fill_self_attention(theirs.self_attention, decoder.self_attention, decoder.self_attention_residual)
        cross = decoder.cross_attention
        for linear, ours in zip(
            theirs.attention.linear, (cross.query, cross.key_value, cross.output), strict=True
        ):
            _fill_linear(linear, ours)
        _fill_norm(theirs.attention.layer_norm, decoder.cross_attention_residual.norm)
        _fill_feed_forward(theirs.ffn, decoder.feed_forward, decoder.feed_forward_residual)


def _fill_self_attention(spec: Any, attention: MultiHeadAttention, residual: Residual) -> None:
    query, key_value = attention.query, attention.key_value
    spec.linear[0].weight = _array(torch.cat([query.weight, key_value.weight]))
    if query.bias is not None:
        spec.linear[0].bias = _array(torch.cat([query.bias, key_value.bias]))
    _fill_linear(spec.linear[1], attention.output)
    _fill_norm(spec.layer_norm, residual.norm)


def _fill_feed_forward(spec: Any, feed_forward: FeedForward, residual: Residual) -> None:
    _fill_linear(spec.linear_0, feed_forward.inner)
    _fill_linear(spec.linear_1, feed_forward.outer)
    _fill_norm(spec.layer_norm, residual.norm)


def _fill_linear(spec: Any, linear: nn.Linear) -> None:
    spec.weight = _array(linear.weight)
    if linear.bias is not None:
        spec.bias = _array(linear.bias)


def _fill_norm(spec: Any, norm: Any) -> None:
    spec.gamma, spec.beta = _array(norm.weight), _array(norm.bias)


def _array(tensor: Tensor) -> Any:
    return tensor.detach().float().contiguous().numpy()
