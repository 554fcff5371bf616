"""Stand-ins for published models: the files of the hub with random weights."""

import json

import published_stand_ins
import pytest
import torch

from tests.published_tokenizers import marian_files, moses_bpe_files

PIECES = 40
CARD = """---
license: cc-by-4.0
datasets: [opus]
---
# A model

| testset | BLEU |
|---------|------|
| newstest2014-ende.en.de | 27.3 |
"""


def marian_model(**changes):
    """A MarianMT model of OPUS-MT's architecture, which ends its translations now and then."""
    settings = {
        "vocab_size": PIECES, "d_model": 16, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
        "decoder_attention_heads": 4, "encoder_ffn_dim": 24, "decoder_ffn_dim": 24, "max_position_embeddings": 64,
        "forced_eos_token_id": None,
    }  # fmt: skip
    torch.manual_seed(11)
    model = published_stand_ins.marian_model(**settings | changes)
    _spread(model)
    model.model.shared.weight.data[0] *= 3
    model.model.shared.weight.data[model.config.pad_token_id] = 0
    model.final_logits_bias.normal_(std=0.5)
    return model


def fsmt_model(**changes):
    """A FSMT model of WMT19's architecture, which ends its translations now and then."""
    settings = {
        "src_vocab_size": PIECES, "tgt_vocab_size": PIECES, "d_model": 16, "encoder_layers": 2,
        "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 40,
        "decoder_ffn_dim": 24, "max_position_embeddings": 64, "forced_eos_token_id": None,
    }  # fmt: skip
    torch.manual_seed(4)
    model = published_stand_ins.fsmt_model(**settings | changes)
    _spread(model)
    decoder = model.model.decoder
    decoder.output_projection.weight.data[2] *= 4
    return model


def _spread(model):
    """Give all weights a size at which they matter: `transformers` begins with small ones, and with biases of zero."""
    for name, parameter in model.named_parameters():
        if "embed_positions" not in name and "norm.weight" not in name:
            parameter.data.normal_(std=0.4 if parameter.dim() == 2 else 0.2)


def write_published(folder, model, form="safetensors"):
    """Write a model and the files of its tokenizer as a repository of the hub."""
    tokenizer = marian_files() if model.config.model_type == "marian" else moses_bpe_files()
    published_stand_ins.write_repository(folder, model, tokenizer, CARD)
    if form == "bin":
        (folder / "model.safetensors").unlink()
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder


MODELS = {"marian": marian_model, "fsmt": fsmt_model}
_SIZES = {"marian": ["vocab_size"], "fsmt": ["src_vocab_size", "tgt_vocab_size"]}


def whole_model(family):
    """A model with all the pieces of its tokenizer, so that it can read and write sentences."""
    vocabulary = marian_files()["vocab.json"] if family == "marian" else moses_bpe_files()["vocab-src.json"]
    return MODELS[family](**dict.fromkeys(_SIZES[family], len(json.loads(vocabulary))))


@pytest.fixture
def published(tmp_path):
    """Write a stand-in of a family, and return its folder."""

    def write(family="marian", form="safetensors", **changes):
        return write_published(tmp_path / "opus-mt-en-de", MODELS[family](**changes), form)

    return write
