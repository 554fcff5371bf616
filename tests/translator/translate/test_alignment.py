import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.text import normalise_with_origins
from translator.translate import Translator, pairs
from translator.translate.alignment import (
    WORD,
    AligningHead,
    Link,
    align,
    best_links,
    word_weights,
)
from translator.translate.forced import forced_attention

ANY_HEAD = AligningHead(layer=0, head=1, is_next_step=True, least_weight=0.0)


def test_words_are_words_numbers_and_punctuation():
    text = "Well-known: the cat's 1,500.5 toys (all of them) cost €3!"
    assert WORD.findall(text) == [
        "Well-known", ":", "the", "cat's", "1,500.5", "toys", "(", "all", "of", "them", ")", "cost", "€", "3", "!",
    ]  # fmt: skip


def test_each_target_word_is_linked_to_its_strongest_source_word_if_it_is_strong_enough():
    weights_TS = np.array([[0.7, 0.3], [0.1, 0.2], [0.4, 0.5]], dtype=np.float32)
    source_words, target_words = [(0, 3), (4, 9)], [(0, 3), (4, 7), (8, 9)]
    assert best_links(weights_TS, source_words, target_words, least_weight=0.3) == [
        Link((0, 3), (0, 3), pytest.approx(0.7)),
        Link((4, 9), (8, 9), pytest.approx(0.5)),
    ]
    assert best_links(np.zeros((0, 2), dtype=np.float32), source_words, [], 0.0) == []


def test_the_weight_of_a_word_is_the_sum_over_its_source_pieces_and_the_mean_over_its_own(translator):
    """Computed piece by piece from the attention itself."""
    pair = ("Anna sleeps today.", "Anna schläft heute.")
    ((weights_TS, source_words, target_words),) = word_weights(translator, [pair], ANY_HEAD)
    tokenizer = translator.tokenizer
    source, target = (tokenizer.encode(text) for text in pair)
    (attention_TS,) = forced_attention(translator.engine, [source], [target], translator.special, 0, 1)

    def pieces_of(word, ids):
        # No piece of these sentences belongs to two words.
        return [
            i for i, (a, b) in enumerate(tokenizer.piece_offsets(ids)) if max(a, word[0]) < min(b, word[1])
        ]

    assert [pair[1][start:end] for start, end in target_words] == ["Anna", "schläft", "heute", "."]
    for row, target_word in enumerate(target_words):
        for column, source_word in enumerate(source_words):
            rows, columns = pieces_of(target_word, target), pieces_of(source_word, source)
            weights = [sum(float(attention_TS[t + 1, s]) for s in columns) for t in rows]
            assert float(weights_TS[row, column]) == pytest.approx(sum(weights) / len(rows), abs=1e-5)


def test_links_do_not_depend_on_the_neighbours(translator):
    pairs = [
        ("Anna sleeps.", "Anna schläft."),
        ("The old man eats bread.", "Der alte Mann isst Brot."),
        ("a", ""),
    ]
    together = align(translator, pairs, ANY_HEAD)
    for pair, links in zip(pairs, together, strict=True):
        (alone,) = align(translator, [pair], ANY_HEAD)
        assert [(link.source, link.target) for link in links] == [
            (link.source, link.target) for link in alone
        ]
    assert together[2] == []
    assert align(translator, []) == []


def test_the_head_comes_from_the_card(untrained, prepared):
    recorded = {"layer": 0, "head": 1, "is_next_step": True, "least_weight": 0.3, "error_rate": 0.1}
    translator = Translator.of_model(untrained, prepared.tokenizer, {"alignment": recorded})
    assert AligningHead.of(translator) == AligningHead(0, 1, True, 0.3)


def test_a_pair_in_capitals_is_aligned_as_in_usual_spelling(translator):
    usual = [("Anna sees the dog.", "Anna sieht den hund."), ("NASA", "NASA")]
    loud = [("ANNA SEES THE DOG.", "ANNA SIEHT DEN HUND."), ("NASA", "NASA")]
    assert align(translator, loud) == align(translator, usual)


def test_offsets_refer_to_the_given_text(translator):
    text = "The  old\u200b man\tsees a\u0301 dog."  # two blanks, an invisible character, a tab, a combining accent
    (links,) = align(translator, [(text, "Der alte Mann sieht á Hund.")], ANY_HEAD)
    words = {text[slice(*link.source)] for link in links}
    assert words <= {"The", "old", "man", "sees", "a\u0301", "dog", "."}


def test_a_text_is_compared_with_its_normalised_form_only_once(translator, monkeypatch):
    compared = []
    monkeypatch.setattr(
        pairs,
        "normalise_with_origins",
        lambda text: compared.append(text) or normalise_with_origins(text),
    )
    pair = ("The\u00a0old  man " * 20, "Der\u00a0alte  Mann " * 20)
    (links,) = align(translator, [pair], ANY_HEAD)
    assert len(links) == 60
    assert compared == list(pair)


@given(source=st.text(min_size=1, max_size=30), target=st.text(max_size=30))
def test_links_lie_within_any_text(translator, source, target):
    (links,) = align(translator, [(source, target)], ANY_HEAD)
    for link in links:
        assert 0 <= link.source[0] < link.source[1] <= len(source)
        assert 0 <= link.target[0] < link.target[1] <= len(target)
