"""The queue and its worker, with a plain echo as the engine; a token is a character."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.batcher import Batcher, DeadlineExceeded, QueueFull, QueueLimits, WorkerUnavailable

PATIENCE_SECONDS = 20
ROOMY = QueueLimits(batch_tokens=1000, max_queued_tokens=1000)


class Engine:
    """Answers "DE:" and the text; stands still while its gate is closed; raises for the texts in `errors`."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.options: list[str] = []
        self.errors: dict[str, BaseException] = {}
        self.gate = threading.Event()
        self.entered = threading.Event()

    def count_tokens(self, text: str) -> int:
        return len(text)

    def translate(self, texts: Sequence[str], options: str) -> list[str]:
        self.batches.append(list(texts))
        self.options.append(options)
        self.entered.set()
        assert self.gate.wait(PATIENCE_SECONDS)
        for text in texts:
            if text in self.errors:
                raise self.errors[text]
        return [f"DE:{text}" for text in texts]


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.gate.set()


async def after_busy(
    engine: Engine, batcher: Batcher[str, str], requests: Sequence[Coroutine[Any, Any, list[str]]]
) -> list[Any]:
    """Keep the worker busy with one text until all requests wait, then let it go; return their outcomes."""
    busy = await keep_busy(engine, batcher)
    waiting = [asyncio.ensure_future(request) for request in requests]
    await asyncio.sleep(0)  # each runs up to its wait
    engine.gate.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    await busy
    return outcomes


async def keep_busy(engine: Engine, batcher: Batcher[str, str]) -> asyncio.Task[list[str]]:
    busy = asyncio.create_task(batcher.translate(["busy"], "plain", PATIENCE_SECONDS))
    await asyncio.to_thread(engine.entered.wait, PATIENCE_SECONDS)
    return busy


def run(engine: Engine, limits: QueueLimits, requests: Sequence[tuple[list[str], str]]) -> list[Any]:
    """Send the requests (texts and options) while the worker is busy; return their outcomes."""
    batcher = Batcher(engine, limits)
    try:
        work = [batcher.translate(texts, options, PATIENCE_SECONDS) for texts, options in requests]
        return asyncio.run(after_busy(engine, batcher, work))
    finally:
        engine.gate.set()
        batcher.close(PATIENCE_SECONDS)


def test_requests_that_wait_together_are_decoded_together_and_answered_apart(engine: Engine) -> None:
    outcomes = run(engine, ROOMY, [(["a", "b"], "plain"), (["c"], "plain"), (["d"], "plain")])
    assert outcomes == [["DE:a", "DE:b"], ["DE:c"], ["DE:d"]]
    assert engine.batches == [["busy"], ["a", "b", "c", "d"]]


def test_a_request_without_texts_is_answered_without_the_engine(engine: Engine) -> None:
    assert run(engine, ROOMY, [([], "plain")]) == [[]]
    assert engine.batches == [["busy"]]


def test_only_equal_options_share_a_batch_and_the_oldest_text_goes_first(engine: Engine) -> None:
    requests = [(["a"], "wide"), (["b"], "plain"), (["c"], "wide"), (["d"], "plain")]
    assert run(engine, ROOMY, requests) == [["DE:a"], ["DE:b"], ["DE:c"], ["DE:d"]]
    assert engine.batches == [["busy"], ["a", "c"], ["b", "d"]]
    assert engine.options == ["plain", "wide", "plain"]


def test_a_crowd_with_the_same_options_does_not_starve_another(engine: Engine) -> None:
    crowd = [([f"crowd {number}"], "plain") for number in range(6)]
    limits = QueueLimits(batch_tokens=2 * len("crowd 0"), max_queued_tokens=1000)
    run(engine, limits, [*crowd[:3], (["rare"], "wide"), *crowd[3:]])
    # Two fit a batch. "rare" came fourth, so it waits for the batch of the third, and for no later one.
    assert engine.batches[1:] == [
        ["crowd 0", "crowd 1"],
        ["crowd 2", "crowd 3"],
        ["rare"],
        ["crowd 4", "crowd 5"],
    ]


def test_the_budget_counts_padded_tokens(engine: Engine) -> None:
    # Together with "aa", "bbbb" makes 2 × 4 = 8 of 8; a third text would make 3 × 4.
    limits = QueueLimits(batch_tokens=8, max_queued_tokens=1000)
    run(engine, limits, [(["aa"], "plain"), (["bbbb"], "plain"), (["c"], "plain"), (["d"], "plain")])
    assert engine.batches[1:] == [["aa", "bbbb"], ["c", "d"]]


def test_a_text_over_the_budget_is_decoded_alone(engine: Engine) -> None:
    limits = QueueLimits(batch_tokens=8, max_queued_tokens=1000)
    run(engine, limits, [(["a"], "plain"), (["b" * 50], "plain"), (["c"], "plain")])
    assert engine.batches[1:] == [["a"], ["b" * 50], ["c"]]


def test_a_request_over_the_budget_is_decoded_in_parts_and_answered_whole(engine: Engine) -> None:
    limits = QueueLimits(batch_tokens=3, max_queued_tokens=1000)
    assert run(engine, limits, [(list("abcdefg"), "plain")]) == [[f"DE:{letter}" for letter in "abcdefg"]]
    assert engine.batches[1:] == [["a", "b", "c"], ["d", "e", "f"], ["g"]]


def test_empty_texts_count_too(engine: Engine) -> None:
    limits = QueueLimits(batch_tokens=2, max_queued_tokens=1000)
    assert run(engine, limits, [(["", "", ""], "plain")]) == [["DE:", "DE:", "DE:"]]
    assert engine.batches[1:] == [["", ""], [""]]


@given(
    requests=st.lists(
        st.tuples(st.lists(st.text("xyz", max_size=6), max_size=4), st.sampled_from("pq")), max_size=8
    ),
    batch_tokens=st.integers(1, 20),
)
@settings(max_examples=50, deadline=None)
def test_every_request_gets_its_own_answers_whatever_is_batched(
    requests: list[tuple[list[str], str]], batch_tokens: int
) -> None:
    engine = Engine()
    outcomes = run(engine, QueueLimits(batch_tokens, max_queued_tokens=1000), requests)
    assert outcomes == [[f"DE:{text}" for text in texts] for texts, _ in requests]
    assert sorted(text for batch in engine.batches[1:] for text in batch) == sorted(
        text for texts, _ in requests for text in texts
    )
    for batch in engine.batches[1:]:
        assert len(batch) == 1 or max(1, *map(len, batch)) * len(batch) <= batch_tokens


def test_a_full_queue_refuses_at_once_and_takes_more_when_it_is_empty_again(engine: Engine) -> None:
    limits = QueueLimits(batch_tokens=100, max_queued_tokens=6)
    first, second, third = run(engine, limits, [(["aaaa"], "plain"), (["bbb"], "plain"), (["cc"], "plain")])
    assert first == ["DE:aaaa"]
    assert isinstance(second, QueueFull)
    assert "4 tokens wait already and this request has 3; the limit is 6" in str(second)
    assert third == ["DE:cc"]


def test_a_list_fills_the_queue_as_its_texts_one_by_one_would(engine: Engine) -> None:
    limits = QueueLimits(batch_tokens=100, max_queued_tokens=6)
    first, second = run(engine, limits, [(["aa", "aa"], "plain"), (["b", "b", "b"], "plain")])
    assert first == ["DE:aa", "DE:aa"]
    assert isinstance(second, QueueFull)


def test_an_empty_queue_takes_a_request_over_the_whole_limit(engine: Engine) -> None:
    # It could never succeed otherwise, however often it is sent.
    limits = QueueLimits(batch_tokens=100, max_queued_tokens=6)
    assert run(engine, limits, [(["a" * 50], "plain")]) == [["DE:" + "a" * 50]]


def test_a_cancelled_request_is_not_decoded_and_makes_room(engine: Engine) -> None:
    async def scenario() -> list[str]:
        busy = await keep_busy(engine, batcher)
        leaving = asyncio.create_task(batcher.translate(["leaves"], "plain", PATIENCE_SECONDS))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])
        staying = asyncio.create_task(batcher.translate(["stays"], "plain", PATIENCE_SECONDS))
        await asyncio.sleep(0)
        engine.gate.set()
        await busy
        return await staying

    batcher = Batcher(engine, QueueLimits(batch_tokens=100, max_queued_tokens=8))
    assert asyncio.run(scenario()) == ["DE:stays"]
    assert engine.batches == [["busy"], ["stays"]]
    batcher.close(PATIENCE_SECONDS)


def test_a_request_past_its_deadline_fails_and_is_not_decoded(engine: Engine) -> None:
    async def scenario() -> None:
        busy = await keep_busy(engine, batcher)
        with pytest.raises(DeadlineExceeded, match=r"0\.01 seconds"):
            await batcher.translate(["late"], "plain", 0.01)
        engine.gate.set()
        await busy

    batcher = Batcher(engine, ROOMY)
    asyncio.run(scenario())
    batcher.close(PATIENCE_SECONDS)
    assert engine.batches == [["busy"]]


def test_one_bad_text_gives_one_error(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    engine.errors["bad"] = ValueError("no good: bad")
    requests = [([f"good {number}"], "plain") for number in range(31)]
    with caplog.at_level(logging.WARNING):
        *good, bad = run(engine, ROOMY, [*requests, (["bad"], "plain")])
    assert good == [[f"DE:good {number}"] for number in range(31)]
    assert bad is engine.errors["bad"]
    assert "32 texts failed with ValueError" in caplog.text
    assert "no good" not in caplog.text  # the message may quote the text


def test_a_request_with_a_bad_text_fails_whole_and_its_rest_is_not_decoded(engine: Engine) -> None:
    engine.errors["bad"] = ValueError("no good")
    outcomes = run(engine, ROOMY, [(["good", "bad", "rest"], "plain"), (["other"], "plain")])
    assert outcomes == [engine.errors["bad"], ["DE:other"]]
    assert engine.batches[2:] == [["good"], ["bad"], ["other"]]


def test_an_engine_that_loses_a_text_gives_an_error_and_no_swapped_answers(engine: Engine) -> None:
    class Forgetful(Engine):
        def translate(self, texts: Sequence[str], options: str) -> list[str]:
            return super().translate(texts, options)[: len(texts) // 2 + len(texts) % 2]

    forgetful = Forgetful()
    # Alone each text is answered; together the last is lost, which is noticed.
    assert run(forgetful, ROOMY, [(["a"], "plain"), (["b"], "plain")]) == [["DE:a"], ["DE:b"]]
    assert forgetful.batches[1:] == [["a", "b"], ["a"], ["b"]]


def test_a_failing_count_of_tokens_is_that_request_s_error_alone(engine: Engine) -> None:
    class Picky(Engine):
        def count_tokens(self, text: str) -> int:
            if text == "bad":
                raise ValueError("cannot count")
            return len(text)

    bad, good = run(Picky(), ROOMY, [(["fine", "bad"], "plain"), (["good"], "plain")])
    assert isinstance(bad, ValueError)
    assert good == ["DE:good"]


def test_when_the_worker_dies_all_who_wait_get_an_error_and_so_does_who_comes_later(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> list[Any]:
        waiting = [
            batcher.translate([text], options, PATIENCE_SECONDS) for text, options in (("a", "p"), ("b", "q"))
        ]
        outcomes = await after_busy(engine, batcher, waiting)
        with pytest.raises(WorkerUnavailable):
            await batcher.translate(["later"], "plain", PATIENCE_SECONDS)
        return outcomes

    engine.errors["a"] = SystemExit()
    batcher = Batcher(engine, ROOMY)
    assert batcher.is_running
    in_flight, queued = asyncio.run(scenario())
    assert isinstance(in_flight, WorkerUnavailable)
    assert isinstance(queued, WorkerUnavailable)
    assert not batcher.is_running
    assert "the decoding thread died" in caplog.text
    batcher.close(PATIENCE_SECONDS)


def test_close_finishes_what_waits_and_takes_no_more(engine: Engine) -> None:
    async def scenario() -> list[list[str]]:
        busy = await keep_busy(engine, batcher)
        waiting = asyncio.create_task(batcher.translate(["waits"], "plain", PATIENCE_SECONDS))
        await asyncio.sleep(0)
        closing = asyncio.create_task(asyncio.to_thread(batcher.close, PATIENCE_SECONDS))
        while batcher.is_running:
            await asyncio.sleep(0.001)
        with pytest.raises(WorkerUnavailable):
            await batcher.translate(["late"], "plain", PATIENCE_SECONDS)
        engine.gate.set()
        await closing
        return [await busy, await waiting]

    batcher = Batcher(engine, ROOMY)
    assert asyncio.run(scenario()) == [["DE:busy"], ["DE:waits"]]


def test_close_fails_what_does_not_finish_in_time(engine: Engine) -> None:
    async def scenario() -> list[Any]:
        busy = await keep_busy(engine, batcher)
        waiting = asyncio.create_task(batcher.translate(["waits"], "plain", PATIENCE_SECONDS))
        await asyncio.sleep(0)
        await asyncio.to_thread(batcher.close, 0.01)
        return await asyncio.gather(busy, waiting, return_exceptions=True)

    batcher = Batcher(engine, ROOMY)
    assert [type(outcome) for outcome in asyncio.run(scenario())] == [WorkerUnavailable, WorkerUnavailable]
