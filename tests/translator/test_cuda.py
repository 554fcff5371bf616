"""Tests that need a GPU; skipped without one."""

import copy
import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from tests.sentences import SENTENCES
from tests.translator.test_cuda_engine import (
    FORBIDDEN,
    OPTIONS,
    SPECIAL,
    assert_same_translations,
    find,
    make_model,
)
from translator.engines.cuda.candidates import best_tokens
from translator.engines.cuda.engine import CudaEngine
from translator.engines.reference import ReferenceEngine
from translator.model.transformer import Transformer
from translator.search import SearchOptions
from translator.training import Trainer
from translator.training.validation import make_validator
from translator.translate import Translator
from translator.translate.forced import decode_forced

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.parametrize("compile_mode", ["off", "on"])
def test_training_validates_saves_and_resumes(prepared, brief_config, tmp_path, compile_mode):
    training = dataclasses.replace(brief_config.training, validate_every_steps=4, compile=compile_mode)
    config = dataclasses.replace(brief_config, training=training)
    for resumes in (False, True):
        model = Transformer(config.model).cuda()
        trainer = Trainer(model, prepared, config, tmp_path, validate=make_validator(prepared))
        if resumes:
            trainer.run.resume()
            assert trainer.run.progress.step == training.max_steps
        assert trainer.train()
        assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    "options",
    [
        SearchOptions(),
        SearchOptions(beam_size=1),
        SearchOptions(no_repeat_ngram=3, length_penalty=2.0, n_best=2),
    ],
    ids=str,
)
def test_decoding_equals_the_cpu(untrained, prepared, options):
    texts = ["Anna sleeps.", "The old man eats bread in the kitchen.", "Paul?", *["A house."] * 40]
    on_cpu = Translator.of_model(untrained, prepared.tokenizer)
    on_gpu = Translator.of_model(copy.deepcopy(untrained).cuda(), prepared.tokenizer)
    assert on_gpu.device == "cuda:0"
    for one, other in zip(on_gpu.translate(texts, options), on_cpu.translate(texts, options), strict=True):
        assert one.text == other.text
        assert one.score == pytest.approx(other.score, abs=1e-3)


def test_the_shipped_model_translates_in_bf16_about_as_in_fp32():
    in_bf16, in_fp32 = (Translator.load(device="cuda", precision=precision) for precision in ("bf16", "fp32"))
    assert (in_bf16.device, in_bf16.precision) == ("cuda:0", "bf16")
    pairs = list(zip(in_bf16.translate(SENTENCES), in_fp32.translate(SENTENCES), strict=True))
    for one, other in pairs:
        assert one.score == pytest.approx(other.score, abs=0.1)
    assert sum(one.text == other.text for one, other in pairs) >= 0.8 * len(pairs)


@pytest.fixture(scope="module")
def engines():
    """The plain model on the CPU, and graphs on the GPU, in float32."""
    model = make_model()
    return ReferenceEngine(model, [FORBIDDEN]), CudaEngine(copy.deepcopy(model).cuda(), [FORBIDDEN])


@pytest.mark.parametrize("name", OPTIONS)
def test_captured_searches_find_what_the_plain_model_finds(engines, name):
    reference, cuda = engines
    expected = find(reference, OPTIONS[name])
    for _ in range(3):  # computed, captured, replayed
        assert_same_translations(find(cuda, OPTIONS[name]), expected, tolerance=1e-3)
    assert any(graph._replay for decoder in cuda._idle for graph, _ in decoder.graphs.values())


def test_threads_capture_and_replay_side_by_side(engines):
    expected = find(engines[0], OPTIONS["beam"])
    cuda = CudaEngine(engines[1].network.model, [FORBIDDEN])
    with ThreadPoolExecutor(3) as pool:
        for found in pool.map(lambda _: find(cuda, OPTIONS["beam"]), range(12)):
            assert_same_translations(found, expected, tolerance=1e-3)


@pytest.mark.parametrize("best", [1, 8, 128])
@pytest.mark.parametrize("rows", [1, 256])
def test_ties_between_candidates_on_a_gpu_go_to_the_smaller_id(best, rows):
    random = np.random.default_rng(1)
    value_NX = random.choice([-np.inf, -3.0, -2.0, -1.5], (rows, 32_000)).astype(np.float32)
    value_NC, token_NC = best_tokens(torch.from_numpy(value_NX).cuda(), best)
    order_NC = np.argsort(-value_NX, axis=1, kind="stable")[:, :best]
    assert token_NC.tolist() == order_NC.tolist()
    assert value_NC.tolist() == np.take_along_axis(value_NX, order_NC, axis=1).tolist()


def test_log_probabilities_in_bf16_equal_the_plain_model_up_to_rounding_of_logits():
    plain = Translator.load(device="cuda", precision="bf16").model
    random, found = np.random.default_rng(8), []
    sources, targets = (
        [random.integers(300, 8000, length).tolist() for length in (3, 20, 40, 70)] for _ in range(2)
    )
    for engine in (CudaEngine(plain), ReferenceEngine(plain)):
        found.append(np.concatenate(decode_forced(engine, sources, targets, SPECIAL)))
    assert np.abs(np.subtract(*found)).mean() < 0.1
