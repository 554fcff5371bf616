"""Frames, and how their slots are filled. A frame is an English sentence and its German translation, with slots:

    Where is {the ~ animal}? | Wo ist {der ~ animal}?

A slot has a determiner, an adjective and a class of words. Only the class is required:

    {the animal} {a animal}   English: any determiner. "a" becomes "an" before a vowel sound
    {der animal} {einen animal} {dem animal} {dat animal}
                              German: the masculine form, which tells the case. It is replaced by the form that agrees
                              with the noun. Without an article, write the case
    {die animal+}             the plural. In German, the determiner is in its plural form
    {er animal}               the pronoun for the noun: er, sie, es
    {~ animal} {~colour x}    with an adjective of the class, or of the list "colour"
    {=animal} {=~colour}      only that adjective, without an ending
    {animal2}                 another animal
    {time.at}                 the form "at" of something that is not a noun, from its table of forms
    {^time}                   capitalised

The first letter of a frame that ends with a full stop or the like is capitalised.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random

from lexical_pairs.english import with_article
from lexical_pairs.german import CONTRACTIONS, Adjective, Noun, is_pronoun, noun_phrase

_SLOT = re.compile(r"\{([^{}]+)\}")
_SENTENCE = re.compile(r"[.!?…:,;][“\"’')]*$")
_PREPOSITION = re.compile(r"(?i)\b(an|bei|in|von|zu) $")


@dataclass(frozen=True)
class Forms:
    """The forms of something that is not a noun, by name and in both languages."""

    english: Mapping[str, str]
    german: Mapping[str, str]


Filler = Noun | Adjective | Forms
"""What can fill a slot."""
Source = Callable[[Random], Filler]
"""A function that draws a filler at random."""
Sources = Mapping[str, Source]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Slot:
    """The parsed text between two braces."""

    determiner: str
    adjective: str
    label: str
    form: str
    is_plural: bool
    is_adjective_only: bool
    is_capital: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the fillers that the slot needs."""
        return tuple(filter(None, (self.adjective, "" if self.is_adjective_only else self.label)))

    @classmethod
    def parse(cls, text: str) -> "Slot":
        """Parse the text between the braces."""
        *before, last = text.removeprefix("^").split()
        is_adjective_only, is_plural = last.startswith("="), last.endswith("+")
        label, _, form = last.removeprefix("=").removesuffix("+").partition(".")
        adjective = next((word for word in before if word.startswith("~")), "")
        if is_adjective_only:
            adjective = label if label.startswith("~") else "~"
        if adjective == "~":
            adjective = f"~:{label}"
        others = [word for word in before if not word.startswith("~")]
        return cls(
            " ".join(others), adjective, label, form, is_plural, is_adjective_only, text.startswith("^")
        )


Part = str | Slot


def _parse(text: str) -> tuple[Part, ...]:
    return tuple(
        Slot.parse(piece) if position % 2 else piece
        for position, piece in enumerate(_SLOT.split(text))
        if piece
    )


@dataclass(frozen=True)
class Frame:
    """An English sentence and its German translation, with slots."""

    topic: str
    english: str
    german: str

    @cached_property
    def parts(self) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
        """The English and the German, each split into texts and slots."""
        return _parse(self.english), _parse(self.german)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels of the fillers that the frame needs. Nouns come before the adjectives that depend on them."""
        found = {
            label for side in self.parts for part in side if isinstance(part, Slot) for label in part.labels
        }
        own = {label.removeprefix("~:") for label in found if label.startswith("~:")}
        return tuple(sorted(found | own, key=lambda label: (label.startswith("~"), label)))

    def is_sentence(self) -> bool:
        """Whether the frame is a sentence and not only a phrase."""
        return bool(_SENTENCE.search(self.english))


def read_frames(folder: Path) -> list[Frame]:
    """Read the frames of all topics from the files TOPIC.txt of a folder."""
    frames = []
    for path in sorted(folder.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                english, german = line.split(" | ")
                frames.append(Frame(path.stem, english.strip(), german.strip()))
    return frames


def name_of(label: str) -> str:
    """Return the name of a label's source: "animal" for "animal2", "~colour" for "~colour2"."""
    return label.rstrip("0123456789")


def draw(labels: tuple[str, ...], sources: Sources, random: Random) -> dict[str, Filler]:
    """Draw a filler for each label. Labels of the same class get different ones."""
    drawn: dict[str, Filler] = {}
    for label in labels:
        if label.startswith("~:"):
            noun = drawn[label.removeprefix("~:")]
            assert isinstance(noun, Noun)
            drawn[label] = random.choice(noun.adjectives)
            continue
        others = [drawn[other] for other in drawn if name_of(other) == name_of(label)]
        drawn[label] = sources[name_of(label)](random)
        while drawn[label] in others:
            drawn[label] = sources[name_of(label)](random)
    return drawn


def fill(frame: Frame, sources: Sources, random: Random) -> Pair:
    """Draw fillers for the slots of a frame and return the pair. Phrases are capitalised at random."""
    drawn = draw(frame.labels, sources, random)
    english, german = render(frame, drawn)
    if frame.is_sentence() or random.random() < 0.4:
        return capitalised(english), capitalised(german)
    return english, german


def render(frame: Frame, drawn: Mapping[str, Filler]) -> Pair:
    """Insert the fillers into a frame, in both languages."""
    english, german = frame.parts
    return _tidy(_joined(english, drawn, _english)), _tidy(_joined(german, drawn, _german))


def _joined(parts: tuple[Part, ...], drawn: Mapping[str, Filler], fill_slot: Callable[..., str]) -> str:
    text = ""
    for part in parts:
        words = part if isinstance(part, str) else fill_slot(part, drawn)
        if isinstance(part, Slot) and part.is_capital:
            words = capitalised(words)
        preposition = _PREPOSITION.search(text) if fill_slot is _german and isinstance(part, Slot) else None
        if preposition:
            article, _, rest = words.partition(" ")
            contraction = CONTRACTIONS.get(f"{preposition[1].lower()} {article}")
            if contraction:
                is_capital = preposition[1][0].isupper()
                text = text[: preposition.start()]
                words = f"{capitalised(contraction) if is_capital else contraction} {rest}"
        text += words
    return text


def _english(slot: Slot, drawn: Mapping[str, Filler]) -> str:
    adjective = drawn.get(slot.adjective)
    described = adjective.english if isinstance(adjective, Adjective) else ""
    if slot.is_adjective_only:
        return described
    filler = drawn[slot.label]
    if isinstance(filler, Forms):
        word = filler.english[slot.form]
    elif isinstance(filler, Noun):
        word = filler.english_plural if slot.is_plural else filler.english
    else:
        word = filler.english
    words = f"{described} {word}".strip()
    if slot.determiner == "a":
        return with_article(words)
    return f"{slot.determiner} {words}".strip()


def _german(slot: Slot, drawn: Mapping[str, Filler]) -> str:
    adjective = drawn.get(slot.adjective)
    assert adjective is None or isinstance(adjective, Adjective)
    if slot.is_adjective_only:
        assert adjective is not None
        return adjective.german
    filler = drawn[slot.label]
    if isinstance(filler, Noun):
        return noun_phrase(slot.determiner, adjective, filler, slot.is_plural)
    if isinstance(filler, Forms):
        return filler.german[slot.form]
    return filler.declined(slot.form) if slot.form else filler.german


def _tidy(text: str) -> str:
    """Remove the blanks that empty forms leave behind, and the second full stop after "a.m."."""
    text = re.sub(r" +", " ", text).strip()
    return re.sub(r" (?=[.,!?])", "", text).replace("..", ".")


def capitalised(text: str) -> str:
    """Capitalise the first letter, also after a quotation mark."""
    found = re.search(r"\w", text)
    return (
        text if found is None else text[: found.start()] + text[found.start()].upper() + text[found.end() :]
    )


__all__ = [
    "Filler",
    "Forms",
    "Frame",
    "Pair",
    "Slot",
    "Source",
    "Sources",
    "fill",
    "is_pronoun",
    "read_frames",
    "render",
]
