"""Everything that a model can do, with imported models that have tokenizers of their own."""

import json
import warnings

import ctranslate2
import numpy as np
import pytest
import torch
from served_memory import write_tiny
from starlette.testclient import TestClient

from service.app import create_app
from service.engine import TranslationEngine
from service.settings import Settings
from tests.published_tokenizers import lines
from tests.translator.published.conftest import MODELS, whole_model, write_published
from translator.errors import CheckpointError, ConfigError, InputError
from translator.evaluation.attention_maps import look_at
from translator.evaluation.explanation import explain
from translator.evaluation.scoring import score
from translator.files.model_folder import read_model
from translator.files.verified_folder import MANIFEST, read_verified_folder, write_verified_folder
from translator.published import import_model
from translator.search import SearchOptions
from translator.training.checkpoint import load_model, save_model
from translator.training.export import export_ctranslate2
from translator.translate import Style, Translator, shipped_model
from translator.translate.alignment import align_words

TEXT = "The baker opens the shop at seven. See https://example.org/a?b=c for 42 doors 🙂 and {name}."


@pytest.fixture(scope="module", params=MODELS)
def hub(request, tmp_path_factory):
    """A published model, and the folder as on the hub, with a tokenizer that was trained."""
    model = whole_model(request.param)
    return model, write_published(tmp_path_factory.mktemp(request.param) / "opus-mt-en-de", model)


@pytest.fixture(scope="module")
def imported(hub, tmp_path_factory):
    """The model folder that an import makes of it."""
    folder = tmp_path_factory.mktemp("ours") / "model"
    import_model(str(hub[1]), folder)
    return folder


@pytest.fixture(scope="module")
def translator(imported):
    return Translator.load(imported, "cpu", precision="fp32")


@pytest.mark.slow
def test_greedy_translations_are_those_of_transformers_from_text_to_text(hub, translator):
    model, folder = hub
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the packages that transformers imports
        from transformers import FSMTTokenizer, MarianTokenizer

        is_marian = model.config.model_type == "marian"
        names = ["source.spm", "target.spm", "vocab.json"]
        if is_marian:
            tokenizer = MarianTokenizer(*(str(folder / name) for name in names), source_lang="en")
        else:
            names = ["vocab-src.json", "vocab-tgt.json", "merges.txt"]
            tokenizer = FSMTTokenizer(["en", "de"], *(str(folder / name) for name in names))
    never = [number for number in translator.special.forbidden if number != model.config.eos_token_id]
    options = SearchOptions(beam_size=1)
    for line in filter(str.strip, lines(40, seed=9)):
        ids = translator.tokenizer.source.encode_marked(line)
        if not ids:
            continue
        ((found,),) = translator.search([ids], options)
        most = translator._searches.task(ids, (), options).max_length - 1  # without the end token
        (theirs,) = model.generate(
            **tokenizer(tokenizer.normalize(line) if is_marian else line, return_tensors="pt"),
            num_beams=1, do_sample=False, max_new_tokens=most, bad_words_ids=[[number] for number in never],
        )  # fmt: skip
        assert translator.tokenizer.decode_marked(found.tokens) == tokenizer.decode(
            theirs, skip_special_tokens=True
        )


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_nothing_protected_is_lost(imported, precision):
    """The model is random; still, links, numbers, placeholders and emoji come through."""
    (found,) = Translator.load(imported, "cpu", precision=precision).translate([TEXT])
    for kept in ("https://example.org/a?b=c", "42", "🙂", "{name}"):
        assert kept in found.text


def test_what_depends_on_reserved_pieces_says_so(imported, translator, caplog):
    assert translator.protection == "parts"
    with caplog.at_level("INFO"):
        Translator.load(imported, "cpu")
    assert "has no reserved pieces" in caplog.text
    with pytest.raises(InputError, match="not trained to choose a formality"):
        translator.translate(["You see it."], style=Style(formality="informal"))
    engine = TranslationEngine(translator)
    with TestClient(create_app(lambda: engine, Settings())) as client:
        while client.get("/readyz").status_code != 200:
            pass
        assert client.get("/model").json()["protection"] == "parts"
        answer = client.post("/translate", json={"text": TEXT, "alignment": True, "alternatives": 2})
        assert answer.status_code == 200
        assert "{name}" in answer.json()["translations"][0]["text"]
        scored = client.post("/score", json={"source": "The baker opens.", "target": "Der Bäcker öffnet."})
        assert scored.status_code == 200
        assert client.post("/score", json={"source": "The baker.", "target": "🦉"}).status_code == 422


def test_a_translation_begins_with_its_prefix(translator):
    (found,) = translator.translate(["The baker opens the shop."], prefixes=["Der Bäcker"])
    assert found.text.startswith("Der Bäcker")
    with pytest.raises(InputError, match="characters that the model cannot write"):
        translator.translate(["The baker opens the shop."], prefixes=["Der 🦉"])


def test_banned_words_do_not_occur(translator):
    text = "The heron stands in the water."

    def translate(*banned):
        options = SearchOptions(beam_size=1, min_length_factor=0.5, banned=banned)
        return translator.translate([text], options)[0].text

    word = max(translate().split(), key=len)
    assert word not in translate(word)


def test_scores_are_probabilities_of_the_pieces(translator):
    pair = ("The baker opens the shop.", "Der Bäcker öffnet den Laden.")
    (scored,) = score(translator, [pair])
    pieces = [one.piece for one in scored.tokens]
    ids = translator.tokenizer.target.encode_marked(pair[1])
    assert pieces == [*map(translator.tokenizer.target.piece, ids), "</s>"]
    model = translator.model
    source_1S = torch.tensor([[*translator.tokenizer.source.encode_marked(pair[0]), translator.special.end]])
    input_1T = torch.tensor([[translator.special.begin, *ids]])
    with torch.no_grad():
        keep_1S = torch.ones_like(source_1S, dtype=torch.bool)
        logits_TV = model.logits(model(source_1S, keep_1S, input_1T))[0]
    logits_TV[:, list(translator.special.forbidden)] = -np.inf
    expected = logits_TV.log_softmax(1)[range(len(ids) + 1), [*ids, translator.special.end]]
    assert [one.log_probability for one in scored.tokens] == pytest.approx(expected.tolist(), abs=1e-4)
    with pytest.raises(InputError, match="characters that the model cannot write"):
        list(score(translator, [("The baker.", "Die 🦉.")]))


def test_words_are_aligned_and_attention_is_drawn(translator):
    source, target = "The baker’s “well-known” shop.", "Der bekannte Laden."
    (found,) = align_words(translator, [(source, target)])
    assert [source[slice(*word)] for word in found.source] == [
        "The",
        "baker’s",
        "“",
        "well-known",
        "”",
        "shop",
        ".",
    ]
    assert [target[slice(*word)] for word in found.target] == ["Der", "bekannte", "Laden", "."]
    assert found.weights_TS.shape == (4, 7)
    assert (found.weights_TS.sum(axis=1) <= 1 + 1e-5).all()
    assert (found.weights_TS.sum(axis=1) > 0.1).all()
    view = look_at(translator, source, target)
    assert all(layer.weights_HLM.shape[1:] == (len(layer.rows), len(layer.columns)) for layer in view.layers)


def test_an_explanation_shows_the_pieces(translator):
    (found,) = explain(translator, "the baker opens", SearchOptions(beam_size=2))
    assert found.pieces.replace("·", "").split() == ["the", "baker", "opens"]
    assert found.steps


def test_exports_translate_alike(imported, tmp_path):
    folder = load_model(imported)
    export_ctranslate2(folder, tmp_path / "out")
    for name, content in folder.tokenizer.files.items():
        assert (tmp_path / "out" / name).read_bytes() == content
    theirs = ctranslate2.Translator(str(tmp_path / "out"), compute_type="float32", intra_threads=1)
    translator = Translator.of_model(folder.model, folder.tokenizer)
    pieces = translator.tokenizer.source, translator.tokenizer.target
    sources = [pieces[0].encode_marked(line) for line in lines(30, seed=10)]
    sources = [ids for ids in sources if ids]
    ours = translator.search(sources, SearchOptions(beam_size=1, length_penalty=0.0))
    named = [list(map(pieces[0].piece, ids)) for ids in sources]
    for (best,), source in zip(ours, named, strict=True):
        limit = len(best.tokens) + 1
        (result,) = theirs.translate_batch([source], beam_size=1, max_decoding_length=limit)
        assert result.hypotheses[0][: len(best.tokens)] == list(map(pieces[1].piece, best.tokens))


def test_a_saved_copy_is_the_same_model(imported, tmp_path):
    """As an average of models or a fine-tuned model is saved."""
    folder = load_model(imported)
    save_model(
        tmp_path / "copy", folder.model.config, folder.model.state_dict(), folder.tokenizer, folder.card
    )
    copy = read_model(tmp_path / "copy")
    assert copy.tokenizer.kind == folder.tokenizer.kind
    assert copy.tokenizer.sha256 == folder.tokenizer.sha256
    assert Translator.load(tmp_path / "copy", "cpu", [imported]).translate(["The baker."])
    with pytest.raises(ConfigError, match="different vocabularies"):
        Translator.load(imported, "cpu", [shipped_model()])


def test_its_tokenizer_can_be_served_almost_without_a_network(imported, tmp_path):
    """`served_memory` measures the network's memory as the difference."""
    write_tiny(imported, tmp_path / "tiny")
    tiny = Translator.load(tmp_path / "tiny", "cpu")
    assert tiny.tokenizer.sha256 == read_model(imported).tokenizer.sha256
    assert tiny.translate(["The baker."])


def changed(folder, out, **contents):
    """A copy of a model folder with other contents, and a manifest that fits them."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    files = read_verified_folder(folder, list(manifest))
    write_verified_folder(out, {**files, **{name.replace("__", "."): one for name, one in contents.items()}})
    return out


def test_tokenizers_that_do_not_fit_are_refused(imported, tmp_path):
    config = json.loads((imported / "config.json").read_text(encoding="utf-8"))
    other = {**config, "tokenizer": "wordpiece"}
    with pytest.raises(CheckpointError, match="tokenizer 'wordpiece', but this program knows sentencepiece"):
        read_model(changed(imported, tmp_path / "a", config__json=json.dumps(other).encode()))
    smaller = {**config, "model": {**config["model"], "vocab_size": 30}}
    with pytest.raises(CheckpointError, match=r"by its config\.json the model has 30; restore"):
        read_model(changed(imported, tmp_path / "b", config__json=json.dumps(smaller).encode()))
    if config["tokenizer"] == "marian":
        with pytest.raises(CheckpointError, match=r"source.spm is damaged.*download it again"):
            read_model(changed(imported, tmp_path / "c", source__spm=b"nothing"))
    (tmp_path / "b" / {"marian": "vocab.json", "moses-bpe": "merges.txt"}[config["tokenizer"]]).unlink()
    with pytest.raises(CheckpointError, match="cannot read"):
        read_model(tmp_path / "b")
