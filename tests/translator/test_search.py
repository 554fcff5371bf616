import functools
import math
import zlib

import numpy as np
import pytest
import torch

from tests.table_engine import TableEngine
from translator.engines.ensemble import Ensemble
from translator.errors import InputError
from translator.search import (
    BannedPhrases,
    PieceTexts,
    Sampling,
    SearchOptions,
    SpecialTokens,
    StopReason,
    Task,
    length_penalty,
    new_search,
    search,
    search_feed,
)
from translator.search.feed import feed_of
from translator.search.sampling import draw, reshape

FORBIDDEN, BEGIN, END = 0, 1, 2
SPECIAL = SpecialTokens(BEGIN, END, (FORBIDDEN,))
WORDS = (3, 4)
VOCABULARY = 5
LETTERS = ["", "x", "", "y", "z"]
PIECES = PieceTexts([f" {letter}".rstrip().encode() for letter in LETTERS])
"""BEGIN, 3 and 4 are one-letter words, so a sequence of tokens is a phrase that starts a word."""


@functools.cache
def table(*key):
    generator = torch.Generator().manual_seed(zlib.crc32(repr(key).encode()))
    return 2 * torch.randn(VOCABULARY, generator=generator)


class TableModel:
    """Logits that depend on the source and all earlier tokens, in a way that no search can predict."""

    def __init__(self, seed):
        self.seed = seed

    def logits(self, history):
        return table(self.seed, *history).clone()

    def engine(self):
        """An engine for a search whose sources are single tokens."""
        return TableEngine(
            lambda source, tokens: self.logits([source[0], *tokens]).tolist(), VOCABULARY, SPECIAL.forbidden
        )

    def log_probabilities(self, source, tokens):
        """Log-probabilities of each token and of the end."""
        history, found = [source, BEGIN], []
        for token in (*tokens, END):
            logits = self.logits(history)
            logits[FORBIDDEN] = -math.inf
            found.append(float(logits.log_softmax(0)[token]))
            history.append(token)
        return found

    def log_probability(self, source, tokens):
        return sum(self.log_probabilities(source, tokens))


def penalised(log_probability, tokens, alpha):
    return log_probability / ((5 + len(tokens) + 1) / 6) ** alpha


def may_follow(tokens, max_length, min_length=0, prefix=(), banned=(), no_repeat_ngram=0):
    """The tokens that may follow `tokens` under the rules, checked one candidate at a time."""
    if len(tokens) == max_length - 1:
        return [END]
    if len(tokens) < len(prefix):
        return [prefix[len(tokens)]]

    def is_allowed(token):
        longer = [*tokens, token]
        if token == END:
            return len(tokens) >= min_length
        if any(tuple(longer[-len(sequence) :]) == sequence for sequence in banned):
            return False
        n = no_repeat_ngram
        grams = [tuple(longer[i : i + n]) for i in range(len(longer) - n + 1)] if n else []
        return not grams or grams[-1] not in grams[:-1]

    return [token for token in (BEGIN, END, *WORDS) if is_allowed(token)] or [END]


def every_hypothesis(model, source, alpha, **rules):
    """All token sequences within the rules, best first. BEGIN is an ordinary word for this search."""
    found, open_ones = [], [[]]
    for tokens in open_ones:  # grows during the loop
        for token in may_follow(tokens, **rules):
            if token == END:
                found.append((penalised(model.log_probability(source, tokens), tokens, alpha), tokens))
            else:
                open_ones.append([*tokens, token])
    return sorted(found, key=lambda pair: -pair[0])


def greedy(model, source, max_length, **rules):
    """The most likely token at every step, until the end token or the limit."""
    tokens = []
    while True:
        logits = model.logits([source, BEGIN, *tokens])
        best = max(may_follow(tokens, max_length, **rules), key=lambda token: float(logits[token]))
        if best == END:
            return tokens
        tokens.append(best)


def ban(sequences):
    """Ban the phrases that these sequences of tokens spell."""
    phrases = [" ".join(LETTERS[token] for token in sequence) for sequence in sequences]
    return BannedPhrases(PIECES, phrases) if phrases else None


def run(model, sources, limits, min_lengths=None, prefixes=None, banned=(), observe=None, **options):
    """Search with rules per sentence, and options; `model` may be an engine."""
    options = SearchOptions(**options)
    engine = model.engine() if isinstance(model, TableModel) else model
    rules = (min_lengths or [0] * len(sources), prefixes or [()] * len(sources))
    tasks = [Task([source], *one) for source, *one in zip(sources, limits, *rules, strict=True)]
    return search(new_search(engine, SPECIAL, options, ban(banned)), tasks, options, observe)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_beam_as_wide_as_the_search_space_finds_the_optimum(seed, alpha):
    model, limits = TableModel(seed), [1, 3, 4, 2]
    found = run(model, [7, 8, 9, 10], limits, beam_size=64, length_penalty=alpha, n_best=5)
    for source, limit, hypotheses in zip((7, 8, 9, 10), limits, found, strict=True):
        expected = every_hypothesis(model, source, alpha, max_length=limit)[:5]
        assert [h.tokens for h in hypotheses] == [tokens for _, tokens in expected]
        assert [h.score for h in hypotheses] == pytest.approx([score for score, _ in expected], abs=1e-4)


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("min_lengths", [None, [1, 3, 0]])
@pytest.mark.parametrize("no_repeat_ngram", [0, 1, 2])
@pytest.mark.parametrize(
    "banned", [(), ((3,),), ((BEGIN, 4), (4, 4, 3)), tuple((t,) for t in (BEGIN, *WORDS))]
)
@pytest.mark.parametrize("prefixes", [None, [[], [4], [4, 4]]])
def test_it_finds_the_optimum_under_every_combination_of_rules(
    alpha, min_lengths, no_repeat_ngram, banned, prefixes
):
    model, sources, limits = TableModel(11), [7, 8, 9], [3, 4, 4]
    found = run(
        model, sources, limits, min_lengths, prefixes, banned,
        beam_size=64, length_penalty=alpha, n_best=64, no_repeat_ngram=no_repeat_ngram,
    )  # fmt: skip
    for index, hypotheses in enumerate(found):
        expected = every_hypothesis(
            model, sources[index], alpha, max_length=limits[index], banned=banned,
            min_length=min_lengths[index] if min_lengths else 0, prefix=prefixes[index] if prefixes else (),
            no_repeat_ngram=no_repeat_ngram,
        )  # fmt: skip
        assert [h.tokens for h in hypotheses] == [tokens for _, tokens in expected]
        assert [h.score for h in hypotheses] == pytest.approx([score for score, _ in expected], abs=1e-4)


RULES = [
    {},
    {"min_length": 3},
    {"no_repeat_ngram": 2},
    {"banned": ((3,), (4, 4))},
    {"banned": ((BEGIN,), (3,), (4,))},  # so the search must end
    {"prefix": [4, 3]},
    {"min_length": 2, "no_repeat_ngram": 3, "banned": ((4, 3),), "prefix": [3]},
]


def run_with_rules(model, sources, limits, rules, **options):
    """Search with the same rules for all sentences."""
    everywhere = {
        "min_lengths": [rules["min_length"]] * len(sources) if "min_length" in rules else None,
        "prefixes": [rules["prefix"]] * len(sources) if "prefix" in rules else None,
    }
    options |= {"no_repeat_ngram": rules.get("no_repeat_ngram", 0)}
    return run(model, sources, limits, **everywhere, banned=rules.get("banned", ()), **options)


@pytest.mark.parametrize("rules", RULES, ids=str)
def test_beam_of_one_equals_greedy(rules):
    for seed in range(20):
        model = TableModel(seed)
        found = run_with_rules(model, [3, 4, 5], [6, 6, 6], rules, beam_size=1)
        for source, hypotheses in zip((3, 4, 5), found, strict=True):
            assert [h.tokens for h in hypotheses] == [greedy(model, source, 6, **rules)]


def reference_beam(model, source, limit, options, **rules):
    """The three steps of the module's docstring in plain Python, for one sentence, without the early stop.

    It ends, as the search does, when the number of finished hypotheses reaches the beam size.
    """
    live, finished = [(0.0, [])], []
    for length in range(1, limit + 1):
        extended = []
        for total, tokens in live:
            logits = model.logits([source, BEGIN, *tokens])
            logits[FORBIDDEN] = -math.inf
            log_p = logits.log_softmax(0).tolist()
            extended += [(total + log_p[t], [*tokens, t]) for t in may_follow(tokens, limit, **rules)]
        extended.sort(key=lambda pair: -pair[0])
        ended = [pair for pair in extended[: options.beam_size] if pair[1][-1] == END]
        finished += [(total / ((5 + length) / 6) ** options.length_penalty, t[:-1]) for total, t in ended]
        live = [pair for pair in extended[: 2 * options.beam_size] if pair[1][-1] != END][: options.beam_size]
        if len(finished) >= options.beam_size or not live:
            break
    return sorted(finished, key=lambda pair: -pair[0])[: options.n_best]


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize(("beam_size", "n_best"), [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3), (4, 2)])
@pytest.mark.parametrize("rules", RULES, ids=str)
def test_narrow_beams_equal_a_plain_python_beam_without_the_early_stop(rules, beam_size, n_best, alpha):
    options = {"beam_size": beam_size, "length_penalty": alpha, "n_best": n_best}
    sources, limits = [3, 4, 5, 6], [7, 5, 6, 7]
    for seed in range(6):
        model = TableModel(seed)
        found = run_with_rules(model, sources, limits, rules, **options)
        for source, limit, got in zip(sources, limits, found, strict=True):
            expected = reference_beam(model, source, limit, SearchOptions(**options), **rules)
            assert [h.tokens for h in got] == [tokens for _, tokens in expected]
            assert [h.score for h in got] == pytest.approx([score for score, _ in expected], abs=1e-4)


def test_a_full_beam_ends_the_search_even_if_a_longer_translation_would_score_better():
    """End at once with 0.6, or surely after a word with 0.4: log 0.6 = -0.511, log 0.4 / (7/6)^5 = -0.424."""

    class Short(TableModel):
        def logits(self, history):
            after = {END: 0.6, 3: 0.4} if len(history) == 2 else {END: 1.0}
            return torch.tensor([math.log(after.get(token, 1e-20)) for token in range(VOCABULARY)])

    options = {"length_penalty": 5.0, "observe": (steps := []).append}
    ((narrow,),) = run(Short(0), [5], [2], beam_size=1, **options)
    assert (narrow.tokens, narrow.score) == ([], pytest.approx(-0.5108, abs=1e-4))
    assert [step.stopped for step in steps] == [StopReason.FULL]
    ((wide,),) = run(Short(0), [5], [2], beam_size=2, **options)
    assert (wide.tokens, wide.score) == ([3], pytest.approx(-0.4240, abs=1e-4))


def test_the_early_stop_saves_steps():
    stops = []
    for seed in range(20):
        run(TableModel(seed), [3, 4, 5], [9, 9, 9], observe=stops.append, beam_size=3)
    reasons = [step.stopped for step in stops if step.stopped]
    assert len(reasons) == 60
    assert reasons.count(StopReason.SETTLED) > 10


class Mixed(TableModel):
    """An ensemble of two tables: the mean of their probabilities, computed one number at a time."""

    def __init__(self, seeds):
        self.tables = [TableModel(seed) for seed in seeds]

    def logits(self, history):
        odds = [[math.exp(x) for x in one.logits(history).tolist()] for one in self.tables]
        for row in odds:
            row[FORBIDDEN] = 1e-20
        return torch.tensor(
            [math.log(sum(row[token] / sum(row) for row in odds) / len(odds)) for token in range(VOCABULARY)]
        )


@pytest.mark.parametrize("rules", RULES, ids=str)
def test_an_ensemble_finds_the_optimum_of_its_models_together(rules):
    for seeds in ((0, 1), (2, 3), (4, 5, 6)):
        together, model = Ensemble([TableModel(seed).engine() for seed in seeds]), Mixed(seeds)
        found = run_with_rules(together, [7, 8], [4, 4], rules, beam_size=64, n_best=5)
        narrow = run_with_rules(together, [7, 8], [6, 6], rules, beam_size=2)
        for source, hypotheses, (likely,) in zip((7, 8), found, narrow, strict=True):
            expected = every_hypothesis(model, source, 1.0, max_length=4, **rules)[:5]
            assert [h.tokens for h in hypotheses] == [tokens for _, tokens in expected]
            assert [h.score for h in hypotheses] == pytest.approx([score for score, _ in expected], abs=1e-4)
            ((_, tokens),) = reference_beam(model, source, 6, SearchOptions(beam_size=2), **rules)
            assert likely.tokens == tokens


def test_neighbours_in_the_batch_change_nothing():
    model, sources = TableModel(3), list(range(3, 12))
    together = run(model, sources, [6] * 9, beam_size=3, n_best=3)
    assert together == [run(model, [source], [6], beam_size=3, n_best=3)[0] for source in sources]
    assert together == run(model, sources[::-1], [6] * 9, beam_size=3, n_best=3)[::-1]


@pytest.mark.parametrize("seed", range(5))
def test_hypotheses_are_distinct_and_ordered_and_scores_follow_the_formula(seed):
    model = TableModel(seed)
    hypotheses = run(model, [5], [6], beam_size=4, n_best=4, length_penalty=0.8)[0]
    assert len({tuple(h.tokens) for h in hypotheses}) == len(hypotheses) >= 1
    assert [h.score for h in hypotheses] == sorted((h.score for h in hypotheses), reverse=True)
    for hypothesis in hypotheses:
        each = model.log_probabilities(5, hypothesis.tokens)
        assert hypothesis.token_log_probabilities == pytest.approx(each, abs=1e-5)
        expected = sum(each)
        assert hypothesis.log_probability == pytest.approx(expected, abs=1e-4)
        assert hypothesis.score == pytest.approx(penalised(expected, hypothesis.tokens, 0.8), abs=1e-4)


def test_there_is_always_a_hypothesis_even_at_a_limit_of_one():
    for beam_size in (1, 4):
        hypotheses = run(TableModel(0), [5], [1], beam_size=beam_size)[0]
        assert [h.tokens for h in hypotheses] == [[]]


def test_finished_sentences_leave_the_batch():
    engine = TableModel(1).engine()
    run(engine, [5, 6], [1, 4], beam_size=1)
    assert engine.rows[0] == 2
    assert set(engine.rows[1:]) == {1}


def test_an_empty_batch_has_no_results():
    for sampling in (None, Sampling()):
        assert run(TableModel(0), [], [], sampling=sampling) == []


@pytest.mark.parametrize("sampling", [None, Sampling(seed=3)])
@pytest.mark.parametrize("beam_size", [1, 3])
def test_sentences_that_arrive_later_change_nothing(beam_size, sampling):
    """The search holds as many as there is room for; the others are admitted between steps."""
    model, sources, limits = TableModel(3), list(range(3, 12)), [6, 2, 9, 5, 7, 3, 8, 4, 6]
    options = SearchOptions(beam_size=beam_size, n_best=beam_size, sampling=sampling)
    tasks = [Task([source], limit) for source, limit in zip(sources, limits, strict=True)]
    expected = run(model, sources, limits, beam_size=beam_size, n_best=beam_size, sampling=sampling)
    for most_rows in (1, 2 * beam_size, 5 * beam_size):
        engine = model.engine()
        assert search(new_search(engine, SPECIAL, options), tasks, options, most_rows=most_rows) == expected
        assert max(engine.rows) <= max(beam_size, most_rows)


def test_a_search_can_be_reused():
    model, options = TableModel(3), SearchOptions(beam_size=2)
    running = new_search(model.engine(), SPECIAL, options)
    for source in (5, 6, 7):
        assert search(running, [Task([source], 6)], options) == run(model, [source], [6], beam_size=2)


@pytest.mark.parametrize(("beam_size", "sampling"), [(1, None), (2, None), (2, Sampling())])
def test_observers_see_every_step_and_why_it_stopped(beam_size, sampling):
    model, seen = TableModel(2), []
    options = {"beam_size": beam_size, "n_best": beam_size, "sampling": sampling}
    results = run(model, [5, 6], [5, 2], observe=seen.append, **options)
    for sentence, found in enumerate(results):
        steps = [step for step in seen if step.sentence == sentence]
        assert [step.length for step in steps] == list(range(1, len(steps) + 1))
        assert [step.stopped for step in steps[:-1]] == [None] * (len(steps) - 1)
        assert steps[-1].finished == found
        assert isinstance(steps[-1].stopped, StopReason)
        for step in steps:
            assert len(step.live) <= beam_size
            for hypothesis in step.live:
                assert len(hypothesis.tokens) == step.length
                assert END not in hypothesis.tokens
                expected = model.log_probabilities(5 + sentence, hypothesis.tokens)[:-1]
                assert hypothesis.token_log_probabilities == pytest.approx(expected, abs=1e-5)
    (only,) = run(model, [6], [1], observe=seen.append, beam_size=2)
    assert seen[-1].stopped == StopReason.LENGTH
    assert only[0].tokens == []


class Recorded:
    """A task that records after how many steps it finished, and that may stop being wanted at some step."""

    def __init__(self, engine, item, unwanted_from=math.inf):
        self.engine, self.item, self.unwanted_from, self.finished = engine, item, unwanted_from, None

    def is_wanted(self):
        return self.engine.steps < self.unwanted_from

    def finish(self, hypotheses):
        self.finished = (self.engine.steps, hypotheses)


def run_feed(engine, feed, **options):
    options = SearchOptions(**options)
    search_feed(new_search(engine, SPECIAL, options), feed, options)


@pytest.mark.parametrize("sampling", [None, Sampling(seed=1)])
def test_each_sentence_is_finished_when_it_ends(sampling):
    engine = TableModel(3).engine()
    tasks = [Recorded(engine, Task([source], limit)) for source, limit in ((5, 2), (6, 6), (7, 4))]
    run_feed(engine, feed_of(tasks), beam_size=2, sampling=sampling)
    results = run(TableModel(3), [5, 6, 7], [2, 6, 4], beam_size=2, sampling=sampling)
    assert [one.finished[1] for one in tasks] == results
    assert tasks[0].finished[0] <= 2
    assert max(one.finished[0] for one in tasks) == engine.steps


@pytest.mark.parametrize("sampling", [None, Sampling(seed=1)])
@pytest.mark.parametrize("beam_size", [1, 2])
def test_sentences_that_join_later_get_the_same_results_as_alone(beam_size, sampling):
    engine = TableModel(3).engine()
    options = {"beam_size": beam_size, "sampling": sampling}
    tasks = [Recorded(engine, Task([source], 6, 3)) for source in (5, 6, 7, 8)]
    steps_at = []

    def feed(room):
        """One at first, two after two more calls, and the last one when there is room for it."""
        steps_at.append(engine.steps)
        given = {1: tasks[:1], 3: tasks[1:3], 4: tasks[3:]}.get(len(steps_at), [])
        assert len(given) <= room
        return given

    run_feed(engine, feed, **options)
    for task in tasks:
        assert task.finished[1] == run(TableModel(3), task.item.source, [6], min_lengths=[3], **options)[0]
    # It is called before every step, and once more when nothing is left.
    assert steps_at[-1] == engine.steps


def test_a_feed_receives_the_room_that_is_left():
    engine, rooms = TableModel(3).engine(), []
    tasks = [Recorded(engine, Task([source], 4, 4)) for source in (5, 6, 7)]
    feed = feed_of(tasks)
    options = SearchOptions(beam_size=2)

    def observe(room):
        rooms.append(room)
        return feed(room)

    search_feed(new_search(engine, SPECIAL, options), observe, options, most_rows=4)
    # Two sentences of two rows for four steps, then the third one, then nothing.
    assert rooms == [2, 0, 0, 0, 2, 1, 1, 1, 2]


@pytest.mark.parametrize("sampling", [None, Sampling(seed=1)])
def test_unwanted_sentences_leave_within_a_step(sampling):
    engine = TableModel(3).engine()
    options = {"beam_size": 2, "sampling": sampling, "no_repeat_ngram": 9}
    wanted = Recorded(engine, Task([6], 6, 5))
    others = [Recorded(engine, Task([source], 9, 8), unwanted_from=3) for source in (5, 7)]
    run_feed(engine, feed_of([others[0], wanted, others[1]]), **options)
    assert wanted.finished[1] == run(TableModel(3), [6], [6], min_lengths=[5], **options)[0]
    assert [one.finished for one in others] == [None, None]
    # A beam starts with one row per sentence.
    assert engine.rows[:4] == ([3, 6, 6, 2] if sampling is None else [6, 6, 6, 2])


def test_unwanted_sentences_are_not_decoded():
    engine = TableModel(3).engine()
    tasks = [Recorded(engine, Task([source], 9), unwanted_from=0) for source in (5, 6, 7)]
    run_feed(engine, feed_of(tasks), beam_size=2)
    assert (engine.steps, [one.finished for one in tasks]) == (0, [None] * 3)


def test_draws_follow_the_cumulative_probabilities():
    # With 0.5, 0, 0.3, 0.2 (times any factor), numbers up to 0.5 give 0, those up to 0.8 give 2, the others 3.
    probability_NV = np.tile(np.array([0.5, 0.0, 0.3, 0.2]) * 7, (6, 1))
    uniform_N = np.array([0.0, 0.49, 0.51, 0.79, 0.81, 0.999999])
    assert draw(probability_NV, uniform_N).tolist() == [0, 0, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(), [0.4, 0.1, 0.3, 0.2]),
        (Sampling(temperature=0.5), [0.16 / 0.3, 0.01 / 0.3, 0.09 / 0.3, 0.04 / 0.3]),  # p² over its sum
        (Sampling(top_k=2), [0.4 / 0.7, 0, 0.3 / 0.7, 0]),
        (Sampling(top_k=9), [0.4, 0.1, 0.3, 0.2]),
        (Sampling(top_p=0.69), [0.4 / 0.7, 0, 0.3 / 0.7, 0]),
        (Sampling(top_p=0.71), [0.4 / 0.9, 0, 0.3 / 0.9, 0.2 / 0.9]),
        (Sampling(top_p=0.01), [1, 0, 0, 0]),
        (Sampling(top_k=3, top_p=0.5), [0.4 / 0.7, 0, 0.3 / 0.7, 0]),  # after top_k: 4/9, 3/9, 2/9
    ],
)
def test_sampled_probabilities_worked_out_by_hand(sampling, expected):
    probability_NV = reshape(np.log([[0.4, 0.1, 0.3, 0.2]]), sampling)
    assert (probability_NV / probability_NV.sum())[0].tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
def test_samples_have_the_frequencies_of_the_model():
    model, limit = TableModel(1), 3
    draws = [
        run(model, [5], [limit], sampling=Sampling(seed=seed), beam_size=1)[0][0] for seed in range(3000)
    ]
    for _, tokens in every_hypothesis(model, 5, 0.0, max_length=limit):
        expected = math.exp(model.log_probability(5, tokens))
        # At the limit, the end is forced regardless of its probability.
        if len(tokens) == limit - 1:
            expected /= math.exp(last_log_probability(model, 5, tokens))
        found = sum(draw.tokens == tokens for draw in draws) / len(draws)
        assert found == pytest.approx(expected, abs=0.03)


def last_log_probability(model, source, tokens):
    logits = model.logits([source, BEGIN, *tokens])
    logits[FORBIDDEN] = -math.inf
    return float(logits.log_softmax(0)[END])


def test_samples_are_repeatable_distinct_ordered_and_independent_of_their_neighbours():
    model, sources = TableModel(4), [3, 4, 5, 6]
    options = {"beam_size": 6, "n_best": 4, "sampling": Sampling(seed=9)}
    together = run(model, sources, [5, 6, 4, 6], **options)
    assert together == run(model, sources, [5, 6, 4, 6], **options)
    for source, limit, hypotheses in zip(sources, (5, 6, 4, 6), together, strict=True):
        assert run(model, [source], [limit], **options) == [hypotheses]
        assert len({tuple(h.tokens) for h in hypotheses}) == len(hypotheses)
        assert [h.score for h in hypotheses] == sorted((h.score for h in hypotheses), reverse=True)
        for hypothesis in hypotheses:
            expected = model.log_probabilities(source, hypothesis.tokens)
            assert hypothesis.token_log_probabilities == pytest.approx(expected, abs=1e-5)
            assert hypothesis.log_probability == pytest.approx(sum(expected), abs=1e-4)
    other_seed = {**options, "sampling": Sampling(seed=10)}
    assert run(model, sources, [5, 6, 4, 6], **other_seed) != together


def test_samples_obey_the_rules():
    model = TableModel(5)
    rules = {"min_length": 2, "prefix": [4], "banned": ((3, 4),), "no_repeat_ngram": 2}
    for seed in range(50):
        (found,) = run(
            model, [8], [6], [2], [[4]], ((3, 4),),
            beam_size=4, n_best=4, no_repeat_ngram=2, sampling=Sampling(seed=seed),
        )  # fmt: skip
        for hypothesis in found:
            for place, token in enumerate([*hypothesis.tokens, END]):
                assert token in may_follow(hypothesis.tokens[:place], 6, **rules)


def test_sampling_only_the_most_likely_token_is_greedy():
    model = TableModel(6)
    for source in range(3, 9):
        (found,) = run(model, [source], [6], beam_size=1, sampling=Sampling(top_k=1))
        assert found[0].tokens == greedy(model, source, 6)


def test_length_penalty_worked_out_by_hand():
    # ((5 + 7) / 6)^0.6 = 2^0.6 = 1.515717; α = 0 means no penalty; |Y| = 1 gives 1 for every α.
    assert length_penalty(7, 0.6) == pytest.approx(1.515717, abs=1e-6)
    assert length_penalty(7, 0.0) == 1.0
    assert length_penalty(1, 2.0) == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam_size": 0}, "beam_size is 0; give a whole number from 1 to 64"),
        ({"beam_size": 65}, "beam_size is 65"),
        ({"length_penalty": -0.1}, "length_penalty is -0.1"),
        ({"length_penalty": math.nan}, "length_penalty is nan"),
        ({"beam_size": 2, "n_best": 3}, "n_best is 3; give 1 up to the beam_size, which is 2"),
        ({"min_length_factor": -1.0}, "min_length_factor is -1.0; give a number from 0 to 10"),
        ({"min_length_factor": 2.5}, r"min_length_factor is 2.5; .* which is 2.0"),
        ({"max_length_factor": 0.0}, "max_length_factor is 0.0; give a number from 0.1 to 10"),
        ({"no_repeat_ngram": -1}, "no_repeat_ngram is -1; give a whole number from 0 to 20"),
    ],
)
def test_invalid_options_are_rejected(options, message):
    with pytest.raises(InputError, match=message):
        SearchOptions(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0.0}, "temperature is 0.0; give a number from 0.01 to 100"),
        ({"top_k": -2}, "top_k is -2; give a whole number from 0"),
        ({"top_p": 0.0}, "top_p is 0.0; give a number from 0.01 to 1"),
        ({"top_p": math.nan}, "top_p is nan"),
        ({"seed": -1}, "seed is -1; give a whole number from 0"),
    ],
)
def test_invalid_sampling_options_are_rejected(options, message):
    with pytest.raises(InputError, match=message):
        Sampling(**options)


def test_length_limits_worked_out_by_hand():
    options = SearchOptions(min_length_factor=0.5, max_length_factor=1.25)
    assert (options.min_target_tokens(7), options.max_target_tokens(7)) == (4, 19)  # ⌈3.5⌉, ⌈8.75⌉ + 10
    assert (SearchOptions().min_target_tokens(30), SearchOptions().max_target_tokens(30)) == (0, 70)
