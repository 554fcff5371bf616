"""Phrases that must not occur in a translation, however it is cut into pieces.

They are looked for in the characters of the text, by an automaton (Aho and Corasick 1975) that reads piece after piece:
from each of its states, some pieces of the vocabulary complete a phrase. A phrase that begins with a letter or a digit
begins where a word does, and several blanks are read as one.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BEGINNING, _INSIDE = 0, 1
"""States in which no phrase has begun: a word may begin here, or one goes on."""
_PADDING_CLASS, _WORD_CLASS, _OTHER_CLASS, _BLANK_CLASS = range(4)
"""Of characters that occur in no phrase, and of the blank; those of phrases have classes of their own."""
_BROKEN = "\ufffd"  # what bytes that are no character become in a text


class PieceTexts:
    """What every piece of a vocabulary adds to a text, as UTF-8: b"" for a special piece."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self.texts = texts
        self.fragments = [piece for piece, text in enumerate(texts) if _is_fragment(text)]
        """Pieces that are only a part of a character."""
        whole = ["" if _is_fragment(text) else text.decode() for text in texts]
        code_VX = np.array(whole, dtype=np.str_)[:, None].view(np.uint32)  # shorter pieces end in zeros
        codes, place_VX = np.unique(code_VX, return_inverse=True)
        self.alphabet = [chr(code) for code in codes]
        self.character_XV = place_VX.reshape(code_VX.shape).T.copy()
        """The first, second, … character of each piece, as its place in the alphabet."""


@dataclass(frozen=True)
class _Row:
    """What the pieces do in one state."""

    next_V: npt.NDArray[np.int32]
    """The state after each piece."""
    completing: npt.NDArray[np.intp]
    """The pieces that complete a phrase."""


class BannedPhrases:
    """The phrases, and which pieces would complete one after which others; several threads may share it."""

    def __init__(self, pieces: PieceTexts, phrases: Sequence[str]) -> None:
        self._pieces, self._automaton = pieces, _Automaton(phrases)
        classes = np.array(
            [self._automaton.class_of(character) for character in pieces.alphabet], dtype=np.int32
        )
        self._class_XV = classes[pieces.character_XV]
        self._states = [(node, b"") for node in range(self._automaton.nodes)]
        """Those of the automaton, and such with the beginning of a character that is not whole yet."""
        self._numbers = {state: number for number, state in enumerate(self._states)}
        self._rows: dict[int, _Row] = {}  # of the states that some translation was in
        self._making = threading.Lock()

    def after(self, state: int, token: int) -> int:
        """The state after a piece; the first state is BEGINNING."""
        return int(self._row(state).next_V[token])

    def completing(self, state: int) -> npt.NDArray[np.intp]:
        """The pieces that would complete a phrase."""
        return self._row(state).completing

    def _row(self, state: int) -> _Row:
        known = self._rows.get(state)
        if known is None:
            with self._making:
                known = self._rows[state] = self._make_row(state)
        return known

    def _make_row(self, state: int) -> _Row:
        """Read every piece in that state."""
        automaton, (node, half) = self._automaton, self._states[state]
        # A piece of whole characters leaves the half one broken.
        first = automaton.next_of(node, _BROKEN) if half else node
        next_V = np.full(len(self._pieces.texts), first, dtype=np.int32)
        completes_V = np.zeros(len(next_V), dtype=bool)
        for class_V in self._class_XV:
            next_V = automaton.next_SC[next_V, class_V]
            completes_V |= automaton.is_complete_S[next_V] & (class_V != _PADDING_CLASS)
        for piece in self._pieces.fragments:
            next_V[piece], completes_V[piece] = self._read(node, half, self._pieces.texts[piece])
        return _Row(next_V, completes_V.nonzero()[0])

    def _read(self, node: int, half: bytes, fragment: bytes) -> tuple[int, bool]:
        """The state after a part of a character, and whether that completes a phrase."""
        try:
            character = (half + fragment).decode()
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data":
                return self._state_of(node, half + fragment), False
            node = self._automaton.next_of(node, _BROKEN)
            return self._read(node, b"", fragment) if half else (node, False)
        node = self._automaton.next_of(node, character)
        return node, bool(self._automaton.is_complete_S[node])

    def _state_of(self, node: int, half: bytes) -> int:
        number = self._numbers.setdefault((node, half), len(self._states))
        if number == len(self._states):
            self._states.append((node, half))
        return number


class _Automaton:
    """States are the beginnings of phrases that a text ends with, the longest of them."""

    def __init__(self, phrases: Sequence[str]) -> None:
        phrases = [" ".join(phrase.split()) for phrase in phrases]
        characters = sorted(set("".join(phrases)) - {" "})
        self._classes = {" ": _BLANK_CLASS, "\0": _PADDING_CLASS}
        self._classes |= {character: _BLANK_CLASS + 1 + rank for rank, character in enumerate(characters)}
        self._is_word = [False, True, False, False, *map(str.isalnum, characters)]
        tree, ends = self._tree(phrases)
        self.nodes = len(tree)
        self.next_SC = np.zeros((self.nodes, len(self._is_word)), dtype=np.int32)
        """The state after a character of a class."""
        self.is_complete_S = np.zeros(self.nodes, dtype=bool)
        self.is_complete_S[ends] = True
        """Whether the text ends with a phrase."""
        self._link(tree)

    def class_of(self, character: str) -> int:
        """What the automaton sees of a character."""
        return self._classes.get(character, _WORD_CLASS if character.isalnum() else _OTHER_CLASS)

    def next_of(self, node: int, character: str) -> int:
        """The state after one more character."""
        return int(self.next_SC[node, self.class_of(character)])

    def _tree(self, phrases: Sequence[str]) -> tuple[list[dict[int, int]], list[int]]:
        """The states that follow when a phrase goes on, for each state, by classes; and those where one ends."""
        tree: list[dict[int, int]] = [{}, {}]
        ends = []
        for phrase in phrases:
            node = BEGINNING
            for character in phrase:
                following = tree[node].setdefault(self._classes[character], len(tree))
                if following == len(tree):
                    tree.append({})
                node = following
            ends.append(node)
        first = tree[BEGINNING].items()
        tree[_INSIDE] = {kind: node for kind, node in first if not self._is_word[kind]}
        return tree, ends

    def _link(self, tree: list[dict[int, int]]) -> None:
        """What follows in each state, in the order of their lengths: where no phrase goes on, a shorter one may."""
        outside_C = np.where(self._is_word, _INSIDE, BEGINNING)
        queue = deque[tuple[int, int]]()
        for root in (_INSIDE, BEGINNING):
            self.next_SC[root] = outside_C
            self._go_on(root, tree[root])
        queue.extend((node, int(outside_C[kind])) for kind, node in tree[BEGINNING].items())
        while queue:
            node, shorter = queue.popleft()
            self.next_SC[node] = self.next_SC[shorter]
            self.is_complete_S[node] |= self.is_complete_S[shorter]
            queue.extend((longer, int(self.next_SC[node, kind])) for kind, longer in tree[node].items())
            self._go_on(node, tree[node])
        blanks = [following[_BLANK_CLASS] for following in tree if _BLANK_CLASS in following]
        self.next_SC[blanks, _BLANK_CLASS] = blanks

    def _go_on(self, node: int, following: dict[int, int]) -> None:
        self.next_SC[node, list(following)] = list(following.values())
        self.next_SC[node, _PADDING_CLASS] = node


def _is_fragment(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return True
    return False
