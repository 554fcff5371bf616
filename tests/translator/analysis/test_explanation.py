from translator.analysis.explanation import explain, readable_pieces
from translator.search import SearchOptions


def test_each_sentence_is_explained_from_its_pieces_to_its_end(translator):
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


def test_what_is_copied_has_no_steps(translator):
    (one,) = explain(translator, "12.", SearchOptions())
    assert (one.steps, one.found) == ((), ())


def test_pieces_of_a_word_are_told_apart():
    class Spelled:
        def piece(self, number):
            return ["▁The", "▁c", "at", "."][number]

    assert readable_pieces(Spelled(), [0, 1, 2, 3]) == "The c·at·."
    assert readable_pieces(Spelled(), [2, 0]) == "at The"
    assert readable_pieces(Spelled(), []) == ""
