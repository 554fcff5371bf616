import pytest

from translator.data.tokenizer import EOS_ID
from translator.errors import InputError
from translator.evaluation.explanation import explain
from translator.search import SearchOptions, StopReason


def test_each_sentence_is_explained_from_its_pieces_to_the_end_of_the_search(translator):
    text, options = "Anna sleeps. The dog eats.", SearchOptions(beam_size=2, n_best=2)
    explanations = explain(translator, text, options)
    assert [one.source for one in explanations] == [
        sentence.source for sentence in translator.translate([text], options)[0].sentences
    ]
    for one in explanations:
        assert one.pieces.replace("·", "") == one.source
        assert [step.length for step in one.steps] == list(range(1, len(one.steps) + 1))
        assert one.steps[-1].stopped
        assert one.steps[-1].finished[0] == one.found[0]


@pytest.mark.parametrize("text", ["12.", "x" * 100])
def test_copied_sentences_have_no_steps(translator, text):
    (one,) = explain(translator, text, SearchOptions())
    assert (one.steps, one.found) == ((), ())


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_text_is_an_error(translator, text):
    with pytest.raises(InputError, match="the text is empty"):
        explain(translator, text, SearchOptions())


@pytest.mark.parametrize("beam_size", [1, 3])
def test_finished_hypotheses_are_not_live(translator, beam_size):
    options = SearchOptions(beam_size=beam_size, max_length_factor=0.1)
    for one in explain(translator, "Anna sleeps. The dog eats.", options):
        assert all(EOS_ID not in live.tokens for step in one.steps for live in step.live)
        assert len(one.steps[-1].live) < beam_size or one.steps[-1].stopped != StopReason.LENGTH


def test_the_first_translated_sentence_starts_with_the_prefix(translator):
    copied, first, second = explain(
        translator, "1. Anna sleeps. The dog eats.", SearchOptions(beam_size=2, n_best=2), "Heute"
    )
    assert copied.found == ()
    texts = [translator.tokenizer.decode(one.tokens) for one in first.found]
    assert [text.startswith("Heute") for text in texts] == [True, True]
    assert second == explain(translator, "The dog eats.", SearchOptions(beam_size=2, n_best=2))[0]
