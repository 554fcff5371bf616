import itertools
import math
import zlib

import pytest
import torch

from translator.errors import InputError
from translator.search import ScoredTokens, SearchOptions, SpecialTokens, length_penalty, search

FORBIDDEN, BEGIN, END = 0, 1, 2
SPECIAL = SpecialTokens(BEGIN, END, (FORBIDDEN,))
WORDS = (3, 4)
VOCABULARY = 5


class TableState:
    """Every row remembers its source and the tokens it was fed."""

    def __init__(self, sources_B):
        self.sources_B = sources_B
        self.history_NT = None

    def feed(self, tokens_N):
        if self.history_NT is None:
            rows = len(tokens_N) // len(self.sources_B)
            self.history_NT = self.sources_B.repeat_interleave(rows).unsqueeze(1)
        self.history_NT = torch.cat([self.history_NT, tokens_N.unsqueeze(1)], dim=1)

    def select(self, rows_N):
        self.history_NT = self.history_NT[rows_N]

    def keep_sentences(self, sentences_B, rows_N):
        self.sources_B = self.sources_B[sentences_B]
        self.select(rows_N)


class TableModel:
    """Logits that depend on the source and all earlier tokens, in a way that no search could guess."""

    def __init__(self, seed):
        self.seed = seed
        self.steps = 0

    def logits(self, history):
        generator = torch.Generator().manual_seed(zlib.crc32(repr((self.seed, *history)).encode()))
        return 2 * torch.randn(VOCABULARY, generator=generator)

    def encode(self, source_BS, source_keep_BS):
        return source_BS[:, :1]

    def start(self, memory_B1, source_keep_BS):
        return TableState(memory_B1.squeeze(1))

    def decode_step(self, tokens_N, state):
        self.steps += 1
        state.feed(tokens_N)
        return torch.stack([self.logits(row) for row in state.history_NT.tolist()]), state

    def log_probability(self, source, tokens):
        history, total = [source, BEGIN], 0.0
        for token in (*tokens, END):
            logits = self.logits(history)
            logits[FORBIDDEN] = -math.inf
            total += float(logits.log_softmax(0)[token])
            history.append(token)
        return total


def penalised(log_probability, tokens, alpha):
    return log_probability / ((5 + len(tokens) + 1) / 6) ** alpha


def every_hypothesis(model, source, max_length, alpha):
    """All token sequences within the limit, best first. BEGIN is an ordinary word for this search."""
    words = (BEGIN, *WORDS)
    bodies = itertools.chain.from_iterable(itertools.product(words, repeat=n) for n in range(max_length))
    scored = [(penalised(model.log_probability(source, body), body, alpha), list(body)) for body in bodies]
    return sorted(scored, key=lambda pair: -pair[0])


def greedy(model, source, max_length):
    """The likeliest token at every step, until the end token or the limit."""
    tokens = []
    while len(tokens) < max_length - 1:
        logits = model.logits([source, BEGIN, *tokens])
        logits[FORBIDDEN] = -math.inf
        if (best := int(logits.argmax())) == END:
            break
        tokens.append(best)
    return tokens


def run(model, sources, limits, **options) -> list[list[ScoredTokens]]:
    source_BS = torch.tensor(sources).unsqueeze(1)
    return search(model, source_BS, source_BS >= 0, torch.tensor(limits), SPECIAL, SearchOptions(**options))


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_beam_as_wide_as_the_space_finds_the_best_there_is(seed, alpha):
    model, limits = TableModel(seed), [1, 3, 4, 2]
    found = run(model, [7, 8, 9, 10], limits, beam_size=64, length_penalty=alpha, n_best=5)
    for source, limit, hypotheses in zip((7, 8, 9, 10), limits, found, strict=True):
        expected = every_hypothesis(model, source, limit, alpha)[:5]
        assert [h.tokens for h in hypotheses] == [tokens for _, tokens in expected]
        assert [h.score for h in hypotheses] == pytest.approx([score for score, _ in expected], abs=1e-4)


@pytest.mark.parametrize("seed", range(20))
def test_beam_of_one_equals_greedy(seed):
    model = TableModel(seed)
    for source, hypotheses in zip((3, 4, 5), run(model, [3, 4, 5], [6, 6, 6], beam_size=1), strict=True):
        assert [h.tokens for h in hypotheses] == [greedy(model, source, 6)]


def reference_beam(model, source, limit, options):
    """The three steps of the module's docstring in plain Python, one sentence, without an early stop."""
    live, finished = [(0.0, [])], []
    for length in range(1, limit + 1):
        extended = []
        for total, tokens in live:
            logits = model.logits([source, BEGIN, *tokens])
            logits[FORBIDDEN] = -math.inf
            log_p = logits.log_softmax(0).tolist()
            choices = (END,) if length == limit else range(VOCABULARY)
            extended += [(total + log_p[t], [*tokens, t]) for t in choices if log_p[t] > -math.inf]
        extended.sort(key=lambda pair: -pair[0])
        ended = [pair for pair in extended[: options.beam_size] if pair[1][-1] == END]
        finished += [(total / ((5 + length) / 6) ** options.length_penalty, t[:-1]) for total, t in ended]
        live = [pair for pair in extended[: 2 * options.beam_size] if pair[1][-1] != END][: options.beam_size]
        if len(finished) >= options.beam_size or not live:
            break
    return sorted(finished, key=lambda pair: -pair[0])[: options.n_best]


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize(("beam_size", "n_best"), [(2, 1), (3, 1), (3, 3), (4, 2)])
@pytest.mark.parametrize("seed", range(10))
def test_narrow_beams_equal_a_plain_python_beam_so_the_early_stop_changes_nothing(
    seed, beam_size, n_best, alpha
):
    options = {"beam_size": beam_size, "length_penalty": alpha, "n_best": n_best}
    model, sources, limits = TableModel(seed), [3, 4, 5, 6], [7, 5, 6, 7]
    for source, limit, got in zip(sources, limits, run(model, sources, limits, **options), strict=True):
        expected = reference_beam(model, source, limit, SearchOptions(**options))
        assert [h.tokens for h in got] == [tokens for _, tokens in expected]
        assert [h.score for h in got] == pytest.approx([score for score, _ in expected], abs=1e-4)


def test_neighbours_in_the_batch_change_nothing():
    model, sources = TableModel(3), list(range(3, 12))
    together = run(model, sources, [6] * 9, beam_size=3, n_best=3)
    assert together == [run(model, [source], [6], beam_size=3, n_best=3)[0] for source in sources]
    assert together == run(model, sources[::-1], [6] * 9, beam_size=3, n_best=3)[::-1]


@pytest.mark.parametrize("seed", range(5))
def test_hypotheses_are_distinct_and_ordered_and_scores_are_those_of_the_formula(seed):
    model = TableModel(seed)
    hypotheses = run(model, [5], [6], beam_size=4, n_best=4, length_penalty=0.8)[0]
    assert len({tuple(h.tokens) for h in hypotheses}) == len(hypotheses) >= 1
    assert [h.score for h in hypotheses] == sorted((h.score for h in hypotheses), reverse=True)
    for hypothesis in hypotheses:
        expected = model.log_probability(5, hypothesis.tokens)
        assert hypothesis.log_probability == pytest.approx(expected, abs=1e-4)
        assert hypothesis.score == pytest.approx(penalised(expected, hypothesis.tokens, 0.8), abs=1e-4)


def test_there_is_always_a_hypothesis_even_at_a_limit_of_one():
    for beam_size in (1, 4):
        hypotheses = run(TableModel(0), [5], [1], beam_size=beam_size)[0]
        assert [h.tokens for h in hypotheses] == [[]]


def test_sentences_that_are_done_leave_the_batch():
    class Counting(TableModel):
        rows = 0

        def decode_step(self, tokens_N, state):
            self.rows += len(tokens_N)
            return super().decode_step(tokens_N, state)

    model = Counting(1)
    run(model, [5, 6], [1, 4], beam_size=1)
    assert model.rows < 2 * model.steps


def test_an_empty_batch_has_no_results():
    assert search(TableModel(0), torch.zeros(0, 1).long(), torch.zeros(0, 1).bool(), torch.zeros(0).long(),
                  SPECIAL, SearchOptions()) == []  # fmt: skip


def test_length_penalty_worked_out_by_hand():
    # ((5 + 7) / 6)^0.6 = 2^0.6 = 1.515717; α = 0 penalises nothing; |Y| = 1 gives 1 for every α.
    assert length_penalty(7, 0.6) == pytest.approx(1.515717, abs=1e-6)
    assert length_penalty(7, 0.0) == 1.0
    assert length_penalty(1, 2.0) == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam_size": 0}, "beam_size is 0; give 1 to 64"),
        ({"beam_size": 65}, "beam_size is 65"),
        ({"length_penalty": -0.1}, "length_penalty is -0.1"),
        ({"length_penalty": math.nan}, "length_penalty is nan"),
        ({"beam_size": 2, "n_best": 3}, "n_best is 3; give 1 up to the beam_size, which is 2"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        SearchOptions(**options)
