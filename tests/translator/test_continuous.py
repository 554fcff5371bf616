import dataclasses

import pytest
import torch

from translator.config import ModelConfig
from translator.continuous import ContinuousSearch, Limits, engine
from translator.model import Transformer
from translator.search import Constraints, Sampling, SearchOptions, SpecialTokens, search

BEGIN, END = 1, 2
SPECIAL = SpecialTokens(BEGIN, END, (0, 1))
CONFIG = ModelConfig(
    vocab_size=30,
    d_model=16,
    heads=2,
    d_ff=32,
    encoder_layers=2,
    decoder_layers=2,
    dropout=0.0,
    max_positions=96,
)


def make_model(seed=2, **changes):
    torch.manual_seed(seed)
    model = Transformer(dataclasses.replace(CONFIG, **changes)).eval()
    with torch.no_grad():
        model.embedding.weight[END] *= 1.2  # so that translations end early, late, and at their limit
    return model


def make_sources(number, longest, seed=0):
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(0, longest, (number,), generator=generator).tolist()
    return [[*torch.randint(3, 30, (length,), generator=generator).tolist(), END] for length in lengths]


def limits_of(sources, options):
    return [
        Limits(options.min_target_tokens(len(source) - 1), options.max_target_tokens(len(source) - 1))
        for source in sources
    ]


def plain_search(model, sources, options):
    """One sentence at a time, by the ordinary search."""
    found = []
    for source, limits in zip(sources, limits_of(sources, options), strict=True):
        source_BS = torch.tensor([source])
        least_B = torch.tensor([limits.least]) if limits.least else None
        constraints = Constraints(torch.tensor([limits.most]), least_B)
        found += search(model, source_BS, source_BS > 0, constraints, SPECIAL, options)
    return found


def assert_equal(found, expected):
    assert [[one.tokens for one in some] for some in found] == [
        [one.tokens for one in some] for some in expected
    ]
    for some, others in zip(found, expected, strict=True):
        for one, other in zip(some, others, strict=True):
            assert one.score == pytest.approx(other.score, abs=1e-4)
            assert one.log_probability == pytest.approx(other.log_probability, abs=1e-3)
            assert one.token_log_probabilities == pytest.approx(other.token_log_probabilities, abs=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        SearchOptions(beam_size=1),
        SearchOptions(beam_size=4),
        SearchOptions(beam_size=4, n_best=3, length_penalty=0.0),
        SearchOptions(beam_size=3, n_best=3, length_penalty=2.0, min_length_factor=0.8),
        SearchOptions(beam_size=2, min_length_factor=0.5, max_length_factor=0.5),
        SearchOptions(beam_size=20, n_best=20, length_penalty=0.6),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "changes", [{}, {"norm": "post", "positions": "learned", "activation": "gelu"}], ids=str
)
def test_slots_find_what_the_ordinary_search_finds(options, changes):
    model, sources = make_model(**changes), make_sources(24, 40)
    expected = plain_search(model, sources, options)
    lengths = {len(some[0].tokens) for some in expected}
    assert len(lengths) > 5, "an easy case: all translations end alike"
    found = ContinuousSearch(model, SPECIAL).search(sources, limits_of(sources, options), options)
    assert_equal(found, expected)


@pytest.mark.parametrize("rows", [4, 8])
def test_slots_that_are_refilled_forget_their_last_sentence(monkeypatch, rows):
    monkeypatch.setattr(engine, "_MOST_ROWS", rows)
    options = SearchOptions(beam_size=4, n_best=4)
    model, sources = make_model(seed=3), make_sources(20, 30, seed=3)
    searcher = ContinuousSearch(model, SPECIAL)
    watch = Watch()
    found = searcher.search(sources, limits_of(sources, options), options, watch)
    assert_equal(found, plain_search(model, sources, options))
    assert sorted(watch.told) == list(range(len(sources)))
    assert_equal([watch.told[place] for place in range(len(sources))], found)
    greedy = SearchOptions(beam_size=4, length_penalty=0.0)  # the same slots, other options
    assert_equal(
        searcher.search(sources, limits_of(sources, greedy), greedy), plain_search(model, sources, greedy)
    )


def test_what_is_not_wanted_any_more_leaves_its_slot_and_the_queue(monkeypatch):
    monkeypatch.setattr(engine, "_MOST_ROWS", 8)
    options = SearchOptions(beam_size=4)
    model, sources = make_model(seed=3), make_sources(20, 30, seed=3)
    unwanted = {place for place in range(20) if place % 3 == 0}
    watch = Watch(lambda: unwanted if watch.told else set())
    found = ContinuousSearch(model, SPECIAL).search(sources, limits_of(sources, options), options, watch)
    expected = plain_search(model, sources, options)
    for place in range(20):
        if place in watch.told:
            assert_equal([found[place]], [expected[place]])
        else:
            assert place in unwanted
            assert not found[place]
    assert len(watch.told) < 20


class Watch:
    """Remembers what it is told; does not want the places that `unwanted` returns."""

    def __init__(self, unwanted=set):
        self.unwanted, self.told = unwanted, {}

    def is_wanted(self, place):
        return place not in self.unwanted()

    def finished(self, place, hypotheses):
        self.told[place] = hypotheses


def test_the_slots_of_few_shapes_are_kept(monkeypatch):
    monkeypatch.setattr(engine, "_KEPT_ROW_POSITIONS", 1800)
    searcher = ContinuousSearch(make_model(), SPECIAL)
    # 4 slots with room for 96 positions, so 384, 768 and 1,152 row positions
    for beam_size, kept in ((1, [1]), (2, [1, 2]), (1, [2, 1]), (3, [1, 3]), (2, [2])):
        options = SearchOptions(beam_size=beam_size)
        sources = make_sources(3, 10)
        assert_equal(
            searcher.search(sources, limits_of(sources, options), options),
            plain_search(make_model(), sources, options),
        )
        assert [shape.beam_size for shape in searcher._slots] == kept


def test_the_slots_of_a_corpus_are_all_kept(monkeypatch):
    monkeypatch.setattr(engine, "_FEW_ROW_POSITIONS", 0)
    searcher, options = ContinuousSearch(make_model(), SPECIAL), SearchOptions(beam_size=2)
    sources = make_sources(40, 100)
    assert len({len(source) // 32 for source in sources}) == 4
    found = searcher.search(sources, limits_of(sources, options), options)
    before = list(searcher._slots.values())
    assert len(before) == 4
    assert searcher.search(sources, limits_of(sources, options), options) == found
    assert all(one is other for one, other in zip(before, searcher._slots.values(), strict=True))


def test_few_sentences_pass_through_slots_of_one_shape():
    searcher, options = ContinuousSearch(make_model(), SPECIAL), SearchOptions(beam_size=2)
    sources = make_sources(10, 80)
    found = searcher.search(sources, limits_of(sources, options), options)
    assert_equal(found, plain_search(make_model(), sources, options))
    assert len(searcher._slots) == 1


def test_slots_are_no_longer_than_the_learned_positions():
    model, options = make_model(positions="learned", max_positions=75), SearchOptions(beam_size=3)
    sources = [*make_sources(6, 30), [*[5] * 70, END]]
    limits = [Limits(one.least, min(75, one.most)) for one in limits_of(sources, options)]
    found = ContinuousSearch(model, SPECIAL).search(sources, limits, options)
    for source, one, hypotheses in zip(sources, limits, found, strict=True):
        source_BS = torch.tensor([source])
        constraints = Constraints(torch.tensor([one.most]))
        assert_equal([hypotheses], search(model, source_BS, source_BS > 0, constraints, SPECIAL, options))


@pytest.mark.parametrize("beam_size", [1, 4])
def test_a_step_asks_the_device_for_nothing_and_keeps_its_tensors(beam_size):
    """What a CUDA graph needs: no value is known on the device "meta", and what is replayed uses the same memory."""
    with torch.inference_mode():
        nowhere = engine._Slots(make_model().to("meta"), SPECIAL, engine._Shape(4, beam_size, 32, 96), None)
        nowhere._step()
        slots = engine._Slots(make_model(), SPECIAL, engine._Shape(4, beam_size, 32, 96), None)
        parts = (slots.beams, slots._decoder)
        before = [id(value) for part in parts for value in vars(part).values() if torch.is_tensor(value)]
        slots.beams.set_options(SearchOptions(beam_size=beam_size))
        slots.fill([0, 2], [[5, 6, END], [7, END]], [Limits(0, 9), Limits(0, 9)])
        slots.advance()
        slots.beams.best([0, 2], SearchOptions(beam_size=beam_size))
        after = [id(value) for part in parts for value in vars(part).values() if torch.is_tensor(value)]
    assert before == after
    assert len(before) > 10


def test_nothing_to_translate():
    assert ContinuousSearch(make_model(), SPECIAL).search([], [], SearchOptions()) == []


def test_options_with_rules_are_left_to_the_ordinary_search():
    assert ContinuousSearch.can_search(SearchOptions(beam_size=4, n_best=2, min_length_factor=0.5))
    for options in (
        SearchOptions(banned=("Haus",)),
        SearchOptions(no_repeat_ngram=3),
        SearchOptions(coverage_penalty=0.2),
        SearchOptions(sampling=Sampling()),
    ):
        assert not ContinuousSearch.can_search(options)
