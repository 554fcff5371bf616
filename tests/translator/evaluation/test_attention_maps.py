import re

import pytest

from translator.errors import InputError, InputTooLong
from translator.evaluation.attention_maps import draw_page, draw_picture, look_at

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def view(translator):
    return look_at(translator, "Anna <b> sleeps.", "Anna schläft & ruht.")


def test_every_head_of_every_layer_is_labelled_with_its_pieces(translator, view):
    source, target = (
        len(translator.tokenizer.encode(text)) + 1 for text in ("Anna <b> sleeps.", "Anna schläft & ruht.")
    )
    shapes = {layer.name: tuple(layer.weights_HLM.shape) for layer in view.layers}
    assert shapes == {
        "Encoder, layer 1: self-attention": (2, source, source),
        "Decoder, layer 1: self-attention": (2, target, target),
        "Decoder, layer 1: cross-attention": (2, target, source),
    }
    for layer in view.layers:
        assert layer.weights_HLM.shape[1:] == (len(layer.rows), len(layer.columns))
    decoder = view.layers[1]
    assert decoder.columns[0] == "▸"
    assert decoder.columns[1:] == decoder.rows[:-1]  # each step sees the pieces before its own


def test_the_page_shows_every_weight_and_loads_nothing(view):
    page = draw_page(view)
    assert "<b>" not in page
    assert "Anna &lt;b&gt; sleeps." in page
    assert "schläft &amp; ruht" in page
    assert not re.search(r"<script|src=|href=|url\(", page)
    shown = sum(int((layer.weights_HLM >= 0.005).sum()) for layer in view.layers)
    assert page.count('class="cell"') == shown


def test_the_picture_is_a_png(view):
    pytest.importorskip("matplotlib")
    assert draw_picture(view).startswith(b"\x89PNG")


def test_by_default_the_model_translates_the_sentence(translator):
    own = translator.translate(["Anna sleeps."])[0].text
    assert look_at(translator, "Anna sleeps.").translation == own


def test_unreadable_maps_are_rejected(translator):
    with pytest.raises(InputError, match="the sentence is empty"):
        look_at(translator, " ")
    with pytest.raises(InputTooLong, match=r"the sentence has \d+ pieces, more than 80; give a shorter one"):
        look_at(translator, "dog " * 100)
    with pytest.raises(InputTooLong, match="the translation has"):
        look_at(translator, "dog", "Hund " * 100)
