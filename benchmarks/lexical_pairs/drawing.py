"""Draw frames by topic, fill them, and vary the punctuation of their English."""

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
"""How often each topic is drawn. When a topic has no more pairs, the others get its share."""
MAX_FRAME_SHARE = 0.01
"""Largest share of the pairs that may come from one frame."""
_MAX_REPEATS = 30
"""A frame is used up when it has repeated earlier pairs this many times in a row."""
_CURLY_APOSTROPHE_SHARE = 0.4
_STRAIGHT_QUOTES_SHARE = 0.4
_NO_APOSTROPHE_SHARE = 0.12
_NO_APOSTROPHE = re.compile(
    r"(?i)\b(?:(?:do|does|did|is|was|are|have|has|could|would|should|ca|wo)n't|I'm|you're|that's|what's)\b"
)
"""Contractions that people also write without the apostrophe, and that are not other words then."""
_FULL_FORM_SHARE = 0.15
_NOT = re.compile(
    r"\b(do|does|did|is|was|are|have|has|could|would|should|must|need|ca|wo|were)n't\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Drawn:
    """A pair, and the frame that it comes from."""

    frame: Frame
    english: str
    german: str


def words_of(english: str) -> str:
    """Reduce a sentence to its words, to compare sentences: "Don’t go!" becomes "dont go"."""
    return re.sub(r"\W+", " ", re.sub("['’]", "", english)).strip().lower()


def generate(
    count: int,
    seed: int,
    frames: list[Frame] | None = None,
    excluded: Set[str] = frozenset(),
) -> list[Drawn]:
    """Generate distinct pairs in random order.

    The same seed gives the same pairs. There are fewer than `count` if the frames cannot make more. `excluded` holds
    sentences to leave out, as `words_of` returns them.
    """
    random = Random(seed)
    topics: dict[str, list[Frame]] = {}
    for frame in frames or FRAMES:
        topics.setdefault(frame.topic, []).append(frame)
    max_per_frame = max(1, int(count * MAX_FRAME_SHARE))
    used: Counter[Frame] = Counter()
    drawn: dict[str, Drawn] = {}
    while len(drawn) < count and topics:
        topic = random.choices(list(topics), [WEIGHTS[name] for name in topics])[0]
        frame = random.choice(topics[topic])
        pair = _new_pair(frame, random, drawn, excluded)
        if pair is not None:
            drawn[pair[0].lower()] = Drawn(frame, *pair)
            used[frame] += 1
        if pair is None or used[frame] >= max_per_frame:
            topics[topic].remove(frame)
            if not topics[topic]:
                del topics[topic]
    pairs = list(drawn.values())
    random.shuffle(pairs)
    return pairs


def _new_pair(frame: Frame, random: Random, known: Mapping[str, Drawn], excluded: Set[str]) -> Pair | None:
    for _ in range(_MAX_REPEATS if frame.labels else 1):
        english, german = fill(frame, SOURCES, random)
        english = _vary_punctuation(english, random)
        if english.lower() not in known and words_of(english) not in excluded:
            return english, german
    return None


def _vary_punctuation(english: str, random: Random) -> str:
    """Use straight or curly quotes and apostrophes, leave apostrophes out, or write contractions in full."""
    if "“" in english and random.random() < _STRAIGHT_QUOTES_SHARE:
        english = english.replace("“", '"').replace("”", '"')
    if "'" not in english:
        return english
    if random.random() < _FULL_FORM_SHARE and english[-1] in ".!" and "?" not in english:
        return _NOT.sub(_full_form, english)
    if random.random() < _NO_APOSTROPHE_SHARE and _NO_APOSTROPHE.search(english):
        return _NO_APOSTROPHE.sub(lambda found: found[0].replace("'", ""), english)
    return english.replace("'", "’") if random.random() < _CURLY_APOSTROPHE_SHARE else english


def _full_form(contraction: re.Match[str]) -> str:
    verb = contraction[1]
    if verb.lower() == "ca":
        return f"{verb}nnot"
    return f"{verb[0]}ill not" if verb.lower() == "wo" else f"{verb} not"
