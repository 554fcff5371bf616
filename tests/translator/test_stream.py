import itertools
import threading

import numpy as np
import pytest
import torch

from translator.config import AugmentationConfig
from translator.data.batching import TokenBudgetBatches
from translator.data.shards import PreparedCorpus
from translator.training import Processes
from translator.training.stream import prefetch, updates


@pytest.fixture
def batches(prepared):
    return TokenBudgetBatches(
        prepared, batch_tokens=128, max_tokens_per_side=64, seed=3,
        augmentation=AugmentationConfig(typos=0.5),
    )  # fmt: skip


def as_lists(batch):
    return batch.source_BS.tolist(), batch.target_output_BT.tolist()


@pytest.mark.parametrize(("count", "accumulation_steps"), [(1, 1), (2, 1), (3, 2)])
def test_all_processes_together_see_each_batch_once_in_the_order_of_one(batches, count, accumulation_steps):
    """Also across the end of an epoch, which is not at a multiple of six batches."""
    number = batches.batch_count(0) + 7
    expected = [as_lists(batch) for batch in itertools.chain(batches.batches(0), batches.batches(1))][:number]
    streams = [updates(batches, 0, 0, accumulation_steps, Processes(rank, count)) for rank in range(count)]
    seen = []
    while len(seen) < number:
        parts = [next(stream).batches for stream in streams]
        assert [len(part) for part in parts] == [accumulation_steps] * count
        seen += [as_lists(part[turn]) for turn in range(accumulation_steps) for part in parts]
    assert seen[:number] == expected


class Watched:
    """The ids of a corpus on a disk; it notes which of them are read."""

    def __init__(self, ids_N):
        self.ids_N, self.read = ids_N, set()

    def __len__(self):
        return len(self.ids_N)

    def __getitem__(self, places):
        self.read.update(np.arange(len(self.ids_N))[places].tolist())
        return self.ids_N[places]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_each_process_reads_only_its_own_part_of_a_corpus_and_together_they_read_all(count):
    """No node has to hold the corpus: the ids stay where they are, on a shared volume, until a batch needs them."""
    random = np.random.default_rng(7)
    lengths_P2 = random.integers(1, 9, (300, 2), dtype=np.uint16)
    ids_N = random.integers(4, 60_000, lengths_P2.sum(), dtype=np.uint16)
    read = []
    for rank in range(count):
        watched = Watched(ids_N)
        corpus = PreparedCorpus("news", watched, lengths_P2)
        batches = TokenBudgetBatches([corpus], batch_tokens=64, max_tokens_per_side=16, seed=3)
        assert not watched.read  # planning an epoch needs only the lengths
        number = batches.batch_count(0)
        assert not watched.read
        stream = updates(batches, 0, 0, 1, Processes(rank, count))
        for update in itertools.islice(stream, number // count):
            assert update.batches
        read.append(watched.read)
    left_over = {
        place for batch in range(number - number % count, number) for place in places_of(batches, batch)
    }
    assert sum(map(len, read)) == len(set().union(*read))  # no place is read by two
    assert set().union(*read) | left_over == set(range(len(ids_N)))
    assert max(map(len, read)) <= 1.2 * len(ids_N) / count


def places_of(batches, index):
    """The places of a batch's ids."""
    (corpus,) = batches._corpora
    watched = corpus._tokens_N
    watched.read = set()
    batches.batch(0, index)
    return watched.read


def test_an_update_gives_the_position_of_the_next_one(batches):
    count = batches.batch_count(0)
    stream = updates(batches, 0, 0, 1, Processes())
    places = [(update.next_epoch, update.next_batch) for update in itertools.islice(stream, count + 1)]
    assert places == [*((0, batch) for batch in range(1, count)), (1, 0), (1, 1)]
    for epoch, batch in ((0, 2), (0, count - 1), (1, 0)):
        again = next(updates(batches, epoch, batch, 1, Processes()))
        assert as_lists(again.batches[0]) == as_lists(batches.batch(epoch, batch))


@pytest.mark.parametrize("count", [0, 1, 5])
def test_prefetching_changes_nothing_but_the_time(batches, count):
    plain = itertools.islice(updates(batches, 0, 0, 2, Processes()), 12)
    ahead = prefetch(updates(batches, 0, 0, 2, Processes()), count)
    for expected, found in zip(plain, ahead, strict=False):
        assert [as_lists(batch) for batch in found.batches] == [as_lists(batch) for batch in expected.batches]
    ahead.close()


def test_a_thread_makes_items_while_the_caller_works():
    made = threading.Semaphore(0)

    def items():
        for number in itertools.count():
            made.release()
            yield number

    ahead = prefetch(items(), 3)
    assert next(ahead) == 0
    for _ in range(4):  # the one in hand and the three ahead
        assert made.acquire(timeout=10)
    ahead.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("batches")]


def test_an_error_in_the_thread_reaches_the_caller():
    def items():
        yield 1
        raise OSError("the disk is gone")

    ahead = prefetch(items(), 2)
    assert next(ahead) == 1
    with pytest.raises(OSError, match="the disk is gone"):
        next(ahead)


def test_a_single_process_sums_and_gathers_only_its_own_values():
    alone = Processes()
    assert alone.sum([1.5, True]) == [1.5, 1]
    assert torch.equal(*alone.gather(torch.arange(3)), torch.arange(3))
