"""Search for any number of sentences: they are admitted while there is room, and leave when they are done."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from translator.engines.protocol import Engine
from translator.feed import Awaited, Feed, Listed, feed_of
from translator.search.banned import BannedPhrases
from translator.search.beam_search import BeamSearch
from translator.search.options import ScoredTokens, SearchOptions, SpecialTokens
from translator.search.rules import Rules, Task
from translator.search.sampling import SampleSearch
from translator.search.trace import Step

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
    with_spares: bool = False,
    most_rows: int = MOST_ROWS,
) -> list[list[ScoredTokens]]:
    """For each task its `n_best` hypotheses, best first (fewer where fewer exist), by a search without sentences.

    As `search_feed`; the longest sources are admitted first, so that few are left at the end.
    """
    listed: list[Listed[Task, list[ScoredTokens]]] = list(map(Listed, tasks))
    feed = feed_of(sorted(listed, key=lambda one: -len(one.item.source)))
    search_feed(running, feed, options, look_on, with_spares, most_rows)
    return [one.result or [] for one in listed]


def search_feed(
    running: RunningSearch,
    feed: Feed[Task, list[ScoredTokens]],
    options: SearchOptions,
    look_on: Callable[[Step], None] | None = None,
    with_spares: bool = False,
    most_rows: int = MOST_ROWS,
) -> None:
    """Find the hypotheses of tasks that come while others are being searched for.

    Sentences that are not wanted any more leave the search. `look_on` is called with every sentence after every step.
    `with_spares` adds all other hypotheses that are finished, at most `beam_size` in all, best first.
    """
    most = max(1, most_rows // options.beam_size)
    wanted = options.beam_size if with_spares else options.n_best
    awaited: dict[int, Awaited[Task, list[ScoredTokens]]] = {}
    number = 0
    while True:
        newcomers = feed(most - len(awaited))
        if newcomers:
            places = list(range(number, number := number + len(newcomers)))
            awaited.update(zip(places, newcomers, strict=True))
            running.admit(places, [one.item for one in newcomers])
        _leave(running, awaited, [not awaited[place].is_wanted() for place in running.places])
        if not awaited:
            if not newcomers:
                return
            continue
        running.step(may_run_ahead=look_on is None)
        if look_on:
            for sentence in range(len(running)):
                look_on(running.trace(sentence))
        is_done_B = running.done().tolist()
        for sentence, place in enumerate(running.places):
            if is_done_B[sentence] and awaited[place].is_wanted():
                awaited[place].finish(running.best(sentence, wanted))
        _leave(running, awaited, is_done_B)


def _leave(running: RunningSearch, awaited: dict[int, Any], leaving: Sequence[bool]) -> None:
    if any(leaving):
        for place, leaves in zip(running.places, leaving, strict=True):
            if leaves:
                del awaited[place]
        running.keep_sentences(~np.array(leaving))
