"""What only a GPU can show; skipped where there is none."""

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
    "options", [SearchOptions(), SearchOptions(beam_size=1), SearchOptions(no_repeat_ngram=3)], ids=str
)
@pytest.mark.parametrize("rows", [1024, 8])  # with 8, slots are refilled
def test_decoding_equals_the_cpus(untrained, prepared, options, rows, monkeypatch):
    monkeypatch.setattr("translator.continuous.engine._MOST_ROWS", rows)
    texts = ["Anna sleeps.", "The old man eats bread in the kitchen.", "Paul?", *["A house."] * 40]
    on_cpu = Translator(untrained, prepared.tokenizer, {}, torch.device("cpu")).translate(texts, options)
    copy = Transformer(untrained.config)
    copy.load_state_dict(untrained.state_dict())
    translator = Translator(copy, prepared.tokenizer, {}, torch.device("cuda"), in_slots=True)
    for _ in range(2):  # the second time, the recorded step is replayed on what the first left behind
        on_gpu = translator.translate(texts, options)
        assert [translation.text for translation in on_gpu] == [translation.text for translation in on_cpu]


def test_a_recorded_step_obeys_new_options(untrained, prepared):
    texts = ["Anna sleeps.", "The old man eats bread in the kitchen."]
    copy = Transformer(untrained.config)
    copy.load_state_dict(untrained.state_dict())
    on_cpu = Translator(untrained, prepared.tokenizer, {}, torch.device("cpu"))
    on_gpu = Translator(copy, prepared.tokenizer, {}, torch.device("cuda"), in_slots=True)
    for length_penalty in (0.0, 2.0, 0.0):
        options = SearchOptions(beam_size=4, length_penalty=length_penalty, n_best=2)
        for one, other in zip(
            on_gpu.translate(texts, options), on_cpu.translate(texts, options), strict=True
        ):
            assert one.text == other.text
            assert one.score == pytest.approx(other.score, abs=1e-3)


def test_bf16_slots_translate_as_plain_bf16_decoding_does():
    """Sums in another order may decide a near tie otherwise, and no more than that."""
    in_slots = Translator.load(device="cuda", precision="bf16")
    model, device = in_slots.model, torch.device("cuda")
    plain = Translator(model, in_slots.tokenizer, {}, device, precision="bf16", in_slots=False)
    pairs = list(zip(in_slots.translate(SENTENCES), plain.translate(SENTENCES), strict=True))
    for one, other in pairs:
        assert one.score == pytest.approx(other.score, abs=0.1)
    assert sum(one.text == other.text for one, other in pairs) >= 0.8 * len(pairs)
