import dataclasses
import inspect
import sys
from typing import get_args

import pytest
import torch
from toy_grammar import generate_pairs

from tests.sentences import SENTENCES
from translator.commands.export import export
from translator.data.tokenizer import BOS_ID, EOS_ID
from translator.engines.reference import ReferenceEngine
from translator.errors import ConfigError
from translator.model.transformer import Transformer
from translator.search import SearchOptions, SpecialTokens, Task, new_search, search
from translator.training.checkpoint import ModelFolder, load_model
from translator.training.export import QUANTIZATIONS, export_ctranslate2
from translator.translate import Translator, shipped_model
from translator.translate.forced import decode_forced

pytestmark = pytest.mark.slow
ctranslate2 = pytest.importorskip("ctranslate2")

GREEDY = SearchOptions(beam_size=1)
PAIRS = list(generate_pairs(12, seed=9))


@pytest.fixture
def engine(tmp_path, prepared):
    """Exports a model and loads it with CTranslate2."""

    def load(model):
        export_ctranslate2(ModelFolder(model, prepared.tokenizer, {}), tmp_path / "out")
        return ctranslate2.Translator(str(tmp_path / "out"), compute_type="float32", intra_threads=1)

    return load


def pieces(tokenizer, texts):
    return [
        [tokenizer.target.piece(number) for number in tokenizer.source.encode_marked(text)] for text in texts
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"norm": "pre", "activation": "relu"},
        {"norm": "post", "activation": "relu"},
        {"norm": "pre", "activation": "gelu"},
        {"norm": "post", "activation": "swish", "attention_bias": True, "logits_bias": True, "sinusoids": "marian"},
        {
            "norm": "post", "attention_bias": True, "sinusoids": "fairseq", "first_position": 2,
            "embeddings": "separate", "decoder_d_ff": 20,
        },
    ],
)  # fmt: skip
def test_ctranslate2_gives_every_token_the_same_probability_and_searches_the_same(
    untrained, prepared, engine, settings
):
    torch.manual_seed(5)
    config = dataclasses.replace(
        untrained.config, encoder_layers=2, decoder_layers=2, dropout=0.0, **settings
    )
    model, tokenizer = Transformer(config).eval(), prepared.tokenizer
    for name, parameter in model.named_parameters():
        if "bias" in name:
            torch.nn.init.normal_(parameter, std=0.1)  # the network starts with zeros
    theirs = engine(model)
    english, german = ([pair[side] for pair in PAIRS] for side in (0, 1))
    special = SpecialTokens(BOS_ID, EOS_ID, (*tokenizer.unprintable_ids, *tokenizer.span_ids))
    sources, targets = (
        [tokenizer.source.encode_marked(text) for text in texts] for texts in (english, german)
    )
    expected = decode_forced(ReferenceEngine(model, special.forbidden), sources, targets, special)
    found = theirs.score_batch(pieces(tokenizer, english), pieces(tokenizer, german))
    for one, log_probabilities in zip(found, expected, strict=True):
        assert one.log_probs == pytest.approx(log_probabilities, abs=2e-3)

    # This search does not know the byte pieces. An untrained model makes invalid UTF-8 of them; CTranslate2 allows it.
    running = new_search(ReferenceEngine(model, special.forbidden), special, GREEDY)
    first = 6  # tokens; an untrained model hardly ever ends
    found = search(running, [Task([*source, EOS_ID], first + 1) for source in sources], GREEDY)
    for (ours,), text in zip(found, pieces(tokenizer, english), strict=True):
        (result,) = theirs.translate_batch([text], beam_size=1, max_decoding_length=first)
        assert result.hypotheses[0] == [tokenizer.target.piece(token) for token in ours.tokens[:first]]


@pytest.fixture(scope="module")
def shipped_engine(tmp_path_factory):
    out = tmp_path_factory.mktemp("shipped") / "out"
    export_ctranslate2(load_model(shipped_model()), out)
    return ctranslate2.Translator(str(out), compute_type="float32", intra_threads=1)


@pytest.mark.parametrize("beam_size", [1, 4])
def test_ctranslate2_translates_as_the_shipped_model_does_without_length_penalty(shipped_engine, beam_size):
    """Whole sentences: the same pieces with the same probabilities.

    The export gives reserved pieces no probability, and our search a little: hence the tolerance.
    """
    texts = SENTENCES[:30]
    translator = Translator.load(device="cpu", precision="fp32")
    tokenizer = translator.tokenizer
    sources = [tokenizer.source.encode_marked(text) for text in texts]
    ours = translator.search(sources, SearchOptions(beam_size=beam_size, length_penalty=0.0))
    theirs = shipped_engine.translate_batch(
        pieces(tokenizer, texts), beam_size=beam_size, length_penalty=0, return_scores=True
    )
    for (best,), result in zip(ours, theirs, strict=True):
        assert result.hypotheses[0] == [tokenizer.target.piece(token) for token in best.tokens]
        assert result.scores[0] == pytest.approx(best.log_probability, abs=0.05)
    targets = [best.tokens for (best,) in ours]
    expected = decode_forced(translator.engine, sources, targets, translator.special)
    scored = shipped_engine.score_batch(pieces(tokenizer, texts), [result.hypotheses[0] for result in theirs])
    for one, log_probabilities in zip(scored, expected, strict=True):
        assert one.log_probs == pytest.approx(log_probabilities, abs=0.05)


def test_forbidden_pieces_are_never_produced(untrained, prepared, engine):
    model, tokenizer = Transformer(untrained.config).eval(), prepared.tokenizer
    with torch.no_grad():
        never = [*tokenizer.unprintable_ids, *tokenizer.span_ids]
        model.embedding.weight[never] *= 5
    names = {tokenizer.target.piece(number) for number in never}
    sources = pieces(tokenizer, [english for english, _ in PAIRS])
    for result in engine(model).translate_batch(sources, beam_size=2, max_decoding_length=20):
        assert not names & set(result.hypotheses[0])


def test_errors_name_the_mistake(untrained, prepared, tmp_path, monkeypatch):
    folder = ModelFolder(untrained, prepared.tokenizer, {})
    with pytest.raises(ConfigError, match="quantization is 'int4'; give one of float32, float16"):
        export_ctranslate2(folder, tmp_path / "out", "int4")
    with pytest.raises(ConfigError, match="exists; remove it, or choose another folder"):
        export_ctranslate2(folder, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="Not a directory; choose another folder"):
        export_ctranslate2(folder, tmp_path / "file" / "out")
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(ConfigError, match="exporting needs the package ctranslate2; pip install"):
        export_ctranslate2(folder, tmp_path / "out")


def test_the_command_writes_a_folder_with_the_requested_quantization(run, model_folder, tmp_path):
    for name in ("float32", "int8"):
        code, printed, _ = run("export", tmp_path / name, "--model", model_folder, "--quantization", name)
        assert (code, printed.decode()) == (0, f"wrote {tmp_path / name}\n")
        assert ctranslate2.Translator(str(tmp_path / name)).compute_type.startswith(name)
    sizes = [(tmp_path / name / "model.bin").stat().st_size for name in ("float32", "int8")]
    assert sizes[1] < sizes[0]
    code, _, err = run("export", tmp_path / "int8", "--model", model_folder)
    assert (code, "int8 exists; remove it, or choose another folder" in err) == (1, True)
    assert get_args(inspect.signature(export).parameters["quantization"].annotation) == QUANTIZATIONS
