"""What a search did, step by step, for those who want to look on."""

from dataclasses import dataclass
from enum import Enum

from translator.search.options import ScoredTokens


class StopReason(Enum):
    """Why a sentence was done."""

    FULL = "as many hypotheses as the beam is wide are finished"
    SETTLED = "no live hypothesis can become better than the finished ones any more"
    LENGTH = "the length limit is reached"


@dataclass(frozen=True)
class Step:
    """One sentence after one step."""

    sentence: int
    """Its number, in the order in which the search began with them: those with the longest sources first."""
    length: int
    """Tokens of each live hypothesis."""
    live: list[ScoredTokens]
    """Hypotheses that have not ended, likeliest first; their score is as if they ended here."""
    finished: list[ScoredTokens]
    """The best that have ended so far, best first."""
    stopped: StopReason | None
    """None while the sentence goes on."""
