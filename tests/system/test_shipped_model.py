"""The model that comes with the package, as it will be used."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.sentences import SENTENCES
from translator.checkpoint import load_model
from translator.continuous import ContinuousSearch, Limits
from translator.inference import can_use_int8
from translator.search import Constraints, SearchOptions, search
from translator.tokenizer import EOS_ID, PAD_ID
from translator.translate import Translator, shipped_model

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def translator():
    return Translator.load(device="cpu")


def test_the_model_is_small_enough_to_ship():
    assert sum(path.stat().st_size for path in shipped_model().iterdir()) <= 64_000_000


def test_the_card_tells_where_the_model_comes_from_and_what_it_scores(translator):
    card = translator.card
    assert all(corpus["licence"] and corpus["pairs"] > 0 for corpus in card["corpora"])
    assert card["training"]["flops"] > 1e14
    assert card["training"]["device_hours"] > 0
    scored = {entry["testset"]: entry for entry in card["scores"] if entry["beam_size"] == 4}
    assert {"tatoeba-dev", "docs-dev", "newstest2013", "flores-dev", "newstest2014"} <= set(scored)
    for entry in scored.values():
        assert entry["signatures"]["BLEU"].startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:")
    assert len(card["examples"]) >= 5


def test_the_card_is_consistent_with_the_model_in_its_examples():
    """No more than that: the card was written by the same code. Another processor may round a near tie otherwise."""
    translator = Translator.load(device="cpu", precision="fp32")
    examples = translator.card["examples"]
    translations = translator.translate([example["source"] for example in examples])
    same = [
        translation.text == example["translation"]
        for translation, example in zip(translations, examples, strict=True)
    ]
    assert sum(same) >= len(examples) - 1


def test_plain_sentences_become_german(translator):
    translation = translator.translate(["The house is old. Please open the window!"])[0].text
    assert "Haus" in translation
    assert "Fenster" in translation
    assert translation.endswith("!")


def test_capitals_and_headlines_mean_the_same(translator):
    usual, loud, headline = translator.translate(
        ["Please do not open the door.", "PLEASE DO NOT OPEN THE DOOR.", "Please Do Not Open The Door."]
    )
    assert "Tür" in usual.text
    assert loud.text == usual.text.upper()
    assert headline.text == usual.text


def test_umlauts_sharp_s_and_german_quotes_survive(translator):
    ids = translator.tokenizer.encode("„Größe“ heißt süße Äpfel, Übung, Öl – ‚ß‘")
    assert translator.tokenizer.decode(ids) == "„Größe“ heißt süße Äpfel, Übung, Öl – ‚ß‘"


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_translation_does_not_depend_on_its_batch(precision):
    """Alone, in batches of 7 and of 32, and shuffled: the same, or as good to the fourth digit of the score."""
    if precision == "int8" and not can_use_int8():
        pytest.skip("no kernels for int8")
    translator = Translator.load(device="cpu", precision=precision)
    alone = {text: translator.translate([text])[0] for text in SENTENCES}
    mixed = random.Random(1).sample(SENTENCES, len(SENTENCES))
    for texts, size in ((SENTENCES, 7), (SENTENCES, 32), (mixed, 32)):
        differing = []
        for start in range(0, len(texts), size):
            batch = texts[start : start + size]
            for text, found in zip(batch, translator.translate(batch), strict=True):
                assert found.score == pytest.approx(alone[text].score, abs=1e-4)
                if found.text != alone[text].text:
                    differing.append(text)
        assert len(differing) <= 0.002 * len(texts)


def test_bf16_slots_find_what_plain_bf16_decoding_finds(translator):
    """On a processor, what a GPU does; sums in another order may decide a near tie otherwise, and no more than that."""
    model, special, options = (
        load_model(shipped_model()).model.bfloat16(),
        translator.special,
        SearchOptions(),
    )
    sources = [[*translator.tokenizer.encode(text), EOS_ID] for text in SENTENCES[:20]]
    limits = [Limits(0, options.max_target_tokens(len(source) - 1)) for source in sources]
    plain = []
    for source, limit in zip(sources, limits, strict=True):
        source_BS, most = torch.tensor([source]), torch.tensor([limit.most])
        plain += search(model, source_BS, source_BS != PAD_ID, Constraints(most), special, options)
    pairs = list(zip(ContinuousSearch(model, special).search(sources, limits, options), plain, strict=True))
    for (one,), (other,) in pairs:
        assert one.score == pytest.approx(other.score, abs=0.1)
    assert sum(one[0].tokens == other[0].tokens for one, other in pairs) >= 0.8 * len(pairs)


def test_the_installed_wheel_translates(tmp_path):
    """Not the checkout but what `pip install` puts elsewhere: the model and the page must be inside."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    offline = ("--no-deps", "--no-index")
    build = [*pip, "wheel", ".", *offline, "--no-build-isolation", "--wheel-dir", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    subprocess.run([*pip, "install", *offline, "--target", str(tmp_path / "site"), str(wheel)], check=True)
    program = (
        "import json, service.app, translator.translate as t; from pathlib import Path;"
        "translator = t.Translator.load(device='cpu');"
        "print(json.dumps([t.__file__, translator.translate(['The house is old.'])[0].text,"
        "(Path(service.app.__file__).parent / 'static' / 'index.html').exists()]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONSAFEPATH": "1"}
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    file, translation, has_page = json.loads(result.stdout)
    assert file.startswith(str(tmp_path / "site"))
    assert "Haus" in translation
    assert has_page
