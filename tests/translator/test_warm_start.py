"""Training from the weights of a trained model."""

import dataclasses

import pytest
import torch

from translator.data.tokenizer import train_tokenizer
from translator.errors import ConfigError
from translator.model.transformer import Transformer
from translator.training.checkpoint import load_model, save_model
from translator.training.warm_start import load_initial_weights

LINES = [
    "the heron stands beside the quiet river",
    "the otter swims towards the other bank",
    "der Reiher steht neben dem stillen Fluss",
    "der Otter schwimmt zum anderen Ufer hinüber",
] * 5


@pytest.fixture
def trained(tmp_path, untrained, prepared):
    save_model(
        tmp_path / "model", untrained.config, untrained.state_dict(), prepared.tokenizer, {"name": "toy"}
    )
    return tmp_path / "model"


def test_the_weights_are_loaded_even_if_the_dropout_differs(trained, untrained, prepared):
    model = Transformer(dataclasses.replace(untrained.config, dropout=0.3, attention_dropout=0.2))
    assert load_initial_weights(trained, model, prepared.tokenizer) == {"name": "toy"}
    for name, tensor in untrained.state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor.to(torch.bfloat16).float())
    assert model.config.dropout == 0.3


def test_another_architecture_is_refused(trained, untrained, prepared):
    other = Transformer(dataclasses.replace(untrained.config, d_ff=64, norm="post"))
    with pytest.raises(
        ConfigError, match="has d_ff 32 instead of 64, norm pre instead of post; ask for the same"
    ):
        load_initial_weights(trained, other, prepared.tokenizer)


def test_fewer_layers_are_refused(trained, untrained, prepared):
    assert untrained.config.encoder_layers == 1
    deeper = dataclasses.replace(untrained.config, encoder_layers=2)
    save_model(trained.parent / "deeper", deeper, Transformer(deeper).state_dict(), prepared.tokenizer, {})
    with pytest.raises(ConfigError, match="encoder_layers 2 instead of 1"):
        load_initial_weights(trained.parent / "deeper", untrained, prepared.tokenizer)


def test_a_deeper_stack_repeats_each_layer_in_place(tmp_path, untrained, prepared):
    config = dataclasses.replace(untrained.config, encoder_layers=2, decoder_layers=1)
    save_model(tmp_path / "model", config, Transformer(config).state_dict(), prepared.tokenizer, {})
    old = load_model(tmp_path / "model").model.state_dict()
    model = Transformer(dataclasses.replace(config, encoder_layers=5, decoder_layers=2))
    load_initial_weights(tmp_path / "model", model, prepared.tokenizer)
    new = model.state_dict()
    for place, layer in enumerate((0, 0, 0, 1, 1)):  # floor(2 · place / 5)
        name = "feed_forward.inner.weight"
        assert torch.equal(new[f"encoder.{place}.{name}"], old[f"encoder.{layer}.{name}"])
    for place in (0, 1):
        name = "cross_attention.query.weight"
        assert torch.equal(new[f"decoder.{place}.{name}"], old[f"decoder.0.{name}"])
    assert torch.equal(new["embedding.weight"], old["embedding.weight"])


def test_a_new_vocabulary_keeps_the_embeddings_of_shared_pieces(trained, untrained, prepared):
    tokenizer, before = train_tokenizer(LINES, 480, threads=1), prepared.tokenizer
    model = Transformer(dataclasses.replace(untrained.config, vocab_size=tokenizer.vocab_size))
    load_initial_weights(trained, model, tokenizer)
    old_VD, new_VD = (one.embedding.weight.detach() for one in (load_model(trained).model, model))
    old = {before.piece(piece): old_VD[piece] for piece in range(before.vocab_size)}
    common = composed = 0
    for piece in range(tokenizer.vocab_size):
        text = tokenizer.piece(piece)
        if text in old:
            common += 1
            assert torch.equal(new_VD[piece], old[text])
        elif text.startswith("▁"):  # at the start of a word, the old tokenizer reads it as a text of its own
            composed += 1
            parts_PD = old_VD[before.encode(text[1:])]
            torch.testing.assert_close(new_VD[piece].norm(), parts_PD.norm(dim=1).mean())
            similarity = torch.cosine_similarity(new_VD[piece], parts_PD.mean(0), dim=0)
            assert float(similarity) == pytest.approx(1, abs=1e-5)
    assert common > 400
    assert composed > 5
    assert new_VD.isfinite().all()


def test_a_new_vocabulary_keeps_all_that_belongs_to_a_piece(tmp_path, untrained, prepared):
    tokenizer, before = train_tokenizer(LINES, 480, threads=1), prepared.tokenizer
    config = dataclasses.replace(untrained.config, embeddings="separate", logits_bias=True)
    old = Transformer(config)
    torch.nn.init.normal_(old.logits_bias_V)
    save_model(tmp_path / "model", config, old.state_dict(), before, {})
    model = Transformer(dataclasses.replace(config, vocab_size=tokenizer.vocab_size))
    load_initial_weights(tmp_path / "model", model, tokenizer)
    old, new = load_model(tmp_path / "model").model.state_dict(), model.state_dict()
    known = {before.piece(piece): piece for piece in range(before.vocab_size)}
    for piece in range(tokenizer.vocab_size):
        if (place := known.get(tokenizer.piece(piece))) is None:
            assert new["logits_bias_V"][piece] == old["logits_bias_V"].mean()
            continue
        for name in ("embedding.weight", "own_source_embedding.weight", "own_output_VD", "logits_bias_V"):
            assert torch.equal(new[name][piece], old[name][place])


def test_a_piece_inside_a_word_is_composed_without_a_space(trained, untrained, prepared):
    tokenizer, before = train_tokenizer(LINES, 480, threads=1), prepared.tokenizer
    model = Transformer(dataclasses.replace(untrained.config, vocab_size=tokenizer.vocab_size))
    load_initial_weights(trained, model, tokenizer)
    old_VD, known = (
        load_model(trained).model.embedding.weight.detach(),
        set(map(before.piece, range(before.vocab_size))),
    )
    inside = [
        (piece, text)
        for piece in tokenizer.learnt_ids
        if "▁" not in (text := tokenizer.piece(piece)) and text not in known
    ]
    assert inside
    for piece, text in inside:
        # A digit is never merged with a letter.
        letters = [before.encode(f"7{letter}")[-1] for letter in text]
        if before.encode_continued(text) == letters:
            direction_D = old_VD[letters].mean(0)
            similarity = torch.cosine_similarity(model.embedding.weight[piece].detach(), direction_D, dim=0)
            assert float(similarity) == pytest.approx(1, abs=1e-5)
