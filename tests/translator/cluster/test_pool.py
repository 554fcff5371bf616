"""The pool, with actors of this process that die."""

import random
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray.exceptions import ActorDiedError

from tests.translator.cluster.fake_ray import FakeRay
from translator.cluster.inputs import Shard
from translator.cluster.pool import Piece, Pool
from translator.cluster.worker import Output
from translator.errors import ConfigError, TranslatorError


class Echo:
    """A worker whose results are its rows."""

    def start(self):
        return {"model": "echo"}

    def process(self, rows):
        return Output(b"".join(rows), [])


def pool_of(fake, kind=Echo, most=5, check=lambda described: None):
    def make_actor():
        return fake.remote(kind).options(num_cpus=1, num_gpus=0, max_restarts=0).remote()

    return Pool(make_actor, lambda: fake.cores, most, check)


def pieces_of(sizes):
    numbers = iter(range(sum(sizes)))
    for shard, size in enumerate(sizes):
        yield Piece(Shard(shard, "file", 1, size), 0, [b"%d\n" % next(numbers) for _ in range(size)])


@given(
    sizes=st.lists(st.integers(1, 9), max_size=8),
    cores=st.integers(1, 4),
    fatal=st.sets(st.integers(0, 40), max_size=3),
    seed=st.integers(0, 1000),
)
def test_each_row_is_computed_once_whatever_dies(sizes, cores, fatal, seed):
    generator = random.Random(seed)
    deadly = {b"%d\n" % number for number in fatal}

    def dies(rows):
        return not deadly.isdisjoint(rows) or (len(rows) > 1 and generator.random() < 0.3)

    fake = FakeRay(cores, dies, seed)
    with patch("translator.cluster.pool.ray", fake), patch("time.sleep"):
        results = list(pool_of(fake).run(pieces_of(sizes)))
    rows = {b"%d\n" % number for number in range(sum(sizes))}
    computed = [row for _, output in results if output for row in output.content.splitlines(keepends=True)]
    assert sorted(computed) == sorted(rows - deadly)
    assert sorted(row for piece, output in results if not output for row in piece.rows) == sorted(
        rows & deadly
    )
    whole = [row for piece in pieces_of(sizes) for row in piece.rows]
    starts = {shard: sum(sizes[:shard]) for shard in range(len(sizes))}
    for piece, _ in results:  # the place says which rows of the shard they are
        first = starts[piece.shard.number] + piece.place
        assert piece.rows == whole[first : first + len(piece.rows)]


def test_only_two_pieces_per_actor_are_read_ahead():
    taken = []

    def pieces():
        for piece in pieces_of([1] * 100):
            taken.append(piece)
            yield piece

    fake = FakeRay(3)
    with patch("translator.cluster.pool.ray", fake):
        results = pool_of(fake).run(pieces())
        for done in range(1, 50):
            next(results)
            assert len(taken) <= done + 2 * 3


def test_new_nodes_get_work_but_no_more_actors_than_there_are_shards():
    fake = FakeRay(1)
    with patch("translator.cluster.pool.ray", fake), patch("translator.cluster.pool._SECONDS_PER_LOOK", 0):
        results = pool_of(fake, most=3).run(pieces_of([1] * 20))
        next(results)
        assert fake.actors == 1
        fake.cores = 9
        assert len(list(results)) == 19
    assert fake.actors == 3


def test_workers_that_die_while_they_start_end_the_job():
    class Dying(Echo):
        def start(self):
            raise ActorDiedError

    fake = FakeRay(1)
    with (
        patch("translator.cluster.pool.ray", fake),
        pytest.raises(TranslatorError, match="5 workers died while they loaded the model"),
    ):
        pool_of(fake, Dying).start()
    assert fake.actors == 5


def test_what_an_actor_raises_deliberately_and_what_the_check_raises_end_the_job():
    class Refusing(Echo):
        def start(self):
            raise ConfigError("unknown model")

    def check(described):
        raise ConfigError(f"not {described['model']}")

    fake = FakeRay(1)
    with patch("translator.cluster.pool.ray", fake):
        with pytest.raises(ConfigError, match="unknown model"):
            pool_of(fake, Refusing).start()
        with pytest.raises(ConfigError, match="not echo"):
            pool_of(fake, check=check).start()
