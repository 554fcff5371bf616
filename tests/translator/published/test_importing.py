"""What an import writes, and what it refuses."""

import json
import logging
import os
import pickle
import re
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.translator.published.conftest import PIECES
from translator.errors import CheckpointError, ConfigError, DamagedError, DataError
from translator.files import verified_folder
from translator.files.verified_folder import read_verified_folder
from translator.published import import_model
from translator.published.tensors import Form
from translator.published.writing import safetensors_parts


def change_json(path, **changes):
    content = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    path.write_text(
        json.dumps({key: value for key, value in content.items() if value is not None}), encoding="utf-8"
    )


def change_weights(folder, change):
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")


def refused(folder, out, error=CheckpointError):
    """The message with which a folder is refused; nothing may be left behind."""
    with pytest.raises(error) as caught:
        import_model(str(folder), out)
    assert not any(path.name != folder.name for path in out.parent.iterdir())
    return str(caught.value)


@pytest.mark.parametrize("family", ["marian", "fsmt"])
def test_the_folder_is_complete_and_verified(published, tmp_path, family):
    steps = []
    card = import_model(str(published(family)), tmp_path / "ours", lambda *step: steps.append(step))
    kinds = {
        "marian": ("marian", ["source.spm", "target.spm", "vocab.json"]),
        "fsmt": ("moses-bpe", ["merges.txt", "vocab-src.json", "vocab-tgt.json"]),
    }
    kind, names = kinds[family]
    files = read_verified_folder(tmp_path / "ours", ["config.json", "card.json", "model.safetensors", *names])
    assert sorted(path.name for path in (tmp_path / "ours").iterdir()) == sorted([*files, "manifest.json"])
    for name in names:
        assert files[name] == (tmp_path / "opus-mt-en-de" / name).read_bytes()
    assert json.loads(files["config.json"])["tokenizer"] == kind
    assert json.loads(files["card.json"]) == card
    assert card["parameters"] == sum(
        one.numel() for one in load_file(tmp_path / "ours/model.safetensors").values()
    )
    assert steps == [(number, len(steps)) for number in range(1, len(steps) + 1)]


def test_the_card_says_what_is_published(published, tmp_path):
    card = import_model(str(published()), tmp_path / "ours")
    assert (card["name"], card["licence"], card["scores"]) == ("opus-mt-en-de", "cc-by-4.0", [])
    assert card["published"]["datasets"] == ["opus"]
    assert card["published"]["tables"] == [[["testset", "BLEU"], ["newstest2014-ende.en.de", "27.3"]]]
    expected = {
        "source": "opus-mt-en-de",
        "revision": None,
        "file": "model.safetensors",
        "architecture": "marian",
    }
    assert card["imported_from"] == expected
    assert str(tmp_path) not in json.dumps(card)


@pytest.mark.parametrize("text", [None, "", "no front matter", "---\n: [\n---\n", "---\njust text\n---\n"])
def test_a_folder_without_a_card_has_no_licence(published, tmp_path, text):
    folder = published()
    (folder / "README.md").unlink()
    if text is not None:
        (folder / "README.md").write_text(text, encoding="utf-8")
    assert import_model(str(folder), tmp_path / "ours")["licence"] == "not stated"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"model_type": "mbart", "architectures": ["MBartForConditionalGeneration"]},
            "opus-mt-en-de is MBartForConditionalGeneration; only MarianMTModel and FSMTForConditionalGeneration",
        ),
        (
            {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"]},
            "is T5ForConditionalGeneration; only",
        ),
        ({"model_type": "m2m_100", "architectures": None}, "is m2m_100; only"),
        ({"model_type": None, "architectures": None}, "is of an unknown kind; only"),
        ({"scale_embedding": False}, "has scale_embedding False; only models with True can be imported"),
        ({"normalize_before": True}, "has normalize_before True; only models with False"),
        ({"normalize_embedding": True}, "has normalize_embedding True"),
        ({"add_final_layer_norm": True}, "has add_final_layer_norm True"),
        ({"static_position_embeddings": False}, "has static_position_embeddings False"),
        ({"share_encoder_decoder_embeddings": False}, "has share_encoder_decoder_embeddings False"),
        ({"tie_word_embeddings": False}, "has tie_word_embeddings False"),
        (
            {"decoder_start_token_id": 0},
            "begins a translation with piece 0; only models that begin with pad_token_id",
        ),
        ({"decoder_attention_heads": 2}, "the encoder has 4 heads and the decoder 2"),
        (
            {"activation_function": "gelu_new"},
            "activation_function is 'gelu_new'; give one of relu, gelu, swish",
        ),
        ({"d_model": None}, "does not state 'd_model'; download it again"),
        ({"d_model": 15}, "describes no model: d_model 15 is not divisible by heads 4"),
        (
            {"d_model": 32},
            r"have the shape \(40, 16\), but by the config.json of opus-mt-en-de it is \(40, 32\)",
        ),
        ({"encoder_layers": 3}, r"lacks the tensor model\.encoder\.layers\.2"),
        ({"decoder_layers": 1}, r"has the tensor model\.decoder\.layers\.1\.encoder_attn"),
        (
            {"eos_token_id": 1},
            "</s> have the ids 39 and 0 in the vocabulary in .*, but 39 and 1 in the weights",
        ),
    ],
)
def test_other_architectures_are_refused_by_name(published, tmp_path, changes, message):
    folder = published()
    change_json(folder / "config.json", **changes)
    assert re.search(message, refused(folder, tmp_path / "ours"))


def test_fsmt_with_vocabularies_of_different_sizes_is_refused(published, tmp_path):
    folder = published("fsmt")
    change_json(folder / "config.json", src_vocab_size=PIECES + 1)
    assert "has 41 source and 40 target pieces; only models with the same number" in refused(
        folder, tmp_path / "ours"
    )


@pytest.mark.parametrize(
    ("family", "file", "changes"),
    [
        ("marian", "tokenizer_config.json", {"source_lang": "de", "target_lang": "en"}),
        ("marian", "tokenizer_config.json", {"source_lang": "eng", "target_lang": "fra"}),
        ("fsmt", "config.json", {"langs": ["en", "ru"]}),
    ],
)
def test_other_language_pairs_are_refused(published, tmp_path, family, file, changes):
    folder = published(family)
    change_json(folder / file, **changes)
    pair = " to ".join(changes.get("langs") or changes.values())
    assert f"opus-mt-en-de translates {pair}; this program is for English to German" in refused(
        folder, tmp_path / "ours"
    )


def test_the_name_tells_the_pair_if_the_files_do_not(published, tmp_path, caplog):
    folder = published()
    (folder / "tokenizer_config.json").unlink()
    import_model(str(folder), tmp_path / "ours")
    other = folder.rename(tmp_path / "opus-mt-tc-big-en-fr")
    with pytest.raises(CheckpointError, match="translates en to fr"):
        import_model(str(other), tmp_path / "more")
    with caplog.at_level(logging.WARNING):
        import_model(str(other.rename(tmp_path / "opus")), tmp_path / "more")
    assert "nothing in opus says which languages it translates" in caplog.text


def test_names_for_languages_with_three_letters_are_known(published, tmp_path):
    folder = published()
    change_json(folder / "tokenizer_config.json", source_lang="eng", target_lang="deu")
    import_model(str(folder), tmp_path / "ours")


@pytest.mark.parametrize("form", ["safetensors", "bin"])
@pytest.mark.parametrize("part", [0.0, 0.0001, 0.4, 0.999])
def test_half_a_download_is_named(published, tmp_path, form, part):
    folder = published(form=form)
    (path,) = (path for path in folder.iterdir() if path.suffix in (".safetensors", ".bin"))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    message = refused(folder, tmp_path / "ours", DamagedError)
    assert f"{path.name} is damaged or incomplete" in message
    assert message.endswith("; download it again")


def test_a_flipped_bit_in_a_file_of_pytorch_is_noticed(published, tmp_path):
    path = published(form="bin") / "pytorch_model.bin"
    content, weight = bytearray(path.read_bytes()), torch.load(path)["model.shared.weight"]
    content[content.index(weight.numpy().tobytes())] ^= 1
    path.write_bytes(content)
    assert "pytorch_model.bin is damaged or incomplete: Bad CRC-32 for file" in refused(
        path.parent, tmp_path / "ours", DamagedError
    )


def test_half_a_file_of_old_pytorch_is_named(published, tmp_path):
    """Before version 1.6, PyTorch wrote pickles, which are no archives."""
    folder = published(form="bin")
    path = folder / "pytorch_model.bin"
    tensors = torch.load(path)
    torch.save(tensors, path, _use_new_zipfile_serialization=False)
    import_model(str(folder), tmp_path / "ours")
    content = path.read_bytes()
    for part in (0.1, 0.9):
        path.write_bytes(content[: int(len(content) * part)])
        with pytest.raises(DamagedError, match="is damaged or incomplete"):
            import_model(str(folder), tmp_path / "other")


class Program:
    """Pickles itself as a call."""

    def __reduce__(self):
        return os.mkdir, ("made-by-a-pickle",)


@pytest.mark.parametrize("is_archive", [True, False])
def test_a_pickle_with_a_program_is_not_run(published, tmp_path, monkeypatch, is_archive):
    monkeypatch.chdir(tmp_path)
    folder = published(form="bin")
    torch.save({"weight": Program()}, folder / "pytorch_model.bin", _use_new_zipfile_serialization=is_archive)
    message = refused(folder, tmp_path / "ours")
    assert "holds more than tensors: posix.mkdir, perhaps a program. It is not read" in message
    assert "get the weights from their publisher" in message
    assert "weights_only" not in message  # PyTorch's advice is to run the program
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Program(), protocol=2))
    refused(folder, tmp_path / "ours")


def test_a_file_that_is_not_of_pytorch_is_named(published, tmp_path):
    folder = published(form="bin")
    (folder / "pytorch_model.bin").write_text("<html>Sign in</html>", encoding="utf-8")
    assert refused(folder, tmp_path / "ours", DamagedError).endswith(
        "pytorch_model.bin is damaged or incomplete, or not a file of PyTorch; download it again"
    )


def test_a_pickle_of_something_else_is_named(published, tmp_path):
    folder = published(form="bin")
    for content in ([1, 2], {"model": {"weight": torch.zeros(3)}}):
        torch.save(content, folder / "pytorch_model.bin")
        assert "is no state dictionary of tensors" in refused(folder, tmp_path / "ours")


@pytest.mark.parametrize("name", ["model.safetensors", "source.spm"])
def test_a_pointer_of_git_lfs_is_named(published, tmp_path, name):
    folder = published()
    (folder / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n")
    assert f"{name} is a pointer of Git LFS" in refused(folder, tmp_path / "ours", DamagedError)


def test_other_numbers_are_named(published, tmp_path):
    folder = published()
    change_weights(
        folder, lambda tensors: tensors.update(final_logits_bias=torch.zeros(1, PIECES, dtype=torch.int8))
    )
    assert "final_logits_bias" in (message := refused(folder, tmp_path / "ours"))
    assert "has numbers of type I8; give weights in float16, bfloat16 or float32" in message


def test_a_superfluous_tensor_is_named(published, tmp_path):
    folder = published()
    change_weights(folder, lambda tensors: tensors.update(adapter=torch.zeros(3)))
    assert "has the tensor adapter, which models of this architecture do not have" in refused(
        folder, tmp_path / "ours"
    )


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(published, tmp_path, bad):
    folder = published()

    def spoil(tensors):
        tensors["model.decoder.layers.1.self_attn.v_proj.weight"][2, 3] = bad

    change_weights(folder, spoil)
    message = refused(folder, tmp_path / "ours")
    assert "self_attn.v_proj.weight" in message
    assert "hold infinite or undefined numbers" in message


def test_positions_that_were_learned_are_refused(published, tmp_path):
    folder = published()

    def add_positions(tensors):
        tensors["model.encoder.embed_positions.weight"] = torch.randn(64, 16)

    change_weights(folder, add_positions)
    assert "are not the sinusoids of this architecture" in refused(folder, tmp_path / "ours")


@pytest.mark.parametrize("name", ["source.spm", "vocab.json", "config.json", "model.safetensors"])
def test_a_missing_file_is_named(published, tmp_path, name):
    folder = published()
    (folder / name).unlink()
    message = refused(folder, tmp_path / "ours")
    if name == "config.json":
        assert "has no config.json and no .npz" in message
    else:
        assert name in message


def test_a_vocabulary_that_does_not_fit_the_matrix_is_refused(published, tmp_path):
    folder = published()
    path = folder / "vocab.json"
    vocabulary = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**vocabulary, "more": PIECES}), encoding="utf-8")
    message = refused(folder, tmp_path / "ours")
    assert "has 41 pieces, but the embedding has 40 rows" in message
    path.write_text(json.dumps({**vocabulary, "more": 4}), encoding="utf-8")  # two pieces have the same row
    refused(folder, tmp_path / "ours", DataError)
    path.write_text("[]", encoding="utf-8")
    assert "vocab.json is no JSON object of pieces" in refused(folder, tmp_path / "ours", DataError)
    (folder / "target_vocab.json").write_text("{}", encoding="utf-8")
    assert "only models with one vocabulary" in refused(folder, tmp_path / "ours")


@pytest.mark.parametrize("part", [0, 0.5])
def test_half_a_tokenizer_is_named(published, tmp_path, part):
    folder = published()
    content = (folder / "target.spm").read_bytes()
    (folder / "target.spm").write_bytes(content[: int(len(content) * part)])
    assert refused(folder, tmp_path / "ours", DataError).startswith("target.spm is ")


def test_a_student_of_bergamot_is_named(tmp_path):
    folder = tmp_path / "ende.student.tiny"
    folder.mkdir()
    (folder / "model.intgemm.alphas.bin").write_bytes(b"")
    assert "is a quantised student of Bergamot" in refused(folder, tmp_path / "ours")


@pytest.mark.parametrize("content", ["{", "[1]", ""])
def test_a_damaged_configuration_is_named(published, tmp_path, content):
    folder = published()
    (folder / "config.json").write_text(content)
    assert "config.json is damaged" in refused(folder, tmp_path / "ours", DamagedError)


def test_an_existing_output_is_refused_and_kept(published, tmp_path):
    folder = published()
    (tmp_path / "ours").mkdir()
    with pytest.raises(ConfigError, match="ours exists; remove it, or choose another folder"):
        import_model(str(folder), tmp_path / "ours")
    assert not any((tmp_path / "ours").iterdir())


def test_a_full_disk_leaves_nothing_behind(published, tmp_path, monkeypatch):
    folder, written = published(), []

    def disk_is_full(path, content):
        if path.name == "model.safetensors":
            written.append(next(iter(content)))
            raise OSError(28, "No space left on device")
        path.write_bytes(content)

    monkeypatch.setattr(verified_folder, "write_flushed", disk_is_full)
    assert "No space left on device; free space or choose another folder" in refused(
        folder, tmp_path / "ours"
    )
    assert written


def test_an_interruption_leaves_nothing_behind(published, tmp_path):
    def interrupt(done, total):
        if done == 5:
            raise KeyboardInterrupt

    folder = published()
    with pytest.raises(KeyboardInterrupt):
        import_model(str(folder), tmp_path / "ours", interrupt)
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_what_is_no_source_is_an_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="is a file; give the folder that it is in"):
        import_model(str(tmp_path / "file"), tmp_path / "ours")
    for source in (str(tmp_path / "missing"), "./missing", "~/a/b", "opus", "a/b/c"):
        with pytest.raises(ConfigError, match=r"there is no folder .*; give a folder, or a name of the hub"):
            import_model(source, tmp_path / "ours")


def test_parts_are_a_safetensors_file(tmp_path):
    torch.manual_seed(0)
    tensors = {
        "odd": torch.randn(3, 5).half(), "a": torch.randn(4), "transposed": torch.randn(2, 6).t(),
        "brain": torch.randn(7, 1).bfloat16(), "empty": torch.zeros(0, 3),
    }  # fmt: skip
    forms = {name: Form(tuple(tensor.shape), tensor.dtype) for name, tensor in tensors.items()}
    with (tmp_path / "file").open("wb") as file:
        file.writelines(safetensors_parts(forms, tensors.__getitem__))
    found = load_file(tmp_path / "file")
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)


def test_tensors_are_read_when_their_turn_comes():
    """So that only one is in memory at a time."""
    forms, reads = {str(number): Form((10,), torch.float32) for number in range(5)}, []

    def read(name):
        reads.append(name)
        return torch.zeros(10)

    parts = safetensors_parts(forms, read)
    next(parts)  # the header
    for number, _ in enumerate(parts, start=1):
        assert len(reads) == number


@pytest.mark.hard
@pytest.mark.parametrize("form", ["safetensors", "bin"])
def test_memory_stays_below_the_file_and_one_tensor(published, tmp_path, form):
    """Of a file of 300 MB, OPUS-MT's size in float32, in a process of its own."""
    folder = published(
        form=form, vocab_size=58_101, d_model=512, encoder_layers=6, decoder_layers=6, encoder_attention_heads=8,
        decoder_attention_heads=8, encoder_ffn_dim=2048, decoder_ffn_dim=2048,
    )  # fmt: skip
    (weights,) = (path for path in folder.iterdir() if path.suffix in (".safetensors", ".bin"))
    # Not getrusage, whose maximum begins with that of the process that started this one.
    code = (
        "import sys; from pathlib import Path; from translator.published import import_model\n"
        "most = lambda: int(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])\n"
        "before = most(); import_model(sys.argv[1], Path(sys.argv[2])); print(1024 * (most() - before))"
    )
    command = [sys.executable, "-c", code, str(folder), str(tmp_path / "ours")]
    used = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    embedding = 58_101 * 512 * 4
    assert weights.stat().st_size > 290_000_000
    assert embedding < used
    assert used < weights.stat().st_size + embedding + 20_000_000  # for NumPy, YAML, JSON and the like


def test_tokenizers_of_lower_case_or_of_several_languages_are_refused(published, tmp_path):
    folder = published()
    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    taken = next(piece for piece, number in vocabulary.items() if number == 7)
    changed = {">>deu<<" if piece == taken else piece: number for piece, number in vocabulary.items()}
    (folder / "vocab.json").write_text(json.dumps(changed), encoding="utf-8")
    assert "has the piece >>deu<<" in refused(folder, tmp_path / "ours")
    change_json(folder / "tokenizer_config.json", do_lower_case=True)
    assert "do_lower_case true" in refused(folder, tmp_path / "ours")
