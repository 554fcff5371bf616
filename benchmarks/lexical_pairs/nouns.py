"""Classes of nouns and lists of adjectives, read from the files in `words/`."""

import re
from random import Random

from lexical_pairs.english import plural
from lexical_pairs.german import Adjective, Noun
from lexical_pairs.slots import Filler, Source
from lexical_pairs.word_lists import entries, lines

_HEADER = re.compile(r"\[(\w+)(?:: (\w+))?\] (.*)")
_CLASSES = re.compile(r"\[(\w+)\] = (.*)")
_GENDERS = {"der": "m", "die": "f", "das": "n"}


def _adjectives() -> dict[str, tuple[Adjective, ...]]:
    lists: dict[str, tuple[Adjective, ...]] = {}
    for line in lines("adjectives.txt"):
        name, _, words = line.removeprefix("[").partition("] ")
        found = []
        for english, german in entries(words):
            base, _, stem = german.partition("/")
            found.append(Adjective(english, base, stem or base))
        lists[name] = lists.get(name, ()) + tuple(found)
    return lists


def _noun(english: str, german: str, adjectives: tuple[Adjective, ...]) -> Noun:
    singular, _, english_plural = english.partition("/")
    named, _, german_plural = german.partition(", ")
    article, _, name = named.partition(" ")
    german_plural = "" if german_plural == "-" else german_plural
    own_plural = english_plural or (plural(singular) if german_plural else "")
    return Noun(
        singular,
        own_plural,
        _GENDERS[article],
        name.rstrip("*"),
        german_plural,
        name.endswith("*"),
        adjectives,
    )


def _nouns() -> tuple[dict[str, tuple[Noun, ...]], dict[str, tuple[Noun, ...]]]:
    """Read the nouns of each class, and the feminine forms of those that have one."""
    classes: dict[str, tuple[Noun, ...]] = {}
    women: dict[str, tuple[Noun, ...]] = {}
    for line in lines("nouns.txt"):
        if joined := _CLASSES.fullmatch(line):
            parts = (noun for part in joined[2].split() for noun in classes[part])
            classes[joined[1]] = tuple({noun.english: noun for noun in parts}.values())
            continue
        header = _HEADER.fullmatch(line)
        assert header is not None, line
        name, adjectives, words = header[1], ADJECTIVES[header[2]], header[3]
        for entry in _entries(words):
            english, german, feminine = entry
            noun = _noun(english, german, adjectives)
            classes[name] = (*classes.get(name, ()), noun)
            if feminine:
                feminine_plural = (
                    feminine.replace("frau", "frauen") if feminine.endswith("frau") else feminine + "nen"
                )
                feminine_plural = feminine + "n" if feminine.endswith("e") else feminine_plural
                woman = Noun(
                    noun.english, noun.english_plural, "f", feminine, feminine_plural, False, adjectives
                )
                women[name] = (*women.get(name, ()), woman)
    return classes, women


def _entries(words: str) -> list[tuple[str, str, str]]:
    """Split a line into (English, German, feminine German or "").

    In "teacher=der Lehrer, Lehrer; Lehrerin; …", an entry without "=" is the feminine form of the entry before it.
    """
    found: list[tuple[str, str, str]] = []
    for entry in words.split(";"):
        english, mark, german = entry.strip().partition("=")
        if mark:
            found.append((english.strip(), german.strip(), ""))
        else:
            found[-1] = (*found[-1][:2], english)
    return found


ADJECTIVES = _adjectives()
NOUNS, WOMEN = _nouns()
"""The nouns by class. WOMEN has the feminine forms, for professions and the like."""


def _any(words: tuple[Filler, ...]) -> Source:
    def drawn(random: Random) -> Filler:
        return random.choice(words)

    return drawn


SOURCES: dict[str, Source] = {f"~{name}": _any(words) for name, words in ADJECTIVES.items()}
SOURCES |= {name: _any(words) for name, words in NOUNS.items()}
SOURCES |= {f"{name}f": _any(words) for name, words in WOMEN.items()}
"""The sources of the slots for nouns, and for adjectives of a list."""
