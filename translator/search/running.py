"""Search any number of sentences: they are admitted while there is room, and leave when they are done."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from translator.engines.protocol import Engine
from translator.options import SearchOptions
from translator.search.banned import BannedPhrases
from translator.search.beam_search import BeamSearch
from translator.search.feed import Awaited, Feed, Listed, feed_of
from translator.search.hypotheses import ScoredTokens, SpecialTokens
from translator.search.rules import Rules, Task
from translator.search.sampling import SampleSearch
from translator.search.trace import Step

MOST_ROWS = 256
"""Maximum number of rows searched at the same time, unless a single sentence has more."""


class RunningSearch(Protocol):
    """A search of several sentences together, step by step."""

    def __len__(self) -> int: ...

    @property
    def ids(self) -> Sequence[int]:
        """The ids of the sentences in the search, as passed to `admit`."""

    def admit(self, ids: Sequence[int], tasks: Sequence[Task]) -> None:
        """Add sentences to the search; the caller chooses their `ids`."""

    def step(self, may_run_ahead: bool = True) -> None:
        """Extend every sentence by one token, or by several if it may run ahead and there is nothing to decide."""

    def done(self) -> npt.NDArray[np.bool_]:
        """(B,) True for sentences whose search is complete."""

    def best(self, sentence: int, most: int) -> list[ScoredTokens]:
        """At most `most` finished hypotheses of the sentence at this index, best first."""

    def trace(self, sentence: int) -> Step:
        """The state of the sentence at this index after the latest step."""

    def keep_sentences(self, kept_B: npt.NDArray[np.bool_]) -> None:
        """Keep the sentences at which `kept_B` is True, and drop the others."""


def new_search(
    engine: Engine,
    special: SpecialTokens,
    options: SearchOptions,
    banned: BannedPhrases | None = None,
    excluded: Iterable[int] = (),
) -> RunningSearch:
    """Create a search without sentences. `excluded` tokens occur in no translation, except in a prefix."""
    rules = Rules(engine.vocabulary, special, banned, options.no_repeat_ngram, excluded)
    kind = BeamSearch if options.sampling is None else SampleSearch
    return kind(engine.session(), rules, engine.vocabulary, special, options)


def search(
    running: RunningSearch,
    tasks: Sequence[Task],
    options: SearchOptions,
    observe: Callable[[Step], None] | None = None,
    with_spares: bool = False,
    most_rows: int = MOST_ROWS,
) -> list[list[ScoredTokens]]:
    """Find the `n_best` hypotheses of each task, best first; a task may have fewer. `running` must be empty.

    Works like `search_feed`. The longest sources are admitted first, so that few are left at the end.
    """
    listed: list[Listed[Task, list[ScoredTokens]]] = list(map(Listed, tasks))
    feed = feed_of(sorted(listed, key=lambda one: -len(one.item.source)))
    search_feed(running, feed, options, observe, with_spares, most_rows)
    return [one.result or [] for one in listed]


def search_feed(
    running: RunningSearch,
    feed: Feed[Task, list[ScoredTokens]],
    options: SearchOptions,
    observe: Callable[[Step], None] | None = None,
    with_spares: bool = False,
    most_rows: int = MOST_ROWS,
) -> None:
    """Find the hypotheses of tasks that arrive while others are being searched.

    Sentences that are no longer wanted leave the search. `observe` is called for every sentence after every step.
    `with_spares` adds all other finished hypotheses, at most `beam_size` in total, best first.
    """
    most = max(1, most_rows // options.beam_size)
    wanted = options.beam_size if with_spares else options.n_best
    awaited: dict[int, Awaited[Task, list[ScoredTokens]]] = {}
    number = 0
    while True:
        newcomers = feed(most - len(awaited))
        if newcomers:
            ids = list(range(number, number := number + len(newcomers)))
            awaited.update(zip(ids, newcomers, strict=True))
            running.admit(ids, [one.item for one in newcomers])
        _leave(running, awaited, [not awaited[sentence_id].is_wanted() for sentence_id in running.ids])
        if not awaited:
            if not newcomers:
                return
            continue
        running.step(may_run_ahead=observe is None)
        if observe:
            for sentence in range(len(running)):
                observe(running.trace(sentence))
        is_done_B = running.done().tolist()
        for sentence, sentence_id in enumerate(running.ids):
            if is_done_B[sentence] and awaited[sentence_id].is_wanted():
                awaited[sentence_id].finish(running.best(sentence, wanted))
        _leave(running, awaited, is_done_B)


def _leave(running: RunningSearch, awaited: dict[int, Any], leaving: Sequence[bool]) -> None:
    if any(leaving):
        for sentence_id, leaves in zip(running.ids, leaving, strict=True):
            if leaves:
                del awaited[sentence_id]
        running.keep_sentences(~np.array(leaving))
