"""Rewrite text with regular expressions, and know where each character comes from."""

import re
from collections.abc import Iterable
from itertools import takewhile

from translator.text.places import Place


class Rewriting:
    """Regular expressions that are replaced one after another, as `re.sub` does; then outer whitespace is removed."""

    def __init__(self, rules: Iterable[tuple[str, str]]) -> None:
        self._rules = [(re.compile(pattern), replacement) for pattern, replacement in rules]

    def __call__(self, text: str) -> str:
        """Return the rewritten text."""
        for pattern, replacement in self._rules:
            text = pattern.sub(replacement, text)
        return text.strip()

    def with_origins(self, text: str) -> tuple[str, list[Place]]:
        """Return the rewritten text, and for each of its characters the start and end of its origin."""
        places = [(place, place + 1) for place in range(len(text))]
        for pattern, replacement in self._rules:
            text, places = _replace(pattern, replacement, text, places)
        stripped = text.strip()
        start = text.find(stripped)
        return stripped, places[start : start + len(stripped)]


def _replace(
    pattern: re.Pattern[str], replacement: str, text: str, places: list[Place]
) -> tuple[str, list[Place]]:
    matches = list(pattern.finditer(text))
    if not matches:
        return text, places
    parts, kept, done = list[str](), list[Place](), 0
    for match in matches:
        new = match.expand(replacement)
        # The characters at both ends that stay the same keep their places.
        before = _common_length(match[0], new)
        after = _common_length(match[0][before:][::-1], new[before:][::-1])
        start, end = match.start() + before, match.end() - after
        parts += text[done : match.start()], new
        kept += places[done:start]
        inner = len(new) - before - after
        whole = (places[start][0], places[end - 1][1]) if start < end else (_edge(places, start),) * 2
        kept += [whole] * inner
        kept += places[end : match.end()]
        done = match.end()
    return "".join([*parts, text[done:]]), [*kept, *places[done:]]


def _common_length(first: str, second: str) -> int:
    """The number of characters with which both texts begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def _edge(places: list[Place], position: int) -> int:
    """Where text is that was inserted before the character at `position`."""
    return places[position - 1][1] if position else 0
