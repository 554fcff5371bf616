"""Which frames are drawn and how often, and how their English may be written."""

import re
from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from random import Random

from lexical_pairs.slots import Frame, Pair, fill, read_frames
from lexical_pairs.sources import SOURCES

FRAMES = read_frames(Path(__file__).parent / "frames")
WEIGHTS = {
    "clock_times": 10, "dates": 10, "durations": 6, "everyday_people": 11, "everyday_things": 12, "grammar": 9,
    "idioms": 3, "letters": 9, "letters_fixed": 1, "quoted": 5, "numbers": 8, "ordinals_fractions": 7, "places": 10,
    "units": 8, "verbs": 10,
}  # fmt: skip
"""Of the topics. A topic whose pairs are used up leaves its share to the others."""
LARGEST_SHARE = 0.01
"""Of one frame in the pairs."""
_MOST_MISSES = 30
"""Pairs in a row that a frame has made before; then it has no more."""
_SHARE_OF_TYPOGRAPHIC = 0.4
_SHARE_OF_STRAIGHT = 0.4
_SHARE_WITHOUT = 0.12
_OMITTED = re.compile(
    r"(?i)\b(?:(?:do|does|did|is|was|are|have|has|could|would|should|ca|wo)n't|I'm|you're|that's|what's)\b"
)
"""Contractions that people write without their apostrophe, where no other word has those letters in that place."""


_SHARE_IN_FULL = 0.15
_NOT = re.compile(
    r"\b(do|does|did|is|was|are|have|has|could|would|should|must|need|ca|wo|were)n't\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Drawn:
    """A pair and the frame that it comes from."""

    frame: Frame
    english: str
    german: str


def words_of(english: str) -> str:
    """A sentence by its words alone, to compare sentences: "Don’t go!" is "dont go"."""
    return re.sub(r"\W+", " ", re.sub("['’]", "", english)).strip().lower()


def generate(
    count: int,
    seed: int,
    frames: list[Frame] | None = None,
    excluded: Set[str] = frozenset(),
) -> list[Drawn]:
    """Distinct pairs, the same for the same seed, in random order; fewer than `count` if the frames have no more.

    Sentences with the words of one in `excluded` (as `words_of` gives them) are left out.
    """
    random = Random(seed)
    topics: dict[str, list[Frame]] = {}
    for frame in frames or FRAMES:
        topics.setdefault(frame.topic, []).append(frame)
    most = max(1, int(count * LARGEST_SHARE))
    used: Counter[Frame] = Counter()
    drawn: dict[str, Drawn] = {}
    while len(drawn) < count and topics:
        topic = random.choices(list(topics), [WEIGHTS[name] for name in topics])[0]
        frame = random.choice(topics[topic])
        pair = _new_pair(frame, random, drawn, excluded)
        if pair is not None:
            drawn[pair[0].lower()] = Drawn(frame, *pair)
            used[frame] += 1
        if pair is None or used[frame] >= most:
            topics[topic].remove(frame)
            if not topics[topic]:
                del topics[topic]
    pairs = list(drawn.values())
    random.shuffle(pairs)
    return pairs


def _new_pair(frame: Frame, random: Random, known: Mapping[str, Drawn], excluded: Set[str]) -> Pair | None:
    for _ in range(_MOST_MISSES if frame.labels else 1):
        english, german = fill(frame, SOURCES, random)
        english = _written(english, random)
        if english.lower() not in known and words_of(english) not in excluded:
            return english, german
    return None


def _written(english: str, random: Random) -> str:
    """With the apostrophes and quotation marks of a typewriter or of print, or without apostrophes, as people write."""
    if "“" in english and random.random() < _SHARE_OF_STRAIGHT:
        english = english.replace("“", '"').replace("”", '"')
    if "'" not in english:
        return english
    if random.random() < _SHARE_IN_FULL and english[-1] in ".!" and "?" not in english:
        return _NOT.sub(_in_full, english)
    if random.random() < _SHARE_WITHOUT and _OMITTED.search(english):
        return _OMITTED.sub(lambda found: found[0].replace("'", ""), english)
    return english.replace("'", "’") if random.random() < _SHARE_OF_TYPOGRAPHIC else english


def _in_full(contraction: re.Match[str]) -> str:
    verb = contraction[1]
    if verb.lower() == "ca":
        return f"{verb}nnot"
    return f"{verb[0]}ill not" if verb.lower() == "wo" else f"{verb} not"
