"""Marian's own files, written here with Marian's names and layout from the weights of a MarianMT model."""

import json
import zipfile

import numpy as np
import pytest
import yaml

from tests.published_tokenizers import marian_files
from tests.translator.published.conftest import PIECES, marian_model
from tests.translator.published.test_equality import assert_same_network, imported, random_sources
from translator.errors import CheckpointError, DamagedError
from translator.published import import_model

SETTINGS = {
    "type": "transformer", "dim-emb": 16, "enc-depth": 2, "dec-depth": 2, "transformer-heads": 4,
    "transformer-dim-ffn": 24, "transformer-ffn-activation": "swish", "transformer-ffn-depth": 2,
    "transformer-decoder-autoreg": "self-attention", "transformer-preprocess": "", "transformer-postprocess": "dan",
    "transformer-postprocess-emb": "d", "transformer-no-projection": False, "right-left": False,
    "transformer-train-position-embeddings": False, "tied-embeddings-all": True, "tied-embeddings-src": False,
    "dim-vocabs": [PIECES - 1, PIECES - 1], "version": "v1.9.0", "skip": False, "layer-normalization": False,
}  # fmt: skip
VOCABULARY = ["</s>", "<unk>", "no", "null", "1", "▁,", *(f"▁w{number}" for number in range(6, PIECES - 1))]


def attention(theirs, ours, norm):
    """W and b of queries, keys, values and output; Marian multiplies from the right, and its biases are rows."""
    arrays = {}
    for letter, linear in zip(
        "qkvo", (theirs.q_proj, theirs.k_proj, theirs.v_proj, theirs.out_proj), strict=True
    ):
        arrays[f"{ours}_W{letter}"] = linear.weight.T
        arrays[f"{ours}_b{letter}"] = linear.bias[None]
    arrays[f"{ours}_Wo_ln_scale"], arrays[f"{ours}_Wo_ln_bias"] = norm.weight[None], norm.bias[None]
    return arrays


def arrays_of(theirs):
    network = theirs.model
    arrays = {
        "Wemb": network.shared.weight[:-1],  # without padding
        "decoder_ff_logit_out_b": theirs.final_logits_bias[:, :-1],
    }
    for stack, layers in (("encoder", network.encoder.layers), ("decoder", network.decoder.layers)):
        for number, layer in enumerate(layers, start=1):
            prefix = f"{stack}_l{number}"
            arrays |= attention(layer.self_attn, f"{prefix}_self", layer.self_attn_layer_norm)
            if stack == "decoder":
                arrays |= attention(layer.encoder_attn, f"{prefix}_context", layer.encoder_attn_layer_norm)
            arrays[f"{prefix}_ffn_W1"], arrays[f"{prefix}_ffn_b1"] = layer.fc1.weight.T, layer.fc1.bias[None]
            arrays[f"{prefix}_ffn_W2"], arrays[f"{prefix}_ffn_b2"] = layer.fc2.weight.T, layer.fc2.bias[None]
            norm = layer.final_layer_norm
            arrays[f"{prefix}_ffn_ffn_ln_scale"] = norm.weight[None]
            arrays[f"{prefix}_ffn_ffn_ln_bias"] = norm.bias[None]
    return {name: array.detach().numpy() for name, array in arrays.items()}


@pytest.fixture
def theirs():
    model = marian_model()
    model.final_logits_bias[0, -1] = 0  # of padding, which Marian does not have
    return model


@pytest.fixture
def write(tmp_path, theirs):
    """Write the folder of an OPUS-MT archive, and return it."""

    def write(changes=(), more=(), without=()):
        folder = tmp_path / "en-de"
        folder.mkdir()
        settings = yaml.safe_dump(SETTINGS | dict(changes)).encode() + b"\0"
        arrays = {
            **arrays_of(theirs),
            **dict(more),
            "special:model.yml": np.frombuffer(settings, dtype=np.int8),
        }
        with (folder / "opus.npz").open("wb") as file:
            np.savez(file, **{name: array for name, array in arrays.items() if name not in without})
        vocabulary = {piece: number for number, piece in enumerate(VOCABULARY)}
        (folder / "opus.vocab.yml").write_text(
            yaml.safe_dump(vocabulary, allow_unicode=True), encoding="utf-8"
        )
        for name in ("source.spm", "target.spm"):
            (folder / name).write_bytes(marian_files()[name])
        return folder

    return write


def test_the_network_is_the_same(write, theirs, tmp_path):
    ours = imported(write(), tmp_path / "ours")
    sources, targets = random_sources(5, 0), [[PIECES - 1, 7, 8, 9, 10]] * 5
    assert_same_network(ours, theirs, sources, targets)
    vocabulary = json.loads((tmp_path / "ours" / "vocab.json").read_text(encoding="utf-8"))
    assert vocabulary == {piece: number for number, piece in enumerate([*VOCABULARY, "<pad>"])}
    assert not ours.embedding.weight[-1].any()


def test_relu_is_marians_too(write, tmp_path):
    import_model(str(write({"transformer-ffn-activation": "relu"})), tmp_path / "ours")
    config = json.loads((tmp_path / "ours" / "config.json").read_text())
    assert config["model"]["activation"] == "relu"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"transformer-decoder-autoreg": "rnn"},
            "transformer-decoder-autoreg 'rnn'; only models with 'self-attention'",
        ),
        ({"type": "s2s"}, "type 's2s'; only models with 'transformer'"),
        ({"transformer-postprocess": "da"}, "transformer-postprocess 'da'"),
        ({"transformer-train-position-embeddings": True}, "transformer-train-position-embeddings True"),
        ({"tied-embeddings-all": False}, "tied-embeddings-all False"),
        ({"transformer-ffn-activation": "tanh"}, "activation_function is 'tanh'; give one of relu"),
        ({"dim-emb": 32}, "have the shape"),
        ({"enc-depth": 3}, "lacks the tensor model.encoder.layers.2"),
        ({"enc-depth": 1}, "has the tensor model.encoder.layers.1"),
    ],
)
def test_other_architectures_are_named(write, tmp_path, changes, message):
    with pytest.raises(CheckpointError, match=message):
        import_model(str(write(changes)), tmp_path / "ours")
    assert not (tmp_path / "ours").exists()


def test_a_recurrent_decoder_is_named_even_if_the_settings_hide_it(write, tmp_path):
    folder = write(more={"decoder_l1_rnn_W": np.zeros((16, 16), dtype=np.float32)})
    with pytest.raises(
        CheckpointError, match="has the array decoder_l1_rnn_W, which Marian's standard Transformer"
    ):
        import_model(str(folder), tmp_path / "ours")


def test_a_missing_array_is_named(write, tmp_path):
    with pytest.raises(CheckpointError, match=r"lacks the tensor model\.decoder\.layers\.0\.fc1\.weight"):
        import_model(str(write(without=["decoder_l1_ffn_W1"])), tmp_path / "ours")


def test_a_file_without_settings_is_named(write, tmp_path):
    with pytest.raises(CheckpointError, match=r"has no special:model\.yml"):
        import_model(str(write(without=["special:model.yml"])), tmp_path / "ours")


@pytest.mark.parametrize("part", [0.3, 0.999])
def test_half_a_file_is_named(write, tmp_path, part):
    folder = write()
    content = (folder / "opus.npz").read_bytes()
    (folder / "opus.npz").write_bytes(content[: int(len(content) * part)])
    with pytest.raises(DamagedError, match=r"opus\.npz is damaged or incomplete"):
        import_model(str(folder), tmp_path / "ours")


def test_a_flipped_bit_is_noticed(write, tmp_path):
    folder = write()
    with zipfile.ZipFile(folder / "opus.npz") as archive:
        place = archive.getinfo("Wemb.npy").header_offset + 400
    content = bytearray((folder / "opus.npz").read_bytes())
    content[place] ^= 1
    (folder / "opus.npz").write_bytes(content)
    with pytest.raises(DamagedError, match=r"opus\.npz is damaged or incomplete: Bad CRC-32"):
        import_model(str(folder), tmp_path / "ours")
    assert [path.name for path in tmp_path.iterdir()] == ["en-de"]


def test_objects_are_not_unpickled(write, tmp_path):
    with pytest.raises(CheckpointError, match="has numbers of type object; give weights in float32"):
        import_model(str(write(more={"Wemb": np.array([print], dtype=object)})), tmp_path / "ours")


def test_other_numbers_are_named(write, tmp_path):
    with pytest.raises(
        CheckpointError, match=r"Wemb in .* has numbers of type int8; give weights in float32"
    ):
        import_model(str(write(more={"Wemb": np.zeros((3, 3), dtype=np.int8)})), tmp_path / "ours")


def test_a_vocabulary_that_does_not_fit_is_named(write, tmp_path):
    folder = write()
    (folder / "opus.vocab.yml").write_text("</s>: 0\n<unk>: 1\n", encoding="utf-8")
    with pytest.raises(
        CheckpointError, match=r"the vocabulary in .* has 3 pieces, but the embedding has 40 rows"
    ):
        import_model(str(folder), tmp_path / "ours")
    (folder / "opus.vocab.yml").write_text("- a\n- b\n", encoding="utf-8")
    with pytest.raises(DamagedError, match=r"opus\.vocab\.yml is no vocabulary of Marian"):
        import_model(str(folder), tmp_path / "ours")
    (folder / "other.vocab.yml").write_text("</s>: 0\n", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"several vocabularies, opus\.vocab\.yml, other\.vocab\.yml"):
        import_model(str(folder), tmp_path / "ours")


def test_two_models_in_a_folder_are_an_error(write, tmp_path):
    folder = write()
    (folder / "other.npz").write_bytes((folder / "opus.npz").read_bytes())
    with pytest.raises(CheckpointError, match=r"has 2 files \.npz; leave only the one to import"):
        import_model(str(folder), tmp_path / "ours")
