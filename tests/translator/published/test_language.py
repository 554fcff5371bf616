"""Equality with `transformers` on language: a stand-in learns the toy grammar, and is published in both formats."""

import json
import warnings

import pytest
import torch
from published_stand_ins import (
    draw_weights,
    fsmt_model,
    marian_model,
    marian_tokenizer,
    moses_bpe_tokenizer,
    vocabulary_size,
    write_repository,
)
from safetensors.torch import load_file
from toy_grammar import demo_pairs

from tests.system.command_line import run_here
from translator.evaluation.evaluate import score
from translator.published import import_model
from translator.published.architecture import read_architecture
from translator.published.tensors import Safetensors
from translator.search import SearchOptions
from translator.translate import Translator

pytestmark = pytest.mark.hard
SENTENCES = 200
TRAINING, TEST = demo_pairs(3_000, SENTENCES, seed=5)
SHAPE = {
    "d_model": 64, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
    "encoder_ffn_dim": 128, "decoder_ffn_dim": 128, "max_position_embeddings": 128, "forced_eos_token_id": None,
}  # fmt: skip
SETTINGS = {
    "marian": "--model.activation swish --model.sinusoids marian --model.logits-bias",
    "fsmt": "--model.sinusoids fairseq --model.first-position 2",
}


def new_stand_in(family):
    """A model with random weights, and its tokenizer."""
    torch.manual_seed(3)
    english, german = zip(*TRAINING, strict=True)
    if family == "marian":
        tokenizer = marian_tokenizer(english, german, 300)
        theirs = marian_model(**SHAPE, vocab_size=vocabulary_size(tokenizer))
    else:
        tokenizer = moses_bpe_tokenizer([*english, *german], 300)
        size = vocabulary_size(tokenizer)
        theirs = fsmt_model(**SHAPE, src_vocab_size=size, tgt_vocab_size=size, tie_word_embeddings=True)
    draw_weights(theirs)
    return theirs, tokenizer


def train(family, imported, folder):
    """Train the imported model on the grammar; returns the folder of the result."""
    pairs = "".join(f"{english}\t{german}\n" for english, german in TRAINING)
    (folder / "train.tsv").write_text(pairs, encoding="utf-8")
    (folder / "dev.tsv").write_text("".join(pairs.splitlines(keepends=True)[:20]), encoding="utf-8")
    run_here((
        "-m", "translator", "prepare", "--tokenizer", imported, "--corpus", folder / "train.tsv", "--dev",
        folder / "dev.tsv", "--out", folder / "data",
    ))  # fmt: skip
    run_here((
        "train.py", "tiny", "--data", folder / "data", "--out", folder / "run", "--init-from", imported,
        "--max-steps", "250", "--batch-tokens", "2048", "--peak-learning-rate", "4e-3", "--warmup-steps", "50",
        "--validate-every-steps", "1000", "--device", "cpu", "--threads", "1", "--model.d-model", "64",
        "--model.heads", "4", "--model.d-ff", "128", "--model.encoder-layers", "1", "--model.decoder-layers", "1",
        "--model.norm", "post", "--model.attention-bias", "--model.dropout", "0", *SETTINGS[family].split(),
    ))  # fmt: skip
    return folder / "run/model"


@torch.no_grad()
def copy_back(ours, theirs, published):
    """Copy the weights of our model folder into the model of `transformers` whose repository is in `published`."""
    config = json.loads((published / "config.json").read_text(encoding="utf-8"))
    names = read_architecture("x", config, Safetensors(published / "model.safetensors")).sources
    state = theirs.state_dict()
    for name, tensor in load_file(ours / "model.safetensors").items():
        parts = names[name]
        for part, value in zip(parts, tensor.chunk(len(parts)), strict=True):
            state[part].copy_(value.reshape(state[part].shape))  # tied matrices follow


@pytest.fixture(scope="module", params=["marian", "fsmt"])
def learnt(request, tmp_path_factory):
    """A model of `transformers` that has learnt the grammar, and its repositories in both formats."""
    folder = tmp_path_factory.mktemp(request.param)
    theirs, tokenizer = new_stand_in(request.param)
    write_repository(folder / "random", theirs, tokenizer)
    import_model(str(folder / "random"), folder / "imported")
    copy_back(train(request.param, folder / "imported", folder), theirs, folder / "random")
    write_repository(folder / "safetensors", theirs, tokenizer)
    write_repository(folder / "bin", theirs, tokenizer)
    (folder / "bin/model.safetensors").unlink()
    torch.save(theirs.state_dict(), folder / "bin/pytorch_model.bin")
    for form in ("safetensors", "bin"):
        import_model(str(folder / form), folder / f"from-{form}")
    return theirs, folder


def test_both_formats_are_the_same_model(learnt):
    first, second = (
        load_file(learnt[1] / f"from-{form}/model.safetensors") for form in ("safetensors", "bin")
    )
    assert first.keys() == second.keys()
    assert all(torch.equal(tensor, second[name]) for name, tensor in first.items())


def their_tokenizer(theirs, folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the packages that transformers imports
        from transformers import FSMTTokenizer, MarianTokenizer

        if theirs.config.model_type == "marian":
            names = ["source.spm", "target.spm", "vocab.json"]
            return MarianTokenizer(
                *(str(folder / name) for name in names), source_lang="en", target_lang="de"
            )
        names = ["vocab-src.json", "vocab-tgt.json", "merges.txt"]
        return FSMTTokenizer(["en", "de"], *(str(folder / name) for name in names))


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")  # of transformers
@pytest.mark.parametrize("beam_size", [1, 4])
def test_translations_equal_those_of_transformers(learnt, beam_size):
    theirs, folder = learnt
    translator = Translator.load(folder / "from-safetensors", "cpu", precision="fp32")
    options = SearchOptions(beam_size=beam_size, length_penalty=0.0)
    english, german = zip(*TEST, strict=True)
    ids = translator.tokenizer.source.encode_all_marked(english)
    ours = [translator.tokenizer.decode_marked(best.tokens) for (best, *_) in translator.search(ids, options)]
    tokenizer = their_tokenizer(theirs, folder / "safetensors")
    forbidden = [number for number in translator.special.forbidden if number != theirs.config.eos_token_id]
    expected, ended = [], []
    for start in range(0, SENTENCES, 50):
        some = tokenizer(list(english[start : start + 50]), return_tensors="pt", padding=True)
        found = theirs.generate(
            **some, num_beams=beam_size, do_sample=False, max_new_tokens=60,
            length_penalty=0.0, early_stopping=beam_size > 1, bad_words_ids=[[number] for number in forbidden],
        )  # fmt: skip
        expected += tokenizer.batch_decode(found, skip_special_tokens=True)
        ended += (found[:, 1:] == theirs.config.eos_token_id).any(dim=1).tolist()
    # The limits on the length differ: a translation that does not end is cut at different places.
    places = [place for place in range(SENTENCES) if ended[place]]
    assert len(places) > 0.9 * SENTENCES
    assert [ours[place] for place in places] == [expected[place] for place in places]
    (bleu, *_) = score(ours, german)
    assert bleu.value > 10, "the stand-in has not learnt the grammar, so that this test shows little"
