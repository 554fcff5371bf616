"""How a corpus is named."""

import re
from dataclasses import dataclass
from pathlib import Path

from translator.errors import ConfigError

Pair = tuple[str, str]
"""English, German."""

_NAME = re.compile(r"[\w.-]+")
_WEIGHT = re.compile(r"\d+(\.\d*)?|\.\d+")
_SUFFIXES = re.compile(r"(\.(en|de|txt|tsv|jsonl))?(\.(gz|xz|zst))?$")


@dataclass(frozen=True)
class CorpusSpec:
    """Where a corpus is, what it is called, and how often an epoch sees it."""

    where: str
    name: str
    weight: float = 1.0
    licence: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.weight <= 100:
            raise ConfigError(f"{self.where}: its weight {self.weight} must be more than 0 and at most 100")

    @classmethod
    def parse(cls, text: str) -> "CorpusSpec":
        """Read `[NAME=]WHERE[:WEIGHT][#LICENCE]`, as `translator.corpus` describes it.

        Raises `ConfigError` when WHERE is missing or the weight is out of range.
        """
        where, _, licence = text.partition("#")
        name, equals, rest = where.partition("=")
        if equals and _NAME.fullmatch(name):
            where = rest
        else:
            name = ""
        head, colon, tail = where.rpartition(":")
        weight = 1.0
        if colon and _WEIGHT.fullmatch(tail):
            where, weight = head, float(tail)
        if where in ("", "hub", "hub:"):
            raise ConfigError(f"corpus {text!r} names no data; write [NAME=]WHERE[:WEIGHT][#LICENCE]")
        return cls(where, name or _default_name(where), weight, licence or None)


def _default_name(where: str) -> str:
    if where.startswith("hub:"):
        return "-".join(Path(part).name for part in where.removeprefix("hub:").split(":"))
    return _SUFFIXES.sub("", Path(where.partition(",")[0]).name) or where
