"""The hand-aligned sentences that the alignment benchmark measures on."""

import sys
from pathlib import Path

import pytest

from translator.analysis.alignment import WORD, AligningHead, best_links, word_weights
from translator.translate import Translator

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
alignment = pytest.importorskip("alignment")


def test_every_link_is_between_words_that_are_there():
    pairs, links = alignment.read_sample()
    assert len(pairs) == len(links) == 25
    for (english, german), places in zip(pairs, links, strict=True):
        sizes = len(WORD.findall(english)), len(WORD.findall(german))
        assert all(source < sizes[0] and target < sizes[1] for source, target in places)
        # The final punctuation of a pair is linked: a miscounted word would have moved it.
        assert (sizes[0] - 1, sizes[1] - 1) in places


def test_error_rate_worked_out_by_hand():
    # Found 3 links, sure 4, right 2: 1 - 2·2 / (3 + 4) = 3/7.
    found, sure = [{(0, 0), (1, 1)}, {(0, 1)}], [{(0, 0), (1, 2)}, {(0, 1), (1, 0)}]
    assert alignment.error_rate(found, sure) == pytest.approx(3 / 7)


def test_the_shipped_model_aligns_as_well_as_its_card_says():
    translator = Translator.load(device="cpu")
    pairs, sure = alignment.read_sample()
    by = AligningHead.of(translator)
    found = [
        alignment.places(best_links(weights_TS, *words, by.least_weight), *words)
        for weights_TS, *words in word_weights(translator, pairs, by)
    ]
    recorded = translator.card["alignment"]["error_rate"]
    assert alignment.error_rate(found, sure) == pytest.approx(recorded, abs=0.01)
