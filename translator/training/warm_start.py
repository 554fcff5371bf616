"""Initialise a model with the weights of a trained one, even if its vocabulary differs or it has more layers.

Pieces in both vocabularies keep their embeddings. A new piece gets the mean of the embeddings of the old pieces that
make up its text; a new reserved piece gets a random embedding. A deeper stack repeats each layer of the old one in
place, so that 6 layers become 12 as 1, 1, 2, 2, … (Gong et al. 2019, who train BERT faster by stacking, repeat them as
1, 2, …, 1, 2, …).
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from translator.data.tokenizer import SentencePieceTokenizer, Tokenizer
from translator.errors import ConfigError
from translator.files.model_folder import LEXICON
from translator.model.interface import TranslationModel
from translator.text.lexicon import Lexicon
from translator.training.checkpoint import load_model

logger = logging.getLogger(__name__)

_MATRICES = ("embedding.weight", "own_source_embedding.weight", "own_output_VD")
"""Those with a row for each piece."""
_BIAS = "logits_bias_V"
_LAYER = re.compile(r"(encoder|decoder)\.(\d+)\.(.+)")
_MAY_DIFFER = ("dropout", "attention_dropout", "vocab_size", "encoder_layers", "decoder_layers")


@torch.no_grad()
def load_initial_weights(
    path: Path, model: TranslationModel, tokenizer: Tokenizer, lexicon: Lexicon | None = None
) -> dict[str, Any]:
    """Load the weights of the trained model in folder `path` into `model`; returns the card of the trained model.

    `tokenizer` and `lexicon` are those of the training data. If only the trained model has a lexicon,
    this logs a warning.
    Raises ConfigError if the architectures differ in more than vocabulary, number of layers and dropout, if the
    trained model has more layers, or if the tokenizers differ and one is not this project's.
    """
    folder = load_model(path)
    wanted, found = asdict(model.config), asdict(folder.model.config)
    differences = [name for name in wanted if name not in _MAY_DIFFER and found[name] != wanted[name]]
    for name in ("encoder_layers", "decoder_layers"):
        is_deeper = model.has_equal_layers and 0 < found[name] <= wanted[name]
        if not is_deeper and found[name] != wanted[name]:
            differences.append(name)
    if differences:
        listed = ", ".join(f"{name} {found[name]} instead of {wanted[name]}" for name in differences)
        raise ConfigError(
            f"the model in {path} has {listed}; ask for the same architecture, or for more layers"
        )
    weights = _repeat_layers(folder.model.state_dict(), found, wanted)
    if folder.tokenizer.sha256 != tokenizer.sha256:
        weights = _change_vocabulary(path, weights, folder.tokenizer, tokenizer)
    if folder.lexicon is not None and lexicon is None:
        logger.warning(
            "the model in %s reads a lexicon of %d entries, but the data have no hints; to keep it, "
            "prepare the data with --lexicon %s",
            path,
            len(folder.lexicon),
            path / LEXICON,
        )
    model.load_state_dict(weights)
    return folder.card


def _repeat_layers(
    weights: Mapping[str, Tensor], found: Mapping[str, Any], wanted: Mapping[str, Any]
) -> dict[str, Tensor]:
    """Deepen the stacks: each new layer gets the weights of the old layer at the same relative depth."""
    deeper = {name: tensor for name, tensor in weights.items() if not _LAYER.fullmatch(name)}
    for name, tensor in weights.items():
        if match := _LAYER.fullmatch(name):
            stack, layer, rest = match[1], int(match[2]), match[3]
            old, new = found[f"{stack}_layers"], wanted[f"{stack}_layers"]
            for place in range(new):
                if place * old // new == layer:
                    deeper[f"{stack}.{place}.{rest}"] = tensor
    return deeper


def _change_vocabulary(
    path: Path, weights: Mapping[str, Tensor], before: Tokenizer, after: Tokenizer
) -> dict[str, Tensor]:
    if not (isinstance(before, SentencePieceTokenizer) and isinstance(after, SentencePieceTokenizer)):
        raise ConfigError(
            f"the model in {path} has another tokenizer ({before.kind}) than the data ({after.kind}), and only this "
            f"project's own can be replaced; prepare the data with --tokenizer {path}"
        )
    changed = dict(weights)
    for name in weights.keys() & _MATRICES:
        changed[name] = _carry_over(weights[name], before, after)
    if _BIAS in weights:
        changed[_BIAS] = _carry_over_bias(weights[_BIAS], before, after)
    return changed


def _carry_over(old_VD: Tensor, before: SentencePieceTokenizer, after: SentencePieceTokenizer) -> Tensor:
    """Return the embeddings of the new vocabulary, (V, D)."""
    rows = {before.piece(piece): old_VD[piece] for piece in range(before.vocab_size)}
    generator = torch.Generator().manual_seed(0)
    new_VD = torch.randn((after.vocab_size, old_VD.shape[1]), generator=generator) * old_VD.std()
    for piece in range(after.vocab_size):
        text = after.piece(piece)
        if text in rows:
            new_VD[piece] = rows[text]
        elif piece in after.learnt_ids:
            new_VD[piece] = _mean_of_parts(text, old_VD, before)
    return new_VD


def _carry_over_bias(old_V: Tensor, before: SentencePieceTokenizer, after: SentencePieceTokenizer) -> Tensor:
    """Return the biases of the new vocabulary, (V,); a new piece gets the mean of the old ones."""
    known = {before.piece(piece): old_V[piece] for piece in range(before.vocab_size)}
    mean = old_V.mean()
    return torch.stack([known.get(after.piece(piece), mean) for piece in range(after.vocab_size)])


def _mean_of_parts(piece: str, old_VD: Tensor, before: SentencePieceTokenizer) -> Tensor:
    """Return the mean embedding of the old pieces of a new piece, scaled to their mean norm."""
    parts_PD = old_VD[before.encode_continued(piece.replace("▁", " "))]
    mean_D = parts_PD.mean(0)
    composed_D: Tensor = mean_D * (parts_PD.norm(dim=1).mean() / mean_D.norm().clamp(min=1e-6))
    return composed_D
