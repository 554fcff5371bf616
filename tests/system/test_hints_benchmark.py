import pytest
from hints import count_hints

from translator.data.vocabulary import marks_of_classes
from translator.text.lexicon import Entry, Hinting, Lexicon


def test_hints_count_as_right_if_the_reference_has_an_inflected_form():
    entries = [Entry("heron", 9, ("Reiher",)), Entry("sings", 9, ("singt",)), Entry("quiet", 9, ("leise",))]
    hinting = Hinting(Lexicon.of(entries), marks_of_classes())
    sources = ["The heron sings.", "Be quiet, heron!"]
    references = ["Die Reihern singen.", "Sei still, Graureiher!"]
    # Hints for 4 of 6 words. Right: Reiher (Reihern), singt (singen); wrong: leise (still), Reiher (Graureiher).
    assert count_hints(hinting, sources, references) == pytest.approx((4 / 6, 2 / 4))
    assert count_hints(hinting, [], []) == (0, 0)
