"""Greedy search, beam search and sampling over batches of sentences, in tensors."""

from translator.search.banned import BannedPhrases, PieceTexts
from translator.search.constraints import Constraints
from translator.search.loop import StepwiseModel, StepwiseState, log_probabilities, search
from translator.search.options import (
    MAX_BEAM_SIZE,
    Sampling,
    ScoredTokens,
    SearchOptions,
    SpecialTokens,
    length_penalty,
)
from translator.search.top_k import top_k
from translator.search.trace import Step, StopReason

__all__ = [
    "MAX_BEAM_SIZE",
    "BannedPhrases",
    "Constraints",
    "PieceTexts",
    "Sampling",
    "ScoredTokens",
    "SearchOptions",
    "SpecialTokens",
    "Step",
    "StepwiseModel",
    "StepwiseState",
    "StopReason",
    "length_penalty",
    "log_probabilities",
    "search",
    "top_k",
]
