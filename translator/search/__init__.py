"""Greedy search, beam search and sampling, on top of any engine."""

from translator.search.banned import BannedPhrases, PieceTexts
from translator.search.options import (
    MAX_BEAM_SIZE,
    Sampling,
    ScoredTokens,
    SearchOptions,
    SpecialTokens,
    length_penalty,
)
from translator.search.rules import Rules, Task
from translator.search.running import MOST_ROWS, RunningSearch, new_search, search, search_feed
from translator.search.trace import Step, StopReason

__all__ = [
    "MAX_BEAM_SIZE",
    "MOST_ROWS",
    "BannedPhrases",
    "PieceTexts",
    "Rules",
    "RunningSearch",
    "Sampling",
    "ScoredTokens",
    "SearchOptions",
    "SpecialTokens",
    "Step",
    "StopReason",
    "Task",
    "length_penalty",
    "new_search",
    "search",
    "search_feed",
]
