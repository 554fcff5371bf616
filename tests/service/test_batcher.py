"""The queue and its workers, with an engine that works on strings."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from collections.abc import Callable, Coroutine, Hashable, Iterator, Sequence
from typing import Any, ClassVar

import pytest

from service.batcher import (
    Batcher,
    Deadline,
    DeadlineExceeded,
    OutOfMemory,
    QueueFull,
    QueueLimits,
    ResultCache,
    WorkerUnavailable,
    WorkItem,
)
from service.batcher.admission import Admission, Speed
from service.batcher.jobs import Entry, Job
from service.batcher.request_queue import RequestQueue
from service.batcher.running_batch import RunningBatch
from service.metrics import Metrics
from translator.errors import InputError
from translator.search.feed import Feed

ANY_NUMBER = 10**9
PATIENCE_SECONDS = 20.0  # only a failing test waits this long
ROOMY = QueueLimits(batch_tokens=1000, max_queued_tokens=100_000)


class Engine:
    """Answers in capitals; while `gate` is closed, it works until the whole batch is cancelled."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers
        self.batches: list[list[str]] = []
        self.errors: dict[str, BaseException] = {}
        self.most_characters = 10**9
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.left_early = threading.Event()

    def rows(self, kind: Hashable) -> int:
        return kind if isinstance(kind, int) else 1

    def process(self, kind: Hashable, feed: Feed[str, str]) -> None:
        taken = feed(ANY_NUMBER)
        self.batches.append([one.item for one in taken])
        self.entered.release()
        while not self.gate.wait(0.002):
            if not any(one.is_wanted() for one in taken):
                self.left_early.set()
                return
        if sum(len(one.item) for one in taken) > self.most_characters:
            raise OutOfMemory("no room")
        for one in taken:
            if one.item in self.errors:
                raise self.errors[one.item]
        for one in taken:
            if one.is_wanted():
                one.finish(one.item.upper())


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.gate.set()


@pytest.fixture
def make_batcher() -> Iterator[Callable[..., Batcher[str]]]:
    made: list[Batcher[str]] = []

    def make(
        engine: Engine,
        limits: QueueLimits = ROOMY,
        cached: int = 0,
        metrics: Metrics | None = None,
        **more: Any,
    ) -> Batcher[str]:
        made.append(Batcher(engine, limits, ResultCache(cached), metrics or Metrics(), **more))
        return made[-1]

    yield make
    for batcher in made:
        batcher.close(PATIENCE_SECONDS)


def ask(
    batcher: Batcher[str], *texts: str, kind: Hashable = "plain", deadline: float = PATIENCE_SECONDS
) -> Coroutine[Any, Any, list[str]]:
    return batcher.run(kind, [WorkItem(text, len(text), text) for text in texts], Deadline.after(deadline))


async def while_busy(
    engine: Engine, batcher: Batcher[str], requests: Sequence[Coroutine[Any, Any, list[str]]]
) -> list[list[str] | BaseException]:
    """The results of requests that arrive one after the other while the worker is busy."""
    engine.gate.clear()
    engine.entered = threading.Semaphore(0)
    busy = asyncio.create_task(ask(batcher, "busy"))
    await asyncio.to_thread(engine.entered.acquire)
    tasks = []
    for request in requests:
        tasks.append(asyncio.create_task(request))
        await asyncio.sleep(0.001)
    engine.gate.set()
    await busy
    return await asyncio.gather(*tasks, return_exceptions=True)


def test_on_result_gets_results_of_the_engine_but_not_of_the_cache(engine: Engine, make_batcher: Any) -> None:
    told: list[str] = []
    batcher = make_batcher(engine, cached=10, on_result=told.append)
    for _ in range(2):
        assert asyncio.run(ask(batcher, "a", "b", "a")) == ["A", "B", "A"]
    assert sorted(told) == ["A", "B"]


def test_results_are_in_the_order_of_the_request(engine: Engine, make_batcher: Any) -> None:
    batcher = make_batcher(engine)
    assert asyncio.run(ask(batcher, "b", "a", "b")) == ["B", "A", "B"]
    assert asyncio.run(ask(batcher)) == []


def test_sentences_of_several_requests_are_batched(engine: Engine, make_batcher: Any) -> None:
    batcher = make_batcher(engine)
    results = asyncio.run(while_busy(engine, batcher, [ask(batcher, "a", "b"), ask(batcher, "c")]))
    assert results == [["A", "B"], ["C"]]
    assert sorted(engine.batches[1]) == ["a", "b", "c"]


def test_other_options_need_another_batch_and_the_oldest_goes_first(
    engine: Engine, make_batcher: Any
) -> None:
    batcher = make_batcher(engine)
    requests = [ask(batcher, text, kind=kind) for text, kind in (("a", "x"), ("b", "y"), ("c", "x"))]
    asyncio.run(while_busy(engine, batcher, requests))
    assert engine.batches[1:] == [["a", "c"], ["b"]]


def test_sentences_are_batched_up_to_the_budget(engine: Engine, make_batcher: Any) -> None:
    batcher = make_batcher(engine, QueueLimits(batch_tokens=12, max_queued_tokens=1000))
    texts = ["four", "q", "eleven char", "five5", "three", "r"]
    asyncio.run(while_busy(engine, batcher, [ask(batcher, text) for text in texts]))
    assert engine.batches[1:] == [["four", "q"], ["eleven char"], ["five5", "three", "r"]]


def test_a_sentence_over_the_budget_goes_alone(engine: Engine, make_batcher: Any) -> None:
    batcher = make_batcher(engine, QueueLimits(batch_tokens=4, max_queued_tokens=1000))
    asyncio.run(while_busy(engine, batcher, [ask(batcher, text) for text in ("longer", "a", "b")]))
    assert engine.batches[1:] == [["longer"], ["a", "b"]]


class Stepping(Engine):
    """Decodes one letter of each sentence per step, and takes sentences between two steps; a step waits for `tick`."""

    def __init__(self, workers: int = 1) -> None:
        super().__init__(workers)
        self.tick = threading.Semaphore(0)
        self.stepped = threading.Semaphore(0)
        self.steps: list[str] = []
        """The sentences of each step."""

    def process(self, kind: Hashable, feed: Feed[str, str]) -> None:
        left: list[tuple[Any, int]] = []
        while True:
            left += [(one, len(one.item)) for one in feed(3 - len(left))]
            left = [(one, letters) for one, letters in left if one.is_wanted()]
            if not left:
                return
            self.steps.append(" ".join(sorted(one.item for one, _ in left)))
            self.stepped.release()
            assert self.tick.acquire(timeout=PATIENCE_SECONDS)
            for one, letters in left:
                if one.item in self.errors:
                    raise self.errors[one.item]
                if letters == 1:
                    one.finish(one.item.upper())
            left = [(one, letters - 1) for one, letters in left if letters > 1]


async def step_by_step(engine: Stepping, batcher: Batcher[str], *moments: Any) -> list[Any]:
    """The results of requests, each given with the number of engine steps to wait before it is sent."""
    asking: list[asyncio.Task[list[str]]] = []
    for steps, request in moments:
        for _ in range(steps):
            engine.tick.release()
            await asyncio.to_thread(engine.stepped.acquire)
        asking.append(asyncio.create_task(request))
        await asyncio.sleep(0.001)
        if len(asking) == 1:
            await asyncio.to_thread(engine.stepped.acquire)
    for _ in range(100):
        engine.tick.release()
    return await asyncio.gather(*asking, return_exceptions=True)


def test_sentences_join_between_two_steps_and_short_ones_leave_first(make_batcher: Any) -> None:
    engine = Stepping()
    batcher = make_batcher(engine)
    moments = [(0, ask(batcher, "longest")), (1, ask(batcher, "abc")), (2, ask(batcher, "de"))]
    assert asyncio.run(step_by_step(engine, batcher, *moments)) == [["LONGEST"], ["ABC"], ["DE"]]
    # "abc" arrives while the second letter of "longest" is being decoded.
    assert engine.steps == [
        "longest", "longest", "abc longest", "abc longest", "abc de longest", "de longest", "longest"
    ]  # fmt: skip


def test_only_as_many_join_as_the_engine_and_the_budget_allow(make_batcher: Any) -> None:
    engine = Stepping()
    batcher = make_batcher(engine, QueueLimits(batch_tokens=9, max_queued_tokens=1000))
    more = [
        (0, ask(batcher, text)) for text in ("aaa", "bb", "c")
    ]  # 5 + 3 tokens are 8, two more are too many
    asyncio.run(step_by_step(engine, batcher, (0, ask(batcher, "first")), *more))
    assert engine.steps[:5] == ["first", "aaa first", "aaa first", "aaa first", "bb c first"]
    engine = Stepping()
    batcher = make_batcher(engine)
    more = [(0, ask(batcher, text)) for text in ("aa", "bb", "cc")]
    asyncio.run(step_by_step(engine, batcher, (0, ask(batcher, "first")), *more))
    assert engine.steps == ["first", "aa bb first", "aa bb first", "cc first", "cc first"]


def test_none_join_once_another_kind_is_first(make_batcher: Any) -> None:
    engine = Stepping()
    batcher = make_batcher(engine)
    moments = [(0, ask(batcher, "long")), (0, ask(batcher, "x", kind="other")), (0, ask(batcher, "y"))]
    assert asyncio.run(step_by_step(engine, batcher, *moments)) == [["LONG"], ["X"], ["Y"]]
    assert engine.steps == ["long", "long", "long", "long", "x", "y"]


def test_an_idle_worker_takes_what_could_join(make_batcher: Any) -> None:
    engine = Stepping(workers=2)
    batcher = make_batcher(engine)

    async def scenario() -> list[list[str]]:
        asking = [asyncio.create_task(ask(batcher, "long"))]
        await asyncio.to_thread(engine.stepped.acquire)
        asking.append(asyncio.create_task(ask(batcher, "x")))
        await asyncio.to_thread(engine.stepped.acquire)
        assert engine.steps == ["long", "x"]
        for _ in range(10):
            engine.tick.release()
        return await asyncio.gather(*asking)

    assert asyncio.run(scenario()) == [["LONG"], ["X"]]


def test_sentences_that_joined_a_failing_one_are_retried_without_it(make_batcher: Any) -> None:
    engine, metrics = Stepping(), Metrics()
    batcher = make_batcher(engine, metrics=metrics)
    engine.errors["bad"] = ValueError("a mistake")
    moments = [(0, ask(batcher, "long")), (0, ask(batcher, "bad")), (0, ask(batcher, "ok"))]
    first, second, third = asyncio.run(step_by_step(engine, batcher, *moments))
    assert (first, third) == (["LONG"], ["OK"])
    assert isinstance(second, ValueError)
    assert metrics.registry.get_sample_value("translator_in_flight_sentences") == 0


def test_cancelled_sentences_leave_between_two_steps_and_are_not_counted(make_batcher: Any) -> None:
    engine, metrics = Stepping(), Metrics()
    batcher = make_batcher(engine, metrics=metrics)

    async def scenario() -> list[str]:
        stays, leaves = (asyncio.create_task(ask(batcher, text)) for text in ("stays", "leaves"))
        await asyncio.to_thread(engine.stepped.acquire)
        engine.tick.release()
        await asyncio.to_thread(engine.stepped.acquire)
        leaves.cancel()
        await asyncio.gather(leaves, return_exceptions=True)
        for _ in range(10):
            engine.tick.release()
        return await stays

    assert asyncio.run(scenario()) == ["STAYS"]
    assert engine.steps[-3:] == ["stays"] * 3
    assert metrics.registry.get_sample_value("translator_in_flight_sentences") == 0
    assert metrics.registry.get_sample_value("translator_sentences_total") == 1


def test_rows_count_against_the_budget(engine: Engine, make_batcher: Any) -> None:
    batcher = make_batcher(engine, QueueLimits(batch_tokens=16, max_queued_tokens=1000))
    asyncio.run(while_busy(engine, batcher, [ask(batcher, "aa", "bb", "cc", kind=4)]))
    assert engine.batches[1:] == [["aa", "bb"], ["cc"]]  # 2 letters · 4 rows · 2 sentences


def test_a_short_request_goes_before_most_of_a_long_one(engine: Engine, make_batcher: Any) -> None:
    batcher = make_batcher(engine, QueueLimits(batch_tokens=1, max_queued_tokens=1000))
    document = [letter * 100 for letter in "abcd"]
    asyncio.run(while_busy(engine, batcher, [ask(batcher, *document), ask(batcher, "hi")]))
    assert [batch[0][:2] for batch in engine.batches[1:]] == ["aa", "hi", "bb", "cc", "dd"]


def entries(job: Job[str], *tokens: int, since: float | None = None) -> list[Entry[str]]:
    now = time.monotonic() if since is None else since
    return [Entry(job, [place], "k", WorkItem("", count), now) for place, count in enumerate(tokens)]


def test_sentences_whose_clients_have_left_do_not_end_the_batch() -> None:
    async def scenario() -> None:
        leaves, stays = (Job[str](Deadline.after(PATIENCE_SECONDS)) for _ in range(2))
        waiting = [*entries(leaves, 1, 1, 1), *entries(stays, 1)]
        batch = RunningBatch(waiting, lambda *_: [], Metrics(), Entry.finish, lambda *_: None)
        assert batch.begin_try()
        leaves.end()
        # Without any sentence, the engine would stop.
        assert [one.entry for one in batch.take(2)] == waiting[3:]
        assert batch.take(2) == []

    asyncio.run(scenario())


def order_of(queue: RequestQueue, names: dict[int, str]) -> str:
    """The names of the jobs in the order in which their entries are taken."""
    order = ""
    while batch := queue.take(1, lambda kind: 1, 1):
        order += names[id(batch[0].job)]
    return order


def in_a_loop(scenario: Callable[[], None]) -> None:
    async def run() -> None:
        scenario()

    asyncio.run(run())


def test_requests_share_the_workers_by_tokens() -> None:
    def scenario() -> None:
        queue = RequestQueue()
        a, b, c = jobs = [Job[str](Deadline.after(60)) for _ in range(3)]
        names = dict(zip(map(id, jobs), "abc", strict=True))
        queue.add(entries(a, 10, 10, 10, 10))  # ranks 0, 10, 20, 30
        queue.add(entries(b, 5, 15, 5))  # 0, 5, 20
        assert [names[id(queue.take(1, lambda kind: 1, 1)[0].job)] for _ in range(4)] == list("abba")
        queue.add(entries(c, 1, 25, 1))  # 20, half of the 40 tokens taken, because two jobs waited; 21, 46
        assert order_of(queue, names) == "abccac"

    in_a_loop(scenario)


def test_a_second_sentence_goes_before_requests_that_arrive_much_later() -> None:
    def scenario() -> None:
        queue = RequestQueue()
        two = Job[str](Deadline.after(60))
        queue.add(entries(two, 10, 10))  # ranks 0, 10
        for _ in range(5):
            queue.add(entries(Job[str](Deadline.after(60)), 10))
        taken: list[Job[str]] = []
        for _ in range(20):  # another one always arrives
            taken.append(queue.take(1, lambda kind: 1, 1)[0].job)
            queue.add(entries(Job[str](Deadline.after(60)), 10))
        # After the first of six, the time is 10/6, and from then on seven wait: it passes 10 with the seventh. So the
        # second sentence goes after the first, the five already there, and the six that arrived before that.
        assert [place for place, job in enumerate(taken) if job is two] == [0, 12]

    in_a_loop(scenario)


def test_an_entry_that_has_waited_half_of_its_deadline_goes_first() -> None:
    def scenario() -> None:
        queue = RequestQueue()
        document, *short = jobs = [Job[str](Deadline.after(60)) for _ in range(4)]
        names = dict(zip(map(id, jobs), "dxyz", strict=True))
        queue.add(entries(document, 100, 100, 100, since=time.monotonic() - 31))
        for job in short:
            queue.add(entries(job, 1))
        assert order_of(queue, names) == "dddxyz"

    in_a_loop(scenario)


def test_the_queue_counts_only_wanted_entries() -> None:
    def scenario() -> None:
        queue = RequestQueue()
        jobs = [Job[str](Deadline.after(60)) for _ in range(3)]
        for job in jobs:
            queue.add(entries(job, *[5] * 40))
        assert (len(queue), queue.tokens) == (120, 600)
        jobs[0].end()
        queue.remove(jobs[0])
        assert (len(queue), queue.tokens) == (80, 400)
        batch = queue.take(1000, lambda kind: 1, 50)
        assert len(batch) == 50
        assert {id(entry.job) for entry in batch} == set(map(id, jobs[1:]))
        assert (len(queue), queue.tokens) == (30, 150)
        jobs[1].end()
        queue.remove(jobs[1])
        queue.remove(jobs[2])
        assert (len(queue), queue.tokens) == (0, 0)
        assert queue.take(1000, lambda kind: 1, 50) == []

    in_a_loop(scenario)


def test_late_entries_are_skipped_and_not_counted() -> None:
    def scenario() -> None:
        queue = RequestQueue()
        late, other = Job[str](Deadline.after(0)), Job[str](Deadline.after(60))
        queue.add(entries(late, 1, 2, 3))
        queue.add(entries(other, 4))
        [entry] = queue.take(1000, lambda kind: 1, 50)
        assert entry.job is other
        assert (len(queue), queue.tokens) == (0, 0)

    in_a_loop(scenario)


def test_a_few_sentences_are_shared_among_the_workers(make_batcher: Any) -> None:
    engine = Engine(workers=2)
    batcher = make_batcher(engine)
    engine.gate.clear()

    async def scenario() -> list[str]:
        asking = asyncio.create_task(ask(batcher, "a", "b", "c", "d"))
        for _ in range(2):
            await asyncio.to_thread(engine.entered.acquire)
        engine.gate.set()
        return await asking

    assert asyncio.run(scenario()) == ["A", "B", "C", "D"]
    assert sorted(map(len, engine.batches)) == [2, 2]


def test_each_result_arrives_when_it_is_finished(make_batcher: Any) -> None:
    class Slow(Engine):
        def process(self, kind: Hashable, feed: Feed[str, str]) -> None:
            for one in reversed(feed(ANY_NUMBER)):
                one.finish(one.item.upper())
                assert self.gate.wait(PATIENCE_SECONDS)

    engine = Slow()
    engine.gate.clear()
    batcher = make_batcher(engine)

    async def scenario() -> list[tuple[int, str]]:
        arrived = []
        with batcher.job(Deadline.after(PATIENCE_SECONDS)) as job:
            batcher.put(job, "plain", [WorkItem("a", 1), WorkItem("b", 1)])
            for _ in range(2):
                arrived.append(await job.next_result())
                engine.gate.set()
        return arrived

    assert asyncio.run(scenario()) == [(1, "B"), (0, "A")]


def test_a_request_is_turned_away_at_once_if_too_much_waits(engine: Engine, make_batcher: Any) -> None:
    batcher = make_batcher(engine, QueueLimits(batch_tokens=4, max_queued_tokens=8))
    fits, too_much = ask(batcher, "1234"), ask(batcher, "5678", "9")
    first, second, third = asyncio.run(while_busy(engine, batcher, [fits, too_much, ask(batcher, "abcd")]))
    assert (first, third) == (["1234"], ["ABCD"])
    assert isinstance(second, QueueFull)
    assert "4 tokens are already waiting, and this request would exceed the limit of 8" in str(second)
    assert second.retry_after_seconds is not None
    assert ["5678"] not in engine.batches


def test_a_list_counts_as_its_texts_one_by_one(engine: Engine, make_batcher: Any) -> None:
    batcher = make_batcher(engine, QueueLimits(batch_tokens=4, max_queued_tokens=8))
    one_by_one = asyncio.run(while_busy(engine, batcher, [ask(batcher, "abcd") for _ in range(3)]))
    together = asyncio.run(while_busy(engine, batcher, [ask(batcher, "abcd", "efgh"), ask(batcher, "abcd")]))
    assert [isinstance(one, QueueFull) for one in one_by_one] == [False, False, True]
    assert [isinstance(one, QueueFull) for one in together] == [False, True]


def test_an_empty_queue_takes_a_request_of_any_size(engine: Engine, make_batcher: Any) -> None:
    batcher = make_batcher(engine, QueueLimits(batch_tokens=4, max_queued_tokens=8))
    assert asyncio.run(ask(batcher, "x" * 100)) == ["X" * 100]


def admission(max_wait_seconds: float = 3.0, **more: Any) -> Admission:
    """For one worker that does 100 tokens a second."""
    limits = {"batch_tokens": 1, "max_queued_tokens": 10_000, **more}
    made = Admission(QueueLimits(**limits, max_wait_seconds=max_wait_seconds), workers=1)
    made.speed.add(100, 1.0)
    return made


def queue_of(*tokens: int) -> RequestQueue:
    """A queue with a job for each number of tokens, in sentences of ten."""
    queue = RequestQueue()
    for count in tokens:
        queue.add(entries(Job[str](Deadline.after(60)), *[10] * (count // 10)))
    return queue


def test_tokens_before_a_request_are_as_many_of_each_other_job_and_one_sentence() -> None:
    def scenario() -> None:
        queue = queue_of(1000, 10, 30)
        assert [queue.tokens_before(tokens) for tokens in (1, 15, 500, 5000)] == [32, 60, 550, 1040]
        queue.reserve(Job[str](Deadline.after(60)), 700)  # not in the queue yet
        assert queue.tokens_before(15) == 75

    in_a_loop(scenario)


def test_a_request_that_would_wait_too_long_is_turned_away() -> None:
    def scenario() -> None:
        minute, documents = Deadline.after(60), queue_of(1000, 1000)
        admission().check_wait(documents, 140, 1, minute)  # 300 tokens go before: three seconds
        with pytest.raises(QueueFull, match=r"wait about 3\.2 seconds; the limit is 3\.0") as full:
            admission().check_wait(documents, 150, 1, minute)
        assert full.value.retry_after_seconds == 4
        admission().check_wait(queue_of(*[10] * 30), 10, 1, minute)
        with pytest.raises(QueueFull):
            admission().check_wait(queue_of(*[10] * 31), 10, 1, minute)
        admission().check_wait(queue_of(), 100_000, 1, minute)

    in_a_loop(scenario)


def test_a_large_request_may_wait_as_long_as_its_own_work_takes() -> None:
    def scenario() -> None:
        minute = Deadline.after(60)
        admission().check_wait(queue_of(1000), 1000, 1, minute)
        with pytest.raises(QueueFull, match=r"about 20\.0 seconds; the limit is 10\.0"):
            admission().check_wait(queue_of(1000, 1000), 1000, 1, minute)

    in_a_loop(scenario)


def test_a_request_waits_for_at_most_half_of_its_deadline() -> None:
    def scenario() -> None:
        documents = queue_of(1000, 1000)
        admission().check_wait(documents, 30, 1, Deadline.after(2))
        for tokens, told in ((60, "1.4"), (400, "8.2")):
            with pytest.raises(QueueFull, match=rf"about {told} seconds; the limit is 1\.0"):
                admission().check_wait(documents, tokens, 1, Deadline.after(2))

    in_a_loop(scenario)


def test_work_that_fits_the_next_batches_does_not_count_as_a_wait() -> None:
    def scenario() -> None:
        roomy = admission(max_wait_seconds=0.01, batch_tokens=1600)
        roomy.check_wait(queue_of(1000, 1000), 190, 4, Deadline.after(60))
        with pytest.raises(QueueFull):
            roomy.check_wait(queue_of(1000, 1000), 200, 4, Deadline.after(60))

    in_a_loop(scenario)


def test_the_speed_by_hand() -> None:
    speed = Speed(workers=2)
    assert speed.tokens_per_second == 1000  # a guess
    speed.add(10, 1.0)
    assert speed.tokens_per_second == pytest.approx(20)
    speed.add(10, 1.0)
    speed.add(1000, 1.0)
    # The first two weigh a hundredth: 0.95 · (0.95 · 0.1 + 0.1) + 1000 tokens in 0.95 · (0.95 · 0.01 + 0.01) + 1 s.
    assert speed.tokens_per_second == pytest.approx(2 * 1000.18525 / 1.018525)


def test_cancelled_and_failed_work_does_not_make_the_workers_look_slow(
    engine: Engine, make_batcher: Any
) -> None:
    batcher = make_batcher(engine)
    engine.errors["bad"] = ValueError("culprit")

    async def speed() -> float:
        while batcher._busy_workers:
            await asyncio.sleep(0.001)
        return float(batcher._admission.speed.tokens_per_second)

    async def scenario() -> None:
        await ask(batcher, "first")
        before = await speed()
        engine.gate.clear()
        with pytest.raises(DeadlineExceeded):
            await ask(batcher, "late", deadline=0.1)
        assert await asyncio.to_thread(engine.left_early.wait, PATIENCE_SECONDS)
        engine.gate.set()
        with pytest.raises(ValueError, match="culprit"):
            await ask(batcher, "bad")
        assert await speed() == before

    asyncio.run(scenario())


def test_a_text_that_is_being_read_counts_as_waiting(engine: Engine, make_batcher: Any) -> None:
    batcher = make_batcher(engine, QueueLimits(batch_tokens=4, max_queued_tokens=8))
    later = Deadline.after(PATIENCE_SECONDS)

    async def scenario() -> None:
        with batcher.job(later) as job:
            batcher.reserve(job, "plain", 100)  # nothing waits, so it may have any length
            assert (batcher.waiting_tokens, batcher.waiting_sentences) == (100, 0)
            with pytest.raises(QueueFull):
                await ask(batcher, "a")
            batcher.put(job, "plain", [WorkItem("ab", 2)])
            assert (await job.next_result())[1] == "AB"
        with batcher.job(later) as job:
            batcher.reserve(job, "plain", 5)
        assert batcher.waiting_tokens == 0
        assert await ask(batcher, "a") == ["A"]

    asyncio.run(scenario())


def test_requests_are_refused_unread_if_many_wait(engine: Engine, make_batcher: Any) -> None:
    """At 1,000 tokens a second, assumed before any measurement, 3,000 tokens of others may go before."""
    batcher = make_batcher(engine, QueueLimits(batch_tokens=1, max_queued_tokens=10_000, max_wait_seconds=3))

    async def scenario() -> None:
        engine.gate.clear()
        batcher.check_admission("plain")
        asking = [asyncio.create_task(ask(batcher, f"{number:0100}")) for number in range(31)]
        await asyncio.to_thread(engine.entered.acquire)
        assert batcher.waiting_tokens == 3000
        batcher.check_admission("plain")
        asking.append(asyncio.create_task(ask(batcher, "x" * 200)))
        await asyncio.sleep(0.01)
        with pytest.raises(QueueFull, match=r"about 3\.2 seconds; the limit is 3\.0"):
            batcher.check_admission("plain")
        with pytest.raises(QueueFull), batcher.job(Deadline.after(PATIENCE_SECONDS), "plain"):
            pass
        batcher.check_admission()
        engine.gate.set()
        await asyncio.gather(*asking)

    asyncio.run(scenario())


def test_the_time_to_empty_the_queue(engine: Engine, make_batcher: Any) -> None:
    batcher = make_batcher(engine)
    batcher._admission.speed.add(100, 1.0)

    async def scenario() -> None:
        with batcher.job(Deadline.after(PATIENCE_SECONDS)) as job:
            batcher.reserve(job, "plain", 250)
            assert batcher.wait_seconds == pytest.approx(2.5)

    asyncio.run(scenario())
    assert batcher.wait_seconds == 0


def test_a_job_longer_than_expected_is_checked_again(engine: Engine, make_batcher: Any) -> None:
    batcher = make_batcher(engine, QueueLimits(batch_tokens=4, max_queued_tokens=8))
    later = Deadline.after(PATIENCE_SECONDS)

    async def scenario() -> None:
        with batcher.job(later) as waits, batcher.job(later) as right, batcher.job(later) as wrong:
            batcher.reserve(waits, "plain", 4)
            batcher.reserve(right, "plain", 2)
            batcher.reserve(wrong, "plain", 2)
            batcher.put(right, "plain", [WorkItem("ab", 2)])
            assert (await right.next_result())[1] == "AB"
            with pytest.raises(QueueFull):
                batcher.put(wrong, "plain", [WorkItem("abcde", 5)])

    asyncio.run(scenario())


def test_a_request_being_read_while_the_workers_stop_does_not_wait_for_ever(
    engine: Engine, make_batcher: Any
) -> None:
    batcher = make_batcher(engine)

    async def scenario() -> None:
        with batcher.job(Deadline.after(PATIENCE_SECONDS)) as job:
            batcher.reserve(job, "plain", 2)
            await asyncio.to_thread(batcher.close, 0)
            with pytest.raises(WorkerUnavailable):
                batcher.put(job, "plain", [WorkItem("ab", 2)])

    asyncio.run(scenario())


def test_a_cancelled_request_leaves_the_queue_and_makes_room(engine: Engine, make_batcher: Any) -> None:
    async def scenario() -> list[str]:
        engine.gate.clear()
        busy = asyncio.create_task(ask(batcher, "busy"))
        await asyncio.to_thread(engine.entered.acquire)
        leaving = asyncio.create_task(ask(batcher, "leaves"))
        await asyncio.sleep(0.01)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        staying = asyncio.create_task(ask(batcher, "stays"))
        await asyncio.sleep(0.01)
        engine.gate.set()
        await busy
        return await staying

    metrics = Metrics()
    batcher = make_batcher(engine, QueueLimits(batch_tokens=100, max_queued_tokens=8), metrics=metrics)
    assert asyncio.run(scenario()) == ["STAYS"]
    assert engine.batches == [["busy"], ["stays"]]
    assert value(metrics, "translator_dropped_sentences_total", reason="client_left") == 1


def test_unwanted_work_is_stopped_while_it_is_in_progress(engine: Engine, make_batcher: Any) -> None:
    async def scenario() -> None:
        engine.gate.clear()
        leaving = [asyncio.create_task(ask(batcher, f"leaves {number}")) for number in range(3)]
        await asyncio.to_thread(engine.entered.acquire)
        for one in leaving:
            one.cancel()
        assert await asyncio.to_thread(engine.left_early.wait, PATIENCE_SECONDS)

    batcher = make_batcher(engine)
    asyncio.run(scenario())
    engine.gate.set()
    assert asyncio.run(ask(batcher, "next")) == ["NEXT"]


def test_a_missed_deadline_is_reported_in_time_and_its_work_not_decoded(
    engine: Engine, make_batcher: Any
) -> None:
    async def scenario() -> float:
        engine.gate.clear()
        busy = asyncio.create_task(ask(batcher, "busy"))
        await asyncio.to_thread(engine.entered.acquire)
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded, match=r"within 0\.5 seconds"):
            await ask(batcher, "late", deadline=0.5)
        taken = time.monotonic() - started
        engine.gate.set()
        await busy
        await ask(batcher, "after")
        return taken

    metrics = Metrics()
    batcher = make_batcher(engine, metrics=metrics)
    assert 0.5 <= asyncio.run(scenario()) < 5  # tests/hard checks a longer deadline to ± 10 %
    assert engine.batches == [["busy"], ["after"]]
    assert value(metrics, "translator_dropped_sentences_total", reason="deadline") == 1


def test_a_sentence_found_late_in_the_queue_is_counted(engine: Engine, make_batcher: Any) -> None:
    metrics = Metrics()
    batcher = make_batcher(engine, metrics=metrics)

    async def scenario() -> None:
        engine.gate.clear()
        busy = asyncio.create_task(ask(batcher, "busy"))
        await asyncio.to_thread(engine.entered.acquire)
        with batcher.job(Deadline.after(0.1)) as job:
            batcher.put(job, "plain", [WorkItem("late", 4)])
            time.sleep(0.2)  # blocks the loop, which would otherwise notice the deadline first
            engine.gate.set()
            while batcher._busy_workers or batcher.waiting_sentences:
                time.sleep(0.01)
        await busy

    asyncio.run(scenario())
    assert value(metrics, "translator_dropped_sentences_total", reason="deadline") == 1


def test_a_sentence_dropped_late_by_the_worker_is_counted(engine: Engine, make_batcher: Any) -> None:
    metrics = Metrics()
    batcher = make_batcher(engine, metrics=metrics)

    async def scenario() -> None:
        engine.gate.clear()
        late = asyncio.create_task(ask(batcher, "late", deadline=0.2))
        await asyncio.to_thread(engine.entered.acquire)
        time.sleep(0.4)
        while batcher._busy_workers:
            time.sleep(0.01)
        with pytest.raises(DeadlineExceeded):
            await late

    asyncio.run(scenario())
    assert value(metrics, "translator_dropped_sentences_total", reason="deadline") == 1


def test_a_clients_mistake_is_not_counted_as_a_failure(engine: Engine, make_batcher: Any) -> None:
    engine.errors["bad"] = InputError("no text")
    metrics = Metrics()
    batcher = make_batcher(engine, metrics=metrics)
    with pytest.raises(InputError):
        asyncio.run(ask(batcher, "good", "bad"))
    assert value(metrics, "translator_failed_sentences_total") == 0


@pytest.mark.parametrize("bad", [0, 1, 17, 31])
def test_one_bad_sentence_of_32_fails_alone(engine: Engine, make_batcher: Any, bad: int) -> None:
    texts = [f"text {number:02}" for number in range(32)]
    engine.errors[texts[bad]] = ValueError("culprit")
    metrics = Metrics()
    batcher = make_batcher(engine, metrics=metrics)
    results = asyncio.run(while_busy(engine, batcher, [ask(batcher, text) for text in texts]))
    assert isinstance(results.pop(bad), ValueError)
    assert results == [[text.upper()] for text in texts if text != texts[bad]]
    assert max(map(engine.batches.count, engine.batches)) == 1
    assert len(engine.batches) <= 1 + 1 + 2 * 5  # the busy one, all, and repeated halves
    assert value(metrics, "translator_failed_sentences_total") == 1


def test_a_batch_out_of_memory_is_halved_and_later_ones_are_smaller(
    engine: Engine, make_batcher: Any
) -> None:
    engine.most_characters = 8
    batcher = make_batcher(engine, QueueLimits(batch_tokens=16, max_queued_tokens=1000))
    texts = [f"{number:04}" for number in range(4)]
    assert asyncio.run(while_busy(engine, batcher, [ask(batcher, *texts)])) == [texts]
    assert list(map(len, engine.batches[1:])) == [4, 2, 2]
    asyncio.run(while_busy(engine, batcher, [ask(batcher, *texts)]))
    assert list(map(len, engine.batches[5:])) == [2, 2]


def test_one_sentence_out_of_memory_fails_and_the_others_continue(engine: Engine, make_batcher: Any) -> None:
    engine.most_characters = 8
    batcher = make_batcher(engine)
    with pytest.raises(OutOfMemory):
        asyncio.run(ask(batcher, "much too long"))
    assert asyncio.run(ask(batcher, "short")) == ["SHORT"]


def test_an_engine_that_forgets_a_sentence_causes_an_error_and_nobody_waits(make_batcher: Any) -> None:
    class Forgetful(Engine):
        def process(self, kind: Hashable, feed: Feed[str, str]) -> None:
            for one in feed(ANY_NUMBER):
                if one.item != "forgotten":
                    one.finish(one.item.upper())

    batcher = make_batcher(Forgetful())
    with pytest.raises(RuntimeError, match="no result for 1 of"):
        asyncio.run(ask(batcher, "a", "forgotten"))
    assert asyncio.run(ask(batcher, "a")) == ["A"]


def test_when_a_worker_dies_nobody_is_left_waiting(make_batcher: Any) -> None:
    engine, died = Engine(workers=2), threading.Event()
    batcher = make_batcher(engine, on_death=lambda _: died.set())
    engine.errors["kills"] = SystemExit()

    async def scenario() -> list[Any]:
        engine.gate.clear()
        asking = [asyncio.create_task(ask(batcher, text)) for text in ("kills", "beside it", "waits", "too")]
        for _ in range(2):
            await asyncio.to_thread(engine.entered.acquire)
        engine.gate.set()
        return await asyncio.gather(*asking, return_exceptions=True)

    outcomes = asyncio.run(scenario())
    assert isinstance(outcomes[0], WorkerUnavailable)
    assert all(isinstance(one, WorkerUnavailable) or one == ["BESIDE IT"] for one in outcomes[:2])
    assert died.wait(PATIENCE_SECONDS)
    assert not batcher.is_running
    with pytest.raises(WorkerUnavailable):
        asyncio.run(ask(batcher, "later"))


def test_closing_finishes_waiting_requests_and_accepts_no_more(engine: Engine, make_batcher: Any) -> None:
    async def scenario() -> list[str]:
        engine.gate.clear()
        busy = asyncio.create_task(ask(batcher, "busy"))
        await asyncio.to_thread(engine.entered.acquire)
        waiting = asyncio.create_task(ask(batcher, "waits"))
        await asyncio.sleep(0.01)
        closing = asyncio.create_task(asyncio.to_thread(batcher.close, PATIENCE_SECONDS))
        while batcher.is_running:
            await asyncio.sleep(0.001)
        with pytest.raises(WorkerUnavailable):
            await ask(batcher, "late")
        engine.gate.set()
        await closing
        await busy
        return await waiting

    batcher = make_batcher(engine)
    assert asyncio.run(scenario()) == ["WAITS"]


def test_closing_fails_requests_that_do_not_finish_in_time(engine: Engine, make_batcher: Any) -> None:
    async def scenario() -> None:
        engine.gate.clear()
        busy = asyncio.create_task(ask(batcher, "busy"))
        await asyncio.to_thread(engine.entered.acquire)
        await asyncio.to_thread(batcher.close, 0.01)
        with pytest.raises(WorkerUnavailable, match="shut down"):
            await busy

    batcher = make_batcher(engine)
    asyncio.run(scenario())


def test_a_repeated_sentence_is_cached_by_kind_and_text(engine: Engine, make_batcher: Any) -> None:
    metrics = Metrics()
    batcher = make_batcher(engine, cached=2, metrics=metrics)
    for kind, text in (("x", "a"), ("x", "a"), ("y", "a"), ("x", "a"), ("x", "b"), ("y", "a"), ("x", "a")):
        assert asyncio.run(ask(batcher, text, kind=kind)) == [text.upper()]
    # From the cache: the second and the fourth. Then "b" evicted y's "a", which then evicted x's "a".
    assert engine.batches == [["a"], ["a"], ["b"], ["a"], ["a"]]
    assert value(metrics, "translator_cache_hits_total") == 2
    assert value(metrics, "translator_cache_misses_total") == 5


def test_a_sentence_repeated_in_a_request_is_decoded_once(engine: Engine, make_batcher: Any) -> None:
    metrics = Metrics()
    batcher = make_batcher(engine, cached=10, metrics=metrics)
    assert asyncio.run(ask(batcher, "a", "b", "a", "a")) == ["A", "B", "A", "A"]
    assert sorted(engine.batches[0]) == ["a", "b"]
    assert asyncio.run(ask(batcher, "a", "c", "a")) == ["A", "C", "A"]
    assert value(metrics, "translator_cache_hits_total") == 1  # looked up once
    assert value(metrics, "translator_cache_misses_total") == 3


def test_a_refused_request_does_not_count_in_the_cache_metrics(engine: Engine, make_batcher: Any) -> None:
    metrics = Metrics()
    limits = QueueLimits(batch_tokens=4, max_queued_tokens=8)
    batcher = make_batcher(engine, limits, cached=10, metrics=metrics)
    asyncio.run(ask(batcher, "known"))
    requests = [ask(batcher, "1234"), ask(batcher, "known", "567", "89")]
    assert isinstance(asyncio.run(while_busy(engine, batcher, requests))[1], QueueFull)
    assert value(metrics, "translator_cache_hits_total") == 0
    assert value(metrics, "translator_cache_misses_total") == 3  # "known", "busy" and "1234"


def test_after_running_out_of_memory_batches_grow_again(engine: Engine, make_batcher: Any) -> None:
    engine.most_characters = 8
    batcher = make_batcher(engine, QueueLimits(batch_tokens=16, max_queued_tokens=1000))
    texts = [f"{number:04}" for number in range(4)]
    asyncio.run(while_busy(engine, batcher, [ask(batcher, *texts)]))
    engine.most_characters = 1000
    for _ in range(10):
        asyncio.run(while_busy(engine, batcher, [ask(batcher, *texts)]))
    assert len(engine.batches[-1]) == 4


def test_a_failed_try_keeps_nothing_of_the_engine_alive(make_batcher: Any) -> None:
    """Neither in memory while the halves are tried, nor in another request's error."""
    alive: list[int] = []

    class Big:
        pass

    class Failing(Engine):
        def process(self, kind: Hashable, feed: Feed[str, str]) -> None:
            alive.append(len(self.held))
            big = Big()
            self.held.add(big)
            raise ValueError(f"quotes {[one.item for one in feed(ANY_NUMBER)]}")

        held: ClassVar[weakref.WeakSet[Big]] = weakref.WeakSet()

    engine = Failing()
    batcher = make_batcher(engine)

    async def scenario() -> list[Any]:
        asking = [asyncio.create_task(ask(batcher, text)) for text in ("one", "two", "three", "four")]
        return await asyncio.gather(*asking, return_exceptions=True)

    errors = asyncio.run(scenario())
    for error in errors:
        assert isinstance(error, ValueError)
        assert error.__context__ is None
    # The errors of failed requests still hold their objects; earlier tries do not.
    assert max(alive) <= 3


def test_when_a_worker_dies_entries_waiting_for_another_try_fail_too(make_batcher: Any) -> None:
    """Four requests fail together, and the first half kills the worker while the second one waits for its try."""

    class Dying(Engine):
        def process(self, kind: Hashable, feed: Feed[str, str]) -> None:
            taken = feed(ANY_NUMBER)
            if len(taken) == 4:
                raise ValueError("a mistake")
            if len(taken) == 2:
                raise SystemExit
            self.entered.release()
            assert self.gate.wait(PATIENCE_SECONDS)
            for one in taken:
                one.finish(one.item.upper())

    engine = Dying()
    batcher = make_batcher(engine)
    requests = [ask(batcher, text, kind="other", deadline=5) for text in "abcd"]
    outcomes = asyncio.run(while_busy(engine, batcher, requests))
    assert [type(one) for one in outcomes] == [WorkerUnavailable] * 4


def test_nothing_is_cached_if_the_cache_is_off(engine: Engine, make_batcher: Any) -> None:
    batcher = make_batcher(engine, cached=0)
    asyncio.run(ask(batcher, "a"))
    asyncio.run(ask(batcher, "a"))
    assert engine.batches == [["a"], ["a"]]


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)
