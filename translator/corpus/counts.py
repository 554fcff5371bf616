"""What was dropped, and why."""

from collections import Counter
from dataclasses import dataclass, field

REASONS = (
    "malformed",
    "encoding damage",
    "empty",
    "too long",
    "length ratio",
    "copied",
    "wrong script",
    "wrong language",
    "duplicate",
)
_ALARMING_SHARE = 0.05
_REMEDIES = {
    "malformed": "a line is English, tab, German, or a JSON object with both; look at the file",
    "encoding damage": "if the file is not UTF-8, convert it, for example with iconv, and prepare the data again",
}


@dataclass
class DropCounts:
    """How many pairs of a corpus were read, and how many were dropped for which reason."""

    read: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def kept(self) -> int:
        """Pairs that were read and not dropped."""
        return self.read - self.dropped.total()


@dataclass
class DropReport:
    """The counts of several corpora, in the order in which they were read."""

    corpora: dict[str, DropCounts] = field(default_factory=dict)

    def rows(self) -> list[tuple[str, ...]]:
        """A header, a row for each corpus and a total; only reasons that occurred have a column."""
        total = DropCounts()
        for counts in self.corpora.values():
            total.read += counts.read
            total.dropped += counts.dropped
        reasons = [reason for reason in REASONS if total.dropped[reason]]
        rows = [("corpus", "read", "kept", *reasons)]
        for name, counts in [*self.corpora.items(), ("total", total)]:
            numbers = (counts.read, counts.kept, *(counts.dropped[reason] for reason in reasons))
            rows.append((name, *(f"{number:,}" for number in numbers)))
        return rows

    def warnings(self) -> list[str]:
        """Where so much was dropped for what is wrong with a whole file that somebody should look at it."""
        return [
            f"{name}: {counts.dropped[reason]:,} of {counts.read:,} pairs were dropped, {reason}: {remedy}"
            for name, counts in self.corpora.items()
            for reason, remedy in _REMEDIES.items()
            if counts.dropped[reason] > _ALARMING_SHARE * counts.read
        ]
