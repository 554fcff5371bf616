"""Read the word lists in `words/`."""

from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent / "words"


def lines(name: str) -> Iterator[str]:
    """Yield the lines of a list, without comments and blank lines."""
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


def rows(name: str) -> list[list[str]]:
    """Read a table whose columns are separated by vertical bars."""
    return [[cell.strip() for cell in line.split("|")] for line in lines(name)]


def entries(line: str) -> list[tuple[str, str]]:
    """Split a line of "English = German; English = German"."""
    pairs = (entry.split("=") for entry in line.split(";") if entry.strip())
    return [(english.strip(), german.strip()) for english, german in pairs]
