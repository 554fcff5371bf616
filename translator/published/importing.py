"""Import published weights: check everything that can be checked, then write a model folder, or nothing."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import reduce
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from translator.errors import CheckpointError, ConfigError, DamagedError
from translator.files.model_folder import FORMAT_VERSION
from translator.files.verified_folder import to_json, write_verified_folder
from translator.files.weight_shapes import weight_shapes
from translator.published.architecture import Architecture, family_of, read_architecture
from translator.published.card import build_card, check_languages
from translator.published.marian_npz import MarianNpz
from translator.published.source import PICKLE, SAFETENSORS, Source, download_weights, find_source
from translator.published.tensors import Form, Pickled, Safetensors, TensorFile
from translator.published.tokenizer_files import TOKENIZERS, read_tokenizer_files
from translator.published.writing import safetensors_parts

Progress = Callable[[int, int], None]
"""Called with the number of tensors done and their total."""


def import_model(source: str, out: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Import the weights in a folder or a repository of the hub into the new model folder `out`; returns its card.

    The weights keep their precision: float16 stays float16. At most one tensor is in memory at a time, besides the
    file. If anything fails, `out` does not exist.
    Raises ConfigError if `out` exists or the source cannot be found or downloaded, DamagedError or DataError if a file
    is damaged or incomplete, and CheckpointError if the model is of another architecture or language pair, if its files
    do not fit each other, or if the disk refuses.
    """
    if out.exists():
        raise ConfigError(f"{out} exists; remove it, or choose another folder")
    found = find_source(source)
    settings = _read_json(found.folder / "tokenizer_config.json", is_required=False)
    config, file = _open(found, settings)
    architecture = read_architecture(found.name, config, file)
    kind = TOKENIZERS[architecture.family]
    tokenizer = read_tokenizer_files(
        found.folder,
        kind,
        architecture.config.vocab_size,
        config["pad_token_id"],
        config["eos_token_id"],
        settings,
    )
    forms = {name: _form(name, architecture, file) for name in architecture.sources}
    parameters = sum(torch.Size(form.shape).numel() for form in forms.values())
    card = build_card(found, file.path, parameters, architecture.family)
    read = _Reading(architecture, file, forms, progress)
    description = {
        "format_version": FORMAT_VERSION,
        "model": asdict(architecture.config),
        "tokenizer": kind,
    }
    write_verified_folder(
        out,
        {
            "config.json": to_json(description),
            **tokenizer,
            "card.json": to_json(card),
            "model.safetensors": safetensors_parts(forms, read),
        },
    )
    return card


def _open(source: Source, settings: Mapping[str, Any]) -> tuple[Mapping[str, Any], TensorFile]:
    """Open the weights of a source; returns the configuration, too. `settings` are those of its tokenizer."""
    folder = source.folder
    if (folder / "config.json").exists():
        config = _read_json(folder / "config.json")
        # Before gigabytes are downloaded, and before anything about the file.
        family_of(source.name, config)
        check_languages(source, config, settings)
        download_weights(source)
        for name, kind in ((SAFETENSORS, Safetensors), (PICKLE, Pickled)):
            if (folder / name).exists():
                return config, kind(folder / name)
        raise CheckpointError(f"{folder} has neither {SAFETENSORS} nor {PICKLE}; download one of them")
    archives = sorted(folder.glob("*.npz"))
    if len(archives) == 1:
        npz = MarianNpz(archives[0])
        check_languages(source, npz.config, settings)
        return npz.config, npz
    if archives:
        raise CheckpointError(f"{folder} has {len(archives)} files .npz; leave only the one to import")
    if any(folder.glob("*intgemm*")):
        raise CheckpointError(
            f"{folder} is a quantised student of Bergamot, whose decoder is recurrent; give another model, such as "
            "Helsinki-NLP/opus-mt-en-de"
        )
    raise CheckpointError(
        f"{folder} has no config.json and no .npz; give the folder of a MarianMT or FSMT model, or of one of Marian"
    )


def _read_json(path: Path, is_required: bool = True) -> dict[str, Any]:
    if not is_required and not path.exists():
        return {}
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DamagedError(f"{path} is damaged: {error}; download it again") from error
    if not isinstance(found, dict):
        raise DamagedError(f"{path} is damaged: it is not a JSON object; download it again")
    return found


def _form(name: str, architecture: Architecture, file: TensorFile) -> Form:
    dtypes = (file.forms[part].dtype for part in architecture.sources[name])
    return Form(weight_shapes(architecture.config)[name], reduce(torch.promote_types, dtypes))


class _Reading:
    """Reads our tensors from a published file, and reports progress."""

    def __init__(
        self,
        architecture: Architecture,
        file: TensorFile,
        forms: Mapping[str, Form],
        progress: Progress | None,
    ) -> None:
        self._sources, self._file, self._forms, self._progress = architecture.sources, file, forms, progress
        self._done = 0

    def __call__(self, name: str) -> Tensor:
        """Read a tensor; raises CheckpointError if it holds anything but finite numbers."""
        parts = self._sources[name]
        tensor = (
            torch.cat([self._file.read(part) for part in parts])
            if len(parts) > 1
            else self._file.read(parts[0])
        )
        if not torch.stack(tensor.aminmax()).isfinite().all():  # needs no memory, and finds NaN, too
            raise CheckpointError(
                f"{' and '.join(parts)} in {self._file.path} hold infinite or undefined numbers; download it again"
            )
        self._done += 1
        if self._progress:
            self._progress(self._done, len(self._sources))
        return tensor.reshape(self._forms[name].shape)
