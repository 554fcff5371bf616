"""The alignment benchmark and its hand-aligned sentences."""

import numpy as np
import pytest

from translator.translate import Translator
from translator.translate.alignment import WORD, AligningHead, best_links, word_weights

alignment = pytest.importorskip("alignment")


def test_every_link_connects_existing_words():
    pairs, links = alignment.read_sample()
    assert len(pairs) == len(links) == 25
    for (english, german), linked in zip(pairs, links, strict=True):
        sizes = len(WORD.findall(english)), len(WORD.findall(german))
        assert all(source < sizes[0] and target < sizes[1] for source, target in linked)
        # The final punctuation marks are linked to each other; a miscounted word would have moved the link.
        assert (sizes[0] - 1, sizes[1] - 1) in linked


def test_error_rate_by_hand():
    # Found 3 links, sure 4, right 2: 1 - 2·2 / (3 + 4) = 3/7.
    found, sure = [{(0, 0), (1, 1)}, {(0, 1)}], [{(0, 0), (1, 2)}, {(0, 1), (1, 0)}]
    assert alignment.error_rate(found, sure) == pytest.approx(3 / 7)


def test_error_rate_of_links_from_attention_weights_by_hand():
    """Attention weights, word offsets and a threshold, compared with three links drawn by hand."""
    source_words, target_words = [(0, 3), (4, 9), (10, 11)], [(0, 3), (4, 7), (8, 9)]
    weights_TS = np.array([[0.7, 0.2, 0.1], [0.3, 0.15, 0.2], [0.05, 0.05, 0.08]], dtype=np.float32)
    # The strongest links are 0-0 (0.7), 0-1 (0.3) and 2-2 (0.08). The last one is below the threshold.
    links = best_links(weights_TS, source_words, target_words, least_weight=0.1)
    found = alignment.word_links(links, source_words, target_words)
    assert found == {(0, 0), (0, 1)}
    # Found 2 links, sure 3, right 1: 1 - 2·1 / (2 + 3) = 0.6.
    assert alignment.error_rate([found], [{(0, 0), (1, 1), (2, 2)}]) == pytest.approx(0.6)


def test_the_error_rate_on_the_card_is_that_of_the_model():
    """This shows consistency only: the same code wrote the card."""
    translator = Translator.load(device="cpu")
    pairs, sure = alignment.read_sample()
    by = AligningHead.of(translator)
    found = [
        alignment.word_links(best_links(weights_TS, *words, by.least_weight), *words)
        for weights_TS, *words in word_weights(translator, pairs, by)
    ]
    recorded = translator.card["alignment"]["error_rate"]
    assert alignment.error_rate(found, sure) == pytest.approx(recorded, abs=0.01)
