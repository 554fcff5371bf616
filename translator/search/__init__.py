"""Greedy search, beam search and sampling, on top of any engine."""

from translator.options import Sampling, SearchOptions
from translator.search.banned import BannedPhrases, PieceTexts
from translator.search.hypotheses import ScoredTokens, SpecialTokens, length_penalty
from translator.search.rules import Rules, Task
from translator.search.running import MOST_ROWS, RunningSearch, new_search, search, search_feed
from translator.search.trace import Step, StopReason

__all__ = [
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
