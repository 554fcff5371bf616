"""What only a GPU can show; skipped where there is none."""

import copy
import dataclasses

import pytest
import torch

from tests.sentences import SENTENCES
from translator.model import Transformer
from translator.search import SearchOptions
from translator.trainer import Trainer
from translator.translate import Translator
from translator.validation import make_validator

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.parametrize("compile_mode", ["off", "on"])
def test_training_validates_saves_and_resumes(prepared, brief_config, tmp_path, compile_mode):
    training = dataclasses.replace(brief_config.training, validate_every_steps=4, compile=compile_mode)
    config = dataclasses.replace(brief_config, training=training)
    for resumes in (False, True):
        model = Transformer(config.model).cuda()
        trainer = Trainer(model, prepared, config, tmp_path, validate=make_validator(prepared))
        if resumes:
            trainer.resume()
            assert trainer.progress.step == training.max_steps
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
def test_decoding_equals_the_cpus(untrained, prepared, options):
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
