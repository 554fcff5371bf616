"""The model that ships with the package, through its public interfaces."""

import json
import os
import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sentences import SENTENCES
from translator.config import PRESETS
from translator.engines.native.engine import NativeEngine
from translator.engines.native.library import FORCED_KERNEL, kernels, open_library
from translator.search import SearchOptions
from translator.translate import Translator, shipped_model

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def translator():
    return Translator.load(device="cpu")


def test_the_model_is_small_enough_to_ship():
    assert sum(path.stat().st_size for path in shipped_model().iterdir()) <= 64_000_000


def test_the_commands_for_fine_tuning_ask_for_the_architecture_of_the_model(translator):
    for file in ("README.md", "benchmarks/fine_tune.sh"):
        commands = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")
        (options,) = re.findall(
            r"train\.py\"? small ([^\n]*)--init-from (?:translator/pretrained|\"\$model)", commands
        )
        layers = int(re.search(r"--model\.encoder-layers (\d+)", options)[1])
        asked = replace(
            PRESETS["small"]().model, vocab_size=translator.config.vocab_size, encoder_layers=layers
        )
        assert asked == translator.config


def test_the_card_has_origin_and_scores(translator):
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
    """Consistency only: the same code wrote the card. On another processor, a near tie may be rounded differently."""
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


def test_capitals_and_headlines_do_not_change_the_meaning(translator):
    usual, loud, headline = translator.translate(
        ["Please do not open the door.", "PLEASE DO NOT OPEN THE DOOR.", "Please Do Not Open The Door."]
    )
    assert "Tür" in usual.text
    assert loud.text == usual.text.upper()
    assert headline.text == usual.text


def test_umlauts_sharp_s_and_german_quotes_survive(translator):
    ids = translator.tokenizer.encode("„Größe“ heißt süße Äpfel, Übung, Öl – ‚ß‘")
    assert translator.tokenizer.decode(ids) == "„Größe“ heißt süße Äpfel, Übung, Öl – ‚ß‘"


@pytest.mark.parametrize("precision", [pytest.param("fp32", marks=pytest.mark.hard), "int8"])
def test_a_translation_does_not_depend_on_its_batch(precision):
    """Alone, in batches of 7 and 32, and shuffled; in fp32, scores agree to four digits."""
    translator = Translator.load(device="cpu", precision=precision)
    texts = SENTENCES if precision == "int8" else SENTENCES[:64]
    alone = {text: translator.translate([text])[0] for text in texts}
    mixed = random.Random(1).sample(texts, len(texts))
    for some, size in ((texts, 7), (texts, 32), (mixed, 32)):
        for start in range(0, len(some), size):
            batch = some[start : start + size]
            for text, found in zip(batch, translator.translate(batch), strict=True):
                if precision == "int8":
                    assert found == alone[text]
                else:
                    assert found.text == alone[text].text
                    assert found.score == pytest.approx(alone[text].score, abs=1e-4)


@pytest.mark.parametrize("options", [SearchOptions(beam_size=1), SearchOptions()], ids=str)
def test_every_kernel_translates_the_same(monkeypatch, options):
    translations = []
    for kernel in kernels(open_library()):
        monkeypatch.setenv(FORCED_KERNEL, kernel)
        translator = Translator.load(device="cpu", precision="int8")
        assert isinstance(translator.engine, NativeEngine)
        assert translator.engine.kernel == kernel
        translations.append(translator.translate(SENTENCES[:24], options))
    assert all(found == translations[0] for found in translations)


def test_translating_needs_no_pytorch():
    code = (
        "import sys; from translator.translate import Translator; "
        "Translator.load(device='cpu').translate(['The house is old.']); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_installed_wheel_translates(tmp_path):
    """Installs the wheel elsewhere: it must contain the model and the page."""
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
