"""What a case measures, and whether it is good enough."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """A measurement and its limit, as words for the table."""

    measurement: str
    result: str
    limit: str
    is_met: bool


def percentile(values: list[float], share: float) -> float:
    """Return a percentile of the values, for a share from 0 to 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def failures(count: int) -> str:
    """Return a note for the table, empty if nothing failed."""
    return f"; {count} failed" if count else ""
