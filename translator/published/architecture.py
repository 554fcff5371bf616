"""What published weights are: the `config.json` of `transformers` as our ModelConfig, and the names of their tensors.

A setting of these architectures that none of their English-German models has is refused by name: an approximation
would translate, only worse, and nobody would know why.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch

from translator.config import ModelConfig
from translator.errors import CheckpointError, ConfigError
from translator.files.weight_shapes import weight_shapes
from translator.model.embedding import sinusoid_table
from translator.published.tensors import TensorFile

Family = Literal["marian", "fsmt"]
Sources = Mapping[str, tuple[str, ...]]
"""For each of our tensors, those of the published file that it consists of, one below the other."""

_REFUSED: Mapping[str, Mapping[str, Any]] = {
    "marian": {
        "scale_embedding": True, "share_encoder_decoder_embeddings": True, "tie_word_embeddings": True,
        "normalize_before": False, "normalize_embedding": False, "add_final_layer_norm": False,
        "static_position_embeddings": True,
    },
    "fsmt": {"scale_embedding": True},
}  # fmt: skip
"""Settings with the only value that can be imported; it is also what applies if a file does not state them."""
_ACTIVATIONS = {"relu": "relu", "gelu": "gelu", "swish": "swish", "silu": "swish"}
_POSITIONS_CHECKED, _POSITIONS_DIFFER = 64, 5e-3  # float16 has steps of 5e-4 below 1


@dataclass(frozen=True)
class Architecture:
    """The architecture of published weights."""

    family: Family
    config: ModelConfig
    sources: Sources


def family_of(name: str, config: Mapping[str, Any]) -> Family:
    """Which family a `config.json` is of; raises CheckpointError if it is neither."""
    match config.get("model_type"):
        case "marian":
            return "marian"
        case "fsmt":
            return "fsmt"
        case other:
            kind = " ".join(map(str, config.get("architectures") or ())) or other or "of an unknown kind"
            raise CheckpointError(
                f"the model {name} is {kind}; only MarianMTModel and FSMTForConditionalGeneration can be imported, "
                "such as Helsinki-NLP/opus-mt-en-de and facebook/wmt19-en-de"
            )


def read_architecture(name: str, config: Mapping[str, Any], file: TensorFile) -> Architecture:
    """Read the architecture of the weights in `file`, whose `config.json` is given; `name` is for errors.

    Raises CheckpointError if it is another one, if settings cannot be imported, or if tensors are missing, superfluous
    or of the wrong shape.
    """
    family = family_of(name, config)
    for key, wanted in _REFUSED[family].items():
        if config.get(key, wanted) != wanted:
            raise CheckpointError(
                f"the model {name} has {key} {config[key]!r}; only models with {wanted!r} can be imported"
            )
    _check_special_ids(name, family, config)
    try:
        names = _VOCABULARY_NAMES[family](name, config, file)
        made = _model_config(family, config, names)
    except KeyError as error:
        raise CheckpointError(
            f"the config.json of {name} does not state {error}; download it again"
        ) from error
    except ConfigError as error:
        raise CheckpointError(f"the config.json of {name} describes no model: {error}") from error
    sources = {**names, **dict(_layer_names(made))}
    _check_tensors(name, made, sources, file)
    _check_positions(name, made, file)
    return Architecture(family, made, sources)


def _check_special_ids(name: str, family: Family, config: Mapping[str, Any]) -> None:
    begin = "pad_token_id" if family == "marian" else "eos_token_id"
    if config.get("decoder_start_token_id") != config.get(begin):
        raise CheckpointError(
            f"the model {name} begins a translation with piece {config.get('decoder_start_token_id')!r}; "
            f"only models that begin with {begin}, {config.get(begin)!r}, can be imported"
        )


def _model_config(family: Family, config: Mapping[str, Any], names: Sources) -> ModelConfig:
    heads, decoder_heads = config["encoder_attention_heads"], config["decoder_attention_heads"]
    if heads != decoder_heads:
        raise ConfigError(
            f"the encoder has {heads} heads and the decoder {decoder_heads}; they must have the same number"
        )
    activation = config["activation_function"]
    if activation not in _ACTIVATIONS:
        raise ConfigError(f"activation_function is {activation!r}; give one of {', '.join(_ACTIVATIONS)}")
    is_marian = family == "marian"
    inner, decoder_inner = config["encoder_ffn_dim"], config["decoder_ffn_dim"]
    return ModelConfig(
        vocab_size=config["vocab_size" if is_marian else "tgt_vocab_size"],
        d_model=config["d_model"],
        heads=heads,
        d_ff=inner,
        decoder_d_ff=0 if decoder_inner == inner else decoder_inner,
        encoder_layers=config["encoder_layers"],
        decoder_layers=config["decoder_layers"],
        dropout=float(config.get("dropout", 0.1)),
        attention_dropout=float(config.get("attention_dropout", 0.0)),
        norm="post",
        activation=_ACTIVATIONS[activation],  # type: ignore[arg-type]  # a str to mypy; checked like all settings
        attention_bias=True,
        sinusoids="marian" if is_marian else "fairseq",
        first_position=0 if is_marian else config["pad_token_id"] + 1,
        embeddings="separate" if "own_output_VD" in names else _source_embeddings(names),
        logits_bias="logits_bias_V" in names,
    )


def _source_embeddings(names: Sources) -> Literal["shared", "output-tied"]:
    return "output-tied" if "own_source_embedding.weight" in names else "shared"


def _marian_vocabulary(name: str, config: Mapping[str, Any], file: TensorFile) -> dict[str, tuple[str, ...]]:
    """The one matrix of Marian's models, which is in the file under at least one of its names, and the bias."""
    candidates = ("model.shared", "model.decoder.embed_tokens", "model.encoder.embed_tokens", "lm_head")
    found = [f"{one}.weight" for one in candidates if f"{one}.weight" in file.forms]
    names = {"embedding.weight": (found or ["model.shared.weight"])[:1]}
    if "final_logits_bias" in file.forms:
        names["logits_bias_V"] = ["final_logits_bias"]
    return {ours: tuple(theirs) for ours, theirs in names.items()}


def _fsmt_vocabulary(name: str, config: Mapping[str, Any], file: TensorFile) -> dict[str, tuple[str, ...]]:
    """FSMT's matrices: three, of which some may be the same."""
    sizes = config["src_vocab_size"], config["tgt_vocab_size"]
    if sizes[0] != sizes[1]:
        raise CheckpointError(
            f"the model {name} has {sizes[0]:,} source and {sizes[1]:,} target pieces; only models with the same "
            "number on both sides can be imported"
        )
    target, source, output = (
        f"model.{one}.weight"
        for one in ("decoder.embed_tokens", "encoder.embed_tokens", "decoder.output_projection")
    )
    target = next((one for one in (target, output, source) if one in file.forms), target)
    names: dict[str, tuple[str, ...]] = {"embedding.weight": (target,)}
    has_own_output = not _is_same(file, output, target)
    if has_own_output or not _is_same(file, source, target):
        names["own_source_embedding.weight"] = (source,)
    if has_own_output:
        names["own_output_VD"] = (output,)
    return names


_VOCABULARY_NAMES: Mapping[
    Family, Callable[[str, Mapping[str, Any], TensorFile], dict[str, tuple[str, ...]]]
] = {
    "marian": _marian_vocabulary,
    "fsmt": _fsmt_vocabulary,
}


def _is_same(file: TensorFile, name: str, other: str) -> bool:
    """Whether two matrices are the same; a missing one is: `transformers` stores tied matrices once."""
    if name not in file.forms or other not in file.forms:
        return True
    return file.forms[name] == file.forms[other] and torch.equal(file.read(name), file.read(other))


def _layer_names(config: ModelConfig) -> Iterator[tuple[str, tuple[str, ...]]]:
    attentions = {"self_attention": "self_attn", "cross_attention": "encoder_attn"}
    for stack, layers in (("encoder", config.encoder_layers), ("decoder", config.decoder_layers)):
        for number in range(layers):
            ours, theirs = f"{stack}.{number}", f"model.{stack}.layers.{number}"
            for attention, name in list(attentions.items())[: 1 if stack == "encoder" else 2]:
                for kind in ("weight", "bias"):
                    for part, projections in (("query", "q"), ("key_value", "kv"), ("output", ("out",))):
                        yield (
                            f"{ours}.{attention}.{part}.{kind}",
                            tuple(f"{theirs}.{name}.{one}_proj.{kind}" for one in projections),
                        )
                    yield f"{ours}.{attention}_residual.norm.{kind}", (f"{theirs}.{name}_layer_norm.{kind}",)
            for part, name in (
                ("feed_forward.inner", "fc1"), ("feed_forward.outer", "fc2"),
                ("feed_forward_residual.norm", "final_layer_norm"),
            ):  # fmt: skip
                for kind in ("weight", "bias"):
                    yield f"{ours}.{part}.{kind}", (f"{theirs}.{name}.{kind}",)


def _check_tensors(name: str, config: ModelConfig, sources: Sources, file: TensorFile) -> None:
    shapes = weight_shapes(config)
    assert shapes.keys() == sources.keys()
    for ours, parts in sources.items():
        for part in parts:
            if part not in file.forms:
                raise CheckpointError(
                    f"{file.path} lacks the tensor {part}; download it again, or give another model"
                )
        rows = sum(file.forms[part].shape[0] for part in parts)
        found = (rows, *file.forms[parts[0]].shape[1:])
        if ours == "logits_bias_V":
            found = found[1:]
        if found != shapes[ours]:
            raise CheckpointError(
                f"{' and '.join(parts)} in {file.path} have the shape {found}, but by the config.json of {name} it is "
                f"{shapes[ours]}; download both again"
            )
    used = {part for parts in sources.values() for part in parts}
    if strangers := sorted(one for one in file.forms.keys() - used if not _is_copy(one)):
        raise CheckpointError(
            f"{file.path} has the tensor {strangers[0]}, which models of this architecture do not have; "
            "give another model"
        )


def _is_copy(name: str) -> bool:
    """Whether a tensor repeats another one, or is computed: a file may have it or not."""
    return name.endswith(("embed_tokens.weight", "embed_positions.weight")) or name in (
        "model.shared.weight",
        "lm_head.weight",
        "model.decoder.output_projection.weight",
    )


def _check_positions(name: str, config: ModelConfig, file: TensorFile) -> None:
    """Raise CheckpointError if the positions in the file are not the sinusoids that the network computes."""
    first = config.first_position
    for stack in ("encoder", "decoder"):
        table = f"model.{stack}.embed_positions.weight"
        if table not in file.forms:
            continue
        found_PD = file.read(table)[first : first + _POSITIONS_CHECKED].float()
        expected_PD = sinusoid_table(len(found_PD), config.d_model, config.sinusoids, first)
        if found_PD.shape != expected_PD.shape or (found_PD - expected_PD).abs().max() > _POSITIONS_DIFFER:
            raise CheckpointError(
                f"{table} in {file.path} are not the sinusoids of this architecture; models with learned or other "
                "positions cannot be imported"
            )
