"""Fixed sentences of other topics, for use as direct speech, so that each occurs in more than one place."""

from pathlib import Path
from random import Random

from lexical_pairs.slots import Forms, Frame, Source, read_frames

_FRAMES = read_frames(Path(__file__).parent / "frames")


def _fixed(topic: str, marks: str) -> list[Frame]:
    """Return the frames of a topic that have no slots and end with one of these marks in both languages."""
    return [
        frame
        for frame in _FRAMES
        if frame.topic == topic
        and not frame.labels
        and frame.english[-1] in marks
        and frame.german[-1] in marks
    ]


def _phrase(frames: list[Frame]) -> Source:
    """Return a source of whole sentences. The form `comma` goes before "said Anna", and `bare` within a sentence."""

    def forms(random: Random) -> Forms:
        frame = random.choice(frames)
        english, german = frame.english, frame.german
        comma = english[:-1] + "," if english.endswith(".") else english
        bare = english.removesuffix(".")
        return Forms(
            {"": english, "comma": comma, "bare": bare},
            {"bare": german.removesuffix("."), "": german, "comma": german.removesuffix(".")},
        )

    return forms


SOURCES: dict[str, Source] = {
    "saying": _phrase(_fixed("idioms", ".!")),
    "asked": _phrase(_fixed("idioms", "?")),
    "polite": _phrase([frame for frame in _fixed("letters_fixed", ".") if ":" not in frame.english]),
    "wish": _phrase(_fixed("letters_fixed", "!")),
}
"""The sources of the slots for whole sentences."""
