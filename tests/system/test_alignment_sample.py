"""The hand-aligned sentences that the alignment benchmark measures on."""

import sys
from pathlib import Path

import numpy as np
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


def test_error_rate_of_links_drawn_from_given_weights_worked_out_by_hand():
    """Weights as a model would give them, the words' places, a threshold, and two links that a reader made."""
    source_words, target_words = [(0, 3), (4, 9), (10, 11)], [(0, 3), (4, 7), (8, 9)]
    weights_TS = np.array([[0.7, 0.2, 0.1], [0.3, 0.15, 0.2], [0.05, 0.05, 0.08]], dtype=np.float32)
    # The strongest are 0-0 (0.7), 0-1 (0.3), and 2-2 (0.08), which is too weak.
    links = best_links(weights_TS, source_words, target_words, least_weight=0.1)
    found = alignment.places(links, source_words, target_words)
    assert found == {(0, 0), (0, 1)}
    # Found 2 links, sure 3, right 1: 1 - 2·1 / (2 + 3) = 0.6.
    assert alignment.error_rate([found], [{(0, 0), (1, 1), (2, 2)}]) == pytest.approx(0.6)


def test_the_card_is_consistent_with_the_model_in_its_error_rate():
    """No more than that: this very code has written the card."""
    translator = Translator.load(device="cpu")
    pairs, sure = alignment.read_sample()
    by = AligningHead.of(translator)
    found = [
        alignment.places(best_links(weights_TS, *words, by.least_weight), *words)
        for weights_TS, *words in word_weights(translator, pairs, by)
    ]
    recorded = translator.card["alignment"]["error_rate"]
    assert alignment.error_rate(found, sure) == pytest.approx(recorded, abs=0.01)
