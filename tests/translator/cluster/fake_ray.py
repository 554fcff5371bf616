"""Ray's functions as far as the pool uses them, in this process. Actors die when they are told to."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from ray.exceptions import ActorDiedError, RayTaskError


class FakeRay:
    """Stands in for the module `ray`."""

    def __init__(
        self, cores: int = 2, dies: Callable[[Any], bool] = lambda rows: False, seed: int = 1
    ) -> None:
        """`dies` is asked before an actor computes some rows."""
        self.cores, self.dies = cores, dies
        self.actors = 0
        self._random = random.Random(seed)

    def is_initialized(self) -> bool:
        return True

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": float(self.cores), "memory": 1e9}

    def remote(self, kind: Any) -> Any:
        return _Kind(self, kind)

    def wait(self, references: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        """Any of them may be the first that is ready."""
        assert references
        assert all(references)
        chosen = self._random.choice(references)
        return [chosen], [one for one in references if one is not chosen]

    def get(self, reference: _Reference) -> Any:
        return reference.result()

    def kill(self, actor: _Actor) -> None:
        actor.is_dead = True


class _Kind:
    def __init__(self, ray: FakeRay, kind: Any) -> None:
        self._ray, self._kind = ray, kind

    def options(self, **resources: float) -> _Kind:
        assert resources == {"num_cpus": 1, "num_gpus": 0, "max_restarts": 0}
        return self

    def remote(self, *arguments: Any) -> _Actor:
        self._ray.actors += 1
        return _Actor(self._ray, self._kind(*arguments))


class _Actor:
    def __init__(self, ray: FakeRay, worker: Any) -> None:
        self.is_dead = False
        self._ray, self._worker = ray, worker
        self.start, self.process = _Method(self, self._start), _Method(self, self._process)

    def _start(self) -> Any:
        return self._worker.start()

    def _process(self, rows: Any) -> Any:
        if self._ray.dies(rows):
            self.is_dead = True
            raise ActorDiedError
        return self._worker.process(rows)


class _Method:
    def __init__(self, actor: _Actor, call: Callable[..., Any]) -> None:
        self._actor, self._call = actor, call

    def remote(self, *arguments: Any) -> _Reference:
        return _Reference(self._actor, lambda: self._call(*arguments))


class _Reference:
    """What a call will return; it is made when it is asked for, as the pool asks for the oldest first."""

    def __init__(self, actor: _Actor, call: Callable[[], Any]) -> None:
        self._actor, self._call = actor, call

    def result(self) -> Any:
        if self._actor.is_dead:
            raise ActorDiedError
        try:
            return self._call()
        except ActorDiedError:
            raise
        except Exception as error:
            raise RayTaskError("process", "traceback", error) from error
