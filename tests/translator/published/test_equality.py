"""Imported models compute what `transformers` computes with the published weights."""

import json

import numpy as np
import pytest
import torch
from published_stand_ins import SHAPES, draw_weights
from safetensors.torch import load_file

from tests.translator.published.conftest import MODELS, PIECES, write_published
from translator.config import ModelConfig, settings_from_dict
from translator.engines.cuda.engine import CudaEngine
from translator.engines.native.engine import NativeEngine
from translator.engines.protocol import Rows
from translator.engines.reference import ReferenceEngine
from translator.files.weight_shapes import weight_shapes
from translator.model.transformer import Transformer
from translator.published import import_model
from translator.search import SearchOptions, SpecialTokens, Task, new_search, search


def load_network(folder):
    """The network in a model folder, without its tokenizer."""
    description = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config = settings_from_dict(ModelConfig, description["model"], "model")
    model = Transformer(config)
    weights = load_file(folder / "model.safetensors")
    assert {name: tuple(tensor.shape) for name, tensor in weights.items()} == weight_shapes(config)
    model.load_state_dict(weights)
    return model.float().eval()


def random_sources(number, end, pieces=PIECES, longest=14, seed=0):
    random = np.random.default_rng(seed)
    return [
        [*random.integers(3, pieces - 1, random.integers(1, longest)).tolist(), end] for _ in range(number)
    ]


def padded(rows, pad):
    width = max(map(len, rows))
    return torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows])


@torch.inference_mode()
def assert_same_network(ours, theirs, sources, targets):
    """Encoder output and logits, of sentences of different lengths in one batch."""
    pad = theirs.config.pad_token_id
    source_BS = padded(sources, pad)
    keep_BS = torch.arange(source_BS.shape[1]) < torch.tensor(list(map(len, sources))).unsqueeze(1)
    target_BT = torch.tensor(targets)
    found = theirs(
        input_ids=source_BS, attention_mask=keep_BS.long(), decoder_input_ids=target_BT, use_cache=False
    )
    memory_BSD = ours.encode(source_BS, keep_BS)
    torch.testing.assert_close(
        memory_BSD[keep_BS], found.encoder_last_hidden_state[keep_BS], atol=1e-5, rtol=1e-5
    )
    logits_BTV = ours.logits(ours.decode(target_BT, memory_BSD, keep_BS))
    torch.testing.assert_close(logits_BTV, found.logits, atol=1e-5, rtol=1e-5)


def imported(folder, out):
    import_model(str(folder), out)
    return load_network(out)


@pytest.mark.parametrize("form", ["safetensors", "bin"])
@pytest.mark.parametrize("family", MODELS)
def test_encoder_output_and_logits_are_equal(tmp_path, family, form):
    theirs = MODELS[family]()
    ours = imported(write_published(tmp_path / "hub", theirs, form), tmp_path / "ours")
    begin, end = theirs.config.decoder_start_token_id, theirs.config.eos_token_id
    sources = random_sources(9, end)
    random = np.random.default_rng(1)
    targets = [[begin, *random.integers(3, PIECES - 1, 11).tolist()] for _ in sources]
    assert_same_network(ours, theirs, sources, targets)


@pytest.mark.parametrize("kept", ["none", "source", "all"])
def test_matrices_that_are_the_same_are_shared(tmp_path, kept):
    """WMT19's file has three matrices, of which only one is different from the others."""
    theirs = MODELS["fsmt"]()
    network = theirs.model
    if kept != "all":
        network.decoder.output_projection.weight.data.copy_(network.decoder.embed_tokens.weight)
    if kept == "none":
        network.encoder.embed_tokens.weight.data.copy_(network.decoder.embed_tokens.weight)
    ours = imported(write_published(tmp_path / "hub", theirs), tmp_path / "ours")
    assert ours.config.embeddings == {"none": "shared", "source": "output-tied", "all": "separate"}[kept]
    assert_same_network(ours, theirs, random_sources(3, 2), [[2, 5, 6, 7]] * 3)


def test_tied_matrices_are_in_the_file_once(tmp_path):
    theirs = MODELS["fsmt"](tie_word_embeddings=True)
    folder = write_published(tmp_path / "hub", theirs)
    names = [
        name for name in load_file(folder / "model.safetensors") if "embed_tokens" in name or "output" in name
    ]
    assert len(names) == 1
    ours = imported(folder, tmp_path / "ours")
    assert_same_network(ours, theirs, random_sources(3, 2), [[2, 5, 6, 7]] * 3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_kept_exactly(tmp_path, dtype):
    theirs = MODELS["marian"]().to(dtype)
    ours = imported(write_published(tmp_path / "hub", theirs), tmp_path / "ours")
    assert {tensor.dtype for tensor in load_file(tmp_path / "ours" / "model.safetensors").values()} == {dtype}
    assert torch.equal(ours.embedding.weight, theirs.model.shared.weight.float())
    theirs.float()
    for stack in (theirs.model.encoder, theirs.model.decoder):  # its positions have been rounded, too
        stack.embed_positions.weight.data.copy_(stack.embed_positions.create_weight())
    assert_same_network(ours, theirs, random_sources(3, 0), [[PIECES - 1, 5, 6, 7]] * 3)


def special_tokens(theirs):
    return SpecialTokens(theirs.config.decoder_start_token_id, theirs.config.eos_token_id)


def our_tokens(engine, theirs, sources, beam_size, most):
    options = SearchOptions(beam_size=beam_size, length_penalty=0.0)
    running = new_search(engine, special_tokens(theirs), options)
    tasks = [Task(source, most, len(source) // 2) for source in sources]
    return [best.tokens for (best, *_) in search(running, tasks, options)]


@torch.inference_mode()
def their_tokens(theirs, sources, beam_size, most, **options):
    """The same from `generate`: as ours, it stops when as many hypotheses have ended as the beam is wide."""
    pad, end = theirs.config.pad_token_id, theirs.config.eos_token_id
    answers = []
    for source in sources:
        (tokens,) = theirs.generate(
            torch.tensor([source]), num_beams=beam_size, length_penalty=0.0, early_stopping=beam_size > 1,
            do_sample=False, max_length=most + 1, min_new_tokens=len(source) // 2, pad_token_id=pad, **options,
        ).tolist()  # fmt: skip
        answers.append(tuple(tokens[1 : tokens.index(end, 1)]) if end in tokens[1:] else None)
    return answers


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")  # of transformers
@pytest.mark.parametrize("number", [12, pytest.param(200, marks=pytest.mark.hard)])
@pytest.mark.parametrize("beam_size", [1, 4])
@pytest.mark.parametrize("family", MODELS)
def test_searches_find_the_same_translations(tmp_path, family, beam_size, number):
    theirs, most = MODELS[family](), 30
    ours = imported(write_published(tmp_path / "hub", theirs), tmp_path / "ours")
    sources = random_sources(number, theirs.config.eos_token_id, seed=2)
    expected = their_tokens(theirs, sources, beam_size, most)
    # A translation that does not end within the limit is cut by one, and ended by the other.
    ended = [place for place, tokens in enumerate(expected) if tokens is not None]
    assert len(ended) > number / 2
    assert len({expected[place] for place in ended}) > number / 4
    for engine in (ReferenceEngine(ours), CudaEngine(ours)):
        found = our_tokens(engine, theirs, sources, beam_size, most)
        assert [tuple(found[place]) for place in ended] == [expected[place] for place in ended]


@pytest.mark.parametrize("family", MODELS)
def test_the_native_engine_is_close(tmp_path, family):
    """In int8; `test_native` compares it with the plain model more thoroughly."""
    theirs = MODELS[family]()
    ours = imported(write_published(tmp_path / "hub", theirs), tmp_path / "ours")
    tensors = {name: tensor.detach().numpy() for name, tensor in ours.state_dict().items()}
    begin, (source,) = theirs.config.decoder_start_token_id, random_sources(1, theirs.config.eos_token_id)
    answers = []
    for engine in (NativeEngine(tensors, ours.config), ReferenceEngine(ours)):
        session = engine.session()
        row_N = session.admit([source], 1)
        rows = Rows(row_N, row_N, np.array([begin], dtype=np.int32), np.zeros(1, dtype=np.int32))
        answers.append(session.distribution(rows)[0].copy())
    assert np.abs(np.exp(answers[0]) - np.exp(answers[1])).max() < 0.05


@pytest.mark.hard
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")  # of transformers
@pytest.mark.parametrize(("family", "name"), [("marian", "opus"), ("fsmt", "wmt19")])
def test_models_of_the_true_size(tmp_path, family, name):
    """OPUS-MT's and WMT19's shapes with random weights, of the size with which training begins."""
    theirs = MODELS[family](**SHAPES[name])
    draw_weights(theirs)
    ours = imported(write_published(tmp_path / "hub", theirs), tmp_path / "ours")
    begin, end = theirs.config.decoder_start_token_id, theirs.config.eos_token_id
    pieces = theirs.config.vocab_size
    random = np.random.default_rng(5)
    sources = random_sources(6, end, pieces, longest=60, seed=5)
    targets = [[begin, *random.integers(3, pieces - 1, 40).tolist()] for _ in sources]
    assert_same_network(ours, theirs, sources, targets)
    found = our_tokens(ReferenceEngine(ours), theirs, sources, 4, 12)
    expected = their_tokens(theirs, sources, 4, 12)
    assert all(tokens is None or tuple(found[place]) == tokens for place, tokens in enumerate(expected))
