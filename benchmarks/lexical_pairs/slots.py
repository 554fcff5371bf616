"""Frames: an English sentence and its German, with slots, and how they are filled.

    Where is {the ~ animal}? | Wo ist {der ~ animal}?

A slot holds a determiner, an adjective and a class of words; all but the class may be missing:

    {the animal} {a animal}   in English, any determiner; "a" becomes "an" where it must
    {der animal} {einen animal} {dem animal} {dat animal}
                              in German, the masculine form, which tells the case; the noun's own form is put there
    {die animal+}             the plural; German has the form of the plural here
    {er animal}               the pronoun for that noun: er, sie, es
    {~ animal} {~colour x}    with an adjective that goes with the class, or one of another list
    {=animal} {=~colour}      only that adjective, without an ending
    {animal2}                 another animal
    {time.at}                 a form of something that is no noun, from its own table
    {^time}                   with a capital

A frame that ends with a full stop or the like begins with a capital.
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
    """Something that is no noun: its forms by name, in both languages."""

    english: Mapping[str, str]
    german: Mapping[str, str]


Filler = Noun | Adjective | Forms
Source = Callable[[Random], Filler]
Sources = Mapping[str, Source]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Slot:
    """What stands between braces."""

    determiner: str
    adjective: str
    label: str
    form: str
    is_plural: bool
    is_quality: bool
    is_capital: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """What must be drawn for it."""
        return tuple(filter(None, (self.adjective, "" if self.is_quality else self.label)))

    @classmethod
    def parse(cls, text: str) -> "Slot":
        """Read it."""
        *before, last = text.removeprefix("^").split()
        is_quality, is_plural = last.startswith("="), last.endswith("+")
        label, _, form = last.removeprefix("=").removesuffix("+").partition(".")
        adjective = next((word for word in before if word.startswith("~")), "")
        if is_quality:
            adjective = label if label.startswith("~") else "~"
        if adjective == "~":
            adjective = f"~:{label}"
        others = [word for word in before if not word.startswith("~")]
        return cls(" ".join(others), adjective, label, form, is_plural, is_quality, text.startswith("^"))


Part = str | Slot


def _parse(text: str) -> tuple[Part, ...]:
    return tuple(
        Slot.parse(piece) if position % 2 else piece
        for position, piece in enumerate(_SLOT.split(text))
        if piece
    )


@dataclass(frozen=True)
class Frame:
    """An English sentence and its German, with slots."""

    topic: str
    english: str
    german: str

    @cached_property
    def parts(self) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
        """Of the English and of the German."""
        return _parse(self.english), _parse(self.german)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """What is drawn for it, nouns before the adjectives that depend on them."""
        found = {
            label for side in self.parts for part in side if isinstance(part, Slot) for label in part.labels
        }
        own = {label.removeprefix("~:") for label in found if label.startswith("~:")}
        return tuple(sorted(found | own, key=lambda label: (label.startswith("~"), label)))

    def is_sentence(self) -> bool:
        """Whether it is one, not a phrase alone."""
        return bool(_SENTENCE.search(self.english))


def read_frames(folder: Path) -> list[Frame]:
    """The frames of all topics, from the files TOPIC.txt of the folder."""
    frames = []
    for path in sorted(folder.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                english, german = line.split(" | ")
                frames.append(Frame(path.stem, english.strip(), german.strip()))
    return frames


def name_of(label: str) -> str:
    """The class or list that a label draws from: "animal" for "animal2", "~colour" for "~colour2"."""
    return label.rstrip("0123456789")


def draw(labels: tuple[str, ...], sources: Sources, random: Random) -> dict[str, Filler]:
    """Something for each label, different for labels of one class."""
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
    """The frame with something drawn for its slots."""
    drawn = draw(frame.labels, sources, random)
    english, german = said(frame, drawn)
    if frame.is_sentence() or random.random() < 0.4:
        return capital(english), capital(german)
    return english, german


def said(frame: Frame, drawn: Mapping[str, Filler]) -> Pair:
    """The frame in both languages."""
    english, german = frame.parts
    return _tidy(_joined(english, drawn, _english)), _tidy(_joined(german, drawn, _german))


def _joined(parts: tuple[Part, ...], drawn: Mapping[str, Filler], say: Callable[..., str]) -> str:
    text = ""
    for part in parts:
        words = part if isinstance(part, str) else say(part, drawn)
        if isinstance(part, Slot) and part.is_capital:
            words = capital(words)
        before = _PREPOSITION.search(text) if say is _german and isinstance(part, Slot) else None
        if before:
            article, _, rest = words.partition(" ")
            together = CONTRACTIONS.get(f"{before[1].lower()} {article}")
            if together:
                text, words = (
                    text[: before.start()],
                    f"{capital(together) if before[1][0].isupper() else together} {rest}",
                )
        text += words
    return text


def _english(slot: Slot, drawn: Mapping[str, Filler]) -> str:
    adjective = drawn.get(slot.adjective)
    quality = adjective.english if isinstance(adjective, Adjective) else ""
    if slot.is_quality:
        return quality
    filler = drawn[slot.label]
    if isinstance(filler, Forms):
        word = filler.english[slot.form]
    elif isinstance(filler, Noun):
        word = filler.english_plural if slot.is_plural else filler.english
    else:
        word = filler.english
    words = f"{quality} {word}".strip()
    if slot.determiner == "a":
        return with_article(words)
    return f"{slot.determiner} {words}".strip()


def _german(slot: Slot, drawn: Mapping[str, Filler]) -> str:
    adjective = drawn.get(slot.adjective)
    assert adjective is None or isinstance(adjective, Adjective)
    if slot.is_quality:
        assert adjective is not None
        return adjective.german
    filler = drawn[slot.label]
    if isinstance(filler, Noun):
        return noun_phrase(slot.determiner, adjective, filler, slot.is_plural)
    if isinstance(filler, Forms):
        return filler.german[slot.form]
    return filler.declined(slot.form) if slot.form else filler.german


def _tidy(text: str) -> str:
    """Without what empty forms leave behind, and with one full stop after "a.m."."""
    text = re.sub(r" +", " ", text).strip()
    return re.sub(r" (?=[.,!?])", "", text).replace("..", ".")


def capital(text: str) -> str:
    """With a capital at its beginning, also after a quotation mark."""
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
    "said",
]
