"""Keep actors busy with pieces of shards. What a lost actor had is done again by another."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from translator.cluster.formats import Rows
from translator.cluster.inputs import Shard
from translator.cluster.worker import Output
from translator.errors import TranslatorError

_PIECES_AHEAD = 2
"""Pieces per actor: one that it computes, and one that waits, so that it is never idle."""
_LOSSES = 2
"""How many actors a piece may cost before it is halved, and how many a row may cost."""
_START_LOSSES = 5
"""How many actors in a row may be lost while they load the model."""
_SECONDS_PER_LOOK = 1.0
"""How often to look for new nodes."""
_PATIENCE_SECONDS = 60.0
"""How long to wait for the first actor without a word."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Piece:
    """Consecutive rows of a shard, which one actor computes."""

    shard: Shard
    place: int
    """Of the first row, from 0, within the shard."""
    rows: Rows
    losses: int = 0
    """Number of actors that were lost while they computed it."""

    def halves(self) -> tuple["Piece", "Piece"]:
        """Return two pieces with half of the rows each."""
        middle = len(self.rows) // 2
        return (
            Piece(self.shard, self.place, self.rows[:middle]),
            Piece(self.shard, self.place + middle, self.rows[middle:]),
        )


@dataclass(eq=False)
class _Member:
    """An actor, and the pieces that it has, the oldest first."""

    actor: Any
    started: Any
    """The reference to what `start` returns; None once it has."""
    pieces: deque[tuple[Any, Piece]] = field(default_factory=deque)


class Pool:
    """Actors that compute pieces: as many as `capacity` returns, which is asked regularly, but at most `most`."""

    def __init__(
        self,
        make_actor: Callable[[], Any],
        capacity: Callable[[], int],
        most: int,
        check: Callable[[dict[str, Any]], None],
    ) -> None:
        """`check` is called with what each actor's `start` returns, and may raise."""
        self._make_actor, self._capacity, self._most, self._check = make_actor, capacity, most, check
        self._members: list[_Member] = []
        self._again: deque[Piece] = deque()
        self._start_losses = 0
        self._looked = float("-inf")

    def start(self) -> None:
        """Wait until an actor has started. Raises what its `start` or `check` raises."""
        begun, is_warned = time.monotonic(), False
        while all(member.started is not None for member in self._members):
            self._wait()
            if not is_warned and time.monotonic() - begun > _PATIENCE_SECONDS:
                logger.warning(
                    "no worker has started yet: the cluster is busy, or has no node with what one needs"
                )
                is_warned = True

    def run(self, pieces: Iterator[Piece]) -> Iterator[tuple[Piece, Output | None]]:
        """Yield each piece with its output, in any order; None for a row whose computation kills actors.

        A piece that has cost several actors comes in halves. Only two pieces per actor are read ahead.
        Raises what an actor raises, and TranslatorError if actors die again and again while they start.
        """
        while self._hand_out(pieces):
            yield from self._wait()

    def close(self) -> None:
        """Kill the actors."""
        for member in self._members:
            ray.kill(member.actor)
        self._members.clear()

    def _hand_out(self, pieces: Iterator[Piece]) -> bool:
        """Give each actor that has started what it lacks; returns whether anything is left to do."""
        ready = [member for member in self._members if member.started is None]
        for ahead in range(_PIECES_AHEAD):
            for member in ready:
                if len(member.pieces) > ahead:
                    continue
                piece = self._again.popleft() if self._again else next(pieces, None)
                if piece is None:
                    return any(one.pieces for one in ready)
                member.pieces.append((member.actor.process.remote(piece.rows), piece))
        return True

    def _wait(self) -> list[tuple[Piece, Output | None]]:
        """Wait until an actor has started, has computed a piece or is lost; or for a second, to look for new nodes."""
        self._grow()
        waiting = {
            member.pieces[0][0] if member.started is None else member.started: member
            for member in self._members
            if member.started is not None or member.pieces
        }
        if not waiting:
            time.sleep(_SECONDS_PER_LOOK)
            return []
        ready, _ = ray.wait(list(waiting), timeout=_SECONDS_PER_LOOK)
        return [result for reference in ready for result in self._collect(waiting[reference])]

    def _grow(self) -> None:
        now = time.monotonic()
        if now - self._looked < _SECONDS_PER_LOOK:
            return
        self._looked = now
        for _ in range(min(self._most, self._capacity()) - len(self._members)):
            actor = self._make_actor()
            self._members.append(_Member(actor, actor.start.remote()))

    def _collect(self, member: _Member) -> list[tuple[Piece, Output | None]]:
        try:
            result = ray.get(member.started or member.pieces[0][0])
        except RayTaskError as error:
            raise _cause(error) from error
        except RayError as error:
            return self._replace(member, error)
        if member.started is None:
            return [(member.pieces.popleft()[1], result)]
        self._check(result)
        member.started, self._start_losses = None, 0
        return []

    def _replace(self, member: _Member, error: RayError) -> list[tuple[Piece, Output | None]]:
        """Do what a lost actor had again; the piece that it was computing is to blame."""
        self._members.remove(member)
        ray.kill(member.actor)  # it may only be out of reach
        self._looked = float("-inf")
        if member.started is not None:
            self._start_losses += 1
            if self._start_losses == _START_LOSSES:
                raise TranslatorError(f"{_START_LOSSES} workers died while they loaded the model: {error}")
            return []
        (_, blamed), *others = member.pieces
        self._again.extend(piece for _, piece in others)
        blamed = replace(blamed, losses=blamed.losses + 1)
        if blamed.losses < _LOSSES:
            self._again.append(blamed)
        elif len(blamed.rows) > 1:
            self._again.extend(blamed.halves())
        else:
            return [(blamed, None)]
        return []


def _cause(error: RayTaskError) -> Exception:
    """Return what an actor raised, if it was raised deliberately."""
    if isinstance(error.cause, TranslatorError):
        return error.cause
    return TranslatorError(f"a worker failed with every row that it had: {error.cause}")
