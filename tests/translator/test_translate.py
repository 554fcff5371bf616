import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from translator.checkpoint import save_model
from translator.config import ModelConfig
from translator.errors import CheckpointError, InputError
from translator.model import Transformer
from translator.search import SearchOptions
from translator.translate import Translator, _batches

GREEDY = SearchOptions(beam_size=1)


@pytest.fixture(scope="module")
def translator(untrained, prepared):
    return Translator(untrained, prepared.tokenizer, {"name": "toy"}, torch.device("cpu"))


def test_texts_come_back_in_order_one_for_one(translator):
    texts = ["Anna sleeps.", "", "The old man eats bread today. The dog sleeps.", "  ", "x"]
    together = translator.translate(texts, GREEDY)
    assert [translation.text for translation in together] == [
        translator.translate([text], GREEDY)[0].text for text in texts
    ]
    assert [len(translation.sentences) for translation in together] == [1, 0, 2, 0, 1]
    assert translator.translate([], GREEDY) == []


@pytest.mark.parametrize("blank", ["", " ", "\n\n", "\t \r\n"])
def test_blank_texts_stay_as_they_are(translator, blank):
    translation = translator.translate([blank], GREEDY)[0]
    assert (translation.text, translation.sentences, translation.score) == (blank, (), 0.0)


@pytest.mark.parametrize("text", ["1.", "...", "42 / 7 = 6", "€204.72", "🙂", "👩‍👩‍👧 12:30", "— 2.200.112"])
def test_what_has_no_words_is_copied(translator, text):
    assert translator.translate([text])[0].text == text


def test_whitespace_and_line_breaks_stay(translator):
    text = "\r\n  Anna sleeps.\tThe dog eats.\r\n\r\n\n\u2003Paul reads a book. \n"
    translation = translator.translate([text], GREEDY)[0]
    rest = translation.text
    for sentence in translation.sentences:
        before, rest = rest.split(sentence.text, 1) if sentence.text else ("", rest)
        assert before.strip() == ""
    source_gaps = "".join(character for character in text if character in "\r\n\u2003")
    assert "".join(character for character in translation.text if character in "\r\n\u2003") == source_gaps


def test_sentences_name_their_place_in_the_text(translator):
    text = " Anna sleeps.  The dog eats. "
    for sentence in translator.translate([text], GREEDY)[0].sentences:
        assert text[sentence.start : sentence.end] == sentence.source


def test_a_long_text_without_a_full_stop_is_translated_whole(translator):
    words = [f"word{index}" for index in range(1500)]
    translation = translator.translate([" ".join(words)], GREEDY)[0]
    assert " ".join(sentence.source for sentence in translation.sentences) == " ".join(words)
    assert all(translator.count_tokens(sentence.source) <= 160 for sentence in translation.sentences)


def test_n_best_are_distinct_and_ordered(translator):
    hypotheses = translator.translate(["The dog eats."], SearchOptions(n_best=4))[0].sentences[0].hypotheses
    assert len(hypotheses) == 4
    assert len({h.text for h in hypotheses}) == 4
    assert [h.score for h in hypotheses] == sorted((h.score for h in hypotheses), reverse=True)


@pytest.mark.parametrize("beam_size", [1, 3])
def test_neighbours_in_the_batch_change_nothing(translator, beam_size):
    options = SearchOptions(beam_size=beam_size)
    texts = [
        "Anna sleeps.",
        "The old man with the dog eats bread in the kitchen.",
        "Paul?",
        "Where do we go today",
    ]
    alone = [translator.translate([text], options)[0].text for text in texts]
    assert [t.text for t in translator.translate(texts, options)] == alone
    assert [t.text for t in translator.translate(texts[::-1], options)] == alone[::-1]


def test_progress_counts_every_sentence_once(translator):
    counts = []
    texts = ["Anna sleeps. Paul eats. 12.", "", "The dog sleeps."]
    translator.translate(texts, GREEDY, lambda done, total: counts.append((done, total)))
    assert counts[-1] == (4, 4)
    assert counts == sorted(counts)


def test_a_lone_surrogate_is_an_input_error(translator):
    with pytest.raises(InputError, match="surrogate"):
        translator.translate(["a \ud800 b"], GREEDY)


@settings(max_examples=30, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_translated_and_keeps_its_line_breaks(translator, text):
    translated = translator.translate([text], GREEDY)[0].text
    assert translated.count("\n") == text.count("\n")


def test_a_saved_model_translates_the_same(untrained, prepared, tmp_path):
    model = copy.deepcopy(untrained)
    model.load_state_dict({name: tensor.bfloat16().float() for name, tensor in model.state_dict().items()})
    save_model(tmp_path / "m", model.config, model.state_dict(), prepared.tokenizer, {"name": "saved"})
    loaded = Translator.load(tmp_path / "m", device="cpu")
    assert (loaded.name, loaded.device) == ("saved", "cpu")
    expected = Translator(model, prepared.tokenizer, {}, torch.device("cpu")).translate(["The dog eats."])
    assert loaded.translate(["The dog eats."]) == expected


def test_a_missing_model_is_a_checkpoint_error(tmp_path):
    with pytest.raises(CheckpointError, match="nowhere"):
        Translator.load(tmp_path / "nowhere")


def test_a_single_string_is_no_list_of_texts(translator):
    with pytest.raises(InputError, match=r"write \[text\]"):
        translator.translate("Anna sleeps.")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (3, "3, of type int"),
        (None, "None, of type NoneType"),
        (b"tea", "b'tea', of type bytes"),
        ([], "[], of type"),
    ],
)
def test_a_text_that_is_no_string_is_named(translator, wrong, named):
    with pytest.raises(InputError) as caught:
        translator.translate(["Anna sleeps.", wrong], GREEDY)
    assert f"texts[1] is {named}" in str(caught.value)
    assert "give strings only" in str(caught.value)


def test_texts_may_come_from_a_generator(translator):
    texts = ["Anna sleeps.", "12"]
    assert translator.translate((text for text in texts), GREEDY) == translator.translate(texts, GREEDY)


def test_a_huge_value_that_is_no_string_is_not_told_at_length(translator):
    with pytest.raises(InputError) as caught:
        translator.translate([b"tea" * 10_000], GREEDY)
    assert len(str(caught.value)) < 200


def test_line_breaks_and_control_characters_are_never_produced(translator, prepared):
    forbidden = set(translator._special.forbidden)
    encoded = {character: prepared.tokenizer.encode(character) for character in "\n\r\t\x00\x7f"}
    assert all(forbidden & set(ids) for ids in encoded.values())
    assert not forbidden & set(prepared.tokenizer.encode("Der Hund schläft. 🙂"))


def test_learned_positions_bound_pieces_and_translations(prepared):
    config = ModelConfig(
        vocab_size=prepared.tokenizer.vocab_size, d_model=16, heads=2, d_ff=16, encoder_layers=1, decoder_layers=1,
        positions="learned", max_positions=12,
    )  # fmt: skip
    translator = Translator(Transformer(config), prepared.tokenizer, {}, torch.device("cpu"))
    text = "The old man and the young woman eat bread with the tired dog in the big kitchen today."
    sentences = translator.translate([text], GREEDY)[0].sentences
    assert " ".join(sentence.source for sentence in sentences) == text


def test_batches_hold_similar_lengths_within_the_budget():
    lengths = [3, 50, 4, 3, 49, 200, 1]
    batches = list(_batches(lengths, budget=110))
    # Longest first; the padded size counts the end token: 200 alone is over the budget, 51 · 2 = 102 fits.
    assert batches == [[5], [1, 4], [2, 0, 3, 6]]
