"""A cache of results."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

ResultT = TypeVar("ResultT")


class ResultCache(Generic[ResultT]):
    """A least-recently-used cache of up to `sentences` results; 0 turns it off. Thread-safe."""

    def __init__(self, sentences: int) -> None:
        self._max_results = sentences
        self._results: OrderedDict[Hashable, ResultT] = OrderedDict()
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return self._max_results > 0

    def get(self, key: Hashable) -> ResultT | None:
        """Return the result for a key, or None."""
        with self._lock:
            if key not in self._results:
                return None
            self._results.move_to_end(key)
            return self._results[key]

    def put(self, key: Hashable, result: ResultT) -> None:
        """Store a result; if the cache is full, evict the least recently used one."""
        if self:
            with self._lock:
                self._results[key] = result
                self._results.move_to_end(key)
                if len(self._results) > self._max_results:
                    self._results.popitem(last=False)
