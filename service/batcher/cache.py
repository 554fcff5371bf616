"""Results of sentences that came before."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

ResultT = TypeVar("ResultT")


class ResultCache(Generic[ResultT]):
    """The results of the last sentences, so many; 0 remembers nothing. For several threads."""

    def __init__(self, sentences: int) -> None:
        self._most = sentences
        self._results: OrderedDict[Hashable, ResultT] = OrderedDict()
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return self._most > 0

    def get(self, key: Hashable) -> ResultT | None:
        """What was put under that key, if it is remembered."""
        with self._lock:
            if key not in self._results:
                return None
            self._results.move_to_end(key)
            return self._results[key]

    def put(self, key: Hashable, result: ResultT) -> None:
        """Remember a result; the one that was not asked for longest may be forgotten for it."""
        if self:
            with self._lock:
                self._results[key] = result
                self._results.move_to_end(key)
                if len(self._results) > self._most:
                    self._results.popitem(last=False)
