"""Counts of dropped pairs, by reason."""

from collections import Counter
from dataclasses import dataclass, field

REASONS = (
    "malformed",
    "encoding damage",
    "empty",
    "too long",
    "length ratio",
    "extra text",
    "copied",
    "wrong script",
    "wrong language",
    "Sie and du",
    "duplicate",
    "near-duplicate",
)
_ALARMING_SHARES = {"malformed": 0.05, "encoding damage": 0.05, "wrong language": 0.3}
_REMEDIES = {
    "malformed": 'each line must be English, tab, German, or a JSON object with "en" and "de"; check the file',
    "encoding damage": "if the file is not UTF-8, convert it, for example with iconv, and prepare the data again",
    "wrong language": "English comes first, German second; check whether the sides are swapped",
    "too long": "the file may have whole documents on one line; split them into sentences",
}


@dataclass
class DropCounts:
    """The number of pairs read from a corpus, and the numbers dropped by reason."""

    read: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def remedy(self) -> str:
        """What to do about the most common reason."""
        most = max(self.dropped, key=self.dropped.__getitem__, default="")
        return _REMEDIES.get(most, "is this the right file?")

    @property
    def kept(self) -> int:
        """The number of pairs read and not dropped."""
        return self.read - self.dropped.total()


@dataclass
class DropReport:
    """The counts of several corpora, in reading order."""

    corpora: dict[str, DropCounts] = field(default_factory=dict)

    def rows(self) -> list[tuple[str, ...]]:
        """Return a header, a row per corpus and a total row; only reasons that occurred get a column."""
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
        """Return a warning per corpus and reason if so much was dropped that the file itself is probably wrong."""
        return [
            f"{name}: {counts.dropped[reason]:,} of {counts.read:,} pairs were dropped ({reason}): {_REMEDIES[reason]}"
            for name, counts in self.corpora.items()
            for reason, share in _ALARMING_SHARES.items()
            if counts.dropped[reason] > share * counts.read
        ]
