"""What a search did, step by step, for callers that observe it."""

from dataclasses import dataclass
from enum import Enum

from translator.search.hypotheses import ScoredTokens


class StopReason(Enum):
    """Why the search of a sentence stopped."""

    FULL = "the number of finished hypotheses has reached the beam size"
    SETTLED = "no live hypothesis can still beat the finished ones"
    LENGTH = "the length limit is reached"


@dataclass(frozen=True)
class Step:
    """One sentence after one step."""

    sentence: int
    """Its number in order of admission; the longest sources are admitted first."""
    length: int
    """Number of tokens of each live hypothesis."""
    live: list[ScoredTokens]
    """Unfinished hypotheses, most likely first, scored as if they ended here."""
    finished: list[ScoredTokens]
    """The best finished hypotheses so far, best first."""
    stopped: StopReason | None
    """None while the search of this sentence continues."""
