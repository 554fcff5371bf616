"""The card of an imported model: where it comes from, under which licence, and what its publisher measured."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt

from translator.errors import CheckpointError
from translator.published.source import Source

logger = logging.getLogger(__name__)

_CODES = {"en": "en", "eng": "en", "de": "de", "deu": "de", "ger": "de"}
_PAIR = re.compile(r"(?:^|[-_])([a-z]{2,3})-([a-z]{2,3})$")
_FRONT_MATTER = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
_UNKNOWN = "not stated"


def check_languages(source: Source, config: Mapping[str, Any], tokenizer_config: Mapping[str, Any]) -> None:
    """Raise CheckpointError if the model translates another pair than English to German.

    Logs a warning if neither its files nor its name say which.
    """
    stated = config.get("langs") or [tokenizer_config.get(f"{side}_lang") for side in ("source", "target")]
    if not all(stated):
        named = _PAIR.search(source.name)
        stated = list(named.groups()) if named else []
    if not stated:
        logger.warning(
            "nothing in %s says which languages it translates; read its translations first", source.name
        )
    elif [_CODES.get(str(one).lower()) for one in stated] != ["en", "de"]:
        raise CheckpointError(
            f"the model {source.name} translates {' to '.join(map(str, stated))}; this program is for English to "
            "German, en to de"
        )


def build_card(source: Source, weights: Path, parameters: int, family: str) -> dict[str, Any]:
    """Build the card. What the publisher says is under `published`: nothing of it was measured here."""
    text = _read_text(source.folder / "README.md")
    about = _front_matter(text)
    return {
        "name": source.name.rpartition("/")[2],
        "languages": {"source": "en", "target": "de"},
        "parameters": parameters,
        "imported_from": {
            "source": source.name,
            "revision": source.revision,
            "file": weights.name,
            "architecture": family,
        },
        "licence": str(about.get("license") or _UNKNOWN),
        "published": {
            "datasets": about.get("datasets") or [],
            "results": about.get("model-index") or [],
            "tables": _tables(text),
        },
        "corpora": [],
        "formality": False,
        "lexicon_entries": 0,
        "scores": [],
    }


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # not every folder has a card


def _front_matter(text: str) -> dict[str, Any]:
    """The metadata at the start of a card of the hub."""
    match = _FRONT_MATTER.match(text)
    try:
        found = yaml.load(match[1], yaml.BaseLoader) if match else {}  # as strings, for JSON has no dates
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _tables(text: str) -> list[list[list[str]]]:
    """The tables of a card, as rows of cells: its figures, in the publisher's own form."""
    tables: list[list[list[str]]] = []
    inside = ""
    for token in MarkdownIt().enable("table").parse(text):
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append([])
        elif token.type in ("th_open", "td_open", "th_close", "td_close"):
            inside = token.type[2:]
        elif token.type == "inline" and inside == "_open":
            tables[-1][-1].append(token.content)
    return tables
