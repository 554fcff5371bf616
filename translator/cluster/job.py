"""A corpus job: read, compute on the cluster, write; and go on after an interruption."""

import logging
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import ray

from translator.cluster.formats import Columns, Format
from translator.cluster.inputs import InputFile, Shard, plan, read_shards
from translator.cluster.outputs import OutputFolder
from translator.cluster.pool import Piece, Pool
from translator.cluster.worker import ROWS_AT_ONCE, Failure, Output, Work, Worker
from translator.errors import ConfigError
from translator.machine.processor import usable_cores

_USUAL_SHARDS = 10_000
"""A large corpus gets larger shards rather than more of them, apart from the last one of each file."""
_OBJECT_STORE_BYTES = 256 << 20
"""Of a cluster on this machine; it holds the shards that are on their way to workers."""


class Progress(NamedTuple):
    """How many rows are done, and how many of those failed."""

    rows: int
    failed: int


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Connect to a cluster, by default that of RAY_ADDRESS; without one, start one on this machine for the time being.

    Raises ConfigError if the cluster cannot be reached.
    """
    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # or it reports to its makers
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # the coming default; else it warns
    address = address or os.environ.get("RAY_ADDRESS", "local")
    own: dict[str, Any] = {
        "num_cpus": usable_cores(),
        "object_store_memory": _OBJECT_STORE_BYTES,
        "include_dashboard": False,
    }
    try:
        ray.init(
            address, log_to_driver=False, logging_level=logging.ERROR, **(own if address == "local" else {})
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ConfigError(f"cannot use the Ray cluster at {address}: {error}; check --address") from error
    try:
        yield
    finally:
        ray.shutdown()


def total(resource: Literal["CPU", "GPU"]) -> int:
    """Return how many cores or GPUs the cluster has."""
    return int(ray.cluster_resources().get(resource, 0))  # type: ignore[no-untyped-call]  # has no annotations


@dataclass(frozen=True)
class CorpusJob:
    """What to compute for which files."""

    work: Work
    format: Format
    columns: Columns
    files: Sequence[InputFile]
    workers: int
    """Maximum number of workers; 0 is one for each GPU or core of the cluster."""
    on_gpu: bool
    """Whether each worker has a GPU."""

    @property
    def rows(self) -> int:
        """The number of rows of all files."""
        return sum(file.rows for file in self.files)

    @property
    def rows_per_shard(self) -> int:
        """As many rows as are computed together, or a multiple."""
        return ROWS_AT_ONCE * max(1, round(self.rows / _USUAL_SHARDS / ROWS_AT_ONCE))

    def run(self, output: OutputFolder) -> Generator[Progress]:
        """Do all shards that `output` lacks, on a cluster that is `connected`; yields the progress after each.

        Raises ConfigError if `output` is that of another job or if workers have different models, DataError if a file
        has changed, and what the work raises if it cannot be done at all.
        """
        described: dict[str, Any] = {}

        def check(other: dict[str, Any]) -> None:
            if other != (described or other):
                names = ", ".join(name for name in other if other[name] != described.get(name))
                raise ConfigError(f"workers differ in their {names}; give all nodes the same models and GPUs")
            described.update(other)

        shards = sum(1 for _ in plan(self.files, self.rows_per_shard))
        pool = Pool(self._make_actor, self._capacity, max(1, shards), check)
        with output.opened(), closing(pool):
            pool.start()
            made_from = {**described, "columns": list(self.columns)}
            if output.begin(made_from, self.files, self.rows_per_shard):
                yield from self._compute(pool, output)
                output.finish()

    def _compute(self, pool: Pool, output: OutputFolder) -> Iterator[Progress]:
        shards = read_shards(self.files, self.format, self.rows_per_shard, set(output.finished))
        parts: dict[Shard, list[tuple[Piece, Output]]] = {}
        progress = Progress(
            sum(record["rows"] for record in output.finished.values()),
            sum(record["failed_rows"] for record in output.finished.values()),
        )
        yield progress
        for piece, result in pool.run(Piece(shard, 0, rows) for shard, rows in shards):
            some = parts.setdefault(piece.shard, [])
            some.append((piece, result or self._fatal(piece)))
            if sum(len(part.rows) for part, _ in some) == piece.shard.rows:
                failed = self._write(parts.pop(piece.shard), output)
                progress = Progress(progress.rows + piece.shard.rows, progress.failed + failed)
                yield progress

    def _fatal(self, piece: Piece) -> Output:
        reason = "its worker died, again and again; perhaps memory ran out"
        return Output(self.format.write(piece.rows, [None]), [Failure(0, reason)])

    def _write(self, parts: list[tuple[Piece, Output]], output: OutputFolder) -> int:
        """Write a shard; returns how many of its rows failed."""
        parts.sort(key=lambda part: part[0].place)
        shard = parts[0][0].shard
        failures = [
            {
                "file": shard.file,
                "row": shard.first_row + piece.place + failure.place,
                "reason": failure.reason,
                "content": self.format.shown(piece.rows, failure.place),
            }
            for piece, result in parts
            for failure in result.failures
        ]
        contents = [result.content for _, result in parts]
        output.write(shard, contents[0] if len(contents) == 1 else self.format.join(contents), failures)
        return len(failures)

    def _make_actor(self) -> Any:
        actor = ray.remote(Worker).options(num_cpus=1, num_gpus=int(self.on_gpu), max_restarts=0)
        return actor.remote(self.work, self.format, self.columns)

    def _capacity(self) -> int:
        return self.workers or total("GPU" if self.on_gpu else "CPU")
