"""Sentences with their values: a frame that is filled, and cased as headlines and signs are."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from fidelity_grammar.amounts import SLOTS as AMOUNTS
from fidelity_grammar.frames import FRAMES
from fidelity_grammar.items import Item, Maker
from fidelity_grammar.numbers import SLOTS as NUMBERS
from fidelity_grammar.opaque import SLOTS as OPAQUE
from fidelity_grammar.references import SLOTS as REFERENCES
from fidelity_grammar.times import SLOTS as TIMES

SLOTS: dict[str, Mapping[str, Maker]] = {**OPAQUE, **NUMBERS, **AMOUNTS, **TIMES, **REFERENCES}
KINDS = tuple(dict.fromkeys(kind for makers in SLOTS.values() for kind in makers))
"""In the order of the table."""
OPAQUE_KINDS = frozenset(kind for makers in OPAQUE.values() for kind in makers)

_SLOT = re.compile(r"\{(\w+)(?::(\w))?\}")
_WORD = re.compile(r"[A-Za-z][\w'’]*")
_SMALL_WORDS = frozenset({
    "a", "an", "and", "are", "as", "at", "but", "by", "for", "from", "has", "in", "is", "its", "of", "on", "or",
    "than", "that", "the", "to", "was", "were", "who", "with",
})  # fmt: skip
_MOST_TRIES = 1000
_SHARE_OF_SEVERAL = 1 / 3
_SHARES_OF_STYLES = {"usual": 0.84, "headline": 0.05, "capitals": 0.05, "quoted": 0.03, "bracketed": 0.03}


@dataclass(frozen=True)
class Placed:
    """An item where it stands in a sentence: `text[start:end]`, for each time that it is there."""

    item: Item
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Sentence:
    """An English sentence, and what must be in its German."""

    text: str
    spans: tuple[Placed, ...]
    style: str = "usual"


@dataclass(frozen=True)
class _Slot:
    start: int
    end: int
    name: str
    label: str
    """Slots with one label hold the same item."""


def generate(count: int, seed: int) -> list[Sentence]:
    """`count` sentences in which all kinds are about equally frequent, the same for the same seed."""
    random = Random(seed)
    kinds = _endlessly(list(KINDS), random)
    return [sentence_of(next(kinds), random) for _ in range(count)]


def sentence_of(kind: str, random: Random) -> Sentence:
    """A sentence that has a span of this kind, and perhaps others."""
    is_of_several = random.random() < _SHARE_OF_SEVERAL
    frames = _FRAMES_OF[kind, is_of_several] or _FRAMES_OF[kind, not is_of_several]
    frame = random.choice(frames)
    style = random.choices(list(_SHARES_OF_STYLES), list(_SHARES_OF_STYLES.values()))[0]
    if style == "quoted" and "“" in frame:
        style = "usual"
    return fill(frame, _items(_slots(frame), kind, random), style)


def fill(frame: str, items: Mapping[str, Item], style: str = "usual") -> Sentence:
    """The frame with the item of each label in its slots."""
    text, position = "", 0
    places: dict[str, list[tuple[int, int]]] = {label: [] for label in items}
    start, end = {"quoted": ("“", "”"), "bracketed": ("(", ")")}.get(style, ("", ""))
    text = start
    for slot in _slots(frame):
        text += _cased(frame[position : slot.start], style, is_first=position == 0)
        source = items[slot.label].source
        if items[slot.label].is_cased:
            source = _cased_item(source, style, is_first=slot.start == 0)
        places[slot.label].append((len(text), len(text) + len(source)))
        text += source
        position = slot.end
    rest = _cased(frame[position:], style, is_first=position == 0)
    if text.endswith(".") and rest.startswith("."):  # "at 9 a.m." has one full stop
        rest = rest[1:]
    spans = tuple(Placed(item, tuple(places[label])) for label, item in items.items())
    return Sentence(text + rest + end, spans, style)


def _endlessly(kinds: list[str], random: Random) -> Iterator[str]:
    while True:
        random.shuffle(kinds)
        yield from list(kinds)


def _slots(frame: str) -> list[_Slot]:
    found = []
    for match in _SLOT.finditer(frame):
        name, letter = match.groups()
        label = f"{name}:{letter}" if letter else f"{name}@{match.start()}"
        found.append(_Slot(match.start(), match.end(), name, label))
    return found


def _items(slots: list[_Slot], kind: str, random: Random) -> dict[str, Item]:
    """An item for each label, one of them of this kind, that cannot be taken for another in the German."""
    labels = {slot.label: SLOTS[slot.name] for slot in slots}
    main = random.choice([label for label, makers in labels.items() if kind in makers])
    for _ in range(_MOST_TRIES):
        items = {
            label: makers[kind if label == main else random.choice(list(makers))](random)
            for label, makers in labels.items()
        }
        if all(
            _are_told_apart(one, other)
            for one in items.values()
            for other in items.values()
            if one is not other
        ):
            return items
    raise ValueError(f"no values for {list(labels)} can be told apart")


def _are_told_apart(one: Item, other: Item) -> bool:
    return (
        one.digits & other.digits <= {"0"}
        and one.source not in other.source
        and not one.kept.search(other.german)
        and not one.kept.search(other.source)
    )


def _cased(text: str, style: str, *, is_first: bool) -> str:
    if style == "capitals":
        return text.upper()
    if style == "headline":
        return _WORD.sub(lambda word: _with_capital(word, is_first=is_first), text).removesuffix(".")
    return text


def _cased_item(source: str, style: str, *, is_first: bool) -> str:
    if style == "capitals":
        return source.upper()
    return source[0].upper() + source[1:] if is_first else source


def _with_capital(word: re.Match[str], *, is_first: bool) -> str:
    begins = is_first and not any(map(str.isalpha, word.string[: word.start()]))
    return word[0] if word[0] in _SMALL_WORDS and not begins else word[0][0].upper() + word[0][1:]


def _frames_by_kind() -> dict[tuple[str, bool], list[str]]:
    """The frames that have a slot for a kind, apart by whether they have several slots."""
    found: dict[tuple[str, bool], list[str]] = {
        (kind, several): [] for kind in KINDS for several in (False, True)
    }
    for frame in FRAMES:
        slots = _slots(frame)
        for kind in {kind for slot in slots for kind in SLOTS[slot.name]}:
            found[kind, len(slots) > 1].append(frame)
    return found


_FRAMES_OF = _frames_by_kind()
