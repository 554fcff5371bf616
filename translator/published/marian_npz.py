"""Read the weights that Marian itself writes (`.npz`), under the names and in the layout of `transformers`' MarianMT.

Marian multiplies with matrices from the right, so they are transposed here. It begins a translation with a vector of
zeros, for which MarianMT has a piece of its own, `<pad>`: it is added at the end of the vocabulary, with zeros.
"""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import yaml
from torch import Tensor

from translator.errors import CheckpointError
from translator.published.tensors import Form, check_is_no_pointer, damaged

PAD = "<pad>"
_SETTINGS = "special:model.yml"
_EMBEDDING, _OUTPUT_BIAS = "Wemb", "decoder_ff_logit_out_b"
_LAYER = re.compile(r"(encoder|decoder)_l(\d+)_(\w+)")
_NAMES = {
    **{
        f"{ours}_{kind}{part}": f"{theirs}.{part}_proj.{what}"
        for ours, theirs in (("self", "self_attn"), ("context", "encoder_attn"))
        for kind, what in (("W", "weight"), ("b", "bias"))
        for part in "qkv"
    },
    **{
        f"{ours}_{name}": f"{theirs}{rest}"
        for ours, theirs in (("self", "self_attn"), ("context", "encoder_attn"))
        for name, rest in (
            ("Wo", ".out_proj.weight"), ("bo", ".out_proj.bias"),
            ("Wo_ln_scale", "_layer_norm.weight"), ("Wo_ln_bias", "_layer_norm.bias"),
        )
    },
    "ffn_W1": "fc1.weight", "ffn_b1": "fc1.bias", "ffn_W2": "fc2.weight", "ffn_b2": "fc2.bias",
    "ffn_ffn_ln_scale": "final_layer_norm.weight", "ffn_ffn_ln_bias": "final_layer_norm.bias",
}  # fmt: skip
"""Marian's names within a layer, and MarianMT's."""
_REQUIRED: Mapping[str, Any] = {
    "type": "transformer", "transformer-decoder-autoreg": "self-attention", "transformer-preprocess": "",
    "transformer-postprocess": "dan", "transformer-postprocess-emb": "d", "transformer-ffn-depth": 2,
    "transformer-no-projection": False, "transformer-train-position-embeddings": False, "right-left": False,
    "tied-embeddings-all": True,
}  # fmt: skip
"""The settings that a model must have, where it states them."""


class MarianNpz:
    """An `.npz` file of Marian, and its settings as a configuration of MarianMT."""

    def __init__(self, path: Path) -> None:
        """Raises DamagedError if the file is damaged, and CheckpointError on other architectures."""
        self.path = path
        check_is_no_pointer(path)
        try:
            self._archive = zipfile.ZipFile(path)
            headers = _headers(self._archive)
            settings = bytes(self._array(_SETTINGS)).rstrip(b"\0").decode() if _SETTINGS in headers else ""
        except (zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
            raise damaged(path, error) from error
        self._theirs = {_name(path, theirs): theirs for theirs in headers if theirs != _SETTINGS}
        self.forms = {ours: _form(path, theirs, *headers[theirs]) for ours, theirs in self._theirs.items()}
        self.config = self._configuration(settings)

    def read(self, name: str) -> Tensor:
        """See `TensorFile.read`."""
        theirs = self._theirs[name]
        try:
            array = self._array(theirs)
        except (zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
            raise damaged(self.path, error) from error
        tensor = torch.from_numpy(array)
        if theirs == _EMBEDDING:
            return torch.cat([tensor, tensor.new_zeros(1, tensor.shape[1])])
        if theirs == _OUTPUT_BIAS:
            return torch.cat([tensor.flatten(), tensor.new_zeros(1)]).unsqueeze(0)
        return tensor.t() if len(self.forms[name].shape) == 2 else tensor.flatten()

    def _array(self, theirs: str) -> npt.NDArray[Any]:
        with self._archive.open(f"{theirs}.npy") as file:
            array: npt.NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
            return array

    def _configuration(self, text: str) -> dict[str, Any]:
        """The settings as a `config.json` of MarianMT; raises CheckpointError if they are of another architecture."""
        try:
            settings = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise damaged(self.path, error) from error
        if not isinstance(settings, dict):
            raise CheckpointError(
                f"{self.path} has no {_SETTINGS}; give a model as Marian's training writes it"
            )
        for key, wanted in _REQUIRED.items():
            if settings.get(key, wanted) != wanted:
                raise CheckpointError(
                    f"{self.path} has {key} {settings[key]!r}; only models with {wanted!r} can be imported: "
                    "Marian's standard Transformer, and no student with a recurrent decoder (SSRU)"
                )
        try:
            inner = settings["transformer-dim-ffn"]
            pad = self.forms["model.shared.weight"].shape[0] - 1
            return {
                "model_type": "marian",
                "vocab_size": pad + 1,
                "d_model": settings["dim-emb"],
                "encoder_layers": settings["enc-depth"],
                "decoder_layers": settings["dec-depth"],
                "encoder_attention_heads": settings["transformer-heads"],
                "decoder_attention_heads": settings["transformer-heads"],
                "encoder_ffn_dim": inner,
                "decoder_ffn_dim": settings.get("transformer-decoder-dim-ffn") or inner,
                "activation_function": settings.get("transformer-ffn-activation", "swish"),
                "scale_embedding": True,
                "pad_token_id": pad,
                "decoder_start_token_id": pad,
                "eos_token_id": 0,
            }
        except KeyError as error:
            raise CheckpointError(
                f"{self.path} does not state {error}; give a model as Marian writes it"
            ) from error


def _headers(archive: zipfile.ZipFile) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    """The shape and type of each array, without reading it."""
    found = {}
    for member in archive.namelist():
        with archive.open(member) as file:
            is_first_version = np.lib.format.read_magic(file) == (1, 0)
            read = (
                np.lib.format.read_array_header_1_0
                if is_first_version
                else np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = read(file)
            found[member.removesuffix(".npy")] = shape, dtype
    return found


def _name(path: Path, theirs: str) -> str:
    """MarianMT's name of an array; raises CheckpointError if MarianMT has no counterpart."""
    if theirs == _EMBEDDING:
        return "model.shared.weight"
    if theirs == _OUTPUT_BIAS:
        return "final_logits_bias"
    match = _LAYER.fullmatch(theirs)
    if not match or match[3] not in _NAMES:
        raise CheckpointError(
            f"{path} has the array {theirs}, which Marian's standard Transformer with shared embeddings does not have; "
            "other architectures cannot be imported"
        )
    return f"model.{match[1]}.layers.{int(match[2]) - 1}.{_NAMES[match[3]]}"


def _form(path: Path, theirs: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Form:
    """The shape and type that `MarianNpz.read` returns."""
    if dtype not in (np.float32, np.float16):
        raise CheckpointError(
            f"{theirs} in {path} has numbers of type {dtype}; give weights in float32 or float16"
        )
    kind = torch.float32 if dtype == np.float32 else torch.float16
    if theirs == _EMBEDDING:
        return Form((shape[0] + 1, *shape[1:]), kind)
    if theirs == _OUTPUT_BIAS:
        return Form((1, int(np.prod(shape)) + 1), kind)
    is_vector = len(shape) < 2 or shape[0] == 1
    return Form((int(np.prod(shape)),) if is_vector else shape[::-1], kind)
