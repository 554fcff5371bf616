"""A lexicon of rare words, and hints from it in the text of a source.

A small model cannot remember two hundred thousand words. A lexicon in the model's folder can. The likely German of each
rare source word follows it between two reserved pieces:

    The aliens⟨ Außerirdische⟩ are coming.

In training, hints are sometimes missing and sometimes wrong. So the model learns to inflect, select and ignore them.
Dinu et al. (2019) do the same for the terms of a glossary. `translator.data.lexicon_learning` makes lexicons.
"""

from __future__ import annotations  # np.random takes 2 MB, so it is imported only where it is used

import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np

from translator.errors import DataError
from translator.text.places import Place

WORD = re.compile(r"[^\W\d_]++(?:[-'’][^\W\d_]++)*+(?![\u0300-\u036f])")
"""A word in either language, compounds with hyphens and forms with an apostrophe included."""

HINT_SHARE = 0.8
"""Of the words of training data that have a hint, the share that is given it."""
RARE_HINT_SHARE = 0.4
"""The same for words seen fewer than `_FEW` times: their German was learned from these very sentences, so that their
hints are more often right than those of a text to translate will be."""
SECOND_CHOICE_SHARE = 0.12
"""The share of hints that are another German word than the first, so that the model does not trust them blindly."""
NO_HINTS_SHARE = 0.12
"""The share of sentences without any hint."""
_FEW = 4
MAX_TERM_WORDS, MAX_GERMAN = 3, 3
"""The most words in a term, and the most translations of an entry."""
_LINE = re.compile(rb"[^\t\r\xf3]+\t\d+(?:\t[^\t\r\xf3]*[^\t\r\xf3 ][^\t\r\xf3]*)+")
"""Neither carriage returns nor private-use characters (F3 in UTF-8), which stand for reserved pieces."""
_REMEMBERED_WORDS = 5_000
"""A search takes 10 µs, and most words of a text are common ones."""


@dataclass(frozen=True)
class Entry:
    """A rare English word, or a term of several words."""

    english: str
    """As it stands within sentences: in lower case, but for names. With one blank between the words of a term."""
    count: int
    """How often the training corpora have it."""
    german: tuple[str, ...]
    """Its translations, the likeliest first."""


class Lexicon:
    """Entries sorted by their English, searched in the bytes of their file: opening it takes no time.

    Each line is ENGLISH, COUNT and one or more German words with tabs between them, in UTF-8.
    Raises `DataError` on bytes that are not such a file.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        ends_N = np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n"))
        self._starts = array("I", np.append(0, ends_N + 1).astype(np.uint32).tobytes())
        if not content.endswith(b"\n") and content:
            raise DataError("a lexicon ends with a line break, and this one is cut off; learn it again")
        self._check_some()
        self._beginning_with = lru_cache(_REMEMBERED_WORDS)(self._find_beginning_with)

    def _check_some(self) -> None:
        """Check three lines only: checksums verify the whole file."""
        try:
            some = [self._read(line) for line in (0, len(self) // 2, len(self) - 1) if len(self)]
        except ValueError as error:
            raise DataError(
                "not a lexicon: a line is no word, count and translations; learn it again"
            ) from error
        if not all(one.german for one in some):
            raise DataError("not a lexicon: a word has no translation; learn it again")
        if some != sorted(some, key=lambda one: one.english.encode()):
            raise DataError("not a lexicon: its lines are not sorted; learn it again")

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """Build a lexicon from entries in any order."""
        by_key = {one.english.encode(): one for one in entries}
        lines = ["\t".join((one.english, str(one.count), *one.german)) for _, one in sorted(by_key.items())]
        return cls("".join(f"{line}\n" for line in lines).encode())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file that may have been edited; raises `DataError` naming the file and the line that is wrong."""
        try:
            content = path.read_bytes().removesuffix(b"\n") + b"\n"
            _check_lines(content.removesuffix(b"\n"))
            return cls(content)
        except OSError as error:
            raise DataError(
                f"cannot read {path}: {error.strerror or error}; make a lexicon with `translator lexicon`"
            ) from error
        except DataError as error:
            raise DataError(f"{path}: {error}") from error

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self._content

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lexicon) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    def find(self, words: Sequence[str]) -> list[Entry]:
        """Return the entries that match the first words of a text, longest first.

        Words that are found as they are cased are not looked up in lower case: "Mr Carpenter" is a name.
        """
        if not words or not self.knows(words[0]):
            return []
        found = []
        as_cased, lower = (self._beginning_with(key) for key in _keys(words[0]))
        for end in range(min(len(words), MAX_TERM_WORDS), 0, -1):
            rest = " ".join(words[1:end]).replace("’", "'")
            line = as_cased.get(rest)
            if line is None:
                line = lower.get(rest.lower())
            if line is not None:
                found.append(self._read(line))
        return found

    def knows(self, word: str) -> bool:
        """Return whether any entry starts with this word."""
        return any(map(self._beginning_with, _keys(word)))

    def _find_beginning_with(self, word: str) -> dict[str, int]:
        """Map the remaining words of all entries with this first word to their line numbers."""
        key = word.encode()
        first = bisect_left(range(len(self)), key, key=self._key)
        found = {"": first} if first < len(self) and self._key(first) == key else {}
        for line in range(first + len(found), len(self)):
            english = self._key(line)
            if not english.startswith(key + b" "):
                break
            found[english[len(key) + 1 :].decode()] = line
        return found

    def _key(self, line: int) -> bytes:
        start = self._starts[line]
        return self._content[start : self._content.index(b"\t", start)]

    def _read(self, line: int) -> Entry:
        written = self._content[self._starts[line] : self._starts[line + 1] - 1].decode()
        english, count, *german = written.split("\t")
        return Entry(english, int(count), tuple(german))


def _check_lines(content: bytes) -> None:
    """Raise `DataError` on the first line that is not an entry or is out of order."""
    if not content:
        raise DataError("it is empty; make a lexicon with `translator lexicon`")
    previous = b""
    for number, line in enumerate(content.split(b"\n"), start=1):
        shown = f"line {number}, {line[:80].decode(errors='replace')!r}"
        if not _LINE.fullmatch(line) or not _is_utf8(line):
            raise DataError(
                f"{shown}, is not an entry; write a word, its count and its German in UTF-8, with tabs between them"
            )
        english = line.partition(b"\t")[0]
        if english <= previous:
            raise DataError(f"{shown}, is out of order or a duplicate; sort the file with `LC_ALL=C sort -u`")
        previous = english


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _keys(word: str) -> tuple[str, str]:
    key = word.replace("’", "'")
    return key, key.lower()


@dataclass(frozen=True, slots=True)
class Hint:
    """The German of a word or term, with its offsets in the source."""

    start: int
    end: int
    german: str
    instead: str = ""
    """What the model reads in place of the English, if anything."""


class Hinting:
    """Inserts the hints of a lexicon into sources. `marks` are those of a tokenizer's reserved pieces."""

    def __init__(self, lexicon: Lexicon, marks: Mapping[str, str]) -> None:
        self._lexicon = lexicon
        self._open, self._close = marks["hint"][0], marks["hint"][1]

    def hints(self, source: str) -> list[Hint]:
        """Return the hints of a text to translate: the most likely German of each word or term with an entry."""
        return self._found(source, lambda entry: entry.german[0])

    def some_hints(self, source: str, random: np.random.Generator) -> list[Hint]:
        """Sample the hints of a training text."""
        if random.random() < NO_HINTS_SHARE:
            return []
        return self._found(source, lambda entry: _draw(entry, random))

    def insert(self, source: str, hints: Iterable[Hint]) -> str:
        """Return the text with each hint after its word."""
        parts, place = list[str](), 0
        for hint in hints:
            word = hint.instead or source[hint.start : hint.end]
            parts += (source[place : hint.start], word, self.written(hint))
            place = hint.end
        return "".join((*parts, source[place:]))

    def written(self, hint: Hint) -> str:
        """Format a hint. The space gives it the same pieces as in a German sentence."""
        return f"{self._open} {hint.german}{self._close}"

    def _found(self, source: str, choose: Callable[[Entry], str | None]) -> list[Hint]:
        """Return the longest match at each word for which `choose` returns German.

        Words that are their own translation get no hint: the model copies them.
        """
        found, places = list[Hint](), [word.span() for word in WORD.finditer(source)]
        for number, (start, word_end) in enumerate(places):
            if (found and start < found[-1].end) or not self._lexicon.knows(source[start:word_end]):
                continue
            term = _one_blank_apart(source, places[number : number + MAX_TERM_WORDS])
            for entry in self._lexicon.find([source[slice(*place)] for place in term]):
                end = term[entry.english.count(" ")][1]
                german = choose(entry)
                if german is not None:
                    if german.lower() != source[start:end].lower():
                        found.append(Hint(start, end, german))
                    break
        return found


def _one_blank_apart(source: str, places: list[Place]) -> list[Place]:
    """Return the leading words that are separated by single spaces only."""
    for number, ((_, end), (start, _)) in enumerate(pairwise(places), start=1):
        if source[end:start] != " ":
            return places[:number]
    return places


def _draw(entry: Entry, random: np.random.Generator) -> str | None:
    if random.random() >= (RARE_HINT_SHARE if entry.count < _FEW else HINT_SHARE):
        return None
    first, *others = entry.german
    if others and random.random() < SECOND_CHOICE_SHARE:
        return others[int(random.integers(len(others)))]
    return first
