"""Search for any number of sentences: they are admitted while there is room, and leave when they are done."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from translator.engines.protocol import Engine
from translator.search.banned import BannedPhrases
from translator.search.beam_search import BeamSearch
from translator.search.options import ScoredTokens, SearchOptions, SpecialTokens
from translator.search.rules import Rules, Task
from translator.search.sampling import SampleSearch
from translator.search.trace import Step
from translator.watch import Watch

MOST_ROWS = 256
"""Rows that are searched for at the same time, unless a single sentence has more."""


class RunningSearch(Protocol):
    """Sentences that are searched for together, in steps."""

    def __len__(self) -> int: ...

    @property
    def places(self) -> Sequence[int]:
        """The sentences that are searched for, by what `admit` called them."""

    def admit(self, places: Sequence[int], tasks: Sequence[Task]) -> None:
        """Begin with sentences, which are called by their places."""

    def step(self, may_run_ahead: bool = True) -> None:
        """Extend every sentence by a token, or by several where it may run ahead and nothing is to be decided."""

    def done(self) -> npt.NDArray[np.bool_]:
        """(B,) which sentences have their translations."""

    def best(self, sentence: int, most: int) -> list[ScoredTokens]:
        """The best finished hypotheses of the sentence at this place, best first."""

    def trace(self, sentence: int) -> Step:
        """What the newest step did for the sentence at this place."""

    def keep_sentences(self, kept_B: npt.NDArray[np.bool_]) -> None:
        """Go on with these sentences only."""


def begin_search(
    engine: Engine,
    special: SpecialTokens,
    options: SearchOptions,
    banned: BannedPhrases | None = None,
    excluded: Iterable[int] = (),
) -> RunningSearch:
    """A search without sentences. `excluded` are further tokens that occur in no translation, unless in a prefix."""
    rules = Rules(engine.vocabulary, special, banned, options.no_repeat_ngram, excluded)
    kind = BeamSearch if options.sampling is None else SampleSearch
    return kind(engine.session(), rules, engine.vocabulary, special, options)


def search(
    running: RunningSearch,
    tasks: Sequence[Task],
    options: SearchOptions,
    look_on: Callable[[Step], None] | None = None,
    watch: Watch[list[ScoredTokens]] | None = None,
    with_spares: bool = False,
    most_rows: int = MOST_ROWS,
) -> list[list[ScoredTokens]]:
    """For each task its `n_best` hypotheses, best first (fewer where fewer exist), by a search without sentences.

    The longest sources are admitted first, so that few are left at the end. `look_on` is called with every sentence
    after every step. Sentences that `watch` no longer wants leave the search with no hypotheses. `with_spares` adds all
    other hypotheses that are finished, at most `beam_size` in all, best first.
    """
    results: list[list[ScoredTokens]] = [[] for _ in tasks]
    wanted = options.beam_size if with_spares else options.n_best
    queue = deque(sorted(range(len(tasks)), key=lambda place: -len(tasks[place].source)))
    while queue or len(running):
        room, newcomers = max(1, most_rows // options.beam_size) - len(running), list[int]()
        while queue and len(newcomers) < room:
            place = queue.popleft()
            if watch is None or watch.is_wanted(place):
                newcomers.append(place)
        if newcomers:
            running.admit(newcomers, [tasks[place] for place in newcomers])
        if watch:
            _leave(running, np.array([not watch.is_wanted(place) for place in running.places], dtype=bool))
        if not len(running):
            continue
        running.step(may_run_ahead=look_on is None)
        if look_on:
            for sentence in range(len(running)):
                look_on(running.trace(sentence))
        is_done_B = running.done()
        for sentence in is_done_B.nonzero()[0].tolist():
            place = running.places[sentence]
            if watch is None or watch.is_wanted(place):
                results[place] = running.best(sentence, wanted)
                if watch:
                    watch.finished(place, results[place])
        _leave(running, is_done_B)
    return results


def _leave(running: RunningSearch, leaving_B: npt.NDArray[np.bool_]) -> None:
    if leaving_B.any():
        running.keep_sentences(~leaving_B)
