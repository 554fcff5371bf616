"""Check from line lengths whether the lines of both sides are aligned."""

from dataclasses import dataclass

import numpy as np

FEWEST_PAIRS = 100
"""With fewer pairs, lengths and language are not conclusive."""
_LAGS = (-3, -2, -1, 1, 2, 3)
_SEGMENT_PAIRS, _MAX_SEGMENTS = 500, 200
_MIN_SHIFT_CORRELATION, _MIN_SHIFT_GAIN = 0.25, 0.03


@dataclass(frozen=True)
class Shift:
    """Sources that fit the target of another pair better than their own."""

    pairs: int
    """The offset from a source to its target, in pairs; negative if the target comes earlier."""
    first_pair: int
    """Approximate index of the first shifted pair."""


def correlation(x_P: np.ndarray, y_P: np.ndarray) -> float | None:
    """Return Pearson's correlation; None if a side does not vary."""
    if len(x_P) < 2 or np.ptp(x_P) == 0 or np.ptp(y_P) == 0:
        return None
    return float(np.corrcoef(x_P, y_P)[0, 1])


def find_shift(log_P2: np.ndarray) -> Shift | None:
    """Find the first segment of a corpus in which another line's target fits better.

    This compares changes of length from line to line, not lengths: many corpora are sorted by length or topic,
    so neighbours are similar and a shift by one line hardly lowers the correlation of lengths.
    """
    segments = min(_MAX_SEGMENTS, max(1, len(log_P2) // _SEGMENT_PAIRS))
    start = 0
    for segment_R2 in np.array_split(log_P2, segments):
        if len(segment_R2) >= FEWEST_PAIRS and (lag := _best_lag(np.diff(segment_R2, axis=0))):
            return Shift(lag, start)
        start += len(segment_R2)
    return None


def _best_lag(changes_R2: np.ndarray) -> int:
    """Return how many lines to move the targets up for the best fit; 0 if they already fit, or fit nowhere."""
    source_R, target_R = changes_R2.T
    rows = len(changes_R2)
    by_lag = {
        lag: correlation(
            source_R[max(0, -lag) : rows - max(0, lag)], target_R[max(0, lag) : rows - max(0, -lag)]
        )
        or 0.0
        for lag in (0, *_LAGS)
    }
    best = max(_LAGS, key=lambda lag: by_lag[lag])
    least = max(_MIN_SHIFT_CORRELATION, 5 / np.sqrt(rows), by_lag[0] + _MIN_SHIFT_GAIN)  # 5 sigma of chance
    return best if by_lag[best] >= least else 0
