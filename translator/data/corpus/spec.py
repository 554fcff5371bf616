"""The string that names a corpus."""

import re
from dataclasses import dataclass
from pathlib import Path

from translator.errors import ConfigError

Pair = tuple[str, str]
"""English, German."""

_NAME = re.compile(r"[\w.-]+")
_WEIGHT = re.compile(r"\d+(\.\d*)?|\.\d+")
_NUMBER_LIKE = re.compile(r"[-+]?[\d.,]+(e[-+]?\d+)?|[-+]?(nan|inf)", re.IGNORECASE)
_SUFFIXES = re.compile(r"(\.(en|de|txt|tsv|jsonl))?(\.(gz|xz|zst))?$")
_HUB_PARTS = 4
"""hub:NAME:CONFIGURATION:SPLIT."""
MAX_WEIGHT = 100


@dataclass(frozen=True)
class CorpusSpec:
    """The location, name and weight of a corpus; the weight is how often each pair appears per epoch."""

    where: str
    name: str
    weight: float = 1.0
    licence: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.weight <= MAX_WEIGHT:
            raise _wrong_weight(self.where, str(self.weight).removesuffix(".0"))

    @classmethod
    def parse(cls, text: str) -> "CorpusSpec":
        """Parse `[NAME=]WHERE[:WEIGHT][#LICENCE]`, described in `translator.data.corpus`.

        Raises `ConfigError` if WHERE is missing, or the weight is not a number or out of range.
        """
        where, _, licence = text.partition("#")
        name, equals, rest = where.partition("=")
        if equals and _NAME.fullmatch(name):
            where = rest
        else:
            name = ""
        where, weight = _split_weight(where)
        if where in ("", "hub", "hub:"):
            raise ConfigError(f"corpus {text!r} names no data; write [NAME=]WHERE[:WEIGHT][#LICENCE]")
        return cls(where, name or _default_name(where), weight, licence or None)


def _split_weight(text: str) -> tuple[str, float]:
    """Split `WHERE[:WEIGHT]`; the name of a file or data set may contain colons, too."""
    where, colon, tail = text.rpartition(":")
    if colon and _WEIGHT.fullmatch(tail):
        return where, float(tail)
    if where and "/" not in tail and (_NUMBER_LIKE.fullmatch(tail) or _is_complete(where)):
        raise _wrong_weight(where, tail)
    return text, 1.0


def _is_complete(where: str) -> bool:
    """Whether only a weight can follow: after a file with a known suffix, or a hub data set with a split."""
    if where.startswith("hub:"):
        return where.count(":") + 1 == _HUB_PARTS
    return _SUFFIXES.sub("", where) != where


def _wrong_weight(where: str, weight: str) -> ConfigError:
    return ConfigError(
        f"{where}: the weight {weight!r} must be a number greater than 0 and at most {MAX_WEIGHT}, "
        f"as in {where}:0.5; the default is 1"
    )


def _default_name(where: str) -> str:
    if where.startswith("hub:"):
        return "-".join(Path(part).name for part in where.removeprefix("hub:").split(":"))
    return _SUFFIXES.sub("", Path(where.partition(",")[0]).name) or where
