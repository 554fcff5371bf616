"""The GPU engine on a CPU, in float32, gives the same results as the reference engine.

`Tape` stands in for a CUDA graph: it replays the recorded operations on the same tensors, so anything that a step
decides in Python only once shows up.
"""

import gc
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.published_settings import PUBLISHED
from translator.config import ModelConfig
from translator.engines.cuda import caches, decoder
from translator.engines.cuda.candidates import best_tokens
from translator.engines.cuda.engine import CudaEngine
from translator.engines.cuda.lane import Graph, Lane
from translator.engines.ensemble import Ensemble
from translator.engines.protocol import Ahead, Rows, mask_width
from translator.engines.reference import ReferenceEngine
from translator.errors import InputTooLong
from translator.model.transformer import Transformer
from translator.search import Sampling, SearchOptions, SpecialTokens, Task, new_search, search
from translator.translate import Translator
from translator.translate import translator as module
from translator.translate.forced import decode_forced, forced_attention
from translator.translate.precision import build_model

pytestmark = pytest.mark.slow

FORBIDDEN, BEGIN, END = 0, 2, 3
SPECIAL = SpecialTokens(BEGIN, END, (FORBIDDEN,))
VOCABULARY = 130
VARIANTS = list(itertools.product(("post", "pre"), ("sinusoidal", "learned"), ("relu", "gelu")))
WAITS_OR_DEPENDS_ON_DATA = {
    "_local_scalar_dense", "nonzero", "masked_select", "unique", "unique2", "unique_dim", "bincount", "is_nonzero",
    "equal", "repeat_interleave", "randperm",
}  # fmt: skip
"""Operations that a capture refuses."""


class Tape(TorchDispatchMode):
    """Recorded operations."""

    def __init__(self):
        super().__init__()
        self.calls, self.names, self._before = [], [], []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        for argument, value in zip(function._schema.arguments, args, strict=False):
            if argument.alias_info is not None and argument.alias_info.is_write:
                self._before.append((value, value.clone()))
        result = function(*args, **(kwargs or {}))
        self.calls.append((function, args, kwargs or {}, result))
        self.names.append(function._schema.name.removeprefix("aten::"))
        return result

    def undo(self):
        """Undo everything that was computed."""
        for tensor, before in reversed(self._before):
            tensor.copy_(before)
        self._before.clear()

    def replay(self):
        for function, args, kwargs, result in self.calls:
            news = tree_leaves(function(*args, **kwargs))
            for old, new in zip(tree_leaves(result), news, strict=True):
                is_new = isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr()
                if is_new and old.untyped_storage().data_ptr() != new.untyped_storage().data_ptr():
                    old.copy_(new)


class TapeLane(Lane):
    """A lane with a stand-in for graphs."""

    captured = 0

    def __init__(self, device):
        super().__init__(device)
        self.has_graphs = True

    def record(self, function):
        with Tape() as tape:
            function()
        tape.undo()
        TapeLane.captured += 1
        return tape.replay


@pytest.fixture
def with_tapes(monkeypatch):
    monkeypatch.setattr(decoder, "Lane", TapeLane)
    monkeypatch.setattr(TapeLane, "captured", 0)


@pytest.fixture
def small_buckets(monkeypatch):
    """Make buckets so small that tests reach their limits."""
    monkeypatch.setattr(caches, "_FIRST_ROWS", 2)
    monkeypatch.setattr(caches, "_FIRST_LENGTH", 4)
    monkeypatch.setattr(caches, "_LEAST_LENGTH", 4)
    monkeypatch.setattr(decoder, "_FIRST_MASKS", 2)


def make_model(norm="pre", positions="sinusoidal", activation="relu", seed=4, gain=3, **changes):
    """A model with a gain: without, it would only repeat its input, as input and output share a matrix."""
    torch.manual_seed(seed)
    shape = {
        "vocab_size": VOCABULARY, "d_model": 16, "heads": 4, "d_ff": 24, "encoder_layers": 1, "decoder_layers": 2,
        "max_positions": 60,
    }  # fmt: skip
    config = ModelConfig(norm=norm, positions=positions, activation=activation, **{**shape, **changes})
    model = Transformer(config).eval().requires_grad_(False)
    assert isinstance(model.decoder, torch.nn.Module)
    for name, weight in model.named_parameters():
        if "bias" in name:
            weight.normal_(std=0.1)  # the network starts with zeros
    for weight in model.decoder.parameters():
        weight.mul_(gain if weight.dim() == 2 else 1)
    return model


@pytest.fixture(scope="module")
def model():
    return make_model()


def make_engines(model):
    return ReferenceEngine(model, [FORBIDDEN]), CudaEngine(model, [FORBIDDEN])


def random_sources(random, number, longest=20):
    lengths = random.integers(0, longest, number)
    return [[*random.integers(4, VOCABULARY, length).tolist(), END] for length in lengths]


def rows_of(row, parent, token, mask=None):
    mask = [0] * len(row) if mask is None else mask
    return Rows(*(np.asarray(x, dtype=np.int32) for x in (row, parent, token, mask)))


def assert_same(found, expected):
    assert found.token_NC.tolist() == expected.token_NC.tolist()
    assert found.log_probability_NC == pytest.approx(expected.log_probability_NC, abs=1e-5)


def run_step_by_step(session, rows, masks, ordinary, most):
    """The expected result of `run`, from single steps of the reference engine."""
    answers = []
    while not answers or (len(answers) < most and ordinary[answers[-1].token_NC].all()):
        answers.append(session.step(rows, masks, 1))
        rows = Rows(rows.row_N, rows.row_N, answers[-1].token_NC[:, 0], rows.mask_N)
    return [found.token_NC[:, 0] for found in answers], [found.log_probability_NC[:, 0] for found in answers]


def run_greedily(session, rows, masks, ordinary, most):
    """The tokens and scores of each step, from scores of zero."""
    run = session.run(rows, masks, 1, Ahead(1, np.zeros(len(rows.row_N)), ordinary, most))
    score_N = run.score_TN[-1] if len(run.score_TN) else np.zeros(len(rows.row_N))
    assert not run.parent_TN.any()
    token_TN = np.concatenate([run.token_TN, run.candidates.token_NC.T])
    score_TN = np.concatenate([run.score_TN, [score_N + run.candidates.log_probability_NC[:, 0]]])
    return token_TN, np.diff(score_TN, axis=0, prepend=0)


def compare(sessions, rows, masks, best, kind):
    """Make the same call to both, each with its own rows."""
    if kind == "distribution":
        expected, found = (session.distribution(some) for session, some in zip(sessions, rows, strict=True))
        assert found == pytest.approx(expected, abs=1e-5)
    elif kind == "step":
        expected, found = (
            session.step(some, masks, best) for session, some in zip(sessions, rows, strict=True)
        )
        assert_same(found, expected)
    else:
        tokens, each = run_step_by_step(sessions[0], rows[0], masks, masks[0], best)
        found_TN, each_TN = run_greedily(sessions[1], rows[1], masks, masks[0], best)
        assert np.array_equal(found_TN, tokens)
        assert each_TN == pytest.approx(np.array(each), abs=1e-5)


def choose_rows(random, live):
    """Random rows of random sentences: the first rows for each engine, the row, and the one that it continues."""
    for sentence in random.permutation(len(live)):
        firsts, width = live[sentence]
        for row in random.permutation(width).tolist():
            if random.random() < 0.8:
                yield firsts, row, int(random.integers(width)) if random.random() < 0.6 else row


def walk(engines, seed, steps=14, widths=(1, 2, 3, 4)):
    """Sentences come and go, and rows continue each other in any order; both engines must agree."""
    random = np.random.default_rng(seed)
    sessions = [engine.session() for engine in engines]
    masks = random.random((5, mask_width(VOCABULARY))) < 0.7
    live = []  # the first rows and the width of each sentence
    for _ in range(steps):
        if len(live) < 6 and random.random() < 0.4:
            width, sources = int(random.choice(widths)), random_sources(random, int(random.integers(1, 4)))
            firsts = [session.admit(sources, width).tolist() for session in sessions]
            live += [(pair, width) for pair in zip(*firsts, strict=True)]
        if live and random.random() < 0.3:
            pair, _ = live.pop(int(random.integers(len(live))))
            for session, first in zip(sessions, pair, strict=True):
                session.release(np.array([first], dtype=np.int32))
        if random.random() < 0.1:
            masks = random.random(masks.shape) < 0.7
        chosen = list(choose_rows(random, live))
        token, mask = random.integers(0, VOCABULARY, len(chosen)), random.integers(0, 5, len(chosen))
        rows = []
        for number in range(2):
            pairs = [(firsts[number] + row, firsts[number] + parent) for firsts, row, parent in chosen]
            rows.append(rows_of(*np.reshape(pairs, (-1, 2)).T, token, mask))
        if chosen:
            kind = random.choice(["step", "run", "distribution"], p=[0.6, 0.25, 0.15])
            compare(sessions, rows, masks, int(random.integers(1, 9)), kind)


@pytest.mark.parametrize("seed", range(12))
def test_any_steps_of_any_rows_equal_the_reference_engine(seed):
    walk(make_engines(make_model().double()), seed)  # so that rounding does not affect the order


@pytest.mark.usefixtures("small_buckets")
@pytest.mark.parametrize(
    "settings",
    [dict(zip(("norm", "positions", "activation"), variant, strict=True)) for variant in VARIANTS]
    + PUBLISHED,
)
def test_all_kinds_of_models_and_the_limits_of_buckets(settings):
    walk(make_engines(make_model(**settings, gain=1)), seed=3, steps=20)


@pytest.mark.usefixtures("small_buckets", "with_tapes")
@pytest.mark.parametrize("seed", [0, 1])
def test_replayed_steps_equal_direct_ones(model, seed):
    engines = make_engines(model)
    for _ in range(3):  # later searches reuse the graphs of earlier ones
        walk(engines, seed, steps=12, widths=(3,))
    assert TapeLane.captured > 3


@pytest.mark.parametrize("vocabulary", [5, 64, 200])
def test_any_size_of_vocabulary(vocabulary):
    engines = make_engines(make_model(vocab_size=vocabulary))
    masks = np.ones((1, mask_width(vocabulary)), dtype=bool)
    answers = []
    for engine in engines:
        session = engine.session()
        rows = rows_of(session.admit([[4, END]], 2), [0], [BEGIN])
        answers.append(session.step(rows, masks, min(70, vocabulary)))
    assert_same(*answers)


# ---- searches ----

OPTIONS = {
    "greedy": SearchOptions(beam_size=1),
    "beam": SearchOptions(beam_size=4, n_best=4, length_penalty=0.6),
    "wide beam": SearchOptions(beam_size=7, n_best=2),
    "no n-gram twice": SearchOptions(beam_size=3, no_repeat_ngram=2, min_length_factor=0.5),
    "greedy, no n-gram twice": SearchOptions(beam_size=1, no_repeat_ngram=2),
    "sampling": SearchOptions(beam_size=3, n_best=3, sampling=Sampling(temperature=0.7, top_p=0.9, seed=4)),
}


def find(engine, options, number=7, most_rows=16, max_length=40):
    random = np.random.default_rng(5)
    tasks = []
    for place, source in enumerate(random_sources(random, number, longest=35)):
        prefix = (9, 8) if place % 3 == 2 else ()
        tasks.append(Task(source, len(prefix) + int(random.integers(1, max_length)), prefix=prefix))
    return search(new_search(engine, SPECIAL, options), tasks, options, most_rows=most_rows)


def assert_same_translations(found, expected, tolerance=1e-5):
    for some, others in zip(found, expected, strict=True):
        assert [one.tokens for one in some] == [one.tokens for one in others]
        for one, other in zip(some, others, strict=True):
            assert one.score == pytest.approx(other.score, abs=tolerance)


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("most_rows", [1, 16])
def test_searches_find_the_same_as_with_the_reference_engine(model, name, most_rows):
    reference, cuda = make_engines(model)
    options = OPTIONS[name]
    assert_same_translations(find(cuda, options, most_rows=most_rows), find(reference, options))


@pytest.mark.usefixtures("small_buckets", "with_tapes")
@pytest.mark.parametrize("name", OPTIONS)
def test_searches_over_replayed_steps(model, name):
    reference, cuda = make_engines(model)
    options = OPTIONS[name]
    expected = find(reference, options)
    for _ in range(2):
        assert_same_translations(find(cuda, options, most_rows=8), expected)
    assert TapeLane.captured > 1


def test_given_translations_and_their_attention(model):
    reference, cuda = make_engines(model)
    random = np.random.default_rng(8)
    sources, targets = ([one[:-1] for one in random_sources(random, 5, 40)] for _ in range(2))
    found = decode_forced(cuda, sources, targets, SPECIAL)
    for one, other in zip(found, decode_forced(reference, sources, targets, SPECIAL), strict=True):
        assert one == pytest.approx(other, abs=1e-5)
    for layer, head in ((0, 1), (1, 3)):
        found = forced_attention(cuda, sources, targets, SPECIAL, layer, head)
        expected = forced_attention(reference, sources, targets, SPECIAL, layer, head)
        for one, other in zip(found, expected, strict=True):
            assert one == pytest.approx(other, abs=1e-5)


def test_several_models_together(model):
    models = [model, make_model(seed=3, d_model=8)]
    options = SearchOptions(beam_size=3)
    found = find(Ensemble([CudaEngine(one, [FORBIDDEN]) for one in models]), options)
    expected = find(Ensemble([ReferenceEngine(one, [FORBIDDEN]) for one in models]), options)
    assert_same_translations(found, expected)


def test_bf16_is_nearly_float32(model):
    random, found = np.random.default_rng(8), []
    sources, targets = ([one[:-1] for one in random_sources(random, 5)] for _ in range(2))
    for engine in (CudaEngine(make_model().bfloat16()), CudaEngine(model)):
        found.append(np.concatenate(decode_forced(engine, sources, targets, SPECIAL)))
    assert abs(found[0] - found[1]).mean() < 0.1


# ---- several steps in a call ----


def all_allowed():
    return np.ones((1, mask_width(VOCABULARY)), dtype=bool)


@pytest.mark.usefixtures("with_tapes")
@pytest.mark.parametrize("sentences", [1, 3, 6])
@pytest.mark.parametrize("width", [1, 2])
def test_running_ahead_equals_single_steps(model, sentences, width):
    reference, cuda = make_engines(model)
    sources = random_sources(np.random.default_rng(5), sentences + 1, longest=35)[1:]
    session = reference.session()
    first = session.admit(sources, width)
    token, expected = [BEGIN] * sentences, []
    for _ in range(12):
        found = session.step(rows_of(first, first, token), all_allowed(), 1)
        token = found.token_NC[:, 0].copy()
        expected.append((token.tolist(), pytest.approx(found.log_probability_NC[:, 0], abs=1e-5)))
    ordinary = np.ones(mask_width(VOCABULARY), dtype=bool)
    session = cuda.session()
    first, token, answers = session.admit(sources, width), [BEGIN] * sentences, []
    for most in (5, 1, 6):
        tokens, each = run_greedily(session, rows_of(first, first, token), all_allowed(), ordinary, most)
        assert len(tokens) == most
        answers += zip(tokens.tolist(), each, strict=True)
        token = tokens[-1].tolist()
    assert answers == expected
    # It stops after the first token that is not ordinary, and continues from there.
    tokens = [some for some, _ in expected]
    steps, stopping = next(
        (place + 1, token)
        for place, some in enumerate(tokens)
        for token in some
        if place and token not in np.ravel(tokens[:place])
    )
    ordinary[stopping] = False
    session = cuda.session()
    first = session.admit(sources, width)
    found, _ = run_greedily(session, rows_of(first, first, [BEGIN] * sentences), all_allowed(), ordinary, 10)
    assert found.tolist() == tokens[:steps]
    found = session.step(rows_of(first, first, found[-1]), all_allowed(), 1)
    assert found.token_NC[:, 0].tolist() == tokens[steps]


def test_running_ahead_ends_if_no_token_may_follow(model):
    session = CudaEngine(model).session()
    first = session.admit([[5, END]], 1)
    ordinary = np.ones(mask_width(VOCABULARY), dtype=bool)
    token_TN, each_TN = run_greedily(session, rows_of(first, first, [BEGIN]), ~all_allowed(), ordinary, 9)
    assert (token_TN.tolist(), each_TN.tolist()) == ([[-1]], [[-np.inf]])


def test_running_ahead_ends_with_the_learned_positions():
    session = CudaEngine(make_model(positions="learned", max_positions=12)).session()
    first = session.admit([[5, END]], 1)
    ordinary = np.ones(mask_width(VOCABULARY), dtype=bool)
    token_TN, _ = run_greedily(session, rows_of(first, first, [BEGIN]), all_allowed(), ordinary, 16)
    assert len(token_TN) == 12
    with pytest.raises(InputTooLong, match="13 tokens exceeds the 12 learned positions"):
        run_greedily(session, rows_of(first, first, token_TN[-1]), all_allowed(), ordinary, 16)


# ---- candidates ----


@given(seed=st.integers(0, 2**32), best=st.integers(1, 140), groups=st.integers(1, 12))
def test_ties_between_candidates_go_to_the_smaller_id(seed, best, groups):
    random = np.random.default_rng(seed)
    value_NX = random.choice(
        [-np.inf, -3.0, -2.0, -2.5, -0.5], (3, 64 * groups), p=[0.3, 0.3, 0.2, 0.15, 0.05]
    )
    value_NX = value_NX.astype(np.float32)
    best = min(best, value_NX.shape[1])
    value_NC, token_NC = best_tokens(torch.from_numpy(value_NX), best)
    order_NC = np.argsort(-value_NX, axis=1, kind="stable")[:, :best]
    expected_NC = np.take_along_axis(value_NX, order_NC, axis=1)
    assert value_NC.tolist() == expected_NC.tolist()
    assert token_NC.tolist() == np.where(np.isneginf(expected_NC), -1, order_NC).tolist()


def test_a_model_to_which_all_tokens_are_equally_likely():
    model = make_model()
    torch.nn.init.zeros_(model.embedding.weight)
    masks = all_allowed()
    masks[0, 1:70] = False
    for best in (1, 2, 8, 70):
        session = CudaEngine(model, [FORBIDDEN]).session()
        first = session.admit([[5, END], [6, END]], 1)
        found = session.step(rows_of(first, first, [BEGIN] * 2), masks, best)
        tokens = list(range(70, VOCABULARY))[:best]
        assert found.token_NC.tolist() == [[*tokens, *[-1] * (best - len(tokens))]] * 2


# ---- places and rows ----


@torch.inference_mode()
def poison(session):
    """Set all unused memory to NaN."""
    there = session._decoder.caches
    free = torch.from_numpy(np.flatnonzero(~there.is_taken_B))
    there.past_E2BHTWK.index_fill_(2, free, torch.nan)
    there.memory_E2BHSK.index_fill_(2, free, torch.nan)


def test_unused_memory_does_not_leak(model):
    reference, cuda = (engine.session() for engine in make_engines(model))
    random = np.random.default_rng(1)
    sources = random_sources(random, 5)
    first = reference.admit(sources, 2)
    assert cuda.admit(sources, 2).tolist() == first.tolist()
    for step in range(6):
        poison(cuda)
        row = np.delete(first, [0, 2]) + step % 2
        rows = rows_of(row, first[[1, 3, 4]], [4 + step] * 3)
        assert_same(cuda.step(rows, all_allowed(), 5), reference.step(rows, all_allowed(), 5))
        if step == 2:  # a new sentence takes a poisoned place
            for session in (reference, cuda):
                session.release(first[:1])
        if step == 3:
            poison(cuda)
            new = random_sources(random, 1)
            assert reference.admit(new, 2).tolist() == cuda.admit(new, 2).tolist() == [first[0]]
            rows = rows_of(first[:1], first[:1], [BEGIN])
            assert_same(cuda.step(rows, all_allowed(), 5), reference.step(rows, all_allowed(), 5))


def test_rows_that_are_not_stepped_keep_their_state(model):
    reference, cuda = (engine.session() for engine in make_engines(model))
    for session in (reference, cuda):
        first = session.admit([[5, 6, END], [7, END]], 3)
        session.step(rows_of([0, 1, 2, 3], [0, 0, 0, 3], [BEGIN] * 4), all_allowed(), 1)
        session.step(rows_of([0, 1, 2], [1, 0, 1], [11, 12, 13]), all_allowed(), 1)
        for token in (14, 15):  # row 2 and the second sentence wait
            session.step(rows_of([0, 1], [1, 0], [token, token + 10]), all_allowed(), 1)
    assert first.tolist() == [0, 3]
    rows = rows_of([2, 3, 4], [2, 3, 3], [20, 21, 22])
    assert_same(cuda.step(rows, all_allowed(), 9), reference.step(rows, all_allowed(), 9))


def test_sentences_move_up_when_most_have_left(model):
    reference, cuda = (engine.session() for engine in make_engines(model))
    sources, shapes = random_sources(np.random.default_rng(4), 9), []
    for session in (reference, cuda):
        first = session.admit(sources, 2)
        session.step(rows_of(first, first, [BEGIN] * 9), all_allowed(), 1)
        session.step(rows_of(first + 1, first, [7] * 9), all_allowed(), 1)
    launch = cuda._decoder.launch
    cuda._decoder.launch = lambda shape, best: shapes.append(shape) or launch(shape, best)
    for stay in (first, first[[2, 5, 8]], first[8:]):
        for session in (reference, cuda):
            session.release(np.setdiff1d(first, stay))
        first = stay
        for parent in (first + 1, first):
            rows = rows_of(first, parent, [9] * len(first))
            assert_same(cuda.step(rows, all_allowed(), 4), reference.step(rows, all_allowed(), 4))
    assert [shape.sentences for shape in shapes] == [16, 16, 4, 4, 1, 1]


def test_masks_are_sent_once_and_again_for_another_array(model):
    session = CudaEngine(model, [FORBIDDEN]).session()
    first, sent = session.admit([[5, END]] * 3, 1), []
    lane = session._decoder.lane
    send = lane.send
    lane.send = lambda numbers, to: sent.append(len(numbers)) or send(numbers, to)
    masks = np.zeros((30, mask_width(VOCABULARY)), dtype=bool)

    def best(mask):
        rows = rows_of(first, first, [BEGIN] * 3, mask)
        return session.step(rows, masks, 1).token_NC[:, 0].tolist()

    masks[[0, 1, 2], [40, 41, 42]] = True
    assert best([0, 1, 0]) == [40, 41, 40]
    assert best([2, 1, 0]) == [42, 41, 40]
    masks[29, 99] = True  # added to the same array later
    assert best([29, 1, 0]) == [99, 41, 40]
    assert best([29, 1, 29]) == [99, 41, 99]
    masks = np.roll(masks, 1, axis=1)
    assert best([29, 1, 0]) == [100, 42, 41]
    row_of_mask = mask_width(VOCABULARY) // 4 + 1
    assert [size // row_of_mask for size in sent] == [2, 0, 1, 0, 1, 0, 0, 3, 0]


# ---- graphs and transfers ----


def count(session):
    """Count transfers and launches from now on."""
    lane, counted = session._decoder.lane, {"sent": 0, "fetched": 0, "launched": 0}

    def counting(name, function):
        def call(*arguments):
            counted[name] += 1
            return function(*arguments)

        return call

    lane.send, lane.fetch = counting("sent", lane.send), counting("fetched", lane.fetch)
    session._decoder.launch = counting("launched", session._decoder.launch)
    return counted


@pytest.mark.parametrize("width", [1, 4])
def test_a_step_is_one_transfer_each_way_and_one_graph(model, width):
    session = CudaEngine(model).session()
    first, masks = session.admit([[5, END]] * 5, width), all_allowed()
    row = (first[:, None] + np.arange(width)).ravel()
    session.step(rows_of(row, row, [BEGIN] * len(row)), masks, 2)  # the mask is sent, too
    counted = count(session)
    for _ in range(4):
        session.step(rows_of(row, row[::-1].reshape(5, -1)[::-1].ravel(), [9] * len(row)), masks, 2)
    assert counted == {"sent": 4, "fetched": 4, "launched": 4}


@pytest.mark.parametrize(("sentences", "extra"), [(1, 1), (4, 1), (5, 0)])
def test_a_run_sends_once_and_launches_ahead_for_few_rows(model, sentences, extra):
    session = CudaEngine(model).session()
    first, masks = session.admit([[5, END]] * sentences, 1), all_allowed()
    rows = rows_of(first, first, [BEGIN] * sentences)
    token = session.step(rows, masks, 1).token_NC[:, 0].copy()
    counted, ordinary = count(session), np.ones(mask_width(VOCABULARY), dtype=bool)
    run_greedily(session, rows_of(first, first, token), masks, ordinary, 8)
    assert counted == {"sent": 1, "fetched": 8, "launched": 8}
    ordinary[:] = False
    counted.update(sent=0, fetched=0, launched=0)
    run_greedily(session, rows_of(first, first, token), masks, ordinary, 8)
    assert counted == {"sent": 1, "fetched": 1 + extra, "launched": 1 + extra}


def test_the_number_of_graphs_is_bounded(model, monkeypatch):
    engine, options = CudaEngine(model), SearchOptions(beam_size=2)
    for _ in range(2):
        find(engine, options, number=12)
    (idle,) = engine._idle
    shapes = {shape for shape, _ in idle.graphs}
    assert {(shape.width, best) for shape, best in idle.graphs} == {(2, 4)}
    assert {shape.sentences for shape in shapes} <= {1, 2, 4, 8}
    assert {shape.source for shape in shapes} | {shape.target for shape in shapes} <= {32, 64}
    assert len(shapes) > 3
    monkeypatch.setattr(decoder, "MOST_GRAPHS", 3)
    find(engine, options, number=12, most_rows=6)
    assert len(idle.graphs) == 3


@pytest.fixture
def counting_graph():
    """A graph whose function adds x to y; x; y; and a list of the threads that ran the function in Python."""
    x, y, done = torch.zeros(2), torch.zeros(2), []

    def function():
        done.append(threading.current_thread().name)
        y.add_(x)

    graph = Graph(TapeLane(torch.device("cpu")))
    return lambda: graph(function), x, y, done


def test_a_graph_runs_directly_and_is_then_captured_and_replayed(counting_graph):
    call, x, y, done = counting_graph
    for step in range(1, 5):
        x.fill_(step)
        call()
        assert y.tolist() == [sum(range(step + 1))] * 2
    assert len(done) == 2


def test_a_thread_runs_directly_before_it_captures(counting_graph):
    call, x, y, done = counting_graph
    x.fill_(1)
    call()
    with ThreadPoolExecutor(1, "other") as pool:
        for step in range(2, 6):
            pool.submit(call).result()
            assert y.tolist() == [step] * 2
    assert done == ["MainThread", "other_0", "other_0"]


def test_a_step_that_cannot_be_captured_runs_without_a_graph_and_logs_a_warning(model, monkeypatch, caplog):
    def refuse(self, function):
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(decoder, "Lane", TapeLane)
    monkeypatch.setattr(TapeLane, "record", refuse)
    reference, cuda = make_engines(model)
    expected = find(reference, OPTIONS["beam"])
    for _ in range(3):
        assert_same_translations(find(cuda, OPTIONS["beam"]), expected)
    assert [record.getMessage() for record in caplog.records] == [
        "cannot capture a step as a CUDA graph; running without, which is slower: "
        "operation not permitted when stream is capturing"
    ]


def test_sources_are_encoded_in_parts(model, monkeypatch):
    monkeypatch.setattr(decoder, "_ENCODED_AT_ONCE", 50)
    reference, cuda = (engine.session() for engine in make_engines(model))
    sources = random_sources(np.random.default_rng(3), 9, longest=70)
    first = reference.admit(sources, 1)
    encode, parts = decoder.Decoder._encode, []
    monkeypatch.setattr(
        decoder.Decoder, "_encode", lambda self, *args: parts.append(len(args[1])) or encode(self, *args)
    )
    assert cuda.admit(sources, 1).tolist() == first.tolist()
    assert sum(parts) == 9
    assert 1 < len(parts) < 9
    rows = rows_of(first, first, [BEGIN] * 9)
    assert_same(cuda.step(rows, all_allowed(), 3), reference.step(rows, all_allowed(), 3))


@pytest.mark.parametrize("best", [1, 4, decoder.ALL])
@pytest.mark.parametrize("width", [1, 3])
def test_a_step_follows_the_rules_of_a_capture(model, width, best):
    session = CudaEngine(model, [FORBIDDEN]).session()
    random, masks, names = np.random.default_rng(2), all_allowed(), []
    first = session.admit(random_sources(random, 3), width)
    row = (first[:, None] + np.arange(width)).ravel()
    for _ in range(3):
        parent = (first[:, None] + random.integers(0, width, (3, width))).ravel()
        rows = rows_of(row, parent, random.integers(4, VOCABULARY, len(row)))
        decode = session._decoder
        with session._ready(rows, 1, masks) as (_, shape, _cells):
            results = torch.zeros((2 * best if best else VOCABULARY) * shape.rows, dtype=torch.int32)
            static = (decode._numbers, decode._blocked_MX, decode.caches.past_E2BHTWK, results)
            addresses = [tensor.data_ptr() for tensor in static]
            with Tape() as tape:
                decode._step(shape, best, results)
            assert [tensor.data_ptr() for tensor in static] == addresses
            session._advance(rows, 1)
        names.append(tape.names)
        assert not WAITS_OR_DEPENDS_ON_DATA & set(tape.names)
        for function, args, _, _ in tape.calls:  # no boolean index, whose result size depends on the data
            if function._schema.name in ("aten::index", "aten::index_put_"):
                assert all(leaf.dtype != torch.bool for leaf in tree_leaves(args[1]))
    assert names[0] == names[1] == names[2]


# ---- sessions ----


def test_sessions_use_the_graphs_of_earlier_ones(model):
    engine = CudaEngine(model)
    first, second = engine.session(), engine.session()
    (row,) = first.admit([[5, END]], 2)
    borrowed = first._decoder
    second.admit([[5, END]], 2)
    assert second._decoder is not borrowed  # both at the same time
    first.release(np.array([row]))
    third = engine.session()
    third.admit([[5, END]], 1)  # another width
    assert third._decoder is not borrowed
    first.admit([[6, END]], 2)
    assert first._decoder is borrowed


def test_a_garbage_collected_session_gives_its_decoder_back(model):
    engine = CudaEngine(model)
    session = engine.session()
    session.admit([[5, END]] * 3, 1)
    borrowed = session._decoder
    del session
    gc.collect()
    assert engine._idle == [borrowed]
    assert not borrowed.caches.is_taken_B.any()


def test_only_a_few_idle_decoders_are_kept(model):
    engine = CudaEngine(model)
    sessions = [engine.session() for _ in range(6)]
    for session in sessions:
        session.admit([[5, END]], 1)
    for session in sessions:
        session.release(np.array([0]))
    assert len(engine._idle) == 4


def test_threads_search_side_by_side(model):
    reference, cuda = make_engines(model)
    expected = find(reference, OPTIONS["beam"])
    with ThreadPoolExecutor(3) as pool:
        for found in pool.map(lambda _: find(cuda, OPTIONS["beam"]), range(3)):
            assert_same_translations(found, expected)


def test_a_translator_on_a_gpu_uses_this_engine(model_folder, monkeypatch):
    """As far as a test without a GPU can show."""
    make, on_cpu = build_model, Translator.load(model_folder, "cpu", precision="fp32")
    monkeypatch.setattr(module, "resolve_precision", lambda *_: ("fp32", "cuda:0"))
    monkeypatch.setattr(module, "build_model", lambda files, *_: make(files))
    on_gpu = Translator.load(model_folder)
    assert isinstance(on_gpu.engine, CudaEngine)
    assert (on_gpu.device, on_gpu.precision, on_gpu.threads) == ("cuda:0", "fp32", 1)
    assert on_gpu.model is on_gpu.engine.network.model
    texts = ["Anna sleeps.", "The old man eats bread in the kitchen."]
    for found, expected in zip(on_gpu.translate(texts), on_cpu.translate(texts), strict=True):
        assert found.text == expected.text
        assert found.score == pytest.approx(expected.score, abs=1e-5)
    assert isinstance(Translator.load(model_folder, ensemble_with=[model_folder]).engine, Ensemble)


# ---- bad input ----


@pytest.mark.parametrize(
    ("row", "parent", "token", "message"),
    [
        (99, 0, BEGIN, "row does not exist"),
        (-1, 0, BEGIN, "row does not exist"),
        (0, -1, BEGIN, "row does not exist"),
        (0, 1, BEGIN, "belongs to another sentence"),
        (0, 0, VOCABULARY, "outside the vocabulary"),
        (0, 0, -1, "outside the vocabulary"),
    ],
)
def test_bad_rows_and_tokens_are_errors(model, row, parent, token, message):
    session = CudaEngine(model).session()
    session.admit([[5, END], [6, END]], 1)
    with pytest.raises(IndexError, match=message):
        session.distribution(rows_of([row], [parent], [token]))


def test_bad_sources_and_releases_are_errors(model):
    session = CudaEngine(model).session()
    for source, message in (([5, VOCABULARY], "outside the vocabulary"), ([], "no tokens")):
        with pytest.raises(IndexError, match=message):
            session.admit([source], 1)
    with pytest.raises(IndexError, match="cannot have 0 rows"):
        session.admit([[5, END]], 0)
    assert session.admit([], 1).tolist() == []
    with pytest.raises(IndexError, match="first row 0"):
        session.release(np.array([0]))
    session.admit([[5, END], [6, END]], 2)
    with pytest.raises(IndexError, match="first row 1"):
        session.release(np.array([1]))
    session.release(np.array([0]))
    with pytest.raises(IndexError, match="row does not exist"):
        session.distribution(rows_of([1], [1], [BEGIN]))


def test_learned_positions_have_a_limit():
    session = CudaEngine(make_model(positions="learned", max_positions=12)).session()
    with pytest.raises(InputTooLong, match="13 tokens exceeds the 12 learned positions"):
        session.admit([[5] * 13], 1)
    first = session.admit([[5] * 12], 1)
    for _ in range(12):
        session.distribution(rows_of(first, first, [BEGIN]))
    with pytest.raises(InputTooLong, match="13 tokens exceeds the 12 learned positions"):
        session.distribution(rows_of(first, first, [BEGIN]))


@pytest.mark.parametrize("where", ["_grow", "_encode"])
def test_running_out_of_memory_is_a_clear_error(model, monkeypatch, where):
    session = CudaEngine(model).session()
    session.admit([[5, END]], 1)

    def end(*_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with monkeypatch.context() as patched:
        patched.setattr(caches.Caches if where == "_grow" else decoder.Decoder, where, end)
        with pytest.raises(MemoryError, match="not enough memory on the GPU; translate fewer sentences"):
            session.admit([[5, END]] * 500, 1)
    # The sentences are still there, and there is as much room as before.
    assert session.distribution(rows_of([0], [0], [BEGIN])).shape == (1, VOCABULARY)
    assert session.admit([[5, END]], 1).tolist() == [1]
    assert np.flatnonzero(session._decoder.caches.is_taken_B).tolist() == [0, 1]
